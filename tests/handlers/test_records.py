"""我的诉求 and the same in plain words: list, state, supplement, urge, withdraw, reopen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import (
    DESK,
    LAMP,
    ROOM,
    WHO,
    done_again,
    filed,
    files,
    how_many,
    labels,
    ledger,
    original,
    record,
    resolved,
    waiting,
)
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def several(town: Town, count: int) -> None:
    for n in range(count):
        await filed(town, f"银杏苑{n + 1}幢楼道灯坏了")


@BOTH
async def test_the_list_and_one_record(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, "我的诉求")
        assert "待接单" in town.last(WHO)
        await town.presses(WHO, "1001")
        for part in ("1001", "银杏社区第一网格", "前有人接单", "前办结"):
            assert part in town.last(WHO)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "进度 1001 配件下午到", room=ROOM)
        await town.says(WHO, "那个灯修得怎么样了")
        for part in ("王师傅 在办", "配件下午到", "前办结"):
            assert part in town.last(WHO)


@BOTH
async def test_more_than_five_are_turned_over(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await several(town, 7)
        await town.says(WHO, "我的诉求")
        assert "1001" not in town.last(WHO)
        await town.presses(WHO, "更早的")
        assert "1001" in town.last(WHO)
        assert "1002" in town.last(WHO)


async def test_nothing_reported_yet(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "我的诉求")
        assert "还没有报过事" in town.last(WHO)


@pytest.mark.parametrize("words", ["那个灯修得怎么样了", "1002怎么样了", "1002 办到哪了"])
async def test_plain_words_find_the_record(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢楼下垃圾没人清")
        await filed(town, "银杏苑3幢楼道灯坏了")
        await town.says(WHO, words)
        assert town.last(WHO).startswith("1002")


@pytest.mark.parametrize("words", ["什么时候修好", "什么时候能修好啊", "谁负责", "多久能弄好"])
async def test_a_bare_question_is_about_what_was_reported(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, words)
        assert "1001" not in town.last(WHO)
        await filed(town)
        await town.says(WHO, words)
        assert town.last(WHO).startswith("1001")
        assert await how_many(town) == 1


@BOTH
async def test_progress_of_something_never_reported_can_be_reported(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "银杏苑3幢那个楼道灯修得怎么样了")
        assert "没查到" in town.last(WHO)
        await town.presses(WHO, "是新的事，帮我登记")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).grid == "yinxing-01"


async def test_nobody_sees_what_others_reported(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says("别人", "1001怎么样了")
        assert "楼道灯坏了" not in town.last("别人")


# -------------------------------------------------------------------- supplement


@BOTH
async def test_words_and_an_album_join_the_record(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "二楼的也坏了", media=1, album="a")
        seen = len(town.screen(WHO))
        await town.says(WHO, media=1, album="a")
        await town.says(WHO, media=1, album="a")
        assert len(town.screen(WHO)) == seen
        assert await files(town) == 3
        assert "二楼的也坏了" in await original(town)
        assert any("二楼的也坏了" in text for text, _ in town.room(ROOM))


async def test_never_mind_adds_nothing(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "算了")
        assert await original(town) == LAMP


async def test_too_late_for_a_supplement_the_words_are_not_lost(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await done_again(town)
        await town.says(WHO, "银杏苑3幢单元门也关不上了")
        assert "对，就这样" in labels(town)
        assert any("补不进去" in text for text, _ in town.screen(WHO))


@pytest.mark.parametrize(
    "said", ["补充一下，三楼的也不亮", "补充 三楼的也不亮", "1001 补充：三楼的也不亮", "给1001补充一句，三楼的也不亮"]
)
async def test_words_that_announce_a_supplement_join_the_record(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, said, media=1)
        assert "1001" in town.last(WHO)
        assert (await original(town)).endswith("三楼的也不亮")
        assert await files(town) == 1
        assert any("三楼的也不亮" in text for text, _ in town.room(ROOM))
        assert await how_many(town) == 1


async def test_an_announced_supplement_of_one_of_several(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await several(town, 2)
        await town.says(WHO, "补充一下，晚上特别黑")
        assert {"1001 楼道灯、门禁、对讲", "1002 楼道灯、门禁、对讲", "是新的事，帮我登记"} == set(labels(town))
        await town.presses(WHO, "1002")
        assert (await original(town, 1002)).endswith("晚上特别黑")
        await town.says(WHO, "1001 补充：一楼也不亮")
        assert (await original(town, 1001)).endswith("一楼也不亮")
        assert await how_many(town) == 2


async def test_an_announced_supplement_of_another_matter_is_asked_after(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "补充一下，菜场门口的垃圾桶满了没人收")
        assert "是新的事，帮我登记" in labels(town)
        assert await original(town) == LAMP
        await town.presses(WHO, "是新的事，帮我登记")
        assert "垃圾" in town.last(WHO)


@BOTH
@pytest.mark.parametrize("said", ["三楼也不亮", "刚才那个灯，是三楼的", "是三单元不是二单元"])
async def test_what_follows_a_filing_and_names_nothing_else_may_belong_to_it(
    tmp_path: Path, buttons: bool, said: str
) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, said)
        assert "1001" in town.last(WHO)
        assert labels(town) == ["补到那一单里", "另一件事"]
        await town.presses(WHO, "补到那一单里")
        assert (await original(town)).endswith(said)
        assert await how_many(town) == 1


async def test_what_follows_a_filing_is_another_matter(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "三楼也不亮")
        await town.says(WHO, "不是")
        assert "补到那一单里" not in labels(town)
        await town.says(WHO, "谢谢")
        assert "谢谢" not in town.last(WHO), "thanks are no part of a matter"
        await town.says(WHO, "银杏苑5幢")
        assert "银杏苑 5 幢" in town.last(WHO)
        assert "三楼也不亮" in town.last(WHO)
        assert await original(town) == LAMP


@pytest.mark.parametrize(
    "said", ["银杏苑5幢楼道灯也不亮", "巷口那家天天这样，也没个人去说说", "垃圾桶满了没人收，一股味道"]
)
async def test_another_place_or_kind_is_not_asked_after(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, said)
        assert "补到那一单里" not in labels(town)


async def test_half_an_hour_later_it_is_a_report_of_its_own(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.passes(minutes=31)
        await town.says(WHO, "三楼也不亮")
        assert "补到那一单里" not in labels(town)


@pytest.mark.parametrize("said", ["补充：三楼也不亮", "1001 三楼也不亮"])
async def test_said_to_the_question_whether_it_belongs_to_it(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        if said.startswith("补"):
            await town.says(WHO, "是三单元不是二单元")
        await town.says(WHO, said)
        assert (await original(town)).endswith("三楼也不亮")
        assert await how_many(town) == 1


async def test_an_announcement_alone_asks_what_is_to_be_added(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "我要补充一下")
        assert "想补充什么" in town.last(WHO)
        await town.says(WHO, "是三楼到四楼那段")
        assert (await original(town)).endswith("是三楼到四楼那段")


async def test_a_supplement_to_nothing_is_a_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "补充一下，银杏苑3幢楼道灯坏了")
        assert "对，就这样" in labels(town)


# -------------------------------------------------------------------- urge, withdraw


@BOTH
async def test_urging_once_a_day(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, "催一下")
        assert "催过了" in town.last(WHO)
        assert any("来催了" in text for text, _ in town.room(ROOM))
        await town.says(WHO, "怎么还没人来")
        assert "已经催过一次" in town.last(WHO)
        await town.passes(hours=25)
        await town.says(WHO, "催一下")
        assert [e.name for e in await ledger(town)].count("request.urged") == 2


@BOTH
async def test_urging_reaches_the_claimer_in_private(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "催一催")
        assert any("来催了" in text for text, _ in town.screen("王师傅"))


@BOTH
@pytest.mark.parametrize("words", ["撤回", "灯自己亮了，不用修了"])
async def test_withdrawing_in_own_words_asks_first(tmp_path: Path, buttons: bool, words: str) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, words)
        assert (await record(town)).state is State.QUEUED
        await town.presses(WHO, "确定撤回")
        assert (await record(town)).state is State.WITHDRAWN
        assert await waiting(town) == []
        assert "撤回" in town.room(ROOM)[0][0]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("对", State.WITHDRAWN),
        ("不用了", State.WITHDRAWN),
        ("先不撤", State.QUEUED),
        ("没好", State.QUEUED),
        ("等等", State.QUEUED),
    ],
)
async def test_the_last_question_is_answered_in_words(tmp_path: Path, said: str, state: State) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "灯自己亮了，不用修了")
        await town.says(WHO, said)
        assert (await record(town)).state is state
        assert await how_many(town) == 1


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("是的", State.QUEUED),
        ("不用了，已经好了", State.RESOLVED),
        ("不", State.RESOLVED),
        ("没好", State.QUEUED),
        ("撤回", State.RESOLVED),
    ],
)
async def test_a_redo_is_agreed_or_refused_in_words(tmp_path: Path, said: str, state: State) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.says(WHO, "还没修好")
        assert "重办" in town.last(WHO)
        await town.says(WHO, said)
        assert (await record(town)).state is state


@pytest.mark.parametrize("between", ["button", "words", "time"])
async def test_a_late_yes_withdraws_nothing(tmp_path: Path, between: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "灯自己亮了，不用修了")
        if between == "button":
            await town.presses(WHO, "先不撤")
        elif between == "words":
            await town.says(WHO, "谢谢")
        else:
            await town.passes(minutes=31)
        await town.says(WHO, "对")
        assert (await record(town)).state is State.QUEUED


async def test_a_report_under_way_waits_for_the_answer(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "银杏苑5幢垃圾桶满了没人收")
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "撤回")
        await town.says(WHO, "对")
        assert (await record(town)).state is State.WITHDRAWN
        await town.says(WHO, "对")
        assert await how_many(town) == 2


async def test_a_claimed_record_is_withdrawn_and_the_claimer_told(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says(WHO, "撤回")
        await town.presses(WHO, "确定撤回")
        assert "不用办了" in town.last("王师傅")


async def test_which_of_several_is_meant(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await several(town, 2)
        await town.says(WHO, "撤回")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "确定撤回")
        assert (await record(town, 1001)).state is State.WITHDRAWN
        assert (await record(town, 1002)).state is State.QUEUED


async def test_withdrawing_what_is_done_meanwhile(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "撤回")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await done_again(town)
        await town.presses(WHO, "确定撤回")
        assert (await record(town)).state is State.RESOLVED
        assert "已经有变化" in town.toasts(WHO)[-1]


async def test_a_number_of_somebody_else_cannot_be_pressed(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "撤回")
        token = next(t for label, t in town.messages(WHO)[-1].keys if label == "确定撤回")
        await town.press_token("别人", token)
        assert (await record(town)).state is State.QUEUED


# -------------------------------------------------------------------- reopen


@BOTH
async def test_reopening_within_seven_days(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await resolved(town)
        await town.passes(hours=1)
        await town.says(WHO, "还是没好")
        await town.presses(WHO, "没好，请重办")
        request = await record(town)
        assert (request.state, request.reopened, request.queue) == (State.QUEUED, 1, ROOM)
        assert any("要重办" in text for text, _ in town.room(DESK))
        await town.says(WHO, "二楼还是黑的")
        assert "二楼还是黑的" in await original(town)


async def test_after_seven_days_it_is_a_new_matter(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(hours=3)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.passes(days=8)
        await town.presses(WHO, "没好，请重办")
        assert (await record(town)).state is State.CLOSED
        assert "超过 7 天" in town.last(WHO)


async def test_reopened_clocks_run_from_the_reopening(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town)
        await town.passes(days=2)
        await town.says(WHO, "没修好")
        if (await record(town)).state is State.RESOLVED:
            await town.presses(WHO, "没好，请重办")
        assert (await record(town)).started_at == town.now
        assert {t.name for t in await waiting(town)} == {"clock.respond", "clock.resolve"}
        assert await how_many(town) == 1


@pytest.mark.parametrize("word", ["取消", "不用了", "不要了"])
async def test_not_needed_any_more_asks_about_what_is_open(tmp_path: Path, word: str) -> None:
    """Whoever says so believes that it is called off: it is asked, and nothing is withdrawn by itself."""
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, word)
        assert "先不撤" in str(town.screen(WHO)[-1])
        assert (await record(town)).state is State.QUEUED
        await town.says("路人", word)
        assert "没有要办的" in town.last("路人")
