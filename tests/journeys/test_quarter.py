"""A quarter, on both channels and both databases: worked in the chats, reported to the street, recomputed from the ledger.

Three grids: a good one, a late one, and one with too few records for a place. What the chat says, what the page shows and
what follows from the events alone are the same numbers; a figure that somebody changed in the database is found.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.audit import check
from bot.catalogue import SHIPPED_STREET
from bot.config import load_config
from handlers import audit
from handlers.office import periods
from handlers.office.counting import micros
from storage.ledger import verify
from storage.requests import ratings, requests
from tests.journeys.sides import PATIENCE, SIDES, Side, sees, sits, stored
from tests.storage.conftest import Fresh, cluster, fresh, template  # noqa: F401
from workflow.indicators import Counts, composite
from workflow.replay import Books
from workflow.rights import Role
from workflow.states import State

TZ = ZoneInfo("Asia/Shanghai")
START, END = datetime(2026, 9, 28, 10, 0, tzinfo=TZ), datetime(2026, 10, 1, 8, 31, tzinfo=TZ)
QUARTER = "2026Q3"
GOOD, LATE, SMALL = "yinxing-01", "yinxing-03", "dukou-01"
WORKERS = {GOOD: "王师傅", LATE: "小刘", SMALL: "老吴"}
PLACES = {GOOD: "银杏苑{n}幢", LATE: "金色家园{n}幢", SMALL: "江湾东苑{n}幢"}
KINDS = ("楼道灯坏了", "楼下垃圾没人收")
FAMILIES = {GOOD: "赵钱孙李周", LATE: "赵钱孙李周吴", SMALL: "郑"}
RATED = 2
"""Of the four records of each family so many are finished and rated."""
EVERYWHERE = [(channel, database) for channel in ("telegram", "web") for database in ("sqlite", "postgresql")]


def family(grid: str, name: str) -> str:
    return f"{name}家{PLACES[grid][:2]}"


async def seen(side: Side, who: str, part: str, count: int) -> None:
    """Waits until this was said to somebody so many times."""
    for _ in range(int(PATIENCE / 0.2)):
        if sum(part in text for text in await side.texts(who)) >= count:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{part!r} is not seen {count} times by {who}: {(await side.texts(who))[-4:]}")


async def stands(side: Side, number: int, state: State) -> None:
    """Waits until a record is in this state."""
    for _ in range(int(PATIENCE / 0.2)):
        if (await stored(side, number)).state is state:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{number} is not {state}: {await stored(side, number)}")


async def report(side: Side, grid: str, who: str, houses: tuple[int, ...]) -> None:
    """One family's records, each from its words to its number."""
    count = 0
    for n in houses:
        for kind in KINDS:
            await side.say(who, f"{PLACES[grid].format(n=n)}{kind}")
            await seen(side, who, "明白了", count := count + 1)
            await side.press(who, "对，就这样")
            await seen(side, who, "已登记", count)


async def rate(side: Side, who: str, stars: str, *, not_solved: bool) -> None:
    """Both questions about each of the family's two finished records; or "not solved" about one of them."""
    await seen(side, who, "真的好了吗", RATED)
    asked = [text.split()[0] for text in await side.texts(who) if "真的好了吗" in text]
    for done, number in enumerate(asked, 1):
        if not_solved and done == RATED:
            await side.press_on(who, f"{number} ", "没好")
            await sees(side, who, "那不算完")
        else:
            await side.press_on(who, f"{number} ", "好了")
            await seen(side, who, "给几颗星", done)
            await side.press(who, stars)
            await seen(side, who, "谢谢您" if stars == "5★" else "记下了", done)


async def of_grid(side: Side, grid: str) -> list[int]:
    """The numbers of a grid's records, one kind before the other, as families take turns."""
    async with side.program.store.read() as tx:
        r = requests.c
        rows = await tx.all(
            select(r.number).where(r.tenant == tx.tenant, r.grid == grid).order_by(r.item, r.reporter_id, r.number)
        )
    return [row.number for row in rows]


async def work(side: Side, grid: str) -> None:
    """The worker takes and finishes one kind of the grid's records."""
    numbers = (await of_grid(side, grid))[: len(FAMILIES[grid]) * RATED]
    for number in numbers:
        await side.say(WORKERS[grid], f"接单 {number}", f"grid:{grid}")
        await side.say(WORKERS[grid], f"办结 {number} 弄好了", f"grid:{grid}")
    for number in numbers:
        await stands(side, number, State.RESOLVED)


async def lived(side: Side) -> None:
    """Three days of three grids: reported at once, done in time or late, rated, one of them refused."""
    await side.person("街道老陈", (Role.STREET, "linjiang"))
    await side.room("desk", "街道老陈")
    await side.person("刘书记", (Role.DESK, "yinxing"))
    await side.room("desk:yinxing", "刘书记")
    for grid, worker in WORKERS.items():
        await side.person(worker, (Role.GRID_WORKER, grid))
        await side.room(f"grid:{grid}", worker)
    families = [(grid, family(grid, name), n) for grid, names in FAMILIES.items() for n, name in enumerate(names)]
    for _, who, _ in families:
        await side.person(who)
    await asyncio.gather(*(report(side, grid, who, (2 * n + 1, 2 * n + 2)) for grid, who, n in families))
    await work(side, GOOD)
    side.clock.turn(hours=2, minutes=10)
    await work(side, LATE)
    side.clock.turn(hours=2, minutes=10)
    await asyncio.gather(
        *(
            rate(side, who, "5★" if grid == GOOD else "3★", not_solved=grid == LATE and n == 0)
            for grid, who, n in families
            if grid != SMALL
        )
    )
    refused = (await of_grid(side, LATE))[-1]
    await side.say("刘书记", f"不予受理 {refused} 不归街道管", "desk:yinxing")
    await stands(side, refused, State.REFUSED)


def ranked(side: Side, books: Books, at: int) -> list[tuple[str, float]]:
    """Grids with enough records, best first, with their scores, counted from events in plain code."""
    period = periods.parse(QUARTER, side.clock.now(), TZ)
    span = (micros(period.since), micros(period.until))
    found: dict[str, Counts] = books.counts_by(lambda f: f.grid or None, at, span, books.left_out(QUARTER))
    weights = side.program.city.manners.weights
    scores = {g: composite(c, weights).value for g, c in found.items() if c.due_for_response >= 20 and c.rated >= 10}
    return sorted(((g, float(s)) for g, s in scores.items() if s is not None), key=lambda one: -one[1])


def percent(value: float) -> str:
    return f"{value * 100:.1f} %"


async def appealed(side: Side, street: Any, browser: Any, grid: str, number: int, *, upheld: bool) -> None:
    """A worker's appeal about one record, on the page, and the street's ruling."""
    body = {"period": QUARTER, "by": "grid", "key": grid, "number": number, "words": "是居民自己弄坏的"}
    answer = await browser.post("/api/desk/board/appeals", json=body)
    assert answer.status_code == 201, answer.text
    kept = next(one for one in answer.json() if one["number"] == number)
    path = f"/api/desk/board/appeals/{kept['id']}/ruling"
    assert (await street.post(path, json={"upheld": upheld, "words": "看过现场了"})).status_code == 204


async def told_in_chat(side: Side, places: list[tuple[str, float]], communities: list[dict[str, Any]]) -> None:
    """The street's report has the figures of the page and the places of the ledger."""
    report = await sees(side, "desk", "第 3 季度")
    names = {g.id: g.name for g in side.program.city.street.grids()}
    for place, (grid, score) in enumerate(places, 1):
        assert f"{place}. {names[grid]} {percent(score)}" in report
    assert names[SMALL] not in report
    assert "1 个网格单子还少，不排名" in report
    for row in communities:
        figures = {one["name"]: one for one in row["figures"]}
        line = f"{row['name']}：受理 {row['counts']['received']}，按时 {percent(figures['ontime_rate']['value'])}"
        if row["counts"]["rated"]:
            line += f"，满意 {percent(figures['satisfaction_rate']['value'])}（{row['counts']['rated']} 人评）"
        assert line in report


def audit_file(folder: Path, url: str) -> Path:
    """A configuration for the command line, for the same database."""
    keys = "" if url.startswith("sqlite") else '[privacy]\nkeys = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]\n'
    path = folder / "audit.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[storage]\nurl = "{url}"\n{keys}', encoding="utf-8")
    return path


async def audited(path: Path) -> tuple[int, str]:
    """`linli audit rebuild --check`, as an operator types it."""
    command = (str(Path(sys.executable).with_name("linli")), "audit", "rebuild", "--check", "--config", str(path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_quarters_ranking_is_recomputed_from_the_ledger(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    url = fresh(database)
    async with SIDES[channel](tmp_path, url, START) as side, AsyncExitStack() as stack:
        await lived(side)
        street = await sits(side, "街道老陈", stack)
        late = await sits(side, WORKERS[LATE], stack)
        good = await sits(side, WORKERS[GOOD], stack)
        async with side.program.store.read() as tx:
            before = ranked(side, await audit.rebuild(tx), micros(side.clock.now()))
            [again] = [r.number for r in await tx.all(select(requests.c.number).where(requests.c.reopened > 0))]
        await appealed(side, street, late, LATE, again, upheld=True)
        await appealed(side, street, good, GOOD, (await of_grid(side, GOOD))[0], upheld=False)
        forbidden = {"period": QUARTER, "by": "grid", "key": GOOD, "number": again, "words": "不是我们的"}
        assert (await late.post("/api/desk/board/appeals", json=forbidden)).status_code == 403

        side.clock.ahead += END - side.clock.now()  # the quarter is over
        await sees(side, "desk", "第 3 季度")
        street = await sits(side, "街道老陈", stack)  # the session of three days ago has ended
        board = (await street.get(f"/api/desk/board?period={QUARTER}&by=grid")).json()
        page = (await street.get(f"/api/desk/cockpit?period={QUARTER}&by=community")).json()
        async with side.program.store.read() as tx:
            books = await audit.rebuild(tx)
            assert [finding async for finding in verify(tx) if not finding.is_warning] == []
        at = micros(datetime.fromisoformat(page["at"]))
        places = ranked(side, books, at)
        assert [grid for grid, _ in places] == [GOOD, LATE]
        shown = [(one["row"]["key"], one["score"]) for one in board["places"] if one["place"] is not None]
        assert shown == [(grid, pytest.approx(score)) for grid, score in places]
        assert (board["left_out"], dict(places)[GOOD]) == (1, dict(before)[GOOD])
        assert dict(places)[LATE] > dict(before)[LATE]
        await told_in_chat(side, places, page["rows"])

        lines: list[str] = []
        assert await check(load_config(audit_file(tmp_path, url)), lines.append), lines
        async with side.program.store.write() as tx:
            worst = (ratings.c.tenant == tx.tenant) & (ratings.c.stars == 3)
            [one] = await tx.all(select(ratings.c.request_id).where(worst).limit(1))
            await tx.run(update(ratings).where(worst, ratings.c.request_id == one.request_id).values(stars=5))
        code, out = await audited(audit_file(tmp_path, url))
        assert code == 1
        assert "ratings are kept as 1/yes/5, 1/yes/3 by the events" in out
        assert "five_stars" in out
