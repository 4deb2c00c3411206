"""Clocks: half, most, due; who hears it; what stops them; what never restarts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import DESK, LAMP, ROOM, WHO, done_again, filed, ledger, original, record, waiting
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


def said(town: Town, who: str, words: str) -> int:
    """How many messages on a screen have these words."""
    return sum(words in text for text, _ in town.screen(who))


@BOTH
async def test_an_unclaimed_record_reminds_the_group_then_tells_the_desk(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.passes(minutes=29)
        assert said(town, ROOM, "还没人接，") == 0
        await town.passes(minutes=1)
        assert said(town, ROOM, "还没人接，") == 1
        await town.passes(minutes=18)
        assert said(town, ROOM, "还没人接，") == 2
        assert said(town, DESK, "督办") == 0
        await town.passes(minutes=12)
        assert said(town, DESK, "督办") == 1
        assert (await record(town)).supervised
        assert "【督办】" in town.room(ROOM)[0][0]


async def test_the_claimer_is_reminded_in_private(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.passes(hours=47)  # half was at night: it waited for the morning
        assert said(town, "王师傅", "来得及吗") == 1
        await town.passes(hours=11)
        assert said(town, "王师傅", "来得及吗") == 2
        await town.passes(hours=14)
        assert said(town, "王师傅", "督办") == 1
        assert said(town, DESK, "督办") == 1
        assert said(town, ROOM, "还没人接") == 0


async def test_an_overrun_is_told_once_whoever_takes_it_afterwards(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.passes(days=4)
        told = said(town, DESK, "督办")
        assert told == 2  # nobody took it, nobody finished it
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.passes(minutes=5)
        await town.says("王师傅", "放回 1001", room=ROOM)
        await town.passes(minutes=5)
        assert said(town, DESK, "督办") == told


async def test_no_reminder_at_night_except_for_danger(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.passes(hours=11, minutes=30)  # 21:30
        await filed(town)
        seen = len(town.room(ROOM))
        await town.passes(hours=10)
        assert len(town.room(ROOM)) == seen
        await town.passes(hours=13)  # 20:30 + night again
        await town.passes(hours=2)
        await town.says(WHO, "一楼好大煤气味 银杏苑5幢")
        await town.passes(minutes=10)
        assert said(town, "dept:gas", "❗ 督办") == 1


async def test_an_edit_or_a_supplement_never_restarts_a_clock(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP, ref="7")
        await town.says(WHO, "对")
        before = [(t.name, t.due_at) for t in await waiting(town)]
        await town.passes(minutes=10)
        await town.edits(WHO, "7", f"{LAMP}，三楼也是")
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "急")
        assert (await original(town)).endswith("三楼也是\n急")
        assert [(t.name, t.due_at) for t in await waiting(town)] == before


async def test_withdrawn_refused_and_resolved_records_stop_their_clocks(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.employs("刘书记", Role.DESK, "yinxing")
        await filed(town, "银杏苑1幢楼道灯坏了")
        await town.says(WHO, "撤回")
        await town.presses(WHO, "确定撤回")
        await filed(town, "银杏苑2幢楼道灯坏了")
        await town.says("刘书记", "不予受理 1002 不归街道管", room=DESK)
        assert (await record(town, 1002)).state is State.REFUSED
        await filed(town, "银杏苑4幢楼道灯坏了")
        await done_again(town, 1003)
        for number in (1001, 1002, 1003):
            assert not [t for t in await waiting(town, number) if t.name.startswith("clock.")]


async def test_every_mark_is_in_the_ledger(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town)
        await town.passes(days=4)
        marks = [(e.name, e.data["clock"]) for e in await ledger(town) if "clock" in e.data]
        for clock in ("respond", "resolve"):
            assert marks.count(("request.reminded", clock)) == 2
            assert marks.count(("request.supervised", clock)) == 1
