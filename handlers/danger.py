"""Danger now: the safety advice and the number first, the record filed and pushed at once without waiting for a yes."""

from __future__ import annotations

from typing import Any

from handlers import filing, records
from handlers.draft import Draft
from handlers.messages import Button
from handlers.triage import place_dict
from handlers.turn import Turn
from nlp.reader import Findings
from storage import events, requests
from storage.requests import Request
from workflow.states import OPEN

PEOPLE_ASKED = frozenset({"gas", "fire", "collapse", "trapped"})
"""Dangers where the first question is whether everybody is safe; for the others it is the place."""


async def file(turn: Turn, draft: Draft, findings: Findings) -> None:
    """Advice, then the filed record, then one question: is everybody out, or where is it."""
    kind = findings.danger or "other"
    number = turn.city.manners.emergency.get(kind, "")
    key = f"danger.advice_{kind}" if turn.city.texts.has(f"danger.advice_{kind}") else "danger.advice_other"
    await turn.say(key, number=number)
    scanned = turn.dialogue.data.get("place") if turn.dialogue and turn.dialogue.flow == "scanned" else None
    if scanned and not findings.place.grid:
        draft.place = scanned
    request, is_new = await filing.file(turn, draft, findings, urgent=True)
    if not is_new:
        await turn.toast("report.filed_before", number=request.number)
        return
    await turn.ask("danger", "open", {"id": request.id, "kind": kind})
    await _ask(turn, request, kind, findings)


async def _ask(turn: Turn, request: Request, kind: str, findings: Findings) -> None:
    values: dict[str, Any] = {"record": request.number, "queue": turn.city.org.name_of(request.queue)}
    if not request.grid:
        rows = [
            [Button(c.label, "danger.place", {"id": request.id, "grid": c.grid, "text": c.label})]
            for c in findings.place.candidates[:4]
        ]
        await turn.say("danger.where", rows=rows, **values)
    elif kind in PEOPLE_ASKED:
        args = {"id": request.id}
        rows = [
            [
                turn.button("danger.button_out", "danger.people", {**args, "inside": False}),
                turn.button("danger.button_inside", "danger.people", {**args, "inside": True}),
            ]
        ]
        await turn.say("danger.filed_people", rows=rows, **values)
    else:
        await turn.say("danger.filed", **values)


async def _people(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if request.reporter_id != turn.me.id:
        await turn.toast("common.press_not_yours")
        return
    word = "inside" if args["inside"] else "out"
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.supplemented",
        turn.now,
        actor_id=turn.me.id,
        data={"people": word},
    )
    values: dict[str, Any] = {"number": request.number, "place": request.place_text or turn.text("card.unknown_place")}
    for queue in dict.fromkeys([request.queue, f"grid:{request.grid}" if request.grid else "desk"]):
        await turn.tell_queue(queue, f"danger.people_{word}", **values)
    await turn.say(f"danger.thanks_{word}")


async def _place(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if request.reporter_id != turn.me.id:
        await turn.toast("common.press_not_yours")
    elif not request.grid:
        community = turn.city.street.community_of(args["grid"]).id
        await locate(turn, request, args["grid"], {"text": args["text"], "community": community})


async def locate(turn: Turn, request: Request, grid: str, place: dict[str, Any]) -> None:
    """The place came after the filing: the record goes where it belongs, and that grid is pushed too."""
    if request.state == "queued":
        request = await filing.redirect(turn, request, grid=grid, place=place, event="request.rerouted", why="place")
    else:
        request = await requests.change(
            turn.tx, request.id, grid=grid, place={**request.place, **place}, place_text=place["text"]
        )
    await filing.groups_told(turn, request)
    await turn.say("danger.located", record=request.number, place=request.place_text)


async def _step(turn: Turn) -> bool:
    """Whatever is said next belongs to the danger: a place, how it goes on, photos. A new kind of matter does not."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None:
        return False
    request = await requests.get(turn.tx, dialogue.data["id"])
    age = turn.now - request.received_at
    if request.state not in OPEN or age > turn.city.manners.draft_life:
        await turn.done()
        return False
    findings = turn.city.reader.read(incoming.text)
    if findings.menu is not None or findings.intent in ("progress", "wish", "consult"):
        return False
    if findings.place.grid and not request.grid:
        await locate(turn, request, findings.place.grid, place_dict(findings.place))
        return True
    other_place = findings.place.grid and findings.place.grid != request.grid
    if other_place or (findings.urgent and findings.danger not in (None, dialogue.data["kind"])):
        return False
    if not findings.urgent and findings.intent == "request" and findings.item not in (None, request.item):
        return not await _is_new_matter(turn, findings) and await _more(turn, request)
    return await _more(turn, request)


async def _is_new_matter(turn: Turn, findings: Findings) -> bool:
    return findings.confidence >= turn.city.manners.sure and bool(findings.place.grid)


async def _more(turn: Turn, request: Request) -> bool:
    await records.supplement(turn, request)
    return True


PRESSES = {"danger.people": _people, "danger.place": _place}
STEPS = {"danger": _step}
