"""Saying something: from the first words to a filed record. One summary, one confirmation; asks only for what is missing.

Questions in order: which of several matters, what it is, whether it belongs to what was just filed, which kind when
unsure, where, whether an open record is the same.
`report.mmd` draws the conversation; `report_presses.py` and `report_words.py` take the answers, `report_later.py` looks
after forgotten drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers import agreeing, alike, answers, consult, filing
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.messages import Button
from handlers.triage import LIKELY, decide, level_of, place_dict, restored, whole
from handlers.turn import Turn
from nlp.address import Candidate, Place
from nlp.duplicates import Matter
from nlp.mask import mask
from nlp.reader import Findings
from storage import requests, timers
from storage.requests import Near, Request
from workflow.routing import GRID

MAX_PLACE_QUESTIONS = 2
"""How often the place is asked; after that a person at the desk finds it out."""
KINDS_OFFERED = 3
_REPEATS_LOOKED_AT = 5
_PLACELESS = "opinion"
"""The category of what people think, which nobody goes to look at."""
_SHORTEST_REPEAT = 4


async def start(turn: Turn, findings: Findings, *, text: str = "", again: bool = False, apart: int = 0) -> None:
    """A request, a suggestion or praise has begun; goes on to the first question or the summary.

    `text` is what was said, by default this message; `again` files what was reported before once more,
    `apart` is the open record that it is said not to be.
    """
    said = text or (turn.incoming.text.strip() if turn.incoming else "")
    if not again and not turn.attached and await _repeated(turn, said):
        return
    draft = drafts.begun(turn, said)
    draft.intent = findings.intent
    draft.apart = [apart] if apart else []
    if findings.place.grid or findings.place.candidates:
        draft.place = {}
    if findings.matters:
        draft.parts = list(findings.matters)
        await ask_matters(turn, draft)
        return
    await go_on(turn, draft)


async def _repeated(turn: Turn, said: str) -> bool:
    """The very words of an open record of the same person: shows that one instead of filing it twice."""
    plain = answers.bare(said)
    if len(plain) < _SHORTEST_REPEAT:
        return False
    for request_id, words_before in await requests.open_words_of(turn.tx, turn.me.id, _REPEATS_LOOKED_AT):
        if answers.bare(words_before) == plain:
            request = await requests.get(turn.tx, request_id)
            args, words = {"id": request.id}, drafts.sealed(turn, said)
            rows = [
                [turn.button("report.button_look", "records.show", args)],
                [turn.button("report.button_another", "report.from_words", {"words": words, "apart": request.id})],
            ]
            state = turn.text(f"state.{request.state.value}")
            await turn.say("report.said_before", number=request.number, state=state, rows=rows)
            return True
    return False


async def start_wordless(turn: Turn) -> None:
    """A photo, a sound or a point on the map came first: what is it about?"""
    draft = drafts.begun(turn, "")
    await keep(turn, draft, "words")
    await ask_words(turn, draft)


async def ask_words(turn: Turn, draft: Draft) -> None:
    """What is it? Whoever cannot put it in words leaves it to a person."""
    draft.words_asked = True
    await keep(turn, draft, "words")
    sounds = any(m.kind == "voice" for m in turn.incoming.media) if turn.incoming else False
    place = drafts.place_of(draft, drafts.read(turn, draft)).text
    if not draft.media:
        key = "report.ask_words" if place else "report.place_first"
    else:
        key = "report.voice_first" if sounds else "report.photo_first_at" if place else "report.photo_first"
    hand = [turn.button("report.button_hand_over", "report.hand_over", {"draft": draft.id})] if draft.media else []
    await turn.say(key, place=place, rows=[[*hand, cancel_button(turn, draft)]])


async def keep(turn: Turn, draft: Draft, step: str) -> None:
    """Keeps the draft with its open question; the first time also sets the nudge for a forgotten one."""
    if turn.dialogue is None or turn.dialogue.data.get("id") != draft.id:
        manners = turn.city.manners
        data = {"draft": draft.id, "person": turn.me.id}
        draft.timers = [
            await timers.put(turn.tx, turn.now + manners.draft_nudge, "report.nudge", "chat", turn.here.id, data),
            await timers.put(turn.tx, turn.now + manners.draft_life, "report.drop", "chat", turn.here.id, data),
        ]
    await turn.ask("report", step, draft.model_dump())


# -------------------------------------------------------------------- the next question


async def go_on(turn: Turn, draft: Draft) -> None:
    """The one thing that is still missing, else the summary."""
    findings = drafts.read(turn, draft)
    if not findings.summary and not draft.item and not draft.words_asked:
        await ask_words(turn, draft)
        return
    before = await alike.followed(turn, draft, findings)
    if before is not None:
        draft.shown = before.id
        await keep(turn, draft, alike.STEP)
        await alike.offer_to_add(turn, draft, before)
        return
    if not draft.item and not draft.kind_asked and level_of(turn.city, findings) == "unsure":
        offered = kinds_offered(turn, findings)
        if len(offered) > 1:
            await _ask_kind(turn, draft, offered)
            return
    place = drafts.place_of(draft, findings)
    if not place.grid and not draft.place_skipped and _needs_place(turn, draft, findings):
        await _ask_place(turn, draft, findings, place)
        return
    near = await alike.near_draft(turn, draft, findings)
    if near is None or not await _asked_if_same(turn, draft, *near):
        await summarise(turn, draft, findings)


def kinds_offered(turn: Turn, findings: Findings) -> list[str]:
    """The likeliest kinds that are likely at all, best first."""
    likely = [item for item, share in findings.alternatives if share >= LIKELY]
    return [item for item in likely if turn.city.item_name(item)][:KINDS_OFFERED]


async def _asked_if_same(turn: Turn, draft: Draft, matter: Matter, near: Near) -> bool:
    """Shows an open record that is surely the same matter. False when there is none."""
    found = await alike.find_same(turn, matter, near)
    if found is None:
        return False
    draft.shown = found[0].id
    await keep(turn, draft, alike.STEP)
    await alike.offer(turn, draft, *found)
    return True


def _needs_place(turn: Turn, draft: Draft, findings: Findings) -> bool:
    """A grid's matter needs a place to reach a grid; so does whatever somebody has to go and look at."""
    item = turn.city.taxonomy.find_item(draft.item or findings.item or "")
    if item is None or findings.intent in ("praise", "suggest"):
        return False
    if item.queue == GRID:
        return True
    is_seen = not item.answer and turn.city.taxonomy.category_of(item.id).id != _PLACELESS
    return findings.intent == "request" and is_seen


async def ask_matters(turn: Turn, draft: Draft) -> None:
    """Several matters in one breath: one record each, or all in one?"""
    await keep(turn, draft, "matters")
    both = turn.button("report.button_split", "report.split", {"draft": draft.id})
    one = turn.button("report.button_together", "report.together", {"draft": draft.id})
    lines = "\n".join(turn.text("menu.line", number=i, label=m[:40]) for i, m in enumerate(draft.parts, 1))
    await turn.say("report.matters", count=len(draft.parts), lines=lines, rows=[[both, one]])


async def _ask_kind(turn: Turn, draft: Draft, offered: Sequence[str]) -> None:
    draft.kind_asked = True
    await keep(turn, draft, "kind")
    rows = [[Button(turn.city.item_name(item), "report.kind", {"draft": draft.id, "item": item})] for item in offered]
    none = turn.button("report.button_no_kind", "report.kind", {"draft": draft.id, "item": ""})
    await turn.say("report.ask_kind", rows=[*rows, [none]])


async def _ask_place(turn: Turn, draft: Draft, findings: Findings, place: Place) -> None:
    draft.place_asked += 1
    if draft.place_asked > MAX_PLACE_QUESTIONS:
        draft.place_skipped = True
        await summarise(turn, draft, findings)
        return
    await keep(turn, draft, "place")
    rows = [[b] for b in place_buttons(turn, draft, place)]
    skip = turn.button("report.button_skip_place", "report.skip_place", {"draft": draft.id})
    kind = turn.city.item_name(draft.item or findings.item or "")
    await turn.say(
        _place_question(draft, place),
        kind=kind,
        named=place.text,
        street=turn.city.street.name,
        rows=[*rows, [skip]],
    )


def _place_question(draft: Draft, place: Place) -> str:
    if place.outside:
        return "report.ask_place_outside"
    if place.candidates:
        return "report.ask_place_which"
    if draft.geo and not place.text:
        return "report.ask_place_geo"
    return "report.ask_place_again" if draft.place_asked > 1 else "report.ask_place"


def place_buttons(turn: Turn, draft: Draft, place: Place) -> list[Button]:
    """The places it may be: what the words leave open, then where this resident last reported something."""
    buttons = []
    for candidate in place.candidates[:6]:
        args = {"draft": draft.id, "place": place_dict(chosen(turn, place, candidate))}
        buttons.append(Button(candidate.label, "report.place", args))
    last = turn.me.last_place
    if last and last.get("grid") and not place.candidates and not place.outside:
        label = turn.text("report.button_last_place", place=restored(last).text)
        buttons.insert(0, Button(label, "report.place", {"draft": draft.id, "place": last}))
    return buttons


def chosen(turn: Turn, place: Place, candidate: Candidate) -> Place:
    """The place with the candidate decided; what is known about building and unit stays."""
    community = turn.city.street.community_of(candidate.grid).id
    text = candidate.label if len(candidate.label) >= len(place.text) else place.text
    return replace(place, text=text, grid=candidate.grid, community=community, candidates=(), outside=False)


# -------------------------------------------------------------------- the summary


async def summarise(turn: Turn, draft: Draft, findings: Findings) -> None:
    """What was understood, where, who gets it, by when and by which words; one press files it."""
    await keep(turn, draft, "confirm")
    place = drafts.place_of(draft, findings)
    made = decide(turn.city, findings, item=draft.item, place=place)
    item = turn.city.taxonomy.find_item(made.item) if made.item else None
    due = filing.due_of(turn, made)
    words = [word for word, weight in findings.evidence if weight > 0 and "…" not in word][:3]
    args = {"draft": draft.id}
    right = turn.button("report.button_right", "report.confirm", args)
    change = [
        turn.button("report.button_kind", "report.change_kind", args),
        turn.button("report.button_place" if place.text else "report.button_add_place", "report.change_place", args),
    ]
    rest = [turn.button("report.button_add", "report.add", args), cancel_button(turn, draft)]
    to_desk = made.queue.startswith("desk")
    queue = turn.city.org.name_of(made.queue)
    await turn.say(
        _summary_key(findings, to_desk=to_desk, known=item is not None, placed=bool(place.grid)),
        what=findings.summary or _what_shown(turn, draft),
        kind=item.name if item else "",
        place=place.text,
        queue=queue,
        way=turn.text("report.way" if place.text else "report.way_placeless", place=place.text, queue=queue),
        respond=due.respond_due_at,
        resolve=due.resolve_due_at,
        photos=turn.text("card.photos", count=len(draft.media)).strip() if draft.media else "",
        words="、".join(turn.text("report.quoted", word=w) for w in words) if item and not draft.item else "",
        rows=[[right], change, rest],
        slot=f"draft:{draft.id}:{len(draft.words)}",
    )


def _what_shown(turn: Turn, draft: Draft) -> str:
    """What there is to say of a draft without a sentence in it."""
    if draft.media:
        return turn.text("report.what_files", count=len(draft.media))
    return mask(draft.text)[:40] or turn.text("records.no_kind")


def _summary_key(findings: Findings, *, to_desk: bool, known: bool, placed: bool) -> str:
    if findings.intent in ("praise", "suggest"):
        return f"report.summary_{findings.intent}"
    if not to_desk:
        return "report.summary"
    return "report.summary_desk" if known and not placed else "report.summary_unknown"


def cancel_button(turn: Turn, draft: Draft) -> Button:
    """Never mind."""
    return turn.button("report.button_cancel", "report.cancel", {"draft": draft.id})


# -------------------------------------------------------------------- filing


async def confirm(turn: Turn, draft: Draft) -> None:
    """Files the draft and goes on to the next matter of the same message; what came in meanwhile is shown first."""
    findings = drafts.read(turn, draft)
    near = await alike.near_draft(turn, draft, findings)
    if near is not None and await _asked_if_same(turn, draft, *near):
        return
    request, is_new = await filing.file(turn, draft, findings, near=near[1] if near else None)
    await turn.done()
    if not is_new:
        await turn.toast("report.filed_before", number=request.number)
        return
    key = "report.filed_desk" if filing.is_desk(request.queue) else "report.filed"
    if findings.intent in ("praise", "suggest"):
        key = f"report.filed_{findings.intent}"
    await turn.say(key, number=request.number, queue=turn.city.org.name_of(request.queue))
    if draft.parts:
        await next_part(turn, draft, request)
    else:
        await agreeing.offer(turn)


async def hand_over(turn: Turn, draft: Draft) -> Request:
    """Files what there is for a person at the desk to read, and says so."""
    request, is_new = await filing.file(turn, draft, drafts.read(turn, draft), to_desk=True)
    await turn.done()
    key = "report.filed_desk" if is_new else "report.filed_before"
    await turn.say(key, number=request.number, queue=turn.city.org.name_of(request.queue))
    if is_new:
        await agreeing.offer(turn)
    return request


async def next_part(turn: Turn, draft: Draft, request: Request | None) -> None:
    """The further matters of the same message, one after the other; a place said once counts for all."""
    if not draft.parts:
        return
    following = drafts.new(turn)
    following.words, following.refs = [draft.parts[0]], [""]
    following.parts = draft.parts[1:]
    own = turn.city.read(draft.parts[0])
    if not own.place.grid and request is not None and request.grid:
        following.place = whole(drafts.place_of(draft, drafts.read(turn, draft)))
    await turn.say("report.next_part")
    await take_part(turn, following)


async def take_part(turn: Turn, draft: Draft) -> None:
    """One of several matters: a question is answered at once, the rest goes the usual way."""
    own = drafts.read(turn, draft)
    if own.intent != "consult" or own.place.grid:
        await go_on(turn, draft)
        return
    if turn.dialogue is not None and turn.dialogue.data.get("id") == draft.id:
        await turn.done()
    await consult.answer(turn, own, text=draft.text)
    await next_part(turn, draft, None)
