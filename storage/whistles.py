"""Whistles (吹哨): one joint effort for a record; a part for each department, with its own times and result; assessments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    case,
    func,
    or_,
    select,
    update,
)

from storage.plans import ME, form
from storage.requests import requests
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.whistle import Kind, Proof

OUTCOMES = ("open", "resolved", "called_off")

whistles = Table(
    "whistles",
    metadata,
    tenant_column(),
    id_column(),
    Column("request_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("proof", String(8), nullable=False),
    Column("caller", String(80), nullable=False),  # the desk that blew it
    Column("former", String(80), nullable=False),  # the queue that had the record
    Column("words", Text, nullable=False),  # masked
    Column("blown_by", BigInteger, nullable=False),
    Column("blown_at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),  # one of OUTCOMES
    Column("ended_at", Moment),
    Index(None, "tenant", "request_id"),
    Index(None, "tenant", "outcome", "blown_at"),
)

parts = Table(
    "whistle_parts",
    metadata,
    tenant_column(),
    id_column(),
    Column("whistle_id", BigInteger, nullable=False),
    Column("queue", String(80), nullable=False),
    Column("lead", Boolean, nullable=False),
    Column("due_at", Moment, nullable=False),  # of the check-in
    Column("answered_at", Moment),  # somebody said that they are coming
    Column("answered_by", BigInteger),
    Column("arrived_at", Moment),
    Column("arrived_by", BigInteger),
    Column("done_at", Moment),
    Column("done_by", BigInteger),
    Column("result", Text, nullable=False),  # masked
    Column("waived", Boolean, nullable=False),  # the caller does without its result
    Column("late", Boolean, nullable=False),
    Index(None, "tenant", "whistle_id"),
    Index(None, "tenant", "queue", "due_at"),
)

assessments = Table(
    "whistle_assessments",
    metadata,
    tenant_column(),
    Column("whistle_id", BigInteger, primary_key=True),
    Column("queue", String(80), primary_key=True),  # the department
    Column("of_caller", Boolean, primary_key=True),  # the department on the caller, else the caller on the department
    Column("person_id", BigInteger, nullable=False),
    Column("stars", Integer, nullable=False),
    Column("words", Text, nullable=False),  # masked
    Column("at", Moment, nullable=False),
)


class Whistle(NamedTuple):
    """One joint effort."""

    id: int
    request_id: int
    kind: Kind
    proof: Proof
    caller: str
    former: str
    words: str
    blown_by: int
    blown_at: datetime
    outcome: str
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is still going on."""
        return self.outcome == "open"


class Part(NamedTuple):
    """What one department does in it."""

    id: int
    whistle_id: int
    queue: str
    lead: bool
    due_at: datetime
    answered_at: datetime | None
    answered_by: int | None
    arrived_at: datetime | None
    arrived_by: int | None
    done_at: datetime | None
    done_by: int | None
    result: str
    waived: bool
    late: bool

    @property
    def is_settled(self) -> bool:
        """Whether nothing is expected of it any more."""
        return self.done_at is not None or self.waived


class Stars(NamedTuple):
    """What was given altogether, and how often."""

    total: int = 0
    times: int = 0


class Tally(NamedTuple):
    """How one department came when it was whistled for, and how both sides found each other."""

    queue: str
    parts: int
    led: int
    in_time: int
    late: int
    of_unit: Stars
    of_caller: Stars


_WHISTLE = [whistles.c[name] for name in Whistle._fields]
_PART = [parts.c[name] for name in Part._fields]


async def add(
    tx: Tx,
    request_id: int,
    *,
    kind: Kind,
    proof: Proof,
    caller: str,
    former: str,
    words: str,
    blown_by: int,
    now: datetime,
    due: dict[str, datetime],
    lead: str,
) -> Whistle:
    """A whistle with a part for every department of `due`, until when each must have checked in."""
    whistle_id = tx.ids.new()
    await tx.run(
        whistles.insert().values(
            tenant=tx.tenant,
            id=whistle_id,
            request_id=request_id,
            kind=kind,
            proof=proof,
            caller=caller,
            former=former,
            words=words,
            blown_by=blown_by,
            blown_at=now,
            outcome="open",
        )
    )
    for queue, due_at in due.items():
        await tx.run(
            parts.insert().values(
                tenant=tx.tenant,
                id=tx.ids.new(),
                whistle_id=whistle_id,
                queue=queue,
                lead=queue == lead,
                due_at=due_at,
                result="",
                waived=False,
                late=False,
            )
        )
    return await get(tx, whistle_id)


async def get(tx: Tx, whistle_id: int) -> Whistle:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_WHISTLE).where(whistles.c.tenant == tx.tenant, whistles.c.id == whistle_id))
    if row is None:
        raise LookupError(f"no whistle {whistle_id}")
    return _whistle(row)


@form
def _latest(request_id: Any) -> Select[Any]:
    mine = (whistles.c.tenant == ME, whistles.c.request_id == request_id)
    return select(*_WHISTLE).where(*mine).order_by(whistles.c.id.desc()).limit(1)


async def find_latest(tx: Tx, request_id: int) -> Whistle | None:
    """The newest whistle of a record, open or over."""
    found = await tx.recall(_latest(request_id=request_id), lambda rows: [_whistle(row) for row in rows])
    return found[0] if found else None


def learn_none(tx: Tx, request_id: int) -> None:
    """It is known that none was blown for a record."""
    tx.learn(_latest(request_id=request_id), [])


def _whistle(row: Any) -> Whistle:
    return Whistle(**{**row._mapping, "kind": Kind(row.kind), "proof": Proof(row.proof)})


async def parts_of(tx: Tx, whistle_id: int) -> list[Part]:
    """Its departments, the lead first."""
    rows = await tx.all(
        select(*_PART)
        .where(parts.c.tenant == tx.tenant, parts.c.whistle_id == whistle_id)
        .order_by(parts.c.lead.desc(), parts.c.id)
    )
    return [Part(**r._mapping) for r in rows]


async def get_part(tx: Tx, part_id: int) -> Part:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_PART).where(parts.c.tenant == tx.tenant, parts.c.id == part_id))
    if row is None:
        raise LookupError(f"no part {part_id}")
    return Part(**row._mapping)


async def answer(tx: Tx, part_id: int, person_id: int, now: datetime) -> bool:
    """Somebody of the department is coming. False when somebody said so before."""
    return await _once(tx, part_id, "answered_at", answered_at=now, answered_by=person_id)


async def arrive(tx: Tx, part_id: int, person_id: int, now: datetime) -> bool:
    """Somebody of the department is there. False when somebody checked in before."""
    return await _once(tx, part_id, "arrived_at", arrived_at=now, arrived_by=person_id)


async def report(tx: Tx, part_id: int, person_id: int, words: str, now: datetime) -> bool:
    """The department's own result. False when it was given before."""
    return await _once(tx, part_id, "done_at", done_at=now, done_by=person_id, result=words)


async def waive(tx: Tx, part_id: int) -> bool:
    """The caller does without this department. False when it has a result already."""
    return await _once(tx, part_id, "done_at", waived=True)


async def mark_late(tx: Tx, part_id: int) -> bool:
    """It has not checked in in time. False when it has."""
    return await _once(tx, part_id, "arrived_at", late=True)


async def _once(tx: Tx, part_id: int, unset: str, **values: Any) -> bool:
    changed = await tx.run(
        update(parts)
        .where(parts.c.tenant == tx.tenant, parts.c.id == part_id, parts.c[unset].is_(None))
        .values(**values)
    )
    return changed == 1


async def end(tx: Tx, whistle_id: int, outcome: str, now: datetime) -> bool:
    """It is over: `resolved` or `called_off`. False when it was over before."""
    changed = await tx.run(
        update(whistles)
        .where(whistles.c.tenant == tx.tenant, whistles.c.id == whistle_id, whistles.c.outcome == "open")
        .values(outcome=outcome, ended_at=now)
    )
    return changed == 1


async def assess(
    tx: Tx, whistle_id: int, queue: str, *, of_caller: bool, person_id: int, stars: int, words: str, now: datetime
) -> bool:
    """Keeps what one side says of the other. False when that side has said it before."""
    statement = tx.insert(assessments).values(
        tenant=tx.tenant,
        whistle_id=whistle_id,
        queue=queue,
        of_caller=of_caller,
        person_id=person_id,
        stars=stars,
        words=words,
        at=now,
    )
    keys = ["tenant", "whistle_id", "queue", "of_caller"]
    return await tx.run(statement.on_conflict_do_nothing(index_elements=keys)) == 1


async def outcomes(tx: Tx, since: datetime, until: datetime) -> dict[str, int]:
    """How many whistles of a period (blown from `since` until before `until`) are `open`, `resolved`, `called_off`."""
    rows = await tx.all(
        select(whistles.c.outcome, func.count()).where(*_blown(tx, since, until)).group_by(whistles.c.outcome)
    )
    return {row[0]: int(row[1]) for row in rows}


async def tally(tx: Tx, since: datetime, until: datetime) -> list[Tally]:
    """The departments that were whistled for in a period, by how often.

    In time is who checked in by the time given; late who did so afterwards, or has not yet although it is over. A part
    whose time is still to come, or that ended before it, counts as neither.
    """
    rows = await tx.all(
        select(
            parts.c.queue,
            func.count(),
            _sum(parts.c.lead),
            _sum(parts.c.arrived_at <= parts.c.due_at),
            _sum(or_(parts.c.late, parts.c.arrived_at > parts.c.due_at)),
        )
        .select_from(parts)
        .join(whistles, (whistles.c.tenant == parts.c.tenant) & (whistles.c.id == parts.c.whistle_id))
        .where(*_blown(tx, since, until))
        .group_by(parts.c.queue)
    )
    given = await _given(tx, since, until)
    none = Stars()
    found = [
        Tally(queue, count, led, in_time, late, given.get((queue, False), none), given.get((queue, True), none))
        for queue, count, led, in_time, late in rows
    ]
    return sorted(found, key=lambda one: (-one.parts, one.queue))


async def _given(tx: Tx, since: datetime, until: datetime) -> dict[tuple[str, bool], Stars]:
    rows = await tx.all(
        select(assessments.c.queue, assessments.c.of_caller, func.sum(assessments.c.stars), func.count())
        .select_from(assessments)
        .join(whistles, (whistles.c.tenant == assessments.c.tenant) & (whistles.c.id == assessments.c.whistle_id))
        .where(*_blown(tx, since, until))
        .group_by(assessments.c.queue, assessments.c.of_caller)
    )
    return {(row[0], bool(row[1])): Stars(int(row[2]), int(row[3])) for row in rows}


def _blown(tx: Tx, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """Every outcome is named, so that the index of outcome and time is used."""
    at, outcome = whistles.c.blown_at, whistles.c.outcome.in_(OUTCOMES)
    return whistles.c.tenant == tx.tenant, outcome, at >= since, at < until


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


async def past_departments(tx: Tx, item: str) -> dict[str, int]:
    """How often each department's queue took part in whistles for records of this item."""
    rows = await tx.all(
        select(parts.c.queue, func.count())
        .select_from(parts)
        .join(whistles, (whistles.c.tenant == parts.c.tenant) & (whistles.c.id == parts.c.whistle_id))
        .join(requests, (requests.c.tenant == whistles.c.tenant) & (requests.c.id == whistles.c.request_id))
        .where(parts.c.tenant == tx.tenant, requests.c.item == item, parts.c.waived.is_(False))
        .group_by(parts.c.queue)
    )
    return {r[0]: int(r[1]) for r in rows}
