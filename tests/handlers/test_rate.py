"""The follow-up: asked, reminded, closed; two questions and words; "no" and few stars go back to work, one level up each time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from storage import requests
from tests.handlers.resident_steps import (
    DESK,
    LAMP,
    ROOM,
    WHO,
    done_again,
    files,
    how_many,
    labels,
    ledger,
    original,
    record,
    resolved,
    waiting,
)
from tests.handlers.resident_steps import screen_text as shown
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def rating(town: Town, resolution: int = 1) -> tuple[str, int | None, str] | None:
    request = await record(town)
    async with town.store.read() as tx:
        found = await requests.find_rating(tx, request.id, resolution)
    return (found.solved, found.stars, found.words) if found else None


@BOTH
async def test_asked_after_two_hours_with_the_result(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        seen = len(town.screen(WHO))
        await town.passes(hours=1, minutes=59)
        assert len(town.screen(WHO)) == seen
        await town.passes(minutes=1)
        assert "换了灯泡" in town.last(WHO)
        assert labels(town) == ["好了", "好了一半", "没好"]


@BOTH
async def test_two_questions_and_words(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        assert (await record(town)).state is State.CLOSED
        await town.says(WHO, "师傅很热心，谢谢他")
        assert await rating(town) == ("yes", 5, "师傅很热心，谢谢他")
        assert await waiting(town) == []


@pytest.mark.parametrize(("typed", "stars"), [("5", 5), ("4", 4), ("三星", 3), ("5颗星", 5), ("★★★★", 4), ("满意", 4)])
@BOTH
async def test_stars_as_people_type_them(tmp_path: Path, buttons: bool, typed: str, stars: int) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, "修好了")
        await town.says(WHO, typed)
        assert await rating(town) == ("yes", stars, "")


@pytest.mark.parametrize(
    ("words", "answer"), [("修好了", "yes"), ("好了一半", "partly"), ("还没好", "no"), ("没有", "no")]
)
async def test_solved_in_own_words(tmp_path: Path, words: str, answer: str) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, words)
        found = await rating(town)
        assert found is not None
        assert found[0] == answer


async def test_quiet_hours_are_kept(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.passes(hours=9)  # 19:00
        await resolved(town)
        seen = len(town.screen(WHO))
        await town.passes(hours=12)  # 07:00
        assert len(town.screen(WHO)) == seen
        await town.passes(hours=1)
        assert "真的好了吗" in town.last(WHO)


async def test_reminded_twice_then_closed_as_unrated(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(days=8)
        assert sum("您说了才算数" in text for text, _ in town.screen(WHO)) == 2
        request = await record(town)
        assert request.state is State.CLOSED
        assert await rating(town) is None
        assert [e.name for e in await ledger(town)][-1] == "request.expired"
        assert "先结了" in town.last(WHO)
        await town.presses(WHO, "没好，请重办")
        assert (await record(town)).state is State.QUEUED


async def test_half_an_answer_is_reminded_and_counts_as_what_it_says(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.passes(hours=25)
        assert "几颗星" in town.last(WHO)
        await town.passes(days=7)
        assert (await record(town)).state is State.CLOSED
        assert await rating(town) == ("yes", None, "")


@BOTH
async def test_no_goes_back_first_to_the_queue_then_the_desk_then_the_street(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.employs("街道老陈", Role.STREET, "linjiang")
        where = []
        for worker, room in ((None, ROOM), ("刘书记", DESK), ("街道老陈", "desk")):
            await town.passes(hours=3)
            if (await record(town)).state is State.RESOLVED:
                await town.presses(WHO, "没好")
            where.append((await record(town)).queue)
            assert sum("要重办" in text for text, _ in [*town.room(DESK), *town.room("desk")]) == len(where)
            if worker is None:
                await done_again(town, words="又修了")
            elif where[-1] == room:
                await town.says(worker, "接单 1001", room=room)
                await town.says(worker, "办结 1001 换了整套灯", room=room)
        assert where == [ROOM, DESK, "desk"]


@pytest.mark.parametrize("stars", [1, 2])
async def test_few_stars_go_back_to_work(tmp_path: Path, stars: int) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, f"{stars}★")
        request = await record(town)
        assert (request.state, request.reopened) == (State.QUEUED, 1)
        assert any("要重办" in text for text, _ in town.room(DESK))
        await town.says(WHO, "二楼还是黑的")
        assert "二楼还是黑的" in await original(town)


async def test_three_stars_close(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了一半")
        await town.presses(WHO, "3★")
        assert (await record(town)).state is State.CLOSED


async def test_nobody_rates_twice_or_for_others(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        ask = dict(town.messages(WHO)[-1].keys)
        await town.press_token("别人", ask["没好"])
        assert await rating(town) is None
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.press_token(WHO, ask["没好"])
        await town.presses(WHO, "1★")
        assert await rating(town) == ("yes", 5, "")
        assert "评过了" in shown(town)


async def test_a_button_of_an_earlier_result_does_not_rate_the_next(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        old = dict(town.messages(WHO)[-1].keys)["好了"]
        await town.presses(WHO, "没好")
        await done_again(town, words="又修了")
        await town.press_token(WHO, old)
        assert await rating(town, 2) is None


async def test_a_photo_in_answer_is_kept_and_the_question_stays(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, media=1, album="a")
        seen = len(town.screen(WHO))
        await town.says(WHO, media=1, album="a")
        assert len(town.screen(WHO)) == seen
        await town.says(WHO, "好了")
        assert "几颗星" in town.last(WHO)
        assert await files(town, subject="rating") == 2


async def test_a_photo_after_the_stars_is_kept(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "4★")
        await town.says(WHO, media=1)
        assert "记下了" in town.last(WHO)
        assert await files(town, subject="rating") == 1


@pytest.mark.parametrize(
    ("words", "filed"),
    [
        ("金色家园3幢电梯坏了", True),
        ("银杏苑5幢2单元楼道灯不亮了", True),
        ("银杏苑3幢着火了", True),
        ("谢谢", False),
        ("好的", False),
    ],
)
async def test_what_comes_after_the_stars_may_be_something_else(tmp_path: Path, words: str, filed: bool) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.says(WHO, words)
        await town.says(WHO, "对")
        assert (await how_many(town) == 2) is filed
        assert await rating(town) == ("yes", 5, "")


async def test_more_words_about_the_same_building_belong_to_the_rating(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.says(WHO, "银杏苑3幢2单元楼道灯比以前暗")
        assert await how_many(town) == 1
        assert "比以前暗" in (await rating(town) or ("", 0, ""))[2]


@BOTH
async def test_the_same_complaint_after_the_stars_is_one_press_from_being_redone(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.says(WHO, LAMP)
        assert (await how_many(town), (await record(town)).state) == (1, State.CLOSED)
        assert labels(town) == ["没好，请重办"]
        await town.presses(WHO, "没好，请重办")
        assert ((await record(town)).state, (await record(town)).reopened) == (State.QUEUED, 1)
        await town.says(WHO, "还是二单元")
        assert await how_many(town) == 1


async def test_the_question_does_not_swallow_an_open_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=1, minutes=50)
        await town.says(WHO, "银杏苑15幢楼下垃圾没人清")
        await town.passes(minutes=12)
        assert "真的好了吗" in town.last(WHO)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.presses(WHO, "对，就这样")
        assert "垃圾" in await original(town, 1002)


async def test_rating_before_being_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "评一评")
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        assert (await record(town)).state is State.CLOSED
        seen = len(town.screen(WHO))
        town.now += timedelta(seconds=1)
        await town.passes(days=8)
        assert len(town.screen(WHO)) == seen


async def test_the_original_words_stay(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(days=8)
        assert await original(town) == LAMP


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("好了，很满意，师傅特别负责", ("yes", 5)),
        ("修是修好了，就是来得太慢", ("yes", None)),
        ("只换了一个，三楼的还没换", ("partly", None)),
    ],
)
@BOTH
async def test_a_whole_sentence_is_an_answer(
    tmp_path: Path, buttons: bool, said: str, kept: tuple[str, int | None]
) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, said)
        assert await rating(town) == (*kept, said)
        assert ((await record(town)).state is State.CLOSED) == (kept[1] is not None)
        if kept[1] is None:
            await town.says(WHO, "4星，态度还行")
            assert await rating(town) == (kept[0], 4, f"{said}\n4星，态度还行")
        assert await how_many(town) == 1


async def test_a_sentence_that_it_is_not_solved_goes_to_whoever_does_it_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, "还是不亮，三楼的根本没人修")
        assert (await record(town)).reopened == 1
        assert "三楼的根本没人修" in await original(town)
        assert await rating(town) == ("no", None, "")


@pytest.mark.parametrize("said", ["不知道，我在外地", "等我回去看看"])
async def test_who_has_yet_to_look_is_not_pressed(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, said)
        assert await rating(town) is None
        assert await how_many(town) == 1
        await town.says(WHO, "亮了")
        assert await rating(town) == ("yes", None, "")


@pytest.mark.parametrize(
    "said",
    [
        "银杏苑八栋电梯又坏了，还没人修",
        "厨房着火了，还没人来",
        "救命，快来人，还没好",
        "楼下垃圾没人清，臭死了",
        "办好居住证要多久",
    ],
)
async def test_another_matter_is_no_answer(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await resolved(town)
        await town.passes(hours=2)
        await town.says(WHO, said)
        assert await rating(town) is None
        assert (await record(town)).reopened == 0


async def test_stars_are_heard_although_a_report_was_left_unfinished(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await resolved(town)
        await town.says(WHO, "路灯不亮")
        await town.passes(hours=2)
        await town.presses(WHO, "好了")
        await town.says(WHO, "5")
        assert await rating(town) == ("yes", 5, "")


@pytest.mark.parametrize(("answer", "reopened"), [("没好，请重办", 1), ("不用了", 0)])
async def test_broken_again_right_after_the_result_is_asked_back(tmp_path: Path, answer: str, reopened: int) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await resolved(town)
        await town.says(WHO, "没修好，又不亮了")
        await town.presses(WHO, answer)
        assert (await record(town)).reopened == reopened
        assert await how_many(town) == 1


@pytest.mark.parametrize("said", ["我不在家，明天下午再来", "我电话换了 13900001111", "师傅没来"])
async def test_words_for_whoever_comes_reach_them(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says(WHO, LAMP)
        await town.presses(WHO, "对，就这样")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says(WHO, said)
        assert "哪一件" in town.last(WHO)
        await town.presses(WHO, "1001")
        assert said[:4] in town.last("王师傅")
        assert said in await original(town)
