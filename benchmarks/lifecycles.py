"""Whole lifecycles over HTTP: report, confirm, claim, resolve, and a rating of two questions, many people at once.

    python -m benchmarks.lifecycles [--lifecycles 300] [--at-once 32] [--records 1000000] [--url URL]

The program runs in a process of its own; residents and staff are scripted and use the web chat's HTTP API. Read the
processor time per update: the machine is shared with whoever drives it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.neighbours import Person, Tally, matter, rate, report, work
from benchmarks.stage import Stage, all_queues
from bot.catalogue import SHIPPED_STREET, build_city

WORKERS = 3
"""Staff in each queue."""


class Street:
    """The people of one run, signed in."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.residents: asyncio.Queue[Person] = asyncio.Queue()
        self.workers: dict[str, asyncio.Queue[Person]] = {}
        self.names: dict[str, str] = {}

    @classmethod
    async def enter(cls, held: AsyncExitStack, stage: Stage, links: dict[str, str], residents: int) -> Street:
        """Everybody signs in."""
        street = cls(Tally())
        org = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}).org
        for queue in all_queues():
            street.names[org.name_of(queue)] = queue
            street.workers[queue] = asyncio.Queue()
            for n in range(WORKERS):
                worker = await Person.enter(stage.port, street.tally, links[_worker(queue, n)])
                held.push_async_callback(worker.close)
                street.workers[queue].put_nowait(worker)
        for _ in range(residents):
            person = await Person.enter(stage.port, street.tally)
            held.push_async_callback(person.close)
            street.residents.put_nowait(person)
        return street

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
        except (LookupError, RuntimeError, OSError, KeyError) as error:
            self.tally.failed += 1
            self.tally.errors.append(f"{type(error).__name__}: {error}"[:300])
        finally:
            self.residents.put_nowait(person)


def _worker(queue: str, n: int) -> str:
    return f"worker-{queue.replace(':', '-')}-{n}"


async def prepare(stage: Stage) -> dict[str, str]:
    """The staff of every queue; their sign-in links by user."""
    return await stage.prepare(
        {_worker(q, n): grant for q, grant in all_queues().items() for n in range(WORKERS)}, "web", ""
    )


async def run(stage: Stage, lifecycles: int, at_once: int) -> Tally:
    """So many lifecycles, so many at a time; prints the figures."""
    async with AsyncExitStack() as held:
        links = await prepare(stage)
        await stage.start()
        street = await Street.enter(held, stage, links, at_once)
        waiting = iter(range(lifecycles))

        async def some() -> None:
            for index in waiting:
                await street.live(index)

        cpu, began = stage.cpu(), time.perf_counter()
        own = time.process_time()
        await asyncio.gather(*[some() for _ in range(at_once)])
        seconds, used, own = time.perf_counter() - began, stage.cpu() - cpu, time.process_time() - own
        show(street.tally, seconds, used, own, stage.memory())
        return street.tally


def show(tally: Tally, seconds: float, used: float, own: float, memory: float) -> None:
    """The figures of a run."""
    p50, p99 = tally.cuts()
    print(f"lifecycles {tally.done} of {tally.done + tally.failed} in {seconds:.1f} s: {tally.done / seconds:.1f}/s")
    print(f"updates {tally.updates}: {tally.updates / seconds:.0f}/s, answered in p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    each = used / max(tally.updates, 1) * 1000
    print(
        f"processor: {each:.2f} ms/update, {used / max(tally.done, 1) * 1000:.1f} ms/lifecycle ({used / seconds:.0%} of a core);"
    )
    print(
        f"at one whole core {tally.done / max(used, 1e-9):.1f} lifecycles/s; the people here took {own / seconds:.0%}; {memory:.0f} MB"
    )
    for step in tally.steps:
        p50, p99 = tally.cuts(step)
        print(f"  {step:8} p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  ({len(tally.steps[step])})")
    for error in tally.errors[:5]:
        print("  ", error)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lifecycles", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=32)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-lifecycles-") as folder:

        async def all_() -> Tally:
            async with Stage(Path(folder), at_once=True) as stage:
                return await run(stage, given.lifecycles, given.at_once)

        tally = asyncio.run(all_())
        raise SystemExit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
