"""A process that keeps receipts, some in each transaction, and says each number once it is on disk, until it is killed.

Usage: python -m tests.storage.committing DATABASE-URL SEALING-KEY BATCH
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from datetime import UTC, datetime

from storage import receipts
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store


async def commit_for_ever(url: str, key: str, batch: int) -> None:
    store = Store(Database(url, "street"), Ids(), Sealer([key]))
    for first in itertools.count(0, batch):
        updates = [(str(number), {"text": f"message {number}"}) for number in range(first, first + batch)]
        await store.run(lambda tx, updates=updates: receipts.save(tx, "web", "", updates, datetime.now(UTC)))  # type: ignore[misc]
        sys.stdout.write("".join(f"{number}\n" for number, _ in updates))
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(commit_for_ever(sys.argv[1], sys.argv[2], int(sys.argv[3])))
