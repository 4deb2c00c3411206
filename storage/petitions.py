"""Petitions: what one level asks of another about a record, until when it must be answered, and the answer.

One open petition of a kind a record. Kinds, limits and who answers are `workflow.petitions`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Column, Index, Select, String, Table, Text, Update, select, update

from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.petitions import OF_THE_WORK, Outcome, Petition

petitions = Table(
    "petitions",
    metadata,
    tenant_column(),
    id_column(),
    Column("request_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("queue", String(80), nullable=False),  # who has to answer
    Column("person_id", BigInteger, nullable=False),  # who asks
    Column("words", Text, nullable=False),  # masked
    Column("data", JSON, nullable=False),  # hours, former queue
    Column("asked_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", Moment),
    Column("answer", Text, nullable=False, default=""),  # masked
    Index(None, "tenant", "request_id"),
    Index(None, "tenant", "queue", "outcome", "due_at"),
)


class Asked(NamedTuple):
    """One petition as it stands."""

    id: int
    request_id: int
    kind: Petition
    queue: str
    person_id: int
    words: str
    data: dict[str, Any]
    asked_at: datetime
    due_at: datetime
    outcome: Outcome
    decided_by: int | None
    decided_at: datetime | None
    answer: str


_COLUMNS = [petitions.c[name] for name in Asked._fields]


def _asked(row: Any) -> Asked:
    return Asked(**{**row._mapping, "kind": Petition(row.kind), "outcome": Outcome(row.outcome)})


async def add(
    tx: Tx,
    request_id: int,
    kind: Petition,
    *,
    queue: str,
    person_id: int,
    words: str,
    data: dict[str, Any],
    now: datetime,
    due_at: datetime,
) -> Asked:
    """Something is asked. The caller has locked the record and seen that nothing of the kind is open."""
    petition_id = tx.ids.new()
    await tx.run(
        petitions.insert().values(
            tenant=tx.tenant,
            id=petition_id,
            request_id=request_id,
            kind=kind,
            queue=queue,
            person_id=person_id,
            words=words,
            data=data,
            asked_at=now,
            due_at=due_at,
            outcome=Outcome.OPEN,
            answer="",
        )
    )
    return await get(tx, petition_id)


async def get(tx: Tx, petition_id: int) -> Asked:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(petitions.c.tenant == tx.tenant, petitions.c.id == petition_id))
    if row is None:
        raise LookupError(f"no petition {petition_id}")
    return _asked(row)


async def find_open(tx: Tx, request_id: int, kind: Petition) -> Asked | None:
    """What of this kind waits for its answer."""
    found = await of(tx, request_id, kind)
    return next((p for p in reversed(found) if p.outcome is Outcome.OPEN), None)


@form
def _about(request_id: Any) -> Select[Any]:
    mine = (petitions.c.tenant == ME, petitions.c.request_id == request_id)
    return select(*_COLUMNS).where(*mine).order_by(petitions.c.id)


async def of(tx: Tx, request_id: int, kind: Petition | None = None) -> list[Asked]:
    """Everything that was asked about a record, or of one kind, oldest first."""
    found = await tx.recall(_about(request_id=request_id), lambda rows: [_asked(row) for row in rows])
    return [one for one in found if kind is None or one.kind is kind]


def learn_none(tx: Tx, request_id: int) -> None:
    """It is known that nothing was asked about a record."""
    tx.learn(_about(request_id=request_id), [])


async def decide(
    tx: Tx, petition_id: int, outcome: Outcome, now: datetime, *, by: int | None, answer: str = ""
) -> bool:
    """The answer, once. False when somebody was faster."""
    changed = await tx.run(
        update(petitions)
        .where(petitions.c.tenant == tx.tenant, petitions.c.id == petition_id, petitions.c.outcome == Outcome.OPEN)
        .values(outcome=outcome, decided_by=by, decided_at=now, answer=answer)
    )
    return changed == 1


@form_with("kinds")
def _void(request_id: Any, kinds: Any, now: Any) -> Update:
    mine = (petitions.c.tenant == ME, petitions.c.request_id == request_id)
    open_ = (petitions.c.outcome == Outcome.OPEN, petitions.c.kind.in_(kinds))
    return update(petitions).where(*mine, *open_).values(outcome=Outcome.VOID, decided_at=now)


async def void(tx: Tx, request_id: int, kinds: Collection[Petition], now: datetime) -> int:
    """What was asked does not matter any more. How many."""
    return await tx.run(_void(request_id=request_id, kinds=list(kinds), now=now))


async def moved_on(tx: Tx, request_id: int, now: datetime, *, by: int | None) -> None:
    """The record went to another queue, was claimed there, or ended: a return is answered, the rest is void."""
    open_ones = [p for p in await of(tx, request_id) if p.outcome is Outcome.OPEN]
    returned = next((p for p in reversed(open_ones) if p.kind is Petition.RETURN), None)
    if returned is not None:
        await decide(tx, returned.id, Outcome.ANSWERED, now, by=by)
    if open_ones:
        await void(tx, request_id, OF_THE_WORK, now)


async def extra_hours(tx: Tx, request_id: int, since: datetime) -> int:
    """The hours that extensions asked since then have granted, together."""
    granted = [
        p for p in await of(tx, request_id, Petition.EXTENSION) if p.outcome is Outcome.GRANTED and p.asked_at >= since
    ]
    return sum(int(p.data["hours"]) for p in granted)
