"""Somebody who erases their data leaves no wish waiting and holds nobody's wish."""

from __future__ import annotations

from pathlib import Path

from handlers import wish
from handlers.turn import Turn
from storage import wishes
from tests.handlers.test_account import erased
from tests.handlers.wish_steps import adopted, heard, kept_for, last, published, stored, submitted
from tests.town import Town
from workflow.wish import WishState


async def test_open_wishes_are_taken_back_and_the_words_dropped(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        made = await stored(town)
        async with town.store.write() as tx:
            assert "401" in (await wishes.get_original(tx, made.id))["text"]
            assert await wish.forget(Turn(town.city, tx, made.submitted_at), made.wisher_id) == 1
        async with town.store.read() as tx:
            assert "401" not in str(await wishes.get_original(tx, made.id))
        assert (await stored(town)).state is WishState.WITHDRAWN
        await town.passes(days=8)
        await town.says("小赵", "心愿墙")
        assert "撤回" in last(town, "小王")
        assert "没消息" not in heard(town, "小王")


async def test_what_was_adopted_goes_back_to_the_wall(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        made = await stored(town)
        assert made.adopter_id is not None
        async with town.store.write() as tx:
            await wish.forget(Turn(town.city, tx, made.submitted_at), made.adopter_id)
        after = await stored(town)
        assert (after.state, after.adopter_id) == (WishState.PUBLISHED, None)


async def test_what_was_kept_for_them_is_offered_to_the_next(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await kept_for(town, "小赵", "小钱")
        await erased(town, "小赵")
        assert "轮到您了" in last(town, "小钱")
        await town.presses("小钱", "我来认领 1001")
        await town.says("小钱", "13811112222")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_what_was_kept_for_them_alone_is_free_for_everybody(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await kept_for(town, "小赵")
        await erased(town, "小赵")
        await town.says("小孙", "认领 1001")
        await town.says("小孙", "13811112222")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_a_new_room_gets_the_waiting_cards_only(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await submitted(town, "陈大爷", "想要一副象棋，金色家园5幢")
        await town.says("刘书记", "绑定 银杏社区工作台", room="新群")
        cards = [text for text, _ in town.room("新群") if "📍" in text]
        assert len(cards) == 1
        assert "1002" in cards[0]
