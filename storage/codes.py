"""One-time codes that people pass on by mouth: what a code is for, who made it, until when. Only its digest is kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Index, String, Table, delete, select

from storage.roles import normalise_code
from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Nothing in it is read as something else."""

one_time_codes = Table(
    "one_time_codes",
    metadata,
    tenant_column(),
    Column("kind", String(16), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("subject_id", BigInteger, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "tenant", "kind", "subject_id", "made_by"),
)


class Code(NamedTuple):
    """What a code stands for."""

    subject_id: int
    made_by: int
    expires_at: datetime


async def make(tx: Tx, kind: str, subject_id: int, made_by: int, expires_at: datetime) -> str:
    """A new code such as K7QM2XPA; an earlier one of the same person for the same thing stops working."""
    c = one_time_codes.c
    mine = (c.tenant == tx.tenant) & (c.kind == kind) & (c.subject_id == subject_id) & (c.made_by == made_by)
    await tx.run(delete(one_time_codes).where(mine))
    code = "".join(secrets.choice(ALPHABET) for _ in range(8))
    await tx.run(
        one_time_codes.insert().values(
            tenant=tx.tenant,
            kind=kind,
            digest=tx.sealer.digest(code),
            subject_id=subject_id,
            made_by=made_by,
            expires_at=expires_at,
        )
    )
    return code


async def find(tx: Tx, kind: str, code: str, now: datetime) -> Code | None:
    """What a code stands for, as long as it can be used."""
    c = one_time_codes.c
    row = await tx.one(
        select(c.subject_id, c.made_by, c.expires_at).where(
            c.tenant == tx.tenant, c.kind == kind, c.digest.in_(tx.sealer.digests(normalise_code(code)))
        )
    )
    return Code(row.subject_id, row.made_by, row.expires_at) if row is not None and row.expires_at > now else None


async def use(tx: Tx, kind: str, code: str) -> None:
    """The code stops working."""
    c = one_time_codes.c
    digests = tx.sealer.digests(normalise_code(code))
    await tx.run(delete(one_time_codes).where(c.tenant == tx.tenant, c.kind == kind, c.digest.in_(digests)))
