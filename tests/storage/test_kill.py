"""kill -9 in the middle of writing: whatever was acknowledged is there, whole, and is not taken twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from storage import receipts
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store

ROOT = Path(__file__).parents[2]


def acknowledged_until_killed(url: str, key: str, lines: int, batch: int) -> list[str]:
    command = [sys.executable, "-m", "tests.storage.committing", url, key, str(batch)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None
        said = [writing.stdout.readline() for _ in range(lines)]
        writing.kill()
        said += writing.stdout.readlines()
    return [line.strip() for line in said if line.endswith("\n")]


async def the_dead_has_ended(store: Store) -> None:
    """PostgreSQL still carries out what a process had sent before it was killed."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    if store.database.is_sqlite:
        return
    for _ in range(6000):
        async with store.write() as tx:  # each time anew: a transaction sees them as they were when it asked first
            if not (await tx.connection.exec_driver_sql(others)).scalar_one():
                return
        await asyncio.sleep(0.02)
    raise AssertionError("it still works")


@pytest.mark.parametrize(("lines", "batch"), [(1, 1), (700, 1), (1, 300), (1_000, 50)])
async def test_what_was_acknowledged_survives(url: str, now: datetime, lines: int, batch: int) -> None:
    key = new_key()
    acknowledged = acknowledged_until_killed(url, key, lines, batch)
    assert len(acknowledged) >= lines
    store = Store(Database(url, "street"), Ids(), Sealer([key]))
    await the_dead_has_ended(store)
    async with store.write() as tx:
        kept = await receipts.waiting(tx, 1_000_000)
        assert [r.external_id for r in kept][: len(acknowledged)] == acknowledged
        assert len(kept) % batch == 0, "a batch is kept whole or not at all"
        assert len(kept) - len(acknowledged) <= batch  # one may be on disk and not, or not wholly, acknowledged yet
        assert all(r.raw == {"text": f"message {r.external_id}"} for r in kept)
        await receipts.save(tx, "web", "", [(r.external_id, {"text": "again"}) for r in kept[-50:]], now)
        assert await receipts.count(tx, receipts.WAITING) == len(kept)
        if store.database.is_sqlite:
            assert (await tx.connection.exec_driver_sql("PRAGMA integrity_check")).scalar_one() == "ok"
    await store.database.close()
