"""Timers: what falls due later is a row here, written in the transaction of what it belongs to, never a job in memory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Integer,
    Select,
    String,
    Table,
    Update,
    bindparam,
    func,
    select,
    update,
)

from storage.leases import part_of
from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

WAITING, DONE, DROPPED, FAILED = "waiting", "done", "dropped", "failed"
MAX_ATTEMPTS = 5
PARTS = 16
"""Between so many shares the timers are divided, by what they are for: those of one record go off in order."""

timers = Table(
    "timers",
    metadata,
    tenant_column(),
    id_column(),
    Column("due_at", Moment, nullable=False),
    Column("name", String(40), nullable=False),
    Column("subject", String(16), nullable=False),  # request, wish, chat, person
    Column("subject_id", BigInteger, nullable=False),
    Column("data", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(300), nullable=False, default=""),
    Index(None, "tenant", "state", "due_at"),
    Index(None, "tenant", "subject", "subject_id", "state"),
)


class Timer(NamedTuple):
    """Something that falls due."""

    id: int
    due_at: datetime
    name: str
    subject: str
    subject_id: int
    data: dict[str, Any]


async def put(
    tx: Tx, due_at: datetime, name: str, subject: str, subject_id: int, data: dict[str, Any] | None = None
) -> int:
    """Something will fall due."""
    timer_id = tx.ids.new()
    row = {
        "tenant": tx.tenant,
        "id": timer_id,
        "due_at": due_at,
        "name": name,
        "subject": subject,
        "subject_id": subject_id,
        "data": data or {},
        "state": WAITING,
        "attempts": 0,
        "error": "",
    }
    tx.later(timers, row)
    return timer_id


async def put_once(tx: Tx, timer_id: int, due_at: datetime, name: str, subject: str, subject_id: int) -> bool:
    """Something that recurs will fall due, under an id that says which occurrence it is. False when it is there already."""
    statement = tx.insert(timers).values(
        tenant=tx.tenant,
        id=timer_id,
        due_at=due_at,
        name=name,
        subject=subject,
        subject_id=subject_id,
        data={},
        state=WAITING,
        attempts=0,
        error="",
    )
    return await tx.run(statement.on_conflict_do_nothing(index_elements=["tenant", "id"])) == 1


async def drop(tx: Tx, subject: str, subject_id: int, *, prefix: str = "") -> None:
    """What waits for a subject (all, or the names with a prefix) will not happen; written late."""
    tx.dropped.append((subject, subject_id, prefix))
    for row in tx.late[timers].new if timers in tx.late else []:  # put in this transaction, and not stored by now
        if (row["subject"], row["subject_id"]) == (subject, subject_id) and row["name"].startswith(prefix):
            row["state"] = DROPPED
    wanted = {"own": tx.tenant, "kind": subject, "whose": subject_id, "begins": prefix, "length": len(prefix)}
    tx.change_later(timers, _DROP, wanted)


async def drop_these(tx: Tx, ids: Collection[int]) -> None:
    """Those of these timers that still wait will not happen; written late."""
    for timer_id in ids:
        tx.change_later(timers, _DROP_ONE, {"own": tx.tenant, "timer": timer_id})


_open = update(timers).where(timers.c.tenant == bindparam("own"), timers.c.state == WAITING).values(state=DROPPED)
_DROP_ONE = _open.where(timers.c.id == bindparam("timer"))
_DROP = _open.where(
    timers.c.subject == bindparam("kind"),
    timers.c.subject_id == bindparam("whose"),
    # all of them where it is empty; not LIKE: SQLite plans a statement anew for each pattern
    func.substr(timers.c.name, 1, bindparam("length", type_=Integer)) == bindparam("begins"),
)


@form
def _due(now: Any, limit: Any) -> Select[Any]:
    wanted = (timers.c.tenant == ME, timers.c.state == WAITING, timers.c.due_at <= now)
    return select(timers).where(*wanted).order_by(timers.c.due_at, timers.c.id).limit(limit)


@form_with("parts")
def _due_of(now: Any, limit: Any, parts: Any) -> Select[Any]:
    wanted = (timers.c.tenant == ME, timers.c.state == WAITING, timers.c.due_at <= now)
    mine = select(timers).where(*wanted, part_of(timers.c.subject_id, PARTS).in_(parts))
    return mine.order_by(timers.c.due_at, timers.c.id).limit(limit)


async def due(tx: Tx, now: datetime, limit: int, parts: Collection[int] | None = None) -> list[Timer]:
    """What has fallen due, of these parts or of all, earliest first."""
    mine = _due(now=now, limit=limit) if parts is None else _due_of(now=now, limit=limit, parts=sorted(parts))
    rows = await tx.all(mine)
    return [Timer(r.id, r.due_at, r.name, r.subject, r.subject_id, r.data) for r in rows]


async def waiting_for(tx: Tx, subject: str, subject_id: int) -> list[Timer]:
    """What still waits for a subject."""
    rows = await tx.all(
        select(timers)
        .where(
            timers.c.tenant == tx.tenant,
            timers.c.subject == subject,
            timers.c.subject_id == subject_id,
            timers.c.state == WAITING,
        )
        .order_by(timers.c.due_at)
    )
    return [Timer(r.id, r.due_at, r.name, r.subject, r.subject_id, r.data) for r in rows]


async def finish(tx: Tx, timer_id: int) -> bool:
    """Marks it done, in the transaction of its effect. False when it was not waiting any more."""
    return await tx.alter(timers, {"id": timer_id, "state": WAITING}, state=DONE) == 1


@form_with("ids")
def _finish(ids: Any) -> Update:
    open_ = (timers.c.tenant == ME, timers.c.id.in_(ids), timers.c.state == WAITING)
    return update(timers).where(*open_).values(state=DONE).returning(timers.c.id)


async def finish_all(tx: Tx, ids: Collection[int]) -> set[int]:
    """`finish` of several in one statement, before their effects: those that were waiting, for this transaction to do.

    What calls one of them off afterwards finds it done: ask `take_back` before each.
    """
    return {row.id for row in await tx.all(_finish(ids=list(ids)))} if ids else set()


async def take_back(tx: Tx, timer: Timer) -> bool:
    """Whether a timer that was finished was called off since, in this transaction; then it counts as dropped."""
    if not any(
        (subject, subject_id) == (timer.subject, timer.subject_id) and timer.name.startswith(prefix)
        for subject, subject_id, prefix in tx.dropped
    ):
        return False
    await tx.alter(timers, {"id": timer.id, "state": DONE}, state=DROPPED)
    return True


async def fail(tx: Tx, timer_id: int, error: str, again_at: datetime) -> bool:
    """Counts a failed try and waits; True when it was the last one and the timer is set aside for a person."""
    row = await tx.one(
        update(timers)
        .where(timers.c.tenant == tx.tenant, timers.c.id == timer_id, timers.c.state == WAITING)
        .values(attempts=timers.c.attempts + 1, error=error[:300], due_at=again_at)
        .returning(timers.c.attempts)
    )
    if row is None or row.attempts < MAX_ATTEMPTS:
        return False
    await tx.run(update(timers).where(timers.c.tenant == tx.tenant, timers.c.id == timer_id).values(state=FAILED))
    return True


async def overdue(tx: Tx, now: datetime) -> int:
    """How many timers should have gone off by now."""
    row = await tx.one(
        select(func.count())
        .select_from(timers)
        .where(timers.c.tenant == tx.tenant, timers.c.state == WAITING, timers.c.due_at <= now)
    )
    return int(row[0]) if row else 0
