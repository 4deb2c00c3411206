"""The ledger: in order, by name and actor, final, and written once a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from storage import events
from storage.tx import Store, Tx


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


async def test_a_transaction_writes_its_events_in_one_go(store: Store, now: datetime) -> None:
    """However many: the head read and moved once, and one insert."""
    async with store.write() as tx:
        await events.add(tx, "request", 1, "first", now)
    said: list[str] = []

    def note(_statement: object, sql: str) -> None:
        said.append(" ".join(sql.split()[:2]))

    store.database.plans.watch = note
    async with store.write() as tx:
        for n in range(40):
            await events.add(tx, "request", n, "request.noted", now)
        assert not [s for s in said if "events" in s or "ledgers" in s]
    asked = [s.split(".")[0] for s in said]
    assert asked == ["SELECT ledgers", "UPDATE ledgers", "INSERT INTO"]


async def test_what_is_not_written_yet_is_found_all_the_same(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for name in ("a", "b"):
            await events.add(tx, "request", 1, name, now)
            found = await events.find_latest(tx, "request", 1, name)
            assert found is not None
            assert found.name == name
            assert await events.count(tx, name, now, now + timedelta(seconds=1)) == 1
        assert [e.name for e in await events.history(tx, "request", 1)] == ["a", "b"]


async def test_a_transaction_that_fails_leaves_neither_event_nor_head(store: Store, now: datetime) -> None:
    async def work(tx: Tx) -> None:
        await events.add(tx, "request", 1, "request.noted", now)
        await events.flush(tx)
        await events.add(tx, "request", 1, "request.urged", now)
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(work)
    async with store.read() as tx:
        assert await tx.all(select(events.events.c.id)) == []
        assert await tx.all(select(events.ledgers.c.seq)) == []


async def test_words_come_with_their_event_and_are_no_part_of_its_data(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await events.add(tx, "request", 1, "request.noted", now, data={"files": 1}, words="明天来")
        await events.add(tx, "request", 1, "request.urged", now)
    async with store.write() as tx:
        assert [(e.data, e.words) for e in await events.history(tx, "request", 1)] == [
            ({"files": 1}, "明天来"),
            ({}, ""),
        ]
        await tx.run(delete(events.remarks))
        found = await events.find_latest(tx, "request", 1, "request.noted")
        assert found is not None
        assert found.words == ""


async def test_data_is_kept_as_a_database_gives_it_back(store: Store, now: datetime) -> None:
    """What is hashed is what is read later: pairs become lists, numbers as keys become words."""
    async with store.write() as tx:
        await events.add(tx, "request", 1, "request.noted", now, data={"pair": (1, 2), "by": {3: None}, "share": 0.1})
        (only,) = await events.history(tx, "request", 1)
    assert only.data == {"pair": [1, 2], "by": {"3": None}, "share": 0.1}
