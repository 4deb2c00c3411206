"""接单 and what follows: one winner, rights at the press, contact for the claimer only, return, release, transfer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from handlers import dispatch
from storage import dialogues, requests, timers
from tests.handlers.staff_steps import (
    DESK,
    GRID,
    ROOM,
    claimer,
    filed,
    heard,
    ledger,
    names_of,
    room_text,
    stored,
    told,
)
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_a_press_takes_it_and_everybody_hears_who(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        assert "1001" in room_text(town)
        await town.presses("王师傅", "接单", room=ROOM)
        request = await stored(town)
        assert request.state is State.CLAIMED
        assert request.responded_at == request.claimed_at
        assert await claimer(town) == "王师傅"
        assert "王师傅" in room_text(town)
        assert "王师傅接了" in heard(town, "李阿姨")
        assert "归您了" in heard(town, "王师傅")


@BOTH
async def test_what_is_typed_is_answered_after_what_was_said_before(tmp_path: Path, buttons: bool) -> None:
    """Else the card with its buttons comes under the words that it is done."""
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "我的单子")
        claim = town._incoming("text", "王师傅", ROOM, text="接单 1001")
        done = town._incoming("text", "王师傅", "", text="办结 1001 已更换灯泡")
        async with town.store.write() as tx:
            await dispatch.handle(town.city, tx, claim, town.now)
            await dispatch.handle(town.city, tx, done, town.now)
        await town.deliver()
        before, after = [text for text, _ in town.screen("王师傅")][-2:]
        assert "归您了" in before
        assert "办结了" in after


async def test_the_response_clock_stops(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        request = await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        async with town.store.read() as tx:
            waiting = {t.name for t in await timers.waiting_for(tx, "request", request.id)}
        assert waiting == {"clock.resolve"}


async def test_fifty_presses_have_one_winner(tmp_path: Path) -> None:
    crowd = [f"师傅{i}" for i in range(50)]
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town, staff=crowd)
        await asyncio.gather(*(town.says(name, "接单 1001", room=ROOM) for name in crowd))
        assert (await names_of(town)).count("request.claimed") == 1
        winner = await claimer(town)
        assert winner in crowd
        assert (await stored(town)).state is State.CLAIMED


async def test_the_late_presser_alone_hears_who_was_faster(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        token = await card_token(town)
        await town.presses("王师傅", "接单", room=ROOM)
        town.now += timedelta(seconds=3)
        await town.press_token("小刘", token, room=ROOM)
        assert town.toasts("小刘")[-1] == "王师傅 3 秒前接了。"
        assert "3 秒前" not in room_text(town)
        assert await claimer(town) == "王师傅"


async def card_token(town: Town) -> str:
    """The token of the 接单 button on the card in the grid's room."""
    async with town.store.read() as tx:
        rows = await tx.all(dialogues.keyboards.select())
    return next(f"{r.code}.0" for r in rows if r.presses[0][0] == "claim.take")


@BOTH
async def test_pressing_twice_says_it_is_mine(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "接单1001", room=ROOM)
        assert "已经在您手里" in told(town, "王师傅")
        assert (await names_of(town)).count("request.claimed") == 1


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        (Role.GRID_WORKER, GRID, True),
        (Role.GRID_CHIEF, GRID, True),
        (Role.DESK, "yinxing", True),
        (Role.STREET, "linjiang", True),
        (Role.ADMIN, "linjiang", True),
        (Role.GRID_WORKER, "yinxing-02", False),
        (Role.DESK, "dukou", False),
        (Role.DEPT_STAFF, "gas", False),
        (Role.BUILDING_CHIEF, GRID, False),
        (Role.MEMBER, "yinxing", False),
        (Role.UNIT, "yinxing", False),
        (None, "", False),
    ],
)
async def test_who_may_take(tmp_path: Path, role: Role | None, scope: str, may: bool) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        if role is not None:
            await town.employs("来人", role, scope)
        await town.presses("来人", "接单", room=ROOM)
        assert ((await stored(town)).state is State.CLAIMED) is may
        if not may:
            assert "银杏社区第一网格" in town.toasts("来人")[-1]
            assert "权限" in town.toasts("来人")[-1]


async def test_a_card_forwarded_elsewhere_gives_nobody_a_right(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        token = await card_token(town)
        await town.press_token("路人", token, room="麻将群")
        assert (await stored(town)).state is State.QUEUED
        await town.press_token("王师傅", f"{token[:-2]}xx.0", room=ROOM)
        assert (await stored(town)).state is State.QUEUED
        await town.press_token("小刘", token, room="麻将群")
        assert await claimer(town) == "小刘"


async def test_details_show_no_personal_data_and_stay_out_of_foreign_groups(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.presses("王师傅", "详情", room=ROOM)
        assert "楼道灯坏了好几天" in room_text(town)
        assert "13912341234" not in room_text(town)
        await town.says("王师傅", "详情 1001", room="麻将群")
        assert "楼道灯" not in room_text(town, "麻将群")
        assert "楼道灯坏了好几天" in heard(town, "王师傅")
        await town.says("路人", "详情 1001", room="麻将群")
        assert "楼道灯" not in heard(town, "路人")


@BOTH
async def test_contact_goes_to_the_claimer_alone_and_is_recorded(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "联系方式 1001", room=ROOM)
        assert "13912341234" not in heard(town, "王师傅")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("小刘", "联系方式 1001", room=ROOM)
        await town.says("刘书记", "联系方式 1001", room=DESK)
        assert "request.disclosed" not in await names_of(town)
        await town.presses("王师傅", "联系方式")
        assert "13912341234" in heard(town, "王师傅")
        for other in ("小刘", "刘书记"):
            assert "13912341234" not in heard(town, other)
        assert "13912341234" not in room_text(town)
        (shown,) = [e for e in await ledger(town) if e.name == "request.disclosed"]
        assert shown.data["to"] == (await stored(town)).claimer_id == shown.actor_id
        assert "phone" in shown.data["what"]


@BOTH
async def test_returned_with_a_reason_to_the_desk(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "退回 1001", room=ROOM)
        await town.presses("王师傅", "地址不对", room=ROOM)
        request = await stored(town)
        assert (request.state, request.queue) == (State.QUEUED, DESK)
        assert "地址不对" in room_text(town, DESK)
        assert "1001" in room_text(town, DESK)
        assert (await ledger(town))[-1].name == "request.returned"
        await town.says("王师傅", "接单 1001", room=ROOM)
        assert (await stored(town)).state is State.QUEUED


async def test_another_reason_in_own_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.presses("王师傅", "退回", room=ROOM)
        await town.presses("王师傅", "别的原因", room=ROOM)
        await town.says("小刘", "中午吃啥", room=ROOM)
        assert (await stored(town)).queue == ROOM
        await town.says("王师傅", "这是物业刚交接的楼，电话13800001111", room=ROOM)
        assert (await stored(town)).queue == DESK
        assert "物业刚交接" in room_text(town, DESK)
        assert "13800001111" not in room_text(town, DESK)


async def test_an_old_question_in_a_group_catches_no_talk(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.presses("王师傅", "退回", room=ROOM)
        await town.presses("王师傅", "别的原因", room=ROOM)
        await town.passes(minutes=40)
        await town.says("王师傅", "我下午请个假", room=ROOM)
        assert (await stored(town)).queue == ROOM


async def test_the_claimer_returns_what_a_colleague_may_not(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("小刘", "退回 1001 不归我们", room=ROOM)
        assert (await stored(town)).state is State.CLAIMED
        await town.says("王师傅", "退回 1001 不归我们", room=ROOM)
        assert (await stored(town)).queue == DESK


@BOTH
async def test_released_to_the_colleagues(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("小刘", "放回 1001", room=ROOM)
        assert await claimer(town) == "王师傅"
        await town.says("王师傅", "放回 1001 车坏了", room=ROOM)
        request = await stored(town)
        assert (request.state, request.claimer_id) == (State.QUEUED, None)
        assert request.responded_at is not None
        assert "车坏了" in room_text(town)
        await town.says("小刘", "接单 1001", room=ROOM)
        assert await claimer(town) == "小刘"


@BOTH
async def test_transferred_by_a_button_with_a_name(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.presses("王师傅", "转给…")
        await town.presses("王师傅", "小刘")
        assert await claimer(town) == "小刘"
        assert "转到您手里" in heard(town, "小刘")
        assert "小刘来办" in heard(town, "李阿姨")


async def test_transferred_by_name_and_only_to_colleagues(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.employs("外人", Role.GRID_WORKER, "yinxing-02")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "转给 1001 外人", room=ROOM)
        assert await claimer(town) == "王师傅"
        await town.says("小刘", "转给 1001 小刘", room=ROOM)
        assert await claimer(town) == "王师傅"
        await town.says("王师傅", "转给 1001 小刘", room=ROOM)
        assert await claimer(town) == "小刘"


async def test_a_desk_may_transfer_for_a_worker_and_the_worker_hears_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("刘书记", "转给 1001 小刘")
        assert await claimer(town) == "小刘"
        assert "不用管了" in heard(town, "王师傅")
        assert (await ledger(town))[-1].data["as"] == "above"


@BOTH
async def test_my_records(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "我的单子")
        assert "1 件等人接" in heard(town, "王师傅")
        await town.says("王师傅", "接单 1001")
        await town.says("王师傅", "我的单子")
        assert "您手里 1 件" in heard(town, "王师傅")
        await town.presses("王师傅", "1001 楼道灯")
        assert "王师傅" in town.screen("王师傅")[-1][0]


async def test_a_resident_asks_for_the_same_and_sees_their_reports(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("李阿姨", "我的单子")
        assert "1001" in town.screen("李阿姨")[-1][0]
        await town.says("李阿姨", "详情 1001")
        assert "待接单" in town.screen("李阿姨")[-1][0]


async def test_an_unknown_number(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("王师傅", "接单 9999", room=ROOM)
        assert "没有 9999 这张单" in told(town, "王师傅")


async def test_taken_by_the_database_only_once(tmp_path: Path) -> None:
    """Two workers saw it waiting; the second move is refused by the comparison in the statement itself."""
    async with Town.open(tmp_path, buttons=True) as town:
        seen = await filed(town)
        async with town.store.write() as tx:
            await requests.move(tx, seen, "request.claimed", seen.received_at, actor_id=1, claimer_id=1)
            with pytest.raises(requests.Lost):
                await requests.move(tx, seen, "request.claimed", seen.received_at, actor_id=2, claimer_id=2)
