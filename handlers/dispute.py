"""争议派单: returned once, sent on, and still nobody's: the level above the desks rules, and the ruling stands.

Returning itself is in `handover.py`. 首接负责: until somebody else accepts it, whoever received it first stays the
contact (`requests.contact_id`), and the record stays in a queue.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from handlers import climbing, filing, names, petitions, standing
from handlers.messages import Button
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import events, requests
from storage import petitions as kept
from storage.events import Event
from storage.petitions import Asked
from storage.requests import Request
from workflow import petitions as rules
from workflow.petitions import Outcome, Petition
from workflow.queues import QueueKind, parse_queue

FLOW = "dispute"
_ARRIVALS = {"request.queued", "request.rerouted", "request.returned", "request.reopened", "request.unmerged"} | {
    "request.called_off",
    "request.readmitted",
}
_PAGE = 8

# -------------------------------------------------------------------- what has happened


async def _history(turn: Turn, request: Request) -> list[Event]:
    """What happened since the work began; a reopened record is disputed anew."""
    history = await events.history(turn.tx, "request", request.id)
    return [e for e in history if e.at >= request.started_at]


async def arrived_at(turn: Turn, request: Request) -> datetime:
    """When the record came to the queue it is in."""
    found = [e.at for e in await events.history(turn.tx, "request", request.id) if e.name in _ARRIVALS]
    return found[-1] if found else request.received_at


async def is_ruled(turn: Turn, request: Request) -> bool:
    """Whether it was ruled that this queue has to do it."""
    history = await _history(turn, request)
    return any(e.name == "request.ruled" and e.data["queue"] == request.queue for e in history)


async def was_returned(turn: Turn, request: Request) -> bool:
    """Whether a queue has returned it before: the next one that does not want it disputes."""
    return any(e.name == "request.returned" for e in await _history(turn, request))


async def check_time(turn: Turn, request: Request) -> None:
    """Raises `Denied` when the time to return or dispute it is over, or when a ruling has settled whose it is."""
    if await is_ruled(turn, request):
        raise Denied("dispute.ruled_here", number=request.number)
    if not rules.may_return(await arrived_at(turn, request), turn.now, turn.city.calendar_of(request.queue)):
        raise Denied("dispute.too_late", number=request.number)


# -------------------------------------------------------------------- acts


async def dispute(turn: Turn, request: Request, words: str) -> Asked:
    """The queue says that it is not its matter, after one return already. It keeps it until the ruling.

    Raises `Denied`.
    """
    await standing.demand(turn, "dispute", request)
    if request.state not in standing.MOVABLE:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    if not await was_returned(turn, request) or parse_queue(request.queue).kind is QueueKind.DESK:
        raise Denied("dispute.return_first", number=request.number)
    await check_time(turn, request)
    if not words.strip():
        raise Denied("dispute.need_why", number=request.number)
    asked = await petitions.put(turn, request, Petition.DISPUTE, words, data={"queue": request.queue})
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.disputed",
        turn.now,
        actor_id=turn.me.id,
        data={"queue": request.queue},
        words=asked.words,
    )
    rows = [[turn.button("dispute.button_stays", "dispute.stays", {"petition": asked.id})]]
    rows += _pairs([_to_button(turn, asked, queue) for queue in await candidates(turn, request)])
    rows.append([turn.button("dispute.button_others", "dispute.others", {"petition": asked.id})])
    history = await _history(turn, request)
    earlier = [e.words for e in history if e.name == "request.returned" and e.words]
    await petitions.tell_decider(
        turn,
        asked,
        "dispute.told",
        rows=rows,
        unit=turn.city.org.name_of(request.queue),
        worker=await names.worker(turn, turn.me.id),
        earlier=earlier[-1] if earlier else "",
        **standing.named(turn, request),
    )
    return asked


async def candidates(turn: Turn, request: Request) -> list[str]:
    """Who might have to do it: the queues that had it, and the one of its kind; not the one that disputes."""
    found = [e.data["queue"] for e in await _history(turn, request) if e.name in _ARRIVALS and "queue" in e.data]
    item = turn.city.taxonomy.find_item(request.item) if request.item else None
    if item is not None and item.queue != "grid":
        found.append(f"dept:{item.queue}")
    elif request.grid:
        found.append(f"grid:{request.grid}")
    org = turn.city.org
    named = [q for q in dict.fromkeys(found) if org.has_queue(q) and parse_queue(q).kind is not QueueKind.DESK]
    return [q for q in named if q != request.queue][:_PAGE]


async def rule(turn: Turn, asked: Asked, *, queue: str, words: str = "") -> Request:
    """The ruling: this queue does it, and returns it no more. Not by whoever sent it there, unless they are alone.

    Raises `Denied`, ValueError for a queue that this street does not have.
    """
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "rule", request, queue=asked.queue)
    if not turn.city.org.has_queue(queue) or parse_queue(queue).kind is QueueKind.DESK:
        raise ValueError(f"not a queue that can be ruled to: {queue!r}")
    if request.state not in standing.MOVABLE or asked.outcome is not Outcome.OPEN:
        raise Denied("petitions.answered")
    await _check_not_sender(turn, request, asked)
    said = mask(words.strip())[:200]
    await petitions.close(turn, asked, Outcome.GRANTED if queue != request.queue else Outcome.DECLINED, words)
    data = {"queue": queue, "before": request.queue}
    await events.add(
        turn.tx, "request", request.id, "request.ruled", turn.now, actor_id=turn.me.id, data=data, words=said
    )
    moved = request
    if queue != request.queue:
        moved = await filing.redirect(turn, request, queue=queue, why=said)
    values = {"unit": turn.city.org.name_of(queue), "why": said, **standing.named(turn, moved)}
    for told in dict.fromkeys([request.queue, queue, turn.city.org.desk_of(queue)]):
        await turn.tell_queue(told, "dispute.ruled_told", **values)
    return moved


async def _check_not_sender(turn: Turn, request: Request, asked: Asked) -> None:
    sent = [e for e in await _history(turn, request) if e.name == "request.rerouted" and e.actor_id is not None]
    if not sent or sent[-1].actor_id != turn.me.id:
        return
    if any(person != turn.me.id for person in await climbing.servants(turn, asked.queue)):
        raise Denied("dispute.not_sender", number=request.number)


# -------------------------------------------------------------------- chat


def _pairs(buttons: list[Button]) -> list[list[Button]]:
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]


def _to_button(turn: Turn, asked: Asked, queue: str) -> Button:
    args = {"petition": asked.id, "queue": queue}
    return turn.button("dispute.button_to", "dispute.rule", args, unit=turn.city.org.name_of(queue))


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """Asks why it is not theirs."""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "dispute", request)
    await check_time(turn, request)
    await turn.ask(FLOW, "why", {"id": request.id})
    await turn.say("dispute.ask_why", force_reply=True, number=request.number)


async def _stays(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    request = await requests.get(turn.tx, asked.request_id)
    await _rule(turn, asked, request.queue)


async def _ruled(turn: Turn, args: dict[str, Any]) -> None:
    await _rule(turn, await kept.get(turn.tx, args["petition"]), args["queue"])


async def _rule(turn: Turn, asked: Asked, queue: str) -> None:
    moved = await rule(turn, asked, queue=queue)
    slot = petitions.slot(asked) if turn.here.is_group else ""
    await turn.say("dispute.ruled", slot=slot, unit=turn.city.org.name_of(queue), **standing.named(turn, moved))


async def _others(turn: Turn, args: dict[str, Any]) -> None:
    """Every department, then every grid, eight at a time."""
    asked, start = await kept.get(turn.tx, args["petition"]), args.get("from", 0)
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "rule", request, queue=asked.queue)
    org = turn.city.org
    every = sorted((q for q in org.queues() if parse_queue(q).kind is not QueueKind.DESK), key=_departments_first)
    rows = _pairs([_to_button(turn, asked, q) for q in every[start : start + _PAGE]])
    if len(every) > start + _PAGE:
        further = {"petition": asked.id, "from": start + _PAGE}
        rows.append([turn.button("desk.button_next", "dispute.others", further)])
    await turn.say("dispute.whose", rows=rows, number=request.number)


def _departments_first(queue: str) -> bool:
    return parse_queue(queue).kind is not QueueKind.DEPT


async def _step(turn: Turn) -> bool:
    """The typed reason."""
    if turn.dialogue is None or turn.incoming is None or standing.is_stale(turn) or not turn.incoming.text.strip():
        return False
    request_id = turn.dialogue.data["id"]
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
    else:
        await say_it(turn, await requests.get(turn.tx, request_id), turn.incoming.text)
    return True


async def say_it(turn: Turn, request: Request, words: str) -> None:
    """Disputes it and tells whoever did."""
    asked = await dispute(turn, request, words)
    await turn.toast("dispute.asked", number=request.number, due=asked.due_at)


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """争议 1042 这段路不归我们."""
    request = await standing.find(turn, match["number"])
    if request is not None:
        await (say_it(turn, request, match["words"]) if match["words"] else begin(turn, {"id": request.id}))


PRESSES = {
    "dispute.begin": begin,
    "dispute.stays": _stays,
    "dispute.rule": _ruled,
    "dispute.others": _others,
}
STEPS = {FLOW: _step}
COMMANDS = [
    (re.compile(r"(?:有?争议|派单争议)\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>.{1,300}))?", re.DOTALL), _typed)
]
