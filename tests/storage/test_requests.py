"""Records move by compare-and-set with their event, are filed once a draft, and are rated once a result."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage import events, requests
from storage.requests import Lost
from storage.tx import Store
from tests.storage.samples import add_request
from workflow.states import Forbidden, State

HOUR = timedelta(hours=1)


async def test_filing_writes_the_record_and_its_events(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        history = await events.history(tx, "request", request.id)
        assert (request.state, request.number, request.started_at) == (State.QUEUED, 1001, now)
        assert [(e.name, e.target) for e in history] == [
            ("request.received", "received"),
            ("request.queued", "queued"),
        ]
        assert await requests.find_by_number(tx, 1001) == request
        assert await requests.find_by_draft(tx, request.draft_id) == request


async def test_a_draft_is_filed_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        first = await add_request(tx, now, draft_id=5)
        second = await add_request(tx, now, draft_id=5, text="another")
        assert second == first
        assert len(await events.history(tx, "request", first.id)) == 2
        assert await requests.find_by_number(tx, first.number + 1) is None


async def test_what_was_said_is_sealed(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        await requests.add_to_original(tx, request.id, "我是王芳", "我是王*")
        row = await tx.one(select(requests.requests))
        assert row is not None
        kept = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        assert not any(secret.encode() in kept for secret in ("王芳", "13912341234"))
        original = await requests.get_original(tx, request.id)
        assert original.text == "路灯不亮，电话13912341234\n我是王芳"
        assert (await requests.get(tx, request.id)).text.endswith("\n我是王*")


async def test_moving_writes_one_event(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        moved = await requests.move(
            tx, request, "request.claimed", now + HOUR, actor_id=9, data={"k": 1}, claimer_id=9, claimed_at=now + HOUR
        )
        last = (await events.history(tx, "request", request.id))[-1]
        assert (moved.state, moved.claimer_id) == (State.CLAIMED, 9)
        assert (last.name, last.origin, last.target, last.actor_id, last.data) == (
            "request.claimed",
            "queued",
            "claimed",
            9,
            {"k": 1},
        )


async def test_who_comes_second_loses_and_sees_how_it_stands(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        seen = await add_request(tx, now)
        await requests.move(tx, seen, "request.claimed", now, actor_id=9, claimer_id=9)
        with pytest.raises(Lost) as lost:
            await requests.move(tx, seen, "request.claimed", now, actor_id=8, claimer_id=8)
        assert lost.value.request.claimer_id == 9
        assert [e.name for e in await events.history(tx, "request", seen.id)].count("request.claimed") == 1


async def test_of_fifty_claims_at_once_one_wins(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        seen = await add_request(tx, now)

    async def claim(worker: int) -> bool:
        async with store.write() as tx:
            try:
                await requests.move(tx, seen, "request.claimed", now, actor_id=worker, claimer_id=worker)
            except Lost:
                return False
            return True

    won = await asyncio.gather(*(claim(worker) for worker in range(1, 51)))
    assert won.count(True) == 1


@pytest.mark.parametrize("other", [{"queue": "desk:c1"}, {"resolution": 1}])
async def test_a_changed_queue_or_result_loses_too(store: Store, now: datetime, other: dict[str, object]) -> None:
    async with store.write() as tx:
        seen = await add_request(tx, now)
        await requests.change(tx, seen.id, **other)
        with pytest.raises(Lost):
            await requests.move(tx, seen, "request.claimed", now, actor_id=9, claimer_id=9)


async def test_another_claimer_loses_what_was_handed_over(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        queued = await add_request(tx, now)
        mine = await requests.move(tx, queued, "request.claimed", now, actor_id=9, claimer_id=9)
        await requests.move(tx, mine, "request.transferred", now, actor_id=9, claimer_id=8)
        with pytest.raises(Lost):
            await requests.move(tx, mine, "request.resolved", now, actor_id=9, resolved_at=now, resolution=1)


async def test_an_edge_that_is_not_there_is_refused(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        with pytest.raises(Forbidden):
            await requests.move(tx, request, "request.rated", now, actor_id=1)
        assert await requests.get(tx, request.id) == request


async def test_state_and_claimer_change_only_by_moving(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        for values in ({"state": "closed"}, {"claimer_id": 3}):
            with pytest.raises(ValueError, match="only by move"):
                await requests.change(tx, request.id, **values)
        changed = await requests.change(tx, request.id, item="facility.road", supervised=True)
        assert (changed.item, changed.supervised) == ("facility.road", True)


async def test_a_result_is_rated_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now, resolve_due_at=now)
        assert await requests.rate(tx, request, 1, "yes", None, "", now)
        assert not await requests.rate(tx, request, 1, "no", 1, "", now)
        assert await requests.set_stars(tx, request.id, 0, 5)
        assert not await requests.set_stars(tx, request.id, 0, 1)
        await requests.complete_rating(tx, request.id, 0, words="谢谢")
        rating = await requests.find_rating(tx, request.id, 0)
        assert (rating.solved, rating.stars, rating.words) == ("yes", 5, "谢谢")
        later = request._replace(resolution=1)
        assert await requests.rate(tx, later, 1, "no", 1, "", now)
        assert (await requests.find_rating(tx, request.id, 0)).stars == 5


async def test_a_queue_is_read_in_pages(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        filed = [(await add_request(tx, now)).id for _ in range(5)]
        await add_request(tx, now, queue="grid:g2")
        page = await requests.in_queue(tx, ["grid:g1"], ["queued"], limit=2)
        rest = await requests.in_queue(tx, ["grid:g1"], ["queued"], after=page[-1].id)
        assert [r.id for r in page + rest] == filed
        assert await requests.count_by(tx, "queue") == {("grid:g1", "queued"): 5, ("grid:g2", "queued"): 1}
        assert await requests.overdue_by_queue(tx, now + timedelta(days=2)) == {"grid:g1": 5, "grid:g2": 1}
        assert await requests.overdue_by_queue(tx, now) == {}


async def test_a_resident_sees_open_ones_first_and_a_worker_what_they_hold(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        old, gone, other = [await add_request(tx, now, reporter_id=r) for r in (1, 1, 2)]
        await requests.move(tx, gone, "request.withdrawn", now, actor_id=1)
        await requests.move(tx, other, "request.claimed", now, actor_id=9, claimer_id=9)
        assert [r.id for r in await requests.of_reporter(tx, 1)] == [old.id, gone.id]
        assert [r.id for r in await requests.held_by(tx, 9)] == [other.id]


async def test_an_unknown_record_is_said_to_be_unknown(store: Store) -> None:
    async with store.read() as tx:
        assert await requests.find_by_number(tx, 7) is None
        with pytest.raises(LookupError):
            await requests.get(tx, 7)
        with pytest.raises(LookupError):
            await requests.get_original(tx, 7)
