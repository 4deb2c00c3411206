"""What one process holds after many updates, and whether that still grows.

    python -m benchmarks.memory [--updates 1000000] [--at-once 128] [--minutes M]

The updates are those of whole lifecycles, as in a street that works off what it is told. The figure is taken twenty
times; it must stay below 400 MB and be flat (within 5 %) over the last half. With --minutes nobody begins anything
after that time, and the last half is that of what there was.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.street import opened, options

MOST = 400.0
"""Megabytes."""
LOOKS = 20


async def run(folder: Path, given: argparse.Namespace) -> bool:
    """Whether memory stayed where it should."""
    async with opened(folder, given, residents=given.at_once) as street:
        seen, index, tally = [street.stage.memory()], iter(range(given.updates)), street.tally
        until, looks = time.monotonic() + given.minutes * 60, iter(range(1, LOOKS + 1))
        look = given.updates * next(looks) // LOOKS

        async def some() -> None:
            nonlocal look
            while tally.updates < given.updates and time.monotonic() < until:
                await street.live(next(index))
                if tally.updates >= look:
                    look = given.updates * next(looks, 2 * LOOKS) // LOOKS
                    seen.append(street.stage.memory())
                    print(f"{tally.updates:>9} updates: {seen[-1]:.0f} MB", flush=True)

        await asyncio.gather(*[some() for _ in range(given.at_once)])
        seen.append(street.stage.memory())
        last = seen[len(seen) // 2 :]
        print(f"{tally.updates} updates, {tally.failed} lifecycles failed, {max(seen):.0f} MB at most;", end=" ")
        print(f"in the last half {min(last):.0f} to {max(last):.0f} MB")
        for error in tally.errors[:5]:
            print("  ", error)
        return max(seen) < MOST and max(last) <= min(last) * 1.05 and not tally.failed


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--at-once", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=24 * 60.0)
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-memory-", dir=given.folder) as folder:
        good = asyncio.run(run(Path(folder), given))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
