"""Time passing: one timer that has fallen due, in its own transaction, like a message from the clock."""

from __future__ import annotations

from datetime import datetime

from handlers import dispatch, flood, routes
from handlers.city import City
from handlers.turn import Turn
from storage import timers
from storage.timers import Timer
from storage.tx import Tx


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


async def _act(city: City, tx: Tx, timer: Timer, now: datetime) -> None:
    if timer.name == flood.OVER:
        for incoming in await flood.released(tx, timer.subject, timer.subject_id, now):
            await dispatch.handle_now(city, tx, incoming, now)
        return
    await routes.TIMERS[timer.name](Turn(city, tx, now), timer)
