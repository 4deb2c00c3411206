"""A question is answered from the catalogue: who handles it, which documents, whom to call; or somebody calls back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from handlers import draft as drafts
from handlers import filing
from handlers.draft import Draft
from handlers.turn import Rows, Turn
from nlp.mask import find_phone, mask_phone
from nlp.reader import Findings
from storage import events, people, requests
from storage.requests import Request
from workflow.taxonomy import Item

MIN_CONFIDENCE = 0.25
"""Below this the catalogue would answer another question than the one asked."""
MAX_WORDS = 2000
_LONGEST_NUMBER = 20


async def answer(turn: Turn, findings: Findings, *, text: str = "") -> None:
    """What the catalogue says to a question, by default this message; when it does not know, the community is offered."""
    said = text or (turn.incoming.text if turn.incoming else "")
    item = turn.city.taxonomy.find_item(findings.item or "")
    args = {
        "words": drafts.sealed(turn, said[:MAX_WORDS]),
        "item": findings.item or "",
        "draft": turn.tx.ids.new(),
        "media": list(turn.attached),
    }
    if item is None or findings.confidence < MIN_CONFIDENCE:
        await turn.say("consult.unknown", rows=_rows(turn, {**args, "item": "", "desk": True}))
    elif findings.confidence < turn.city.manners.sure:
        yes = turn.button("consult.button_tell", "consult.tell", args)
        await turn.say("consult.maybe", item=item.name, rows=[[yes], *_rows(turn, {**args, "item": "", "desk": True})])
    else:
        await _say_answer(turn, item, args)
    album = turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""
    if album:
        await turn.ask("asked", "album", {"draft": args["draft"], "album": album, "media": []})


async def _say_answer(turn: Turn, item: Item, args: dict[str, Any]) -> None:
    key = "consult.answer" if item.answer else "consult.answer_short"
    await turn.say(key, **_facts(turn, item), rows=_rows(turn, args))


async def _tell(turn: Turn, args: dict[str, Any]) -> None:
    """It is what they ask: what the catalogue says."""
    item = turn.city.taxonomy.find_item(args["item"])
    if item is not None:
        await _say_answer(turn, item, args)


def _facts(turn: Turn, item: Item) -> dict[str, Any]:
    if item.queue == "grid":
        department, phone, hours = turn.text("consult.by_grid"), "", ""
    else:
        found = turn.city.taxonomy.get_department(item.queue)
        department, phone, hours = found.name, found.phone, found.hours
    return {
        "item": item.name,
        "department": department,
        "answer": item.answer,
        "documents": "、".join(item.documents),
        "contact": item.contact or phone,
        "hours": hours,
    }


def _rows(turn: Turn, args: dict[str, Any]) -> Rows:
    report_it = turn.button("consult.button_report", "report.from_words", {"words": args["words"]})
    return [[turn.button("consult.button_call", "consult.call", args), report_it]]


async def _album_step(turn: Turn) -> bool:
    """Further photos of the question's album wait for the call; anything else is something new."""
    incoming, dialogue = turn.incoming, turn.dialogue
    if incoming is None or dialogue is None:
        return False
    if incoming.media and not incoming.text and incoming.media[-1].album == dialogue.data["album"]:
        data = {**dialogue.data, "media": [*dialogue.data["media"], *turn.attached]}
        await turn.ask("asked", "album", data)
        return True
    await turn.done()
    return False


async def _call(turn: Turn, args: dict[str, Any]) -> None:
    """Somebody shall call back: asks for a number once when none is known, then files it."""
    if await _filed_before(turn, args):
        return
    if not turn.me.phone and not find_phone(drafts.unsealed(turn, args.get("words", ""))):
        await turn.ask("callback", "phone", {**args, "media": _media(turn, args)})
        skip = turn.button("consult.button_here", "consult.here", args)
        await turn.say("consult.ask_phone", rows=[[skip]])
        return
    await _file(turn, args)


def _media(turn: Turn, args: dict[str, Any]) -> list[int]:
    """The photos of the question with those of its album that came after it."""
    dialogue = turn.dialogue
    kept = list(args.get("media", []))
    if dialogue is not None and dialogue.data.get("draft") == args["draft"]:
        kept += [m for m in dialogue.data.get("media", []) if m not in kept]
    return kept


async def _here(turn: Turn, args: dict[str, Any]) -> None:
    if not await _filed_before(turn, args):
        await _file(turn, args)


async def _filed_before(turn: Turn, args: dict[str, Any]) -> bool:
    earlier = await requests.find_by_draft(turn.tx, args["draft"])
    if earlier is not None:
        await turn.say("report.filed_before", number=earlier.number)
    return earlier is not None


async def _phone_step(turn: Turn) -> bool:
    """A number answers; a few wrong digits are asked again; other words are another matter."""
    if turn.dialogue is None or turn.incoming is None or turn.incoming.kind != "text":
        return False
    text = turn.incoming.text
    findings = turn.city.read(text)
    if findings.menu == "cancel":
        await turn.done()
        await turn.say("consult.call_off")
        return True
    if findings.urgent or findings.menu is not None:
        return False
    phone = find_phone(text)
    if phone is None:
        if any(c.isdecimal() for c in text) and len(text) < _LONGEST_NUMBER and not findings.place.text:
            await turn.say("consult.bad_phone")
            return True
        return False
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = await people.get_person(turn.tx, turn.me.id)
    await _file(turn, turn.dialogue.data)
    return True


async def _file(turn: Turn, args: dict[str, Any]) -> None:
    """A record for whoever answers: the kind's own office, or the community when nobody knows the kind."""
    request = await _filed(turn, args)
    if turn.dialogue is not None and turn.dialogue.data.get("draft") == args["draft"]:
        await turn.done()
    data = {"phone": bool(turn.me.phone)}
    await events.add(
        turn.tx, "request", request.id, "request.callback_wanted", turn.now, actor_id=turn.me.id, data=data
    )
    await turn.say(
        "consult.called" if turn.me.phone else "consult.called_here",
        number=request.number,
        queue=turn.city.org.name_of(request.queue),
        due=request.respond_due_at,
        phone=mask_phone(turn.me.phone) if turn.me.phone else "",
    )


async def _filed(turn: Turn, args: dict[str, Any]) -> Request:
    words = drafts.unsealed(turn, args.get("words", "")) or turn.text("consult.call_words")
    draft = Draft(id=args["draft"], words=[words], refs=[""], item=args.get("item", ""), media=_media(turn, args))
    to_desk = bool(args.get("desk"))
    findings = drafts.read(turn, draft)
    if to_desk:
        findings = replace(findings, item=None, alternatives=(), confidence=0.0)
    request, _ = await filing.file(turn, draft, findings, intent="consult", to_desk=to_desk)
    if find_phone(words) and not turn.me.phone:
        turn.person = await people.get_person(turn.tx, turn.me.id)
    return request


PRESSES = {"consult.tell": _tell, "consult.call": _call, "consult.here": _here}
STEPS = {"callback": _phone_step, "asked": _album_step}
