"""Statements by what they are for: those of a whole lifecycle over HTTP, or those of follow-ups that are due at once.

    python -m benchmarks.statements [--lifecycles 20] [--at-once 8] [--postgresql]
    python -m benchmarks.statements --timers 300 [--postgresql]

The program and the people run in this one process, so that every statement can be seen. On PostgreSQL each is a round
trip, BEGIN and COMMIT too; a list of rows in one go counts once. Counts do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.crowd import resolved
from benchmarks.stage import STREET, Stage, all_queues
from benchmarks.street import WORKERS, Street, server, worker_name
from bot.config import load_config
from bot.program import sealing_keys
from bot.serve import run_program
from storage.database import Database
from storage.ids import Ids
from storage.links import PostgresLink
from storage.plans import Plans
from storage.seal import Sealer, new_key
from storage.tx import Store

_BELOW = ("tx.py", "links.py", "plans.py", "database.py")
"""Files of storage that only pass statements on."""


class Count:
    """Counts while it is `on`: by the function of storage that asks, and by who called it."""

    def __init__(self) -> None:
        self.on = False
        self.asked: Counter[tuple[str, str]] = Counter()
        self.ends: Counter[str] = Counter()
        Plans.watch = staticmethod(self._statement)  # type: ignore[assignment]
        real = PostgresLink.run_on_driver

        async def run_on_driver(link: PostgresLink, sql: str, work: Any) -> None:
            self.ends[sql] += self.on
            await real(link, sql, work)

        PostgresLink.run_on_driver = run_on_driver  # type: ignore[method-assign]

    def _statement(self, _statement: Any, _sql: str) -> None:
        if not self.on:
            return
        frame, asker, caller = sys._getframe(2), "", ""
        while frame is not None and not caller:
            folder, _, name = frame.f_code.co_filename.rpartition("/")
            if folder.endswith("/storage"):
                asker = asker or ("" if name in _BELOW else f"{name}:{frame.f_code.co_name}")
            elif "/handlers" in folder or "/bot" in folder:
                caller = f"{name}:{frame.f_code.co_name}"
            frame = frame.f_back  # type: ignore[assignment]
        self.asked[asker or "at the end", caller] += 1

    def show(self, number: int, what: str, seconds: float) -> None:
        """The table, by one of `number`."""
        ours = sum(self.asked.values())
        ends = ", ".join(f"{name} {count / number:.2f}" for name, count in sorted(self.ends.items()))
        print(f"{ours / number:.1f} statements a {what}{'; ' + ends if ends else ''}; {number / seconds:.1f} {what}s/s")
        by_asker: Counter[str] = Counter()
        for (asker, _), count in self.asked.items():
            by_asker[asker] += count
        for asker, count in by_asker.most_common():
            callers = [(c, n) for (a, c), n in self.asked.items() if a == asker]
            told = ", ".join(f"{c or '?'} {n / number:.2f}" for c, n in sorted(callers, key=lambda x: -x[1])[:5])
            print(f"  {count / number:6.2f}  {asker:34} {told}")


async def lifecycles(stage: Stage, count: Count, number: int, at_once: int) -> None:
    """Whole lifecycles, after some that fill what is remembered."""
    street = Street(stage)
    wanted = {worker_name(q, n): grant for q, grant in all_queues().items() for n in range(WORKERS)}
    links = await stage.prepare(wanted, "web", "")
    async with _running(stage), AsyncExitStack() as held:
        await street.enter(held, links, at_once)
        for first, last in ((0, at_once), (at_once, at_once + number)):
            waiting, began = iter(range(first, last)), time.perf_counter()
            count.on = first > 0

            async def some(numbers: Any = waiting) -> None:
                for index in numbers:
                    await street.live(index)

            await asyncio.gather(*[some() for _ in range(at_once)])
        count.on = False
        count.show(number, "lifecycle", time.perf_counter() - began)
        print("\n".join([f"{street.tally.done} done, {street.tally.failed} failed", *street.tally.errors]))


async def timers(stage: Stage, count: Count, number: int) -> None:
    """So many follow-ups due at once, from the start of the program until the last is said."""
    await stage.prepare({}, "web", "")
    config = load_config(stage.config)
    database = Database(config.storage.url, STREET)
    store = Store(database, Ids(), Sealer(sealing_keys(config)))
    async with store.write() as tx:
        for n in range(number):
            await resolved(tx, n, datetime.now(UTC))
    count.on, began = True, time.perf_counter()
    async with _running(stage):
        while await _left(database, number):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.1)
        count.on = False
        count.show(number, "follow-up", time.perf_counter() - began)
    await database.close()


async def _left(database: Database, number: int) -> bool:
    async with database.read() as connection:
        found = await connection.exec_driver_sql("SELECT count(*) FROM web_posts WHERE direction = 'out'")
        return int(found.scalar_one()) < number


@asynccontextmanager
async def _running(stage: Stage) -> AsyncIterator[None]:
    """The program, in this very loop, while the block lasts."""
    task = asyncio.create_task(run_program(load_config(stage.config), intake=True, delivery=True))
    while not await _answers(stage.port):
        if task.done():
            task.result()
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await task


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lifecycles", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--timers", type=int, default=0)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-statements-") as folder, ExitStack() as held:
        url = held.enter_context(server()) if given.postgresql else ""
        stage = Stage(Path(folder), url=url, key=new_key(), at_once=True)
        work = (
            timers(stage, Count(), given.timers)
            if given.timers
            else lifecycles(stage, Count(), given.lifecycles, given.at_once)
        )
        asyncio.run(work)


if __name__ == "__main__":
    main()
