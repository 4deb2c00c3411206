"""Making a wish: from one sentence to the desk, the place asked for, changes, taking back, the list of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import attachments, people, wishes
from tests.handlers.wish_steps import ROOM, WISH, adopted, card, heard, last, published, stored, submitted, told
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_one_clear_sentence_takes_one_press(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("李阿姨", f"{WISH}，电话13900006691", media=1)
        assert "银杏苑" in last(town, "李阿姨")
        assert "401" not in last(town, "李阿姨")
        assert "6691" not in last(town, "李阿姨")
        await town.presses("李阿姨", "对")
        assert "1001" in last(town, "李阿姨")
        wish = await stored(town)
        assert (wish.state, wish.queue, wish.grid) == (WishState.SUBMITTED, ROOM, "yinxing-01")
        assert wish.item == "wish.wish.goods"
        assert wish.place_text == "银杏苑"
        assert "401" not in wish.text
        assert "1001" in card(town)
        assert "401" not in card(town)
        assert "6691" not in card(town)
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "wish", wish.id)) == 1
            assert (await people.get_person(tx, wish.wisher_id)).phone == "13900006691"


@BOTH
async def test_asked_for_the_words_then_for_the_place(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says("李阿姨", "许个心愿")
        assert "想要什么" in last(town, "李阿姨")
        await town.says("李阿姨", "想要一副老花镜")
        assert "哪个社区" in last(town, "李阿姨")
        await town.presses("李阿姨", "渡口社区")
        assert "老花镜" in last(town, "李阿姨")
        await town.presses("李阿姨", "对")
        wish = await stored(town)
        assert (wish.community, wish.queue, wish.place_text) == ("dukou", "desk:dukou", "渡口社区")


async def test_the_place_may_be_typed_and_is_offered_next_time(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "想要一副老花镜")
        await town.says("李阿姨", "江湾西苑15幢1单元302")
        await town.presses("李阿姨", "对")
        first = await stored(town)
        assert (first.community, first.place_text, first.grid) == ("dukou", "江湾西苑", "dukou-03")
        await town.says("李阿姨", "想要一根拐杖")
        await town.presses("李阿姨", "江湾西苑")
        await town.presses("李阿姨", "对")
        second = await stored(town, 1002)
        assert (second.community, second.place_text) == ("dukou", "江湾西苑")


async def test_a_place_nobody_knows_goes_to_the_street(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "想要一副老花镜")
        await town.presses("李阿姨", "都不是")
        await town.presses("李阿姨", "对")
        wish = await stored(town)
        assert (wish.community, wish.queue) == ("", "desk")


async def test_an_estate_split_between_grids_needs_no_building(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "想要一副老花镜，我住银杏苑")
        await town.presses("李阿姨", "对")
        wish = await stored(town)
        assert (wish.community, wish.place_text) == ("yinxing", "银杏苑")
        assert wish.text == "想要一副老花镜"


@BOTH
async def test_one_draft_is_filed_once(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await submitted(town)
        if buttons:
            await town.presses("李阿姨", "对")
            assert any("1001" in toast for toast in town.toasts("李阿姨"))
        else:
            await town.says("李阿姨", "对")
        async with town.store.read() as tx:
            kept = await wishes.of_wisher(tx, (await stored(town)).wisher_id)
        assert [w.number for w in kept] == [1001]


@BOTH
async def test_changed_before_it_is_confirmed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says("李阿姨", WISH)
        await town.presses("李阿姨", "改一改")
        await town.says("李阿姨", "想请人陪老伴下盘象棋")
        assert "象棋" in last(town, "李阿姨")
        assert "轮椅" not in last(town, "李阿姨")
        await town.presses("李阿姨", "改一改")
        await town.presses("李阿姨", "换个社区")
        await town.presses("李阿姨", "渡口社区")
        await town.presses("李阿姨", "改一改")
        await town.presses("李阿姨", "换成")
        await town.presses("李阿姨", "对")
        wish = await stored(town)
        assert (wish.text, wish.community) == ("想请人陪老伴下盘象棋", "dukou")


async def test_one_thing_more_is_added_and_a_typed_yes_is_enough(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "想要一副老花镜，金色家园5幢")
        await town.says("李阿姨", "三百度的")
        assert "老花镜" in last(town, "李阿姨")
        assert "三百度" in last(town, "李阿姨")
        await town.says("李阿姨", "好的")
        assert "三百度" in (await stored(town)).text


@BOTH
async def test_never_mind(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says("李阿姨", WISH)
        await town.presses("李阿姨", "算了")
        assert "先不许了" in last(town, "李阿姨")


async def test_what_is_really_a_report_goes_on_as_one(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "许个心愿")
        await town.says("李阿姨", "银杏苑3幢2单元楼道灯坏了好几天，希望修一修")
        if any("这是要报修" in label for label in town.screen("李阿姨")[-1][1]):
            await town.presses("李阿姨", "这是要报修")
        assert "楼道灯" in last(town, "李阿姨")
        assert "心愿墙" not in last(town, "李阿姨")


@BOTH
async def test_taken_back_before_anybody_adopts(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        await town.says("李阿姨", "我的心愿")
        await town.presses("李阿姨", "撤回心愿")
        await town.presses("李阿姨", "撤回")
        assert (await stored(town)).state is WishState.WITHDRAWN
        assert "已撤回" in card(town)
        await town.says("小王", "心愿墙")
        assert "轮椅" not in heard(town, "小王")


async def test_taken_back_while_somebody_is_at_it_tells_the_adopter(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("李阿姨", "撤回心愿 1001")
        await town.presses("李阿姨", "撤回")
        assert "撤回" in last(town, "小王")
        await town.passes(days=8)
        assert "没消息" not in heard(town, "小王")


async def test_nobody_takes_back_the_wish_of_another(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says("小王", "撤回心愿 1001")
        assert "不是您的" in told(town, "小王")
        assert (await stored(town)).state is WishState.PUBLISHED


async def test_my_list_has_what_i_wished_and_what_i_adopted(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("小王", "我的心愿")
        assert "还没许过" in last(town, "小王")
        await adopted(town)
        await town.says("小王", "想要一副乒乓球拍，金色家园5幢")
        await town.presses("小王", "对")
        await town.says("小王", "我的心愿")
        assert "轮椅" in last(town, "小王")
        assert "球拍" in last(town, "小王")
        await town.presses("小王", "看 1001")
        assert "说进展" in town.screen("小王")[-1][1]


async def test_the_announcement_is_not_part_of_the_wish(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("李阿姨", "许个心愿：孩子想要几本旧的童话书，金色家园2幢")
        assert "许个心愿" not in town.last("李阿姨")
        assert "童话书" in town.last("李阿姨")
