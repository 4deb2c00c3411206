"""Leases: one holder each, renewed while it lives, free after that; a pause that a platform asked for is never shortened."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import BigInteger, Table, cast, literal, select, update

from storage import leases
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import Fresh

KEYS = [str(n) for n in range(8)]


@pytest.fixture(autouse=True)
def long_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """None ends between two steps of a test, however long they take."""
    monkeypatch.setattr(leases, "LASTS", 600)


async def end(tx: Tx, holder: str) -> None:
    """As if this process had not renewed for a long time."""
    gone = literal(1, BigInteger())
    await tx.run(update(leases.leases).where(leases.leases.c.holder == holder).values(until=gone))


async def test_what_is_held_is_nobody_elses(store: Store) -> None:
    async with store.write() as tx:
        assert await leases.take(tx, "send", KEYS, "a", 8) == set(KEYS)
        assert await leases.take(tx, "send", KEYS, "b", 8) == set()
        taken = await leases.take(tx, "timers", KEYS, "b", 3)
        assert len(taken) == 3
        assert taken < set(KEYS)
        assert await leases.renew(tx, "send", "b") == set()
        assert await leases.renew(tx, "send", "a") == set(KEYS)


async def test_no_more_are_taken_than_wanted(store: Store) -> None:
    async with store.write() as tx:
        assert len(await leases.take(tx, "send", KEYS, "a", 5)) == 5
        assert len(await leases.take(tx, "send", KEYS, "b", 5)) == 3
        assert await leases.take(tx, "send", KEYS, "c", 0) == set()


async def test_what_was_not_renewed_is_taken_over_and_not_renewed_afterwards(store: Store) -> None:
    async with store.write() as tx:
        await leases.take(tx, "send", KEYS, "a", 8)
        await end(tx, "a")
        assert await leases.take(tx, "send", KEYS, "b", 8) == set(KEYS)
        assert await leases.renew(tx, "send", "a") == set()


async def test_what_is_given_back_is_free_at_once(store: Store) -> None:
    async with store.write() as tx:
        await leases.take(tx, "send", KEYS, "a", 8)
        await leases.give(tx, "send", ["1", "2"], "b")
        await leases.give(tx, "send", ["3"], "a")
        assert await leases.take(tx, "send", KEYS, "b", 8) == {"3"}
        await leases.leave(tx, "a")
        assert await leases.take(tx, "send", KEYS, "c", 8) == set(KEYS) - {"3"}


async def test_who_is_present_is_counted_until_they_fall_silent(store: Store) -> None:
    async with store.write() as tx:
        assert await leases.attend(tx, "send", "a") == 1
        assert await leases.attend(tx, "send", "b") == 2
        assert await leases.attend(tx, "timers", "b") == 1
        await end(tx, "b")
        assert await leases.attend(tx, "send", "a") == 1
        assert await leases.holders(tx) == {"a", "b"}


async def test_of_many_who_take_at_once_one_gets_each(fresh: Fresh, kind: str) -> None:
    database = Database(fresh(kind), "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    got = await asyncio.gather(
        *[store.run(lambda tx, n=n: leases.take(tx, "send", KEYS, f"p{n}", 8)) for n in range(6)]  # type: ignore[misc]
    )
    assert sorted(key for keys in got for key in keys) == KEYS
    await database.close()


async def test_a_pause_is_never_shortened(store: Store) -> None:
    async with store.write() as tx:
        assert await leases.paused_for(tx, "telegram", "1") == 0
        began = time.monotonic()
        await leases.pause(tx, "telegram", "1", 300)
        await leases.pause(tx, "telegram", "1", 5)
        assert is_left(await leases.paused_for(tx, "telegram", "1"), 300, began)
        assert await leases.paused_for(tx, "telegram", "2") == 0
        began = time.monotonic()
        await leases.pause(tx, "telegram", "1", 600)
        assert is_left(await leases.paused_for(tx, "telegram", "1"), 600, began)


def is_left(seconds: float, of: float, began: float) -> bool:
    """Whether so much is left of a pause that was begun then or later; the store's clock ticks in ms."""
    return of - (time.monotonic() - began) - 0.01 <= seconds <= of + 0.01


async def an_hour_ahead(tx: Tx, table: Table) -> None:
    """What stands there was written before the clock went back an hour."""
    later = cast(table.c.until, BigInteger) + literal(3_600_000_000, BigInteger())
    await tx.run(update(table).where(table.c.tenant == tx.tenant).values(until=later))


async def test_a_clock_that_goes_back_makes_no_pause_longer(store: Store) -> None:
    async with store.write() as tx:
        await leases.pause(tx, "telegram", "1", 600)
        await an_hour_ahead(tx, leases.pauses)
        began = time.monotonic()
        assert is_left(await leases.paused_for(tx, "telegram", "1"), 600, began)
        began = time.monotonic()
        await leases.pause(tx, "telegram", "1", 300)
        assert is_left(await leases.paused_for(tx, "telegram", "1"), 300, began)


async def test_a_clock_that_goes_back_makes_no_lease_longer_and_takes_none_away(store: Store) -> None:
    async with store.write() as tx:
        assert await leases.take(tx, "send", KEYS, "a", 8) == set(KEYS)
        assert await leases.shorten(tx) == 0
        await an_hour_ahead(tx, leases.leases)
        assert await leases.shorten(tx) == len(KEYS)
        assert await leases.take(tx, "send", KEYS, "b", 8) == set(), "whoever holds them may live"
    ends = select(leases.leases.c.until).distinct()
    async with store.read() as tx:
        (row,) = await tx.all(ends.where(leases.leases.c.tenant == tx.tenant))
    assert row.until <= datetime.now(UTC) + timedelta(seconds=leases.LASTS + 2)
