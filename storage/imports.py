"""Files that were taken in, so that the same file is not taken in twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, String, Table, UniqueConstraint

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

imports = Table(
    "imports",
    metadata,
    tenant_column(),
    id_column(),
    Column("kind", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("tenant", "kind", "digest"),
)


async def note(tx: Tx, kind: str, digest: str, rows: int, person_id: int, now: datetime) -> bool:
    """Notes that a file is taken in by this transaction. False when it was before: then nothing may be taken in."""
    added = await tx.run(
        tx.insert(imports)
        .values(tenant=tx.tenant, id=tx.ids.new(), kind=kind, digest=digest, rows=rows, person_id=person_id, at=now)
        .on_conflict_do_nothing(index_elements=["tenant", "kind", "digest"])
    )
    return added == 1
