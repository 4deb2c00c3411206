"""Who has borrowed what, what came back damaged, and who waits for something. Nothing is lent that is not there.

The counts of a thing (`lent`, `aside`) move in the statement that decides, together with the loan and its event.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, delete, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.stations import StationState, Thing, stations, things
from storage.tx import Tx
from workflow.lending import MOST_IN_HAND, may_extend

EVENTS = frozenset(
    {
        *("loan.taken", "loan.extended", "loan.returned", "loan.lost", "loan.reminded"),
        *("damage.told", "damage.mended", "damage.gone"),
    }
)
"""What the ledger says about loans and damage."""

loans = Table(
    "loans",
    metadata,
    tenant_column(),
    id_column(),
    Column("thing_id", BigInteger, nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("extended", Integer, nullable=False),
    Column("ended_at", Moment),
    Index(None, "tenant", "person_id", "state"),
    Index(None, "tenant", "station_id", "state", "due_at"),
    Index(None, "tenant", "thing_id", "state"),
)

damages = Table(
    "damages",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("thing_id", BigInteger, nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("loan_id", BigInteger),  # none: seen by somebody who did not borrow it
    Column("person_id", BigInteger, nullable=False),
    Column("words", String(300), nullable=False),  # masked
    Column("aside", Integer, nullable=False),  # 1: one of them is out of use until the keeper has seen it
    Column("state", String(8), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("settled_by", BigInteger),
    Column("settled_at", Moment),
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "station_id", "state"),
    Index(None, "tenant", "person_id", "id"),
)

thing_waits = Table(
    "thing_waits",
    metadata,
    tenant_column(),
    id_column(),
    Column("thing_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("since", Moment, nullable=False),
    UniqueConstraint("tenant", "thing_id", "person_id"),
)


class LoanState(StrEnum):
    """Where a loan stands."""

    OUT = "out"
    BACK = "back"
    LOST = "lost"


class DamageState(StrEnum):
    """Where a damage stands."""

    OPEN = "open"
    MENDED = "mended"
    GONE = "gone"


class Loan(NamedTuple):
    """Somebody has something, or had it."""

    id: int
    thing_id: int
    station_id: int
    person_id: int
    state: LoanState
    taken_at: datetime
    due_at: datetime
    extended: int
    ended_at: datetime | None


class Damage(NamedTuple):
    """Something is not as it should be."""

    id: int
    number: int
    thing_id: int
    station_id: int
    loan_id: int | None
    person_id: int
    words: str
    aside: int
    state: DamageState
    made_at: datetime


class Refused(Exception):
    """It cannot be borrowed; `why` is out, closed, limit or has. Nothing has changed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


_LOAN = [loans.c[name] for name in Loan._fields]
_DAMAGE = [damages.c[name] for name in Damage._fields]


def _loan(row: Any) -> Loan:
    return Loan(**{**row._mapping, "state": LoanState(row.state)})


def _damage(row: Any) -> Damage:
    return Damage(**{**row._mapping, "state": DamageState(row.state)})


def _mine(tx: Tx, thing_id: int) -> Any:
    return (things.c.tenant == tx.tenant) & (things.c.id == thing_id)


# -------------------------------------------------------------------- borrowing


async def borrow(tx: Tx, thing: Thing, person_id: int, now: datetime) -> Loan:
    """Takes one with them. Raises `Refused`. The person's own messages come one at a time, so their count holds."""
    out = await of_person(tx, person_id)
    if any(loan.thing_id == thing.id for loan in out):
        raise Refused("has")
    if len(out) >= MOST_IN_HAND:
        raise Refused("limit")
    mine = (stations.c.tenant == tx.tenant) & (stations.c.id == thing.station_id)
    if not thing.open or await tx.one(select(stations.c.id).where(mine, stations.c.state == StationState.OPEN)) is None:
        raise Refused("closed")
    free = (things.c.lent + things.c.aside < things.c.stock) & (things.c.open == 1)
    if await tx.run(update(things).where(_mine(tx, thing.id), free).values(lent=things.c.lent + 1)) != 1:
        raise Refused("out")
    loan_id = tx.ids.new()
    row = {"tenant": tx.tenant, "id": loan_id, "thing_id": thing.id, "station_id": thing.station_id}
    more = {"person_id": person_id, "state": LoanState.OUT, "taken_at": now, "due_at": now + thing.span, "extended": 0}
    await tx.run(loans.insert().values(**row, **more))
    gone = (thing_waits.c.tenant == tx.tenant) & (thing_waits.c.thing_id == thing.id)
    await tx.run(delete(thing_waits).where(gone, thing_waits.c.person_id == person_id))
    data = {"thing": thing.id, "station": thing.station_id, "number": thing.number}
    await events.add(tx, "loan", loan_id, "loan.taken", now, actor_id=person_id, data=data)
    return await get(tx, loan_id)


async def get(tx: Tx, loan_id: int) -> Loan:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_LOAN).where(loans.c.tenant == tx.tenant, loans.c.id == loan_id))
    if row is None:
        raise LookupError(f"no loan {loan_id}")
    return _loan(row)


async def of_person(tx: Tx, person_id: int, states: Collection[LoanState] = (LoanState.OUT,)) -> list[Loan]:
    """What somebody has, due soonest first."""
    wanted = [s.value for s in states]
    rows = await tx.all(
        select(*_LOAN)
        .where(loans.c.tenant == tx.tenant, loans.c.person_id == person_id, loans.c.state.in_(wanted))
        .order_by(loans.c.due_at, loans.c.id)
        .limit(200)
    )
    return [_loan(r) for r in rows]


async def of_station(tx: Tx, station_id: int, limit: int = 30) -> list[Loan]:
    """What of a station is with somebody, due soonest first."""
    rows = await tx.all(
        select(*_LOAN)
        .where(loans.c.tenant == tx.tenant, loans.c.station_id == station_id, loans.c.state == LoanState.OUT)
        .order_by(loans.c.due_at, loans.c.id)
        .limit(limit)
    )
    return [_loan(r) for r in rows]


async def extend(tx: Tx, loan: Loan, thing: Thing, now: datetime) -> Loan | None:
    """The same time once more, from when it is due or from now; None when it cannot go on, or somebody waits for it."""
    if not may_extend(loan.extended, loan.due_at, now) or await first_waiting(tx, thing.id) is not None:
        return None
    due = max(loan.due_at, now) + thing.span
    where = {"id": loan.id, "state": LoanState.OUT.value, "extended": loan.extended}
    if await tx.alter(loans, where, due_at=due, extended=loan.extended + 1) != 1:
        return None
    data = {"thing": thing.id, "number": thing.number}
    await events.add(tx, "loan", loan.id, "loan.extended", now, actor_id=loan.person_id, data=data)
    return await get(tx, loan.id)


async def give_back(tx: Tx, loan: Loan, *, by: int, now: datetime) -> bool:
    """It is at its place again. False when it was before, or is lost."""
    if (
        await tx.alter(loans, {"id": loan.id, "state": LoanState.OUT.value}, state=LoanState.BACK.value, ended_at=now)
        != 1
    ):
        return False
    await tx.run(update(things).where(_mine(tx, loan.thing_id)).values(lent=things.c.lent - 1))
    data = {"thing": loan.thing_id, "person": loan.person_id, "late": now > loan.due_at}
    await events.add(tx, "loan", loan.id, "loan.returned", now, actor_id=by, data=data)
    return True


async def lose(tx: Tx, loan: Loan, *, by: int, now: datetime) -> bool:
    """It will not come back: there is one less of it. False when the loan had ended."""
    if (
        await tx.alter(loans, {"id": loan.id, "state": LoanState.OUT.value}, state=LoanState.LOST.value, ended_at=now)
        != 1
    ):
        return False
    less = {"lent": things.c.lent - 1, "stock": things.c.stock - 1}
    await tx.run(update(things).where(_mine(tx, loan.thing_id)).values(**less))
    data = {"thing": loan.thing_id, "person": loan.person_id}
    await events.add(tx, "loan", loan.id, "loan.lost", now, actor_id=by, data=data)
    return True


async def note_reminded(tx: Tx, loan: Loan, *, by: int | None, now: datetime) -> None:
    """The ledger says that the borrower was asked."""
    await events.add(tx, "loan", loan.id, "loan.reminded", now, actor_id=by, data={"thing": loan.thing_id})


# -------------------------------------------------------------------- waiting


async def wait(tx: Tx, thing: Thing, person_id: int, now: datetime) -> None:
    """Wants to hear when one is there again."""
    row = {"tenant": tx.tenant, "id": tx.ids.new(), "thing_id": thing.id, "person_id": person_id, "since": now}
    await tx.run(
        tx.insert(thing_waits).values(**row).on_conflict_do_nothing(index_elements=["tenant", "thing_id", "person_id"])
    )


async def first_waiting(tx: Tx, thing_id: int) -> int | None:
    """Who waits longest for it."""
    w = thing_waits.c
    row = await tx.one(
        select(w.person_id).where(w.tenant == tx.tenant, w.thing_id == thing_id).order_by(w.since, w.id).limit(1)
    )
    return None if row is None else int(row.person_id)


async def called(tx: Tx, thing_id: int, person_id: int) -> None:
    """They have heard that one is there, and wait no more."""
    w = thing_waits.c
    await tx.run(delete(thing_waits).where(w.tenant == tx.tenant, w.thing_id == thing_id, w.person_id == person_id))


# -------------------------------------------------------------------- damage


async def tell_damage(
    tx: Tx, thing: Thing, person_id: int, words: str, now: datetime, *, loan_id: int | None = None
) -> Damage:
    """Something is broken or missing. One that came back broken is set aside until the keeper has seen it.

    What a passer-by says sets nothing aside: the keeper looks first.
    """
    aside = 0
    if loan_id is not None and not await _told_before(tx, person_id, loan_id):
        there = things.c.lent + things.c.aside < things.c.stock
        aside = await tx.run(update(things).where(_mine(tx, thing.id), there).values(aside=things.c.aside + 1))
    damage_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {"tenant": tx.tenant, "id": damage_id, "number": number, "thing_id": thing.id, "loan_id": loan_id}
    more = {"station_id": thing.station_id, "person_id": person_id, "words": words[:300], "aside": aside}
    await tx.run(damages.insert().values(**row, **more, state=DamageState.OPEN, made_at=now))
    data = {"number": number, "thing": thing.id, "loan": loan_id}
    await events.add(tx, "damage", damage_id, "damage.told", now, actor_id=person_id, data=data)
    return await get_damage(tx, damage_id)


async def _told_before(tx: Tx, person_id: int, loan_id: int) -> bool:
    """Whether this loan has set something aside already: one loan is one thing."""
    d = damages.c
    mine = (d.tenant == tx.tenant, d.person_id == person_id, d.loan_id == loan_id, d.aside == 1)
    return await tx.one(select(d.id).where(*mine).limit(1)) is not None


async def get_damage(tx: Tx, damage_id: int) -> Damage:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_DAMAGE).where(damages.c.tenant == tx.tenant, damages.c.id == damage_id))
    if row is None:
        raise LookupError(f"no damage {damage_id}")
    return _damage(row)


async def find_damage(tx: Tx, number: int) -> Damage | None:
    """The damage with the number people use."""
    row = await tx.one(select(*_DAMAGE).where(damages.c.tenant == tx.tenant, damages.c.number == number))
    return None if row is None else _damage(row)


async def settle(tx: Tx, damage: Damage, *, mended: bool, by: int, now: datetime) -> bool:
    """Mended: it can be lent again. Gone: there is one less. False when it was settled before."""
    target = DamageState.MENDED if mended else DamageState.GONE
    values = {"state": target.value, "settled_by": by, "settled_at": now}
    if await tx.alter(damages, {"id": damage.id, "state": DamageState.OPEN.value}, **values) != 1:
        return False
    if damage.aside:
        less = {"aside": things.c.aside - 1} if mended else {"aside": things.c.aside - 1, "stock": things.c.stock - 1}
        await tx.run(update(things).where(_mine(tx, damage.thing_id)).values(**less))
    elif not mended:
        there = things.c.lent + things.c.aside < things.c.stock
        await tx.run(update(things).where(_mine(tx, damage.thing_id), there).values(stock=things.c.stock - 1))
    name = "damage.mended" if mended else "damage.gone"
    await events.add(tx, "damage", damage.id, name, now, actor_id=by, target=target, data={"number": damage.number})
    return True
