"""The scripted journey, word for word the same on every channel: report, two claim, result, days later a rating, reopened."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.journeys.sides import SIDES, ledger, sees, stored, until
from tests.storage.conftest import Fresh, cluster, fresh, template  # noqa: F401
from workflow.rights import Role

GRID = "grid:yinxing-01"
WHERE = [("telegram", "sqlite"), ("web", "postgresql"), ("apps", "sqlite"), ("apps", "postgresql")]


@pytest.mark.parametrize(("channel", "database"), WHERE)
async def test_from_one_sentence_to_the_rating_and_again(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    """报事、两人同时抢单、办结、三天后再来先问评价、没好就重办、再抢、再办结、好了给五颗星。"""
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        for name in ("王师傅", "小刘"):
            await side.person(name, (Role.GRID_WORKER, "yinxing-01"))
        await side.room(GRID, "王师傅", "小刘")
        await side.person("李阿姨")
        await side.say("李阿姨", "银杏苑三栋二单元楼道灯坏了，13900001234")
        await side.press("李阿姨", "对，就这样")
        await sees(side, "李阿姨", "已登记，单号 1001")
        assert "13900001234" not in await sees(side, GRID, "1001")

        presses = [asyncio.create_task(side.press(name, "接单", GRID)) for name in ("王师傅", "小刘")]
        await until(side, "request.claimed")
        for late in (await asyncio.wait(presses, timeout=10))[1]:  # they came too late to see the button
            late.cancel()
        pressed = await asyncio.gather(*presses, return_exceptions=True)
        assert [one for one in pressed if one is None], pressed
        winner = "王师傅" if "王师傅" in await sees(side, "李阿姨", "接了") else "小刘"
        assert [e.name for e in await ledger(side)].count("request.claimed") == 1
        side.clock.turn(hours=73)
        await side.say(winner, "办结 1001 灯泡换好了", GRID)
        await until(side, "request.resolved")
        side.clock.turn(hours=2, minutes=5)
        await until(side, "request.rating_asked")
        side.clock.turn(hours=24)
        await side.say("李阿姨", "你好")
        await sees(side, "李阿姨", "灯泡换好了")
        await side.press("李阿姨", "没好")
        await until(side, "request.reopened")
        await sees(side, "李阿姨", "那不算完")
        await sees(side, GRID, "返工")

        await side.press(winner, "接单", GRID)
        await until(side, "request.claimed", 2)
        await side.say("李阿姨", "灯还是一闪一闪的")
        await side.say(winner, "办结 1001 换了灯座", GRID)
        await until(side, "request.resolved", 2)
        side.clock.turn(hours=2, minutes=5)
        await until(side, "request.rating_asked", 2)
        await sees(side, "李阿姨", "“换了灯座”\n真的好了吗")
        await side.press("李阿姨", "好了")
        await side.press("李阿姨", "5★")
        await until(side, "request.rated")
        assert (await stored(side)).state.value == "closed"
        assert (await stored(side)).reopened == 1
