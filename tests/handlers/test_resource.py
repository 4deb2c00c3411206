"""Offers in chat: published, checked, matched both ways with reasons, booked without doubling, planned for all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import resources
from storage.resources import BookingState, ResourceState
from tests.handlers.wish_steps import ROOM, last, published, stored, told
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])
LAMP = "厨房灯泡够不着，想请人换一下，银杏苑3幢2单元401"


async def offered(
    town: Town, who: str = "供电所", text: str = "电工师傅可以上门换灯修插座，2次，银杏社区", number: int = 1001
) -> None:
    """A unit's offer is on the list."""
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.employs(who, Role.UNIT, "yinxing")
    await town.says(who, "发布资源")
    await town.says(who, text)
    await town.says(who, "临江供电所")
    if "电话" in last(town, who):
        await town.says(who, "13811112222")
    await town.presses(who, "对")
    await town.presses("刘书记", "公布", room=ROOM)
    async with town.store.read() as tx:
        made = await resources.find_by_number(tx, number)
    assert made is not None
    assert made.state is ResourceState.PUBLISHED


@BOTH
async def test_a_units_offer_meets_a_wish(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await offered(town)
        await published(town, text=LAMP, number=1002)
        await town.says("供电所", "合适的心愿 1001")
        said = last(town, "供电所")
        assert "1002" in said
        assert "正好是这一类" in said
        assert "会这门手艺" in said
        await town.presses("供电所", "我来圆 1002")
        wish = await stored(town, 1002)
        assert wish.state is WishState.ADOPTED
        assert "一家共建单位" in last(town, "李阿姨")
        async with town.store.read() as tx:
            (booking,) = await resources.of_need(tx, "wish", wish.id)
            assert booking.state is BookingState.BOOKED
            assert (await resources.find_by_number(tx, 1001)).left == 1  # type: ignore[union-attr]
        await town.says("供电所", "放弃心愿 1002")
        await town.presses("供电所", "放回墙上")
        async with town.store.read() as tx:
            assert (await resources.find_by_number(tx, 1001)).left == 2  # type: ignore[union-attr]


@BOTH
async def test_the_wisher_asks_and_the_owner_decides(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await offered(town)
        await published(town, text=LAMP, number=1002)
        await town.says("李阿姨", "心愿 1002")
        await town.presses("李阿姨", "看看有什么现成的")
        assert "临江供电所" in last(town, "李阿姨")
        await town.presses("李阿姨", "请 1001 帮忙")
        assert "有人用得上" in last(town, "供电所")
        assert "401" not in last(town, "供电所")
        await town.presses("供电所", "这次不行")
        assert "不方便" in last(town, "李阿姨")
        assert (await stored(town, 1002)).state is WishState.PUBLISHED


async def test_a_calendar_is_given_moment_by_moment(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await offered(town, text="电工师傅可以上门换灯修插座，银杏社区")
        await town.says("供电所", "加时段 1001 明天上午9点 2小时 1人")
        assert "加上了" in last(town, "供电所")
        await town.says("供电所", "加时段 1001 明天上午10点 2小时 1人")
        assert "排过了" in last(town, "供电所")
        for i in range(2):
            await published(town, f"居民{i}", f"厨房灯泡够不着，想请人换第{i + 2}个灯泡，银杏苑3幢2单元40{i}", 1002 + i)
        await town.says("供电所", "合适的心愿")
        await town.presses("供电所", "我来圆 1002")
        await town.presses("供电所", "明天 09:00")
        assert (await stored(town, 1002)).state is WishState.ADOPTED
        await town.presses("供电所", "我来圆 1003")
        assert "没有空了" in told(town, "供电所")
        assert (await stored(town, 1003)).state is WishState.PUBLISHED


async def test_the_desk_plans_for_all_at_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await offered(town)
        for i in range(3):
            await published(town, f"居民{i}", f"厨房灯泡够不着，想请人换第{i + 2}个灯泡，银杏苑3幢2单元40{i}", 1002 + i)
            await town.passes(days=1)
        await town.says("路人", "配对")
        assert "不归您" in told(town, "路人")
        await town.says("刘书记", "配对")
        assert "能配上 2 对" in last(town, "刘书记")
        assert "1002" in last(town, "刘书记")
        assert "1004" not in last(town, "刘书记")
        await town.presses("刘书记", "去问每一家")
        assert "问了 2 家" in last(town, "刘书记")
        await town.presses("供电所", "我来圆 1002")
        assert (await stored(town, 1002)).state is WishState.ADOPTED


async def test_an_offer_helps_with_a_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await offered(town)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("陈大爷", "银杏苑3幢2单元楼道灯泡坏了，修一下电路")
        await town.presses("陈大爷", "对，就这样")
        await town.says("王师傅", "接单 1002", room="grid:yinxing-01")
        await town.says("路人", "可用资源 1002")
        await town.says("王师傅", "可用资源 1002")
        assert "临江供电所" in last(town, "王师傅")
        await town.presses("王师傅", "请 1001 帮忙")
        assert "13811112222" not in last(town, "王师傅")
        await town.presses("供电所", "可以，帮这个忙")
        assert "13811112222" in last(town, "王师傅")


async def test_cash_and_private_things_are_no_offer(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("老板", Role.UNIT, "yinxing")
        await town.says("老板", "发布资源")
        await town.says("老板", "给困难家庭发现金红包")
        assert "不能放上来" in last(town, "老板")
        await town.says("老板", "算了")
        async with town.store.read() as tx:
            assert await resources.listed(tx, [s.value for s in ResourceState]) == []


@BOTH
async def test_what_somebody_offered_goes_with_their_data(tmp_path: Path, buttons: bool) -> None:
    """It is off the list without their words, and whoever had asked for it hears that it is no."""
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("周师傅", "发布资源")
        await town.says("周师傅", "我会修灯换插座，2次，银杏社区")
        await town.says("周师傅", "13811112222")
        await town.presses("周师傅", "对")
        await town.presses("刘书记", "公布", room=ROOM)
        await published(town, text=LAMP, number=1002)
        await town.says("李阿姨", "心愿 1002")
        await town.presses("李阿姨", "看看有什么现成的")
        await town.presses("李阿姨", "请 1001 帮忙")
        await town.says("周师傅", "删除我的资料")
        await town.presses("周师傅", "确定删除")
        assert "1001 那边这次不方便" in last(town, "李阿姨")
        await town.says("路人", "资源清单")
        assert "修灯" not in last(town, "路人")
        async with town.store.read() as tx:
            gone = await resources.find_by_number(tx, 1001)
            assert gone is not None
            assert gone.state is ResourceState.CLOSED
            assert "修灯" not in gone.text
            assert await resources.open_of(tx, gone.id) == []
