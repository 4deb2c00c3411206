"""What the briefs say: how much is new, due, overdue and waiting in every queue. One question for all queues."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, cast, func, select

from storage import requests as records
from storage.requests import Request, requests
from storage.tx import Tx
from workflow.states import OPEN, State


class Load(NamedTuple):
    """One queue. What waits (paused, parked) is neither due today nor overdue."""

    new: int = 0
    unclaimed: int = 0
    due_today: int = 0
    overdue: int = 0
    unrated: int = 0
    waiting: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to say."""
        return not any(self)


async def by_queue(tx: Tx, now: datetime, since: datetime, until: datetime) -> dict[str, Load]:
    """New since a moment, due before another, and what is open now; queues with nothing are left out."""
    r = requests.c
    is_open = r.state.in_([s.value for s in OPEN])
    runs = is_open & r.waits_until.is_(None)
    live = [s.value for s in (*OPEN, State.RESOLVED)]
    rows = await tx.all(
        select(
            r.queue,
            _sum((r.received_at >= since) & is_open).label("new"),
            _sum(r.state == State.QUEUED).label("unclaimed"),
            _sum(runs & (r.resolve_due_at > now) & (r.resolve_due_at < until)).label("due_today"),
            _sum(runs & (r.resolve_due_at <= now)).label("overdue"),
            _sum(r.state == State.RESOLVED).label("unrated"),
            _sum(is_open & r.waits_until.is_not(None)).label("waiting"),
        )
        .where(r.tenant == tx.tenant, r.state.in_(live))
        .group_by(r.queue)
    )
    return {row.queue: Load(*(int(row._mapping[name] or 0) for name in Load._fields)) for row in rows}


def _sum(condition: Any) -> Any:
    return func.sum(cast(condition, Integer))


async def most_urgent(tx: Tx, queue: str, until: datetime, limit: int) -> list[Request]:
    """What of a queue is overdue or due before a moment, most urgent first."""
    r = requests.c
    condition = (
        (r.queue == queue) & r.state.in_([s.value for s in OPEN]) & r.waits_until.is_(None) & (r.resolve_due_at < until)
    )
    found = await records.newest_where(tx, condition, 200)
    return sorted(found, key=lambda one: one.resolve_due_at)[:limit]
