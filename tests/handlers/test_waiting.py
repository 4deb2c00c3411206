"""Pauses and 挂账: a reason the resident reads, limits in length and number, an end that comes by itself, no time bought."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.handlers.resident_steps import DESK, ROOM, WHO, filed, ledger, record, waiting
from tests.handlers.test_climbing import rungs, staffed
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def claimed(town: Town) -> None:
    """王师傅 has taken the record."""
    await staffed(town)
    await filed(town)
    await town.says("王师傅", "接单 1001", room=ROOM)


@BOTH
async def test_paused_for_a_part_and_going_on_by_itself(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等配件材料")
        await town.presses("王师傅", "3 天")
        paused = await record(town)
        assert paused.waits_until == town.now + timedelta(days=3)
        assert paused.resolve_due_at == due + timedelta(days=3)
        assert said(town, WHO, "等配件、等材料") == 1
        assert "⏸" in town.room(ROOM)[0][0]
        assert [t.name for t in await waiting(town)] == ["waiting.over"]
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        assert "⏸ 等配件" in town.last(WHO)
        await town.passes(days=2, hours=23)
        assert not await rungs(town)
        await town.passes(hours=2)
        running = await record(town)
        assert running.waits_until is None
        assert running.resolve_due_at == due + timedelta(days=3)
        assert said(town, WHO, "接着办了") == 1
        assert {t.name for t in await waiting(town)} == {"clock.resolve"}


async def test_ended_early_only_the_time_that_passed_counts(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等天气")
        await town.presses("王师傅", "7 天")
        await town.passes(hours=5)
        await town.says("王师傅", "恢复 1001")
        assert (await record(town)).resolve_due_at == due + timedelta(hours=5)


async def test_the_residents_answer_ends_a_pause_that_waited_for_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等居民回话")
        await town.presses("王师傅", "5 天")
        await town.passes(hours=2)
        await town.says(WHO, "我的诉求")
        await town.presses(WHO, "1001")
        await town.presses(WHO, "补充")
        await town.says(WHO, "明天下午在家")
        assert (await record(town)).waits_until is None
        assert said(town, "王师傅", "▶️") == 1


async def test_limited_in_number(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        for _ in range(3):
            await town.says("王师傅", "暂停 1001")
            await town.presses("王师傅", "等天气")
            await town.presses("王师傅", "1 天")
            await town.passes(hours=1)
            await town.says("王师傅", "恢复 1001")
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等天气")
        await town.presses("王师傅", "1 天")
        assert "用完了" in town.toasts("王师傅")[-1]
        assert (await record(town)).waits_until is None


async def test_only_the_claimer_or_a_level_above_and_no_danger_by_oneself(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("小刘", "暂停 1001")
        assert "权限" in town.last("小刘")
        await town.says("刘书记", "暂停 1001", room=DESK)
        await town.presses("刘书记", "等外单位", room=DESK)
        await town.presses("刘书记", "1 天", room=DESK)
        assert (await record(town)).waits_until is not None
        await town.says(WHO, "金色家园3幢着火了")
        await town.employs("消防小吴", Role.DEPT_STAFF, "fire")
        urgent = await record(town, 1002)
        await town.says("消防小吴", "接单 1002", room=urgent.queue)
        await town.says("消防小吴", "暂停 1002")
        await town.presses("消防小吴", "等天气")
        await town.presses("消防小吴", "1 天")
        assert "急事" in town.toasts("消防小吴")[-1]


async def test_released_or_rerouted_it_runs_again(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等天气")
        await town.presses("王师傅", "7 天")
        await town.passes(hours=4)
        await town.says("王师傅", "放回 1001", room=ROOM)
        released = await record(town)
        assert released.waits_until is None
        assert released.resolve_due_at == due + timedelta(hours=4)
        assert "clock.resolve" in {t.name for t in await waiting(town)}


@BOTH
async def test_parked_until_its_review_it_comes_back_by_itself(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await staffed(town)
        await filed(town)
        await town.says("刘书记", "挂账 1001", room=DESK)
        await town.presses("刘书记", "30 天", room=DESK)
        await town.says("刘书记", "整栋楼明年改造，一起换新线路", room=DESK)
        parked = await record(town)
        assert parked.parked
        assert said(town, WHO, "整栋楼明年改造") == 1
        await town.passes(days=29)
        assert not await rungs(town)
        await town.passes(days=2)
        back = await record(town)
        assert not back.parked
        assert back.waits_until is None
        assert said(town, WHO, "又拿出来办了") == 1
        assert said(town, DESK, "挂账到期") == 1
        assert said(town, ROOM, "挂账到期") == 1
        await town.passes(days=3, hours=12)
        assert await rungs(town) == [("resolve", "desk:yinxing"), ("resolve", "desk")]


async def test_parking_needs_a_desk_a_reason_and_a_day_that_is_not_too_far(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("王师傅", "挂账 1001 30天 太难了")
        assert "权限" in town.last("王师傅")
        await town.says("刘书记", "挂账 1001 400天 太难了", room=DESK)
        assert "最多 180 天" in town.room(DESK)[-1][0]
        assert not (await record(town)).parked


async def test_what_ends_waits_for_nothing(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等天气")
        await town.presses("王师傅", "7 天")
        await town.says("刘书记", "不予受理 1001 不归街道管", room=DESK)
        refused = await record(town)
        assert refused.state is State.REFUSED
        assert refused.waits_until is None
        assert await waiting(town) == []
        assert [e.name for e in await ledger(town)].count("request.paused") == 1
