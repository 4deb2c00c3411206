"""What one process holds after many updates, and whether that still grows.

    python -m benchmarks.memory [--updates 1000000] [--at-once 32]

The figure is taken twenty times; it must stay below 400 MB and be flat (within 5 %) over the last half.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks.street import opened, options

MOST = 400.0
"""Megabytes."""
LOOKS = 20


async def run(folder: Path, given: argparse.Namespace) -> bool:
    """Whether memory stayed where it should."""
    async with opened(folder, given, residents=given.at_once) as street:
        seen, index = [street.stage.memory()], iter(range(given.updates))
        for look in range(1, LOOKS + 1):

            async def some(until: int = given.updates * look // LOOKS) -> None:
                while street.tally.updates < until:
                    await street.register(next(index))

            await asyncio.gather(*[some() for _ in range(given.at_once)])
            seen.append(street.stage.memory())
            print(f"{street.tally.updates:>9} updates: {seen[-1]:.0f} MB")
        last = seen[LOOKS // 2 :]
        return max(seen) < MOST and max(last) <= min(last) * 1.05


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--at-once", type=int, default=32)
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-memory-", dir=given.folder) as folder:
        good = asyncio.run(run(Path(folder), given))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
