"""The clocks of a record: due times, reminders at 50 and 80 %, stages, 督办 at 100 %. Timers are rows; this says what they do.

Who hears of an overrun, level by level, is `climbing.py`; pauses and 挂账 are `waiting.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers import climbing
from handlers.climbing import Overrun
from handlers.turn import Turn
from storage import events, petitions, requests, timers, waits
from storage.requests import Request
from storage.timers import Timer
from workflow import clock
from workflow.clock import DueTimes, Mark
from workflow.states import State
from workflow.taxonomy import Item, Stage

_AWAITS = {"respond": (State.QUEUED,), "resolve": (State.QUEUED, State.CLAIMED, State.JOINT)}


DEFAULT_RESPOND_MINUTES = 60
DEFAULT_RESOLVE_HOURS = 72
"""For a record whose kind nobody knows yet: the desk looks within the hour, like an ordinary repair."""

URGENT_RESPOND_MINUTES = 10
URGENT_RESOLVE_HOURS = 24
"""No danger waits longer than the ten-minute circle (practices.md, 7), whatever its kind allows otherwise."""


# -------------------------------------------------------------------- due times


def due_times(
    turn: Turn,
    item: str,
    queue: str,
    *,
    urgent: bool,
    start_at: datetime,
    pauses: list[tuple[datetime, datetime]] | None = None,
    extra_hours: int = 0,
) -> DueTimes:
    """Until when it must be claimed and resolved, by the limits of its kind and the calendar of its queue.

    Of a kind with stages the last stage is the resolution.
    """
    found = turn.city.taxonomy.find_item(item) if item else None
    respond = found.respond_minutes if found else DEFAULT_RESPOND_MINUTES
    resolve = found.resolve_hours if found else DEFAULT_RESOLVE_HOURS
    calendar, spans = turn.city.calendar_of(queue), pauses or []
    due = clock.retarget_due(
        start_at,
        respond_minutes=min(respond, URGENT_RESPOND_MINUTES) if urgent else respond,
        resolve_hours=min(resolve, URGENT_RESOLVE_HOURS) if urgent else resolve,
        urgent=urgent,
        calendar=calendar,
        pauses=spans,
        extra_hours=extra_hours,
    )
    if found is None or not found.stages:
        return due
    last = clock.stage_due(start_at, found.stages[-1].limit, urgent=urgent, calendar=calendar, pauses=spans)
    return due._replace(resolve_due_at=calendar.add_days_time(last, extra_hours, spans))


async def due_again(
    turn: Turn,
    request: Request,
    *,
    item: str | None = None,
    queue: str | None = None,
    start_at: datetime | None = None,
) -> DueTimes:
    """Both due times of a record under another kind, queue or start: what was paused and extended stays so."""
    start = start_at or request.started_at
    return due_times(
        turn,
        request.item if item is None else item,
        queue or request.queue,
        urgent=request.urgent,
        start_at=start,
        pauses=[wait.span for wait in await waits.of(turn.tx, request.id, start)],
        extra_hours=await petitions.extra_hours(turn.tx, request.id, start),
    )


async def recount(turn: Turn, request: Request) -> Request:
    """The resolution's due time by what is paused and extended now; the response's never moves."""
    due = await due_again(turn, request)
    return await requests.change(turn.tx, request.id, resolve_due_at=due.resolve_due_at)


async def settle(turn: Turn, request: Request) -> Request:
    """Ends what the record waits for, if anything, and counts its due time anew. Tells nobody, sets no timer."""
    if request.waits_until is None:
        return request
    waits.end(turn.tx, request.id, turn.now)
    await timers.drop(turn.tx, "request", request.id, prefix="waiting.")
    parked = request.parked
    request = await requests.change(turn.tx, request.id, waits_until=None, parked=False)
    request = await recount(turn, request)
    data = {"parked": parked, "set": requests.facts(request, "resolve_due_at")}
    actor = turn.person.id if turn.person else None
    await events.add(turn.tx, "request", request.id, "request.resumed", turn.now, actor_id=actor, data=data)
    return request


# -------------------------------------------------------------------- setting them


async def arm(turn: Turn, request: Request) -> None:
    """Sets every clock of a record from its start and due times, in place of what ran before."""
    await timers.drop(turn.tx, "request", request.id, prefix="clock.")
    await set_first(turn, request)


async def set_first(turn: Turn, request: Request) -> None:
    """Sets every clock of a record that has none yet."""
    if request.state is State.QUEUED and request.responded_at is None:
        await _next(turn, request, Overrun("respond", request.respond_due_at))
    if request.state not in _AWAITS["resolve"]:
        return
    if request.waits_until is not None:
        await timers.put(turn.tx, _polite(turn, request, request.waits_until), "waiting.over", "request", request.id)
        return
    await _next(turn, request, Overrun("resolve", request.resolve_due_at))
    for index, _, due_at in await stages_left(turn, request):
        await _next(turn, request, Overrun("stage", due_at, index))


def _polite(turn: Turn, request: Request, at: datetime) -> datetime:
    return climbing.polite(turn, at, urgent=request.urgent)


async def _next(turn: Turn, request: Request, overrun: Overrun, after: Mark | None = None) -> None:
    """Sets the first mark that still lies ahead; what is past due is told at once, and further up if it was told."""
    due_at = overrun.due_at
    moments = clock.marks(min(request.started_at, due_at), due_at)
    order = list(moments)
    left = order[order.index(after) + 1 :] if after else order
    for mark in left:
        if mark is Mark.DUE and moments[mark] <= turn.now and await climbing.told(turn, request, overrun):
            await climbing.go_on(turn, request, overrun)
            return
        if moments[mark] > turn.now or mark is Mark.DUE:
            at = _polite(turn, request, moments[mark])
            data = {"mark": mark.value, **overrun.data()}
            await timers.put(turn.tx, at, f"clock.{overrun.which}", "request", request.id, data)
            return


# -------------------------------------------------------------------- stages


def stages_of(turn: Turn, request: Request) -> tuple[Stage, ...]:
    """The steps with limits of their own that lie before the end: on site, safe. The last stage is the resolution."""
    found: Item | None = turn.city.taxonomy.find_item(request.item) if request.item else None
    return found.stages[:-1] if found else ()


async def stages_left(turn: Turn, request: Request) -> list[tuple[int, Stage, datetime]]:
    """The stages that have not been reached since the work began, in order: place in the list, stage, due."""
    stages = stages_of(turn, request)
    if not stages:
        return []
    history = await events.history(turn.tx, "request", request.id)
    reached = {e.data["stage"] for e in history if e.name == "request.stage_reached" and e.at >= request.started_at}
    pauses = [wait.span for wait in await waits.of(turn.tx, request.id, request.started_at)]
    calendar = turn.city.calendar_of(request.queue)
    return [
        (
            index,
            stage,
            clock.stage_due(request.started_at, stage.limit, urgent=request.urgent, calendar=calendar, pauses=pauses),
        )
        for index, stage in enumerate(stages)
        if index not in reached
    ]


async def reach_stage(turn: Turn, request: Request, index: int) -> bool:
    """The handler says that a stage is reached; the ledger keeps when. False when it was reached before."""
    left = {i: due_at for i, _, due_at in await stages_left(turn, request)}
    if index not in left:
        return False
    data = {"stage": index, "late": turn.now > left[index]}
    await events.add(turn.tx, "request", request.id, "request.stage_reached", turn.now, actor_id=turn.me.id, data=data)
    await arm(turn, request)
    return True


# -------------------------------------------------------------------- going off


async def _respond(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    if request.state is State.QUEUED and request.responded_at is None:
        await _mark(turn, request, Mark(timer.data["mark"]), Overrun("respond", request.respond_due_at))


async def _resolve(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    if request.state in _AWAITS["resolve"] and request.waits_until is None:
        await _mark(turn, request, Mark(timer.data["mark"]), Overrun("resolve", request.resolve_due_at))


async def _stage(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    left = {index: due_at for index, _, due_at in await stages_left(turn, request)}
    index = timer.data["stage"]
    if request.state in _AWAITS["resolve"] and request.waits_until is None and index in left:
        await _mark(turn, request, Mark(timer.data["mark"]), Overrun("stage", left[index], index))


async def _climb(turn: Turn, timer: Timer) -> None:
    """The next level, while it is still not claimed, reached or finished."""
    request = await requests.get(turn.tx, timer.subject_id)
    overrun = await current(turn, request, timer.data["clock"], timer.data.get("stage"))
    if overrun is not None and overrun.due_at <= turn.now:
        await climbing.tell_next(turn, request, overrun)


async def current(turn: Turn, request: Request, which: str, stage: int | None = None) -> Overrun | None:
    """How a clock of a record stands now; None when it does not run."""
    if request.state not in _AWAITS["respond" if which == "respond" else "resolve"]:
        return None
    if which == "respond":
        return Overrun("respond", request.respond_due_at) if request.responded_at is None else None
    if request.waits_until is not None:
        return None
    if which == "resolve":
        return Overrun("resolve", request.resolve_due_at)
    left = {index: due_at for index, _, due_at in await stages_left(turn, request)}
    return Overrun("stage", left[stage], stage) if stage in left else None


async def _mark(turn: Turn, request: Request, mark: Mark, overrun: Overrun) -> None:
    if mark is Mark.DUE:
        await climbing.overdue(turn, request, overrun)
        return
    if not await _was_reminded(turn, request, mark, overrun):
        await _remind(turn, request, overrun)
        data = {"mark": mark.value, **overrun.data()}
        await events.add(turn.tx, "request", request.id, "request.reminded", turn.now, data=data)
    await _next(turn, request, overrun, after=mark)


async def _was_reminded(turn: Turn, request: Request, mark: Mark, overrun: Overrun) -> bool:
    """Each mark is told once, also when a pause or an extension has moved it ahead again."""
    wanted = {"mark": mark.value, **overrun.data()}
    history = await events.history(turn.tx, "request", request.id)
    return any(e.name == "request.reminded" and e.data == wanted and e.at >= request.started_at for e in history)


async def _remind(turn: Turn, request: Request, overrun: Overrun) -> None:
    values = await climbing.values(turn, request, overrun)
    if await _tell_holder(turn, request, f"clock.{overrun.which}_claimer", values):
        return
    await turn.tell_queue(request.queue, f"clock.{overrun.which}_queue", **values)


async def _tell_holder(turn: Turn, request: Request, key: str, values: dict[str, Any]) -> bool:
    return request.claimer_id is not None and await turn.tell(request.claimer_id, key, **values)


TIMERS = {"clock.respond": _respond, "clock.resolve": _resolve, "clock.stage": _stage, "clock.climb": _climb}
