"""双报到 in chat: registering, confirming, activities with a waiting list and signs, posts, the year's record."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from bot.papers import Papers
from storage import activities, members, points, roles
from storage.members import MemberState
from storage.people import find_by_identity
from tests.handlers.wish_steps import ROOM, last, told
from tests.town import Town, _linjiang
from workflow.rights import Grant, Role

BOTH = pytest.mark.parametrize("buttons", [True, False])
BASE = "https://linli.example.cn"


async def registered(town: Town, who: str = "小王", kind: str = "我是党员", unit: str = "临江供电所，第二支部") -> None:
    """Somebody has registered in Yinxing and is confirmed."""
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.says(who, "双报到")
    await town.presses(who, kind)
    await town.says(who, unit)
    await town.says(who, "会电工，周末有空，银杏苑3幢")
    if "电话" in last(town, who):
        await town.says(who, "13812345678")
    await town.presses(who, "对，报到")
    await town.presses("刘书记", "确认", room=ROOM)


async def person(town: Town, who: str) -> int:
    async with town.store.read() as tx:
        found = await find_by_identity(tx, "test", "", who)
    assert found is not None
    return found.id


async def sign_of(town: Town, number: int) -> str:
    async with town.store.read() as tx:
        found = await activities.find_by_number(tx, number)
    assert found is not None
    return f"v_{found.code}"


@BOTH
async def test_a_member_registers_and_the_community_confirms(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await registered(town)
        assert "岗位" in last(town, "小王")
        card = next(text for text, _ in town.room(ROOM) if "报到" in text)
        assert "已确认" in card
        assert "临江供电所" in card
        assert "13812345678" not in card
        async with town.store.read() as tx:
            me = await person(town, "小王")
            found = await members.find(tx, me)
            assert found is not None
            assert (found.unit, found.branch, found.grid) == ("临江供电所", "第二支部", "yinxing-01")
            assert Grant(Role.MEMBER, "yinxing") in await roles.grants_of(tx, me)
        await town.says("小王", "我的报到")
        await town.presses("小王", "退出报到")
        await town.presses("小王", "退出")
        async with town.store.read() as tx:
            assert await members.find(tx, me) is None
            assert await roles.grants_of(tx, me) == []


@BOTH
async def test_a_neighbour_without_a_card_hears_neighbourly_words(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await registered(town, "李阿姨", "我来做志愿者", "没有")
        heard = "\n".join(text for text, _ in town.screen("李阿姨"))
        assert "帮邻居" in heard
        assert "支部" not in heard
        assert "党" not in heard.replace("我是党员", "")
        async with town.store.read() as tx:
            assert (await members.confirmed(tx, "yinxing"))[0].kind == "volunteer"
            assert await roles.grants_of(tx, await person(town, "李阿姨")) == []


async def test_only_the_community_confirms_and_nobody_themselves(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "双报到")
        await town.presses("刘书记", "我是党员")
        await town.says("刘书记", "街道，一支部")
        await town.says("刘书记", "什么都能干，银杏社区")
        await town.says("刘书记", "13812345678")
        await town.presses("刘书记", "对，报到")
        await town.presses("路人", "确认", room=ROOM)
        assert "不归您" in told(town, "路人")
        await town.presses("刘书记", "确认", room=ROOM)
        async with town.store.read() as tx:
            found = await members.find(tx, await person(town, "刘书记"))
            assert found is not None
            assert found.state is MemberState.ASKED
        await town.employs("王主任", Role.DESK, "yinxing")
        await town.presses("王主任", "看联系方式", room=ROOM)
        assert "13812345678" in last(town, "王主任")
        assert "13812345678" not in "".join(text for text, _ in town.room(ROOM))


@BOTH
async def test_an_activity_from_the_announcement_to_the_hours(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await registered(town)
        await town.says("路人", "发起活动 明天上午9点 2小时 1人 扫楼道")
        assert "不归您" in told(town, "路人")
        await town.says("刘书记", "发起活动 明天上午9点 2小时 1人 银杏社区广场扫楼道")
        assert "告诉了 1 人" in last(town, "刘书记")
        assert "“银杏社区广场扫楼道”" in last(town, "刘书记"), "what is read on the day itself names no tomorrow"
        await town.presses("小王", "我参加")
        assert "报上了" in told(town, "小王")
        await town.says("李阿姨", "活动 1001")
        await town.presses("李阿姨", "我参加")
        assert "候补" in told(town, "李阿姨")
        await town.says("小王", "活动 1001")
        await town.presses("小王", "不去了")
        assert "有名额了" in last(town, "李阿姨")
        code = await sign_of(town, 1001)
        await town.scans("李阿姨", code)
        assert "才开始" in last(town, "李阿姨")
        await town.passes(hours=22, minutes=30)
        assert any("提醒您" in text for text, _ in town.screen("李阿姨"))
        await town.scans("李阿姨", code)
        assert "签到了" in last(town, "李阿姨")
        await town.scans("路人", code)
        await town.passes(hours=1, minutes=30)
        await town.scans("李阿姨", code)
        assert "1 小时" in last(town, "李阿姨")
        await town.scans("李阿姨", code)
        assert "已经记过" in last(town, "李阿姨")
        await town.passes(hours=4)
        assert "服务 2 小时" in last(town, "路人")
        async with town.store.write() as tx:
            await points.catch_up(tx, town.city.points, town.city.manners.tz)
            assert await points.balance(tx, await person(town, "李阿姨")) == 5
            assert await points.balance(tx, await person(town, "路人")) == 8


async def test_hours_that_were_not_so_are_taken_back_with_their_points(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "发起活动 明天上午9点 2小时 5人 银杏社区广场扫楼道")
        await town.passes(hours=23)
        await town.scans("小王", await sign_of(town, 1001))
        await town.passes(hours=5)
        await town.says("刘书记", "活动 1001")
        await town.presses("刘书记", "看名单")
        await town.presses("刘书记", "没来")
        await town.says("小王", "我的积分")
        assert "您现在有 0 分" in last(town, "小王")
        assert "参加活动（退回）" in last(town, "小王")


async def test_a_cancelled_activity_is_told_to_everybody_who_wanted_to_come(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "发起活动 明天上午9点 2小时 5人 银杏社区广场扫楼道")
        await town.says("小王", "活动")
        await town.presses("小王", "看 1001")
        await town.presses("小王", "我参加")
        await town.presses("刘书记", "取消活动")
        assert "取消了" in last(town, "小王")
        await town.says("小王", "活动")
        assert "没有活动" in last(town, "小王")


@BOTH
async def test_a_post_is_offered_taken_and_served(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "设岗 1人 每周二晚上巡楼道 银杏苑")
        await town.says("小王", "认岗 1001")
        assert "先报到" in last(town, "小王")
        await registered(town)
        await town.says("小王", "岗位")
        await town.presses("小王", "认 1001")
        await town.says("路人", "岗位")
        assert "没有空着" in last(town, "路人")
        await town.says("小王", "我的岗位")
        await town.presses("小王", "1001 记一次")
        await town.says("小王", "巡了三栋楼")
        assert "多久" in last(town, "小王")
        await town.says("小王", "巡了三栋楼，两个小时")
        await town.presses("刘书记", "属实", room=ROOM)
        assert "核实了" in last(town, "小王")
        await town.says("小王", "支部积分榜")
        assert "临江供电所 第二支部　5 分" in last(town, "小王")
        await town.says("小王", "网格积分榜")
        assert "5 分" in last(town, "小王")
        await town.presses("刘书记", "核错了，退回", room=ROOM)
        await town.says("小王", "我的积分")
        assert "您现在有 0 分" in last(town, "小王")


async def test_the_years_record_is_printed_for_the_unit(tmp_path: Path) -> None:
    city = _linjiang()
    city = replace(city, manners=replace(city.manners, web_base=BASE))
    async with Town.open(tmp_path, city=city) as town:
        await town.says("小王", "服务记录")
        assert "还没有服务记录" in last(town, "小王")
        await registered(town)
        await town.says("刘书记", "发起活动 明天上午9点 2小时 5人 银杏社区广场扫楼道")
        await town.presses("刘书记", "打印签到码")
        sign = last(town, "刘书记").split("/papers/")[1].removesuffix(".pdf")
        await town.passes(hours=23)
        await town.scans("小王", await sign_of(town, 1001))
        await town.passes(hours=5)
        await town.says("小王", "2026年服务记录")
        said = last(town, "小王")
        assert "一共 2 小时，8 分" in said
        token = said.split("/papers/")[1].removesuffix(".pdf")
        papers = Papers(town.store, town.city, lambda: town.now)
        made, made_sign = await papers.find(token, BASE), await papers.find(sign, BASE)
        assert made is not None
        assert made_sign is not None
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
        for words in ("小王", "临江供电所", "第二支部", "扫楼道", "2 小时"):
            assert words in text
        assert "扫一扫" in PdfReader(io.BytesIO(made_sign)).pages[0].extract_text()
        assert await papers.find("x" * 32, BASE) is None
        await town.passes(days=8)
        assert await papers.find(token, BASE) is None
