"""Toasts on their way to a browser that another process serves: kept for a minute, read by whoever has screens open."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Column, LargeBinary, Table, delete, select

from storage.schema import id_column, metadata, tenant_column
from storage.tx import Tx

KEPT_FOR = 60_000 << 22
"""Distance of ids: a minute."""

web_toasts = Table(
    "web_toasts",
    metadata,
    tenant_column(),
    id_column(),
    Column("body_sealed", LargeBinary, nullable=False),
)


class Passing(NamedTuple):
    """One toast and its place in time."""

    id: int
    body: dict[str, Any]


async def put(tx: Tx, body: dict[str, Any]) -> int:
    """Leaves a toast for the other processes; its number."""
    number = tx.ids.new()
    tx.later(web_toasts, {"tenant": tx.tenant, "id": number, "body_sealed": tx.sealer.seal_json(body)})
    return number


async def forget(tx: Tx) -> None:
    """Takes away those that nobody waits for any more. In a transaction of its own: many may do it at once."""
    until = tx.ids.new() - KEPT_FOR
    await tx.run(delete(web_toasts).where(web_toasts.c.tenant == tx.tenant, web_toasts.c.id < until))


async def after(tx: Tx, number: int) -> list[Passing]:
    """The toasts after a place in time, oldest first."""
    rows = await tx.all(
        select(web_toasts).where(web_toasts.c.tenant == tx.tenant, web_toasts.c.id > number).order_by(web_toasts.c.id)
    )
    return [Passing(row.id, tx.sealer.open_json(row.body_sealed)) for row in rows]
