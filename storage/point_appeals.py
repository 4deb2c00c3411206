"""Appeals about points: what somebody thinks is wrong or missing, and how the desk ruled. Corrections are events of their own."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.points import CORRECTED, Move

point_appeals = Table(
    "point_appeals",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("queue", String(80), nullable=False),  # the desk that rules
    Column("event_id", BigInteger),  # the questioned one; empty: something is missing
    Column("words", Text, nullable=False),  # masked
    Column("points", Integer),  # the correction that was ruled; empty while open
    Column("answer", Text, nullable=False),  # masked
    Column("made_at", Moment, nullable=False),
    Column("ruled_by", BigInteger),
    Column("ruled_at", Moment),
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "person_id", "id"),
)

point_hidden = Table(
    "point_hidden",
    metadata,
    tenant_column(),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Moment, nullable=False),
)


class Appeal(NamedTuple):
    """One appeal; `points` is None until it is ruled, 0 when everything stays as it was."""

    id: int
    number: int
    person_id: int
    queue: str
    event_id: int | None
    words: str
    points: int | None
    answer: str
    made_at: datetime


_COLUMNS = [point_appeals.c[name] for name in Appeal._fields]


async def add(tx: Tx, *, person_id: int, queue: str, move: Move | None, words: str, now: datetime) -> Appeal:
    """Keeps an appeal about one entry, or about one that is missing."""
    appeal_id, number = tx.ids.new(), await counters.next_number(tx)
    event_id = move.event_id if move else None
    await tx.run(
        point_appeals.insert().values(
            tenant=tx.tenant,
            id=appeal_id,
            number=number,
            person_id=person_id,
            queue=queue,
            event_id=event_id,
            words=words,
            answer="",
            made_at=now,
        )
    )
    data = {"number": number, "of": event_id}
    await events.add(tx, "points", person_id, "points.appealed", now, actor_id=person_id, data=data)
    return await get(tx, appeal_id)


async def get(tx: Tx, appeal_id: int) -> Appeal:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(point_appeals.c.tenant == tx.tenant, point_appeals.c.id == appeal_id))
    if row is None:
        raise LookupError(f"no appeal {appeal_id}")
    return Appeal(*row)


async def find_by_number(tx: Tx, number: int) -> Appeal | None:
    """The appeal with the number people use."""
    row = await tx.one(select(*_COLUMNS).where(point_appeals.c.tenant == tx.tenant, point_appeals.c.number == number))
    return None if row is None else Appeal(*row)


async def open_of(tx: Tx, person_id: int) -> list[Appeal]:
    """What somebody waits for an answer to."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(
            point_appeals.c.tenant == tx.tenant,
            point_appeals.c.person_id == person_id,
            point_appeals.c.ruled_at.is_(None),
        )
        .order_by(point_appeals.c.id)
    )
    return [Appeal(*r) for r in rows]


async def rule(tx: Tx, appeal: Appeal, points: int, answer: str, *, by: int, now: datetime) -> bool:
    """Answers it; what is to be corrected becomes an entry of its own. False when it was answered before."""
    mine = (point_appeals.c.tenant == tx.tenant) & (point_appeals.c.id == appeal.id)
    values = {"points": points, "answer": answer, "ruled_by": by, "ruled_at": now}
    if await tx.run(update(point_appeals).where(mine, point_appeals.c.ruled_at.is_(None)).values(**values)) != 1:
        return False
    data = {"number": appeal.number, "of": appeal.event_id, "points": points}
    await events.add(tx, "points", appeal.person_id, "points.ruled", now, actor_id=by, data=data)
    if points:
        data = {"person": appeal.person_id, "points": points, "of": appeal.event_id, "number": appeal.number}
        await events.add(tx, "points", appeal.person_id, CORRECTED, now, actor_id=by, data=data)
    return True


# -------------------------------------------------------------------- who is not on the ranking


async def hide(tx: Tx, person_id: int, hidden: bool, now: datetime) -> None:
    """Takes somebody off the ranking of people, or puts them back."""
    if hidden:
        await tx.put(
            point_hidden, {"tenant": tx.tenant, "person_id": person_id, "since": now}, on=("tenant", "person_id")
        )
    else:
        await tx.run(
            point_hidden.delete().where(point_hidden.c.tenant == tx.tenant, point_hidden.c.person_id == person_id)
        )


async def hidden(tx: Tx) -> frozenset[int]:
    """Everybody who does not want to be ranked."""
    rows = await tx.all(select(point_hidden.c.person_id).where(point_hidden.c.tenant == tx.tenant))
    return frozenset(r.person_id for r in rows)
