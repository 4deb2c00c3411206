"""The two clocks of a record: reminders at 50 and 80 %, 督办 and the desk at 100 %. Timers are rows; this says what they do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers import cards, names
from handlers.turn import Turn
from storage import events, requests, timers
from storage.requests import Request
from storage.timers import Timer
from workflow import clock
from workflow.clock import Mark
from workflow.states import State

_AWAITS = {"respond": (State.QUEUED,), "resolve": (State.QUEUED, State.CLAIMED, State.JOINT)}


DEFAULT_RESPOND_MINUTES = 60
DEFAULT_RESOLVE_HOURS = 72
"""For a record whose kind nobody knows yet: the desk looks within the hour, like an ordinary repair."""

URGENT_RESPOND_MINUTES = 10
URGENT_RESOLVE_HOURS = 24
"""No danger waits longer than the ten-minute circle (practices.md, 7), whatever its kind allows otherwise."""


def due_times(turn: Turn, item: str, queue: str, *, urgent: bool, start_at: datetime) -> clock.DueTimes:
    """Until when it must be claimed and resolved, by the limits of its kind and the calendar of its queue."""
    found = turn.city.taxonomy.find_item(item) if item else None
    respond = found.respond_minutes if found else DEFAULT_RESPOND_MINUTES
    resolve = found.resolve_hours if found else DEFAULT_RESOLVE_HOURS
    return clock.retarget_due(
        start_at,
        respond_minutes=min(respond, URGENT_RESPOND_MINUTES) if urgent else respond,
        resolve_hours=min(resolve, URGENT_RESOLVE_HOURS) if urgent else resolve,
        urgent=urgent,
        calendar=turn.city.calendar_of(queue),
    )


async def arm(turn: Turn, request: Request) -> None:
    """Sets both clocks of a record from its start and due times, in place of what ran before."""
    await timers.drop(turn.tx, "request", request.id, prefix="clock.")
    if request.state is State.QUEUED and request.responded_at is None:
        await _next(turn, request, "respond", request.respond_due_at)
    if request.state in _AWAITS["resolve"]:
        await _next(turn, request, "resolve", request.resolve_due_at)


async def _next(turn: Turn, request: Request, which: str, due_at: datetime, after: Mark | None = None) -> None:
    """Sets the first mark that still lies ahead; one already past due goes off at once."""
    moments = clock.marks(min(request.started_at, due_at), due_at)
    order = list(moments)
    left = order[order.index(after) + 1 :] if after else order
    for mark in left:
        if mark is Mark.DUE and moments[mark] <= turn.now and await _is_told(turn, request, which):
            return
        if moments[mark] > turn.now or mark is Mark.DUE:
            manners = turn.city.manners
            at = clock.quiet_shift(
                moments[mark], str(manners.tz), request.urgent, (manners.quiet_from, manners.quiet_until)
            )
            await timers.put(turn.tx, at, f"clock.{which}", "request", request.id, {"mark": mark.value})
            return


async def _is_told(turn: Turn, request: Request, which: str) -> bool:
    """Whether this clock's overrun was told since it began: a claim or a release does not tell it again."""
    history = await events.history(turn.tx, "request", request.id)
    return any(
        e.name == "request.supervised" and e.data.get("clock") == which and e.at >= request.started_at for e in history
    )


async def _respond(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    if request.state is State.QUEUED and request.responded_at is None:
        await _mark(turn, request, "respond", Mark(timer.data["mark"]), request.respond_due_at)


async def _resolve(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    if request.state in _AWAITS["resolve"]:
        await _mark(turn, request, "resolve", Mark(timer.data["mark"]), request.resolve_due_at)


async def _mark(turn: Turn, request: Request, which: str, mark: Mark, due_at: datetime) -> None:
    if mark is Mark.DUE:
        await _overdue(turn, request, which, due_at)
        return
    await _remind(turn, request, which, due_at)
    await events.add(
        turn.tx, "request", request.id, "request.reminded", turn.now, data={"clock": which, "mark": mark.value}
    )
    await _next(turn, request, which, due_at, after=mark)


async def _remind(turn: Turn, request: Request, which: str, due_at: datetime) -> None:
    values = await _values(turn, request, due_at)
    claimer = request.claimer_id
    if claimer is not None and await turn.tell(claimer, f"clock.{which}_claimer", **values):
        return
    await turn.tell_queue(request.queue, f"clock.{which}_queue", **values)


async def _overdue(turn: Turn, request: Request, which: str, due_at: datetime) -> None:
    """督办: the mark on the record and its card, and a word to the claimer, the queue and the desk above it."""
    values = await _values(turn, request, due_at)
    if not request.supervised:
        request = await requests.change(turn.tx, request.id, supervised=True)
    data = {"clock": which, "queue": request.queue, "set": requests.facts(request, "supervised")}
    await events.add(turn.tx, "request", request.id, "request.supervised", turn.now, data=data)
    await cards.refresh(turn, request)
    if request.claimer_id is not None:
        await turn.tell(request.claimer_id, f"clock.{which}_overdue", **values)
    desk = turn.city.org.desk_of(request.queue)
    await turn.tell_queue(request.queue, f"clock.{which}_overdue", **values)
    if desk != request.queue:
        await turn.tell_queue(desk, f"clock.{which}_overdue", **values)


async def _values(turn: Turn, request: Request, due_at: datetime) -> dict[str, Any]:
    return {
        "number": request.number,
        "item": turn.city.item_name(request.item) or turn.text("card.unknown_kind"),
        "place": request.place_text,
        "due": due_at,
        "worker": await names.worker(turn, request.claimer_id),
        "queue": turn.city.org.name_of(request.queue),
    }


TIMERS = {"clock.respond": _respond, "clock.resolve": _resolve}
