"""Leases: which process does which share of the work, and until when; and how long a platform told us to be silent.

Taken by compare-and-set, told by the database's own clock, so that machines whose clocks differ agree.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    String,
    Table,
    cast,
    delete,
    extract,
    func,
    literal,
    select,
)
from sqlalchemy import update as sql_update

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

LASTS = 10
"""Seconds after which a lease that was not renewed is free."""
_PRESENT = "present:"

leases = Table(
    "leases",
    metadata,
    tenant_column(),
    Column("kind", String(32), primary_key=True),
    Column("key", String(96), primary_key=True),
    Column("holder", String(96), nullable=False),
    Column("until", Moment, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("until", Moment, nullable=False),
    Column("lasts", BigInteger),  # microseconds; empty before migration 0023
)


def part_of(id_: ColumnElement[int], parts: int) -> ColumnElement[int]:
    """In which of so many parts a row lies: by the milliseconds of an id that the program made."""
    return id_.bitwise_rshift(literal(22, Integer())) % parts


def part_number(id_: int, parts: int) -> int:
    """The same of an id that is known."""
    return (id_ >> 22) % parts


async def shorten(tx: Tx) -> int:
    """No lease lasts longer than one taken now: after the clock went back, what a dead process held is free as soon as
    ever. Who lives renews it anyhow. How many were longer."""
    ours = leases.c.tenant == tx.tenant
    return await tx.run(
        sql_update(leases).where(ours, leases.c.until > _later(tx, LASTS + 1)).values(until=_later(tx, LASTS))
    )


async def attend(tx: Tx, kind: str, holder: str) -> int:
    """Says that this process wants a share of a kind of work; how many do."""
    await _put(tx, _PRESENT + kind, [holder], holder)
    await tx.run(delete(leases).where(*_of(tx, _PRESENT + kind), leases.c.until <= _now(tx)))
    row = await tx.one(select(func.count()).select_from(leases).where(*_of(tx, _PRESENT + kind)))
    return int(row[0]) if row else 1


async def renew(tx: Tx, kind: str, holder: str) -> set[str]:
    """What this process still holds, now for longer. What another has taken meanwhile is not among it."""
    rows = await tx.all(
        sql_update(leases)
        .where(*_of(tx, kind), leases.c.holder == holder)
        .values(until=_later(tx, LASTS))
        .returning(leases.c.key)
    )
    return {row.key for row in rows}


async def take(tx: Tx, kind: str, keys: Iterable[str], holder: str, most: int) -> set[str]:
    """Takes up to so many of the keys that nobody holds; those it got. Of two that try together one gets a key."""
    held = await tx.all(select(leases.c.key).where(*_of(tx, kind), leases.c.until > _now(tx)))
    free = sorted(set(keys) - {row.key for row in held})
    random.shuffle(free)  # several that start together do not fight for the same ones
    return await _put(tx, kind, free[: max(0, most)], holder)


async def give(tx: Tx, kind: str, keys: Collection[str], holder: str) -> None:
    """These are free for others now."""
    if keys:
        await tx.run(delete(leases).where(*_of(tx, kind), leases.c.holder == holder, leases.c.key.in_(list(keys))))


async def leave(tx: Tx, holder: str) -> None:
    """Everything a process held is free: it ends, or it is known to have ended."""
    await tx.run(delete(leases).where(leases.c.tenant == tx.tenant, leases.c.holder == holder))


async def holders(tx: Tx) -> set[str]:
    """Every process that holds or wants anything."""
    rows = await tx.all(select(leases.c.holder).where(leases.c.tenant == tx.tenant).distinct())
    return {row.holder for row in rows}


async def pause(tx: Tx, channel: str, account: str, seconds: float) -> None:
    """Nobody sends with this account for so many seconds. A longer pause that runs already stays."""
    until, lasts = _later(tx, seconds), round(seconds * 1_000_000)
    await tx.run(
        tx.insert(pauses)
        .values(tenant=tx.tenant, channel=channel, account=account, until=until, lasts=lasts)
        .on_conflict_do_update(
            index_elements=["tenant", "channel", "account"],
            set_={"until": until, "lasts": lasts},
            where=(pauses.c.until < until) | (cast(pauses.c.until, BigInteger) > _now(tx) + pauses.c.lasts),
        )
    )


async def paused_for(tx: Tx, channel: str, account: str) -> float:
    """Seconds until this account may send again; 0 when it may. Never more than was asked for: the clock may have gone back."""
    row = await tx.one(
        select((cast(pauses.c.until, BigInteger) - _now(tx)).label("left"), pauses.c.lasts).where(
            pauses.c.tenant == tx.tenant, pauses.c.channel == channel, pauses.c.account == account
        )
    )
    if row is None:
        return 0.0
    left = int(row.left if row.lasts is None else min(row.left, row.lasts))
    return max(0.0, left / 1_000_000)


async def _put(tx: Tx, kind: str, keys: Iterable[str], holder: str) -> set[str]:
    rows = [{"tenant": tx.tenant, "kind": kind, "key": key, "holder": holder} for key in sorted(keys)]
    if not rows:
        return set()
    until = _later(tx, LASTS)
    statement = tx.insert(leases).values([{**row, "until": until} for row in rows])
    taken = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "key"],
        set_={"holder": holder, "until": until},
        where=(leases.c.until <= _now(tx)) | (leases.c.holder == holder),
    )
    return {row.key for row in await tx.all(taken.returning(leases.c.key))}


def _of(tx: Tx, kind: str) -> tuple[Any, ...]:
    return leases.c.tenant == tx.tenant, leases.c.kind == kind


def _now(tx: Tx) -> ColumnElement[int]:
    """Microseconds since 1970 at the beginning of the transaction, by the database's clock."""
    if tx.connection.dialect.name == "sqlite":
        return literal(time.time_ns() // 1000, BigInteger())
    return cast(extract("epoch", func.now()) * 1_000_000, BigInteger())


def _later(tx: Tx, seconds: float) -> ColumnElement[int]:
    return _now(tx) + literal(round(seconds * 1_000_000), BigInteger())
