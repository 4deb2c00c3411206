"""Every figure of the cockpit is the same counted three ways: in columns, in SQL, and from the ledger alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bot import office
from handlers import audit
from handlers.office import periods
from handlers.office.counting import Sheet, micros
from storage import facts as storage_facts
from storage import figures
from storage.facts import Facts
from tests.office.desk import GRID, DeskTown
from tests.town import MONDAY_MORNING
from workflow.indicators import Counts, indicators
from workflow.rights import Role

WORDS = ("楼道灯坏了", "垃圾桶满了没人收", "路面有个大坑", "下水道堵了，污水冒出来")


async def lived(desk: DeskTown) -> None:
    """A week in which things go well and badly: claimed in time and late, rated, reopened, merged, refused, come again."""
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    numbers = []
    for n in range(6):
        numbers.append(await desk.filed(f"银杏苑{n % 3 + 1}幢{WORDS[n % 4]}", by=f"居民{n % 4}"))
        await desk.town.passes(minutes=20)
    numbers.append(await desk.at_desk(by="居民9"))
    await desk.act(street, numbers[-1], "refuse", words="不归街道管")
    await desk.act(street, numbers[5], "merge", other=numbers[1])
    await desk.act(street, numbers[4], "dispatch", queue="dept:urban")
    for number in numbers[:3]:
        worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
        await desk.act(worker, number, "claim")
        await desk.town.passes(hours=5)
        worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
        await desk.act(worker, number, "resolve", words="弄好了")
    await desk.town.passes(hours=20)
    await desk.town.presses("居民0", "好了")
    await desk.town.presses("居民0", "5★")
    await desk.town.presses("居民1", "没好")
    await desk.town.passes(days=9)
    await desk.filed(f"银杏苑1幢{WORDS[0]}", by="居民0")


async def columns(desk: DeskTown) -> Facts:
    facts = Facts()
    async with desk.town.store.read() as tx:
        await facts.refresh(tx)
    return facts


def named(counts: Counts) -> dict[str, Any]:
    return {name: value for name, value in vars(counts).items() if name != "handling_minutes"}


async def test_columns_sql_and_ledger_agree_by_queue(desk: DeskTown) -> None:
    await lived(desk)
    facts = await columns(desk)
    sheet = Sheet(facts, desk.town.city.org, desk.town.now)
    async with desk.town.store.read() as tx:
        stored = await figures.counts_by_scope(tx, desk.town.now)
        told = (await audit.rebuild(tx)).counts_by_scope(micros(desk.town.now))
    assert {"desk", f"grid:{GRID}", "dept:urban"} <= set(stored)
    for queue, counts in stored.items():
        counted = sheet.count(sheet.among("queue", [queue]))
        assert named(counted.counts) == named(counts) == named(told[queue]), queue
        assert counted.figures == indicators(counts) == indicators(told[queue]), queue
    whole = sheet.count(sheet.mask("received"))
    assert whole.counts.rated >= 1
    assert whole.counts.merged == 1
    assert whole.counts.received == sum(c.received for c in stored.values())


async def test_read_in_parts_the_columns_are_the_same(desk: DeskTown, monkeypatch: pytest.MonkeyPatch) -> None:
    await lived(desk)
    whole = await columns(desk)
    monkeypatch.setattr(storage_facts, "BATCH", 2)
    parts = await columns(desk)
    assert parts.size == whole.size > 4
    assert parts.words == whole.words
    assert all(np.array_equal(parts[name], whole[name]) for name in storage_facts.COLUMNS)


async def test_the_columns_are_there_before_anybody_asks(desk: DeskTown, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.filed(f"银杏苑1幢{WORDS[0]}")
    await desk.office.warm()

    async def never(_facts: Facts, _tx: Any) -> None:
        raise AssertionError("everything was read in anew")

    monkeypatch.setattr(Facts, "read_some", never)
    await desk.filed(f"银杏苑2幢{WORDS[1]}", by="赵大爷")
    assert await desk.office.counted(lambda facts, _now: facts.size) == 2


async def test_what_changes_between_two_parts_is_in_the_columns(
    desk: DeskTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(desk)
    monkeypatch.setattr(storage_facts, "BATCH", 2)
    facts, parts = Facts(), 0
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    while not facts.is_read:
        async with desk.town.store.read() as tx:
            await facts.read_some(tx)
        parts += 1
        if parts in (1, 3):  # one that was read, one that was not, and one that is new
            await desk.town.says("居民1", "补充：还在漏")
            number = await desk.filed(f"银杏苑{parts}幢{WORDS[parts]}", by=f"居民{parts}")
            await desk.act(street, number, "dispatch", queue="dept:urban")
            await desk.town.passes(hours=30)
    async with desk.town.store.read() as tx:
        await facts.refresh(tx)
    fresh = await columns(desk)
    assert parts > 4
    for name in storage_facts.COLUMNS:
        told = [
            [f.words[name][code] for code in f[name]] if name in f.words else f[name].tolist() for f in (facts, fresh)
        ]
        assert told[0] == told[1], name


async def test_whoever_asks_does_not_wait_for_a_reading_that_rests(
    desk: DeskTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for house in (1, 2, 3):
        await desk.filed(f"银杏苑{house}幢{WORDS[house]}")
    monkeypatch.setattr(storage_facts, "BATCH", 1)
    monkeypatch.setattr(office, "RESTS", 1e6)
    warming = asyncio.create_task(desk.office.warm())
    async with asyncio.timeout(120):
        while not desk.office._facts.size:  # noqa: ASYNC110 - the columns tell nobody
            await asyncio.sleep(0.01)
        assert not desk.office.is_warm
        assert await desk.office.counted(lambda facts, _now: facts.size) == 3
        desk.office.close()
        await warming


async def test_an_office_that_closes_gives_the_reading_up(desk: DeskTown) -> None:
    await desk.filed(f"银杏苑1幢{WORDS[0]}")
    desk.office.close()
    await desk.office.warm()
    with pytest.raises(storage_facts.Halted):
        await desk.office.counted(lambda facts, _now: facts.size)


async def test_a_period_of_a_grid_is_the_same_from_the_ledger(desk: DeskTown) -> None:
    await lived(desk)
    facts = await columns(desk)
    tz = desk.town.city.manners.tz
    for name in ("2026-11", "2026Q4", "7d"):
        period = periods.parse(name, desk.town.now, tz)
        sheet = Sheet(facts, desk.town.city.org, desk.town.now)
        inside = sheet.received_in(period.since, period.until)
        keys, scopes = sheet.keys("grid")
        async with desk.town.store.read() as tx:
            books = await audit.rebuild(tx)
        told = books.counts_by(
            lambda f: f.grid or None, micros(desk.town.now), (micros(period.since), micros(period.until))
        )
        for place, grid in enumerate(scopes):
            counted = sheet.count(inside & (keys == place))
            assert counted.figures == indicators(told.get(grid, Counts())), (name, grid)


async def test_columns_follow_what_happens(desk: DeskTown) -> None:
    facts = Facts()
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    for step in range(4):
        number = await desk.filed(f"银杏苑{step + 1}幢楼道灯坏了", by="居民1")
        if step % 2:
            await desk.act(street, number, "dispatch", queue="dept:urban")
        async with desk.town.store.read() as tx:
            assert await facts.refresh(tx)
            assert not await facts.refresh(tx)
        fresh = await columns(desk)
        for name in ("id", "number", "received_at", "resolve_due_at", "again", "reopened"):
            assert list(facts[name]) == list(fresh[name]), name
        assert [facts.words["queue"][c] for c in facts["queue"]] == [fresh.words["queue"][c] for c in fresh["queue"]]


async def test_the_records_behind_a_figure_are_as_many_as_it_says(desk: DeskTown) -> None:
    await lived(desk)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    page = (await street.get("/api/desk/cockpit?period=2026Q4&by=grid")).json()
    assert page["version"]
    assert all(f["formula"] and f["without"] for f in page["total"]["figures"])
    assert page["rows"]
    for row in page["rows"]:
        for counted, count in row["counts"].items():
            path = f"/api/desk/cockpit/records?period=2026Q4&dimension=grid&key={row['key']}&counted={counted}"
            assert len((await street.get(path)).json()["rows"]) == count, (row["key"], counted)
    assert page["again"] >= 0
    assert sum(day["received"] for day in page["trend"]) == page["total"]["counts"]["received"]


async def test_what_lies_beyond_ones_scope_is_counted_and_not_listed(desk: DeskTown) -> None:
    number = await desk.at_desk()
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    found = (await worker.get("/api/desk/cockpit/records?period=30d&counted=received")).json()
    assert found["rows"] == []
    assert "1 单不在您的范围" in found["note"]
    assert (await worker.get(f"/api/desk/records/{number}")).status_code == 404


@pytest.mark.parametrize("query", ["period=2026Q5", "period=abc", "by=mars", "dimension=grid", "key=x", "period=0d"])
async def test_what_is_no_period_is_refused(desk: DeskTown, query: str) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    assert (await street.get(f"/api/desk/cockpit?{query}")).status_code == 422


def test_periods_meet_without_a_gap() -> None:
    tz, now = ZoneInfo("Asia/Shanghai"), MONDAY_MORNING
    for one, other in (("2026Q4", "2027Q1"), ("2026-12", "2027-01"), ("2026-11", "2026-12"), ("2026", "2027")):
        assert periods.parse(one, now, tz).until == periods.parse(other, now, tz).since
    assert periods.parse("7d", now, tz).until - periods.parse("7d", now, tz).since == timedelta(days=7)
    assert len(periods.offered(now, tz)) == len(set(periods.offered(now, tz)))


async def test_a_board_ranks_nobody_by_few_and_takes_appeals(desk: DeskTown) -> None:
    await lived(desk)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    worker = await desk.sits("王师傅", Role.GRID_WORKER, GRID)
    board = (await street.get("/api/desk/board?period=2026Q4&by=grid")).json()
    assert {place["place"] for place in board["places"]} == {None}
    assert all("不排名" in place["why"] for place in board["places"])
    body = {"period": "2026Q4", "by": "grid", "key": GRID, "number": 1001, "words": "灯是居民自己弄坏的，13912345678"}
    kept = await worker.post("/api/desk/board/appeals", json=body)
    assert kept.status_code == 201
    [one] = kept.json()
    assert "13912345678" not in one["words"]
    other = await worker.post("/api/desk/board/appeals", json={**body, "key": "yinxing-02", "number": None})
    assert other.status_code == 403
    path = f"/api/desk/board/appeals/{one['id']}/ruling"
    assert (await worker.post(path, json={"upheld": True, "words": "同意"})).status_code == 403
    assert (await street.post(path, json={"upheld": True, "words": "同意"})).status_code == 204
    assert (await street.post(path, json={"upheld": False, "words": "再看"})).status_code == 409
    ruled = (await street.get("/api/desk/board?period=2026Q4&by=grid")).json()
    assert (ruled["left_out"], ruled["appeals"][0]["upheld"]) == (1, True)
    before = next(p for p in board["places"] if p["row"]["key"] == GRID)["row"]["counts"]["received"]
    assert next(p for p in ruled["places"] if p["row"]["key"] == GRID)["row"]["counts"]["received"] == before - 1
    assert {"person.appealed", "person.refused"} <= {e.name for e in await desk.history("王师傅")}
    assert (await desk.history("街道老陈"))[-1].name == "person.ruled"
