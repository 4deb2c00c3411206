"""After an upgrade everybody is found by the end of their number; done once, by however many processes, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import update

from bot import tails
from storage import counters, people
from storage.people import people as people_table
from storage.tx import Store


async def listed(store: Store, now: datetime, count: int) -> None:
    """People as they were before anybody was asked for by the end of a number."""
    async with store.write() as tx:
        for n in range(count):
            await people.add_known(tx, "residents", "甲", f"139{n:08}", None, now)
        await tx.run(update(people_table).where(people_table.c.tenant == tx.tenant).values(tail_digest=None))


async def found(store: Store, count: int) -> int:
    async with store.read() as tx:
        return sum([len(await people.with_tail(tx, f"{n:04}")) for n in range(count)])


async def test_everybody_is_found_by_the_end_of_their_number_once(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "BATCH", 3)
    await listed(store, now, 7)
    assert await found(store, 7) == 0
    assert await tails.fill(store, 0) == 3
    assert await found(store, 7) == 7
    await listed(store, now, 1)
    assert await tails.fill(store, 0) == 0


async def test_two_processes_may_begin_and_one_may_die(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "BATCH", 2)
    await listed(store, now, 9)
    await store.run(lambda tx: people.fill_tails(tx, 0, 2))  # one that died after its first batch
    assert await found(store, 9) == 2
    async with store.read() as tx:
        assert await counters.find_setting(tx, tails.SETTING) is None
    await asyncio.gather(tails.fill(store, 0), tails.fill(store, 0))
    assert await found(store, 9) == 9
