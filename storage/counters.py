"""Numbers for people, and single settings that the program keeps. A number never comes from max + 1."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Executable, String, Table, Text, select, update

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

FIRST = 1001


@form
def _next(name: Any) -> Executable:
    mine = (counters.c.tenant == ME, counters.c.name == name)
    return update(counters).where(*mine).values(value=counters.c.value + 1).returning(counters.c.value)


async def next_number(tx: Tx, name: str = "record") -> int:
    """The next number: 1001, 1002, … Requests and wishes share one row of numbers, so a number names one thing."""
    row = await tx.one(_next(name=name)) or await _first_number(tx, name)
    return int(row.value)


async def _first_number(tx: Tx, name: str) -> Row:
    """The row that counts is made, by us or by whoever is doing so now; then it is theirs and ours is the next."""
    statement = tx.insert(counters).values(tenant=tx.tenant, name=name, value=FIRST)
    row = await tx.one(
        statement.on_conflict_do_update(
            index_elements=["tenant", "name"], set_={"value": counters.c.value + 1}
        ).returning(counters.c.value)
    )
    if row is None:
        raise LookupError(f"the counter {name} gave no number")
    return row


async def last_number(tx: Tx, name: str = "record") -> int:
    """The number that was given last; 0 before the first."""
    row = await tx.one(select(counters.c.value).where(counters.c.tenant == tx.tenant, counters.c.name == name))
    return int(row.value) if row else 0


async def give_back(tx: Tx, name: str = "record") -> None:
    """The number this transaction has just taken was not needed; nobody can have taken a later one meanwhile."""
    await tx.run(
        update(counters)
        .where(counters.c.tenant == tx.tenant, counters.c.name == name)
        .values(value=counters.c.value - 1)
    )


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
