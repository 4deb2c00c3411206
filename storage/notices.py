"""Messages that went out as a platform's notice (a template): what they said stays until the platform reports delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, delete

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

notices = Table(
    "notices",
    metadata,
    tenant_column(),
    id_column(),
    Column("channel", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("ref", String(64), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Index(None, "tenant", "channel", "account", "ref"),
    Index(None, "tenant", "chat_id"),
    Index(None, "tenant", "sent_at"),
)


class Notice(NamedTuple):
    """One message on its way as a notice."""

    id: int
    chat_id: int
    body: dict[str, Any]


async def keep(tx: Tx, channel: str, account: str, ref: str, chat_id: int, body: dict[str, Any], now: datetime) -> None:
    """The platform took it under this id and will report what became of it."""
    await tx.run(
        notices.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            channel=channel,
            account=account,
            ref=ref[:64],
            chat_id=chat_id,
            body_sealed=tx.sealer.seal_json(body),
            sent_at=now,
        )
    )


async def take(tx: Tx, channel: str, account: str, ref: str) -> Notice | None:
    """The notice that a report is about; it is kept no longer."""
    n = notices.c
    row = await tx.one(
        delete(notices)
        .where(n.tenant == tx.tenant, n.channel == channel, n.account == account, n.ref == ref)
        .returning(n.id, n.chat_id, n.body_sealed)
    )
    return None if row is None else Notice(row.id, row.chat_id, tx.sealer.open_json(row.body_sealed))


async def drop_before(tx: Tx, moment: datetime) -> int:
    """Forgets notices that no report came for."""
    return await tx.run(delete(notices).where(notices.c.tenant == tx.tenant, notices.c.sent_at < moment))
