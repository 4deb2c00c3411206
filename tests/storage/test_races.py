"""Several processes on one database: each thing is made once, whoever is first; work that lost is done again, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from storage import counters, outbox, people, requests, roles, supporters, wishes
from storage.database import Database, Unavailable, may_run_again
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import TRIES, Store, Tx
from tests.storage.cluster import Cluster
from tests.storage.conftest import Fresh
from tests.storage.samples import add_chat, add_request, add_wish, cross
from workflow.rights import Role

PROCESSES, CALLERS = 4, 24
Work = Callable[[Tx], Awaitable[Any]]


@pytest.fixture
async def stores(url: str) -> AsyncIterator[list[Store]]:
    """As many processes would have them: each with its own pool."""
    sealer = Sealer([new_key()])
    made = [Store(Database(url, "street"), Ids(n), sealer) for n in range(PROCESSES)]
    yield made
    for store in made:
        await store.database.close()


async def all_at_once(stores: list[Store], work: Work, callers: int = CALLERS) -> list[Any]:
    return await asyncio.gather(*(stores[n % PROCESSES].run(work) for n in range(callers)))


async def count(store: Store, table: Any) -> int:
    async with store.read() as tx:
        row = await tx.one(select(func.count()).select_from(table).where(table.c.tenant == tx.tenant))
    return int(row[0]) if row else 0


async def test_a_person_is_one_person(stores: list[Store], now: datetime) -> None:
    made = await all_at_once(stores, lambda tx: people.add_person(tx, "web", "", "u1", "李阿姨", now))
    assert len({person.id for person in made}) == 1
    assert {person.name for person in made} == {"李阿姨"}
    assert await count(stores[0], people.people) == 1


async def test_a_chat_is_one_chat(stores: list[Store], now: datetime) -> None:
    made = await all_at_once(stores, lambda tx: add_chat(tx, "room", now, is_group=True))
    assert len(set(made)) == 1
    assert await count(stores[0], people.chats) == 1


async def test_a_draft_is_filed_once_and_no_number_is_lost(stores: list[Store], now: datetime) -> None:
    made = await all_at_once(stores, lambda tx: add_request(tx, now, draft_id=7))
    wished = await all_at_once(stores, lambda tx: add_wish(tx, now, draft_id=8))
    others = await all_at_once(stores, lambda tx: add_request(tx, now))
    (first,), (second,) = {request.number for request in made}, {wish.number for wish in wished}
    given = sorted([first, second, *[request.number for request in others]])
    assert given == [counters.FIRST + n for n in range(CALLERS + 2)]
    assert await count(stores[0], requests.requests) == CALLERS + 1
    assert await count(stores[0], wishes.wishes) == 1


async def test_a_role_is_granted_once(stores: list[Store], now: datetime) -> None:
    person = await stores[0].run(lambda tx: people.add_person(tx, "web", "", "u1", "", now))
    given = await all_at_once(stores, lambda tx: roles.grant(tx, person.id, Role.DESK, "c1", None, now))
    assert sorted(given) == [False] * (CALLERS - 1) + [True]
    async with stores[0].read() as tx:
        assert len(await roles.grants_of(tx, person.id)) == 1


async def test_a_chat_is_the_room_of_one_queue(stores: list[Store], now: datetime) -> None:
    chat = await stores[0].run(lambda tx: add_chat(tx, "room", now, is_group=True))
    await asyncio.gather(
        *(
            stores[n % PROCESSES].run(lambda tx, n=n: people.bind_room(tx, f"grid:g{n % 5}", chat, None, now))  # type: ignore[misc]
            for n in range(CALLERS)
        )
    )
    async with stores[0].read() as tx:
        assert len(await people.queues_of_chat(tx, chat)) == 1


async def test_a_slot_holds_one_waiting_message(stores: list[Store], now: datetime) -> None:
    chat = await stores[0].run(lambda tx: add_chat(tx, "u1", now))
    await all_at_once(stores, lambda tx: outbox.put(tx, chat_id=chat, body={}, lane=1, now=now, slot="card:1"))
    async with stores[0].read() as tx:
        assert await outbox.backlog(tx) == (1, 0)


async def test_words_added_at_once_are_all_kept(stores: list[Store], now: datetime) -> None:
    request = await stores[0].run(lambda tx: add_request(tx, now, text="x"))
    words = [f"w{n:02}" for n in range(CALLERS)]

    async def add(tx: Tx, word: str) -> None:
        await requests.add_to_original(tx, request.id, word, word)
        await supporters.join(tx, request.id, 5, word, word, now)

    await asyncio.gather(
        *(stores[n % PROCESSES].run(lambda tx, w=w: add(tx, w)) for n, w in enumerate(words))  # type: ignore[misc]
    )
    async with stores[0].read() as tx:
        assert sorted((await requests.get_original(tx, request.id)).text.split("\n")[1:]) == words
        assert sorted((await requests.get(tx, request.id)).text.split("\n")[1:]) == words
        assert sorted((await supporters.find_original(tx, request.id, 5) or "").split("\n")) == words


async def test_the_first_to_keep_a_setting_has_it(stores: list[Store]) -> None:
    numbers = iter(range(CALLERS))
    kept = await all_at_once(stores, lambda tx: counters.keep_setting(tx, "epoch", str(next(numbers))))
    assert len(set(kept)) == 1


async def test_of_fifty_claims_at_once_one_wins(stores: list[Store], now: datetime) -> None:
    for _ in range(3):
        request = await stores[0].run(lambda tx: add_request(tx, now))

        async def claim(tx: Tx, who: int, request: requests.Request = request) -> int:
            try:
                moved = await requests.move(
                    tx, request, "request.claimed", now, actor_id=who, claimer_id=who, claimed_at=now
                )
            except requests.Lost as lost:
                return 0 if lost.request.claimer_id not in (None, who) else -1
            return moved.claimer_id or 0

        won = await asyncio.gather(
            *(stores[n % PROCESSES].run(lambda tx, n=n: claim(tx, n + 1)) for n in range(50))  # type: ignore[misc]
        )
        (winner,) = [who for who in won if who]
        async with stores[1].read() as tx:
            assert (await requests.get(tx, request.id)).claimer_id == winner


# -------------------------------------------------------------------- work that is done again


async def test_both_of_a_deadlock_go_through(fresh: Fresh) -> None:
    store = Store(Database(fresh("postgresql"), "street"), Ids(), Sealer([new_key()]))
    assert await cross(store, store) >= 3, (
        "one was given up; it may come before the other again, which is given up then"
    )
    await store.database.close()


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_lost_work_is_done_again_from_its_beginning(fresh: Fresh, state: str) -> None:
    store = Store(Database(fresh("postgresql"), "street"), Ids(), Sealer([new_key()]))
    numbers: list[int] = []

    async def work(tx: Tx) -> str:
        numbers.append(await counters.next_number(tx))
        if len(numbers) < 3:
            await tx.connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '{state}'; END $$"))
        return "done"

    assert await store.run(work) == "done"
    assert numbers == [counters.FIRST] * 3
    numbers.clear()

    async def always(tx: Tx) -> None:
        numbers.append(1)
        await tx.connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(DBAPIError, match="lost"):
        await store.run(always)
    assert len(numbers) == TRIES
    await store.database.close()


async def test_other_faults_are_not_tried_again(stores: list[Store]) -> None:
    begun = []

    async def work(tx: Tx) -> None:
        begun.append(1)
        await tx.connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError, match="nowhere"):
        await stores[0].run(work)
    assert begun == [1]


async def test_a_server_that_was_restarted_costs_nothing(fresh: Fresh, cluster: Cluster) -> None:
    """What was acknowledged is there, the work under way is done again, and an outage is called one."""
    store = Store(Database(fresh("postgresql"), "street"), Ids(), Sealer([new_key()]))
    assert await store.run(counters.next_number) == counters.FIRST
    begun = []

    async def work(tx: Tx) -> int:
        number = await counters.next_number(tx)
        if not begun:
            await asyncio.to_thread(cluster.stop)
            await asyncio.to_thread(cluster.start)
        begun.append(number)
        return await counters.next_number(tx)

    assert await store.run(work) == counters.FIRST + 2
    assert begun == [counters.FIRST + 1] * 2
    await asyncio.to_thread(cluster.stop)
    try:
        with pytest.raises(Unavailable):
            await store.run(counters.next_number)
    finally:
        await asyncio.to_thread(cluster.start)
    assert await store.run(counters.next_number) == counters.FIRST + 3
    await store.database.close()


async def test_a_connection_lost_with_the_last_words_before_the_commit(fresh: Fresh) -> None:
    """Nothing of it was saved: it is begun anew, and nobody hears of it."""
    store = Store(Database(fresh("postgresql"), "street"), Ids(), Sealer([new_key()]))
    begun: list[int] = []

    async def hang_up(tx: Tx) -> None:
        if len(begun) == 1:
            with pytest.raises(DBAPIError):
                await tx.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await counters.set_setting(tx, "last", "word")

    async def work(tx: Tx) -> None:
        begun.append(await counters.next_number(tx))
        tx.endings["hang up"] = hang_up

    await store.run(work)
    assert begun == [counters.FIRST] * 2
    async with store.read() as tx:
        assert await counters.find_setting(tx, "last") == "word"
    await store.database.close()


def test_a_connection_lost_in_the_commit_is_not_taken_for_lost_work() -> None:
    gone = DBAPIError("COMMIT", {}, ConnectionError(), connection_invalidated=True)
    assert not may_run_again(gone, committing=True)
    assert may_run_again(gone, committing=False)
    assert may_run_again(Unavailable("connection refused"), committing=False)
    assert not may_run_again(Unavailable("wrong password", "28P01"), committing=False)
