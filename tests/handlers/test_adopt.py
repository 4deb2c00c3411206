"""Adopting: exactly one winner, the loser is told with the next wish, progress, photo, giving up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from storage import attachments
from tests.handlers.wish_steps import adopted, card, happened, heard, last, published, stored, submitted, told
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_the_whole_way_to_the_thanks(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        await town.says("小王", "心愿墙")
        await town.presses("小王", "我来认领 1001")
        assert "电话" in last(town, "小王")
        await town.says("小王", "138 1234 5678")
        assert (await stored(town)).state is WishState.ADOPTED
        assert "一位邻居" in last(town, "李阿姨")
        assert "5678" not in heard(town, "李阿姨")
        assert "小王" not in heard(town, "李阿姨")
        assert "一位邻居" in card(town)
        assert "5678" not in card(town)
        await town.presses("小王", "说进展")
        await town.says("小王", "轮椅买好了，周六送来")
        assert "周六送来" in last(town, "李阿姨")
        assert (await stored(town)).state is WishState.FULFILLING
        await town.says("小王", "我的心愿")
        await town.presses("小王", "已完成")
        await town.says("小王", "送到了", media=2)
        wish = await stored(town)
        assert wish.state is WishState.FULFILLED
        assert "送到了" in heard(town, "李阿姨")
        async with town.store.read() as tx:
            assert await attachments.of(tx, "wish_result", wish.id)
        await town.presses("李阿姨", "收到了")
        assert (await stored(town)).state is WishState.CLOSED
        assert "谢谢您" in last(town, "小王")
        await town.says("李阿姨", "谢谢好心人")
        assert "谢谢好心人" in last(town, "小王")
        assert "圆满" in card(town)


async def test_fifty_want_it_and_one_gets_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await published(town, "陈大爷", "想要一副象棋，金色家园5幢", 1002)
        names = [f"党员{i}" for i in range(50)]
        for name in names:
            await town.employs(name, Role.MEMBER, "yinxing")
        await asyncio.gather(*(town.says(name, "认领 1001") for name in names))
        wish = await stored(town)
        assert wish.state is WishState.ADOPTED
        assert (await happened(town)).count("wish.adopted") == 1
        winners = [name for name in names if "交给您了" in heard(town, name)]
        losers = [name for name in names if "晚了一步" in heard(town, name)]
        assert (len(winners), len(losers)) == (1, 49)
        assert all("象棋" in heard(town, name) for name in losers)
        assert "一位党员" in last(town, "李阿姨")


@BOTH
async def test_late_by_the_time_the_phone_was_typed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        await town.says("小王", "认领 1001")
        await town.says("小赵", "认领 1001")
        await town.says("小赵", "13700001111")
        await town.says("小王", "13800002222")
        assert "晚了一步" in last(town, "小王")
        assert "1001" in last(town, "小赵")


async def test_a_number_that_is_none_is_asked_for_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says("小王", "认领 1001")
        await town.says("小王", "138")
        assert "没看懂" in last(town, "小王")
        assert (await stored(town)).state is WishState.PUBLISHED
        await town.presses("小王", "先不说了")
        assert (await stored(town)).state is WishState.PUBLISHED


async def test_nobody_adopts_the_own_wish_or_more_than_the_limit(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says("李阿姨", "认领 1001")
        assert "您自己的" in told(town, "李阿姨")
        for number in (1002, 1003, 1004):
            await published(town, "陈大爷", f"想要第 {number} 本旧书，金色家园5幢", number)
        await town.employs("小王", Role.MEMBER, "yinxing")
        for number in (1001, 1002, 1003, 1004):
            await town.says("小王", f"认领 {number}")
        assert "先圆满一个" in last(town, "小王")
        assert (await stored(town, 1004)).state is WishState.PUBLISHED


async def test_only_what_hangs_on_the_wall_can_be_adopted(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        await town.employs("小王", Role.MEMBER, "yinxing")
        await town.says("小王", "认领 1001")
        assert "轮椅" not in heard(town, "小王")
        await town.says("小王", "认领 9999")
        assert "9999" in told(town, "小王")
        assert (await stored(town)).state is WishState.SUBMITTED


@BOTH
async def test_done_needs_a_photo_and_keeps_the_words(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.says("小王", "心愿完成 1001 送到家了")
        assert "照片" in last(town, "小王")
        assert (await stored(town)).state is WishState.ADOPTED
        await town.says("小王", "", media=1)
        assert (await stored(town)).state is WishState.FULFILLED
        assert "送到家了" in heard(town, "李阿姨")


async def test_typed_with_the_photo_at_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("小王", "心愿进展 1001 买好了，电话13812345678")
        assert "买好了" in last(town, "李阿姨")
        assert "5678" not in heard(town, "李阿姨")
        await town.says("小王", "心愿完成 1001 送到了", media=1)
        assert (await stored(town)).state is WishState.FULFILLED


@BOTH
async def test_given_up_goes_back_to_the_wall(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.says("小王", "放弃心愿 1001")
        assert (await stored(town)).state is WishState.ADOPTED
        await town.presses("小王", "放回墙上")
        wish = await stored(town)
        assert (wish.state, wish.adopter_id, wish.phone_shared) == (WishState.PUBLISHED, None, False)
        assert "放回心愿墙" in last(town, "李阿姨")
        await town.passes(days=8)
        assert "没消息" not in heard(town, "小王")
        await town.employs("小赵", Role.MEMBER, "yinxing")
        await town.says("小赵", "认领 1001")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_strangers_cannot_act_for_the_adopter(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("小赵", "心愿进展 1001 我来了")
        await town.says("小赵", "心愿完成 1001 好了", media=1)
        await town.says("小赵", "放弃心愿 1001")
        assert (await stored(town)).state is WishState.ADOPTED
        assert told(town, "小赵").count("不是您认领的") == 3
        assert "我来了" not in heard(town, "李阿姨")


@BOTH
async def test_not_received_goes_back_to_the_adopter_and_the_desk_hears(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.says("小王", "心愿完成 1001 送到了", media=1)
        await town.presses("李阿姨", "还没收到")
        assert (await stored(town)).state is WishState.FULFILLING
        assert "还没收到" in last(town, "小王")
        assert "没收到" in "\n".join(text for text, _ in town.room("desk:yinxing"))
