"""Labels: what people said when they corrected the machine. They teach the next lexicon."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, func, select

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

labels = Table(
    "labels",
    metadata,
    tenant_column(),
    id_column(),
    Column("request_id", BigInteger, nullable=False),
    Column("text", Text, nullable=False),  # masked
    Column("source", String(8), nullable=False),  # resident, desk
    Column("person_id", BigInteger, nullable=False),
    Column("item_before", String(80), nullable=False),
    Column("item", String(80), nullable=False),
    Column("grid_before", String(64), nullable=False),
    Column("grid", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "at"),
)


async def add(
    tx: Tx,
    *,
    request_id: int,
    text: str,
    source: str,
    person_id: int,
    item_before: str,
    item: str,
    grid_before: str,
    grid: str,
    now: datetime,
) -> None:
    """Keeps one correction."""
    row = {
        "tenant": tx.tenant,
        "id": tx.ids.new(),
        "request_id": request_id,
        "text": text,
        "source": source,
        "person_id": person_id,
        "item_before": item_before,
        "item": item,
        "grid_before": grid_before,
        "grid": grid,
        "at": now,
    }
    tx.later(labels, row)


async def count(tx: Tx) -> int:
    """How many corrections are kept."""
    row = await tx.one(select(func.count()).select_from(labels).where(labels.c.tenant == tx.tenant))
    return int(row[0]) if row else 0


async def corrections(tx: Tx) -> list[tuple[str, str]]:
    """(text, item) of every correction that names an item, oldest first."""
    rows = await tx.all(
        select(labels.c.text, labels.c.item)
        .where(labels.c.tenant == tx.tenant, labels.c.item != "")
        .order_by(labels.c.at, labels.c.id)
    )
    return [(str(row.text), str(row.item)) for row in rows]
