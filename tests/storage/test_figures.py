"""The counts behind the indicators, worked out by hand for a handful of records."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import figures, requests
from storage.requests import Request
from storage.tx import Store, Tx
from tests.storage.samples import add_request, of_tenant
from workflow.indicators import Counts

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def claim(tx: Tx, request: Request, at: datetime) -> Request:
    return await requests.move(
        tx, request, "request.claimed", at, actor_id=9, claimer_id=9, claimed_at=at, responded_at=at
    )


async def resolve(tx: Tx, request: Request, at: datetime) -> Request:
    claimed = request if request.claimer_id else await claim(tx, request, at)
    return await requests.move(
        tx, claimed, "request.resolved", at, actor_id=9, resolved_at=at, resolution=claimed.resolution + 1
    )


async def close(tx: Tx, request: Request, at: datetime, solved: str, stars: int | None) -> Request:
    await requests.rate(tx, request, 1, solved, stars, "", at)
    return await requests.move(tx, request, "request.rated", at, actor_id=1, closed_at=at)


async def reopen(tx: Tx, request: Request, at: datetime) -> Request:
    return await requests.move(
        tx,
        request,
        "request.reopened",
        at,
        actor_id=1,
        claimer_id=None,
        responded_at=None,
        closed_at=None,
        reopened=request.reopened + 1,
        started_at=at,
        respond_due_at=at + HOUR,
        resolve_due_at=at + DAY,
    )


async def counts(tx: Tx, now: datetime, queue: str = "grid:g1") -> Counts:
    return (await figures.counts_by_scope(tx, now))[queue]


async def test_nothing_is_due_before_its_time(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await add_request(tx, now)
        assert await counts(tx, now) == Counts(received=1)
        assert await counts(tx, now + HOUR) == Counts(received=1, due_for_response=1)
        assert await counts(tx, now + DAY) == Counts(received=1, due_for_response=1, due_for_resolution=1)


async def test_what_was_done_early_is_counted_at_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await resolve(tx, await add_request(tx, now), now + timedelta(minutes=30))
        assert await counts(tx, now + HOUR / 2) == Counts(
            received=1,
            due_for_response=1,
            responded_in_time=1,
            due_for_resolution=1,
            resolved_in_time=1,
            resolved=1,
            handling_minutes=(30,),
        )


async def test_late_is_late(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        late = await claim(tx, await add_request(tx, now), now + HOUR + timedelta(microseconds=1))
        await resolve(tx, late, now + DAY + timedelta(microseconds=1))
        found = await counts(tx, now + 2 * DAY)
        assert (found.responded_in_time, found.due_for_response) == (0, 1)
        assert (found.resolved_in_time, found.due_for_resolution) == (0, 1)
        assert found.handling_minutes == (24 * 60,)


async def test_ratings_count_as_given_and_silence_as_nothing(store: Store, now: datetime) -> None:
    answers: list[tuple[str, int | None]] = [("yes", 5), ("yes", 4), ("partly", 3), ("yes", None)]
    async with store.write() as tx:
        for place, (solved, stars) in enumerate(answers):
            done = await resolve(tx, await add_request(tx, now, place_text=str(place)), now)
            await close(tx, done, now + HOUR, solved, stars)
        silent = await resolve(tx, await add_request(tx, now, place_text="silent"), now)
        await requests.move(tx, silent, "request.expired", now + DAY, actor_id=None, closed_at=now + DAY)
        found = await counts(tx, now + 2 * DAY)
        assert (found.resolved, found.rated, found.solved, found.partly_solved) == (5, 4, 3, 1)
        assert (found.five_stars, found.four_stars, found.three_stars) == (1, 1, 1)


async def test_what_is_gone_is_received_but_not_due(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        gone = [await add_request(tx, now) for _ in range(3)]
        for request, event in zip(gone, ("withdrawn", "refused", "merged"), strict=True):
            await requests.move(tx, request, f"request.{event}", now, actor_id=1)
        assert await counts(tx, now + 9 * DAY) == Counts(received=3, merged=1)


async def test_a_reopened_record_is_counted_by_its_last_round(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        done = await resolve(tx, await add_request(tx, now), now)
        again = await reopen(tx, await close(tx, done, now + HOUR, "yes", 5), now + 2 * HOUR)
        found = await counts(tx, now + 2 * HOUR)
        assert (found.reopened, found.resolved, found.due_for_resolution, found.resolved_in_time) == (1, 1, 0, 0)
        assert (found.rated, found.solved) == (1, 0)  # it came back: that yes was no solution
        late = await counts(tx, now + 3 * DAY)
        assert (late.due_for_resolution, late.resolved_in_time) == (1, 0)
        await resolve(tx, again, now + 4 * HOUR)
        after = await counts(tx, now + 3 * DAY)
        assert (after.due_for_resolution, after.resolved_in_time, after.rated) == (1, 1, 0)
        assert after.handling_minutes == (240,)


async def test_the_same_matter_within_two_weeks_was_not_solved(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for grid, days, other in (("soon", 14, {}), ("later", 15, {}), ("else", 1, {"item": "facility.road"})):
            done = await resolve(tx, await add_request(tx, now, queue=grid, grid=grid), now)
            await close(tx, done, now, "yes", 5)
            await add_request(tx, now + days * DAY, queue=grid, grid=grid, **other)
        solved = {q: c.solved for q, c in (await figures.counts_by_scope(tx, now + 20 * DAY)).items()}
        assert solved == {"soon": 0, "later": 1, "else": 1}


async def test_each_queue_has_its_own_counts(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await add_request(tx, now)
        other = await add_request(tx, now, queue="dept:road")
        await requests.change(tx, other.id, supervised=True)
        await add_request(of_tenant(tx, "elsewhere"), now)
        assert await figures.counts_by_scope(tx, now) == {
            "grid:g1": Counts(received=1),
            "dept:road": Counts(received=1, escalated=1),
        }
        assert await figures.counts_by_scope(of_tenant(tx, "nobody"), now) == {}
