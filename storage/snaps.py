"""随手拍: which records came as one photo and a place, from whom, and whether they proved useful. The record itself is a request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Select, String, Table, func, select

from storage import events
from storage.plans import ME, form
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset({"snap.filed", "snap.useful", "snap.unuseful"})
"""What the ledger says about snaps; the subject is the record."""
FILED, USEFUL, USELESS = "filed", "useful", "useless"

snaps = Table(
    "snaps",
    metadata,
    tenant_column(),
    id_column(),  # of the record
    Column("person_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "person_id", "state"),
)


class Weight(NamedTuple):
    """What became of somebody's snaps so far."""

    all: int
    useful: int
    useless: int


async def add(tx: Tx, request_id: int, person_id: int, now: datetime) -> None:
    """The record is a snap of this person."""
    row = {"tenant": tx.tenant, "id": request_id, "person_id": person_id, "state": FILED, "at": now}
    await tx.add(snaps, [row])
    await events.add(tx, "snap", request_id, "snap.filed", now, actor_id=person_id)


@form
def _snap(request_id: Any) -> Select[Any]:
    return select(snaps.c.person_id, snaps.c.state).where(snaps.c.tenant == ME, snaps.c.id == request_id)


async def settle(tx: Tx, request_id: int, now: datetime, *, useful: bool, by: int) -> int | None:
    """It proved useful, or it did not; whose it is when that is news, None when it is no snap or known already."""
    row = await tx.recall(_snap(request_id=request_id), lambda rows: rows[0] if rows else None)
    target = USEFUL if useful else USELESS
    if row is None or await tx.alter(snaps, {"id": request_id, "state": row.state}, state=target) != 1:
        return None
    if row.state == target:
        return None
    name = "snap.useful" if useful else "snap.unuseful"
    await events.add(tx, "snap", request_id, name, now, actor_id=by, data={"person": row.person_id})
    return int(row.person_id)


def learn_none(tx: Tx, request_id: int) -> None:
    """It is known that a record is no snap."""
    tx.learn(_snap(request_id=request_id), None)


async def weight(tx: Tx, person_id: int) -> Weight:
    """How somebody's snaps have turned out."""
    rows = await tx.all(
        select(snaps.c.state, func.count().label("n"))
        .where(snaps.c.tenant == tx.tenant, snaps.c.person_id == person_id)
        .group_by(snaps.c.state)
    )
    found = {row.state: int(row.n) for row in rows}
    return Weight(sum(found.values()), found.get(USEFUL, 0), found.get(USELESS, 0))
