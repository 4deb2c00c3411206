"""A season from opening to its report: collected, launched at its hour, adopted, fulfilled, looked through, made public."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage import seasons, wishes
from tests.handlers.season_steps import opened, season_of
from tests.handlers.wish_steps import ROOM, heard, last, published, stored, told
from tests.town import Town
from workflow.rights import Role
from workflow.season import SeasonState
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def current(town: Town) -> SeasonState | None:
    async with town.store.read() as tx:
        season = await seasons.find_current(tx)
    return None if season is None else season.state


@BOTH
async def test_nothing_is_adopted_before_the_launch_hour(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await opened(town)
        assert "20 日 10:00 开始认领" in heard(town, "街道老周")
        await published(town)
        await town.employs("小王", Role.MEMBER, "yinxing")
        await town.says("小王", "心愿墙")
        assert "开始认领" in last(town, "小王")
        await town.says("小王", "认领 1001")
        assert "到时候再来" in told(town, "小王")
        assert (await stored(town)).state is WishState.PUBLISHED
        await town.passes(days=4)
        assert await current(town) is SeasonState.LIVE
        await town.says("小王", "认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_only_the_street_opens_a_season_and_one_at_a_time(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "心愿季")
        assert "没有心愿季" in last(town, "刘书记")
        assert town.screen("刘书记")[-1][1] == []
        await opened(town)
        await town.says("街道老周", "心愿季")
        assert "正在征集" in last(town, "街道老周")
        await town.presses("街道老周", "这一季不办了")
        assert await current(town) is None
        await town.says("街道老周", "心愿季")
        await town.presses("街道老周", "筹备新一季")
        await town.says("街道老周", "暖春")
        await town.says("街道老周", "去年")
        assert "没看懂" in last(town, "街道老周")
        await town.says("街道老周", "12月5日上午10点")
        await town.says("街道老周", "12月1日")
        assert "结束得比开始晚" in last(town, "街道老周")


@BOTH
async def test_what_is_left_is_looked_at_and_goes_first_next_time(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await opened(town)
        await published(town)
        await published(town, "陈大爷", "想要一副老花镜，银杏苑5幢", 1002)
        await town.passes(days=20)
        assert await current(town) is SeasonState.CLOSED
        assert any("还有 2 个没人认领" in text for text, _ in town.room(ROOM))
        await town.presses("刘书记", "逐个看", room=ROOM)
        await town.presses("刘书记", "留到下一季", room=ROOM)
        assert "排在最前面" in last(town, "李阿姨")
        assert await current(town) is SeasonState.CLOSED
        await town.presses("刘书记", "收起来", room=ROOM)
        assert "这一季" in last(town, "陈大爷")
        assert (await stored(town, 1002)).state is WishState.EXPIRED
        assert await current(town) is SeasonState.REVIEWED
        await town.says("街道老周", "心愿季")
        await town.presses("街道老周", "公布报告")
        assert await current(town) is None
        await opened(town, "12月10日上午10点", "12月20日", "新春心愿季")
        await published(town, "周奶奶", "想要一台收音机，银杏苑5幢", 1003)
        wish = await stored(town)
        assert wish.carried == 1
        async with town.store.read() as tx:
            assert [w.number for w in await wishes.wall(tx)] == [1001, 1003]
        await town.employs("小王", Role.MEMBER, "yinxing")
        await town.says("小王", "认领 1003")
        await town.says("小王", "认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED
        assert (await stored(town, 1003)).state is WishState.PUBLISHED
        await town.says("小王", "心愿季报告")
        assert "暖冬心愿季" in last(town, "小王")


async def test_a_small_season_to_its_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await season_of(town, 20, 12)
        await town.says("小王", "心愿季报告 1")
        said = last(town, "小王")
        assert re.search(r"20 个心愿", said)
