"""A question is answered from the catalogue: who handles it, which documents, whom to call; or somebody calls back."""

from __future__ import annotations

from typing import Any

from handlers import draft as drafts
from handlers import filing, report
from handlers.turn import Rows, Turn
from nlp.mask import find_phone, mask_phone
from nlp.reader import Findings
from storage import people, requests
from workflow.taxonomy import Item

MIN_CONFIDENCE = 0.25
"""Below this the catalogue would answer another question than the one asked."""


async def answer(turn: Turn, findings: Findings) -> None:
    """What the catalogue says; when it does not know, the community is offered."""
    text = turn.incoming.text if turn.incoming else ""
    draft_id = turn.tx.ids.new()
    item = turn.city.taxonomy.find_item(findings.item or "")
    args = {"text": text[:2000], "item": findings.item or "", "draft": draft_id}
    if item is None or findings.confidence < MIN_CONFIDENCE:
        await turn.say("consult.unknown", rows=[[_call_button(turn, args)]])
        return
    await turn.say("consult.answer", **_facts(turn, item), rows=_rows(turn, args))


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


def _call_button(turn: Turn, args: dict[str, Any]) -> Any:
    return turn.button("consult.button_call", "consult.call", args)


def _rows(turn: Turn, args: dict[str, Any]) -> Rows:
    report_it = turn.button("consult.button_report", "consult.report", args)
    return [[_call_button(turn, args), report_it]]


async def _call(turn: Turn, args: dict[str, Any]) -> None:
    """Somebody shall call back: asks for a number once when none is known, then files it."""
    if not turn.me.phone and not find_phone(args["text"]):
        await turn.ask("callback", "phone", args)
        skip = turn.button("consult.button_here", "consult.here", args)
        await turn.say("consult.ask_phone", rows=[[skip]])
        return
    await _file(turn, args)


async def _here(turn: Turn, args: dict[str, Any]) -> None:
    await _file(turn, args)


async def _phone_step(turn: Turn) -> bool:
    if turn.dialogue is None or turn.incoming is None or turn.incoming.kind != "text":
        return False
    phone = find_phone(turn.incoming.text)
    if phone is None:
        if any(c.isdecimal() for c in turn.incoming.text) and len(turn.incoming.text) < 20:
            await turn.say("consult.bad_phone")
            return True
        return False
    await people.set_phone(turn.tx, turn.me.id, phone)
    turn.person = await people.get_person(turn.tx, turn.me.id)
    await _file(turn, turn.dialogue.data)
    return True


async def _file(turn: Turn, args: dict[str, Any]) -> None:
    earlier = await requests.find_by_draft(turn.tx, args["draft"]) if args.get("draft") else None
    if earlier is not None:
        await turn.say("report.filed_before", number=earlier.number)
        return
    draft = drafts.new(turn)
    draft.id = args.get("draft") or draft.id
    draft.words, draft.refs = [args["text"] or turn.text("consult.call_words")], [""]
    draft.item = args.get("item", "")
    request, _ = await filing.file(turn, draft, drafts.read(turn, draft), intent="consult")
    await turn.done()
    await turn.say(
        "consult.called",
        number=request.number,
        queue=turn.city.org.name_of(request.queue),
        due=request.respond_due_at,
        phone=mask_phone(turn.me.phone) if turn.me.phone else "",
    )


async def _report(turn: Turn, args: dict[str, Any]) -> None:
    """It was no question: the words are reported."""
    if turn.incoming is not None:
        turn.incoming = turn.incoming.model_copy(update={"text": args["text"]})
    await report.start(turn, turn.city.reader.read(args["text"]))


PRESSES = {"consult.call": _call, "consult.here": _here, "consult.report": _report}
STEPS = {"callback": _phone_step}
