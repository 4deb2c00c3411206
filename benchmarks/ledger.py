"""Measures the ledger: events per second by transactions of several sizes, the walk that verifies them, one claim's statements.

Usage: python -m benchmarks.ledger [--events 20000] [--url URL]   (without --url: a new SQLite file)
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers import claim as claims
from handlers.turn import Turn
from storage import events, ledger, migrate, people, requests
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.handlers.staff_steps import filed
from tests.town import Town

SIZES = (1, 4, 50, 400)
"""Events in one transaction: a note, a claim, a small batch, a batch under load."""


async def write(store: Store, count: int, size: int) -> float:
    """Events per second, with `size` of them in each transaction."""
    began = time.perf_counter()
    for first in range(0, count, size):
        async with store.write() as tx:
            for subject in range(first, first + size):
                data = {"number": subject, "item": "facility.light", "confidence": 0.93}
                await events.add(tx, "request", subject, "request.received", datetime.now(UTC), actor_id=7, data=data)
    return count / (time.perf_counter() - began)


async def walk(store: Store) -> None:
    """Verifies what was written."""
    began = time.perf_counter()
    async with store.read() as tx:
        count, found = await ledger.size(tx), [f async for f in ledger.verify(tx)]
    print(f"verified {count} events: {count / (time.perf_counter() - began):>8.0f} events/s, {len(found)} findings")


async def claim(folder: Path) -> Counter[str]:
    """The statements of one claim, by their first words."""
    async with Town.open(folder) as town:
        await filed(town)
        seen: Counter[str] = Counter()

        def note(_statement: Any, sql: str) -> None:
            seen[" ".join(sql.split()[:3])] += 1

        town.store.database.plans.watch = note
        async with town.store.write() as tx:
            request = await requests.find_by_number(tx, 1001)
            person = await people.find_by_identity(tx, "test", "", "王师傅")
            chat = await people.find_private_chat(tx, person.id) if person else None
            seen.clear()
            await claims.take(
                Turn(town.city, tx, town.now, chat=chat, person=person), {"id": request.id if request else 0}
            )
        return seen


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(given.url or f"sqlite:///{folder}/ledger.db", "bench")
        await migrate.upgrade(database)
        store = Store(database, Ids(), Sealer([new_key()]))
        for size in SIZES:
            count = min(given.events, 500 * size)
            print(f"{size:>4} events a transaction: {await write(store, count - count % size, size):>8.0f} events/s")
        await walk(store)
        await database.close()
        statements = await claim(Path(folder))
        print(f"one claim: {sum(statements.values())} statements, of them {statements['INSERT INTO events']} on events")


if __name__ == "__main__":
    asyncio.run(main())
