"""Danger now: advice and number first, filed and pushed at once, the place afterwards; what is said next belongs to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import DESK, LAMP, ROOM, WHO, files, how_many, labels, ledger, original, record
from tests.handlers.resident_steps import screen_text as shown
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
GAS = "一楼好大煤气味 银杏苑3幢"


@BOTH
async def test_advice_comes_first_and_nothing_waits_for_a_yes(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("网格长老周", Role.GRID_CHIEF, "yinxing-01")
        await town.says(WHO, GAS)
        texts = [text for text, _ in town.screen(WHO)]
        assert texts[0].startswith("⚠️")
        assert "120" in texts[0]
        assert "1001" in texts[1]
        request = await record(town)
        assert (request.urgent, request.danger, request.queue) == (True, "gas", "dept:gas")
        for who in ("dept:gas", ROOM, DESK, "网格长老周"):
            assert any("1001" in text and "🚨" in text for text, _ in town.screen(who)), who


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("银杏苑3幢着火了", "119"),
        ("有人要跳楼", "110"),
        ("有人掉河里了", "119"),
        ("银杏苑3幢电线掉下来漏电了", "95598"),
        ("我家老人走丢了，找了半天找不到", "110"),
        ("电梯里困住人了，银杏苑5幢", "119"),
        ("有人拿刀砍人", "110"),
    ],
)
async def test_every_danger_names_the_number_to_call(tmp_path: Path, text: str, number: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, text)
        assert number in town.screen(WHO)[0][0]
        assert (await record(town)).urgent


async def test_a_fire_is_called_a_fire_in_the_groups(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢着火了")
        assert "着火" in town.room(ROOM)[-1][0]
        assert "没认出是什么事" not in town.room(ROOM)[-1][0]


@BOTH
async def test_without_a_place_it_is_filed_then_asked_then_moved_and_pushed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "着火了！快来人")
        assert not (await record(town)).grid
        assert "在哪儿" in town.last(WHO)
        await town.says(WHO, "银杏苑3幢")
        request = await record(town)
        assert request.grid == "yinxing-01"
        assert request.queue != "desk"
        assert any("🚨 1001" in text for text, _ in town.room(ROOM))
        assert "银杏苑 3 幢" in shown(town)
        assert "已转给" not in shown(town)
        assert "request.located" in [e.name for e in await ledger(town)]


@BOTH
async def test_the_place_in_pieces_is_put_together(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "一楼好大煤气味")
        await town.says(WHO, "3幢")
        assert "银杏苑 3 幢" in labels(town)
        await town.says(WHO, "银杏苑")
        assert (await record(town)).grid == "yinxing-01"


@BOTH
async def test_a_likely_place_is_pressed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "3幢楼道着火了")
        await town.presses(WHO, "银杏苑 3 幢")
        assert (await record(town)).grid == "yinxing-01"
        assert any("🚨 1001" in text for text, _ in town.room(ROOM))


async def test_words_that_name_no_place_are_kept_and_it_is_asked_again_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "着火了！")
        await town.says(WHO, "就在老王家隔壁")
        assert "还差一个地方" in town.last(WHO)
        await town.says(WHO, "大槐树底下")
        assert "已经转给他们" in town.last(WHO)
        assert "老王家隔壁" in await original(town)


async def test_a_claimed_record_still_learns_its_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("陈工", Role.DEPT_STAFF, "gas")
        await town.says(WHO, "一楼好大煤气味")
        await town.presses("陈工", "接单", room="dept:gas")
        await town.says(WHO, "银杏苑3幢")
        request = await record(town)
        assert (request.state, request.grid) == (State.CLAIMED, "yinxing-01")
        assert any("银杏苑 3 幢" in text for text, _ in town.screen("陈工"))
        assert any("🚨 1001" in text for text, _ in town.room(ROOM))


async def test_in_the_middle_of_a_report_the_place_said_before_counts(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了")
        await town.says(WHO, "哎呀着火了！")
        request = await record(town)
        assert (request.urgent, request.grid) == (True, "yinxing-01")
        assert "楼道灯" in await original(town)
        assert await how_many(town) == 1


@pytest.mark.parametrize("opening", ["我的诉求", "低保怎么申请", "许心愿"])
async def test_no_open_question_stands_in_its_way(tmp_path: Path, opening: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "对，就这样")
        await town.says(WHO, opening)
        if opening == "我的诉求":
            await town.presses(WHO, "1001")
            await town.presses(WHO, "补充")
        elif opening == "低保怎么申请":
            await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "银杏苑3幢着火了")
        assert (await record(town, 1002)).danger == "fire"


async def test_the_danger_counts_and_the_other_matter_is_offered(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "金色家园7栋路灯不亮，另外银杏苑3幢的井盖也丢了一个")
        request = await record(town)
        assert (request.item, request.grid) == ("safety.structure.collapse", "yinxing-01")
        await town.presses(WHO, "也登记")
        await town.presses(WHO, "对，就这样")
        assert (await record(town, 1002)).grid == "yinxing-03"


@pytest.mark.parametrize(("answer", "count"), [("好的", 2), ("不用", 1)])
async def test_the_other_matter_by_words(tmp_path: Path, answer: str, count: int) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "金色家园7栋路灯不亮，另外银杏苑3幢的井盖也丢了一个")
        await town.says(WHO, answer)
        await town.says(WHO, "对")
        assert await how_many(town) == count


@BOTH
@pytest.mark.parametrize(("label", "told"), [("都出来了", "都出来了"), ("里面还有人", "里面还有人")])
async def test_is_everybody_out(tmp_path: Path, buttons: bool, label: str, told: str) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, GAS)
        await town.presses(WHO, label)
        for room in ("dept:gas", ROOM, DESK):
            assert any(told in text for text, _ in town.room(room)), room


@pytest.mark.parametrize(
    ("words", "told"),
    [("人都跑出来了", "都出来了"), ("还有老人在屋里", "里面还有人"), ("对", "都出来了"), ("没有", "里面还有人")],
)
async def test_is_everybody_out_in_their_own_words(tmp_path: Path, words: str, told: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, GAS)
        await town.says(WHO, words)
        assert any(told in text for text, _ in town.room("dept:gas"))


async def test_how_it_goes_on_joins_the_record_and_thanks_do_not(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, GAS)
        await town.says(WHO, "味道越来越大了")
        await town.says(WHO, "谢谢")
        assert "越来越大" in await original(town)
        assert "谢谢" not in await original(town)
        assert "客气" in town.last(WHO)


async def test_an_album_of_the_danger_is_answered_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢着火了", media=1, album="a")
        before = len(town.screen(WHO))
        await town.says(WHO, media=1, album="a")
        await town.says(WHO, media=1, album="a")
        assert len(town.screen(WHO)) == before
        assert await files(town) == 3


async def test_after_a_code_the_danger_is_there(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.scans(WHO, "b_yinxing-yuan-3")
        await town.says(WHO, "着火了")
        assert (await record(town)).grid == "yinxing-01"


async def test_old_buttons_of_a_settled_danger(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("陈工", Role.DEPT_STAFF, "gas")
        await town.says(WHO, GAS)
        await town.presses("陈工", "接单", room="dept:gas")
        await town.says("陈工", "办结 1001 阀门换了", media=1, room="dept:gas")
        before = len(town.room("dept:gas"))
        await town.presses(WHO, "里面还有人")
        assert len(town.room("dept:gas")) == before
        assert "已经有变化" in town.toasts(WHO)[-1]


@pytest.mark.parametrize("text", ["今天热得要着火了", "你们上班辛苦，笑死我了", "昨天的火已经灭了，谢谢消防员"])
async def test_figures_of_speech_are_no_danger(tmp_path: Path, text: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, text)
        assert "⚠️" not in shown(town)


async def test_a_guess_that_no_danger_is_likely_to_be_goes_to_the_desk(tmp_path: Path) -> None:
    """It went to the office for jobs."""
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "活着没意思")
        request = await record(town)
        assert (request.urgent, request.danger, request.queue) == (True, "suicide", "desk")
