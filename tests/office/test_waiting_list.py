"""What the columns say about records is what the database says: lists in the same order, tabs with the same numbers."""

from __future__ import annotations

import httpx
import pytest

from storage import requests
from tests.office.desk import GRID, DeskTown
from workflow.rights import Role

WORDS = ("楼道灯坏了", "垃圾桶满了没人收", "路面有个大坑", "一楼好大煤气味")
QUERIES = (
    "bucket=open",
    "bucket=overdue",
    "bucket=today",
    "bucket=desk",
    "bucket=supervised",
    "bucket=mine",
    "bucket=open&urgent=1",
    f"bucket=open&grid={GRID}",
    "bucket=open&queue=dept:urban",
    "bucket=open&item=facility.building.corridor",
    "bucket=open&community=yinxing",
    "bucket=all&queue=dept:urban",
    f"bucket=all&queue=grid:{GRID}",
    f"bucket=ended&queue=grid:{GRID}",
    f"bucket=all&queue=grid:{GRID}&urgent=1&item=facility.building.corridor",
    "bucket=open&since=2026-11-16T03:00:00Z&until=2026-11-17T00:00:00Z",
)


async def busy(desk: DeskTown) -> None:
    """Some dozen records in every open state, at several queues, some late, some urgent."""
    for n in range(14):
        text = f"银杏苑{n % 3 + 1}幢{WORDS[n % 4]}" if n % 5 else f"渡口新村{n + 1}幢{WORDS[n % 4]}"
        await desk.filed(text, by=f"居民{n}", to_desk=n % 6 == 5)
        await desk.town.passes(minutes=25)
    await desk.town.passes(days=2)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    for number, act in ((1003, "claim"), (1004, "claim"), (1007, "supervise"), (1008, "dispatch")):
        await desk.act(street, number, act, words="请回复", queue="dept:urban")
    for n in range(3):
        await desk.filed(f"银杏苑{n + 1}幢电梯停了", by=f"居民{n}")


async def pages(client: httpx.AsyncClient, query: str) -> list[int]:
    """The numbers of a whole list, three at a time."""
    found: list[int] = []
    after = ""
    while True:
        page = (await client.get(f"/api/desk/records?{query}&limit=3&after={after}".removesuffix("&after="))).json()
        found += [row["number"] for row in page["rows"]]
        after = page["after"]
        if not after:
            return found


async def test_lists_and_tabs_are_the_same_from_the_columns(desk: DeskTown) -> None:
    await busy(desk)
    browsers = [
        await desk.sits("街道老陈", Role.STREET, "linjiang"),
        await desk.sits("刘书记"),
        await desk.sits("王师傅", Role.GRID_WORKER, GRID),
        await desk.sits("城管老赵", Role.DEPT_STAFF, "urban"),
    ]
    assert not desk.office.is_warm
    told = [[await pages(one, query) for query in QUERIES] for one in browsers]
    numbers = [(await one.get("/api/desk/counts")).json() for one in browsers]
    await desk.office.warm()
    assert desk.office.is_warm
    assert [[await pages(one, query) for query in QUERIES] for one in browsers] == told
    assert [(await one.get("/api/desk/counts")).json() for one in browsers] == numbers
    assert all([*told[0][:6], *told[0][11:13]])
    assert numbers[0]["open"] > numbers[1]["open"] > numbers[3]["open"] > 0
    for page, tabs in zip(told, numbers, strict=True):
        assert [len(page[n]) for n in range(6)] == [
            tabs[name] for name in ("open", "overdue", "today", "desk", "supervised", "mine")
        ]


async def test_a_change_is_in_the_next_look(desk: DeskTown) -> None:
    await busy(desk)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    await desk.office.warm()
    before = await pages(street, "bucket=open")
    await desk.act(street, before[-1], "refuse", words="不归街道管")
    assert await pages(street, "bucket=open") == before[:-1]
    new = await desk.filed("银杏苑2幢下水道堵了", by="赵大爷")
    assert new in await pages(street, "bucket=open")


async def test_what_has_moved_on_between_two_looks_is_not_shown(
    desk: DeskTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy(desk)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    await desk.office.warm()
    before = await pages(street, "bucket=open")
    async with desk.town.store.write() as tx:  # as another process would, before these columns hear of it
        request = await requests.find_by_number(tx, before[0])
        assert request is not None
        await tx.alter(requests.requests, {"id": request.id}, state="closed")
    assert await pages(street, "bucket=open") == before[1:]


@pytest.mark.parametrize("after", ["x", "1", "1.", ".1", "1.2.3", "99999999999999999999.1"])
async def test_a_place_that_is_none_is_refused(desk: DeskTown, after: str) -> None:
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    await desk.office.warm()
    assert (await street.get(f"/api/desk/records?bucket=open&after={after}")).status_code == 422
