"""Counting messages by the minute and keeping those over the limit; dead letters and figures. On both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from storage import gauges, letters, outbox, pace, receipts, timers
from storage.pace import PERSON, WINDOW
from storage.tx import Store
from tests.storage.conftest import NOW
from tests.storage.samples import add_chat, add_request


async def test_a_minute_counts_and_begins_anew(store: Store) -> None:
    async with store.write() as tx:
        first = [await pace.note(tx, PERSON, 7, NOW + timedelta(seconds=n)) for n in range(3)]
        assert [(p.since, p.messages) for p in first] == [(NOW, 1), (NOW, 2), (NOW, 3)]
        assert (await pace.note(tx, PERSON, 8, NOW)).messages == 1
        assert (await pace.note(tx, PERSON, 7, NOW + WINDOW)).messages == 1


async def test_a_minute_that_is_yet_to_come_begins_anew(store: Store) -> None:
    """The clock went back an hour since."""
    async with store.write() as tx:
        for _ in range(3):
            await pace.note(tx, PERSON, 7, NOW + timedelta(hours=1))
        assert await pace.note(tx, PERSON, 7, NOW) == (NOW, 1, 0)


async def test_none_is_missed_when_many_count_at_once(store: Store) -> None:
    async def one() -> int:
        return (await store.run(lambda tx: pace.note(tx, PERSON, 7, NOW))).messages

    assert sorted(await asyncio.gather(*[one() for _ in range(12)])) == list(range(1, 13))


async def test_what_is_held_comes_back_in_order_and_is_sealed(store: Store) -> None:
    async with store.write() as tx:
        await pace.note(tx, PERSON, 7, NOW)
        for n in range(3):
            await pace.hold(tx, PERSON, 7, 7, {"text": f"银杏苑{n}"})
        await pace.hold(tx, PERSON, 8, 8, {"text": "别人的"})
        rows = await tx.all(select(pace.held.c.message_sealed))
        assert len(rows) == 4
        assert not any("银杏苑".encode() in row.message_sealed for row in rows)
    async with store.write() as tx:
        found = await pace.waiting(tx, PERSON, 7, 10)
        assert [one.message["text"] for one in found] == ["银杏苑0", "银杏苑1", "银杏苑2"]
        assert (await pace.note(tx, PERSON, 7, NOW)).held == 3
        await pace.let_go(tx, PERSON, 7, [one.id for one in found[:2]])
        await pace.begin(tx, PERSON, 7, NOW, 0)
        assert len(await pace.waiting(tx, PERSON, 7, 10)) == 1
        assert await pace.note(tx, PERSON, 7, NOW) == (NOW, 1, 1)


async def test_dead_letters_are_found_and_revived(store: Store) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "w1", NOW)
        ids = [await outbox.put(tx, chat_id=chat, body={"n": n}, lane=outbox.NOTICE, now=NOW) for n in range(3)]
        for one in ids:
            await outbox.bury(tx, one, "blocked")
    async with store.read() as tx:
        assert [(one.id, one.error, one.is_erased) for one in await letters.dead(tx)] == [
            (one, "blocked", False) for one in ids
        ]
        assert await letters.dead(tx, chat_id=chat + 1) == []
    async with store.write() as tx:
        assert await letters.revive(tx, NOW, letter_id=ids[0]) == 1
        assert await letters.revive(tx, NOW, chat_id=chat) == 2
        assert await letters.dead(tx) == []


async def test_figures(store: Store) -> None:
    async with store.write() as tx:
        await receipts.save(tx, "web", "", [("a", {}), ("b", {})], NOW)
        await outbox.put(tx, chat_id=1, body={}, lane=outbox.REPLY, now=NOW)
        await timers.put(tx, NOW, "x", "request", 1)
        await timers.put(tx, NOW + timedelta(days=1), "x", "request", 1)
        await add_request(tx, NOW)
    async with store.read() as tx:
        found = await gauges.measure(tx, NOW)
        assert found.backlog == (2, NOW)
        assert found.lanes == {"press": (0, None), "reply": (1, NOW), "notice": (0, None), "later": (0, None)}
        assert (found.dead, found.timers_waiting, found.timers_overdue, found.records_overdue) == (0, 2, 1, 0)
        assert await gauges.size(store.database, tx) > 10_000
    async with store.read() as tx:
        assert (await gauges.measure(tx, NOW + timedelta(days=2))).records_overdue == 1
