"""Neighbours helping each other, on both channels and both databases: a season, an offer with points, a thing lent."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest

from handlers import wall_page
from storage import adoptions, events, loans, resources, seasons, stations, wishes
from storage.loans import LoanState
from storage.resources import BookingState
from storage.wishes import Wish
from tests.journeys.sides import PATIENCE, SIDES, Side, sees
from tests.storage.conftest import Fresh, cluster, fresh, template  # noqa: F401
from workflow.rights import Role
from workflow.season import SeasonState
from workflow.wish import WishState

DESK, STREET, GRID = "desk:yinxing", "desk", "grid:yinxing-01"
EVERYWHERE = [(channel, database) for channel in ("telegram", "web") for database in ("sqlite", "postgresql")]
PIANO = "想请两位邻居帮忙把旧钢琴抬下楼，银杏苑3幢2单元401"
LAMP = "厨房灯泡够不着，想请人换一下，银杏苑3幢2单元401"


async def wish_is(side: Side, number: int, state: WishState, taken: int | None = None) -> Wish:
    """Waits until a wish stands so."""
    end = time.monotonic() + PATIENCE
    while True:
        async with side.program.store.read() as tx:
            wish = await wishes.find_by_number(tx, number)
        if wish is not None and wish.state is state and taken in (None, wish.taken):
            return wish
        assert time.monotonic() < end, f"{number} is {wish and (wish.state, wish.taken)}, not {state} {taken}"
        await asyncio.sleep(0.1)


async def wished(side: Side, who: str, words: str, number: int) -> None:
    """A wish that the desk has put on the wall."""
    await side.say(who, words)
    await sees(side, who, "这样行吗")
    await side.press(who, "对")
    await sees(side, who, f"心愿编号 {number}")
    await side.say("刘书记", f"上墙 {number}", DESK)
    await wish_is(side, number, WishState.PUBLISHED)


async def staffed(side: Side, *members: str) -> None:
    """The community's desk, the street, and members whom the community knows."""
    await side.person("刘书记", (Role.DESK, "yinxing"))
    await side.person("老周", (Role.STREET, "linjiang"))
    await side.room(DESK, "刘书记")
    await side.room(STREET, "老周")
    for name in members:
        await side.person(name, (Role.MEMBER, "yinxing"))


async def season_opened(side: Side) -> None:
    await side.say("老周", "心愿季")
    await side.press("老周", "筹备新一季")
    for said, asked in (("暖冬心愿季", "什么时候开始"), ("11月19日上午10点", "哪天结束"), ("11月30日", "这样行吗")):
        await side.say("老周", said)
        await sees(side, "老周", asked)
    await side.press("老周", "对，开始征集")
    await sees(side, "老周", "开始征集了")


async def season_is(side: Side, state: SeasonState) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        async with side.program.store.read() as tx:
            found = await seasons.find_by_number(tx, 1)
        if found is not None and found.state is state:
            return
        assert time.monotonic() < end, f"the season is {found and found.state}, not {state}"
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_season_with_a_group_a_handover_and_a_silent_adopter(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        await staffed(side, "小王", "小赵", "小孙")
        await side.person("李阿姨")
        await season_opened(side)
        await wished(side, "李阿姨", PIANO, 1001)
        await side.person("王奶奶")
        await wished(side, "王奶奶", "想请人陪着去公园走走，银杏苑3幢2单元401", 1002)
        await side.say("刘书记", "心愿设置 1001 2人", DESK)
        await sees(side, DESK, "还差 2 份")
        await side.say("小王", "认领 1001")
        await sees(side, "小王", "到时候再来")
        side.clock.turn(days=4)
        await season_is(side, SeasonState.LIVE)

        await side.say("小王", "认领 1001 1份")
        await wish_is(side, 1001, WishState.PUBLISHED, 1)
        await side.say("小赵", "认领 1001")
        await wish_is(side, 1001, WishState.ADOPTED, 2)
        await sees(side, "小王", "人齐了")
        await side.say("小孙", "认领 1001")
        await sees(side, "小孙", "晚了一步")
        await side.say("小孙", "认领 1002")
        silent = await wish_is(side, 1002, WishState.ADOPTED)

        await side.say("小赵", "转交 1001")
        code = re.search(r"接手 (\w{8})", await sees(side, "小赵", "接手"))
        assert code is not None
        await side.say("小孙", f"接手 {code[1]}")
        await sees(side, "小赵", "已经有人接手了")
        await side.photo("小王", "心愿完成 1001 抬下去了，用了一个小时")
        await wish_is(side, 1001, WishState.FULFILLED)
        await side.press("李阿姨", "收到了，谢谢")
        await wish_is(side, 1001, WishState.CLOSED)

        side.clock.turn(days=4)
        await sees(side, "小孙", "还顺利吗")
        side.clock.turn(days=3, hours=2)
        back = await wish_is(side, 1002, WishState.PUBLISHED, 0)
        await sees(side, "小孙", "一周没消息")
        assert silent.adopter_id is not None
        assert back.adopter_id is None

        side.clock.turn(days=8)
        await season_is(side, SeasonState.CLOSED)
        await side.press("刘书记", "都留到下一季", DESK)
        await season_is(side, SeasonState.REVIEWED)
        await side.press("老周", "公布报告", STREET)
        await season_is(side, SeasonState.SHOWN)
        async with side.program.store.read() as tx:
            report = await wall_page.report(tx, 1)
            held = await adoptions.of_wishes(tx, [back.id])
        assert report is not None
        assert (report.figures["published"], report.figures["fulfilled"]) == (2, 1)
        assert [a.why for a in held] == ["lapsed"]


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_units_offer_is_claimed_for_a_wish_and_its_points_are_appealed(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        await staffed(side)
        await side.person("供电所", (Role.UNIT, "yinxing"))
        await side.person("李阿姨")
        await side.say("供电所", "发布资源")
        for asked, said in (
            ("您能拿出什么", "电工师傅可以上门换灯修插座，2次，银杏社区"),
            ("单位名称", "临江供电所"),
            ("留个电话", "13811112222"),
        ):
            await sees(side, "供电所", asked)
            await side.say("供电所", said)
        await sees(side, "供电所", "这样行吗")
        await side.press("供电所", "对")
        await sees(side, DESK, "请核实")
        await side.press("刘书记", "公布", DESK)
        await sees(side, "供电所", "公布了")
        await wished(side, "李阿姨", LAMP, 1002)
        await side.say("李阿姨", "心愿 1002")
        await side.press("李阿姨", "看看有什么现成的")
        await sees(side, "李阿姨", "临江供电所")
        await side.press("李阿姨", "请 1001 帮忙")
        await sees(side, "供电所", "有人用得上")
        await side.press("供电所", "我来圆 1002")
        wish = await wish_is(side, 1002, WishState.ADOPTED)
        async with side.program.store.read() as tx:
            booked = await resources.of_need(tx, "wish", wish.id)
            offer = await resources.find_by_number(tx, 1001)
        assert [b.state for b in booked] == [BookingState.BOOKED]
        assert offer is not None
        assert offer.left == 1
        await side.photo("供电所", "心愿完成 1002 换好了，用了两个小时")
        await wish_is(side, 1002, WishState.FULFILLED)

        await side.say("供电所", "我的积分")
        before = int((re.search(r"有 (\d+) 分", await sees(side, "供电所", "您现在有")) or [0, 0])[1])
        assert before > 0
        await side.say("供电所", "积分申诉")
        await side.press("供电所", "有一件没记上")
        await sees(side, "供电所", "怎么回事")
        await side.say("供电所", "上周修路灯没有记，电话13811112222")
        card = await sees(side, DESK, "修路灯")
        assert "13811112222" not in card
        number = re.search(r"\d{4}", card)
        assert number is not None
        await side.say("刘书记", f"积分申诉 {number[0]} 加 5 楼长证明了", DESK)
        await sees(side, "供电所", "加 5 分")
        await side.say("供电所", "我的积分")
        await sees(side, "供电所", f"有 {before + 5} 分")


@pytest.mark.parametrize(("channel", "database"), EVERYWHERE)
async def test_a_thing_is_lent_reminded_of_and_comes_back_damaged(
    channel: str,
    database: str,
    tmp_path: Path,
    fresh: Fresh,  # noqa: F811
) -> None:
    async with SIDES[channel](tmp_path, fresh(database)) as side:
        await side.person("刘书记", (Role.DESK, "yinxing"))
        await side.person("小李", (Role.GRID_WORKER, "yinxing-01"))
        await side.room(GRID, "小李")
        for name in ("李阿姨", "王师傅"):
            await side.person(name)
        await side.say("刘书记", "建驿站 北门驿站")
        for said, asked in (("银杏苑北门", "在哪儿"), ("8:00-18:00", "几点开到几点"), ("热水", "里头有什么")):
            await sees(side, "刘书记", asked)
            await side.say("刘书记", said)
        await sees(side, "刘书记", "建好了，编号 1001")
        await side.say("刘书记", "放东西 1001 雨伞 1把 3天")
        await sees(side, "刘书记", "雨伞　共 1")
        async with side.program.store.read() as tx:
            (station,) = await stations.listed(tx)
        await side.say("李阿姨", "附近哪里能借雨伞")
        await sees(side, "李阿姨", "北门驿站")
        await side.scan("李阿姨", f"s_{station.code}")
        await side.press("李阿姨", "借雨伞")
        await sees(side, "李阿姨", "雨伞借好了")
        await side.scan("王师傅", f"s_{station.code}")
        await sees(side, "王师傅", "都借出去了")
        await side.press("王师傅", "雨伞有了告诉我")
        side.clock.turn(days=2, hours=1)
        await sees(side, "李阿姨", "到期")
        side.clock.turn(days=1, hours=3)
        await sees(side, "李阿姨", "到时间了")
        await side.scan("李阿姨", f"s_{station.code}")
        await side.press("李阿姨", "还雨伞")
        await sees(side, "李阿姨", "雨伞还好了")
        await sees(side, "王师傅", "先到先得")
        await side.press("李阿姨", "有点坏了")
        await sees(side, "李阿姨", "怎么了")
        await side.photo("李阿姨", "伞骨断了一根")
        await sees(side, "李阿姨", "谢谢您说一声")
        await sees(side, GRID, "伞骨断了一根")
        await side.press("小李", "不能用了", GRID)
        await sees(side, GRID, "数量减一")
        async with side.program.store.read() as tx:
            (thing,) = await stations.things_of(tx, (station.id,))
            (loan,) = await loans.of_person(tx, await _who(side, "loan.taken"), tuple(LoanState))
            told = [e.name for e in await events.history(tx, "loan", loan.id)]
        assert (thing.stock, thing.lent, thing.aside) == (0, 0, 0)
        assert told == ["loan.taken", "loan.reminded", "loan.reminded", "loan.returned"]


async def _who(side: Side, name: str) -> int:
    """Who did this last."""
    async with side.program.store.read() as tx:
        rows = await tx.all(
            events.events.select().where(events.events.c.tenant == tx.tenant, events.events.c.name == name)
        )
    return int(rows[-1].actor_id)
