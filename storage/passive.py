"""What was answered to a platform on its own request: kept for some minutes, so that a repeat gets the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, LargeBinary, String, Table, delete, select

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

KEPT_FOR = timedelta(minutes=10)
"""Platforms repeat within seconds."""

passive_answers = Table(
    "passive_answers",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("external_id", String(160), primary_key=True),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False),
)


async def find(tx: Tx, channel: str, account: str, external_id: str) -> str | None:
    """What was answered to this update; the empty answer is an answer too."""
    p = passive_answers.c
    row = await tx.one(
        select(p.body_sealed).where(
            p.tenant == tx.tenant, p.channel == channel, p.account == account, p.external_id == external_id
        )
    )
    return None if row is None else tx.sealer.open(row.body_sealed)


async def keep(tx: Tx, channel: str, account: str, external_id: str, body: str, now: datetime) -> bool:
    """The answer to this update. False when it has one already. Answers nobody can ask for again are forgotten."""
    p = passive_answers.c
    await tx.run(delete(passive_answers).where(p.tenant == tx.tenant, p.made_at < now - KEPT_FOR))
    statement = tx.insert(passive_answers).values(
        tenant=tx.tenant,
        channel=channel,
        account=account,
        external_id=external_id,
        body_sealed=tx.sealer.seal(body),
        made_at=now,
    )
    keys = ["tenant", "channel", "account", "external_id"]
    return bool(await tx.run(statement.on_conflict_do_nothing(index_elements=keys)))
