"""Work that is called off in the middle of a statement: nothing stays locked, and whoever comes next is really saved."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

import storage.database
from storage import counters, events
from storage.counters import settings
from storage.database import Database
from storage.ids import Ids
from storage.links import PostgresLink
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import NOW, Fresh

STEPS = 40
"""Turns of the loop in which one change on SQLite is over many times."""


ANSWERS = 4
"""What such a change waits for on PostgreSQL: BEGIN, two statements, COMMIT."""


async def save(store: Store, value: int) -> None:
    """Two settings in one transaction."""

    async def both(tx: Tx) -> None:
        await counters.set_setting(tx, "one", str(value))
        await counters.set_setting(tx, "other", str(value))

    await store.run(both)


async def check_whole(store: Store, value: int) -> list[str]:
    """The next one goes through; what was saved of the two is the same, or nothing at all. It, in the order of names."""
    await asyncio.wait_for(store.run(lambda tx: counters.set_setting(tx, "next", str(value))), 60)
    async with store.read() as tx:  # in one statement: a COMMIT may still be under way
        rows = await tx.all(select(settings.c.name, settings.c.value).where(settings.c.tenant == tx.tenant))
    found = {row.name: row.value for row in rows}
    assert found.pop("next") == str(value)
    assert len(found) in (0, 2)
    assert len(set(found.values())) <= 1
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_called_off_at_any_turn_of_the_loop(store: Store) -> None:
    """Whatever was under way: it is saved whole or not at all, and the next one goes through."""
    seen = []
    for step in range(STEPS):
        task = asyncio.create_task(save(store, step))
        for _ in range(step):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        seen.append(await check_whole(store, step))
    assert seen[0] == []
    assert seen[-1] == [str(STEPS - 1)] * 2


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_called_off_while_the_server_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each of its answers, and then not at all."""
    waits = at = 0

    def strike(name: str) -> None:
        real = getattr(PostgresLink, name)

        async def wait(*given: Any) -> Any:
            nonlocal waits
            waits += 1
            task = asyncio.current_task()
            if waits == at and task is not None:
                task.cancel()
            return await real(*given)

        monkeypatch.setattr(PostgresLink, name, wait)

    await save(store, 0)
    strike("_run")
    strike("run_on_driver")
    for step in range(1, ANSWERS + 2):
        waits, at = 0, step
        await asyncio.gather(asyncio.create_task(save(store, step)), return_exceptions=True)
        at = 0
        seen = await check_whole(store, step)
        assert seen[0] == "0" or step >= ANSWERS
    assert seen == [str(ANSWERS + 1)] * 2


@pytest.mark.parametrize("word", ["BEGIN", "ROLLBACK", "COMMIT"])
async def test_called_off_while_the_server_begins_or_ends(
    word: str, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection that was in use then is not used again in a transaction that never ends."""
    url = fresh("postgresql")
    database = Database(url, "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    real, struck = asyncpg.Connection.execute, []

    async def execute(self: asyncpg.Connection, query: str, *args: Any, **options: Any) -> Any:
        if query.startswith(word) and not struck:
            struck.append(query)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()  # it takes effect where the answer is waited for: the query is on its way by then
        return await real(self, query, *args, **options)

    async def work(tx: Tx) -> None:
        await counters.set_setting(tx, "before", "x")
        if word == "ROLLBACK":
            raise LookupError

    try:
        await store.run(lambda tx: counters.set_setting(tx, "first", "x"))  # so that there is a connection to come back
        monkeypatch.setattr(asyncpg.Connection, "execute", execute)
        with pytest.raises((asyncio.CancelledError, LookupError)):
            await asyncio.create_task(store.run(work))
        assert struck
        for number in range(3):
            await store.run(lambda tx, n=number: counters.set_setting(tx, "next", str(n)))  # type: ignore[misc]
            assert await _seen_elsewhere(url, "next") == str(number), "saved for everybody"
        await _until_nothing_is_open(url)
    finally:
        await database.close()


async def test_a_process_that_stands_still_does_not_hold_the_others_for_ever(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine may be gone: the server ends what it has begun, the others go on, and it begins anew when it wakes."""
    url, others_done, begun = fresh("postgresql"), asyncio.Event(), list[int]()
    living = Database(url, "street")  # this test may stand still itself: the short limit is the frozen one's alone
    monkeypatch.setattr(storage.database, "STANDSTILL", 1)
    frozen = Database(url, "street")
    one, two = (Store(database, Ids(), Sealer([new_key()])) for database in (frozen, living))

    async def stand_still(tx: Tx) -> None:
        seen = await events.last_seq(tx)
        await events.add(tx, "request", 1, "request.noted", NOW)
        await events.flush(tx)  # the head of the ledger is ours until the commit
        begun.append(seen)
        await others_done.wait()
        await events.last_seq(tx)

    try:
        task = asyncio.create_task(one.run(stand_still))
        async with asyncio.timeout(60):
            while not begun:  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.01)
            await two.run(lambda tx: events.add(tx, "request", 2, "request.noted", NOW))
            others_done.set()
            await task
        async with two.read() as tx:
            assert await events.last_seq(tx) == 2
            assert (begun[0], begun[-1]) == (0, 1), "the first time was undone"
    finally:
        await frozen.close()
        await living.close()


async def test_a_statement_that_meets_the_servers_last_word_begins_anew(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver has heard half of the server's goodbye: what it says then is no error of PostgreSQL's."""
    database = Database(fresh("postgresql"), "street")
    store = Store(database, Ids(), Sealer([new_key()]))
    real, struck = PostgresLink._prepare, []

    async def prepare(link: PostgresLink, sql: str) -> Any:
        if "settings" in sql and not struck:
            struck.append(link._connection)
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        return await real(link, sql)

    try:
        monkeypatch.setattr(PostgresLink, "_prepare", prepare)
        await store.run(lambda tx: counters.set_setting(tx, "one", "x"))
        async with store.read() as tx:
            assert await counters.find_setting(tx, "one") == "x"
        assert struck[0].is_closed(), "it is not used again"
    finally:
        await database.close()


async def test_an_operators_long_work_may_stand_still(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "STANDSTILL", 77)
    database = Database(fresh("postgresql"), "street")
    try:
        for way in (database.write, database.read, database.snapshot):
            async with way() as connection:
                assert (await connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout")).scalar() == "0"
        async with database.change() as link:
            assert (await link.exec_driver_sql("SHOW idle_in_transaction_session_timeout")).scalar() == "77s"
    finally:
        await database.close()


async def _seen_elsewhere(url: str, name: str) -> str | None:
    connection = await _connect(url)
    try:
        found: str | None = await connection.fetchval("SELECT value FROM settings WHERE name = $1", name)
        return found
    finally:
        await connection.close()


async def _until_nothing_is_open(url: str) -> None:
    """A server that lost its client notices when it next looks; no transaction may stay open beyond that."""
    connection = await _connect(url)
    open_ = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tr%'"
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval(open_):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def _connect(url: str) -> asyncpg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain)
