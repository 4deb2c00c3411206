"""How much waits and how large the books are, for whoever watches the program. Counts only; nothing of anybody."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from storage.database import Database
from storage.outbox import DEAD, LATER, NOTICE, PRESS, REPLY, outbox
from storage.outbox import WAITING as OUT_WAITING
from storage.receipts import WAITING, receipts
from storage.requests import requests
from storage.timers import WAITING as TIMER_WAITING
from storage.timers import timers
from storage.tx import Tx
from workflow.states import OPEN

LANES = {PRESS: "press", REPLY: "reply", NOTICE: "notice", LATER: "later"}


class Backlog(NamedTuple):
    """Updates that are stored and not handled: how many, and since when the oldest waits."""

    waiting: int
    oldest_at: datetime | None


class Gauges(NamedTuple):
    """One look at the database. `lanes` is lane -> (messages waiting to be sent, since when the oldest should be gone)."""

    backlog: Backlog
    lanes: dict[str, tuple[int, datetime | None]]
    dead: int
    timers_waiting: int
    timers_overdue: int
    records_overdue: int


async def backlog(tx: Tx) -> Backlog:
    """What waits to be handled."""
    row = await tx.one(
        select(func.count(), func.min(receipts.c.received_at)).where(
            receipts.c.tenant == tx.tenant, receipts.c.state == WAITING
        )
    )
    return Backlog(int(row[0]), row[1]) if row else Backlog(0, None)


async def measure(tx: Tx, now: datetime) -> Gauges:
    """Every figure. Costs as much as there is waiting, not as much as there is."""
    rows = await tx.all(
        select(outbox.c.lane, outbox.c.state, func.count(), func.min(outbox.c.not_before))
        .where(outbox.c.tenant == tx.tenant, outbox.c.state.in_([OUT_WAITING, DEAD]))
        .group_by(outbox.c.lane, outbox.c.state)
    )
    lanes: dict[str, tuple[int, datetime | None]] = dict.fromkeys(LANES.values(), (0, None))
    lanes |= {LANES.get(r[0], "notice"): (int(r[2]), r[3]) for r in rows if r[1] == OUT_WAITING}
    timers_of = (timers.c.tenant == tx.tenant, timers.c.state == TIMER_WAITING)
    waits = await tx.one(select(func.count()).select_from(timers).where(*timers_of))
    due = await tx.one(select(func.count()).select_from(timers).where(*timers_of, timers.c.due_at <= now))
    late = await tx.one(
        select(func.count())
        .select_from(requests)
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.state.in_([s.value for s in OPEN]),
            requests.c.resolve_due_at <= now,
        )
    )
    return Gauges(
        await backlog(tx),
        lanes,
        sum(int(r[2]) for r in rows if r[1] == DEAD),
        int(waits[0]) if waits else 0,
        int(due[0]) if due else 0,
        int(late[0]) if late else 0,
    )


async def size(database: Database, tx: Tx) -> int:
    """Bytes of the whole database."""
    if not database.is_sqlite:
        row = await tx.one(select(func.pg_database_size(func.current_database())))
        return int(row[0]) if row else 0
    pages = (await tx.connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    return int(pages) * int((await tx.connection.exec_driver_sql("PRAGMA page_size")).scalar_one())
