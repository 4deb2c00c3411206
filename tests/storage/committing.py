"""A process that keeps receipts one by one and says each number once it is on disk, until it is killed.

Usage: python -m tests.storage.committing DATABASE-URL SEALING-KEY
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


async def commit_for_ever(url: str, key: str) -> None:
    store = Store(Database(url, "street"), Ids(), Sealer([key]))
    for number in itertools.count():
        async with store.write() as tx:
            await receipts.save(tx, "web", "", [(str(number), {"text": f"message {number}"})], datetime.now(UTC))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(commit_for_ever(sys.argv[1], sys.argv[2]))
