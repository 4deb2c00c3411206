"""Lending on both databases: nothing is lent that is not there, and what storage says is what a plain model says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from storage import erasure, events, loans, stations
from storage.loans import Damage, Loan, LoanState, Refused
from storage.stations import Station, StationState, Thing
from storage.tx import Store, Tx
from tests.storage.lending_model import Model, Shelf
from tests.storage.samples import of_tenant
from workflow.lending import MOST_IN_HAND

DAY = timedelta(days=1)
PLACE = {"place_text": "银杏苑北门", "community": "c1", "grid": "g1", "queue": "grid:g1", "lat": 32.2, "lon": 119.4}


async def opened(tx: Tx, now: datetime, name: str = "银杏苑驿站") -> Station:
    return await stations.open_station(tx, by=9, now=now, name=name, words="热水", hours="8:00-18:00", **PLACE)


async def shelf(store: Store, now: datetime, stock: int = 2, name: str = "雨伞") -> Thing:
    async with store.write() as tx:
        station = await opened(tx, now)
        return await stations.add_thing(tx, station, name=name, stock=stock, span=3 * DAY, by=9, now=now)


async def test_forty_at_once_get_as_many_as_there_are(store: Store, now: datetime) -> None:
    thing = await shelf(store, now, 3)

    async def take(person: int) -> str:
        async def work(tx: Tx) -> str:
            try:
                await loans.borrow(tx, await stations.get_thing(tx, thing.id), person, now)
            except Refused as refused:
                return refused.why
            return "lent"

        return await store.run(work)

    got = await asyncio.gather(*(take(n) for n in range(1, 41)))
    assert sorted(got) == ["lent"] * 3 + ["out"] * 37
    async with store.read() as tx:
        after = await stations.get_thing(tx, thing.id)
        assert (after.lent, after.free) == (3, 0)
        assert len(await loans.of_station(tx, thing.station_id)) == 3


async def test_the_same_again_and_too_many_are_refused(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        station = await opened(tx, now)
        things = [
            await stations.add_thing(tx, station, name=f"东西{n}", stock=5, span=DAY, by=9, now=now) for n in range(5)
        ]
        for thing in things[:MOST_IN_HAND]:
            await loans.borrow(tx, thing, 1, now)
        with pytest.raises(Refused, match="has"):
            await loans.borrow(tx, things[0], 1, now)
        with pytest.raises(Refused, match="limit"):
            await loans.borrow(tx, things[4], 1, now)
        assert await stations.move(tx, station, "station.paused", by=9, now=now)
        with pytest.raises(Refused, match="closed"):
            await loans.borrow(tx, things[0], 2, now)
        assert (await stations.get_thing(tx, things[0].id)).lent == 1


async def test_back_and_lost_end_a_loan_once(store: Store, now: datetime) -> None:
    thing = await shelf(store, now)
    async with store.write() as tx:
        first, second = [await loans.borrow(tx, thing, person, now) for person in (1, 2)]
        assert await loans.give_back(tx, first, by=1, now=now)
        assert not await loans.give_back(tx, first, by=1, now=now)
        assert not await loans.lose(tx, first, by=1, now=now)
        assert await loans.lose(tx, second, by=2, now=now)
        after = await stations.get_thing(tx, thing.id)
        assert (after.stock, after.lent, after.free) == (1, 0, 1)
        assert await loans.of_person(tx, 1) == []
        assert [one.state for one in await loans.of_person(tx, 2, tuple(LoanState))] == [LoanState.LOST]


async def test_a_loan_goes_on_once_and_not_past_somebody_who_waits(store: Store, now: datetime) -> None:
    thing = await shelf(store, now)
    async with store.write() as tx:
        first, second = [await loans.borrow(tx, thing, person, now) for person in (1, 2)]
        longer = await loans.extend(tx, first, thing, now + DAY)
        assert longer is not None
        assert longer.due_at == first.due_at + thing.span
        assert await loans.extend(tx, longer, thing, now + DAY) is None
        await loans.wait(tx, thing, 3, now)
        await loans.wait(tx, thing, 3, now + DAY)
        assert await loans.extend(tx, second, thing, now + DAY) is None
        assert await loans.first_waiting(tx, thing.id) == 3
        await loans.called(tx, thing.id, 3)
        assert await loans.first_waiting(tx, thing.id) is None
        late = second.due_at + 8 * DAY
        assert await loans.extend(tx, second, thing, late) is None


async def test_what_came_back_damaged_is_set_aside_until_the_keeper_has_seen_it(store: Store, now: datetime) -> None:
    thing = await shelf(store, now, 2)
    async with store.write() as tx:
        loan = await loans.borrow(tx, thing, 1, now)
        await loans.give_back(tx, loan, by=1, now=now)
        damage = await loans.tell_damage(tx, thing, 1, "伞骨断了", now, loan_id=loan.id)
        again = await loans.tell_damage(tx, thing, 1, "真的断了", now, loan_id=loan.id)
        assert again.aside == 0
        assert await loans.settle(tx, again, mended=True, by=9, now=now)
        seen = await loans.tell_damage(tx, thing, 2, "有点脏", now)
        assert (damage.aside, seen.aside) == (1, 0)
        assert (await stations.get_thing(tx, thing.id)).free == 1
        for one in (damage, seen):
            found = await loans.find_damage(tx, one.number)
            assert found is not None
            assert (found.id, found.state) == (one.id, "open")
        assert await loans.settle(tx, damage, mended=True, by=9, now=now)
        assert not await loans.settle(tx, damage, mended=False, by=9, now=now)
        assert (await stations.get_thing(tx, thing.id)).free == 2
        assert await loans.settle(tx, seen, mended=False, by=9, now=now)
        after = await stations.get_thing(tx, thing.id)
        assert (after.stock, after.free) == (1, 1)


async def test_a_count_below_what_is_out_changes_nothing(store: Store, now: datetime) -> None:
    thing = await shelf(store, now, 2)
    async with store.write() as tx:
        await loans.borrow(tx, thing, 1, now)
        assert not await stations.count(tx, thing, 0, by=9, now=now)
        assert await stations.count(tx, thing, 1, by=9, now=now)
        assert (await stations.get_thing(tx, thing.id)).free == 0
        station = await stations.get(tx, thing.station_id)
        more = await stations.add_thing(tx, station, name="雨伞", stock=4, span=DAY, by=9, now=now)
        assert (more.id, more.stock) == (thing.id, 5)
        assert await stations.close_thing(tx, thing, by=9, now=now)
        assert await stations.things_of(tx, (station.id,)) == []


async def test_another_tenant_sees_none_of_it(store: Store, now: datetime) -> None:
    thing = await shelf(store, now)
    async with store.write() as tx:
        await loans.borrow(tx, thing, 1, now)
        other = of_tenant(tx, "elsewhere")
        assert await stations.listed(other, tuple(StationState)) == []
        assert await stations.find_thing(other, thing.number) is None
        assert await loans.of_person(other, 1) == []
        assert await loans.of_station(other, thing.station_id) == []
        assert len(await loans.of_person(tx, 1)) == 1


async def test_erasing_somebody_takes_their_words_and_leaves_the_counts(store: Store, now: datetime) -> None:
    thing = await shelf(store, now)
    async with store.write() as tx:
        loan = await loans.borrow(tx, thing, 7, now)
        damage = await loans.tell_damage(tx, thing, 7, "我家楼下捡到的伞", now)
        await loans.wait(tx, thing, 7, now)
        await erasure.erase_person(tx, 7, "已删除")
        assert (await loans.get_damage(tx, damage.id)).words == ""
        assert await loans.first_waiting(tx, thing.id) is None
        assert (await loans.get(tx, loan.id)).state is LoanState.OUT
        assert (await stations.get_thing(tx, thing.id)).lent == 1


class _Life:
    """One random life: the same moves in storage and in the model."""

    def __init__(self, tx: Tx, things: list[Thing], now: datetime, random: Random) -> None:
        self.tx, self.now, self.random = tx, now, random
        self.things = {thing.id: thing for thing in things}
        self.model = Model({thing.id: Shelf(thing.stock) for thing in things})
        self.open: list[tuple[Damage, int]] = []
        self.moves = 0

    async def step(self) -> None:
        self.now += timedelta(hours=1)
        key, person = self.random.choice([*self.things]), self.random.randint(1, 6)
        acts: list[Callable[[int, int], Awaitable[None]]] = [
            self.borrow,
            self.borrow,
            self.end,
            self.extend,
            self.damage,
            self.settle,
            self.count,
            self.wait,
        ]
        await self.random.choice(acts)(key, person)

    async def borrow(self, key: int, person: int) -> None:
        why = ""
        try:
            await loans.borrow(self.tx, await stations.get_thing(self.tx, key), person, self.now)
        except Refused as refused:
            why = refused.why
        assert why == self.model.borrow(key, person)
        self.moves += not why

    async def _loan(self, key: int, person: int) -> Loan | None:
        return next((one for one in await loans.of_person(self.tx, person) if one.thing_id == key), None)

    async def end(self, key: int, person: int) -> None:
        loan, lost = await self._loan(key, person), self.random.random() < 0.2
        end = loans.lose if lost else loans.give_back
        done = loan is not None and await end(self.tx, loan, by=person, now=self.now)
        assert done == self.model.end(key, person, lost=lost)

    async def extend(self, key: int, person: int) -> None:
        loan = await self._loan(key, person)
        if loan is not None and self.now < loan.due_at:
            longer = await loans.extend(self.tx, loan, self.things[key], self.now)
            assert (longer is not None) == self.model.extend(key, person)

    async def damage(self, key: int, person: int) -> None:
        returned = self.random.random() < 0.5
        made = await loans.tell_damage(
            self.tx, self.things[key], person, "坏了", self.now, loan_id=self.tx.ids.new() if returned else None
        )
        assert bool(made.aside) == self.model.set_aside(key, returned=returned)
        self.open.append((made, key))

    async def settle(self, _key: int, _person: int) -> None:
        if self.open:
            damage, key = self.open.pop(self.random.randrange(len(self.open)))
            mended = self.random.random() < 0.5
            assert await loans.settle(self.tx, damage, mended=mended, by=9, now=self.now)
            self.model.settle(key, aside=bool(damage.aside), mended=mended)

    async def count(self, key: int, _person: int) -> None:
        stock = self.random.randint(0, 5)
        counted = await stations.count(self.tx, self.things[key], stock, by=9, now=self.now)
        assert counted == self.model.count(key, stock)

    async def wait(self, key: int, person: int) -> None:
        line = self.model.shelves[key].waiting
        if person not in line:
            await loans.wait(self.tx, self.things[key], person, self.now)
            line.append(person)

    async def agrees(self) -> None:
        for key, shelf_ in self.model.shelves.items():
            thing = await stations.get_thing(self.tx, key)
            assert (thing.stock, thing.lent, thing.aside) == (shelf_.stock, len(shelf_.out), shelf_.aside)
            assert thing.free == shelf_.free >= 0
            first = await loans.first_waiting(self.tx, key)
            assert first == (shelf_.waiting[0] if shelf_.waiting else None)


@pytest.mark.parametrize("seed", range(6))
async def test_random_lives_are_as_the_model_says(store: Store, now: datetime, seed: int) -> None:
    async with store.write() as tx:
        station = await opened(tx, now)
        things: list[Any] = [
            await stations.add_thing(tx, station, name=f"东西{n}", stock=n, span=400 * DAY, by=9, now=now)
            for n in (1, 2, 3, 4)
        ]
        life = _Life(tx, things, now, Random(seed))
        for _ in range(120):
            await life.step()
            await life.agrees()
        assert life.moves > 5
    async with store.read() as tx:
        assert [e.name for e in await events.history(tx, "station", station.id)] == ["station.opened"]
        taken = await events.count(tx, "loan.taken", now, life.now + DAY)
        assert taken == life.moves
