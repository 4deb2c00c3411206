"""Work that waits at the same time shares one transaction, in its order; what fails takes nobody with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.together import MOST, Together
from storage import counters, migrate
from storage.database import Database, Unavailable
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'linli.db'}", "street")
    await migrate.upgrade(database)
    yield Store(database, Ids(), Sealer([new_key()]))
    await database.close()


def numbers(seen: list[Tx]) -> Callable[[Tx], Awaitable[int]]:
    async def work(tx: Tx) -> int:
        seen.append(tx)
        return await counters.next_number(tx)

    return work


async def test_what_waits_shares_a_transaction_and_keeps_its_order(store: Store) -> None:
    together, seen = Together(store), list[Tx]()
    count = 2 * MOST + 1
    found = await asyncio.gather(*[together.run(numbers(seen)) for _ in range(count)])
    assert found == list(range(counters.FIRST, counters.FIRST + count))
    assert len({id(tx) for tx in seen}) == 3
    assert await together.run(numbers(seen)) == counters.FIRST + count, "it goes on when nothing has waited"


async def test_what_fails_fails_alone(store: Store) -> None:
    together, seen = Together(store), list[Tx]()

    async def bad(tx: Tx) -> int:
        await counters.next_number(tx)
        raise ValueError("bad")

    works = [numbers(seen), bad, numbers(seen)]
    found = await asyncio.gather(*[together.run(work) for work in works], return_exceptions=True)
    assert (found[0], found[2]) == (counters.FIRST, counters.FIRST + 1)
    assert isinstance(found[1], ValueError)
    async with store.read() as tx:
        assert await counters.last_number(tx) == counters.FIRST + 1, "what failed has taken no number"


async def test_what_one_has_read_is_not_known_to_the_next(store: Store) -> None:
    together, seen = Together(store), list[int]()

    async def work(tx: Tx) -> None:
        seen.append(len(tx.known))
        tx.known["question",] = (frozenset(), "answer")

    await asyncio.gather(*[together.run(work) for _ in range(3)])
    assert seen == [0, 0, 0]


async def test_an_outage_is_everybodys(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    together, tries = Together(store), 0

    async def away(_work: object) -> None:
        nonlocal tries
        tries += 1
        raise Unavailable("no database")

    monkeypatch.setattr(store, "run", away)
    found = await asyncio.gather(*[together.run(numbers([])) for _ in range(3)], return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in found)
    assert tries == 1


async def test_who_has_gone_away_keeps_nobody_waiting(store: Store) -> None:
    together, seen = Together(store), list[Tx]()
    tasks = [asyncio.create_task(together.run(numbers(seen))) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(found[1], asyncio.CancelledError)
    assert all(isinstance(found[n], int) for n in (0, 2))
