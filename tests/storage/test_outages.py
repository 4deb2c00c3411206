"""The database is full or away while people write: the platform is told to come again, and afterwards nothing is missing."""

from __future__ import annotations

import asyncio
import getpass
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.kill import Dialogue
from bot.program import Program
from storage import receipts
from storage.database import Database, Unavailable
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.fakes.telegram import TelegramServer
from tests.fakes.telegram.looks import PATIENCE
from tests.fakes.telegram.world import Person
from tests.journeys.test_storms import by_webhook, check_each_has_one, play, until_all_is_said
from tests.storage.cluster import Cluster
from tests.storage.conftest import Fresh
from tests.storage.rooms import SmallDisk, can_mount

STREET = "linjiang"


class Pages:
    """An SQLite file that may not grow: what a full disk is to it, where no disk can be mounted."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def fill(self) -> None:
        async with self._program.store.database.write() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1")  # never below what there is

    async def make_room(self) -> None:
        async with self._program.store.database.write() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count=1073741823")


BALLAST = "·" * 60_000
"""A part of an update that nobody reads and that is stored as it came: so that few fill the room that is left.

A write-ahead log that began anew has megabytes that can be written over though the disk is full. How many get in before
the first 503 depends on chance then (68 without this, 24 with it, else one), and all of them have to be handled in time.
"""


async def statuses_of(
    client: httpx.AsyncClient, server: TelegramServer, *, until: int
) -> tuple[list[int], list[Person]]:
    """Strangers say something one after the other, until the platform is answered this. All answers, and who spoke."""
    found: list[int] = []
    strangers: list[Person] = []
    for number in range(3000):
        stranger = server.person(f"路人{number}", started=True)
        strangers.append(stranger)
        server.text(stranger, "银杏苑3幢2单元楼道灯不亮了，" * 40)
        update = server.queue.sent[-1]
        update["ballast"] = BALLAST
        found.append((await client.post("/hooks/telegram", json=update)).status_code)
        if found[-1] == until:
            return found, strangers
    raise AssertionError(f"never answered {until}")


@asynccontextmanager
async def delivering(server: TelegramServer) -> AsyncIterator[None]:
    """The platform delivers by itself, again and again until it is answered 200."""
    server.hold_updates(False)
    try:
        yield
    finally:
        server.hold_updates()


async def weather_it(server: TelegramServer, client: httpx.AsyncClient, program: Program, disk: Pages | Disk) -> None:
    """Half of the residents are in the middle of a report when the disk is full."""
    server.queue.transport = client._transport
    dialogues = [Dialogue(server, i) for i in range(6)]
    playing = asyncio.create_task(play(dialogues))
    try:
        await server.wait_until(lambda: any(d.reached for d in dialogues))
        await disk.fill()
        server.hold_updates()
        answered, strangers = await statuses_of(client, server, until=503)
        assert set(answered) <= {200, 503}
        for update in server.queue.sent[-3:]:
            assert (await client.post("/hooks/telegram", json=update)).status_code in (200, 503)
        await asyncio.sleep(1.5)  # several looks at what cannot be handled now
        async with program.store.read() as tx:
            assert await receipts.count(tx, receipts.FAILED) == 0, "no update is given up for want of room"
        await disk.make_room()
        server.hold_updates(False)
        await asyncio.wait_for(playing, 2 * PATIENCE)
    finally:
        playing.cancel()
        await disk.make_room()
    await server.wait_until(lambda: not server.queue.pending)
    await until_all_is_said(program)
    async with program.store.read() as tx:
        assert await receipts.count(tx, receipts.DONE) == len(server.queue.sent)
        assert await receipts.count(tx, receipts.FAILED) == 0
    assert all(any(seen.mine for seen in server.seen(stranger)) for stranger in strangers), "each has heard something"
    await check_each_has_one(program, server, dialogues)
    assert not server.violations


class Disk:
    """A mounted disk, as `Pages` is used."""

    def __init__(self, disk: SmallDisk) -> None:
        self._disk = disk

    async def fill(self) -> None:
        await asyncio.to_thread(self._disk.fill)

    async def make_room(self) -> None:
        await asyncio.to_thread(self._disk.make_room)


async def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    mounts = can_mount(tmp_path / "probe")
    async with TelegramServer() as server:
        server.hold_updates(False)
        if mounts:
            with SmallDisk(tmp_path / "disk", 48) as small:
                url = f"sqlite:///{small.folder / 'linli.db'}"
                async with by_webhook(tmp_path, server, url=url) as (program, client):
                    await weather_it(server, client, program, Disk(small))
        else:
            async with by_webhook(tmp_path, server) as (program, client):
                await weather_it(server, client, program, Pages(program))


@contextmanager
def on_a_small_disk(cluster: Cluster, small: SmallDisk) -> Iterator[str]:
    """A database whose tables lie there, as an address."""
    small.give_to("postgres" if os.geteuid() == 0 else getpass.getuser())
    cluster.execute(f"CREATE TABLESPACE small LOCATION '{small.folder}'")
    try:
        cluster.execute(f"CREATE DATABASE small TEMPLATE {cluster.template} TABLESPACE small")
        yield cluster.url("small")
        cluster.execute("DROP DATABASE small WITH (FORCE)")
    finally:
        cluster.execute("DROP TABLESPACE small")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that the server may go into, which is another user."""
    with tempfile.TemporaryDirectory(prefix="linli-disk-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_postgresql_on_a_full_disk(tmp_path: Path, public: Path, cluster: Cluster) -> None:
    """The disk of its tables; the one of its log is another, as in any installation that can."""
    if not can_mount(public / "probe"):
        pytest.skip("no disk can be mounted here")
    with SmallDisk(public / "disk", 96) as small, on_a_small_disk(cluster, small) as url:
        async with (
            TelegramServer() as server,
            by_webhook(tmp_path, server, url=url, key=new_key()) as (program, client),
        ):
            await weather_it(server, client, program, Disk(small))


async def test_sqlite_that_may_not_grow_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'linli.db'}", STREET)
    store = Store(database, Ids(), Sealer([new_key()]))
    async with database.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE heap (x BLOB)")

    async def limit(tx: Tx, pages: int) -> None:
        await tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    async def grow(tx: Tx) -> None:
        await tx.connection.exec_driver_sql("INSERT INTO heap VALUES (zeroblob(100000))")

    await store.run(lambda tx: limit(tx, 1))
    with pytest.raises(Unavailable, match="full") as caught:
        await store.run(grow)
    assert caught.value.code == "SQLITE_FULL"
    await store.run(lambda tx: limit(tx, 1_000_000))
    await store.run(grow)
    await database.close()


async def test_a_restart_of_postgresql_in_the_middle_of_reports(tmp_path: Path, fresh: Fresh, cluster: Cluster) -> None:
    """Twice, as if it were killed; residents only wait."""
    async with (
        TelegramServer() as server,
        by_webhook(tmp_path, server, url=fresh("postgresql"), key=new_key()) as (
            program,
            client,
        ),
    ):
        server.queue.transport = client._transport
        dialogues = [Dialogue(server, i) for i in range(6)]
        playing = asyncio.create_task(play(dialogues))
        try:
            for reached in (1, 2):
                await server.wait_until(lambda n=reached: any(d.reached >= n for d in dialogues))
                await asyncio.to_thread(cluster.stop)
                await asyncio.sleep(0.5)
                await asyncio.to_thread(cluster.start)
            await asyncio.wait_for(playing, 2 * PATIENCE)
        finally:
            playing.cancel()
        await until_all_is_said(program)
        async with program.store.read() as tx:
            assert await receipts.count(tx, receipts.FAILED) == 0
        await check_each_has_one(program, server, dialogues)
        assert not server.violations
