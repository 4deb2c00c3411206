"""One-use tokens that carry something for a short while: links to a page, the way back from a sign-in, linking codes."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, String, Table, delete, select

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

tickets = Table(
    "tickets",
    metadata,
    tenant_column(),
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("data_sealed", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else


async def issue(tx: Tx, kind: str, data: dict[str, Any], now: datetime, expires_at: datetime) -> str:
    """A new token of 192 random bits; only its digest is kept. What has expired is forgotten."""
    return await _keep(tx, kind, secrets.token_urlsafe(24), data, now, expires_at)


async def issue_code(tx: Tx, kind: str, data: dict[str, Any], now: datetime, expires_at: datetime) -> str:
    """A new token that a person can type, such as `K7QM-2XPA`."""
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    await _keep(tx, kind, plain, data, now, expires_at)
    return f"{plain[:4]}-{plain[4:]}"


async def peek(tx: Tx, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
    """What a token carries, and it stays good; None when it is unknown, used or too old."""
    row = await tx.one(select(tickets.c.data_sealed).where(*_good(tx, kind, token, now)))
    return None if row is None else tx.sealer.open_json(row.data_sealed)


async def use(tx: Tx, kind: str, token: str, now: datetime) -> dict[str, Any] | None:
    """The same, and nobody can use it again: of two who try together one gets it."""
    statement = delete(tickets).where(*_good(tx, kind, token, now)).returning(tickets.c.data_sealed)
    row = await tx.one(statement)
    return None if row is None else tx.sealer.open_json(row.data_sealed)


def _good(tx: Tx, kind: str, token: str, now: datetime) -> Any:
    t = tickets.c
    return t.tenant == tx.tenant, t.digest.in_(tx.sealer.digests(token)), t.kind == kind, t.expires_at > now


async def _keep(tx: Tx, kind: str, token: str, data: dict[str, Any], now: datetime, expires_at: datetime) -> str:
    await tx.run(delete(tickets).where(tickets.c.tenant == tx.tenant, tickets.c.expires_at <= now))
    await tx.run(
        tickets.insert().values(
            tenant=tx.tenant,
            digest=tx.sealer.digest(token),
            kind=kind,
            data_sealed=tx.sealer.seal_json(data),
            expires_at=expires_at,
        )
    )
    return token
