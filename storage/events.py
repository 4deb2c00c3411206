"""The ledger: what happened, who, when, from which state to which. Rows are added, never changed or removed.

What was said with an event is a remark: masked, apart from the chain, so that it can be erased. Checks are in ledger.py.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    Update,
    func,
    select,
    update,
)

from storage.chain import START, digest, plain
from storage.database import Unavailable
from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

events = Table(
    "events",
    metadata,
    tenant_column(),
    id_column(),
    Column("subject", String(16), nullable=False),  # request, wish, person, room
    Column("subject_id", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", BigInteger),  # a person; empty: the system
    Column("origin", String(16), nullable=False, default=""),
    Column("target", String(16), nullable=False, default=""),
    Column("data", JSON, nullable=False),  # never a name, a phone number or anybody's words
    Column("seq", BigInteger, nullable=False),  # 1, 2, 3, … of this tenant
    Column("previous", String(64), nullable=False),  # the hash of the event before
    Column("hash", String(64), nullable=False),
    UniqueConstraint("tenant", "seq"),
    Index(None, "tenant", "subject", "subject_id", "id"),
    Index(None, "tenant", "name", "at"),
)

ledgers = Table(
    "ledgers",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, nullable=False),  # of the last event
    Column("hash", String(64), nullable=False),
)

remarks = Table(
    "remarks",
    metadata,
    tenant_column(),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(16), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("words", Text, nullable=False),  # masked
    Index(None, "tenant", "subject", "subject_id"),
)


class Overtaken(Unavailable):
    """Another transaction moved the head first. Nothing is saved; the work is to be done again (`Store.run` does)."""


class Event(NamedTuple):
    """One thing that happened. `words` is what was said with it, masked; empty once it is erased."""

    id: int
    name: str
    at: datetime
    actor_id: int | None
    origin: str
    target: str
    data: dict[str, Any]
    words: str = ""


async def add(
    tx: Tx,
    subject: str,
    subject_id: int,
    name: str,
    now: datetime,
    *,
    actor_id: int | None = None,
    origin: str = "",
    target: str = "",
    data: dict[str, Any] | None = None,
    words: str = "",
) -> int:
    """Adds one event to the transaction; its id orders it. `words` are masked and no part of the chain.

    It is written with the others at the end of the transaction, or before the next question to the ledger.
    """
    event_id = tx.ids.new()
    tx.last["events"] = flush
    tx.pending.append(
        {
            "tenant": tx.tenant,
            "id": event_id,
            "subject": subject,
            "subject_id": subject_id,
            "name": name,
            "at": now,
            "actor_id": actor_id,
            "origin": str(origin),
            "target": str(target),
            "data": plain(data),
            "words": words,
        }
    )
    return event_id


async def flush(tx: Tx) -> None:
    """Writes what is pending: one insert and one move of the head for each tenant. Raises `Overtaken`."""
    added = sorted(tx.pending, key=itemgetter("tenant"))  # stable: a tenant's events stay in their order
    tx.pending.clear()
    for tenant, rows in groupby(added, key=itemgetter("tenant")):
        await _append(tx, tenant, list(rows))


async def _append(tx: Tx, tenant: str, rows: list[dict[str, Any]]) -> None:
    before, last = await _head(tx, tenant)
    for seq, row in enumerate(rows, before + 1):
        row |= {"seq": seq, "previous": last}
        last = row["hash"] = digest(row)
    if await tx.run(_move_head(tenant=tenant, before=before, after=before + len(rows), last=last)) != 1:
        raise Overtaken(f"the ledger of {tenant} is no longer at {before}")
    said = [
        {"tenant": tenant, "event_id": r["id"], "subject": r["subject"], "subject_id": r["subject_id"], "words": words}
        for r in rows
        if (words := r.pop("words"))
    ]
    await tx.add(events, rows)
    tx.written.extend(rows)
    await tx.add(remarks, said)


@form
def _head_of(tenant: Any) -> Select[Any]:
    return select(ledgers.c.seq, ledgers.c.hash).where(ledgers.c.tenant == tenant).with_for_update()


@form
def _move_head(tenant: Any, before: Any, after: Any, last: Any) -> Update:
    at_before = update(ledgers).where(ledgers.c.tenant == tenant, ledgers.c.seq == before)
    return at_before.values(seq=after, hash=last)


async def _head(tx: Tx, tenant: str) -> tuple[int, str]:
    """Number and hash of the last event, locked until the commit where the database has locks of rows."""
    row = await tx.one(_head_of(tenant=tenant))
    if row is None:
        first = tx.insert(ledgers).values(tenant=tenant, seq=0, hash=START)
        await tx.run(first.on_conflict_do_nothing(index_elements=["tenant"]))
        row = await tx.one(_head_of(tenant=tenant))
    if row is None:
        raise Overtaken(f"the ledger of {tenant} is being opened")
    return row.seq, row.hash


def _selected() -> Select[Any]:
    """An event with what was said with it."""
    said = (remarks.c.tenant == events.c.tenant) & (remarks.c.event_id == events.c.id)
    return select(events, func.coalesce(remarks.c.words, "").label("words")).join_from(
        events, remarks, said, isouter=True
    )


def _event(row: Any) -> Event:
    return Event(row.id, row.name, row.at, row.actor_id, row.origin, row.target, row.data, row.words)


async def history(tx: Tx, subject: str, subject_id: int) -> list[Event]:
    """Everything that happened to a subject, oldest first."""
    await flush(tx)
    rows = await tx.all(
        _selected()
        .where(events.c.tenant == tx.tenant, events.c.subject == subject, events.c.subject_id == subject_id)
        .order_by(events.c.id)
    )
    return [_event(r) for r in rows]


def _named(subject: Any, subject_id: Any, name: Any) -> Select[Any]:
    mine = (events.c.tenant == ME, events.c.subject == subject, events.c.subject_id == subject_id)
    return _selected().where(*mine, events.c.name == name).order_by(events.c.id.desc()).limit(1)


_latest = form(_named)


@form
def _latest_by(subject: Any, subject_id: Any, name: Any, actor_id: Any) -> Select[Any]:
    return _named(subject, subject_id, name).where(events.c.actor_id == actor_id)


async def find_latest(tx: Tx, subject: str, subject_id: int, name: str, *, actor_id: int | None = None) -> Event | None:
    """The newest event of a name, by one actor if given."""
    for row in reversed(tx.pending):  # it need not be written to be known
        same = (row["tenant"], row["subject"], row["subject_id"], row["name"]) == (tx.tenant, subject, subject_id, name)
        if same and actor_id in (None, row["actor_id"]):
            return Event(*(row[field] for field in Event._fields))
    wanted: dict[str, Any] = {"subject": subject, "subject_id": subject_id, "name": name}
    asked = _latest(**wanted) if actor_id is None else _latest_by(**wanted, actor_id=actor_id)
    return await tx.recall(asked, lambda rows: _event(rows[0]) if rows else None)


def learn_none(tx: Tx, subject: str, subject_id: int, name: str) -> None:
    """It is known that the ledger says nothing of this name about a subject; what is pending is known beside it."""
    tx.learn(_latest(subject=subject, subject_id=subject_id, name=name), None)


@form_with("subject_ids")
def _all_named(subject: Any, subject_ids: Any, name: Any) -> Select[Any]:
    mine = (events.c.tenant == ME, events.c.subject == subject, events.c.subject_id.in_(subject_ids))
    return _selected().where(*mine, events.c.name == name).order_by(events.c.id)


async def foresee_latest(tx: Tx, subject: str, subject_ids: Collection[int], name: str) -> None:
    """`find_latest` of a name for each of these, asked together."""
    rows = await tx.all(_all_named(subject=subject, subject_ids=list(subject_ids), name=name))
    newest = {row.subject_id: _event(row) for row in rows}
    for subject_id in subject_ids:
        asked = _latest(subject=subject, subject_id=subject_id, name=name)
        tx.learn(asked, newest.get(subject_id), lasting=True)


async def count_since(tx: Tx, name: str, since: datetime) -> int:
    """How often something has happened since then."""
    await flush(tx)
    row = await tx.one(
        select(func.count())
        .select_from(events)
        .where(events.c.tenant == tx.tenant, events.c.name == name, events.c.at >= since)
    )
    return int(row[0]) if row else 0


async def count(tx: Tx, name: str, since: datetime, until: datetime) -> int:
    """How often something happened in a period [since, until)."""
    await flush(tx)
    row = await tx.one(
        select(func.count())
        .select_from(events)
        .where(events.c.tenant == tx.tenant, events.c.name == name, events.c.at >= since, events.c.at < until)
    )
    return int(row[0]) if row else 0


async def last_seq(tx: Tx) -> int:
    """Where the ledger of this tenant stands: 0 before its first event."""
    row = await tx.one(select(ledgers.c.seq).where(ledgers.c.tenant == tx.tenant))
    return int(row.seq) if row else 0
