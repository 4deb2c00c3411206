"""Random lives of wishes with several adopters, compared step by step with a simple model: python -m benchmarks.wish_machine.

The model and the acts are in tests/storage/wish_model.py; a first difference ends it with everything that was done.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from storage import migrate
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.wish_model import Run

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
BATCH = 50
"""Runs in one transaction."""


async def play(runs: int, steps: int) -> float:
    """Seconds; raises AssertionError at the first difference."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'machine.db'}", "street")
        await migrate.upgrade(database)
        store = Store(database, Ids(), Sealer([new_key()]))
        began = time.monotonic()
        for first in range(0, runs, BATCH):
            async with store.write() as tx:
                for seed in range(first, min(first + BATCH, runs)):
                    await Run(seed).play(tx, NOW, steps)
        await database.close()
    return time.monotonic() - began


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=18)
    asked = parser.parse_args()
    seconds = asyncio.run(play(asked.runs, asked.steps))
    print(f"{asked.runs} runs of {asked.steps} acts in {seconds:.0f} s: no difference from the model")


if __name__ == "__main__":
    main()
