"""What a platform has given one of our accounts and every process may use: its token, handles of uploaded files, codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text, select, update

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

platform_tokens = Table(
    "platform_tokens",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("token_sealed", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("forced_at", Moment),
    Column("forced", Integer, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("ref", String(80), primary_key=True),  # the file in our media store
    Column("handle", String(255), nullable=False),
    Column("expires_at", Moment, nullable=False),
)

scene_codes = Table(
    "scene_codes",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("scene", String(64), primary_key=True),
    Column("url", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
)


class PlatformToken(NamedTuple):
    """A token and until when it is good. `forced` counts the renewals by force since `forced_at`'s day began."""

    token: str
    expires_at: datetime
    forced_at: datetime | None
    forced: int


async def find_token(tx: Tx, channel: str, account: str) -> PlatformToken | None:
    """The token that some process has fetched last, good or not."""
    t = platform_tokens.c
    row = await tx.one(select(platform_tokens).where(t.tenant == tx.tenant, t.channel == channel, t.account == account))
    if row is None:
        return None
    return PlatformToken(tx.sealer.open(row.token_sealed), row.expires_at, row.forced_at, row.forced)


async def keep_token(tx: Tx, channel: str, account: str, token: str, expires_at: datetime) -> None:
    """From now on every process uses this one."""
    new = {"token_sealed": tx.sealer.seal(token), "expires_at": expires_at}
    statement = tx.insert(platform_tokens).values(tenant=tx.tenant, channel=channel, account=account, forced=0, **new)
    await tx.run(statement.on_conflict_do_update(index_elements=["tenant", "channel", "account"], set_=new))


async def note_forced(tx: Tx, channel: str, account: str, now: datetime, count: int) -> None:
    """A renewal by force is about to be asked for: platforms allow few of them a day."""
    t = platform_tokens.c
    await tx.run(
        update(platform_tokens)
        .where(t.tenant == tx.tenant, t.channel == channel, t.account == account)
        .values(forced_at=now, forced=count)
    )


async def find_upload(tx: Tx, channel: str, account: str, ref: str, now: datetime) -> str | None:
    """The platform's handle of one of our files, while it is good."""
    u = uploads.c
    mine = (u.tenant == tx.tenant, u.channel == channel, u.account == account, u.ref == ref)
    row = await tx.one(select(u.handle).where(*mine, u.expires_at > now))
    return str(row.handle) if row is not None else None


async def keep_upload(tx: Tx, channel: str, account: str, ref: str, handle: str, expires_at: datetime) -> None:
    """The platform has this file under this handle until then."""
    new = {"handle": handle[:255], "expires_at": expires_at}
    statement = tx.insert(uploads).values(tenant=tx.tenant, channel=channel, account=account, ref=ref, **new)
    await tx.run(statement.on_conflict_do_update(index_elements=["tenant", "channel", "account", "ref"], set_=new))


async def scene_urls(tx: Tx, channel: str, account: str) -> dict[str, str]:
    """scene -> the address in its code, of every permanent code that was made for an account."""
    s = scene_codes.c
    rows = await tx.all(select(s.scene, s.url).where(s.tenant == tx.tenant, s.channel == channel, s.account == account))
    return {row.scene: row.url for row in rows}


async def keep_scene_urls(tx: Tx, channel: str, account: str, made: Iterable[tuple[str, str]], now: datetime) -> None:
    """These codes exist; an account may have only so many, so none is made twice."""
    for scene, url in made:
        statement = tx.insert(scene_codes).values(
            tenant=tx.tenant, channel=channel, account=account, scene=scene, url=url, made_at=now
        )
        keys = ["tenant", "channel", "account", "scene"]
        await tx.run(statement.on_conflict_do_nothing(index_elements=keys))
