"""Three journeys of the clocks, on both channels and both databases: climbing over a holiday, a whistle, a dispute."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.sides import SIDES, Side, ledger, sees, stored, until
from tests.storage.conftest import Fresh, cluster, fresh, template  # noqa: F401
from workflow.rights import Role
from workflow.states import State

GRID, DESK, STREET = "grid:yinxing-01", "desk:yinxing", "desk"
URBAN, HOUSING, WATER = "dept:urban", "dept:housing", "dept:water"
TZ = ZoneInfo("Asia/Shanghai")
EVERYWHERE = [(channel, database) for channel in ("telegram", "web") for database in ("sqlite", "postgresql")]


async def reported(side: Side) -> None:
    """A resident's report waits in the grid's room; the community and the street have people."""
    await side.person("王师傅", (Role.GRID_WORKER, "yinxing-01"))
    await side.person("刘书记", (Role.DESK, "yinxing"))
    await side.person("街道老陈", (Role.STREET, "linjiang"))
    await side.room(GRID, "王师傅")
    await side.room(DESK, "刘书记")
    await side.room(STREET, "街道老陈")
    await side.person("李阿姨")
    await side.say("李阿姨", "银杏苑3幢2单元楼道灯不亮了")
    await side.press("李阿姨", "对，就这样")
    await sees(side, "李阿姨", "1001")
    await sees(side, GRID, "1001")


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_three_levels_hear_of_it_over_the_holiday_week(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database), datetime(2026, 9, 30, 14, 0, tzinfo=TZ)) as side:
        await reported(side)
        side.clock.turn(hours=1, minutes=1)
        await sees(side, DESK, "督办 1001")
        side.clock.turn(hours=1)
        await sees(side, STREET, "逐级上报 1001")
        side.clock.turn(hours=15)  # over the night, into the holiday
        await until(side, "request.escalated", clock="respond", rung="head")
        await sees(side, "街道老陈", "逐级上报 1001")
        await side.say("王师傅", "接单 1001", GRID)
        await until(side, "request.claimed")
        for days, event, rung in ((3, "request.supervised", "desk:yinxing"), (1, "request.escalated", "desk")):
            side.clock.turn(days=days, hours=1)
            await until(side, event, clock="resolve", rung=rung)
        side.clock.turn(days=1, hours=1)
        await until(side, "request.escalated", clock="resolve", rung="head")
        told = [(e.data["clock"], e.data["rung"]) for e in await ledger(side) if e.data.get("rung")]
        assert len(told) == len(set(told)) == 6
        assert side.clock.now() < datetime(2026, 10, 8, tzinfo=TZ)


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_whistle_with_three_departments_one_of_them_late(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        await reported(side)
        for name, department, queue in (
            ("城管老赵", "urban", URBAN),
            ("住建小钱", "housing", HOUSING),
            ("水务老孙", "water", WATER),
        ):
            await side.person(name, (Role.DEPT_STAFF, department))
            await side.room(queue, name)
        await side.person("水务局长", (Role.DEPT_HEAD, "water"))
        await side.say("刘书记", "吹哨 1001 城管 住建 水务 三家一起看", DESK)
        await sees(side, "李阿姨", "城管、住建、水务")
        await side.press("城管老赵", "收到，马上来", URBAN)
        await until(side, "request.part_answered")
        await side.press("城管老赵", "报到", URBAN)
        await side.press("住建小钱", "报到", HOUSING)
        await until(side, "request.checked_in", 2)
        side.clock.turn(hours=4, minutes=1)
        await until(side, "request.part_late", queue=WATER)
        await sees(side, "水务局长", "迟到上报")
        await sees(side, STREET, "水务过了")
        await sees(side, URBAN, "迟到")
        await side.say("住建小钱", "办完 1001 结构看过，安全", HOUSING)
        await until(side, "request.part_reported")
        await side.press("水务老孙", "报到", WATER)
        await until(side, "request.checked_in", 3)
        await side.say("水务老孙", "办完 1001 管道换了", WATER)
        await sees(side, "城管老赵", "各家都齐了")
        await side.say("城管老赵", "办结 1001 都弄好了", URBAN)
        await sees(side, "李阿姨", "都弄好了")
        assert (await stored(side)).state is State.RESOLVED
        await sees(side, DESK, "水务这回来得怎么样")
        await side.press("刘书记", "3★", DESK)
        await until(side, "request.assessed", of_caller=False)


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_dispute_is_ruled_and_the_ruling_stands(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        await reported(side)
        await side.person("城管老赵", (Role.DEPT_STAFF, "urban"))
        await side.room(URBAN, "城管老赵")
        await side.say("王师傅", "接单 1001", GRID)
        await until(side, "request.claimed")
        await side.say("王师傅", "退回 1001 灯杆是城管的", GRID)
        await until(side, "request.returned")
        await side.say("刘书记", "改类 1001 占道经营", DESK)
        await sees(side, URBAN, "1001")
        await side.say("李阿姨", "1001")
        await sees(side, "李阿姨", "王师傅对您负责")
        await side.say("城管老赵", "退回 1001 灯杆在小区里面", URBAN)
        await sees(side, STREET, "派单争议 1001")
        assert (await stored(side)).queue == URBAN
        await side.press("街道老陈", "银杏社区第一网格", STREET)
        await until(side, "request.ruled", queue=GRID)
        await sees(side, GRID, "裁定由银杏社区第一网格办")
        await side.say("王师傅", "退回 1001 还是不归我们", GRID)
        await sees(side, GRID, "不能再退了")
        await side.say("王师傅", "接单 1001", GRID)
        await until(side, "request.claimed", 2)
        assert (await stored(side)).queue == GRID
