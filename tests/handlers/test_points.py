"""Points in chat: seen, explained, ranked, appealed against, exchanged; with buttons and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import points
from tests.handlers.wish_steps import ROOM, adopted, last, told
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def helped(town: Town, who: str = "小王") -> None:
    """Somebody has adopted and fulfilled a wish: 2 + 10 + 2 * 2 points."""
    await adopted(town, who)
    await town.says(who, "心愿完成 1001 陪了老人两个小时", media=1)


@BOTH
async def test_a_wish_fulfilled_is_seen_in_the_account(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says("小王", "我的积分")
        assert "还没有积分" in last(town, "小王")
        await helped(town)
        await town.says("小王", "我的积分")
        said = last(town, "小王")
        assert "16 分" in said
        assert "认领心愿" in said
        assert "+14" in said
        await town.says("小王", "积分规则")
        assert "完成心愿：10 分，每小时再加 2 分，一天最多 60 分" in last(town, "小王")


async def test_nobodys_points_are_read_out_in_a_group(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await helped(town)
        await town.says("小王", "我的积分", room=ROOM)
        assert "16 分" not in "".join(text for text, _ in town.room(ROOM))


@BOTH
async def test_an_appeal_goes_to_the_desk_and_comes_back_as_an_entry(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await helped(town)
        await town.employs("小王", Role.MEMBER, "yinxing")
        await town.says("小王", "积分申诉")
        await town.presses("小王", "有一件没记上")
        await town.says("小王", "上周扫楼道没记，我电话13812345678")
        assert "编号 1002" in last(town, "小王")
        card = town.room(ROOM)[-1][0]
        assert "扫楼道" in card
        assert "13812345678" not in card
        await town.says("小王", "积分申诉")
        assert "还在核实" in last(town, "小王")
        await town.says("路人", "积分申诉 1002 加 5 帮他一把")
        assert "不归您" in told(town, "路人")
        await town.says("刘书记", "积分申诉 1002 加 500 多加点", room=ROOM)
        await town.says("刘书记", "积分申诉 1002 加 5 楼道长证明了", room=ROOM)
        assert "加 5 分" in last(town, "小王")
        await town.says("刘书记", "积分申诉 1002 加 5 再来一次", room=ROOM)
        await town.says("小王", "我的积分")
        assert "21 分" in last(town, "小王")
        assert "核实后更正" in last(town, "小王")


async def test_nobody_rules_on_their_own_points(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.employs("刘书记", Role.MEMBER, "yinxing")
        await town.says("刘书记", "积分申诉")
        await town.presses("刘书记", "有一件没记上")
        await town.says("刘书记", "我值班没有记上")
        await town.says("刘书记", "积分申诉 1001 加 5 值班", room=ROOM)
        assert "别的同事" in last(town, ROOM)
        async with town.store.read() as tx:
            assert await points.sums(tx) == {}


@BOTH
async def test_the_ranking_shows_family_names_and_can_be_left(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await helped(town, "王小明")
        await town.says("李阿姨", "积分榜")
        assert "王**" in last(town, "李阿姨")
        assert "王小明" not in last(town, "李阿姨")
        await town.says("王小明", "不上榜")
        await town.says("李阿姨", "今年积分榜")
        assert "王**" not in last(town, "李阿姨")
        await town.says("王小明", "我的积分")
        assert "16 分" in last(town, "王小明")
        await town.says("王小明", "上榜")
        await town.says("王小明", "积分榜")
        assert "您排第 1" in last(town, "王小明")


@BOTH
async def test_points_are_exchanged_and_handed_over(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await helped(town)
        await town.says("路人", "上架 洗衣液 10分 5份 每人1份")
        assert "不归您" in told(town, "路人")
        await town.says("刘书记", "上架 洗衣液 10分 5份 每人1份")
        assert "上架了" in told(town, "刘书记")
        await town.says("小王", "积分兑换")
        await town.presses("小王", "换 洗衣液")
        await town.presses("小王", "换")
        assert "还剩 6 分" in last(town, "小王")
        assert "等您来领" in town.room(ROOM)[-1][0]
        await town.says("小王", "兑换 1002")
        await town.presses("小王", "换")
        assert "还差 4 分" in told(town, "小王")
        await town.presses("刘书记", "给不了，退分", room=ROOM)
        assert "退给您" in last(town, "小王")
        await town.says("小王", "我的积分")
        assert "16 分" in last(town, "小王")
        await town.says("刘书记", "下架 1002")
        await town.says("小王", "兑换")
        assert "没有能换的" in last(town, "小王")
