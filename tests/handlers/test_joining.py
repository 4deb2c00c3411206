"""我也遇到, 并案 and 拆, three in three days: by buttons, by numbers and by typed words."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import cards
from handlers.turn import Turn
from storage import attachments, supporters
from storage.plans import Plans
from storage.requests import Request
from tests.handlers.resident_steps import (
    DESK,
    GRID,
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
    person,
    record,
    screen_text,
    waiting,
)
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
NEIGHBOUR = "张伯"
SAME = "银杏苑3幢2单元楼道黑漆漆的，楼道灯不亮"
UNLIKE = "银杏苑3幢2单元楼道的门禁对讲没声音"


async def joined(town: Town, who: str = NEIGHBOUR, text: str = SAME) -> Request:
    """A lamp that one resident reported and another has joined."""
    request = await filed(town)
    await town.says(who, text)
    await town.presses(who, "我也遇到")
    return request


async def followers(town: Town, wanted: int = 1001) -> int:
    request = await record(town, wanted)
    async with town.store.read() as tx:
        return len(await supporters.followers(tx, request))


async def names_of(town: Town, wanted: int = 1001) -> list[str]:
    return [e.name for e in await ledger(town, wanted)]


async def desk(town: Town) -> None:
    await town.employs("刘书记", Role.DESK, "yinxing")


async def two(town: Town) -> None:
    """Two open records that the desk may take for one, and the desk."""
    await desk(town)
    await filed(town)
    await filed(town, UNLIKE, NEIGHBOUR)


def desk_text(town: Town) -> str:
    return "\n".join(text for text, _ in town.room(DESK))


# -------------------------------------------------------------------- the offer


async def test_more_words_are_no_consent_to_join_a_neighbour(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        request = await filed(town)
        await town.says(NEIGHBOUR, SAME)
        assert "我也遇到" in labels(town, NEIGHBOUR)
        before = await followers(town, request.number)
        await town.says(NEIGHBOUR, "补充一下，晚上特别黑")
        assert await followers(town, request.number) == before


@BOTH
async def test_an_open_record_is_shown_and_joined(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        shown = town.last(NEIGHBOUR)
        for part in ("1001", "楼道灯", "待接单", "银杏苑 3 幢", "同一幢楼", "今天 10:00"):
            assert part in shown
        await town.presses(NEIGHBOUR, "我也遇到")
        assert await how_many(town) == 1
        assert await followers(town) == 1
        assert "算您一个" in town.last(NEIGHBOUR)
        room = "\n".join(text for text, _ in town.room(ROOM))
        assert "另有1人也遇到" in town.room(ROOM)[0][0]
        assert "黑漆漆" in room
        assert "request.joined" in await names_of(town)


async def test_what_is_near_is_asked_for_once_an_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    async with Town.open(tmp_path) as town:
        await desk(town)
        await filed(town)
        monkeypatch.setattr(Plans, "watch", staticmethod(lambda _statement, sql: asked.append(sql)))
        await town.says(NEIGHBOUR, UNLIKE)
        assert sum("requests.house IN" in sql for sql in asked) == 1
        asked.clear()
        await town.presses(NEIGHBOUR, "对，就这样")
        assert sum("requests.house IN" in sql for sql in asked) == 1
        assert "1002 说不定和 1001 是同一件" in desk_text(town), "the hint goes by what the summary has found"


async def test_a_new_card_is_drawn_once_with_its_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    real = cards.card_text

    async def card_text(turn: Turn, request: Request, *, bare: bool = False) -> str:
        drawn.append(request.number)
        return await real(turn, request, bare=bare)

    async with Town.open(tmp_path) as town:
        await desk(town)
        await filed(town)
        monkeypatch.setattr(cards, "card_text", card_text)
        await filed(town, UNLIKE, NEIGHBOUR)
        assert drawn == [1002]
        assert "1001" in town.room(ROOM)[1][0]


@BOTH
async def test_another_matter_is_filed_and_not_offered_again(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await desk(town)
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        await town.presses(NEIGHBOUR, "不是同一件")
        await town.presses(NEIGHBOUR, "对，就这样")
        assert await how_many(town) == 2
        assert "像是和" not in desk_text(town)
        await town.says(NEIGHBOUR, "银杏苑3幢2单元楼道灯不亮，太黑")
        assert "1002" in town.last(NEIGHBOUR), "their own is offered, not the one they refused"
        assert "1001" not in town.last(NEIGHBOUR)


@BOTH
@pytest.mark.parametrize(("words", "count"), [("是的", 1), ("不是", 2)])
async def test_typed_yes_and_no_answer_the_offer(tmp_path: Path, buttons: bool, words: str, count: int) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        await town.says(NEIGHBOUR, words)
        if count == 2:
            await town.presses(NEIGHBOUR, "对，就这样")
        assert await how_many(town) == count
        assert await followers(town) == 2 - count


async def test_the_label_typed_is_the_button(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        await town.says(NEIGHBOUR, "我也遇到")
        assert await followers(town) == 1


@pytest.mark.parametrize(
    "text",
    [
        "银杏苑5幢2单元楼道黑漆漆的，楼道灯不亮",
        "金色家园3幢楼道灯坏了",
        "银杏苑3幢2单元电梯坏了",
        UNLIKE,
        "银杏苑3幢1单元楼道灯坏了",
    ],
)
async def test_what_is_not_surely_the_same_is_not_offered(tmp_path: Path, text: str) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(NEIGHBOUR, text)
        assert "对，就这样" in labels(town, NEIGHBOUR)


async def test_after_fourteen_days_it_is_a_new_matter(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.passes(days=14, hours=1)
        await town.says(NEIGHBOUR, SAME)
        assert "对，就这样" in labels(town, NEIGHBOUR)


async def test_a_quarrel_of_others_is_shown_to_nobody(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢楼上邻居天天吵架，想请人调解邻里纠纷")
        await town.says(NEIGHBOUR, "银杏苑3幢楼上邻居天天吵架，想请人调解邻里纠纷")
        assert "我也遇到" not in labels(town, NEIGHBOUR)


async def test_the_offer_comes_before_filing_when_the_other_was_faster(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(NEIGHBOUR, SAME)
        await filed(town)
        await town.presses(NEIGHBOUR, "对，就这样")
        assert "我也遇到" in labels(town, NEIGHBOUR)
        assert await how_many(town) == 1


async def test_a_record_finished_meanwhile_is_not_joined_and_nothing_is_lost(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        await done_again(town)
        await town.presses(NEIGHBOUR, "我也遇到")
        await town.presses(NEIGHBOUR, "对，就这样")
        assert await original(town, 1002) == SAME


async def test_ones_own_open_record_takes_the_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.says(WHO, SAME, media=1)
        await town.presses(WHO, "补到那一单里")
        assert "黑漆漆" in await original(town)
        assert await files(town) == 1
        assert await followers(town) == 0


async def test_words_and_photos_reach_the_handler_and_stay_the_supporters_own(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says(NEIGHBOUR, f"{SAME}，我电话13912341234", media=2)
        await town.presses(NEIGHBOUR, "我也遇到")
        assert await files(town) == 2
        assert await original(town) == LAMP
        assert "黑漆漆" in screen_text(town, "王师傅")
        assert "13912341234" not in screen_text(town, "王师傅")
        await town.says("王师傅", "详情 1001", room=ROOM)
        assert "黑漆漆" in town.room(ROOM)[-1][0]


async def test_a_danger_is_filed_at_once_and_the_desk_gets_the_hint(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await desk(town)
        await town.says(WHO, "银杏苑3幢一楼好大煤气味")
        await town.says(NEIGHBOUR, "银杏苑3幢楼道里好大煤气味")
        assert await how_many(town) == 2
        street = "\n".join(text for text, _ in town.room("desk"))  # who decides over the gas company's queue
        assert "1002 像是和 1001 同一件" in street or "1002 说不定和 1001 是同一件" in street


# -------------------------------------------------------------------- what a supporter sees


@BOTH
async def test_every_update_the_list_and_leaving(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await joined(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "进度 1001 配件下午到", room=ROOM)
        assert "王师傅接了" in screen_text(town, NEIGHBOUR)
        assert "配件下午到" in screen_text(town, NEIGHBOUR)
        await town.says(NEIGHBOUR, "我的诉求")
        assert "我也遇到" in town.last(NEIGHBOUR)
        await town.presses(NEIGHBOUR, "1001")
        assert "撤回" not in labels(town, NEIGHBOUR)
        await town.presses(NEIGHBOUR, "不用再告诉我")
        assert await followers(town) == 0
        seen = len(town.screen(NEIGHBOUR))
        await town.says("王师傅", "进度 1001 换好了", room=ROOM)
        assert len(town.screen(NEIGHBOUR)) == seen


async def test_a_supporter_adds_and_urges(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        request = await joined(town)
        await town.says(NEIGHBOUR, "我的诉求")
        await town.presses(NEIGHBOUR, "1001")
        await town.presses(NEIGHBOUR, "补充")
        await town.says(NEIGHBOUR, "四楼也是黑的")
        assert await original(town) == LAMP
        async with town.store.read() as tx:
            (one,) = await supporters.of(tx, request.id)
        assert "四楼也是黑的" in one.text
        await town.says(NEIGHBOUR, "催一下")
        assert "request.urged" in await names_of(town)


@BOTH
async def test_both_are_asked_and_a_supporters_yes_does_not_close(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await joined(town)
        await done_again(town)
        await town.passes(hours=3)
        await town.presses(NEIGHBOUR, "好了")
        await town.presses(NEIGHBOUR, "5★")
        assert (await record(town)).state is State.RESOLVED
        assert "request.rated_along" in await names_of(town)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "4★")
        assert (await record(town)).state is State.CLOSED
        await town.presses(NEIGHBOUR, "没好")
        assert (await record(town)).state is State.CLOSED, "nobody rates twice"


@pytest.mark.parametrize("first", [True, False])
async def test_a_supporters_no_opens_it_again_and_the_reporter_hears_it(tmp_path: Path, first: bool) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await joined(town)
        await done_again(town)
        await town.passes(hours=3)
        if not first:
            await town.presses(WHO, "好了")
            await town.presses(WHO, "5★")
            assert "先销号" in town.last(NEIGHBOUR)
        await town.presses(NEIGHBOUR, "没好")
        reopened = await record(town)
        assert (reopened.state, reopened.reopened) == (State.QUEUED, 1)
        assert "还有人没好" in screen_text(town)


async def test_withdrawing_what_others_joined_hands_it_on(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await joined(town)
        await town.says(WHO, "撤回")
        await town.presses(WHO, "确定撤回")
        kept = await record(town)
        assert kept.state is State.QUEUED
        assert kept.reporter_id == (await person(town, NEIGHBOUR)).id
        assert await original(town) == SAME
        assert "接着办" in town.last(NEIGHBOUR)
        assert await followers(town) == 0
        await town.says(NEIGHBOUR, "撤回")
        await town.presses(NEIGHBOUR, "确定撤回")
        assert (await record(town)).state is State.WITHDRAWN


async def test_export_and_erasure_of_a_supporter(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await joined(town)
        await town.says(NEIGHBOUR, "导出我的资料")
        assert "黑漆漆" in town.last(NEIGHBOUR)
        await town.says(WHO, "导出我的资料")
        assert "黑漆漆" not in town.last(WHO)
        await town.says(NEIGHBOUR, "删除我的资料")
        await town.presses(NEIGHBOUR, labels(town, NEIGHBOUR)[0])
        assert await followers(town) == 0
        assert await original(town) == LAMP


# -------------------------------------------------------------------- the desk


@BOTH
async def test_the_desk_sees_the_hint_and_merges_by_button(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await two(town)
        assert "1002 说不定和 1001 是同一件" in desk_text(town)
        assert "像是和 1001 同一件" in "\n".join(text for text, _ in town.room(ROOM))
        await town.presses("刘书记", "并", room=DESK)
        child = await record(town, 1002)
        assert child.state is State.MERGED
        assert child.parent_id == (await record(town)).id
        assert await waiting(town, 1002) == []
        assert "并到一起办" in town.last(NEIGHBOUR)
        assert "已并到 1001" in "\n".join(text for text, _ in town.room(ROOM))
        assert await followers(town) == 1


async def test_a_merged_record_follows_its_parent_to_the_rating(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await two(town)
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await town.says("刘书记", "并 1002 到 1001")
        await done_again(town)
        assert "换了灯泡" in screen_text(town, NEIGHBOUR)
        await town.says(NEIGHBOUR, "我的诉求")
        await town.presses(NEIGHBOUR, "1002")
        assert "并在 1001 里一起办" in town.last(NEIGHBOUR)
        await town.presses(NEIGHBOUR, "看看 1001")
        assert town.last(NEIGHBOUR).startswith("1001")
        await town.passes(hours=3)
        await town.presses(NEIGHBOUR, "好了")
        await town.presses(NEIGHBOUR, "5★")
        assert "request.rated_along" in await names_of(town)
        await town.passes(days=5)
        assert not (await record(town, 1002)).supervised, "a merged record never escalates"


@BOTH
async def test_splitting_brings_it_back_with_the_time_it_had_left(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await two(town)
        before = await record(town, 1002)
        await town.passes(minutes=20)
        await town.says("刘书记", "并 1002 到 1001", room=DESK)
        await town.passes(days=2)
        await town.says("刘书记", "拆 1002", room=DESK)
        after = await record(town, 1002)
        assert (after.state, after.queue, after.parent_id) == (State.QUEUED, before.queue, None)
        assert after.respond_due_at - town.now == before.respond_due_at - before.received_at - (
            town.now - after.started_at
        )
        assert (town.now - after.started_at).total_seconds() == 20 * 60
        assert not after.supervised
        assert len(await waiting(town, 1002)) == 2
        assert "其实是两件事" in town.last(NEIGHBOUR)
        assert await followers(town) == 0
        assert (await names_of(town, 1002))[-1] != "request.likened"


@pytest.mark.parametrize(
    ("who", "words", "answer"),
    [
        ("王师傅", "并 1002 到 1001", "没有"),
        (NEIGHBOUR, "并 1002 到 1001", "没有"),
        ("刘书记", "并 1001 到 1001", "它自己"),
        ("刘书记", "并 1002 到 1009", "没有 1009"),
        ("刘书记", "拆 1002", "没人接"),
    ],
)
async def test_who_may_not_and_what_cannot_be_merged(tmp_path: Path, who: str, words: str, answer: str) -> None:
    async with Town.open(tmp_path) as town:
        await two(town)
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await town.says(who, words)
        assert answer in screen_text(town, who)
        assert (await record(town, 1002)).state is State.QUEUED


async def test_a_danger_is_never_merged_into_what_can_wait(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("街道老陈", Role.STREET, "linjiang")
        await filed(town)
        await town.says(NEIGHBOUR, "银杏苑3幢好大煤气味")
        await town.says("街道老陈", "并 1002 到 1001")
        assert (await record(town, 1002)).state is State.QUEUED
        assert "急事" in screen_text(town, "街道老陈")


async def test_a_claimed_record_is_merged_and_its_claimer_told(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await two(town)
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await town.says("王师傅", "接单 1002", room=ROOM)
        await town.says("刘书记", "并案 1002 1001")
        assert (await record(town, 1002)).claimer_id is None
        assert "不用另跑" in town.last("王师傅")
        await town.says("刘书记", "拆 1002")
        assert [t.name for t in await waiting(town, 1002)] == ["clock.resolve"], "it was answered once: that stays"


@BOTH
async def test_two_after_all_is_not_hinted_again(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await two(town)
        await town.presses("刘书记", "不是一件" if buttons else "不并", room=DESK)
        assert "request.told_apart" in await names_of(town, 1002)
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await town.says("王师傅", "接单 1002", room=ROOM)
        assert "像是和 1001" not in "\n".join(text for text, _ in town.room(ROOM))


async def test_when_the_parent_is_withdrawn_what_was_merged_comes_back(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await two(town)
        await town.says("刘书记", "并 1002 到 1001")
        await town.says(WHO, "撤回")
        await town.presses(WHO, "确定撤回")
        assert (await record(town)).state is State.WITHDRAWN
        assert (await record(town, 1002)).state is State.QUEUED
        assert "单独接着办" in town.last(NEIGHBOUR)


async def test_a_photo_seen_later_gives_the_hint(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await desk(town)
        await town.says(WHO, "银杏苑3幢楼下垃圾没人清", media=1)
        await town.presses(WHO, "对，就这样")
        await town.says(NEIGHBOUR, "银杏苑3幢乱停车挡路", media=1)
        await town.presses(NEIGHBOUR, "对，就这样")
        assert "照片几乎一样" not in desk_text(town)
        async with town.store.write() as tx:
            for number, bits in ((1001, 0xFF00FF00), (1002, 0xFF00FF01)):
                request = await record(town, number)
                for file in await attachments.of(tx, "request", request.id):
                    await attachments.set_likeness(tx, file.id, bits)
        await town.passes(minutes=3)
        assert "照片几乎一样" in desk_text(town)


# -------------------------------------------------------------------- three in three days


async def test_the_third_alarms_the_desk_once_a_day(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await desk(town)
        await joined(town)
        assert "三天内" not in desk_text(town)
        await town.says("赵姐", SAME)
        await town.presses("赵姐", "我也遇到")
        assert desk_text(town).count("三天内同一件事 3 次") == 1
        await town.says("钱叔", SAME)
        await town.presses("钱叔", "不是同一件")
        await town.presses("钱叔", "对，就这样")
        assert desk_text(town).count("三天内") == 1
        await town.passes(days=1)
        await town.says("孙姨", SAME)
        await town.presses("孙姨", "我也遇到")
        assert "三天内同一件事 5 次" in desk_text(town)
        assert "1001、1002" in desk_text(town)


async def test_three_buildings_are_no_alarm_and_neither_are_four_days(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await desk(town)
        for building in (3, 5, 7):
            await filed(town, f"银杏苑{building}幢楼道灯坏了")
        assert "三天内" not in desk_text(town)
        await town.passes(days=4)
        await filed(town, "银杏苑3幢楼道门坏了关不上", NEIGHBOUR)
        assert "三天内" not in desk_text(town)


# -------------------------------------------------------------------- what most people wait for


async def test_a_new_room_shows_what_most_wait_for_next_to_the_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("赵组长", Role.GRID_CHIEF, GRID)
        await joined(town)
        await filed(town, "银杏苑5幢电梯坏了")
        await town.says("赵组长", "绑定 银杏社区第一网格", room="新群")
        drawn = [text for text, _ in town.room("新群") if "办结" in text]
        assert len(drawn) == 2
        assert "1001" in drawn[-1]
        assert "另有1人也遇到" in drawn[-1]


async def test_what_many_wait_for_stands_first_among_what_is_due_that_day(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, GRID)
        await filed(town, "银杏苑5幢楼道灯坏了")
        await filed(town)
        await town.says(NEIGHBOUR, SAME)
        await town.presses(NEIGHBOUR, "我也遇到")
        for number in (1001, 1002):
            await town.says("王师傅", f"接单 {number}", room=ROOM)
        await town.says("王师傅", "我的单子")
        listed = town.last("王师傅")
        assert listed.index("1002 ") < listed.index("1001 ")
        assert "👥 1" in listed
