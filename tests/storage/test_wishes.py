"""Wishes move by compare-and-set, are submitted once a draft, and show no place of home."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from storage import adoptions, events, wishes
from storage.tx import Store
from storage.wishes import Filter, Lost, Traits
from tests.storage.samples import add_request, add_wish
from workflow.wish import Forbidden, WishState


async def test_a_draft_is_submitted_once_and_shares_the_numbers(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        wish = await add_wish(tx, now, draft_id=5)
        assert await add_wish(tx, now, draft_id=5, text="another") == wish
        assert (wish.state, wish.number) == (WishState.SUBMITTED, request.number + 1)
        assert [e.name for e in await events.history(tx, "wish", wish.id)] == ["wish.submitted"]
        assert await wishes.find_by_number(tx, wish.number) == wish
        assert (await wishes.get_original(tx, wish.id))["place"] == "翠湖苑3号楼502"


async def test_of_many_adopters_one_wins(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        wish = await wishes.move(tx, await add_wish(tx, now), "wish.published", now, actor_id=3, published_at=now)

    async def adopt(person: int) -> bool:
        async with store.write() as tx:
            try:
                await wishes.move(tx, wish, "wish.adopted", now, actor_id=person, adopter_id=person)
            except Lost:
                return False
            return True

    assert (await asyncio.gather(*(adopt(person) for person in range(10, 30)))).count(True) == 1
    async with store.read() as tx:
        history = await events.history(tx, "wish", wish.id)
        assert [e.name for e in history] == ["wish.submitted", "wish.published", "wish.adopted"]


async def test_an_edge_that_is_not_there_is_refused(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        wish = await add_wish(tx, now)
        with pytest.raises(Forbidden):
            await wishes.move(tx, wish, "wish.adopted", now, actor_id=3, adopter_id=3)
        with pytest.raises(ValueError, match="only by move"):
            await wishes.change(tx, wish.id, state="published")
        assert (await wishes.change(tx, wish.id, phone_shared=True)).phone_shared


async def test_the_wall_is_read_in_pages_what_waited_longest_first(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for n in range(5):
            wish = await add_wish(tx, now, community="c1" if n < 4 else "c2", wisher_id=n)
            if n:
                await wishes.move(tx, wish, "wish.published", now, actor_id=3, published_at=now)
        first = await wishes.wall(tx, limit=2)
        rest = await wishes.wall(tx, below=first[-1].rank or 0)
        assert [w.wisher_id for w in first + rest] == [4, 3, 2, 1]
        assert [w.wisher_id for w in await wishes.wall(tx, Filter(community="c2"))] == [4]
        assert await wishes.wall(tx, Filter(item="wish.wish.service")) == []
        assert [w.wisher_id for w in await wishes.of_wisher(tx, 3)] == [3]
        await wishes.enter_season(tx, 7)
        late = await wishes.move(tx, await add_wish(tx, now, wisher_id=9), "wish.published", now, actor_id=3)
        assert await wishes.enter_season(tx, 8) == 5
        assert [w.wisher_id for w in await wishes.wall(tx)] == [4, 3, 2, 1, 9]
        assert (await wishes.get(tx, late.id)).season_id == 8
        assert await wishes.counted(tx) == {"published": 5}


async def test_a_desk_reads_what_waits_for_it_and_not_what_waits_for_others(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ours = [await add_wish(tx, now, queue="desk", community="") for _ in range(3)]
        for _ in range(4):
            await add_wish(tx, now)
        await wishes.move(tx, ours[0], "wish.published", now, actor_id=9, published_at=now)
        found = await wishes.submitted_to(tx, "desk", 1)
    assert [wish.id for wish in found] == [ours[1].id]


async def test_what_is_off_the_wall_has_no_place_on_it(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        wish = await wishes.move(tx, await add_wish(tx, now), "wish.published", now, actor_id=3)
        assert wish.rank == wish.number
        gone = await wishes.move(tx, wish, "wish.withdrawn", now, actor_id=1)
        assert gone.rank is None
        assert await wishes.wall(tx) == []


async def test_the_wall_is_filtered_by_kind_skill_and_cost(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for n, traits in enumerate(
            [Traits("repair", skills=("repair", "electric"), cost=0), Traits("goods", cost=200), Traits("goods")]
        ):
            wish = await add_wish(tx, now, wisher_id=n, traits=traits)
            await wishes.move(tx, wish, "wish.published", now, actor_id=3, published_at=now)

        async def seen(**only: Any) -> list[int]:
            return [w.wisher_id for w in await wishes.wall(tx, Filter(**only))]

        assert await seen(skill="electric") == [0]
        assert await seen(skill="elec") == []
        assert await seen(theme="goods") == [2, 1]
        assert await seen(most=100) == [0]
        assert await seen(most=200, theme="goods") == [1]


async def test_what_somebody_adopted(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        wish = await wishes.move(tx, await add_wish(tx, now), "wish.published", now, actor_id=3)
        await adoptions.take(tx, wish, 8, 80, now)
        assert [w.id for w in await adoptions.held_by(tx, 8)] == [wish.id]
        assert await adoptions.held_by(tx, 9) == []
        with pytest.raises(LookupError):
            await wishes.get(tx, 1)
