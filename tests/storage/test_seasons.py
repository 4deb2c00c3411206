"""Seasons: one at a time, moved along their table, with what is left of earlier ones."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from storage import events, seasons, wishes
from storage.seasons import Taken
from storage.tx import Store, Tx
from tests.storage.samples import add_wish
from workflow.season import Forbidden, SeasonState

WEEK = timedelta(days=7)


async def test_two_streets_people_open_one_season(store: Store, now: datetime) -> None:
    async def want(_: int) -> bool:
        async def work(tx: Tx) -> bool:
            try:
                await seasons.open_one(tx, "暖冬", now + WEEK, now + 2 * WEEK, now, actor_id=1)
            except Taken:
                return False
            return True

        return await store.run(work)

    assert (await asyncio.gather(*(want(n) for n in range(6)))).count(True) == 1
    async with store.read() as tx:
        season = await seasons.find_current(tx)
    assert season is not None
    assert (season.number, season.state) == (1, SeasonState.COLLECTING)


async def test_from_collecting_to_the_report(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        season = await seasons.open_one(tx, "暖冬", now + WEEK, now + 2 * WEEK, now, actor_id=1)
        with pytest.raises(Forbidden):
            await seasons.move(tx, season, "season.shown", now, actor_id=1)
        for event in ("season.launched", "season.closed", "season.reviewed"):
            season = await seasons.move(tx, season, event, now, actor_id=None)
        assert await seasons.shown(tx) == []
        season = await seasons.move(tx, season, "season.shown", now, actor_id=1, report={"published": 3})
        assert [s.id for s in await seasons.shown(tx)] == [season.id]
        assert await seasons.find_current(tx) is None
        second = await seasons.open_one(tx, "暖春", now + WEEK, now + 2 * WEEK, now, actor_id=1)
        assert second.number == 2
        assert (await seasons.find_by_number(tx, 1)) == season
        names = [e.name for e in await events.history(tx, "season", season.id)]
    assert names == ["season.opened", "season.launched", "season.closed", "season.reviewed", "season.shown"]


async def test_left_over_until_somebody_has_looked(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for n in range(3):
            await wishes.move(tx, await add_wish(tx, now, wisher_id=n), "wish.published", now, actor_id=1)
        await wishes.enter_season(tx, 7)
        left = await wishes.left_over(tx, 7)
        assert len(left) == 3
        await wishes.change(tx, left[0].id, kept_in=7)
        await wishes.move(tx, left[1], "wish.expired", now, actor_id=1)
        assert [w.id for w in await wishes.left_over(tx, 7, community="c1")] == [left[2].id]
        assert await wishes.left_over(tx, 7, community="c2") == []
