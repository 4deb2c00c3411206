"""The books of points on both databases: made from the ledger, the same when made again, never spent twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from bot.catalogue import load_points
from storage import events, point_appeals, points, rewards
from storage.points import point_books, point_moves
from storage.rewards import OrderState, Refused, Reward
from storage.tx import Store, Tx
from tests.workflow.points_model import TZ, Plain, life, rulebook

BOOK = load_points(None)


async def fulfilled(tx: Tx, now: datetime, wish: int, people: list[int], hours: float = 0) -> None:
    data = {"people": people, "hours": hours, "theme": "goods"}
    await events.add(tx, "wish", wish, "wish.fulfilled", now, actor_id=people[0], data=data)


async def listed(store: Store, now: datetime, *, cost: int = 10, stock: int = 1, each: int | None = None) -> Reward:
    async with store.write() as tx:
        return await rewards.add(
            tx, title="洗衣液", cost=cost, stock=stock, per_person=each, queue="desk", by=9, now=now
        )


async def test_the_books_follow_the_ledger_and_come_back_the_same(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1, 2], 2)
        assert await points.catch_up(tx, BOOK, TZ) == 2
        assert await points.catch_up(tx, BOOK, TZ) == 0
        await fulfilled(tx, now + timedelta(days=1), 2, [1])
    async with store.write() as tx:
        assert await points.catch_up(tx, BOOK, TZ) == 1
        before = await points.sums(tx)
        assert before == {"issue": -38, "p:1": 24, "p:2": 14}
        assert [m.gain for _, m in await points.of_person(tx, 1)] == [10, 14]
    async with store.write() as tx:
        assert await points.differences(tx, BOOK, TZ) == []
        await tx.run(delete(point_moves).where(point_moves.c.tenant == tx.tenant))
        await tx.run(delete(point_books).where(point_books.c.tenant == tx.tenant))
        await points.catch_up(tx, BOOK, TZ)
        assert await points.sums(tx) == before


async def test_what_somebody_changed_by_hand_is_named(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1])
        await points.catch_up(tx, BOOK, TZ)
        await tx.run(update(point_moves).where(point_moves.c.tenant == tx.tenant).values(points=99))
        (line,) = await points.differences(tx, BOOK, TZ)
        assert "99 issue -> p:1" in line
        assert "10 issue -> p:1" in line


async def test_random_lives_in_the_database_agree_with_the_model(store: Store) -> None:
    plain, book = Plain(), rulebook()
    deeds = life(7, 160)
    for start in range(0, len(deeds), 20):
        async with store.write() as tx:
            for one in deeds[start : start + 20]:
                plain.see(one)
                data = dict(one.data)
                await events.add(tx, one.subject, one.subject_id, one.name, one.at, actor_id=one.actor_id, data=data)
            await points.catch_up(tx, book, TZ)
            assert {p: await points.balance(tx, p) for p in (1, 2, 3, 4)} == {p: plain.balance(p) for p in (1, 2, 3, 4)}
            assert sum((await points.sums(tx)).values()) == 0
    async with store.read() as tx:
        assert await points.differences(tx, book, TZ) == []


async def test_many_at_once_enter_nothing_twice(store: Store, now: datetime) -> None:
    async def one(wish: int) -> None:
        async def work(tx: Tx) -> None:
            await fulfilled(tx, now, wish, [wish])
            await points.catch_up(tx, BOOK, TZ)

        await store.run(work)

    await asyncio.gather(*(one(n) for n in range(1, 9)))
    async with store.read() as tx:
        assert await points.sums(tx) == {"issue": -80, **{f"p:{n}": 10 for n in range(1, 9)}}


async def test_one_point_is_not_spent_twice_nor_the_last_thing_given_twice(store: Store, now: datetime) -> None:
    reward = await listed(store, now, cost=10, stock=3)
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1])

    async def take() -> str:
        async def work(tx: Tx) -> str:
            await points.catch_up(tx, BOOK, TZ)
            has = await points.balance(tx, 1)
            try:
                await rewards.exchange(tx, await rewards.get(tx, reward.id), 1, has, now)
            except Refused as refused:
                return refused.why
            await points.catch_up(tx, BOOK, TZ)
            return "taken"

        return await store.run(work)

    assert sorted(await asyncio.gather(take(), take(), take())) == ["short", "short", "taken"]
    async with store.read() as tx:
        assert await points.balance(tx, 1) == 0
        assert (await rewards.get(tx, reward.id)).left == 2


async def test_an_exchange_that_falls_through_gives_points_and_stock_back(store: Store, now: datetime) -> None:
    reward = await listed(store, now, stock=1, each=1)
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1], 8)
        order = await rewards.exchange(tx, reward, 1, 26, now)
        for why, person in (("limit", 1), ("gone", 2)):
            with pytest.raises(Refused, match=why):
                await rewards.exchange(tx, reward, person, 99, now)
        assert await rewards.settle(tx, order, given=False, by=9, now=now)
        assert not await rewards.settle(tx, order, given=True, by=9, now=now)
        await points.catch_up(tx, BOOK, TZ)
        assert await points.balance(tx, 1) == 26
        assert (await rewards.get_order(tx, order.id)).state is OrderState.CANCELLED
        assert (await rewards.get(tx, reward.id)).left == 1


async def test_an_appeal_is_answered_once_and_corrects_by_an_entry(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1])
        await points.catch_up(tx, BOOK, TZ)
        ((_, move),) = await points.of_person(tx, 1)
        appeal = await point_appeals.add(tx, person_id=1, queue="desk", move=move, words="少记了", now=now)
        assert await point_appeals.rule(tx, appeal, 4, "时长补上", by=9, now=now)
        assert not await point_appeals.rule(tx, appeal, 4, "时长补上", by=9, now=now)
        await points.catch_up(tx, BOOK, TZ)
        assert await points.balance(tx, 1) == 14
        assert [m.gain for _, m in await points.of_person(tx, 1)] == [4, 10]
        assert await point_appeals.open_of(tx, 1) == []


async def test_rankings_count_what_was_earned_and_not_what_is_left(store: Store, now: datetime) -> None:
    reward = await listed(store, now)
    async with store.write() as tx:
        await fulfilled(tx, now, 1, [1, 2])
        await fulfilled(tx, now, 2, [1])
        await rewards.exchange(tx, reward, 1, 20, now)
        await points.catch_up(tx, BOOK, TZ)
        found = await points.earned(tx, now - timedelta(days=1), now + timedelta(days=1))
        assert [tuple(e) for e in found] == [(1, 20), (2, 10)]
        assert await points.earned(tx, now + timedelta(days=1), now + timedelta(days=2)) == []
