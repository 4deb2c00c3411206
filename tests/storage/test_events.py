"""The ledger: in order, by name and actor, and final."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from storage import events
from storage.tx import Store


async def test_what_is_written_is_never_changed_or_removed(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await events.add(tx, "request", 1, "request.noted", now, data={"a": 1})
    for statement in (update(events.events).values(name="x"), delete(events.events)):
        async with store.write() as tx:
            with pytest.raises(DBAPIError, match="never changed"):
                await tx.run(statement)
    async with store.read() as tx:
        assert [e.name for e in await events.history(tx, "request", 1)] == ["request.noted"]


async def test_history_is_in_order_and_of_one_subject(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for n in range(3):
            await events.add(tx, "request", 1, f"e{n}", now)  # the same moment: ids order them
        await events.add(tx, "wish", 1, "other", now)
        await events.add(tx, "request", 2, "other", now)
        assert [e.name for e in await events.history(tx, "request", 1)] == ["e0", "e1", "e2"]


async def test_the_latest_by_name_and_actor(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for actor in (1, 2, 1):
            last = await events.add(tx, "request", 1, "request.urged", now, actor_id=actor)
        found = await events.find_latest(tx, "request", 1, "request.urged")
        assert found is not None
        assert found.id == last
        by_two = await events.find_latest(tx, "request", 1, "request.urged", actor_id=2)
        assert by_two is not None
        assert by_two.id < last
        assert await events.find_latest(tx, "request", 1, "request.noted") is None


async def test_counting_includes_the_first_moment_and_not_the_last(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for minutes in (0, 5, 10):
            await events.add(tx, "request", 1, "request.urged", now + timedelta(minutes=minutes))
        assert await events.count(tx, "request.urged", now, now + timedelta(minutes=10)) == 2
