"""设岗定责: posts that a desk offers, who has taken them, and the service that was done on them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, UniqueConstraint, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset(
    {
        *("duty.offered", "duty.closed", "duty.taken", "duty.left"),
        *("duty.told", "duty.served", "duty.refused", "duty.unserved"),
    }
)
"""What the ledger says about posts."""
HOLDING, ENDED = "holding", "ended"
TOLD, SERVED, REFUSED = "told", "served", "refused"

duties = Table(
    "duties",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("words", String(200), nullable=False),  # public: what it is and where
    Column("queue", String(80), nullable=False),
    Column("places", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "open", "id"),
)

duty_holds = Table(
    "duty_holds",
    metadata,
    tenant_column(),
    id_column(),
    Column("duty_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("since", Moment, nullable=False),
    Index(None, "tenant", "duty_id", "state"),
    Index(None, "tenant", "person_id", "state"),
)

duty_services = Table(
    "duty_services",
    metadata,
    tenant_column(),
    id_column(),
    Column("duty_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("hours", Float, nullable=False),
    Column("words", String(200), nullable=False),  # masked
    Column("state", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "person_id", "at"),
)


class Duty(NamedTuple):
    """One post."""

    id: int
    number: int
    words: str
    queue: str
    places: int
    taken: int
    open: int
    made_at: datetime

    @property
    def free(self) -> int:
        """Places left."""
        return max(0, self.places - self.taken)


class Service(NamedTuple):
    """One time that somebody served on a post, as they told it."""

    id: int
    duty_id: int
    person_id: int
    hours: float
    words: str
    state: str
    at: datetime


_COLUMNS = [duties.c[name] for name in Duty._fields]
_SERVICE = [duty_services.c[name] for name in Service._fields]


async def offer(tx: Tx, *, words: str, places: int, queue: str, by: int, now: datetime) -> Duty:
    """Keeps a new post."""
    duty_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {"tenant": tx.tenant, "id": duty_id, "number": number, "taken": 0, "open": 1, "made_at": now}
    await tx.run(duties.insert().values(**row, words=words, places=places, queue=queue))
    await events.add(tx, "duty", duty_id, "duty.offered", now, actor_id=by, data={"number": number, "places": places})
    return await get(tx, duty_id)


async def get(tx: Tx, duty_id: int) -> Duty:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(duties.c.tenant == tx.tenant, duties.c.id == duty_id))
    if row is None:
        raise LookupError(f"no duty {duty_id}")
    return Duty(*row)


async def find_by_number(tx: Tx, number: int) -> Duty | None:
    """The post with the number people use."""
    row = await tx.one(select(*_COLUMNS).where(duties.c.tenant == tx.tenant, duties.c.number == number))
    return None if row is None else Duty(*row)


async def listed(tx: Tx, limit: int = 8) -> list[Duty]:
    """Posts with free places, newest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(duties.c.tenant == tx.tenant, duties.c.open == 1, duties.c.taken < duties.c.places)
        .order_by(duties.c.id.desc())
        .limit(limit)
    )
    return [Duty(*r) for r in rows]


async def close(tx: Tx, duty: Duty, *, by: int, now: datetime) -> bool:
    """Nobody can take it any more; whoever has it goes on. False when it was closed."""
    if await tx.alter(duties, {"id": duty.id, "open": 1}, open=0) != 1:
        return False
    await events.add(tx, "duty", duty.id, "duty.closed", now, actor_id=by)
    return True


async def holds(tx: Tx, duty_id: int, person_id: int) -> bool:
    """Whether somebody has this post."""
    return (
        await tx.one(
            select(duty_holds.c.id).where(
                duty_holds.c.tenant == tx.tenant,
                duty_holds.c.duty_id == duty_id,
                duty_holds.c.person_id == person_id,
                duty_holds.c.state == HOLDING,
            )
        )
        is not None
    )


async def of_person(tx: Tx, person_id: int) -> list[Duty]:
    """The posts somebody has."""
    both = (duty_holds.c.tenant == duties.c.tenant) & (duty_holds.c.duty_id == duties.c.id)
    rows = await tx.all(
        select(*_COLUMNS)
        .join_from(duties, duty_holds, both)
        .where(
            duties.c.tenant == tx.tenant,
            duty_holds.c.tenant == tx.tenant,
            duty_holds.c.person_id == person_id,
            duty_holds.c.state == HOLDING,
        )
        .order_by(duties.c.id)
    )
    return [Duty(*r) for r in rows]


async def take(tx: Tx, duty: Duty, person_id: int, now: datetime) -> bool:
    """Takes one of the places. False when none is free."""
    mine = (duties.c.tenant == tx.tenant) & (duties.c.id == duty.id)
    free = (duties.c.taken < duties.c.places) & (duties.c.open == 1)
    if await tx.run(update(duties).where(mine, free).values(taken=duties.c.taken + 1)) != 1:
        return False
    row = {"tenant": tx.tenant, "id": tx.ids.new(), "duty_id": duty.id, "person_id": person_id}
    await tx.run(duty_holds.insert().values(**row, state=HOLDING, since=now))
    await events.add(tx, "duty", duty.id, "duty.taken", now, actor_id=person_id)
    return True


async def leave(tx: Tx, duty: Duty, person_id: int, now: datetime) -> bool:
    """Gives the post back. False when it was not theirs."""
    where = {"duty_id": duty.id, "person_id": person_id, "state": HOLDING}
    if await tx.alter(duty_holds, where, state=ENDED) != 1:
        return False
    mine = (duties.c.tenant == tx.tenant) & (duties.c.id == duty.id)
    await tx.run(update(duties).where(mine).values(taken=duties.c.taken - 1))
    await events.add(tx, "duty", duty.id, "duty.left", now, actor_id=person_id)
    return True


# -------------------------------------------------------------------- service


async def tell(tx: Tx, duty: Duty, person_id: int, hours: float, words: str, now: datetime) -> Service:
    """Keeps what somebody says they have done, for the desk to confirm."""
    service_id = tx.ids.new()
    row = {"tenant": tx.tenant, "id": service_id, "duty_id": duty.id, "person_id": person_id, "state": TOLD}
    await tx.run(duty_services.insert().values(**row, hours=hours, words=words, at=now))
    data = {"hours": hours, "subject_id": service_id}
    await events.add(tx, "duty", duty.id, "duty.told", now, actor_id=person_id, data=data)
    return await get_service(tx, service_id)


async def get_service(tx: Tx, service_id: int) -> Service:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_SERVICE).where(duty_services.c.tenant == tx.tenant, duty_services.c.id == service_id))
    if row is None:
        raise LookupError(f"no service {service_id}")
    return Service(*row)


async def decide(tx: Tx, service: Service, *, yes: bool, by: int, now: datetime) -> bool:
    """Confirms it or not, once. False when it was decided."""
    target = SERVED if yes else REFUSED
    if await tx.alter(duty_services, {"id": service.id, "state": TOLD}, state=target) != 1:
        return False
    data = {"person": service.person_id, "hours": service.hours, "subject_id": service.id}
    name = "duty.served" if yes else "duty.refused"
    await events.add(tx, "duty", service.duty_id, name, now, actor_id=by, data=data)
    return True


async def undo(tx: Tx, service: Service, *, by: int, now: datetime) -> bool:
    """What was confirmed was not so; points are taken back. False when it was not confirmed."""
    if await tx.alter(duty_services, {"id": service.id, "state": SERVED}, state=REFUSED) != 1:
        return False
    data = {"person": service.person_id, "subject_id": service.id}
    await events.add(tx, "duty", service.duty_id, "duty.unserved", now, actor_id=by, data=data)
    return True


async def served(tx: Tx, person_id: int, since: datetime, until: datetime) -> list[tuple[Duty, Service]]:
    """What somebody has done on posts in [since, until), oldest first."""
    rows = await tx.all(
        select(*_SERVICE)
        .where(
            duty_services.c.tenant == tx.tenant,
            duty_services.c.person_id == person_id,
            duty_services.c.state == SERVED,
            duty_services.c.at >= since,
            duty_services.c.at < until,
        )
        .order_by(duty_services.c.at)
    )
    return [(await get(tx, r.duty_id), Service(*r)) for r in rows]
