"""Activities and posts on both databases: never more people than places, whoever waits moves up, hours once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from storage import activities, duties, members
from storage.activities import Activity, Seat
from storage.members import MemberState
from storage.tx import Store, Tx


async def announced(store: Store, now: datetime, places: int) -> Activity:
    async with store.write() as tx:
        return await activities.announce(
            tx,
            by=9,
            now=now,
            words="扫楼道",
            queue="desk:c1",
            community="c1",
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=1, hours=2),
            places=places,
        )


async def test_many_at_once_get_as_many_places_as_there_are(store: Store, now: datetime) -> None:
    made = await announced(store, now, 3)

    async def join(person: int) -> Seat:
        async def work(tx: Tx) -> Seat:
            return await activities.join(tx, await activities.get(tx, made.id), person, now)

        return await store.run(work)

    seats = await asyncio.gather(*(join(n) for n in range(1, 9)))
    assert seats.count(Seat.JOINED) == 3
    assert seats.count(Seat.WAITING) == 5
    async with store.read() as tx:
        assert (await activities.get(tx, made.id)).taken == 3


async def test_a_place_that_is_given_back_at_this_moment_is_taken(store: Store, now: datetime) -> None:
    made = await announced(store, now, 1)
    async with store.write() as tx:
        assert await activities.join(tx, made, 1, now) is Seat.JOINED

    async def join(tx: Tx) -> Seat:
        return await activities.join(tx, made, 2, now)

    async with store.write() as tx:
        assert await activities.leave(tx, made, 1, now) == (True, None)
        joining = asyncio.create_task(store.run(join))
        await asyncio.wait({joining}, timeout=0.3)
    assert await joining is Seat.JOINED


async def test_the_first_who_waits_moves_up(store: Store, now: datetime) -> None:
    made = await announced(store, now, 1)
    async with store.write() as tx:
        assert await activities.join(tx, made, 1, now) is Seat.JOINED
        for later, who in enumerate((2, 3), 1):
            assert await activities.join(tx, made, who, now + timedelta(minutes=later)) is Seat.WAITING
        assert await activities.join(tx, made, 2, now) is Seat.WAITING
        assert await activities.leave(tx, made, 1, now) == (True, 2)
        assert await activities.leave(tx, made, 1, now) == (False, None)
        assert await activities.leave(tx, made, 3, now) == (True, None)
        assert await activities.leave(tx, made, 2, now) == (True, None)
        assert (await activities.get(tx, made.id)).taken == 0
        assert await activities.join(tx, made, 1, now) is Seat.JOINED


async def test_hours_are_recorded_once_and_taken_back_once(store: Store, now: datetime) -> None:
    made = await announced(store, now, 1)
    async with store.write() as tx:
        assert await activities.arrive(tx, made, 5, made.starts_at)
        assert not await activities.arrive(tx, made, 5, made.starts_at)
        part = await activities.find_part(tx, made.id, 5)
        assert part is not None
        assert await activities.serve(tx, made, part, 1.5, made.ends_at, by=5)
        assert not await activities.serve(tx, made, part, 1.5, made.ends_at, by=5)
        year = (now - timedelta(days=300), now + timedelta(days=30))
        assert [(a.id, hours) for a, hours in await activities.of_person(tx, 5, *year)] == [(made.id, 1.5)]
        part = await activities.find_part(tx, made.id, 5)
        assert part is not None
        assert await activities.unserve(tx, made, part, now, by=9)
        assert not await activities.unserve(tx, made, part, now, by=9)
        assert await activities.of_person(tx, 5, *year) == []


async def test_the_last_place_of_a_post_goes_to_one(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        duty = await duties.offer(tx, words="巡楼道", places=1, queue="desk:c1", by=9, now=now)

    async def take(person: int) -> bool:
        async def work(tx: Tx) -> bool:
            return await duties.take(tx, await duties.get(tx, duty.id), person, now)

        return await store.run(work)

    assert sorted(await asyncio.gather(*(take(n) for n in (1, 2, 3)))) == [False, False, True]
    async with store.read() as tx:
        assert await duties.listed(tx) == []


async def test_a_new_registration_takes_the_place_of_the_old_when_it_is_confirmed(store: Store, now: datetime) -> None:
    values = {"kind": "member", "unit": "供电所", "branch": "一支部", "skills": "", "words": "会电工"}
    place = {"community": "c1", "grid": "", "queue": "desk:c1"}
    async with store.write() as tx:
        first = await members.register(tx, person_id=1, now=now, **values, **place)
        assert await members.decide(tx, first, yes=True, by=9, now=now)
        assert not await members.decide(tx, first, yes=False, by=9, now=now)
        second = await members.register(tx, person_id=1, now=now, **values | {"branch": "二支部"}, **place)
        assert [m.id for m in await members.confirmed(tx, "c1")] == [first.id]
        assert await members.decide(tx, second, yes=True, by=9, now=now)
        assert [m.branch for m in await members.confirmed(tx)] == ["二支部"]
        assert (await members.get(tx, first.id)).state is MemberState.LEFT
