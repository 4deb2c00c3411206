"""The wall: pages of five, kinds, one wish by its code, and what the web page gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import wall_page
from storage.wishes import EVERYTHING, Filter
from tests.handlers.wish_steps import ROOM, adopted, heard, last, published, stored
from tests.town import Town

BOTH = pytest.mark.parametrize("buttons", [True, False])
SAYINGS = [f"想要第 {i} 本旧书，银杏苑{i}幢1单元{i}02" for i in range(1, 8)]


async def _seven(town: Town) -> None:
    for i, saying in enumerate(SAYINGS):
        await published(town, "陈大爷", saying, 1001 + i)


@BOTH
async def test_pages_of_five_newest_first(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await _seven(town)
        await town.says("小王", "心愿墙")
        assert [f"{n}" in last(town, "小王") for n in (1007, 1003, 1002, 1001)] == [True, True, False, False]
        await town.presses("小王", "再看五个")
        assert [f"{n}" in last(town, "小王") for n in (1003, 1002, 1001)] == [False, True, True]
        await town.presses("小王", "回到第一页")
        assert "1007" in last(town, "小王")


@BOTH
async def test_only_one_kind(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        await town.says("陈大爷", "想请人陪我聊聊天、下下象棋，金色家园5幢")
        if "服务陪伴" not in last(town, "陈大爷"):
            await town.presses("陈大爷", "改一改")
            await town.presses("陈大爷", "换成服务陪伴")
        await town.presses("陈大爷", "对")
        await town.says("刘书记", "上墙 1002", room=ROOM)
        await town.says("小王", "心愿墙")
        await town.presses("小王", "按种类")
        await town.presses("小王", "陪伴")
        assert "象棋" in last(town, "小王")
        assert "轮椅" not in last(town, "小王")
        await town.says("小王", "心愿墙 实物")
        assert "轮椅" in last(town, "小王")
        assert "象棋" not in last(town, "小王")


async def test_an_empty_wall_invites_a_wish(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("小王", "心愿墙")
        await town.presses("小王", "许个心愿")
        assert "想要什么" in last(town, "小王")


async def test_the_own_wish_has_no_adopt_button(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says("李阿姨", "心愿墙")
        assert not any("认领" in label for label in town.screen("李阿姨")[-1][1])


async def test_the_code_of_one_wish(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.scans("小王", "w_1001")
        assert "轮椅" in last(town, "小王")
        assert "401" not in last(town, "小王")
        await town.presses("小王", "我来认领 1001")
        await town.says("小王", "13812345678")
        await town.scans("小赵", "w_1001")
        assert "有人认领" in last(town, "小赵")
        assert not any("我来认领 1001" in label for label in town.screen("小赵")[-1][1])
        for wrong in ("w_9999", "w_x", "w_99999999999999"):
            await town.scans("小孙", wrong)
        assert "轮椅" not in last(town, "小孙")


async def test_a_wish_that_waits_is_not_shown_by_its_code(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "想要一副老花镜，金色家园5幢")
        await town.presses("李阿姨", "对")
        await town.scans("小王", "w_1001")
        await town.says("小王", "心愿 1001")
        assert "老花镜" not in heard(town, "小王")


async def test_the_web_page_has_plain_values_and_nothing_personal(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await _seven(town)
        await town.says("刘书记", "婉拒 1004 不行", room=ROOM)
        async with town.store.read() as tx:
            shown = await wall_page.page(tx, town.city, EVERYTHING, limit=3)
            assert [w.number for w in shown] == [1007, 1006, 1005]
            older = await wall_page.page(tx, town.city, EVERYTHING, below=shown[-1].cursor, limit=10)
            assert [w.number for w in older] == [1003, 1002, 1001]
            assert await wall_page.page(tx, town.city, Filter(community="dukou")) == []
            assert [w.number for w in await wall_page.page(tx, town.city, EVERYTHING, below=5000, limit=1)] == [1007]
            assert await wall_page.page(tx, town.city, EVERYTHING, below=1) == []
            assert await wall_page.one(tx, town.city, 1004) is None
            assert await wall_page.one(tx, town.city, 1007) == shown[0]
        first = shown[0]
        assert (first.kind, first.theme, first.place) == ("wish.wish.goods", "goods", "银杏苑")
        assert (first.state, first.adopters) == ("published", 0)
        assert all("02" not in w.text and "幢" not in w.text for w in shown)


async def test_an_adopted_wish_stays_on_the_page_as_such(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        async with town.store.read() as tx:
            [entry] = await wall_page.page(tx, town.city, EVERYTHING)
        assert (entry.state, entry.adopters, entry.number) == ("adopted", 1, (await stored(town)).number)
        await town.says("小赵", "心愿墙")
        assert "轮椅" not in heard(town, "小赵")
