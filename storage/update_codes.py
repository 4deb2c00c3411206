"""One-use codes with which a platform lets a sent card be changed. Which call uses them is the channel's."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Index, LargeBinary, String, Table, delete, select, update

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

update_codes = Table(
    "update_codes",
    metadata,
    tenant_column(),
    Column("account", String(64), primary_key=True),
    Column("card", String(128), primary_key=True),  # the platform's name of the card
    Column("digest", String(64), primary_key=True),
    Column("code_sealed", LargeBinary, nullable=False),
    Column("got_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("spent_at", Moment),
    Index(None, "tenant", "expires_at"),
)


class UpdateCode(NamedTuple):
    """A code that has not been used."""

    digest: str
    code: str


async def add(tx: Tx, account: str, card: str, code: str, now: datetime, expires_at: datetime) -> bool:
    """Keeps a code. False when it is known already, used or not."""
    statement = tx.insert(update_codes).values(
        tenant=tx.tenant,
        account=account,
        card=card,
        digest=tx.sealer.digest(code),
        code_sealed=tx.sealer.seal(code),
        got_at=now,
        expires_at=expires_at,
    )
    keys = ["tenant", "account", "card", "digest"]
    return bool(await tx.run(statement.on_conflict_do_nothing(index_elements=keys)))


async def unused(tx: Tx, account: str, card: str, now: datetime) -> list[UpdateCode]:
    """The codes that may still be used for a card, the newest first."""
    c = update_codes.c
    rows = await tx.all(
        select(c.digest, c.code_sealed)
        .where(c.tenant == tx.tenant, c.account == account, c.card == card, c.spent_at.is_(None), c.expires_at > now)
        .order_by(c.got_at.desc(), c.digest)
    )
    return [UpdateCode(row.digest, tx.sealer.open(row.code_sealed)) for row in rows]


async def spend(tx: Tx, account: str, card: str, digest: str, now: datetime) -> None:
    """This code was used, or the platform refused it: never again."""
    c = update_codes.c
    await tx.run(
        update(update_codes)
        .where(c.tenant == tx.tenant, c.account == account, c.card == card, c.digest == digest)
        .values(spent_at=now)
    )


async def forget_expired(tx: Tx, now: datetime) -> int:
    """Drops codes that no platform would take any more."""
    c = update_codes.c
    return await tx.run(delete(update_codes).where(c.tenant == tx.tenant, c.expires_at <= now))
