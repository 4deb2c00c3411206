"""A wish becomes a request and the other way; a wish for a neighbour is filed with consent; the desk sets what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import requests, wishes
from tests.handlers.resident_steps import filed
from tests.handlers.test_account import erased
from tests.handlers.wish_steps import ROOM, card, heard, last, published, stored, submitted, told
from tests.town import Town
from workflow.rights import Role
from workflow.states import State
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_a_wish_becomes_a_request_in_the_wishers_name(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await submitted(town)
        await town.says("刘书记", "转诉求 1001", room=ROOM)
        wish = await stored(town)
        assert wish.state is WishState.TURNED
        assert "1002" in last(town, "李阿姨")
        async with town.store.read() as tx:
            request = await requests.find_by_number(tx, 1002)
        assert request is not None
        assert request.reporter_id == wish.wisher_id
        assert request.grid == wish.grid
        await town.says("刘书记", "转诉求 1001", room=ROOM)
        assert "转成诉求了" in told(town, "刘书记") + str(town.room(ROOM))


@BOTH
async def test_a_request_becomes_a_wish(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("陈大爷", "银杏苑3幢2单元楼道灯坏了")
        await town.presses("陈大爷", "对，就这样")
        await town.says("小贼", "转心愿 1001")
        async with town.store.read() as tx:
            assert (await requests.find_by_number(tx, 1001)).state is State.QUEUED  # type: ignore[union-attr]
        await town.says("刘书记", "转心愿 1001", room=ROOM)
        async with town.store.read() as tx:
            request = await requests.find_by_number(tx, 1001)
            wish = await wishes.find_by_number(tx, 1002)
        assert request is not None
        assert request.state is State.REFUSED
        assert wish is not None
        assert (wish.state, wish.request_id, wish.community) == (WishState.SUBMITTED, request.id, "yinxing")
        assert "1002" in last(town, "陈大爷")
        assert "单元" not in wish.text


@BOTH
async def test_nobody_who_is_forgotten_makes_a_wish(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await filed(town)
        await erased(town)
        await town.says("刘书记", "转心愿 1001", room=ROOM)
        assert "资料删了" in told(town, "刘书记") + str(town.room(ROOM))
        async with town.store.read() as tx:
            assert (await requests.find_by_number(tx, 1001)).state is State.QUEUED  # type: ignore[union-attr]
            assert await wishes.find_by_number(tx, 1002) is None


async def test_what_came_from_an_old_book_becomes_a_wish_and_a_request_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        made = await filed(town)
        async with town.store.write() as tx:
            await requests.change(tx, made.id, chat_id=0)  # as of a book, whose people have no chat with us
        await town.says("刘书记", "转心愿 1001", room=ROOM)
        await town.says("刘书记", "转诉求 1002", room=ROOM)
        assert (await stored(town, 1002)).state is WishState.TURNED
        async with town.store.read() as tx:
            again = await requests.find_by_number(tx, 1003)
        assert again is not None
        assert (again.reporter_id, again.text) == (made.reporter_id, made.text)


@BOTH
async def test_a_grid_worker_files_for_a_neighbour_with_consent(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("路人", "代许愿")
        assert "网格员" in told(town, "路人")
        await town.says("王师傅", "代许愿")
        await town.says("王师傅", "周奶奶 银杏苑3幢2单元501 13987654321")
        await town.presses("王师傅", "当面点头了")
        await town.says("王师傅", "独居的周奶奶想要一台收音机，银杏苑3幢")
        await town.presses("王师傅", "对")
        wish = await stored(town)
        assert (wish.consent, wish.filed_by) == ("spoken", wish.wisher_id)
        assert "13987654321" not in card(town)
        assert "周" not in wish.text
        assert "当面点头了" in card(town)
        await town.says("刘书记", "心愿联系人 1001")
        assert "13987654321" in heard(town, "刘书记")
        await town.says("刘书记", "上墙 1001", room=ROOM)
        await town.says("王师傅", "认领 1001")
        assert "您自己的心愿" in told(town, "王师傅")


async def test_without_consent_nothing_is_filed(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "代许愿")
        await town.says("王师傅", "周奶奶 银杏苑3幢")
        await town.presses("王师傅", "还没问")
        await town.says("王师傅", "想要一台收音机")
        async with town.store.read() as tx:
            assert await wishes.find_by_number(tx, 1001) is None


@BOTH
async def test_the_desk_sets_what_it_takes(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await published(town)
        wish = await stored(town)
        assert (wish.theme, wish.cost, wish.for_whom) == ("goods", 0, "disabled")
        await town.says("刘书记", "心愿设置 1001", room=ROOM)
        await town.presses("刘书记", "给老人", room=ROOM)
        await town.says("刘书记", "心愿设置 1001 300元以内 月底前", room=ROOM)
        wish = await stored(town)
        assert (wish.cost, wish.for_whom, wish.size) == (300, "elder", "medium")
        assert wish.due_at is not None
        await town.says("小贼", "心愿设置 1001 5人")
        assert (await stored(town)).shares == 1
        await town.says("小赵", "心愿墙 100元以内")
        assert "轮椅" not in last(town, "小赵")
        await town.says("小赵", "心愿墙 500元以内")
        assert "轮椅" in last(town, "小赵")
        assert "老人" not in last(town, "小赵")
