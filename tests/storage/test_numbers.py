"""Record numbers on PostgreSQL: nobody waits for another's transaction, none is given twice, what is not saved comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage import counters
from storage.counters import AHEAD, FIRST
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import Fresh


@pytest.fixture
async def store(fresh: Fresh) -> AsyncIterator[Store]:
    database = Database(fresh("postgresql"), "street")
    yield Store(database, Ids(), Sealer([new_key()]))
    await database.close()


async def both_at_once(store: Store, name: str, *, waits: bool = False) -> tuple[list[int], bool]:
    """The numbers of two transactions of which the second begins in the middle of the first; whether it had to wait."""
    taken, later = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx) -> int:
        number = await counters.next_number(tx, name)
        taken.set()
        await later.wait()
        return number

    first = asyncio.create_task(store.run(slow))
    async with asyncio.timeout(60):
        await taken.wait()
    second = asyncio.create_task(store.run(lambda tx: counters.next_number(tx, name)))
    done, _ = await asyncio.wait({second}, timeout=1 if waits else 60)
    later.set()
    return [await first, await second], not done


async def test_nobody_waits_for_a_number_that_another_has_not_saved(store: Store) -> None:
    assert await store.run(counters.next_number) == FIRST
    assert await both_at_once(store, counters.RECORD) == ([FIRST + 1, FIRST + 2], False)


async def test_other_counters_are_held_until_the_commit(store: Store) -> None:
    assert await both_at_once(store, "season", waits=True) == ([FIRST, FIRST + 1], True)


async def test_numbers_that_run_out_are_made_and_waited_for(store: Store) -> None:
    assert await both_at_once(store, counters.RECORD, waits=True) == ([FIRST, FIRST + 1], True), (
        "the second uses what the first made"
    )
    found = [await store.run(counters.next_number) for _ in range(2 * AHEAD)]
    assert found == list(range(FIRST + 2, FIRST + 2 + 2 * AHEAD))


async def test_what_was_not_saved_is_given_again_lowest_first(store: Store) -> None:
    async def fails(tx: Tx) -> None:
        for _ in range(3):
            await counters.next_number(tx)
        raise ValueError

    for saved in range(2):
        with pytest.raises(ValueError):
            await store.run(fails)
        assert await store.run(counters.next_number) == FIRST + saved
    async with store.read() as tx:
        assert await counters.last_number(tx) == FIRST + 1
        assert await counters.highest_free(tx) == FIRST + AHEAD - 1


async def test_a_number_that_was_not_needed_is_given_again(store: Store) -> None:
    async def changes_its_mind(tx: Tx) -> int:
        kept, other = await counters.next_number(tx), await counters.next_number(tx)
        await counters.give_back(tx, other)
        return kept

    assert await store.run(changes_its_mind) == FIRST
    assert await store.run(counters.next_number) == FIRST + 1


async def test_many_at_once_get_each_their_own(fresh: Fresh) -> None:
    url = fresh("postgresql")
    stores = [Store(Database(url, "street"), Ids(n), Sealer([new_key()])) for n in range(2)]

    async def two(tx: Tx) -> list[int]:
        return [await counters.next_number(tx) for _ in range(2)]

    found = await asyncio.gather(*[store.run(two) for store in stores for _ in range(24)])
    assert sorted(number for some in found for number in some) == list(range(FIRST, FIRST + 96))
    for store in stores:
        await store.database.close()
