"""The one door: repeated presses, foreign buttons, menus by number, long texts, unknown kinds, groups, broken messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import dispatch
from handlers.messages import Address, Incoming
from storage import people
from tests.handlers.resident_steps import LAMP, ROOM, WHO, filed, how_many, number
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def test_every_press_is_answered(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.press_token(WHO, "nonsense")
        await town.press_token(WHO, "abc.7")
        assert [("过期" in t) for t in town.toasts(WHO)] == [True, True]


async def test_a_number_only_counts_where_a_numbered_menu_was_shown(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "1")
        assert await how_many(town) == 0


async def test_a_wrong_number_shows_the_choices_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=False) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "9")
        assert "1. 对，就这样" in town.last(WHO)
        await town.says(WHO, "１")
        assert await how_many(town) == 1


async def test_a_bare_number_in_a_group_is_talk(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=False) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await filed(town)
        seen = len(town.room(ROOM))
        for text in ("1", "9", "收到", "接单"):
            await town.says("王师傅", text, room=ROOM)
        assert len(town.room(ROOM)) == seen
        request = await number(town)
        assert request is not None
        assert request.claimer_id is None


async def test_full_width_commands_work(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await filed(town)
        await town.says("王师傅", "接单　１００１", room=ROOM)
        request = await number(town)
        assert request is not None
        assert request.claimer_id is not None


@pytest.mark.parametrize(
    "text", ["接单员态度不好", "退回来的快递被偷了", "进度太慢了", "邀请函什么时候发", "绑定银行卡怎么弄"]
)
async def test_a_command_never_catches_a_residents_sentence(tmp_path: Path, text: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, text)
        assert town.last(WHO)
        assert "没有" not in town.last(WHO)[:4]


async def test_what_cannot_be_read_is_answered(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.hears(
            Incoming(
                id="x1", kind="unknown", at=town.now, address=Address(channel="test", user=WHO, chat=WHO), name=WHO
            )
        )
        assert "没看懂" in town.last(WHO)


async def test_what_breaks_goes_to_the_desk_masked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        incoming = Incoming(
            id="x1",
            kind="text",
            at=town.now,
            address=Address(channel="test", user=WHO, chat=WHO),
            name=WHO,
            text="楼道灯坏了，13912341234",
        )
        async with town.store.write() as tx:
            await dispatch.give_up(town.city, tx, incoming, town.now)
        await town.deliver()
        assert "不会丢" in town.last(WHO)
        assert "楼道灯坏了" in town.last("desk")
        assert "13912341234" not in town.last("desk")


async def test_a_chat_is_its_persons(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "你好")
        async with town.store.read() as tx:
            person = await people.find_by_identity(tx, "test", "", WHO)
            assert person is not None
            chat = await people.find_private_chat(tx, person.id)
        assert chat is not None
        assert chat.chat == WHO


@BOTH
async def test_somebody_without_a_role_changes_nothing_in_a_group(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.presses("路人", "接单", room=ROOM)
        request = await number(town)
        assert request is not None
        assert request.claimer_id is None
