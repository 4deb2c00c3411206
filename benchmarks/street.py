"""The street of a load run: the program with so many records behind it, and everybody signed in at its web chat."""

from __future__ import annotations

import argparse
import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from benchmarks.floor import floor
from benchmarks.neighbours import Person, Tally, matter, rate, report, work
from benchmarks.records import make
from benchmarks.stage import Stage, all_queues
from bot.catalogue import SHIPPED_STREET, build_city
from bot.config import load_config
from bot.program import sealing_keys
from storage.seal import new_key
from tests.storage.cluster import DURABLE, Cluster, find_binaries

WORKERS = 3
"""Staff in each queue."""


class Street:
    """The people of one run. `names` gives the queue of a name that residents are told."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tally = Tally()
        self.residents: asyncio.Queue[Person] = asyncio.Queue()
        self.workers: dict[str, asyncio.Queue[Person]] = {}
        self.names: dict[str, str] = {}

    async def enter(self, held: AsyncExitStack, links: dict[str, str], residents: int) -> None:
        """Everybody signs in."""
        org = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}).org
        for queue in all_queues():
            self.names[org.name_of(queue)] = queue
            self.workers[queue] = asyncio.Queue()
            for n in range(WORKERS):
                worker = await Person.enter(self.stage.port, self.tally, links[worker_name(queue, n)])
                held.push_async_callback(worker.close)
                self.workers[queue].put_nowait(worker)
        for _ in range(residents):
            person = await Person.enter(self.stage.port, self.tally)
            held.push_async_callback(person.close)
            self.residents.put_nowait(person)

    async def live(self, index: int) -> None:
        """One lifecycle, by the next resident who is free."""
        person = await self.residents.get()
        try:
            number, queue = await report(person, matter(index))
            waiting = self.workers[self.names[queue]]
            worker = await waiting.get()
            try:
                await work(worker, number)
            finally:
                waiting.put_nowait(worker)
            await rate(person)
            self.tally.done += 1
        except (LookupError, RuntimeError, OSError) as error:
            self.tally.failed += 1
            self.tally.errors.append(f"{type(error).__name__}: {error}"[:300])
        finally:
            self.residents.put_nowait(person)

    async def register(self, index: int) -> None:
        """Report and confirmation only."""
        person = await self.residents.get()
        try:
            await report(person, matter(index))
            self.tally.done += 1
        except (LookupError, RuntimeError, OSError) as error:
            self.tally.failed += 1
            self.tally.errors.append(f"{type(error).__name__}: {error}"[:300])
        finally:
            self.residents.put_nowait(person)


def worker_name(queue: str, n: int) -> str:
    """The web user of a worker."""
    return f"worker-{queue.replace(':', '-')}-{n}"


def options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What every load run can be told about the records behind it."""
    parser.add_argument("--records", type=int, default=0, help="records that are there before the run")
    parser.add_argument("--open", type=int, default=2_000, help="of them open")
    parser.add_argument(
        "--filled", type=Path, help="an SQLite file of benchmarks.records to copy instead of making one"
    )
    parser.add_argument("--key", default="", help="the sealing key of --filled")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, with fsync")
    parser.add_argument("--folder", type=Path, help="where to put the data; default: the system's temporary folder")
    return parser


@asynccontextmanager
async def opened(folder: Path, given: argparse.Namespace, *, residents: int) -> AsyncIterator[Street]:
    """The program runs while the block lasts."""
    print(await asyncio.to_thread(floor, folder))
    async with AsyncExitStack() as held:
        key = given.key or new_key()
        url = held.enter_context(server()) if given.postgresql else ""
        stage = await held.enter_async_context(Stage(folder, url=url, key=key, at_once=True))
        if given.filled is not None:
            await asyncio.to_thread(shutil.copyfile, given.filled, stage.database)
        elif given.records:
            config = load_config(stage.config)
            await make(config.storage.url, given.records, open_ones=given.open, key=sealing_keys(config)[0])
        street = Street(stage)
        wanted = {worker_name(q, n): grant for q, grant in all_queues().items() for n in range(WORKERS)}
        links = await stage.prepare(wanted, "web", "")
        print(f"the program answers after {await stage.start():.1f} s")
        await street.enter(held, links, residents)
        yield street


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL server of its own that writes through to the disk, while the block lasts."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL server here: apt-get install postgresql")
    cluster = Cluster(binaries, **DURABLE)
    try:
        yield cluster.url(cluster.empty())
    finally:
        cluster.close()
