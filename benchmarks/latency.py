"""How long people wait for an answer when updates come in at an even pace, and after a spike of ten times as many.

    python -m benchmarks.latency [--rate 50] [--seconds 30]
    python -m benchmarks.latency --rate 10 --seconds 30 --spike 60

People begin lifecycles so that about `--rate` updates a second come in. With `--spike` ten times as many begin for so
many seconds; the run then goes on until answers take as long as before, and says how long that was.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.lifecycles import show
from benchmarks.street import Street, opened, options

UPDATES = 6
"""Of one lifecycle."""
TIMES = 10
"""How many times as much a spike is."""
PATIENCE = 120.0
"""Seconds after a spike in which everything has to be as before."""


class Pace:
    """Lifecycles that begin at an even pace, whether or not the earlier ones are finished."""

    def __init__(self, street: Street) -> None:
        self._street = street
        self._begun: set[asyncio.Task[None]] = set()
        self._index = 0

    async def keep(self, updates: float, seconds: float) -> list[float]:
        """So many updates a second for so long; how long each answer took that came meanwhile."""
        known = {step: len(taken) for step, taken in self._street.tally.steps.items()}
        pause, began, count = UPDATES / updates, time.perf_counter(), 0
        while (now := time.perf_counter()) - began < seconds:
            if now - began >= count * pause:
                task = asyncio.create_task(self._street.live(self._index))
                self._begun.add(task)
                task.add_done_callback(self._begun.discard)
                self._index, count = self._index + 1, count + 1
            await asyncio.sleep(max(0.0, min(0.05, began + count * pause - time.perf_counter())))
        steps = self._street.tally.steps.items()
        return [second for step, taken in steps for second in taken[known.get(step, 0) :]]

    async def end(self) -> None:
        """Returns when everybody is done."""
        while self._begun:
            await asyncio.wait(self._begun)


async def run(folder: Path, given: argparse.Namespace) -> bool:
    """The whole run; whether nothing failed and the time after the spike was short enough."""
    most = given.rate * (TIMES if given.spike else 1)
    async with opened(folder, given, residents=min(int(most * 2) + 20, 400)) as street:
        pace = Pace(street)
        await pace.keep(given.rate, 5)  # what is made once, is made
        street.tally.steps.clear()
        cpu, own, began = street.stage.cpu(), time.process_time(), time.perf_counter()
        before = await pace.keep(given.rate, given.seconds)
        back = await _spike(pace, given, before) if given.spike else 0.0
        await pace.end()
        seconds, used = time.perf_counter() - began, street.stage.cpu() - cpu
        show(street.tally, seconds, used, time.process_time() - own, street.stage.memory())
        return not street.tally.failed and back is not None and back <= 30


async def _spike(pace: Pace, given: argparse.Namespace, before: list[float]) -> float | None:
    """Seconds after the spike until answers took no more than twice as long as before it; None: never."""
    normal = median(before) if before else 0.1
    within = await pace.keep(given.rate * TIMES, given.spike)
    print(f"before the spike p50 {normal * 1000:.0f} ms, in it {median(within) * 1000 if within else 0:.0f} ms")
    began = time.perf_counter()
    while (gone := time.perf_counter() - began) < PATIENCE:
        taken = await pace.keep(given.rate, 2.0)
        if taken and median(taken) <= max(2 * normal, 0.1):
            print(f"as before {gone:.0f} s after the spike")
            return gone
    print(f"not as before within {PATIENCE:.0f} s")
    return None


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50.0, help="updates a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--spike", type=float, default=0.0, help="seconds of ten times as many")
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-latency-", dir=given.folder) as folder:
        good = asyncio.run(run(Path(folder), given))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
