"""Transactions: all or nothing, readers cannot write, writers take turns, tenants do not see each other."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import pytest
from sqlalchemy.exc import DBAPIError

from storage import counters, receipts
from storage.database import Database, Unavailable
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import Fresh
from tests.storage.samples import of_tenant


async def test_a_block_that_raises_saves_nothing(store: Store) -> None:
    async def broken() -> None:
        async with store.write() as tx:
            await counters.set_setting(tx, "colour", "red")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    async with store.read() as tx:
        assert await counters.find_setting(tx, "colour") is None


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        async with store.read() as tx:
            await counters.set_setting(tx, "colour", "red")


async def test_a_reader_is_not_blocked_and_sees_only_what_is_committed(store: Store) -> None:
    async with store.write() as writing:
        await counters.set_setting(writing, "colour", "red")
        async with store.read() as reading:
            assert await counters.find_setting(reading, "colour") is None
    async with store.read() as reading:
        assert await counters.find_setting(reading, "colour") == "red"


async def test_numbers_are_given_once_whoever_asks_at_the_same_time(store: Store, url: str) -> None:
    other = Store(Database(url, "street"), store.ids, store.sealer)

    async def take(of: Store) -> int:
        async with of.write() as tx:
            return await counters.next_number(tx)

    numbers = await asyncio.gather(*(take(of) for of in (store, other) for _ in range(25)))
    await other.database.close()
    assert sorted(numbers) == list(range(counters.FIRST, counters.FIRST + 50))


async def test_a_number_of_a_lost_transaction_is_not_used_up(store: Store) -> None:
    async def broken() -> None:
        async with store.write() as tx:
            await counters.next_number(tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    async with store.write() as tx:
        assert await counters.next_number(tx) == counters.FIRST


async def test_tenants_keep_separate_books(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        other = of_tenant(tx, "elsewhere")
        await receipts.save(tx, "web", "", [("1", {"text": "a"})], now)
        await receipts.save(other, "web", "", [("1", {"text": "b"})], now)
        await counters.set_setting(tx, "colour", "red")
        assert await counters.find_setting(other, "colour") is None
        assert [r.raw["text"] for r in await receipts.waiting(tx, 9)] == ["a"]
        assert [r.raw["text"] for r in await receipts.waiting(other, 9)] == ["b"]
        assert await counters.next_number(tx) == await counters.next_number(other) == counters.FIRST


@pytest.mark.parametrize("words", ["路灯\0不亮 😀", "'; DROP TABLE requests; --", "\r\n\t\\ \x01\ufeff", "长" * 10_000])
async def test_words_are_kept_whatever_they_are(store: Store, words: str) -> None:
    async with store.write() as tx:
        await counters.set_setting(tx, "words", words)
        kept = await counters.find_setting(tx, "words")
        assert kept == (words if store.database.is_sqlite else words.replace("\0", ""))


async def test_a_setting_is_replaced(store: Store) -> None:
    async with store.write() as tx:
        await counters.set_setting(tx, "colour", "red")
        await counters.set_setting(tx, "colour", "green")
        assert await counters.find_setting(tx, "colour") == "green"


async def test_behind_a_pooler_nothing_prepared_outlives_its_transaction(fresh: Fresh) -> None:
    """pgbouncer gives the next transaction another server connection, which knows none of our statements."""
    database = Database(f"{fresh('postgresql')}?pooler=transaction", "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    for colour in ("red", "green", "blue"):
        await store.run(lambda tx, colour=colour: counters.set_setting(tx, "colour", colour))  # type: ignore[misc]
        async with database.write() as connection:
            await connection.exec_driver_sql("DEALLOCATE ALL")
        async with store.read() as tx:
            assert await counters.find_setting(tx, "colour") == colour
    await database.close()


async def test_an_encrypted_connection_is_asked_for_as_libpq_does(fresh: Fresh) -> None:
    database = Database(f"{fresh('postgresql')}?sslmode=require", "street")
    with pytest.raises(Unavailable, match="SSL"):  # the tests' own server has no certificate
        async with database.read():
            pass
    await database.close()


async def test_a_connection_rests_until_it_breaks_or_is_old(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.database.is_sqlite:
        return  # nothing there has a pool
    database = store.database

    async def look() -> object:
        async with database.look() as link:
            await link.exec_driver_sql("SELECT 1")
            return link._connection  # type: ignore[attr-defined]

    first = await look()
    assert await look() is first
    first.terminate()  # type: ignore[attr-defined]
    second = await look()
    assert second is not first
    monkeypatch.setattr("storage.database.RENEWED_AFTER", -1)
    ((held,),) = [resting for resting in database._resting.values() if resting]
    held.driver.terminate()
    for _ in range(2):  # too old each time: it goes through the pool
        await look()
        ((held,),) = [resting for resting in database._resting.values() if resting]
        assert held.until < time.monotonic()


async def test_who_waits_for_a_connection_gets_one_that_could_rest(store: Store) -> None:
    async def work(tx: Tx) -> None:
        assert await counters.find_setting(tx, "colour") is None
        await asyncio.sleep(0)
        assert await counters.find_setting(tx, "colour") is None

    await asyncio.gather(*[store.run(work) for _ in range(40)])
    assert sum(len(resting) for resting in store.database._resting.values()) <= 3
