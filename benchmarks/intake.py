"""New records over HTTP, triage included: reports and confirmations by callers that do nothing else.

    python -m benchmarks.intake [--records-made 400] [--callers 8] [--peers]

Each record is two updates, and is answered before the next. With --peers the same client then creates as many records
over REST in Roundup and in django-helpdesk, on the same machine, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.peers.running import PEERS, running
from benchmarks.street import opened, options


async def run(folder: Path, given: argparse.Namespace) -> None:
    """Prints the figures, those of the peers after ours."""
    ours = await own(folder, given)
    for peer in PEERS if given.peers else ():
        async with running(peer, folder, 0) as one:
            theirs = await one.intake(given.made, given.callers)
        print(f"{peer.name}: {theirs:.1f}/s; linli has {ours / theirs:.2f} times as many")


async def own(folder: Path, given: argparse.Namespace) -> float:
    """Records a second of the program itself."""
    async with opened(folder, given, residents=given.callers) as street:
        waiting = iter(range(given.made))

        async def some() -> None:
            for index in waiting:
                await street.register(index)

        cpu, began = street.stage.cpu(), time.perf_counter()
        await asyncio.gather(*[some() for _ in range(given.callers)])
        seconds, used = time.perf_counter() - began, street.stage.cpu() - cpu
        tally = street.tally
        each = used / max(tally.done, 1) * 1000
        print(
            f"linli: {tally.done} records in {seconds:.1f} s: {tally.done / seconds:.1f}/s, {each:.1f} ms of processor"
        )
        for error in tally.errors[:5]:
            print("  ", error)
        return tally.done / seconds


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records-made", dest="made", type=int, default=400)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument(
        "--peers", action="store_true", help="beside Roundup and django-helpdesk, installed when needed"
    )
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-intake-", dir=given.folder) as folder:
        asyncio.run(run(Path(folder), given))


if __name__ == "__main__":
    main()
