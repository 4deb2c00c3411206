"""Offers: never given more often than there is, no moment twice, free again when nothing comes of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import events, resources
from storage.resources import BookingState, Full, Moved, Resource, ResourceState
from storage.tx import Store, Tx


async def offered(store: Store, now: datetime, **values: Any) -> Resource:
    given: dict[str, Any] = {
        "draft_id": 1,
        "owner_id": 8,
        "chat_id": 80,
        "owner_kind": "unit",
        "owner_label": "临江供电所",
        "form": "resource",
        "theme": "repair",
        "skills": ",electric,",
        "text": "电工两名，周末上门",
        "community": "c1",
        "grid": "",
        "queue": "desk:c1",
        "stock": None,
    }
    async with store.write() as tx:
        made, new = await resources.submit(tx, now=now, **{**given, **values})
        assert new
        return await resources.move(tx, made, "resource.published", now, actor_id=1)


async def test_submitted_once_published_paused_and_listed(store: Store, now: datetime) -> None:
    made = await offered(store, now)
    async with store.write() as tx:
        values = {name: getattr(made, name) for name in Resource._fields[2:14]}
        again, new = await resources.submit(tx, now=now, **values, stock=None)
        assert (again.id, new) == (made.id, False)
        with pytest.raises(Moved):
            await resources.move(tx, made, "resource.published", now, actor_id=1)
        assert [r.id for r in await resources.listed(tx, community="c1", theme="repair")] == [made.id]
        assert await resources.listed(tx, community="c2") == []
        paused = await resources.move(tx, made, "resource.paused", now, actor_id=8)
        assert paused.state is ResourceState.PAUSED
        assert await resources.listed(tx) == []
        assert (await resources.find_by_number(tx, made.number)) == paused
        names = [e.name for e in await events.history(tx, "resource", made.id)]
    assert names == ["resource.submitted", "resource.published", "resource.paused"]


async def book(store: Store, now: datetime, made: Resource, need: int, slot: int | None = None) -> str:
    async def work(tx: Tx) -> str:
        booking = await resources.propose(tx, made, "wish", need, "owner", now, actor_id=8)
        try:
            await resources.book(tx, booking, now, slot_id=slot, actor_id=8)
        except (Full, Moved) as no:
            return type(no).__name__
        return "booked"

    return await store.run(work)


async def test_of_twenty_three_get_what_there_is(store: Store, now: datetime) -> None:
    made = await offered(store, now, stock=3)
    answers = await asyncio.gather(*(book(store, now, made, need) for need in range(20)))
    assert (answers.count("booked"), answers.count("Full")) == (3, 17)
    async with store.read() as tx:
        assert (await resources.get(tx, made.id)).left == 0


async def test_a_moment_is_given_once_and_free_again(store: Store, now: datetime) -> None:
    made = await offered(store, now)
    at, hour = now + timedelta(days=1), timedelta(hours=1)
    async with store.write() as tx:
        assert await resources.add_slot(tx, made, at, at + hour, 1)
        assert not await resources.add_slot(tx, made, at + hour / 2, at + 2 * hour, 1)
        assert await resources.add_slot(tx, made, at + hour, at + 2 * hour, 2)
        free = await resources.free_slots(tx, made.id, now)
        made = await resources.get(tx, made.id)
    assert [s.capacity for s in free] == [1, 2]
    answers = await asyncio.gather(*(book(store, now, made, need, free[0].id) for need in range(8)))
    assert answers.count("booked") == 1
    assert await book(store, now, made, 99) == "Moved"
    async with store.write() as tx:
        need = answers.index("booked")
        (booking,) = await resources.of_need(tx, "wish", need, ("booked",))
        assert len(await resources.free_slots(tx, made.id, now)) == 1
        assert await resources.settle(tx, booking, now, done=False, actor_id=8)
        assert not await resources.settle(tx, booking, now, done=False, actor_id=8)
        assert len(await resources.free_slots(tx, made.id, now)) == 2
        assert (await resources.get(tx, made.id)).used == 0


async def test_what_is_done_stays_used(store: Store, now: datetime) -> None:
    made = await offered(store, now, stock=1)
    assert await book(store, now, made, 5) == "booked"
    async with store.write() as tx:
        await resources.settle_all(tx, "wish", 5, now, done=True, actor_id=1)
        (booking,) = await resources.of_need(tx, "wish", 5, ("done",))
        assert booking.state is BookingState.DONE
        assert (await resources.get(tx, made.id)).left == 0
