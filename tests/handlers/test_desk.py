"""The desk: two presses to the right queue, labels kept, the resident asked, refusals with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import labels
from storage.requests import Request
from tests.handlers.staff_steps import (
    ROOM,
    VAGUE,
    at_desk,
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
STREET = "街道老陈"


async def waiting(town: Town, text: str = VAGUE) -> Request:
    """A record whose place nobody knows waits at the street's desk."""
    request = await at_desk(town, text)
    assert request.queue == "desk", request
    return request


async def kept(town: Town) -> int:
    """How many labels are kept."""
    async with town.store.read() as tx:
        return await labels.count(tx)


@BOTH
async def test_typed_kind_and_place_send_it_on(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await waiting(town)
        before = await kept(town)
        await town.says(STREET, "改类 1001 楼道灯", room="desk")
        assert (await stored(town)).queue == "desk"
        assert "✓ 楼道灯" in "".join(label for _, row in town.room("desk") for label in row) or not buttons
        await town.says(STREET, "改址 1001 银杏苑3幢", room="desk")
        request = await stored(town)
        assert (request.queue, request.grid, request.state) == (ROOM, "yinxing-01", State.QUEUED)
        assert "1001" in room_text(town)
        assert await kept(town) == before + 2
        assert "银杏社区第一网格" in heard(town, "李阿姨")
        assert "转给银杏社区第一网格" in told(town, STREET, "desk")


async def test_a_department_needs_no_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.presses(STREET, "别的事…", room="desk")
        await town.presses(STREET, "设施维修", room="desk")
        await town.presses(STREET, "道路与停车充电", room="desk")
        await town.presses(STREET, "道路破损", room="desk")
        assert (await stored(town)).queue == "dept:urban"


async def test_two_presses_from_vague_words_to_the_right_grid(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town, "灯光闪")
        await town.presses(STREET, "楼道灯", room="desk")
        assert (await stored(town)).queue == "desk"
        await town.presses(STREET, "渡口社区第四网格", room="desk")
        request = await stored(town)
        assert (request.queue, request.item) == ("grid:dukou-04", "facility.building.corridor")
        assert "渡口社区第四网格" in heard(town, "李阿姨")


async def test_a_guessed_kind_is_not_settled_by_its_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town, "灯光闪")
        await town.presses(STREET, "银杏社区第二网格", room="desk")
        assert (await stored(town)).queue == "desk"
        await town.presses(STREET, "楼道灯", room="desk")
        assert (await stored(town)).queue == "grid:yinxing-02"


async def test_one_press_when_only_the_place_was_wrong(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        request = await filed(town)
        await town.says("王师傅", "退回 1001 地址不对", room=ROOM)
        await town.presses("刘书记", "银杏社区第二网格", room="desk:yinxing")
        moved = await stored(town)
        assert (moved.queue, moved.item) == ("grid:yinxing-02", request.item)
        assert moved.resolve_due_at == request.resolve_due_at


async def test_an_urgent_kind_makes_the_record_urgent(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.says(STREET, "改类 1001 井盖缺失、路面塌陷", room="desk")
        request = await stored(town)
        assert request.urgent
        assert request.queue == "dept:urban"
        assert request.respond_due_at < request.received_at.replace(hour=request.received_at.hour + 1)


@pytest.mark.parametrize("typed", ["改类 1001 楼道灯", "改址 1001 银杏苑3幢", "不予受理 1001 不管", "问地点 1001"])
async def test_a_worker_decides_nothing_at_the_desk(tmp_path: Path, typed: str) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        before = await waiting(town)
        await town.says("王师傅", typed, room="desk")
        assert await stored(town) == before
        assert "权限" in told(town, "王师傅", "desk")


async def test_a_stale_button_says_how_it_stands(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.presses(STREET, "别的地方…", room="desk")
        await town.says(STREET, "改类 1001 道路破损", room="desk")
        await town.presses(STREET, "银杏社区", room="desk")
        assert (await stored(town)).queue == "dept:urban"
        assert "没人接" in town.toasts(STREET)[-1]


@BOTH
async def test_the_resident_is_asked_and_the_answer_sends_it_on(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await waiting(town)
        await town.says(STREET, "改类 1001 楼道灯", room="desk")
        await town.says(STREET, "问地点 1001", room="desk")
        assert "这是在哪儿" in heard(town, "李阿姨")
        await town.says("李阿姨", "银杏苑15幢门口")
        assert (await stored(town)).queue == "grid:yinxing-02"


async def test_words_that_name_no_place_reach_the_desk(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.says(STREET, "问地点 1001", room="desk")
        await town.says("李阿姨", "就我家出来右手边呀")
        assert "就我家出来右手边" in room_text(town, "desk")
        assert (await stored(town)).queue == "desk"


@BOTH
async def test_refused_with_a_reason_the_resident_reads(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await waiting(town)
        await town.says(STREET, "不予受理 1001", room="desk")
        await town.presses(STREET, "不归街道管", room="desk")
        assert (await stored(town)).state is State.REFUSED
        assert "12345" in heard(town, "李阿姨")


async def test_refused_in_own_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.presses(STREET, "不予受理", room="desk")
        await town.presses(STREET, "别的原因", room="desk")
        await town.says(STREET, "这段路归市政，请打 12345", room="desk")
        assert (await stored(town)).state is State.REFUSED
        assert "归市政" in heard(town, "李阿姨")
        assert [e.name for e in await ledger(town)][-1] == "request.refused"


async def test_the_desk_takes_it_itself(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await waiting(town)
        await town.presses(STREET, "我来接", room="desk")
        assert await claimer(town) == STREET
        assert "request.claimed" in await names_of(town)


async def test_words_that_are_no_kind_or_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        before = await waiting(town)
        await town.says(STREET, "改址 1001 火星基地", room="desk")
        assert await stored(town) == before
        assert "没对上" in told(town, STREET, "desk")
