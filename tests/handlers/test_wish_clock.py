"""What time does: reminders on days 3 and 5, back to the wall on day 7, an unanswered fulfilment closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.wish_steps import adopted, heard, last, stored
from tests.town import Town
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_a_silent_adopter_is_asked_twice_and_loses_the_wish(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.passes(days=2, hours=12)
        assert heard(town, "小王").count("没消息") == 0
        await town.passes(days=1)
        assert heard(town, "小王").count("没消息") == 1
        await town.passes(days=2)
        assert heard(town, "小王").count("没消息") == 2
        assert (await stored(town)).state is WishState.ADOPTED
        await town.passes(days=2)
        wish = await stored(town)
        assert (wish.state, wish.adopter_id) == (WishState.PUBLISHED, None)
        assert "放回墙上" in last(town, "小王")
        assert "放回心愿墙" in last(town, "李阿姨")


@BOTH
async def test_a_sign_of_life_starts_the_count_again(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.passes(days=3, hours=12)
        await town.presses("小王", "还在办")
        assert "还在办" in last(town, "李阿姨")
        await town.passes(days=5, hours=12)
        assert (await stored(town)).state is WishState.FULFILLING
        await town.says("小王", "捎话 1001 快好了")
        await town.passes(days=6)
        assert (await stored(town)).state is WishState.FULFILLING
        await town.passes(days=2)
        assert (await stored(town)).state is WishState.PUBLISHED


async def test_words_of_the_wisher_are_no_sign_of_the_adopter(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.passes(days=6)
        await town.says("李阿姨", "捎话 1001 还来吗")
        await town.passes(days=1, hours=12)
        assert (await stored(town)).state is WishState.PUBLISHED


@BOTH
async def test_an_unanswered_fulfilment_is_closed_after_seven_days(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.says("小王", "心愿完成 1001 送到了", media=1)
        await town.passes(days=4)
        assert heard(town, "李阿姨").count("收到了吗？说一声") == 2
        assert (await stored(town)).state is WishState.FULFILLED
        await town.passes(days=4)
        assert (await stored(town)).state is WishState.CLOSED
        assert "圆满" in last(town, "小王")
        assert "没消息" not in heard(town, "小王")


async def test_a_thanked_wish_is_left_alone(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("小王", "心愿完成 1001 送到了", media=1)
        await town.presses("李阿姨", "收到了")
        before = (len(town.screen("李阿姨")), len(town.screen("小王")))
        await town.passes(days=10)
        assert (len(town.screen("李阿姨")), len(town.screen("小王"))) == before
