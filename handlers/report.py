"""Saying something: from the first words to a filed record. One summary, one confirmation; asks only for what is missing.

Questions in order: which of several matters, which kind when unsure, where. `report.mmd` draws the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from handlers import answers, danger, filing, records
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.messages import Button
from handlers.triage import decide, level_of, restored, whole
from handlers.turn import Turn
from nlp.address import Candidate, Place
from nlp.reader import Findings
from storage import dialogues, people, requests, timers
from storage.timers import Timer

MAX_PLACE_QUESTIONS = 2
"""How often the place is asked; after that a person at the desk finds it out."""
_KINDS_OFFERED = 3


def begun(turn: Turn, text: str) -> Draft:
    """A draft that has taken this message."""
    draft = drafts.new(turn)
    draft.add(turn, text)
    return draft


async def start(turn: Turn, findings: Findings) -> None:
    """A request, a suggestion or praise has begun; goes on to the first question or the summary."""
    draft = begun(turn, turn.incoming.text if turn.incoming else "")
    draft.intent = findings.intent
    scanned = turn.dialogue.data.get("place") if turn.dialogue and turn.dialogue.flow == "scanned" else None
    if scanned and not (findings.place.grid or findings.place.candidates):
        draft.place = scanned
    if findings.matters:
        await _ask_matters(turn, draft, findings.matters)
        return
    await _go_on(turn, draft)


async def start_wordless(turn: Turn) -> None:
    """A photo, a sound or a point on the map came first: what is it about?"""
    draft = begun(turn, "")
    await _keep(turn, draft, "words")
    await turn.say(
        "report.photo_first" if turn.attached else "report.place_first", rows=[[_cancel_button(turn, draft)]]
    )


async def _keep(turn: Turn, draft: Draft, step: str) -> None:
    """Keeps the draft with its open question; the first time also sets the nudge for a forgotten one."""
    known = turn.dialogue is not None and turn.dialogue.data.get("id") == draft.id
    await turn.ask("report", step, draft.model_dump())
    if not known:
        manners = turn.city.manners
        data = {"draft": draft.id, "person": turn.me.id}
        await timers.put(turn.tx, turn.now + manners.draft_nudge, "report.nudge", "chat", turn.here.id, data)
        await timers.put(turn.tx, turn.now + manners.draft_life, "report.drop", "chat", turn.here.id, data)


# -------------------------------------------------------------------- the next question


async def _go_on(turn: Turn, draft: Draft) -> None:
    """The one thing that is still missing, else the summary."""
    findings = drafts.read(turn, draft)
    if not draft.item and not draft.kind_asked and level_of(turn.city, findings) == "unsure":
        offered = [i for i, _ in findings.alternatives[:_KINDS_OFFERED] if turn.city.item_name(i)]
        if len(offered) > 1:
            await _ask_kind(turn, draft, offered)
            return
    place = drafts.place_of(draft, findings)
    if not place.grid and not draft.place_skipped and _needs_place(turn, draft, findings):
        await _ask_place(turn, draft, findings, place)
        return
    await _summarise(turn, draft, findings)


def _needs_place(turn: Turn, draft: Draft, findings: Findings) -> bool:
    """A grid's matter needs a place to reach a grid; so does whatever somebody has to go and look at."""
    item = turn.city.taxonomy.find_item(draft.item or findings.item or "")
    if item is not None and item.queue == "grid":
        return True
    return findings.intent == "request" and item is not None and not item.answer


async def _ask_matters(turn: Turn, draft: Draft, matters: Sequence[str]) -> None:
    await _keep(turn, draft, "matters")
    both = turn.button("report.button_split", "report.split", {"draft": draft.id, "parts": list(matters)})
    one = turn.button("report.button_together", "report.together", {"draft": draft.id})
    lines = "\n".join(turn.text("menu.line", number=i, label=m[:40]) for i, m in enumerate(matters, 1))
    await turn.say("report.matters", count=len(matters), lines=lines, rows=[[both, one]])


async def _ask_kind(turn: Turn, draft: Draft, offered: Sequence[str]) -> None:
    draft.kind_asked = True
    await _keep(turn, draft, "kind")
    rows = [[Button(turn.city.item_name(item), "report.kind", {"draft": draft.id, "item": item})] for item in offered]
    none = turn.button("report.button_no_kind", "report.kind", {"draft": draft.id, "item": ""})
    await turn.say("report.ask_kind", rows=[*rows, [none]])


async def _ask_place(turn: Turn, draft: Draft, findings: Findings, place: Place) -> None:
    draft.place_asked += 1
    if draft.place_asked > MAX_PLACE_QUESTIONS:
        draft.place_skipped = True
        await _summarise(turn, draft, findings)
        return
    await _keep(turn, draft, "place")
    rows = [[b] for b in _place_buttons(turn, draft, place)]
    skip = turn.button("report.button_skip_place", "report.skip_place", {"draft": draft.id})
    kind = turn.city.item_name(draft.item or findings.item or "")
    if place.outside:
        key = "report.ask_place_outside"
    elif draft.place_asked > 1:
        key = "report.ask_place_again"
    else:
        key = "report.ask_place_which" if place.candidates else "report.ask_place"
    await turn.say(key, kind=kind, named=place.text, street=turn.city.street.name, rows=[*rows, [skip]])


def _place_buttons(turn: Turn, draft: Draft, place: Place) -> list[Button]:
    """The places it may be: what the words leave open, then where this resident last reported something."""
    buttons = []
    for candidate in place.candidates[:6]:
        args = {"draft": draft.id, "place": whole(_chosen(turn, place, candidate))}
        buttons.append(Button(candidate.label, "report.place", args))
    last = turn.me.last_place
    if last and last.get("grid") and not place.candidates and not place.outside:
        label = turn.text("report.button_last_place", place=restored(last).text)
        buttons.insert(0, Button(label, "report.place", {"draft": draft.id, "place": last}))
    return buttons


def _chosen(turn: Turn, place: Place, candidate: Candidate) -> Place:
    """The place with the candidate decided; what is known about building and unit stays."""
    community = turn.city.street.community_of(candidate.grid).id
    text = candidate.label if len(candidate.label) >= len(place.text) else place.text
    return replace(place, text=text, grid=candidate.grid, community=community, candidates=(), outside=False)


# -------------------------------------------------------------------- the summary


async def _summarise(turn: Turn, draft: Draft, findings: Findings) -> None:
    await _keep(turn, draft, "confirm")
    place = drafts.place_of(draft, findings)
    made = decide(turn.city, findings, item=draft.item, place=place)
    item = turn.city.taxonomy.find_item(made.item) if made.item else None
    due = filing.due_of(turn, made)
    words = [word for word, weight in findings.evidence if weight > 0 and "…" not in word][:3]
    args = {"draft": draft.id}
    right = turn.button("report.button_right", "report.confirm", args)
    change = [
        turn.button("report.button_kind", "report.change_kind", args),
        turn.button("report.button_place", "report.change_place", args),
    ]
    rest = [turn.button("report.button_add", "report.add", args), _cancel_button(turn, draft)]
    to_desk = made.queue.startswith("desk")
    await turn.say(
        _summary_key(findings, to_desk=to_desk, known=item is not None),
        what=findings.summary or turn.text("report.what_files", count=len(draft.media)),
        kind=item.name if item else "",
        place=place.text,
        queue=turn.city.org.name_of(made.queue),
        respond=due.respond_due_at,
        resolve=due.resolve_due_at,
        photos=turn.text("card.photos", count=len(draft.media)).strip() if draft.media else "",
        words="、".join(turn.text("report.quoted", word=w) for w in words) if item and not draft.item else "",
        rows=[[right], change, rest],
        slot=f"draft:{draft.id}:{len(draft.words)}",
    )


def _summary_key(findings: Findings, *, to_desk: bool, known: bool) -> str:
    if findings.intent in ("praise", "suggest"):
        return f"report.summary_{findings.intent}"
    if not to_desk:
        return "report.summary"
    return "report.summary_desk" if known else "report.summary_unknown"


def _cancel_button(turn: Turn, draft: Draft) -> Button:
    return turn.button("report.button_cancel", "report.cancel", {"draft": draft.id})


# -------------------------------------------------------------------- presses


async def _open_draft(turn: Turn, args: dict[str, Any]) -> Draft | None:
    """The draft a button belongs to, while it is open; else says what became of it."""
    dialogue = turn.dialogue
    if dialogue is not None and dialogue.flow == "report" and dialogue.data.get("id") == args["draft"]:
        return Draft.model_validate(dialogue.data)
    request = await requests.find_by_draft(turn.tx, args["draft"])
    if request is not None:
        await turn.toast("report.filed_before", number=request.number)
    else:
        await turn.toast("report.draft_gone")
    return None


async def _confirm(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        await confirm(turn, draft)


async def confirm(turn: Turn, draft: Draft) -> None:
    """Files the draft and goes on to the next matter of the same message, if there is one."""
    findings = drafts.read(turn, draft)
    request, is_new = await filing.file(turn, draft, findings)
    await turn.done()
    if not is_new:
        await turn.toast("report.filed_before", number=request.number)
        return
    key = "report.filed_desk" if filing.is_desk(request.queue) else "report.filed"
    if findings.intent in ("praise", "suggest"):
        key = f"report.filed_{findings.intent}"
    await turn.say(key, number=request.number, queue=turn.city.org.name_of(request.queue))
    if draft.parts:
        following = drafts.new(turn)
        following.words, following.refs = [draft.parts[0]], [""]
        following.parts = draft.parts[1:]
        own = turn.city.reader.read(draft.parts[0])
        if not own.place.grid and request.grid:
            following.place = whole(drafts.place_of(draft, findings))
        await turn.say("report.next_part")
        await _go_on(turn, following)


async def _change_kind(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is None:
        return
    findings = drafts.read(turn, draft)
    shown = draft.item or findings.item
    offered = [i for i, _ in findings.alternatives if i != shown and turn.city.item_name(i)][:_KINDS_OFFERED]
    if not offered:
        await _offer_categories(turn, draft)
    else:
        await _keep(turn, draft, "kind")
        rows = [[Button(turn.city.item_name(i), "report.kind", {"draft": draft.id, "item": i})] for i in offered]
        more = turn.button("report.button_more_kinds", "report.categories", {"draft": draft.id})
        await turn.say("report.which_kind", rows=[*rows, [more]])


async def _categories(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        await _offer_categories(turn, draft)


async def _offer_categories(turn: Turn, draft: Draft) -> None:
    await _keep(turn, draft, "kind")
    buttons = [
        Button(c.name, "report.category", {"draft": draft.id, "category": c.id}) for c in turn.city.taxonomy.categories
    ]
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    none = turn.button("report.button_no_kind", "report.kind", {"draft": draft.id, "item": ""})
    await turn.say("report.which_category", rows=[*rows, [none]])


async def _category(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is None:
        return
    items = [i for i in turn.city.taxonomy.items if turn.city.taxonomy.category_of(i.id).id == args["category"]]
    rows = [[Button(i.name, "report.kind", {"draft": draft.id, "item": i.id})] for i in items]
    await turn.say("report.which_kind", rows=rows)


async def _kind(turn: Turn, args: dict[str, Any]) -> None:
    """A kind was chosen; an empty one means "none of these": the desk looks."""
    draft = await _open_draft(turn, args)
    if draft is None:
        return
    draft.item, draft.kind_asked = args["item"], True
    if draft.item:
        await _go_on(turn, draft)
        return
    request, is_new = await filing.file(turn, draft, drafts.read(turn, draft), to_desk=True)
    await turn.done()
    key = "report.filed_desk" if is_new else "report.filed_before"
    await turn.say(key, number=request.number, queue=turn.city.org.name_of(request.queue))


async def _change_place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is None:
        return
    draft.place, draft.place_asked = {}, 1
    await _keep(turn, draft, "new_place")
    rows = [[b] for b in _place_buttons(turn, draft, Place())]
    skip = turn.button("report.button_skip_place", "report.skip_place", {"draft": draft.id})
    await turn.say("report.which_place", rows=[*rows, [skip]])


async def _place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        draft.place = args["place"]
        await _go_on(turn, draft)


async def _skip_place(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        draft.place_skipped = True
        await _go_on(turn, draft)


async def _add(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        await _keep(turn, draft, "add")
        await turn.say("report.ask_add")


async def _cancel(turn: Turn, args: dict[str, Any]) -> None:
    if await _open_draft(turn, args) is not None:
        await turn.done()
        await turn.say("report.cancelled")


async def _split(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        draft.words, draft.refs, draft.parts = [args["parts"][0]], [""], list(args["parts"][1:])
        await _go_on(turn, draft)


async def _together(turn: Turn, args: dict[str, Any]) -> None:
    draft = await _open_draft(turn, args)
    if draft is not None:
        await _go_on(turn, draft)


# -------------------------------------------------------------------- words while a draft is open


async def _step(turn: Turn) -> bool:
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    if turn.now - dialogue.updated_at > turn.city.manners.draft_life:
        return False
    draft = Draft.model_validate(dialogue.data)
    text = incoming.text.strip()
    if not text:
        await _take_files(turn, draft, dialogue.step)
        return True
    findings = turn.city.reader.read(text)
    if findings.menu == "cancel":
        await turn.done()
        await turn.say("report.cancelled")
        return True
    if findings.menu is not None:
        return False
    return await _take_words(turn, draft, dialogue.step, text, findings)


async def _take_files(turn: Turn, draft: Draft, step: str) -> None:
    """Photos, sound or a point on the map without words; the parts of one album are answered once."""
    album = draft.album
    draft.add(turn, "")
    await _keep(turn, draft, step)
    if draft.album and draft.album == album:
        return
    await turn.say("report.files_kept", count=len(draft.media), rows=[[_go_on_button(turn, draft, step)]])


def _go_on_button(turn: Turn, draft: Draft, step: str) -> Button:
    if step == "confirm":
        return turn.button("report.button_right", "report.confirm", {"draft": draft.id})
    return _cancel_button(turn, draft)


async def _take_words(turn: Turn, draft: Draft, step: str, text: str, findings: Findings) -> bool:
    decided = answers.yes_or_no(text)
    if step == "confirm" and decided is True and not turn.attached:
        await confirm(turn, draft)
        return True
    if step == "confirm" and decided is False:
        await _change_kind_or_place(turn, draft)
        return True
    if step in ("place", "new_place"):
        place = _named_place(turn, draft, text, findings)
        if place is not None:
            draft.place = whole(place)
    draft.add(turn, text)
    if findings.urgent:
        await danger.file(turn, draft, findings)
        return True
    if findings.place.grid and step not in ("place", "new_place"):
        draft.place = whole(findings.place)
    await _go_on(turn, draft)
    return True


def _named_place(turn: Turn, draft: Draft, text: str, findings: Findings) -> Place | None:
    """The place an answer names: by itself, or together with what was said before ("3 幢" after "银杏苑")."""
    if findings.place.grid:
        return findings.place
    joined = turn.city.places.find(f"{drafts.read(turn, draft).place.text}{text}")
    if joined.grid:
        return joined
    if findings.place.candidates or findings.place.outside:
        draft.place = {}
        return None
    offered = turn.city.places.search(text)
    return _chosen(turn, Place(), offered[0]) if len(offered) == 1 else None


async def _change_kind_or_place(turn: Turn, draft: Draft) -> None:
    args = {"draft": draft.id}
    row = [
        turn.button("report.button_kind", "report.change_kind", args),
        turn.button("report.button_place", "report.change_place", args),
        _cancel_button(turn, draft),
    ]
    await turn.say("report.what_is_wrong", rows=[row])


# -------------------------------------------------------------------- edits, door codes, forgotten drafts


async def edited(turn: Turn) -> None:
    """An edited message: an open draft takes the new words, a filed record gets them as a supplement."""
    incoming = turn.incoming
    if incoming is None or turn.here.is_group or turn.person is None:
        return
    if turn.dialogue is not None and turn.dialogue.flow == "report":
        draft = Draft.model_validate(turn.dialogue.data)
        if draft.replace(incoming.message_ref, incoming.text):
            await _go_on(turn, draft)
            return
    found = await requests.of_reporter(turn.tx, turn.me.id, limit=1)
    if (
        found
        and found[0].state in ("queued", "claimed", "joint")
        and turn.now - found[0].received_at < turn.city.manners.draft_life
    ):
        original = await requests.get_original(turn.tx, found[0].id)
        if incoming.text and incoming.text not in original.text:
            await records.supplement(turn, found[0], text=incoming.text)
            return
    await turn.say("report.edit_seen")


async def _scan_door(turn: Turn, code: str) -> None:
    """A code at a door or a place: the place is known, only the matter is asked."""
    named = turn.city.place_codes.get(code)
    if named is None:
        await turn.say("report.door_unknown")
        return
    place = turn.city.places.find(named)
    await people.set_last_place(turn.tx, turn.me.id, whole(place))
    await turn.ask("scanned", "words", {"place": whole(place)})
    await turn.say("report.door", place=place.text or named)


async def _nudge(turn: Turn, timer: Timer) -> None:
    """A draft nobody confirmed for half an hour: asked once, gently, not at night."""
    chat = await people.get_chat(turn.tx, timer.subject_id)
    open_one = await dialogues.find(turn.tx, chat.id, timer.data["person"])
    if open_one is None or open_one.flow != "report" or open_one.data.get("id") != timer.data["draft"]:
        return
    draft = Draft.model_validate(open_one.data)
    if not draft.words:
        return
    nudger = Turn(turn.city, turn.tx, turn.now, chat=chat)
    row = [
        turn.button("report.button_continue", "report.together", {"draft": draft.id}),
        turn.button("report.button_cancel", "report.cancel", {"draft": draft.id}),
    ]
    text = turn.text("report.nudge", words=draft.words[0][:30])
    await nudger.send(chat, text, rows=[row], owner=timer.data["person"])


async def _drop(turn: Turn, timer: Timer) -> None:
    """A draft nobody confirmed for a day goes to the desk as it is, so that no word is lost; the resident is told."""
    chat = await people.get_chat(turn.tx, timer.subject_id)
    person = await people.get_person(turn.tx, timer.data["person"])
    open_one = await dialogues.find(turn.tx, chat.id, person.id)
    if open_one is None or open_one.flow != "report" or open_one.data.get("id") != timer.data["draft"]:
        return
    draft = Draft.model_validate(open_one.data)
    acting = Turn(turn.city, turn.tx, turn.now, chat=chat, person=person, dialogue=open_one)
    await acting.done()
    if draft.text or draft.media:
        request, _ = await filing.file(acting, draft, drafts.read(acting, draft), to_desk=True)
        await acting.say("report.handed_over", number=request.number)


PRESSES = {
    "report.confirm": _confirm,
    "report.change_kind": _change_kind,
    "report.categories": _categories,
    "report.category": _category,
    "report.kind": _kind,
    "report.change_place": _change_place,
    "report.place": _place,
    "report.skip_place": _skip_place,
    "report.add": _add,
    "report.cancel": _cancel,
    "report.split": _split,
    "report.together": _together,
}
STEPS = {"report": _step}
TIMERS = {"report.nudge": _nudge, "report.drop": _drop}
SCENES = {"b": _scan_door}
