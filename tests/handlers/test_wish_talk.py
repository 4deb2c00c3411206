"""Plain words of adopters and wishers: they reach the wish they are about, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import attachments
from tests.handlers.wish_steps import adopted, happened, heard, last, published, stored
from tests.town import Town
from workflow.wish import WishState

WANG, LI = "小王", "李阿姨"


async def brought(town: Town) -> None:
    await adopted(town)
    await town.says(WANG, "送到了", media=1)
    assert (await stored(town)).state is WishState.FULFILLED


@pytest.mark.parametrize("words", ["有什么心愿可以认领", "我想帮忙", "我来认领"])
async def test_whoever_wants_to_help_sees_the_wall(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says(WANG, words)
        assert "我来认领 1001" in town.screen(WANG)[-1][1]


@pytest.mark.parametrize("buttons", [True, False])
async def test_news_is_passed_on_when_the_adopter_says_so(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.says(WANG, "买好了，周六送去")
        assert "周六送去" not in heard(town, LI)
        await town.presses(WANG, "转告")
        assert "周六送去" in last(town, LI)
        assert (await stored(town)).state is WishState.FULFILLING


@pytest.mark.parametrize(("answer", "told"), [("好的", True), ("不是", False), ("银杏苑五栋二单元楼道灯坏了", False)])
async def test_yes_and_no_are_typed_too(tmp_path: Path, answer: str, told: bool) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(WANG, "明天送去")
        await town.says(WANG, answer)
        assert ("明天送去" in heard(town, LI)) == told
        assert ("wish.progressed" in await happened(town)) == told


async def test_brought_with_a_photo_fulfils_it_without_one_is_asked_for(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(WANG, "已经送到了")
        assert "还差一张照片" in last(town, WANG)
        assert (await stored(town)).state is WishState.ADOPTED
        await town.says(WANG, media=1)
        wish = await stored(town)
        assert wish.state is WishState.FULFILLED
        assert "已经送到了" in last(town, LI)
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "wish_result", wish.id)) == 1


async def test_giving_up_is_asked_once_more(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(WANG, "家里有事，去不了了")
        assert (await stored(town)).state is WishState.ADOPTED
        await town.presses(WANG, "放回墙上")
        assert (await stored(town)).state is WishState.PUBLISHED


@pytest.mark.parametrize("words", ["怎么联系她", "老人电话多少", "什么时候送"])
async def test_who_asks_how_to_reach_the_wisher_sees_the_relay(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(WANG, words)
        text, labels = town.screen(WANG)[-1]
        assert "1001" in text
        assert "问一问" in labels
        assert "401" not in text


async def test_of_several_wishes_the_one_that_is_meant(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await published(town, "孙奶奶", "想要个收音机听戏，银杏苑3幢", 1002)
        await town.says(WANG, "认领 1002")
        await town.says(WANG, "送到了", media=1)
        assert "哪个心愿" in last(town, WANG)
        await town.presses(WANG, "1002")
        assert (await stored(town)).state is WishState.ADOPTED
        assert (await stored(town, 1002)).state is WishState.FULFILLED


@pytest.mark.parametrize("words", ["收到了", "收到了，谢谢", "送到了"])
async def test_arrived_closes_the_wish(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await brought(town)
        await town.says(LI, words)
        assert (await stored(town)).state is WishState.CLOSED


async def test_not_arrived_is_told_to_the_adopter(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await brought(town)
        await town.says(LI, "还没收到")
        assert "还没收到" in last(town, WANG)
        assert (await stored(town)).state is not WishState.CLOSED


@pytest.mark.parametrize("words", ["谁认领的", "我的心愿怎么样了", "还没收到"])
async def test_the_wisher_sees_how_it_stands(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(LI, words)
        assert "一位邻居" in last(town, LI)
        assert (await stored(town)).state is WishState.ADOPTED


async def test_needed_no_more_is_asked_once_more(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(LI, "不要了，女儿买了")
        assert (await stored(town)).state is WishState.ADOPTED
        assert "撤回" in town.screen(LI)[-1][1]


async def test_with_an_open_record_not_needed_may_mean_the_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says(LI, "银杏苑三栋二单元楼道灯坏了")
        await town.presses(LI, "对，就这样")
        await town.says(LI, "不用了")
        assert "真的要撤回吗" not in last(town, LI)


@pytest.mark.parametrize("words", ["送到了", "明天送去", "去不了了", "怎么联系她", "收到了", "还没收到", "不要了"])
async def test_nobody_elses_words_touch_a_wish(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        before = await happened(town)
        await town.says("路人", words)
        assert await happened(town) == before
        assert "1001" not in heard(town, "路人")


@pytest.mark.parametrize("words", ["明天送去的路上着火了", "送奶奶去医院，她晕倒了", "楼里着火了，去不了了"])
async def test_a_danger_is_a_danger_whoever_says_it(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        before = len(town.screen(WANG))
        await town.says(WANG, words)
        assert any(number in text for text, _ in town.screen(WANG)[before:] for number in ("119", "120"))
