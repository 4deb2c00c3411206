"""Access tokens of platform accounts, shared by every process of a deployment. How one is fetched is the channel's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, LargeBinary, String, Table, delete, select

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

access_tokens = Table(
    "access_tokens",
    metadata,
    tenant_column(),
    Column("name", String(160), primary_key=True),
    Column("token_sealed", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),
)


async def find(tx: Tx, name: str, now: datetime) -> str | None:
    """The token that is valid now; None when there is none and one has to be fetched."""
    row = await tx.one(
        select(access_tokens.c.token_sealed).where(
            access_tokens.c.tenant == tx.tenant, access_tokens.c.name == name, access_tokens.c.expires_at > now
        )
    )
    return None if row is None else tx.sealer.open(row.token_sealed)


async def keep(tx: Tx, name: str, token: str, expires_at: datetime) -> None:
    """This is the token from now on, for every process."""
    values = {"token_sealed": tx.sealer.seal(token), "expires_at": expires_at}
    await tx.run(
        tx.insert(access_tokens)
        .values(tenant=tx.tenant, name=name, **values)
        .on_conflict_do_update(index_elements=["tenant", "name"], set_=values)
    )


async def drop(tx: Tx, name: str, token: str, now: datetime) -> None:
    """The platform does not take this token any more. What another process has fetched meanwhile stays."""
    if await find(tx, name, now) == token:
        await tx.run(delete(access_tokens).where(access_tokens.c.tenant == tx.tenant, access_tokens.c.name == name))
