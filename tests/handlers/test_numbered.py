"""A record number and nothing else: who sees what, and when it is an answer instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import supporters
from tests.handlers import staff_steps
from tests.handlers.resident_steps import LAMP, ROOM, WHO, filed, how_many, person, record
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])
WRITINGS = ["1001", "#1001", "＃1001", "１００１", "单号 1001", "单号：1001", "编号1001", "1001号", "1001？"]


@pytest.mark.parametrize("words", WRITINGS)
async def test_ones_own_record_opens(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, words)
        assert town.last(WHO).startswith("1001")
        assert "待接单" in town.last(WHO)
        assert await how_many(town) == 1


async def test_a_photo_with_the_number_joins_the_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "1001", media=1)
        assert "补到 1001 里了" in "".join(text for text, _ in town.screen(WHO)[-2:])
        assert town.last(WHO).startswith("1001")


async def test_who_has_the_same_matter_sees_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        request = await filed(town)
        await town.says("张叔", "帮助")
        async with town.store.write() as tx:
            await supporters.join(tx, request.id, (await person(town, "张叔")).id, "我也遇到", "我也遇到", town.now)
        await town.says("张叔", "1001")
        assert town.last("张叔").startswith("1001")


@BOTH
async def test_nobody_sees_somebody_elses(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        for words in ("1001", "单号 1001"):
            await town.says("别人", words)
            assert "楼道灯" not in staff_steps.heard(town, "别人")
            assert "银杏苑" not in staff_steps.heard(town, "别人")


async def test_nobodys_number_stays_what_it_was(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says("甲", "1001")
        await town.says("乙", "7777")
        assert town.last("甲") == town.last("乙")


@BOTH
async def test_a_wish_opens_too(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "想要个轮椅，旧的也行，银杏苑")
        await town.presses(WHO, "对")
        await town.says(WHO, "1001")
        assert "🌱 1001" in town.last(WHO)
        await town.says("别人", "1001")
        assert "轮椅" not in town.last("别人")


# -------------------------------------------------------------------- a question is open


async def test_a_number_of_a_menu_is_a_choice(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=False) as town:
        await filed(town)
        await town.says(WHO, LAMP.replace("三栋", "5栋"))
        await town.says(WHO, "1")
        assert await how_many(town) == 2


@pytest.mark.parametrize("words", ["1001", "1001号"])
async def test_a_house_number_is_an_answer(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "路边垃圾堆着没人清")
        assert "在哪儿" in town.last(WHO)
        await town.says(WHO, words)
        assert not town.last(WHO).startswith("1001")
        assert "楼道灯" not in town.last(WHO)


async def test_a_record_named_as_one_opens_while_the_place_is_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "路边垃圾堆着没人清")
        await town.says(WHO, "单号1001")
        assert town.last(WHO).startswith("1001")
        await town.says(WHO, "金色家园5幢")
        await town.presses(WHO, "对，就这样")
        assert (await record(town, 1002)).item.startswith("environment.")


async def test_a_summary_waits_while_a_record_is_looked_at(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "金色家园5幢楼下垃圾没人清")
        await town.says(WHO, "1001")
        assert town.last(WHO).startswith("1001")
        await town.says(WHO, "对")
        assert "1001" not in (await record(town, 1002)).text


async def test_a_number_may_be_what_is_added(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "10010")
        assert (await record(town)).text.endswith("10010")


# -------------------------------------------------------------------- staff


@BOTH
async def test_the_room_sees_the_card_again(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await staff_steps.filed(town)
        await town.says("王师傅", "１００１", room=ROOM)
        assert len([text for text, _ in town.room(ROOM) if "1001" in text]) == 2
        assert "13912341234" not in town.last(ROOM)
        if buttons:
            await town.presses("王师傅", "接单", room=ROOM)
        else:
            await town.says("王师傅", "接单 1001", room=ROOM)
        assert await staff_steps.claimer(town) == "王师傅"


@pytest.mark.parametrize("who", ["路人", "外人"])
async def test_a_room_does_not_answer_others(tmp_path: Path, who: str) -> None:
    async with Town.open(tmp_path) as town:
        await staff_steps.filed(town)
        await town.employs("外人", Role.GRID_WORKER, "dukou-01")
        before = len(town.room(ROOM))
        await town.says(who, "1001", room=ROOM)
        await town.says("王师傅", "7777", room=ROOM)
        assert len(town.room(ROOM)) == before
        assert "1001" not in staff_steps.heard(town, who)


async def test_in_a_foreign_group_it_goes_to_the_private_chat(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staff_steps.filed(town)
        await town.says("王师傅", "帮助")
        await town.says("王师傅", "1001", room="grid:dukou-01")
        assert "楼道灯" not in staff_steps.room_text(town, "grid:dukou-01")
        assert "楼道灯" in staff_steps.heard(town, "王师傅")


async def test_a_worker_sees_the_card_in_private(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staff_steps.filed(town)
        await town.says("王师傅", "1001")
        await town.presses("王师傅", "接单")
        assert await staff_steps.claimer(town) == "王师傅"


async def test_a_result_that_is_asked_for_may_be_a_number(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staff_steps.filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.presses("王师傅", "填结果", room=ROOM)
        await town.says("王师傅", "1001", room=ROOM)
        assert (await staff_steps.stored(town)).state == "resolved"
