"""Adopting alone and with others, waiting, handing over: as a simple model says, and in races."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from storage import adoptions, codes, events, wishes
from storage.adoptions import Holds, Reserved
from storage.tx import Store, Tx
from storage.wishes import Traits, Wish
from tests.storage.samples import add_wish
from tests.storage.wish_model import Run
from workflow.wish import Forbidden, WishState


async def hung(store: Store, now: datetime, shares: int = 1) -> Wish:
    async with store.write() as tx:
        wish = await add_wish(tx, now, traits=Traits(shares=shares))
        return await wishes.move(tx, wish, "wish.published", now, actor_id=1, published_at=now)


@pytest.mark.parametrize("first", range(0, 60, 20))
async def test_random_lives_come_to_what_the_model_says(store: Store, now: datetime, first: int) -> None:
    async with store.write() as tx:
        for seed in range(first, first + 20):
            await Run(seed).play(tx, now, 18)


async def test_of_forty_five_find_a_part(store: Store, now: datetime) -> None:
    wish = await hung(store, now, shares=5)

    async def want(person: int) -> bool:
        async def work(tx: Tx) -> bool:
            await wishes.lock(tx, wish.id)
            try:
                await adoptions.take(tx, await wishes.get(tx, wish.id), person, person, now)
            except Forbidden:
                return False
            return True

        return await store.run(work)

    assert (await asyncio.gather(*(want(person) for person in range(100, 140)))).count(True) == 5
    async with store.read() as tx:
        kept = await wishes.get(tx, wish.id)
        parts = await adoptions.of_wish(tx, wish.id)
        names = [e.name for e in await events.history(tx, "wish", wish.id)]
    assert (kept.state, kept.taken, len(parts)) == (WishState.ADOPTED, 5, 5)
    assert kept.adopter_id == parts[0].person_id
    assert names.count("wish.joined") == 4
    assert names.count("wish.adopted") == 1


async def test_more_parts_than_are_left_are_what_is_left(store: Store, now: datetime) -> None:
    wish = await hung(store, now, shares=4)
    async with store.write() as tx:
        wish = await adoptions.take(tx, wish, 8, 80, now, shares=3)
        with pytest.raises(Holds):
            await adoptions.take(tx, wish, 8, 80, now)
        wish = await adoptions.take(tx, wish, 9, 90, now, shares=9, as_unit=True)
        parts = await adoptions.of_wish(tx, wish.id)
    assert [(p.person_id, p.shares, p.as_unit) for p in parts] == [(8, 3, False), (9, 1, True)]
    assert (wish.state, wish.adopter_id) == (WishState.ADOPTED, 8)


async def test_kept_for_the_first_who_waited_until_the_time_is_over(store: Store, now: datetime) -> None:
    wish = await hung(store, now)
    async with store.write() as tx:
        wish = await adoptions.take(tx, wish, 8, 80, now)
        assert [await adoptions.wait(tx, wish.id, p, now) for p in (20, 21, 20)] == [1, 2, 1]
        wish = await adoptions.leave(tx, wish, 8, now)
        until = now + timedelta(hours=24)
        wish, whom = await adoptions.offer_next(tx, wish, until)
        assert whom == 20
        with pytest.raises(Reserved):
            await adoptions.take(tx, wish, 30, 300, now)
        with pytest.raises(Reserved):
            await adoptions.take(tx, wish, 21, 210, now)
        wish, whom = await adoptions.offer_next(tx, wish, until)
        assert whom == 21
        wish, whom = await adoptions.offer_next(tx, wish, until)
        assert (whom, wish.reserved_for) == (None, None)
        wish = await adoptions.take(tx, wish, 30, 300, now)
        assert await adoptions.waited_by(tx, 20) == []
    assert wish.adopter_id == 30


async def test_what_somebody_has_fulfilled_is_counted(store: Store, now: datetime) -> None:
    wish = await hung(store, now, shares=2)
    async with store.write() as tx:
        for person in (8, 9):
            wish = await adoptions.take(tx, wish, person, person, now)
        wish = await wishes.move(tx, wish, "wish.fulfilled", now, actor_id=9)
        wish = await wishes.move(tx, wish, "wish.thanked", now, actor_id=1)
        ended = await adoptions.end(tx, wish.id, "closed", now)
        assert {a.person_id for a in ended} == {8, 9}
        assert await adoptions.helped(tx, [8, 9, 10]) == {8: 1, 9: 1}
        assert {a.why for a in await adoptions.of_wishes(tx, [wish.id])} == {"closed"}


async def test_a_code_is_for_one_thing_one_time_and_not_for_ever(store: Store, now: datetime) -> None:
    later = now + timedelta(days=3)
    async with store.write() as tx:
        first = await codes.make(tx, "wish.hand", 5, 8, later)
        second = await codes.make(tx, "wish.hand", 5, 8, later)
        assert await codes.find(tx, "wish.hand", first, now) is None
        assert await codes.find(tx, "other", second, now) is None
        assert await codes.find(tx, "wish.hand", second, later) is None
        found = await codes.find(tx, "wish.hand", f"{second[:4].lower()}-{second[4:]}", now)
        assert found is not None
        assert (found.subject_id, found.made_by) == (5, 8)
        await codes.use(tx, "wish.hand", second)
        assert await codes.find(tx, "wish.hand", second, now) is None
