"""民情回音壁: what was asked and what was done, in words that the desk has put up for everybody to read."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, select, update

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

echoes = Table(
    "echoes",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("item", String(80), nullable=False),
    Column("community", String(64), nullable=False),
    Column("place", String(80), nullable=False),  # an estate or a road, no finer
    Column("asked", Text, nullable=False),  # masked, as the desk wrote it
    Column("done", Text, nullable=False),
    Column("published_by", BigInteger, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("taken_down_at", Moment),
    Index(None, "tenant", "published_at"),
)


class Echo(NamedTuple):
    """One answer on the wall."""

    request_id: int
    number: int
    item: str
    community: str
    place: str
    asked: str
    done: str
    published_at: datetime


_COLUMNS = [echoes.c[name] for name in Echo._fields]


async def put(tx: Tx, echo: Echo, by: int) -> None:
    """Puts it up, in place of what the wall said about the record before."""
    values = {**echo._asdict(), "published_by": by, "taken_down_at": None}
    await tx.run(
        tx.insert(echoes)
        .values(tenant=tx.tenant, **values)
        .on_conflict_do_update(index_elements=["tenant", "request_id"], set_=values)
    )


async def find(tx: Tx, request_id: int) -> Echo | None:
    """What the wall says about a record now."""
    e = echoes.c
    row = await tx.one(
        select(*_COLUMNS).where(e.tenant == tx.tenant, e.request_id == request_id, e.taken_down_at.is_(None))
    )
    return None if row is None else Echo(*row)


async def take_down(tx: Tx, request_id: int, now: datetime) -> bool:
    """Takes it off the wall. False when it was not there."""
    e = echoes.c
    there = (e.tenant == tx.tenant) & (e.request_id == request_id) & e.taken_down_at.is_(None)
    return await tx.run(update(echoes).where(there).values(taken_down_at=now)) == 1


async def newest(
    tx: Tx, *, community: str = "", items: list[str] | None = None, before: datetime | None = None, limit: int = 20
) -> list[Echo]:
    """What is on the wall, newest first."""
    e = echoes.c
    statement = select(*_COLUMNS).where(e.tenant == tx.tenant, e.taken_down_at.is_(None))
    if community:
        statement = statement.where(e.community == community)
    if items is not None:
        statement = statement.where(e.item.in_(items))
    if before is not None:
        statement = statement.where(e.published_at < before)
    rows = await tx.all(statement.order_by(e.published_at.desc(), e.request_id.desc()).limit(limit))
    return [Echo(*row) for row in rows]
