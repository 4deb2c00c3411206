"""Photos of fulfilled wishes on their way to a public page: chosen, made unrecognisable, confirmed by a person.

A photo is public only under the reference of its changed copy, and only after somebody of the desk has looked at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, select, update

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

CHOSEN, READY, PUBLIC, REFUSED = "chosen", "ready", "public", "refused"

pictures = Table(
    "wish_pictures",
    metadata,
    tenant_column(),
    id_column(),
    Column("wish_id", BigInteger, nullable=False),
    Column("attachment_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("shown", String(80), nullable=False),  # the changed copy in the media store
    Column("faces", Integer, nullable=False),  # how many were found and blurred
    Column("chosen_by", BigInteger, nullable=False),
    Column("confirmed_by", BigInteger),
    Column("confirmed_at", Moment),
    UniqueConstraint("tenant", "attachment_id"),
    Index(None, "tenant", "state", "id"),
    Index(None, "tenant", "wish_id"),
    Index(None, "tenant", "shown"),
)


class Picture(NamedTuple):
    """One photo and how far it has come."""

    id: int
    wish_id: int
    attachment_id: int
    state: str
    shown: str
    faces: int
    chosen_by: int


_COLUMNS = [pictures.c[name] for name in Picture._fields]


def _picture(row: Any) -> Picture:
    return Picture(**row._mapping)


async def choose(tx: Tx, wish_id: int, attachment_id: int, by: int) -> bool:
    """Puts a photo forward; False when it was before."""
    added = await tx.run(
        tx.insert(pictures)
        .values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            wish_id=wish_id,
            attachment_id=attachment_id,
            state=CHOSEN,
            shown="",
            faces=0,
            chosen_by=by,
        )
        .on_conflict_do_nothing(index_elements=["tenant", "attachment_id"])
    )
    return added == 1


async def get(tx: Tx, picture_id: int) -> Picture:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(pictures.c.tenant == tx.tenant, pictures.c.id == picture_id))
    if row is None:
        raise LookupError(f"no picture {picture_id}")
    return _picture(row)


async def chosen(tx: Tx, limit: int) -> list[Picture]:
    """Photos that wait for their changed copy."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(pictures.c.tenant == tx.tenant, pictures.c.state == CHOSEN)
        .order_by(pictures.c.id)
        .limit(limit)
    )
    return [_picture(r) for r in rows]


async def of_wish(tx: Tx, wish_id: int, state: str = PUBLIC) -> list[Picture]:
    """The photos of a wish in one state."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(pictures.c.tenant == tx.tenant, pictures.c.wish_id == wish_id, pictures.c.state == state)
        .order_by(pictures.c.id)
    )
    return [_picture(r) for r in rows]


async def public_of(tx: Tx, wish_ids: Sequence[int], limit: int = 60) -> list[Picture]:
    """Public photos of these wishes."""
    found: list[Picture] = []
    for start in range(0, len(wish_ids), 500):
        rows = await tx.all(
            select(*_COLUMNS)
            .where(
                pictures.c.tenant == tx.tenant,
                pictures.c.state == PUBLIC,
                pictures.c.wish_id.in_(list(wish_ids[start : start + 500])),
            )
            .order_by(pictures.c.id)
            .limit(limit)
        )
        found += [_picture(r) for r in rows]
    return found[:limit]


async def is_public(tx: Tx, shown: str) -> bool:
    """Whether everybody may see the copy under this reference."""
    row = await tx.one(
        select(pictures.c.id).where(
            pictures.c.tenant == tx.tenant, pictures.c.shown == shown, pictures.c.state == PUBLIC
        )
    )
    return row is not None


async def ready(tx: Tx, picture_id: int, shown: str, faces: int) -> bool:
    """The changed copy is there; False when the photo was refused meanwhile."""
    return await _move(tx, picture_id, CHOSEN, state=READY, shown=shown, faces=faces)


async def confirm(tx: Tx, picture_id: int, by: int, now: datetime) -> bool:
    """Somebody looked at the copy and says that it may be shown."""
    return await _move(tx, picture_id, READY, state=PUBLIC, confirmed_by=by, confirmed_at=now)


async def refuse(tx: Tx, picture_id: int, by: int | None, now: datetime) -> bool:
    """It is not shown, or not any more; False when it was refused before."""
    for state in (CHOSEN, READY, PUBLIC):
        if await _move(tx, picture_id, state, state=REFUSED, confirmed_by=by, confirmed_at=now):
            return True
    return False


async def refuse_of(tx: Tx, wish_id: int, now: datetime) -> None:
    """None of a wish's photos is shown any more."""
    mine = (pictures.c.tenant == tx.tenant) & (pictures.c.wish_id == wish_id)
    await tx.run(update(pictures).where(mine).values(state=REFUSED, confirmed_at=now))


async def _move(tx: Tx, picture_id: int, origin: str, **values: Any) -> bool:
    mine = (pictures.c.tenant == tx.tenant) & (pictures.c.id == picture_id) & (pictures.c.state == origin)
    return await tx.run(update(pictures).where(mine).values(**values)) == 1
