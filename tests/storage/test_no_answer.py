"""A PostgreSQL that does not answer, and says nothing of it: a server that overlooks a deadlock, a network that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

import storage.database
from storage import counters
from storage.database import Database, Unavailable
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import Fresh
from tests.storage.samples import cross

SOON = 0.5
"""Seconds that an everyday statement may take here."""


class Cable:
    """Between the program and the server. What is pulled out carries nothing either way, and nobody hears of it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.plugged = asyncio.Event()
        self.plugged.set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        """The port at our end."""
        carriers: set[asyncio.Task[None]] = set()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await reader.read(65536):
                    await self.plugged.wait()
                    writer.write(data)
                    await writer.drain()
            writer.close()

        async def plug(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            carriers.update(map(asyncio.create_task, (carry(reader, back), carry(there, writer))))

        server = await asyncio.start_server(plug, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for carrier in carriers:
                carrier.cancel()
            await asyncio.gather(*carriers, return_exceptions=True)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    database = Database(url, "street", hurried=True)
    try:
        yield Store(database, Ids(), Sealer([new_key()]))
    finally:
        await database.close()


async def test_a_deadlock_that_the_server_overlooks(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own look comes by the wall clock, which may be put back in that second: ours ends it, both go through."""
    monkeypatch.setattr(storage.database, "WITHIN", SOON)
    url = fresh("postgresql")
    admin = await asyncpg.connect(url)
    await admin.execute(f"ALTER DATABASE {make_url(url).database} SET deadlock_timeout = '10min'")
    async with asyncio.timeout(60), opened(url) as one:
        monkeypatch.setattr(storage.database, "WITHIN", 10 * SOON)  # else both give up at one moment, and meet again
        async with opened(url) as two:
            assert await cross(one, two) >= 3, "at least one was begun anew"
            async with one.read() as tx:
                assert await counters.find_setting(tx, "a") == await counters.find_setting(tx, "b")
            assert await admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0
    await admin.close()


@pytest.mark.parametrize("moment", ["statement", "commit"])
async def test_a_network_that_is_gone_without_a_word(
    fresh: Fresh, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work ends as unavailable, whatever is under way, and goes on by itself when the network is back."""
    for name in ("WITHIN", "ROLLED_BACK_WITHIN", "CONNECT_WITHIN"):  # long enough for what must succeed
        monkeypatch.setattr(storage.database, name, 4 * SOON)
    monkeypatch.setattr(storage.tx, "TRIES", 3)
    url = make_url(fresh("postgresql"))
    assert url.port is not None
    cable = Cable(url.port)

    async def work(tx: Tx) -> None:
        await counters.set_setting(tx, "one", "x")
        cable.plugged.clear()
        if moment == "statement":
            await counters.set_setting(tx, "two", "x")

    async with asyncio.timeout(60), cable.laid() as port:
        there = url.set(port=port).render_as_string(hide_password=False)
        async with opened(there) as store:
            await store.run(lambda tx: counters.set_setting(tx, "one", ""))
            with pytest.raises((Unavailable, DBAPIError)):
                await store.run(work)
            with pytest.raises((Unavailable, DBAPIError)):
                async with store.read() as tx:
                    await counters.find_setting(tx, "one")
            cable.plugged.set()
            await store.run(lambda tx: counters.set_setting(tx, "one", "y"))
            async with store.read() as tx:
                assert await counters.find_setting(tx, "one") == "y"


async def test_a_study_takes_the_time_it_takes(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "WITHIN", SOON)
    async with opened(fresh("postgresql")) as store:

        async def ponder(tx: Tx) -> str:
            await tx.connection.execute(text(f"SELECT pg_sleep({2 * SOON})"))
            return "done"

        assert await store.study(ponder) == "done"
        with pytest.raises(DBAPIError) as refused:
            async with store.read() as tx:
                await ponder(tx)
        assert refused.value.connection_invalidated, "told as a lost connection"


async def test_an_operators_command_takes_the_time_it_takes(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.database, "WITHIN", SOON)
    database = Database(fresh("postgresql"), "street")
    async with database.change() as link:
        await link.exec_driver_sql(f"SELECT pg_sleep({2 * SOON})")
    await database.close()
