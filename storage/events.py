"""The ledger: what happened, who, when, from which state to which, why. Rows are added, never changed or removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table, func, select

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

events = Table(
    "events",
    metadata,
    tenant_column(),
    id_column(),
    Column("subject", String(16), nullable=False),  # request, wish, person, room, role
    Column("subject_id", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", BigInteger),  # a person; empty: the system
    Column("origin", String(16), nullable=False, default=""),
    Column("target", String(16), nullable=False, default=""),
    Column("data", JSON, nullable=False),  # never a name, a phone number or a raw text
    Index(None, "tenant", "subject", "subject_id", "id"),
    Index(None, "tenant", "name", "at"),
)


class Event(NamedTuple):
    """One thing that happened."""

    id: int
    name: str
    at: datetime
    actor_id: int | None
    origin: str
    target: str
    data: dict[str, Any]


async def add(
    tx: Tx,
    subject: str,
    subject_id: int,
    name: str,
    now: datetime,
    *,
    actor_id: int | None = None,
    origin: str = "",
    target: str = "",
    data: dict[str, Any] | None = None,
) -> int:
    """Writes one event; its id orders it."""
    event_id = tx.ids.new()
    await tx.run(
        events.insert().values(
            tenant=tx.tenant,
            id=event_id,
            subject=subject,
            subject_id=subject_id,
            name=name,
            at=now,
            actor_id=actor_id,
            origin=origin,
            target=target,
            data=data or {},
        )
    )
    return event_id


async def history(tx: Tx, subject: str, subject_id: int) -> list[Event]:
    """Everything that happened to a subject, oldest first."""
    rows = await tx.all(
        select(events)
        .where(events.c.tenant == tx.tenant, events.c.subject == subject, events.c.subject_id == subject_id)
        .order_by(events.c.id)
    )
    return [Event(r.id, r.name, r.at, r.actor_id, r.origin, r.target, r.data) for r in rows]


async def find_latest(tx: Tx, subject: str, subject_id: int, name: str, *, actor_id: int | None = None) -> Event | None:
    """The newest event of a name, by one actor if given."""
    statement = select(events).where(
        events.c.tenant == tx.tenant,
        events.c.subject == subject,
        events.c.subject_id == subject_id,
        events.c.name == name,
    )
    if actor_id is not None:
        statement = statement.where(events.c.actor_id == actor_id)
    row = await tx.one(statement.order_by(events.c.id.desc()).limit(1))
    return None if row is None else Event(row.id, row.name, row.at, row.actor_id, row.origin, row.target, row.data)


async def count(tx: Tx, name: str, since: datetime, until: datetime) -> int:
    """How often something happened in a period [since, until)."""
    row = await tx.one(
        select(func.count())
        .select_from(events)
        .where(events.c.tenant == tx.tenant, events.c.name == name, events.c.at >= since, events.c.at < until)
    )
    return int(row[0]) if row else 0
