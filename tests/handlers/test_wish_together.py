"""Several adopters, waiting for a free part, handing over, a silent adopter, the rules that an adopter is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage import adoptions
from tests.handlers.wish_steps import ROOM, adopted, card, happened, heard, last, published, stored, told
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])
PIANO = "想请几位邻居帮忙把旧钢琴抬下楼，银杏苑3幢2单元401"


async def _known(town: Town, *names: str) -> None:
    """Members, whom the community knows: no phone number is asked of them."""
    for name in names:
        await town.employs(name, Role.MEMBER, "yinxing")
        await town.says(name, "帮助")


@BOTH
async def test_a_group_takes_the_parts_and_begins_when_it_is_full(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town, text=PIANO)
        await _known(town, "小王", "小赵", "小孙")
        await town.says("刘书记", "心愿设置 1001 3人 结伴", room=ROOM)
        assert "还差 3 份" in card(town)
        await town.says("小王", "心愿墙")
        await town.presses("小王", "我来认领 1001")
        await town.presses("小王", "2 份")
        assert "还差 1 份" in last(town, "小王")
        assert "3 份里有 2 份" in last(town, "李阿姨")
        wish = await stored(town)
        assert (wish.state, wish.taken, wish.adopter_id) == (WishState.PUBLISHED, 2, None)
        await town.says("小赵", "认领 1001")
        wish = await stored(town)
        assert (wish.state, wish.taken) == (WishState.ADOPTED, 3)
        assert "人齐了" in last(town, "小王")
        assert "结伴" in last(town, "小赵")
        assert "2 位好心人" in last(town, "李阿姨")
        assert "小王" not in heard(town, "李阿姨")
        await town.says("小孙", "认领 1001")
        assert "晚了一步" in told(town, "小孙")
        await town.says("小赵", "心愿进展 1001 周六上午去抬")
        assert "周六上午" in last(town, "李阿姨")
        await town.says("小王", "心愿完成 1001 抬好了，用了两个小时", media=1)
        assert (await stored(town)).hours == 2
        await town.presses("李阿姨", "收到了")
        await town.says("李阿姨", "谢谢你们，真不容易")
        for name in ("小王", "小赵"):
            assert "真不容易" in heard(town, name)
        assert (await stored(town)).state is WishState.CLOSED
        async with town.store.read() as tx:
            assert {a.why for a in await adoptions.of_wishes(tx, [wish.id])} == {"closed"}


async def test_one_of_a_group_leaves_and_the_part_is_free(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town, text=PIANO)
        await _known(town, "小王", "小赵", "小孙")
        await town.says("刘书记", "心愿设置 1001 2人", room=ROOM)
        await town.says("小王", "认领 1001 1份")
        await town.says("小赵", "认领 1001")
        await town.says("小王", "放弃心愿 1001")
        await town.presses("小王", "放回墙上")
        wish = await stored(town)
        assert (wish.state, wish.taken) == (WishState.PUBLISHED, 1)
        assert "还差 1 份" in last(town, "小赵")
        await town.says("小孙", "认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED
        assert "wish.left" in await happened(town)


@BOTH
async def test_whoever_waits_is_asked_first(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await _known(town, "小赵", "小孙", "小钱")
        for name in ("小赵", "小孙"):
            await town.says(name, "认领 1001")
            await town.presses(name, "有空了叫我")
        assert "排第 2" in last(town, "小孙")
        await town.says("小王", "放弃心愿 1001")
        await town.presses("小王", "放回墙上")
        assert "轮到您了" in last(town, "小赵")
        await town.says("小钱", "认领 1001")
        assert (await stored(town)).state is WishState.PUBLISHED
        await town.passes(hours=25)
        assert "没留住" in heard(town, "小赵")
        assert "轮到您了" in last(town, "小孙")
        await town.presses("小孙", "我来认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED


@BOTH
async def test_a_wish_is_handed_over_and_stays_held_until_then(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await _known(town, "小赵")
        await town.says("小王", "转交 1001")
        code = re.search(r"接手 (\w{8})", last(town, "小王"))
        assert code is not None
        wish = await stored(town)
        await town.says("小赵", "接手 ABCD2345")
        assert (await stored(town)).adopter_id == wish.adopter_id
        await town.says("小赵", f"接手 {code[1]}")
        assert (await stored(town)).adopter_id != wish.adopter_id
        assert "接手" in last(town, "小王")
        assert "一位党员" in last(town, "李阿姨")
        await town.says("小孙", f"接手 {code[1]}")
        assert "口令不对" in told(town, "小孙")
        await town.says("小赵", "心愿进展 1001 明天送来")
        assert "明天送来" in last(town, "李阿姨")


async def test_a_silent_adopter_loses_it_and_the_next_is_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await _known(town, "小赵")
        await town.says("小赵", "候补 1001")
        await town.passes(days=4)
        assert "还顺利吗" in last(town, "小王")
        await town.passes(days=3, hours=1)
        assert "一周没消息" in last(town, "小王")
        assert "轮到您了" in last(town, "小赵")
        await town.presses("小赵", "我来认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_money_and_medicine_never_reach_the_wall(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("李阿姨", "许个心愿：想有人给点现金买米，银杏苑3幢2单元401")
        for label in ("一样东西", "实物心愿", "对"):
            if any(label in shown for shown in town.messages("李阿姨")[-1].labels):
                await town.presses("李阿姨", label)
        assert "⚠️" in card(town)
        await town.says("刘书记", "上墙 1001", room=ROOM)
        assert (await stored(town)).state is WishState.SUBMITTED
        await town.presses("刘书记", "婉拒", room=ROOM)
        await town.presses("刘书记", "该走社会救助", room=ROOM)
        assert "社会救助" in last(town, "李阿姨")


async def test_an_adopter_is_told_the_rules(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town, text="孙女想请一位大学生周末辅导英语作业，银杏苑3幢2单元401")
        await _known(town, "小王")
        await town.says("小王", "认领 1001")
        assert "不要单独相处" in last(town, "小王")
        assert "结伴" in last(town, "小王")
        assert "不给现金" in last(town, "小王")


async def test_the_desk_is_reminded_and_after_a_day_the_street(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("李阿姨", "想要一副老花镜，银杏苑3幢")
        await town.presses("李阿姨", "对")
        await town.passes(hours=24)
        assert any("等了半天" in text for text, _ in town.room(ROOM))
        await town.passes(hours=24)
        assert any("一天没看心愿 1001" in text for text, _ in town.room("desk"))
        assert "wish.overdue" in await happened(town)
