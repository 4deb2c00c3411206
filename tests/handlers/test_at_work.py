"""Plain words of a grid worker: the record they hold is asked back, with yes, no, photos and further words understood."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from handlers import dispatch
from storage import attachments
from tests.handlers.staff_steps import DESK, GRID, ROOM, claimer, filed, heard, names_of, room_text, stored
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

WANG, LIU, LI = "王师傅", "小刘", "李阿姨"
SECOND = "银杏苑五栋门口垃圾没人清，臭得很"


async def claimed(town: Town) -> None:
    await filed(town)
    await town.says(WANG, "接单 1001", room=ROOM)


async def second(town: Town) -> None:
    """One more record in the same grid."""
    await town.says("赵大爷", SECOND)
    await town.presses("赵大爷", "对，就这样")
    assert "1002" in room_text(town)


def question(town: Town, who: str = WANG) -> tuple[str, list[str]]:
    return town.screen(who)[-1]


@pytest.mark.parametrize("buttons", [True, False])
async def test_done_is_asked_back_and_then_told(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await claimed(town)
        await town.says(WANG, "换好灯泡了")
        assert "就这样办结" in question(town)[0]
        assert (await stored(town)).state is State.CLAIMED
        await town.presses(WANG, "办结")
        assert (await stored(town)).state is State.RESOLVED
        assert "换好灯泡了" in heard(town, LI)


@pytest.mark.parametrize(
    ("answer", "state"), [("好的", State.RESOLVED), ("不是", State.CLAIMED), ("你好", State.CLAIMED)]
)
async def test_yes_and_no_are_typed_too(tmp_path: Path, answer: str, state: State) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "换好了")
        await town.says(WANG, answer)
        assert (await stored(town)).state is state
        assert ("换好了" in heard(town, LI)) == (state is State.RESOLVED)


async def test_news_is_brought_to_the_resident_and_is_no_emergency(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "已经在修了，等配件")
        text, labels = question(town)
        assert "119" not in text
        assert labels == ["带给居民", "办结", "不是说这单"]
        await town.says(WANG, "明天上午能修好")
        await town.presses(WANG, "带给居民")
        assert "等配件\n明天上午能修好" in heard(town, LI)
        assert (await names_of(town)).count("request.noted") == 1
        assert (await stored(town)).state is State.CLAIMED


@pytest.mark.parametrize(
    "words", ["1001 现场着火了", "现场着火了，等人来", "快来人，救命，等不了了", "有人晕倒了，在等120"]
)
async def test_a_danger_is_a_danger_whoever_says_it(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        before = len(town.screen(WANG))
        await town.says(WANG, words)
        assert town.screen(WANG)[before][0].startswith("⚠️")
        assert any(number in town.screen(WANG)[before][0] for number in ("119", "110", "120"))
        assert "带给居民" not in question(town)[1]


async def test_of_several_the_one_that_is_meant(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await second(town)
        await town.says(WANG, "接单 1002", room=ROOM)
        await town.says(WANG, "弄好了")
        text, labels = question(town)
        assert "哪一单" in text
        assert len(labels) == 3
        await town.presses(WANG, "1002")
        assert (await stored(town, 1002)).state is State.RESOLVED
        assert (await stored(town)).state is State.CLAIMED


async def test_words_with_a_place_are_about_the_record_there_or_a_new_matter(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await second(town)
        await town.says(WANG, "接单 1002", room=ROOM)
        await town.says(WANG, "银杏苑3栋的换好了")
        assert "1001" in question(town)[0]
        await town.says(WANG, "银杏苑8栋电梯坏了没人修")
        assert "带给居民" not in question(town)[1]
        assert "电梯" in question(town)[0]


async def test_surely_another_matter_is_a_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "门口的树倒了，等人来搬")
        assert "绿化" in question(town)[0]
        assert "带给居民" not in question(town)[1]
        assert "request.noted" not in await names_of(town)


async def test_an_album_is_one_answer(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, media=1, album="a")
        await town.says(WANG, media=1, album="a")
        assert "照片收到了" in question(town)[0]
        await town.presses(WANG, "办结")
        assert "怎么办的" in question(town)[0]
        await town.says(WANG, "换好了")
        request = await stored(town)
        assert request.state is State.RESOLVED
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "result", request.id)) == 2


async def test_a_photo_that_comes_after_the_words_belongs_to_them(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "换好了")
        await town.says(WANG, media=1)
        assert "换好了" in question(town)[0]
        await town.presses(WANG, "办结")
        request = await stored(town)
        assert request.state is State.RESOLVED
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "result", request.id)) == 1


async def test_a_photo_of_something_new_begins_a_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, media=1)
        await town.presses(WANG, "是新的事")
        await town.says(WANG, "银杏苑5栋路灯不亮")
        await town.presses(WANG, "对，就这样")
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "request", (await stored(town, 1002)).id)) == 1


async def test_not_this_one_goes_where_anybodys_words_go(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "快递柜没人管，等了半天")
        await town.presses(WANG, "不是说这单")
        assert "带给居民" not in question(town)[1]
        assert "request.noted" not in await names_of(town)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("办结", "怎么办的"),
        ("进度", "现在怎么样了"),
        ("能不能延期", "还要几个工作日"),
        ("联系方式", "13912341234"),
        ("不归我们管", "为什么退回"),
        ("联系不上居民怎么办", "为什么"),
        ("今天请假了", "放回"),
        ("转给", "转给谁"),
    ],
)
async def test_a_bare_word_means_the_one_record(tmp_path: Path, words: str, asked: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, words)
        assert asked in question(town)[0]
        assert (await stored(town)).state is State.CLAIMED


async def test_leave_gives_nothing_back_unasked(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "今天请假了")
        await town.presses(WANG, "1001")
        assert (await stored(town)).state is State.QUEUED


async def test_transfer_by_name_alone(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "转给小刘")
        assert await claimer(town) == LIU


async def test_the_one_that_waits_is_taken_without_its_number(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says(WANG, "接单")
        assert await claimer(town) == WANG


async def test_of_several_that_wait_one_is_chosen(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await second(town)
        await town.says(LIU, "接单")
        assert "接哪一单" in question(town, LIU)[0]
        await town.presses(LIU, "1002")
        assert await claimer(town, 1002) == LIU
        assert await claimer(town) == ""


async def test_who_asks_what_waits_can_open_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("刘书记", "有哪些单子还没接")
        await town.presses("刘书记", "1001")
        assert "接单" in town.screen("刘书记")[-1][1]
        await town.says(WANG, "接单 1001", room=ROOM)
        await town.says("刘书记", "有哪些没派的")
        assert "没有等人接" in question(town, "刘书记")[0]


@pytest.mark.parametrize("words", ["1001 派给第二网格", "派单 1001 给银杏社区第二网格", "改派 1001 第二网格"])
async def test_a_desk_sends_on_in_plain_words(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("刘书记", words, room=DESK)
        assert (await stored(town)).queue == "grid:yinxing-02"
        await town.says(LI, "1001 派给第一网格")
        assert (await stored(town)).queue == "grid:yinxing-02"


@pytest.mark.parametrize("words", ["我来", "接单", "换好了", "办结", "等配件", "办好了吗", "今天有几单"])
async def test_people_in_a_group_talk_to_each_other(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await second(town)
        before = [*town.room(ROOM)]
        await town.says(WANG, words, room=ROOM)
        assert town.room(ROOM) == before
        assert await claimer(town, 1002) == ""


async def test_in_a_group_a_number_says_what_is_meant(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says(WANG, "1001 我来", room=ROOM)
        assert await claimer(town) == WANG
        await town.says(WANG, "1001 等配件", room=ROOM)
        assert "request.noted" not in await names_of(town), "colleagues read it, the resident only when told to"
        await town.presses(WANG, "带给居民", room=ROOM)
        assert "等配件" in heard(town, LI)


async def test_in_a_group_only_the_buttons_answer(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "1001 换好了", room=ROOM)
        await town.says(WANG, "好的", room=ROOM)
        assert (await stored(town)).state is State.CLAIMED
        await town.presses(LIU, "不是说这单", room=ROOM)
        assert "没动" in town.toasts(LIU)[-1]
        assert len(town.screen(LIU)) == 0
        await town.presses(WANG, "办结", room=ROOM)
        assert (await stored(town)).state is State.RESOLVED


async def test_an_answer_to_a_card_is_about_its_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await second(town)
        for words in ("我来", "换好灯泡了"):
            said = town._incoming("text", WANG, ROOM, text=words, replied=town.room(ROOM)[0][0])
            async with town.store.write() as tx:
                await dispatch.handle(town.city, tx, said, town.now)
            await town.deliver()
        assert await claimer(town) == WANG
        await town.presses(WANG, "办结", room=ROOM)
        assert (await stored(town)).state is State.RESOLVED
        assert (await stored(town, 1002)).state is State.QUEUED


@pytest.mark.parametrize(("words", "offered"), [("好的", False), ("谢谢", False), ("灯泡型号特殊", True)])
async def test_an_answer_in_private_is_about_the_record_unless_it_is_a_courtesy(
    tmp_path: Path, words: str, offered: bool
) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        yours = next(text for text, _ in town.screen(WANG) if "归您了" in text)
        said = town._incoming("text", WANG, "", text=words, replied=yours)
        await town.hears(said)
        assert ("带给居民" in question(town)[1]) == offered
        assert (await stored(town)).state is State.CLAIMED


@pytest.mark.parametrize("words", ["换好了", "1001 换好了", "1001 我来", "接单", "今天有几单", "办结"])
async def test_residents_and_colleagues_change_nothing(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        before = await names_of(town)
        for who in (LI, LIU, "路人"):
            await town.says(who, words)
        assert (await stored(town)).state is State.CLAIMED
        assert await claimer(town) == WANG
        assert (await names_of(town))[len(before) :] in ([], ["request.supplemented"])


async def test_an_old_question_takes_no_answer(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await claimed(town)
        await town.says(WANG, "换好了")
        town.now += timedelta(hours=1)
        await town.says(WANG, "好")
        assert (await stored(town)).state is State.CLAIMED


async def test_help_is_of_use_to_whoever_asks(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs(WANG, Role.GRID_WORKER, GRID)
        for who, has in ((WANG, True), (LI, False)):
            await town.says(who, "帮助")
            assert ("接单" in question(town, who)[0]) == has
