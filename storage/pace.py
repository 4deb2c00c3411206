"""How many messages came from whom in the running minute, and those over the limit, sealed, until they are handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Executable, Index, Integer, LargeBinary, String, Table, case, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.dialects import postgresql, sqlite

from storage.plans import ME, Form, form
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

WINDOW = timedelta(minutes=1)
PERSON, PRESS, CHAT = "person", "press", "chat"
"""Kinds of limits: what a person says, what they press, and what is said to the program in one group."""

paces = Table(
    "paces",
    metadata,
    tenant_column(),
    Column("kind", String(8), primary_key=True),
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Moment, nullable=False),
    Column("count", Integer, nullable=False),
    Column("held", Integer, nullable=False),
)

held = Table(
    "held",
    metadata,
    tenant_column(),
    id_column(),
    Column("kind", String(8), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("person_id", BigInteger),  # who wrote it
    Column("message_sealed", LargeBinary, nullable=False),
    Index(None, "tenant", "kind", "subject_id", "id"),
    Index(None, "tenant", "person_id"),
)


class Pace(NamedTuple):
    """The running minute: when it began, messages in it, and how many are held back."""

    since: datetime
    messages: int
    held: int


class Held(NamedTuple):
    """A message that waits for its minute to be over."""

    id: int
    message: dict[str, Any]


@cache
def _note(dialect: str) -> Form:
    """Counting is part of every message: the statement is made once for each kind of database."""

    def counted(kind: Any, subject_id: Any, now: Any, early: Any, late: Any) -> Executable:
        made = sqlite.insert(paces) if dialect == "sqlite" else postgresql.insert(paces)
        made = made.values(tenant=ME, kind=kind, subject_id=subject_id, since=now, count=1, held=0)
        over = (paces.c.since <= early) | (paces.c.since > late)
        set_ = {
            "since": case((over, made.excluded.since), else_=paces.c.since),
            "count": case((over, 1), else_=paces.c.count + 1),
        }
        kept = made.on_conflict_do_update(index_elements=["tenant", "kind", "subject_id"], set_=set_)
        return kept.returning(paces.c.since, paces.c.count, paces.c.held)

    return form(counted)


async def note(tx: Tx, kind: str, subject_id: int, now: datetime) -> Pace:
    """Counts one message; a minute that is over begins anew, and so does one that is yet to come: the clock went back."""
    counted = _note(tx.connection.dialect.name)
    asked = counted(kind=kind, subject_id=subject_id, now=now, early=now - WINDOW, late=now + WINDOW)
    row = await tx.one(asked)
    if row is None:
        raise LookupError(f"the pace of {kind} {subject_id} was not kept")
    return Pace(row.since, int(row._mapping["count"]), row.held)


async def hold(tx: Tx, kind: str, subject_id: int, person_id: int | None, message: dict[str, Any]) -> None:
    """Keeps a message for later, sealed."""
    await tx.run(
        held.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            kind=kind,
            subject_id=subject_id,
            person_id=person_id,
            message_sealed=tx.sealer.seal_json(message),
        )
    )
    await add_held(tx, kind, subject_id, 1)


async def add_held(tx: Tx, kind: str, subject_id: int, count: int) -> None:
    """So many more are held back, or fewer."""
    await tx.run(update(paces).where(*_pace(tx, kind, subject_id)).values(held=paces.c.held + count))


async def begin(tx: Tx, kind: str, subject_id: int, now: datetime, count: int) -> None:
    """A minute begins now with so many messages in it. Whoever else counts for this subject waits until the commit."""
    await tx.run(update(paces).where(*_pace(tx, kind, subject_id)).values(since=now, count=count))


async def waiting(tx: Tx, kind: str, subject_id: int, limit: int) -> list[Held]:
    """What is held back, oldest first."""
    rows = await tx.all(
        select(held.c.id, held.c.message_sealed)
        .where(held.c.tenant == tx.tenant, held.c.kind == kind, held.c.subject_id == subject_id)
        .order_by(held.c.id)
        .limit(limit)
    )
    return [Held(r.id, tx.sealer.open_json(r.message_sealed)) for r in rows]


async def let_go(tx: Tx, kind: str, subject_id: int, ids: Sequence[int]) -> None:
    """These are handled in this transaction: no copy is kept."""
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        await tx.run(sql_delete(held).where(held.c.tenant == tx.tenant, held.c.id.in_(some)))
    await add_held(tx, kind, subject_id, -len(ids))


def _pace(tx: Tx, kind: str, subject_id: int) -> tuple[Any, ...]:
    return paces.c.tenant == tx.tenant, paces.c.kind == kind, paces.c.subject_id == subject_id
