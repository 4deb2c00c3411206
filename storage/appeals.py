"""Appeals against a ranking (红黑榜): what was said against it, about which record, and how it was ruled."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, select, update

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

appeals = Table(
    "appeals",
    metadata,
    tenant_column(),
    id_column(),
    Column("period", String(16), nullable=False),  # 2026Q4, 2026-11, 2026
    Column("scope", String(80), nullable=False),  # a queue: whose place in the ranking it is about
    Column("request_id", BigInteger),  # the record that should not have counted, if it is about one
    Column("person_id", BigInteger, nullable=False),
    Column("words", Text, nullable=False),  # masked
    Column("at", Moment, nullable=False),
    Column("upheld", Boolean),
    Column("ruling", Text, nullable=False, default=""),  # masked
    Column("ruled_by", BigInteger),
    Column("ruled_at", Moment),
    Index(None, "tenant", "period"),
)


class Appeal(NamedTuple):
    """One appeal; `upheld` is None until somebody above has ruled."""

    id: int
    period: str
    scope: str
    request_id: int | None
    person_id: int
    words: str
    at: datetime
    upheld: bool | None
    ruling: str
    ruled_by: int | None
    ruled_at: datetime | None


_COLUMNS = [appeals.c[name] for name in Appeal._fields]


async def add(
    tx: Tx, *, period: str, scope: str, request_id: int | None, person_id: int, words: str, now: datetime
) -> int:
    """Keeps an appeal; its id."""
    appeal_id = tx.ids.new()
    await tx.run(
        appeals.insert().values(
            tenant=tx.tenant,
            id=appeal_id,
            period=period,
            scope=scope,
            request_id=request_id,
            person_id=person_id,
            words=words,
            at=now,
            ruling="",
        )
    )
    return appeal_id


async def find(tx: Tx, appeal_id: int) -> Appeal | None:
    """One appeal."""
    row = await tx.one(select(*_COLUMNS).where(appeals.c.tenant == tx.tenant, appeals.c.id == appeal_id))
    return None if row is None else Appeal(*row)


async def of_period(tx: Tx, period: str) -> list[Appeal]:
    """Every appeal against the ranking of a period, oldest first."""
    rows = await tx.all(
        select(*_COLUMNS).where(appeals.c.tenant == tx.tenant, appeals.c.period == period).order_by(appeals.c.id)
    )
    return [Appeal(*row) for row in rows]


async def left_out(tx: Tx, period: str) -> list[int]:
    """The records that upheld appeals have taken out of a period's ranking."""
    return [a.request_id for a in await of_period(tx, period) if a.upheld and a.request_id is not None]


async def every(tx: Tx) -> list[Appeal]:
    """All of them, oldest first."""
    rows = await tx.all(select(*_COLUMNS).where(appeals.c.tenant == tx.tenant).order_by(appeals.c.id))
    return [Appeal(*row) for row in rows]


async def rule(tx: Tx, appeal_id: int, *, upheld: bool, ruling: str, by: int, now: datetime) -> bool:
    """Keeps the ruling. False when there was one already."""
    open_ = (appeals.c.tenant == tx.tenant) & (appeals.c.id == appeal_id) & appeals.c.ruled_at.is_(None)
    values = {"upheld": upheld, "ruling": ruling, "ruled_by": by, "ruled_at": now}
    return await tx.run(update(appeals).where(open_).values(**values)) == 1
