"""Saying something: one message or several, photos, places, codes, corrections, edits, forgotten drafts. Nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from handlers import cards
from handlers.turn import Turn
from storage import dialogues, people, requests, timers
from tests.handlers.resident_steps import (
    DESK,
    LAMP,
    ROOM,
    WHO,
    filed,
    files,
    how_many,
    labels,
    original,
    person,
    record,
    screen_text,
)
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])


# -------------------------------------------------------------------- one clear sentence


@BOTH
async def test_one_press_files_a_clear_sentence_with_a_place(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        shown = town.last(WHO)
        for part in (
            "楼道灯坏了",
            "银杏苑 3 幢 2 单元",
            "银杏社区第一网格",
            "今天 11:00 前",
            "19 日 10:00 前",
            "依据：“楼道灯”",
        ):
            assert part in shown
        assert labels(town) == ["对，就这样", "不是这个事", "地点不对", "再补充", "算了"]
        await town.presses(WHO, "对，就这样")
        assert "单号 1001" in town.last(WHO)
        assert "1001" in town.room(ROOM)[-1][0]
        assert (await record(town)).queue == ROOM


async def test_the_group_never_reads_name_phone_or_room(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "我叫王秀英，银杏苑3幢2单元502楼道灯坏了，电话13912341234")
        card = town.room(ROOM)[-1][0]
        assert "13912341234" not in card
        assert "502" not in card
        assert "139****1234" in card
        assert (await person(town)).phone == "13912341234"


async def test_the_card_of_a_new_record_says_what_it_will_say_when_drawn_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, LAMP)
        drawn: list[str] = []

        async def draw(turn: Turn) -> None:
            drawn.append(await cards.card_text(turn, await record(town)))

        await town.acts(WHO, draw)
        assert drawn == [town.room(ROOM)[-1][0]]


@BOTH
async def test_a_double_press_files_once(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await (town.presses(WHO, "对，就这样") if buttons else town.says(WHO, "1"))
        assert await how_many(town) == 1
        assert "1001" in (town.toasts(WHO) or [town.last(WHO)])[-1]


@pytest.mark.parametrize("word", ["对", "好的", "好的谢谢", "谢谢", "嗯", "OK", "👌", "可以"])
async def test_a_typed_yes_or_a_thank_you_files_it(tmp_path: Path, word: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, word)
        assert await original(town) == LAMP
        assert "单号 1001" in town.last(WHO)


@pytest.mark.parametrize("word", ["算了", "取消", "不报了"])
async def test_never_mind_files_nothing(tmp_path: Path, word: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, word)
        await town.passes(days=2)
        assert await how_many(town) == 0
        assert "不登记" in town.last(WHO)


async def test_never_mind_by_button(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "算了")
        await town.presses(WHO, "对，就这样")
        assert await how_many(town) == 0
        assert "再说一遍" in town.toasts(WHO)[-1]


# -------------------------------------------------------------------- what is missing


@BOTH
async def test_only_the_place_is_asked_and_the_last_one_offered(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, "楼道里的灯又不亮了，黑漆漆的")
        assert "在哪儿" in town.last(WHO)
        await town.presses(WHO, "您上次说的")
        await town.presses(WHO, "不是同一件")
        await town.presses(WHO, "对，就这样")
        assert (await record(town, 1002)).grid == "yinxing-01"


async def test_yes_to_the_only_place_offered_takes_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "楼道里的灯又不亮了，黑漆漆的")
        await town.says(WHO, "是的")
        assert "银杏苑 3 幢" in town.last(WHO)


@BOTH
async def test_a_building_of_many_estates_is_asked_with_buttons(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "4栋2单元五楼楼道灯坏了")
        assert "银杏苑 4 幢 2 单元" in labels(town)
        await town.presses(WHO, "银杏苑 4 幢 2 单元")
        await town.presses(WHO, "对，就这样")
        request = await record(town)
        assert (request.grid, request.place_text) == ("yinxing-01", "银杏苑 4 幢 2 单元")


async def test_place_in_two_messages_is_put_together(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑楼道灯坏了")
        await town.says(WHO, "3幢")
        await town.says(WHO, "对")
        assert (await record(town)).grid == "yinxing-01"


@pytest.mark.parametrize("word", ["不知道", "说不清", "不清楚"])
async def test_who_does_not_know_the_place_is_not_asked_again(tmp_path: Path, word: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, word)
        assert "对，就这样" in labels(town)
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).queue == "desk"


async def test_an_unknown_place_is_asked_twice_and_kept_in_their_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, "老王家门口")
        assert "没认出" in town.last(WHO)
        await town.says(WHO, "大槐树底下")
        assert "对，就这样" in labels(town)
        await town.presses(WHO, "对，就这样")
        assert "大槐树" in (await record(town)).place_text
        assert "老王家门口" in await original(town)


async def test_a_place_without_a_matter_asks_what_it_is(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢")
        assert "什么事" in town.last(WHO)
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, "对")
        assert (await record(town)).grid == "yinxing-01"


@BOTH
async def test_unsure_offers_the_likely_kinds(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "三楼也不亮")
        assert "拿不准" in town.last(WHO)
        await town.presses(WHO, "楼道灯、门禁、对讲")
        await town.says(WHO, "银杏苑3幢")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).item == "facility.building.corridor"


async def test_praise_and_suggestions_are_passed_on_without_asking_where(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        for number, said in enumerate(("公众号字太小，出个大字版呗", "表扬一下网格员小刘，下雨天帮我背米上楼"), 1001):
            await town.says(WHO, said)
            assert "在哪儿" not in town.last(WHO)
            await town.presses(WHO, "对，就这样")
            assert (await record(town, number)).queue == "desk"


# -------------------------------------------------------------------- corrections


@BOTH
async def test_another_kind_is_chosen_and_kept_as_a_label(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "不是这个事")
        await town.presses(WHO, "设施维修")
        await town.presses(WHO, "电梯故障")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).item == "facility.building.elevator"


async def test_a_typed_correction_of_the_kind_counts(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "不是这个事")
        await town.says(WHO, "是电梯坏了，停在三楼不动")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).item == "facility.building.elevator"


@BOTH
async def test_another_place_is_typed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "地点不对")
        await town.says(WHO, "银杏苑15幢")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).grid == "yinxing-02"


async def test_a_new_place_nobody_knows_never_falls_back_to_the_old_one(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "地点不对")
        await town.says(WHO, "村口老槐树那儿")
        await town.presses(WHO, "说不清，交给社区")
        await town.presses(WHO, "对，就这样")
        request = await record(town)
        assert request.grid == ""
        assert request.queue.startswith("desk")


async def test_no_asks_what_is_wrong(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "不对")
        assert labels(town) == ["不是这个事", "地点不对", "算了"]


async def test_none_of_these_goes_to_the_desk(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "不是这个事")
        await town.presses(WHO, "都不是")
        assert (await record(town)).queue == DESK


# -------------------------------------------------------------------- several messages, several matters


@BOTH
async def test_more_is_added_before_confirming(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.presses(WHO, "再补充")
        await town.says(WHO, "我妈晚上不敢下楼")
        await town.presses(WHO, "对，就这样")
        assert await original(town) == f"{LAMP}\n我妈晚上不敢下楼"


@BOTH
async def test_two_matters_in_one_message_become_two_records(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了，还有楼下垃圾没人清")
        assert "2 件事" in town.last(WHO)
        await town.presses(WHO, "分开登记")
        await town.presses(WHO, "对，就这样")
        await town.presses(WHO, "对，就这样")
        first, second = await record(town, 1001), await record(town, 1002)
        assert {first.item, second.item} == {"facility.building.corridor", second.item}
        assert first.item != second.item
        assert first.grid == second.grid == "yinxing-01"


async def test_two_matters_can_stay_one(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了，还有楼下垃圾没人清")
        await town.presses(WHO, "就是一件事")
        await town.presses(WHO, "对，就这样")
        assert await how_many(town) == 1
        assert "垃圾" in await original(town)


async def test_another_matter_while_the_summary_is_open_is_offered_apart(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了")
        await town.says(WHO, "金色家园3幢电梯坏了，停在五楼不动")
        assert "2 件事" in town.last(WHO)
        await town.says(WHO, "好")
        await town.presses(WHO, "对，就这样")
        await town.presses(WHO, "对，就这样")
        assert [(await record(town, n)).grid for n in (1001, 1002)] == ["yinxing-01", "yinxing-03"]


async def test_a_report_and_a_question_in_one_message(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了，另外我想问下低保怎么办")
        await town.presses(WHO, "分开登记")
        await town.presses(WHO, "对，就这样")
        assert "民政" in town.last(WHO)
        assert await how_many(town) == 1


@BOTH
async def test_the_same_words_again_show_the_open_record(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(WHO, f"{LAMP}。")
        assert "报过了" in town.last(WHO)
        await town.presses(WHO, "看看办到哪了")
        assert "待接单" in town.last(WHO)
        await town.says(WHO, LAMP)
        await town.presses(WHO, "这是另一件")
        await town.presses(WHO, "对，就这样")
        assert await how_many(town) == 2


async def test_the_same_words_twice_while_open_are_kept_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, LAMP)
        await town.says(WHO, "对")
        assert await original(town) == LAMP


# -------------------------------------------------------------------- photos, sound, points, codes


async def test_an_album_is_answered_once_and_all_of_it_kept(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼下垃圾堆成山了", media=1, album="a")
        before = len(town.screen(WHO))
        await town.says(WHO, media=1, album="a")
        await town.says(WHO, media=1, album="a")
        assert len(town.screen(WHO)) == before
        await town.presses(WHO, "对，就这样")
        assert await files(town) == 3


@BOTH
async def test_a_photo_without_words_asks_and_can_be_handed_over(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, media=1)
        assert "什么事" in town.last(WHO)
        await town.presses(WHO, "直接交给社区看")
        assert (await record(town)).queue == "desk"
        assert await files(town) == 1


@BOTH
async def test_a_yes_names_no_matter_and_a_no_may_mean_the_place(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "银杏苑3幢")
        await town.says(WHO, "对")
        assert "什么事" in town.last(WHO)
        await town.says(WHO, "不对")
        assert "地点不对" in labels(town)
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, "对")
        assert (await record(town)).item == "facility.building.corridor"


async def test_a_voice_message_is_kept_and_words_are_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, media=1, kind="voice")
        assert "语音" in town.last(WHO)
        await town.says(WHO, LAMP)
        await town.says(WHO, "对")
        assert await files(town) == 1


async def test_a_point_on_the_map_is_never_counted_as_a_photo(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, geo=(30.12, 120.34))
        assert "0 个" not in screen_text(town)
        assert "位置收到" in town.last(WHO)
        await town.says(WHO, "银杏苑3幢")
        await town.says(WHO, "对")
        request = await record(town)
        async with town.store.read() as tx:
            assert "30.12" in (await requests.get_original(tx, request.id)).place


async def test_a_point_first_then_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, geo=(30.12, 120.34))
        assert "那儿是什么事" in town.last(WHO)
        await town.says(WHO, LAMP)
        assert "对，就这样" in labels(town)


@BOTH
async def test_after_a_code_only_the_matter_is_asked(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.scans(WHO, "b_yinxing-yuan-3")
        assert "银杏苑 3 幢" in town.last(WHO)
        await town.says(WHO, "楼道灯坏了")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).grid == "yinxing-01"


async def test_a_photo_after_a_code_keeps_the_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.scans(WHO, "b_yinxing-yuan-3")
        await town.says(WHO, media=1)
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, "对")
        assert (await record(town)).grid == "yinxing-01"
        assert await files(town) == 1


async def test_a_code_scanned_long_ago_is_not_where_they_are(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.scans(WHO, "b_yinxing-yuan-3")
        await town.passes(days=3)
        await town.says(WHO, "楼道灯坏了")
        assert "在哪儿" in town.last(WHO)


async def test_a_code_scanned_in_the_middle_moves_the_draft(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "楼道灯坏了")
        await town.scans(WHO, "b_yinxing-yuan-15")
        await town.says(WHO, "对")
        assert (await record(town)).grid == "yinxing-02"


async def test_an_unknown_code_is_answered(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.scans(WHO, "b_nowhere")
        assert "不认识" in town.last(WHO)


# -------------------------------------------------------------------- odd input


async def test_ten_thousand_characters(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP + "，" + "真的很急" * 3000)
        assert "一万字" in screen_text(town)
        await town.says(WHO, "对")
        assert (await original(town)).startswith(LAMP)


async def test_an_emoji_at_the_summary_files_nothing_and_says_so(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "😡😡😡")
        assert "还没登记" in town.last(WHO)
        assert await how_many(town) == 0
        await town.presses(WHO, "对，就这样")
        assert await original(town) == LAMP


async def test_an_old_button_does_nothing(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        token = town.messages(WHO)[-1].keys[0][1]
        await town.presses(WHO, "算了")
        await town.passes(days=40)
        await town.press_token(WHO, token)
        assert await how_many(town) == 0
        assert "过期" in town.toasts(WHO)[-1]


async def test_a_button_works_only_for_its_owner_in_its_chat(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        token = town.messages(WHO)[-1].keys[0][1]
        await town.press_token("别人", token)
        await town.press_token(WHO, token, room=ROOM)
        assert await how_many(town) == 0
        assert "不是给您的" in town.toasts("别人")[-1]
        assert "不是给您的" in town.toasts(WHO)[-1]
        await town.press_token(WHO, token)
        assert await how_many(town) == 1


async def test_an_edited_message_changes_the_draft(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道灯坏了", ref="7")
        await town.edits(WHO, "7", "银杏苑15幢楼道灯坏了")
        await town.says(WHO, "对")
        assert (await record(town)).grid == "yinxing-02"


async def test_an_edited_message_joins_a_filed_record_and_its_clock_goes_on(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP, ref="7")
        await town.says(WHO, "对")
        due = (await record(town)).resolve_due_at
        await town.passes(minutes=30)
        await town.edits(WHO, "7", f"{LAMP}，三楼的也坏了")
        request = await record(town)
        assert request.resolve_due_at == due
        assert "三楼的也坏了" in await original(town)


async def test_an_edit_that_turns_out_a_danger_is_one(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "银杏苑3幢楼道里", ref="7")
        await town.edits(WHO, "7", "银杏苑3幢楼道里着火了")
        assert (await record(town)).urgent


# -------------------------------------------------------------------- interrupted and forgotten


async def test_a_menu_word_does_not_lose_the_draft(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "心愿墙")
        await town.presses(WHO, "对，就这样")
        assert await original(town) == LAMP


async def test_a_question_in_between_does_not_lose_the_draft(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "银杏苑15幢楼下垃圾没人清")
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "是二单元")
        await town.says(WHO, "对")
        assert "是二单元" in await original(town, 1001)
        assert "垃圾" in await original(town, 1002)


async def test_progress_of_another_record_is_answered_while_a_draft_is_open(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, "银杏苑15幢楼下垃圾没人清")
        await town.says(WHO, "那个灯修得怎么样了")
        assert "待接单" in town.last(WHO)
        await town.presses(WHO, "对，就这样")
        assert "怎么样" not in await original(town, 1002)


async def test_asking_for_a_person_hands_the_draft_over(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "楼道灯坏了")
        await town.says(WHO, "转人工")
        assert (await record(town)).queue == "desk"


async def test_a_forgotten_draft_is_asked_about_once_and_then_handed_over(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.passes(hours=2)
        assert "还没登记" in town.last(WHO)
        seen = len(town.screen(WHO))
        await town.passes(hours=10)
        assert len(town.screen(WHO)) == seen
        await town.passes(hours=14)
        assert "单号 1001" in town.last(WHO)
        assert await original(town) == LAMP


@pytest.mark.parametrize(("said", "left"), [("", 2), ("对，就这样", 0), ("算了", 0), ("转人工", 0)])
async def test_what_was_set_for_a_forgotten_draft_is_called_off_with_the_draft(
    tmp_path: Path, said: str, left: int
) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await (town.says(WHO, said) if said == "转人工" else town.presses(WHO, said) if said else town.passes())
        async with town.store.read() as tx:
            chat = await people.find_chat(tx, "test", "", WHO)
            assert chat is not None
            waiting = await timers.waiting_for(tx, "chat", chat.id)
        assert len([timer for timer in waiting if timer.name.startswith("report.")]) == left


async def test_a_cancelled_draft_in_words_is_not_asked_about(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "算了")
        seen = len(town.screen(WHO))
        await town.passes(hours=48)
        assert len(town.screen(WHO)) == seen


async def test_nobody_is_nudged_at_night(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.passes(hours=10, minutes=45)  # 20:45
        await town.says(WHO, LAMP)
        seen = len(town.screen(WHO))
        await town.passes(hours=8)
        assert len(town.screen(WHO)) == seen
        await town.passes(hours=4)
        assert len(town.screen(WHO)) == seen + 1


async def test_whoever_is_still_writing_is_not_nudged(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.passes(minutes=25)
        await town.says(WHO, "三楼的也坏了")
        seen = len(town.screen(WHO))
        await town.passes(minutes=10)
        assert len(town.screen(WHO)) == seen


async def test_what_a_button_carries_is_sealed(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, LAMP)
        await town.says(WHO, "我电话13912341234，低保怎么申请")
        async with town.store.read() as tx:
            rows = await tx.all(dialogues.keyboards.select())
        assert rows
        assert "13912341234" not in repr(rows)


async def test_the_last_place_is_kept_without_the_room(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢2单元502门口楼道灯坏了")
        assert "502" not in repr((await person(town)).last_place)


async def test_a_late_answer_starts_anew_and_loses_nothing(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        town.now += timedelta(days=3)  # the clock's own reminders were down
        await town.says(WHO, "银杏苑15幢楼下垃圾没人清")
        assert await original(town, 1001) == LAMP
        await town.presses(WHO, "对，就这样")
        assert "垃圾" in await original(town, 1002)


async def test_staff_and_residents_share_one_door(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await filed(town, who="王师傅")
        async with town.store.read() as tx:
            assert (await people.get_person(tx, (await record(town)).reporter_id)).name == "王师傅"


@pytest.mark.parametrize("said", ["气死我了", "你们管不管", "还漏水呢", "什么时候有人来"])
async def test_an_outburst_is_no_place(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "物业是不是又偷懒了")
        assert "在哪儿" in town.last(WHO)
        await town.says(WHO, said)
        await town.says(WHO, "银杏苑3幢")
        assert "📍 银杏苑 3 幢" in town.last(WHO)
        await town.says(WHO, "对，就这样")
        assert said in await original(town), "what was said is kept"


async def test_yes_to_several_kinds_asks_again_and_no_leaves_it_to_a_person(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "三楼也不亮")
        offered = labels(town)
        assert offered[-1] == "都不是"
        await town.says(WHO, "对")
        assert labels(town) == offered
        await town.says(WHO, "不是")
        assert "单号 1001" in town.last(WHO)
        assert await original(town) == "三楼也不亮"
