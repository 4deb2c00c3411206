"""The desk's side: publishing, rewording, declining with a kind reason, contact details, and who may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import people, wishes
from tests.handlers.wish_steps import (
    ROOM,
    WISH,
    adopted,
    card,
    happened,
    heard,
    last,
    published,
    stored,
    submitted,
    told,
)
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def test_published_by_one_press(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        await town.presses("刘书记", "上墙", room=ROOM)
        wish = await stored(town)
        assert wish.state is WishState.PUBLISHED
        assert wish.published_at is not None
        assert "挂上心愿墙" in last(town, "李阿姨")
        assert "在墙上" in card(town)
        assert len(town.room(ROOM)) == 1


@BOTH
async def test_a_second_publish_says_how_it_stands(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        before = heard(town, "李阿姨").count("挂上心愿墙")
        await town.says("刘书记", "上墙 1001", room=ROOM)
        assert heard(town, "李阿姨").count("挂上心愿墙") == before == 1


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.BUILDING_CHIEF])
async def test_only_a_desk_decides(tmp_path: Path, role: Role) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        await town.employs("王师傅", role, "yinxing-01")
        await town.says("王师傅", "上墙 1001", room=ROOM)
        await town.says("王师傅", "婉拒 1001 不行", room=ROOM)
        await town.says("王师傅", "心愿联系人 1001", room=ROOM)
        assert (await stored(town)).state is WishState.SUBMITTED
        assert "wish.disclosed" not in await happened(town)


async def test_the_desk_of_another_community_does_not_decide(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        await town.employs("周主任", Role.DESK, "dukou")
        await town.says("周主任", "上墙 1001", room="desk:dukou")
        assert (await stored(town)).state is WishState.SUBMITTED


@BOTH
async def test_the_next_words_replace_the_text_and_are_cleaned(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await submitted(town)
        await town.says("刘书记", "改文字 1001", room=ROOM)
        await town.says("刘书记", "想给老伴要一辆轮椅，联系13900006691，银杏苑3幢2单元401", room=ROOM)
        wish = await stored(town)
        assert wish.text.startswith("想给老伴要一辆轮椅")
        assert "6691" not in wish.text
        assert "401" not in wish.text
        await town.says("刘书记", "改文字 1001 想要一辆轮椅", room=ROOM)
        assert (await stored(town)).text == "想要一辆轮椅"
        await town.says("刘书记", "今天天气不错", room=ROOM)
        assert (await stored(town)).text == "想要一辆轮椅"


async def test_nothing_but_a_phone_number_is_no_text(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        before = (await stored(town)).text
        await town.says("刘书记", "改文字 1001 139 0000 6691", room=ROOM)
        assert (await stored(town)).text == before


async def test_a_text_that_still_shows_a_phone_cannot_be_published(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        async with town.store.write() as tx:
            await wishes.change(tx, (await stored(town)).id, text="想要轮椅，打 139 0000 6691")
        await town.says("刘书记", "上墙 1001", room=ROOM)
        assert (await stored(town)).state is WishState.SUBMITTED
        assert "挂上心愿墙" not in heard(town, "李阿姨")


@BOTH
async def test_declined_with_a_reason_from_the_list(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await submitted(town)
        await town.says("刘书记", "婉拒 1001", room=ROOM)
        await town.presses("刘书记", "有政策能办", room=ROOM)
        assert (await stored(town)).state is WishState.DECLINED
        assert "社区会联系您" in last(town, "李阿姨")


@BOTH
async def test_declined_with_typed_words(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await submitted(town)
        await town.says("刘书记", "婉拒 1001", room=ROOM)
        await town.says("刘书记", "轮椅社区有，明天给您送来", room=ROOM)
        assert (await stored(town)).state is WishState.DECLINED
        assert "轮椅社区有，明天给您送来" in last(town, "李阿姨")


async def test_taken_off_the_wall_when_the_season_is_over(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.presses("刘书记", "婉拒", room=ROOM)
        await town.presses("刘书记", "这一季结束了", room=ROOM)
        assert (await stored(town)).state is WishState.EXPIRED
        assert "下一季" in last(town, "李阿姨")


async def test_declining_can_be_put_away(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await submitted(town)
        await town.presses("刘书记", "婉拒", room=ROOM)
        await town.presses("刘书记", "先不说了", room=ROOM)
        await town.says("刘书记", "中午吃什么", room=ROOM)
        assert (await stored(town)).state is WishState.SUBMITTED


async def test_an_adopted_wish_cannot_be_declined(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("刘书记", "婉拒 1001 不行", room=ROOM)
        assert (await stored(town)).state is WishState.ADOPTED


async def test_contact_details_go_to_the_desk_in_private_and_into_the_ledger(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("刘书记", "心愿联系人 1001", room=ROOM)
        assert "13812345678" in last(town, "刘书记")
        assert "401" in last(town, "刘书记")
        assert "13812345678" not in "\n".join(text for text, _ in town.room(ROOM))
        assert "wish.disclosed" in await happened(town)
        assert "13812345678" not in told(town, "李阿姨")


async def test_a_desk_without_a_room_gets_the_card_in_private(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", "帮助")
        async with town.store.write() as tx:
            for room in await people.rooms_of(tx, ["desk", ROOM]):
                await people.unbind_chat(tx, room.id)
        await town.says("李阿姨", WISH)
        await town.presses("李阿姨", "对")
        assert "1001" in last(town, "刘书记")
        await town.presses("刘书记", "上墙")
        assert (await stored(town)).state is WishState.PUBLISHED
