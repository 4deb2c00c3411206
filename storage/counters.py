"""Numbers for people, and single settings that the program keeps. A number never comes from max + 1."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Executable, Select, String, Table, Text, delete, func, select, update

from storage.plans import ME, form
from storage.rows import Row
from storage.schema import metadata, tenant_column
from storage.tx import Tx

counters = Table(
    "counters",
    metadata,
    tenant_column(),
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    tenant_column(),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

free_numbers = Table(
    "free_numbers",
    metadata,
    tenant_column(),
    Column("number", BigInteger, primary_key=True),
)
"""Record numbers that the counter has passed and nothing has yet."""

FIRST = 1001
RECORD = "record"
"""The counter of record numbers."""
AHEAD = 200
"""Numbers that are made at a time where several processes take them."""


@form
def _next(name: Any, by: Any) -> Executable:
    mine = (counters.c.tenant == ME, counters.c.name == name)
    return update(counters).where(*mine).values(value=counters.c.value + by).returning(counters.c.value)


@form
def _lowest_free() -> Executable:
    """What others are about to use is passed over, and free again should they fail."""
    ours = free_numbers.c.tenant == ME
    lowest = select(free_numbers.c.number).where(ours).order_by(free_numbers.c.number).limit(1)
    found = lowest.with_for_update(skip_locked=True).scalar_subquery()
    return delete(free_numbers).where(ours, free_numbers.c.number == found).returning(free_numbers.c.number)


async def next_number(tx: Tx, name: str = RECORD) -> int:
    """The next number: 1001, 1002, … Requests and wishes share one row of numbers, so a number names one thing.

    Without gaps, but for what is under way. On PostgreSQL record numbers are made ahead: nobody waits until another who
    has taken one commits, except once in `AHEAD`; other counters are held until the commit.
    """
    if name != RECORD:
        return await _count(tx, name, 1)
    row = await tx.one(_lowest_free())
    if row is None and _counts_alone(tx):
        return await _count(tx, name, 1)
    if row is None:
        last = await _count(tx, name, 0)  # whoever makes some now does so first
        row = await tx.one(_lowest_free())
    if row is not None:
        return int(row.number)
    await _count(tx, name, AHEAD)
    made = range(last + 1, last + AHEAD + 1)
    await tx.add(free_numbers, [{"tenant": tx.tenant, "number": number} for number in made[1:]])
    return made[0]


def _counts_alone(tx: Tx) -> bool:
    """On SQLite nobody else writes meanwhile."""
    return tx.connection.dialect.name == "sqlite"


async def _count(tx: Tx, name: str, by: int) -> int:
    """Where the counter stands after so many more, held until the commit."""
    row = await tx.one(_next(name=name, by=by)) or await _first_number(tx, name, by)
    return int(row.value)


async def _first_number(tx: Tx, name: str, by: int) -> Row:
    """The row that counts is made, by us or by whoever is doing so now; then it is theirs and ours is the next."""
    statement = tx.insert(counters).values(tenant=tx.tenant, name=name, value=FIRST + by - 1)
    row = await tx.one(
        statement.on_conflict_do_update(
            index_elements=["tenant", "name"], set_={"value": counters.c.value + by}
        ).returning(counters.c.value)
    )
    if row is None:
        raise LookupError(f"the counter {name} gave no number")
    return row


async def last_number(tx: Tx, name: str = RECORD) -> int:
    """The number that was given last; 0 before the first."""
    row = await tx.one(select(counters.c.value).where(counters.c.tenant == tx.tenant, counters.c.name == name))
    free = await tx.one(select(func.count()).where(free_numbers.c.tenant == tx.tenant)) if name == RECORD else None
    return int(row.value) - (int(free[0]) if free else 0) if row else 0


async def highest_free(tx: Tx) -> int:
    """The highest record number that the counter has passed and nothing has; 0 without any."""
    row = await tx.one(select(func.max(free_numbers.c.number)).where(free_numbers.c.tenant == tx.tenant))
    return int(row[0] or 0) if row else 0


async def give_back(tx: Tx, number: int, name: str = RECORD) -> None:
    """A number this transaction has just taken was not needed: it is the next one."""
    if name == RECORD:
        await tx.add(free_numbers, [{"tenant": tx.tenant, "number": number}])
        return
    await tx.run(  # nobody can have taken a later one meanwhile
        update(counters)
        .where(counters.c.tenant == tx.tenant, counters.c.name == name)
        .values(value=counters.c.value - 1)
    )


@form
def _unheld(name: Any) -> Select[Any]:
    mine = (counters.c.tenant == ME, counters.c.name == name)
    return select(counters.c.value).where(*mine).with_for_update(skip_locked=True)


async def try_hold(tx: Tx, name: str) -> bool:
    """Holds this name until the transaction ends; False at once where somebody else holds it.

    On SQLite nobody else writes meanwhile. A name is made when it is first held: only then one may wait for another.
    """
    if _counts_alone(tx) or await tx.one(_unheld(name=name)) is not None:
        return True
    return bool(await tx.put(counters, {"tenant": tx.tenant, "name": name, "value": 0}, on=("tenant", "name")))


async def find_setting(tx: Tx, name: str) -> str | None:
    """A value the program keeps about itself."""
    row = await tx.one(select(settings.c.value).where(settings.c.tenant == tx.tenant, settings.c.name == name))
    return row.value if row else None


async def keep_setting(tx: Tx, name: str, value: str) -> str:
    """The value that is kept: this one when there was none, else the one somebody has put there before."""
    statement = tx.insert(settings).values(tenant=tx.tenant, name=name, value=value)
    await tx.run(statement.on_conflict_do_nothing(index_elements=["tenant", "name"]))
    return await find_setting(tx, name) or value


async def set_setting(tx: Tx, name: str, value: str) -> None:
    """Keeps a value."""
    await tx.run(
        tx.insert(settings)
        .values(tenant=tx.tenant, name=name, value=value)
        .on_conflict_do_update(index_elements=["tenant", "name"], set_={"value": value})
    )
