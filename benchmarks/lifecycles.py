"""Whole lifecycles over HTTP: report, confirm, claim, resolve, and a rating of two questions, many people at once.

    python -m benchmarks.lifecycles [--lifecycles 300] [--at-once 32] [--records 1000000] [--postgresql]

The program runs in a process of its own; residents and staff are scripted and use the web chat's HTTP API. Read the
processor time per update: the machine is shared with whoever drives it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.neighbours import Tally
from benchmarks.street import Street, opened, options


async def live(street: Street, lifecycles: int, at_once: int, first: int = 0) -> Tally:
    """So many lifecycles from this number on, so many at a time; prints the figures."""
    waiting = iter(range(first, first + lifecycles))

    async def some() -> None:
        for index in waiting:
            await street.live(index)

    cpu, began, own = street.stage.cpu(), time.perf_counter(), time.process_time()
    await asyncio.gather(*[some() for _ in range(at_once)])
    seconds, used, own = time.perf_counter() - began, street.stage.cpu() - cpu, time.process_time() - own
    show(street.tally, seconds, used, own, street.stage.memory())
    return street.tally


def show(tally: Tally, seconds: float, used: float, own: float, memory: float) -> None:
    """The figures of a run."""
    p50, p99 = tally.cuts()
    print(f"lifecycles {tally.done} of {tally.done + tally.failed} in {seconds:.1f} s: {tally.done / seconds:.1f}/s")
    print(f"updates {tally.updates}: {tally.updates / seconds:.0f}/s, answered in p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    update, lifecycle = used / max(tally.updates, 1) * 1000, used / max(tally.done, 1) * 1000
    print(f"processor: {update:.2f} ms/update, {lifecycle:.1f} ms/lifecycle, {used / seconds:.0%} of a core;")
    print(f"  at a whole core {1000 / max(lifecycle, 1e-9):.1f} lifecycles/s; the people here took {own / seconds:.0%}")
    print(f"memory of the program: {memory:.0f} MB")
    for step in tally.steps:
        p50, p99 = tally.cuts(step)
        print(f"  {step:8} p50 {p50:6.0f} ms  p99 {p99:6.0f} ms  ({len(tally.steps[step])})")
    for error in tally.errors[:5]:
        print("  ", error)


async def run(folder: Path, given: argparse.Namespace) -> Tally:
    """The whole run in this folder."""
    async with opened(folder, given, residents=given.at_once) as street:
        return await live(street, given.lifecycles, given.at_once)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lifecycles", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=32)
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-lifecycles-", dir=given.folder) as folder:
        tally = asyncio.run(run(Path(folder), given))
    raise SystemExit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
