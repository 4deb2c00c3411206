"""A quarter is ranked, appealed and recomputed: the board's places follow from the ledger alone, on both databases.

Half of the work is done in the chat and half on the page; each grid has enough records and ratings to have a place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers import audit
from handlers.office import periods
from handlers.office.counting import micros
from storage.appeals import appeals
from storage.ledger import verify
from tests.office.desk import DeskTown
from tests.storage.conftest import DATABASES, Fresh, cluster, fresh, template  # noqa: F401
from workflow.indicators import Counts, composite
from workflow.replay import Books, Facts
from workflow.rights import Role

GOOD, POOR = "yinxing-01", "yinxing-03"
PLACES = {GOOD: "银杏苑{n}幢", POOR: "金色家园{n}幢"}
EACH = 21
QUARTER = "2026Q4"


async def worked(desk: DeskTown, grid: str, stars: str, *, late: bool, by_page: bool) -> None:
    """Records of one grid from the receipt to the stars; late ones are claimed after their time."""
    worker, town = f"{grid}的网格员", desk.town
    await town.employs(worker, Role.GRID_WORKER, grid)
    numbers = [
        await desk.filed(f"{PLACES[grid].format(n=n % 12 + 1)}楼道灯坏了", by=f"{grid}居民{n}") for n in range(EACH)
    ]
    await town.passes(minutes=150 if late else 20)
    browser = await desk.sits(worker, Role.GRID_WORKER, grid) if by_page else None
    for number in numbers:
        if browser is not None:
            assert (await desk.act(browser, number, "claim")).status_code == 200
            assert (await desk.act(browser, number, "resolve", words="弄好了")).status_code == 200
        else:
            await town.says(worker, f"接单 {number}")
            await town.says(worker, f"办结 {number} 弄好了")
    await town.passes(hours=3)
    for n in range(EACH - 6):  # some never answer
        solved = stars == "5★" or n % 3 > 0
        await town.presses(f"{grid}居民{n}", "好了" if solved else "没好")
        if solved:
            await town.presses(f"{grid}居民{n}", stars)


def ranked(books: Books, now: int, period: tuple[int, int], desk: DeskTown) -> list[tuple[str, float]]:
    """Scopes with enough records, best first, with their scores, counted from events in plain code."""
    found: dict[str, Counts] = books.counts_by(_grid, now, period, books.left_out(QUARTER))
    weights = desk.town.city.manners.weights
    scores = {g: composite(c, weights).value for g, c in found.items() if c.due_for_response >= 20 and c.rated >= 10}
    return sorted(((g, float(s)) for g, s in scores.items() if s is not None), key=lambda one: -one[1])


def _grid(facts: Facts) -> str | None:
    return facts.grid or None


def shown(board: dict[str, Any]) -> list[tuple[str, float]]:
    """The same as the page has it."""
    return [(one["row"]["key"], one["score"]) for one in board["places"] if one["place"] is not None]


@pytest.mark.parametrize("database", DATABASES)
async def test_a_quarters_ranking_is_recomputed_from_the_ledger(
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with DeskTown.open(tmp_path, url=fresh(database) if database == "postgresql" else "") as desk:
        await worked(desk, GOOD, "5★", late=False, by_page=False)
        await worked(desk, POOR, "3★", late=True, by_page=True)
        few = await desk.filed("纺织新村3幢楼道灯坏了", by="纺织居民")
        await desk.town.passes(days=1)
        street = await desk.sits("街道老陈", Role.STREET, "linjiang")
        period = periods.parse(QUARTER, desk.town.now, desk.town.city.manners.tz)
        span = (micros(period.since), micros(period.until))

        board = (await street.get(f"/api/desk/board?period={QUARTER}&by=grid")).json()
        async with desk.town.store.read() as tx:
            books = await audit.rebuild(tx)
            assert [line async for line in audit.differences(tx, books, desk.town.now)] == []
        told = ranked(books, micros(desk.town.now), span, desk)
        assert [grid for grid, _ in told] == [GOOD, POOR]
        assert shown(board) == [(grid, pytest.approx(score)) for grid, score in told]
        assert [one["colour"] for one in board["places"][:2]] == ["red", "black"]
        alone = (await desk.record(few)).grid
        last = next(one for one in board["places"] if one["row"]["key"] == alone)
        assert (alone not in (GOOD, POOR), last["place"], last["row"]["counts"]["received"]) == (True, None, 1)

        number = next(a.number for a in books.requests.values() if a.facts.grid == POOR and a.facts.reopened)
        worker = await desk.sits(f"{POOR}的网格员", Role.GRID_WORKER, POOR)
        appealed = {"period": QUARTER, "by": "grid", "key": POOR, "number": number, "words": "是居民自己弄坏的"}
        [kept] = (await worker.post("/api/desk/board/appeals", json=appealed)).json()
        ruling = {"upheld": True, "words": "同意不算"}
        path = f"/api/desk/board/appeals/{kept['id']}/ruling"
        assert (await street.post(path, json=ruling)).status_code == 204

        after = (await street.get(f"/api/desk/board?period={QUARTER}&by=grid")).json()
        async with desk.town.store.read() as tx:
            books = await audit.rebuild(tx)
        assert [books.requests[i].number for i in books.left_out(QUARTER)] == [number]
        again = ranked(books, micros(desk.town.now), span, desk)
        assert shown(after) == [(grid, pytest.approx(score)) for grid, score in again]
        assert dict(again)[POOR] > dict(told)[POOR]
        assert dict(again)[GOOD] == dict(told)[GOOD]
        async with desk.town.store.read() as tx:
            assert [finding async for finding in verify(tx)] == []


async def test_a_ruling_that_nobody_made_is_found(tmp_path: Path) -> None:
    async with DeskTown.open(tmp_path) as desk:
        number = await desk.filed("金色家园3幢楼道灯坏了")
        worker = await desk.sits("小刘", Role.GRID_WORKER, POOR)
        body = {"period": QUARTER, "by": "grid", "key": POOR, "number": number, "words": "是居民自己弄坏的"}
        [kept] = (await worker.post("/api/desk/board/appeals", json=body)).json()
        assert await differing(desk) == []
        async with desk.town.store.write() as tx:
            await tx.alter(appeals, {"id": int(kept["id"])}, upheld=True)
        [line] = await differing(desk)
        assert "upheld True is kept" in line
        async with desk.town.store.write() as tx:
            await tx.alter(appeals, {"id": int(kept["id"])}, upheld=None, request_id=7)
        [line] = await differing(desk)
        assert "kept as about 7" in line


async def differing(desk: DeskTown) -> list[str]:
    async with desk.town.store.read() as tx:
        return [line async for line in audit.differences(tx, await audit.rebuild(tx), desk.town.now)]
