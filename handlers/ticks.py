"""Time passing: one timer that has fallen due, in its own transaction, like a message from the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers import dispatch, flood, rate, routes
from handlers.city import City
from handlers.turn import Turn
from storage import around, events, people, timers
from storage.timers import Timer
from storage.tx import Tx

FEW = 2
"""Fewer follow-ups ask for themselves."""


async def fire(city: City, tx: Tx, timer: Timer, now: datetime) -> None:
    """Does what the timer is for and marks it done; nothing when it was done or dropped meanwhile.

    Raises KeyError for a timer that no handler knows.
    """
    tx.forget()
    if await timers.finish(tx, timer.id):
        await _act(city, tx, timer, now)


async def fire_finished(city: City, tx: Tx, timer: Timer, now: datetime) -> None:
    """Does what a timer is for that `timers.finish_all` has marked done in this transaction, with others: nothing when
    one of those has called it off. Raises KeyError like `fire`."""
    tx.forget()
    if not await timers.take_back(tx, timer):
        await _act(city, tx, timer, now)


async def foresee(tx: Tx, due: Sequence[Timer]) -> None:
    """What timers that go off in this transaction will ask about, asked together where nobody else writes meanwhile."""
    asked = {timer.subject_id for timer in due if timer.name == rate.ASK}
    if len(asked) < FEW or tx.connection.dialect.name != "sqlite":
        return
    found = await around.foresee(tx, asked)
    await events.foresee_latest(tx, "request", asked, "request.resolved")
    claimers = {request.claimer_id for request in found if request.claimer_id is not None}
    await people.foresee(tx, claimers, {request.reporter_id for request in found})


async def _act(city: City, tx: Tx, timer: Timer, now: datetime) -> None:
    if timer.name == flood.OVER:
        for incoming in await flood.released(tx, timer.subject, timer.subject_id, now):
            await dispatch.handle_now(city, tx, incoming, now)
        return
    await routes.TIMERS[timer.name](Turn(city, tx, now), timer)
