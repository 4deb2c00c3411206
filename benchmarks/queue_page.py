"""The page of a queue over HTTP, with so many records behind it: the room's page, and its posts as the page fetches them.

    python -m benchmarks.queue_page [--records 1000000] [--pages 300] [--peers [--peer-records 100000]]

One caller, so that nothing waits for anything else. With --peers the same client then asks Roundup and django-helpdesk
for the pages of theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from benchmarks.neighbours import Person
from benchmarks.peers.running import PEERS, running
from benchmarks.street import Street, opened, options

QUEUE = "grid:yinxing-01"
PATHS = (f"/room/{QUEUE}", f"/api/rooms/{QUEUE}/messages?limit=50")


async def run(folder: Path, given: argparse.Namespace) -> None:
    """Prints a line for each address."""
    async with opened(folder, given, residents=8) as street:
        await asyncio.gather(*[street.register(n) for n in range(40)])  # the room has something to show
        worker = await street.workers[QUEUE].get()
        for path in PATHS:
            await _measure(street, worker, path, given.pages)
    for peer in PEERS if given.peers else ():
        async with running(peer, folder, given.peer_records) as one:
            for path, (p50, p95, p99) in (await one.page(given.pages)).items():
                name = f"{peer.name} {path[:32]} at {given.peer_records}"
                print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms")


async def _measure(street: Street, worker: Person, path: str, pages: int) -> None:
    taken, cpu = [], street.stage.cpu()
    for _ in range(pages):
        began = time.perf_counter()
        await worker.wire.ask("GET", path)
        taken.append((time.perf_counter() - began) * 1000)
    cuts, used = quantiles(taken, n=100), (street.stage.cpu() - cpu) / pages * 1000
    print(f"{path}: p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms; {used:.1f} ms of processor")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument(
        "--peers", action="store_true", help="beside Roundup and django-helpdesk, installed when needed"
    )
    parser.add_argument("--peer-records", type=int, default=100_000)
    given = options(parser).parse_args()
    with tempfile.TemporaryDirectory(prefix="linli-pages-", dir=given.folder) as folder:
        asyncio.run(run(Path(folder), given))


if __name__ == "__main__":
    main()
