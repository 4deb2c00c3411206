"""A clock that stands still: paused by whoever handles the record, or parked (挂账) by a desk until a review.

Both have a reason the reporter reads and an end that comes by itself. What may be paused, how often and how long, is
`workflow.clock`. Acts raise `Denied`; the chat's side is `waiting_chat.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers import cards, clocks, records, standing
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import events, requests, waits
from storage.requests import Request
from storage.timers import Timer
from workflow.clock import PARKED_DAYS, longest_pause
from workflow.rights import may_act
from workflow.states import State

REASONS = ("resident", "part", "weather", "outside", "other")
"""Waiting for the resident; for a part; for the weather; for somebody outside; for what is written."""
_OPEN = (State.QUEUED, State.CLAIMED, State.JOINT)


async def pause(turn: Turn, request: Request, *, reason: str, days: int, words: str = "") -> Request:
    """Stops the resolution clock for at most `days`; the reporter reads why and until when.

    Its claimer or a level above may; a danger only a level above. Raises `Denied`, ValueError for an unknown reason.
    """
    if reason not in REASONS:
        raise ValueError(f"unknown reason: {reason!r}")
    await standing.demand(turn, "pause", request)
    _check_open(turn, request)
    above = await standing.is_above(turn, request.queue)
    if request.claimer_id != turn.me.id and not above:
        raise Denied("waiting.claimer_only", number=request.number)
    if request.urgent and not await _decides(turn, request):
        raise Denied("waiting.danger", number=request.number)
    paused = [w.span for w in await waits.of(turn.tx, request.id, request.started_at) if not w.parked]
    length = longest_pause(paused, timedelta(days=days))
    if not length:
        raise Denied("waiting.enough", number=request.number)
    return await _wait(turn, request, turn.now + length, parked=False, reason=reason, words=words)


async def park(turn: Turn, request: Request, *, review_at: datetime, words: str) -> Request:
    """挂账: what cannot be solved now waits until its review, by a desk's decision. Raises `Denied`."""
    await standing.demand(turn, "park", request)
    _check_open(turn, request)
    if not turn.now < review_at <= turn.now + timedelta(days=PARKED_DAYS):
        raise Denied("waiting.review_range", days=PARKED_DAYS)
    if request.urgent:
        raise Denied("waiting.never_park", number=request.number)
    if not words.strip():
        raise Denied("waiting.why_park", number=request.number)
    return await _wait(turn, request, review_at, parked=True, reason="parked", words=words)


def _check_open(turn: Turn, request: Request) -> None:
    if request.state not in _OPEN:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    if request.waits_until is not None:
        raise Denied("waiting.already", number=request.number, until=request.waits_until)


async def _decides(turn: Turn, request: Request) -> bool:
    return may_act(await turn.grants(), "park", request.queue, turn.city.org)


async def _wait(turn: Turn, request: Request, until_at: datetime, *, parked: bool, reason: str, words: str) -> Request:
    said = mask(words.strip())[:200]
    await requests.lock(turn.tx, request.id)
    await waits.begin(
        turn.tx,
        request.id,
        parked=parked,
        reason=reason,
        words=said,
        person_id=turn.me.id,
        now=turn.now,
        until_at=until_at,
    )
    # Parking is the desk's answer: whoever reported reads why and until when, so nobody was late in answering.
    answered = {"responded_at": request.responded_at or turn.now} if parked else {}
    request = await requests.change(turn.tx, request.id, waits_until=until_at, parked=parked, **answered)
    request = await clocks.recount(turn, request)
    known = requests.facts(request, "resolve_due_at", *answered)
    data = {"reason": reason, "until": until_at.isoformat(), "set": known}
    event = "request.parked" if parked else "request.paused"
    await events.add(turn.tx, "request", request.id, event, turn.now, actor_id=turn.me.id, data=data, words=said)
    await clocks.arm(turn, request)
    await cards.refresh(turn, request)
    await records.tell_reporter(
        turn,
        request,
        "waiting.parked_told" if parked else "waiting.paused_told",
        why=said or turn.text(f"waiting.why_{reason}"),
        until=until_at,
        due=request.resolve_due_at,
    )
    return request


# -------------------------------------------------------------------- going on


async def resume(turn: Turn, request: Request) -> Request:
    """The handler or the desk goes on with it before the time is over. Raises `Denied` when it does not wait."""
    await standing.demand(turn, "park" if request.parked else "pause", request)
    if request.waits_until is None:
        raise Denied("waiting.runs", number=request.number)
    return await go_on(turn, request)


async def go_on(turn: Turn, request: Request) -> Request:
    """The clock runs again, whoever or whatever ended the wait; queue and reporter hear it."""
    was_parked = request.parked
    request = await clocks.settle(turn, request)
    await clocks.arm(turn, request)
    await cards.refresh(turn, request)
    values = {"due": request.resolve_due_at, **standing.named(turn, request)}
    key = "waiting.back_queue" if was_parked else "waiting.resumed_queue"
    if request.claimer_id is None or not await turn.tell(request.claimer_id, key, **values):
        await turn.tell_queue(request.queue, key, **values)
    if was_parked and not request.queue.startswith("desk"):
        await turn.tell_queue(turn.city.org.desk_of(request.queue), key, **values)
    await records.tell_reporter(
        turn, request, "waiting.back_told" if was_parked else "waiting.resumed_told", due=request.resolve_due_at
    )
    return request


async def _over(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    if request.state in _OPEN and request.waits_until is not None and request.waits_until <= turn.now:
        await go_on(turn, request)


TIMERS = {"waiting.over": _over}
