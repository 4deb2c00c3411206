"""Books that were taken in: which, by whom, when, and by which digest a file or a row of one is known again.

What stood in a file is not kept: only keyed digests, and the proposal that came of a list of places.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, UniqueConstraint, select

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
    Column("proposal", Text),
    UniqueConstraint("tenant", "kind", "digest"),
)

imported_rows = Table(
    "imported_rows",
    metadata,
    tenant_column(),
    Column("kind", String(16), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)

_PART = 500
"""Values of one question."""


class Import(NamedTuple):
    """One book that was taken in. `rows` counts what was new in it."""

    id: int
    kind: str
    rows: int
    person_id: int
    at: datetime
    proposal: str


async def note(
    tx: Tx, kind: str, content: str, rows: int, person_id: int, now: datetime, *, proposal: str = "", since: datetime
) -> int | None:
    """Notes that this content is taken in by this transaction; the import's id.

    None when it was taken in before, at `since` or later: then nothing of it may be taken in.
    """
    import_id = tx.ids.new()
    values = {"kind": kind, "digest": tx.sealer.digest(content), "rows": rows, "person_id": person_id, "at": now}
    statement = tx.insert(imports).values(tenant=tx.tenant, id=import_id, proposal=proposal or None, **values)
    again = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "digest"],
        set_={"id": import_id, "rows": rows, "person_id": person_id, "at": now, "proposal": proposal or None},
        where=imports.c.at < since,
    )
    return import_id if await tx.run(again) == 1 else None


async def find(tx: Tx, kind: str, content: str, since: datetime) -> Import | None:
    """The import of this very content, at `since` or later."""
    i = imports.c
    row = await tx.one(
        select(imports).where(
            i.tenant == tx.tenant, i.kind == kind, i.digest.in_(tx.sealer.digests(content)), i.at >= since
        )
    )
    return None if row is None else _import(row)


async def find_by_id(tx: Tx, import_id: int) -> Import | None:
    """One import."""
    i = imports.c
    row = await tx.one(select(imports).where(i.tenant == tx.tenant, i.id == import_id))
    return None if row is None else _import(row)


async def latest(tx: Tx, limit: int) -> list[Import]:
    """The last ones, newest first."""
    i = imports.c
    rows = await tx.all(select(imports).where(i.tenant == tx.tenant).order_by(i.at.desc(), i.id.desc()).limit(limit))
    return [_import(row) for row in rows]


def _import(row: Any) -> Import:
    return Import(row.id, row.kind, row.rows, row.person_id, row.at, row.proposal or "")


# -------------------------------------------------------------------- rows


async def known_rows(tx: Tx, kind: str, contents: Sequence[str], since: datetime) -> set[str]:
    """Which of these rows were taken in at `since` or later."""
    r = imported_rows.c
    by_digest = {digest: content for content in contents for digest in tx.sealer.digests(content)}
    digests, found = list(by_digest), set()
    for start in range(0, len(digests), _PART):
        part = digests[start : start + _PART]
        there = (r.tenant == tx.tenant, r.kind == kind, r.digest.in_(part), r.at >= since)
        found |= {by_digest[row.digest] for row in await tx.all(select(r.digest).where(*there))}
    return found


async def keep_rows(tx: Tx, kind: str, contents: Sequence[str], now: datetime) -> None:
    """These rows are known from now on."""
    for content in contents:
        row = {"tenant": tx.tenant, "kind": kind, "digest": tx.sealer.digest(content), "at": now}
        await tx.put(imported_rows, row, on=("tenant", "kind", "digest"), change=("at",))
