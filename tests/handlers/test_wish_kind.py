"""A thing or somebody's time: read from the words of a wish, asked once when they leave it open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.wish_steps import last, stored
from tests.town import Town

BOTH = pytest.mark.parametrize("buttons", [True, False])
WHO = "李阿姨"
GOODS, SERVICE = "wish.wish.goods", "wish.wish.service"
UNCLEAR = "给孙子实现个梦想"


async def wished(town: Town, words: str) -> None:
    """A wish of these words, the place told before."""
    await town.says(WHO, "许个心愿")
    await town.says(WHO, words)


@pytest.mark.parametrize(
    "words",
    [
        "想请人陪我聊聊天",
        "想找人教我用手机",
        "想有人帮我修修电扇",
        "孩子想有个人辅导作业",
        "希望有人帮我打扫卫生",
        "想找个会拉二胡的人",
        "想学用微信",
        "老伴走了一个人闷得慌",
    ],
)
async def test_company_is_a_service(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await wished(town, words)
        assert "哪个社区" in last(town, WHO), "the kind is not asked"
        await town.presses(WHO, "渡口社区")
        assert "服务陪伴心愿" in last(town, WHO)
        await town.presses(WHO, "对")
        assert (await stored(town)).item == SERVICE


@pytest.mark.parametrize("words", ["想要一副老花镜", "我想要一台收音机听戏", "一双38码的棉鞋，旧的也行"])
async def test_a_thing_is_a_thing(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await wished(town, words)
        await town.presses(WHO, "渡口社区")
        await town.presses(WHO, "对")
        assert (await stored(town)).item == GOODS


@BOTH
@pytest.mark.parametrize(("label", "kind"), [("实物心愿", GOODS), ("服务陪伴心愿", SERVICE)])
async def test_what_the_words_leave_open_is_asked(tmp_path: Path, buttons: bool, label: str, kind: str) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await wished(town, UNCLEAR)
        assert "还是想请人帮忙" in last(town, WHO)
        await town.presses(WHO, label)
        await town.presses(WHO, "渡口社区")
        await town.presses(WHO, "对")
        wish = await stored(town)
        assert (wish.item, wish.text) == (kind, UNCLEAR)


@pytest.mark.parametrize(("said", "kind"), [("要东西", GOODS), ("请人帮忙", SERVICE), ("想要个小提琴", GOODS)])
async def test_the_kind_may_be_said(tmp_path: Path, said: str, kind: str) -> None:
    async with Town.open(tmp_path) as town:
        await wished(town, UNCLEAR)
        await town.says(WHO, said)
        await town.presses(WHO, "渡口社区")
        await town.presses(WHO, "对")
        wish = await stored(town)
        assert wish.item == kind
        assert UNCLEAR in wish.text
        assert ("小提琴" in wish.text) == ("小提琴" in said)


async def test_it_is_asked_once_only(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await wished(town, UNCLEAR)
        await town.says(WHO, "我也说不好")
        assert "哪个社区" in last(town, WHO)


async def test_a_kind_that_is_wrong_is_changed(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await wished(town, "想请人陪我聊聊天")
        await town.presses(WHO, "渡口社区")
        await town.presses(WHO, "改一改")
        await town.presses(WHO, "换成实物心愿")
        await town.presses(WHO, "对")
        assert (await stored(town)).item == GOODS


@pytest.mark.parametrize("words", ["我有个心愿", "我想许个小心愿", "微心愿", "有个愿望"])
async def test_an_announcement_is_no_wish_yet(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, words)
        assert "想要什么" in last(town, WHO)
