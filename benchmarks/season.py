"""A whole season, from opening to the public report, with as many wishes and adopters as asked, on either database.

python -m benchmarks.season --wishes 200 --adopters 150 [--postgresql]. Everything between a message and the database is real.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from storage import migrate
from storage.database import Database
from tests.handlers.season_steps import season_of
from tests.storage.cluster import Cluster, find_binaries
from tests.town import Town


async def play(url: str, wishes: int, adopters: int) -> float:
    """Seconds for the whole season; raises AssertionError when anything came out wrong."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with Town.open(Path(folder), buttons=True, url=url) as town:
            await season_of(town, wishes, adopters)
    return time.monotonic() - began


async def prepare(url: str) -> None:
    """The schema of the present code."""
    database = Database(url, "linjiang")
    await migrate.upgrade(database)
    await database.close()


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wishes", type=int, default=200)
    parser.add_argument("--adopters", type=int, default=150)
    parser.add_argument("--postgresql", action="store_true", help="on a cluster of its own")
    asked = parser.parse_args()
    cluster = Cluster(find_binaries() or Path()) if asked.postgresql else None
    try:
        url = cluster.url(cluster.template) if cluster else ""
        if cluster:
            asyncio.run(prepare(url))
        seconds = asyncio.run(play(url, asked.wishes, asked.adopters))
    finally:
        if cluster:
            cluster.close()
    kind = "postgresql" if asked.postgresql else "sqlite"
    print(f"{kind}: {asked.wishes} wishes, {asked.adopters} adopters, a season in {seconds:.0f} s, as it should be")


if __name__ == "__main__":
    main()
