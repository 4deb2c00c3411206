"""What a lifecycle costs with many records behind it, beside what it costs with few.

    python -m benchmarks.growth [--few 10000] [--many 1000000] [--lifecycles 200]

Both in one run, one after the other; the same number stands open in both. Read the processor time: it is what the
program itself needs, whoever else uses the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks.lifecycles import live
from benchmarks.street import opened, options


async def run(folder: Path, given: argparse.Namespace, records: int, filled: Path | None) -> float:
    """Milliseconds of processor for one lifecycle."""
    given.records, given.filled = records, filled
    async with opened(folder, given, residents=given.at_once) as street:
        await street.stage.calm()
        await live(street, given.at_once, given.at_once)  # what is made once, is made
        before, done = street.stage.cpu(), street.tally.done
        await live(street, given.lifecycles, given.at_once, given.at_once)  # nobody says the same twice
        return (street.stage.cpu() - before) / max(street.tally.done - done, 1) * 1000


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--lifecycles", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=24)
    given = options(parser).parse_args()
    filled = given.filled
    with tempfile.TemporaryDirectory(prefix="linli-growth-", dir=given.folder) as folder:
        for name in ("few", "many"):
            Path(folder, name).mkdir()
        few = asyncio.run(run(Path(folder, "few"), given, given.few, None))
        many = asyncio.run(run(Path(folder, "many"), given, given.many, filled))
    print(f"{few:.1f} ms with {given.few}, {many:.1f} ms with {given.many} records: {many / few:.2f} times")
    raise SystemExit(0 if many / few <= 1.2 else 1)


if __name__ == "__main__":
    main()
