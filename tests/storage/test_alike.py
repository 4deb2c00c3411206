"""What may be the same matter as another: the database leaves out only what the pair decision would refuse."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.duplicates import WITHIN, Matter, may_be_same
from storage import erasure, requests
from storage.requests import Request
from storage.tx import Store, Tx
from tests.storage.samples import add_request, of_tenant

LIFT = "facility.building.elevator"
_grids = count(1)
places = st.fixed_dictionaries(
    {
        "estate": st.sampled_from(["", "翠湖苑", "翠湖苑/3", "翠湖"]),
        "building": st.sampled_from(["", "3", "33", "3、5", "3/3"]),
        "road": st.sampled_from(["", "人民路"]),
        "number": st.sampled_from(["", "3", "5"]),
        "landmark": st.sampled_from(["", "东门", "菜场"]),
    }
)


async def near(tx: Tx, grid: str, since: datetime, place: dict[str, str], kind: str = "") -> set[int]:
    where = {name: place.get(name, "") for name in ("estate", "building")}
    return {r.id for r in (await requests.near(tx, requests.alike_in_grid(grid, since, kind=kind, **where))).records}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(places, min_size=2, max_size=9))
async def test_nothing_that_may_be_the_same_is_left_out(
    store: Store, now: datetime, drawn: list[dict[str, str]]
) -> None:
    grid = f"g{next(_grids)}"
    async with store.write() as tx:
        filed = [await add_request(tx, now, grid=grid, place=place) for place in drawn]
        matters = [Matter(item="a.b.c", grid=grid, words="", at=now, **place) for place in drawn]
        for one, place in zip(matters, drawn, strict=True):
            found = await near(tx, grid, now - WITHIN, place)
            wanted = {r.id for r, other in zip(filed, matters, strict=True) if may_be_same(one, other)}
            assert wanted <= found


async def test_what_is_in_another_house_is_not_read(store: Store, now: datetime) -> None:
    async with store.write() as tx:

        async def filed(**values: Any) -> Request:
            place = {name: values.pop(name) for name in ("estate", "building") if name in values}
            return await add_request(tx, now, **{"item": LIFT, "place": place, **values})

        here = await filed(estate="翠湖苑", building="3")
        there = await filed(estate="翠湖苑", building="5")
        whole, open_ = await filed(estate="翠湖苑", building=""), await filed()
        await filed(estate="金色家园", building="3")
        await filed(estate="翠湖苑", building="3", grid="g2")
        await filed(estate="翠湖苑", building="3", received_at=now - timedelta(days=15))
        other = await filed(estate="翠湖苑", building="3", item="facility.building.corridor")
        fence = await filed(estate="翠湖苑", building="3", item="facility.road.fence")
        gone = await filed(estate="翠湖苑", building="3")
        await requests.move(tx, gone, "request.withdrawn", now, actor_id=1)
        since, place, kind = now - WITHIN, {"estate": "翠湖苑", "building": "3"}, "facility.building"
        assert await near(tx, "g1", since, place, kind) == {here.id, whole.id, open_.id, other.id}
        assert await near(tx, "g1", since, place) == {here.id, whole.id, open_.id, other.id, fence.id}
        estate = {"estate": "翠湖苑"}
        assert await near(tx, "g1", since, estate, kind) == {here.id, there.id, whole.id, open_.id, other.id}
        assert len(await near(tx, "g1", since, {}, kind)) == 6
        assert await near(of_tenant(tx, "next"), "g1", since, place) == set()
        states = ["queued", "withdrawn"]
        found = await requests.of_house(tx, "g1", since, house="翠湖苑/3", item=LIFT, in_states=states)
        assert {r.id for r in found} == {here.id, gone.id}


async def test_the_house_goes_with_the_place(store: Store, now: datetime) -> None:
    three, five = ({"estate": "翠湖苑", "building": name} for name in "35")
    async with store.write() as tx:
        moved = await add_request(tx, now, place=three)
        changed = await add_request(tx, now, place=three)
        await requests.move(tx, moved, "request.rerouted", now, actor_id=1, place=five)
        await requests.change(tx, changed.id, place=five)
        assert await near(tx, "g1", now - WITHIN, three) == set()
        assert await near(tx, "g1", now - WITHIN, five) == {moved.id, changed.id}


async def test_the_house_of_an_ended_record_is_forgotten_with_its_place(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        gone = await add_request(tx, now, reporter_id=7, item=LIFT, place={"estate": "翠湖苑", "building": "3"})
        await requests.move(tx, gone, "request.withdrawn", now, actor_id=7)
        await erasure.erase_person(tx, 7, "已删除")
        found = await requests.of_house(tx, "g1", now - WITHIN, house="翠湖苑/3", item=LIFT, in_states=["withdrawn"])
        assert found == []


async def test_what_was_found_before_counts_only_where_nobody_files_meanwhile(store: Store, now: datetime) -> None:
    question = requests.alike_in_grid("g1", now - WITHIN, estate="翠湖苑", building="3")
    async with store.write() as tx:
        first = await add_request(tx, now, place={"estate": "翠湖苑", "building": "3"})
        found = await requests.near(tx, question)
        assert [r.id for r in found.records] == [first.id]
        if store.database.is_sqlite:
            assert await requests.near(tx, question, found) is found
        other = requests.alike_in_grid("g1", now - WITHIN, estate="翠湖苑", building="5")
        assert (await requests.near(tx, other, found)).records == []
    if store.database.is_sqlite:
        return
    async with store.write() as tx:
        found = await requests.near(tx, question)
        async with store.write() as another:
            second = await add_request(another, now, place={"estate": "翠湖苑", "building": "3"})
        assert {r.id for r in (await requests.near(tx, question, found)).records} == {first.id, second.id}
