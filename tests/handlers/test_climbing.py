"""Overruns climb level by level: unclaimed, unassigned, re-routed, reopened and joint records alike; once each, never at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from handlers import briefs
from storage import people, requests
from tests.handlers.resident_steps import DESK, ROOM, WHO, done_again, filed, ledger, record
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

TZ = ZoneInfo("Asia/Shanghai")
BOTH = pytest.mark.parametrize("buttons", [True, False])
UP = "逐级上报"


async def staffed(town: Town) -> None:
    for name, role, scope in (
        ("王师傅", Role.GRID_WORKER, "yinxing-01"),
        ("刘书记", Role.DESK, "yinxing"),
        ("街道老陈", Role.STREET, "linjiang"),
        ("城管老赵", Role.DEPT_STAFF, "urban"),
        ("城管局长", Role.DEPT_HEAD, "urban"),
    ):
        await town.employs(name, role, scope)


async def rungs(town: Town, number: int = 1001) -> list[tuple[str, str]]:
    """(clock, level) of every telling, in order."""
    told = [e for e in await ledger(town, number) if e.name in ("request.supervised", "request.escalated")]
    return [(e.data["clock"], e.data["rung"]) for e in told]


@BOTH
async def test_an_unclaimed_record_climbs_three_levels_over_a_holiday_week(tmp_path: Path, buttons: bool) -> None:
    """国庆长假：没人接，社区、街道、街道负责人逐级知道；夜里不响。"""
    async with Town.open(tmp_path, buttons=buttons) as town:
        town.now = datetime(2026, 9, 30, 16, 0, tzinfo=TZ).astimezone(UTC)
        await staffed(town)
        await filed(town)
        seen: list[datetime] = []
        while town.now < datetime(2026, 10, 8, 12, 0, tzinfo=TZ):
            before = len(await rungs(town))
            await town.passes(hours=1)
            seen += [town.now] * (len(await rungs(town)) - before)
        assert [r for c, r in await rungs(town) if c == "respond"] == ["desk:yinxing", "desk", "head"]
        assert [r for c, r in await rungs(town) if c == "resolve"] == ["desk:yinxing", "desk", "head"]
        assert said(town, DESK, "督办") == 2
        assert said(town, "desk", UP) == 2
        assert said(town, "街道老陈", UP) == 2
        at_night = [e for e in await ledger(town) if not 8 <= e.at.astimezone(TZ).hour < 21]
        assert not [e.name for e in at_night if "clock" in e.data]


async def test_a_departments_record_waits_for_the_end_of_the_holiday(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now = datetime(2026, 9, 29, 16, 0, tzinfo=TZ).astimezone(UTC)
        await staffed(town)
        await filed(town, "银杏苑北门有人占道摆摊卖菜，堵得走不动")
        request = await record(town)
        assert request.queue == "dept:urban"
        await town.says("城管老赵", "接单 1001", room="dept:urban")
        await town.passes(hours=8 * 24)
        assert not any(c == "resolve" for c, _ in await rungs(town))
        await town.passes(days=12)
        climbed = [r for c, r in await rungs(town) if c == "resolve"]
        assert climbed == ["desk", "head:urban"]
        assert said(town, "城管局长", UP) == 1
        first, second = [e.at for e in await ledger(town) if e.data.get("rung") in ("desk", "head:urban")]
        assert second - first >= timedelta(days=1)


async def test_an_unassigned_record_at_a_desk_climbs_too(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "退回 1001 不是我们这片的", room=ROOM)
        assert (await record(town)).queue == DESK
        await town.passes(days=8)
        levels = [r for c, r in await rungs(town) if c == "resolve"]
        assert levels == ["desk", "head"]
        assert said(town, "desk", "1001") >= 1


async def test_a_rerouted_record_is_counted_by_the_new_queue_and_climbs_there(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now += timedelta(days=4)  # a Friday
        await staffed(town)
        await filed(town)
        before = await record(town)
        await town.says("刘书记", "改类 1001 占道经营", room=DESK)
        moved = await record(town)
        assert moved.queue == "dept:urban"
        assert moved.started_at == before.started_at
        assert moved.resolve_due_at != before.resolve_due_at
        await town.passes(days=14)
        assert [r for c, r in await rungs(town) if c == "resolve"] == ["desk", "head:urban"]


async def test_a_reopened_record_climbs_anew(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await done_again(town)
        await town.passes(hours=3)
        await town.presses(WHO, "没好")
        reopened = await record(town)
        assert reopened.state is State.QUEUED
        await town.passes(days=7)
        after = [e.data["rung"] for e in await ledger(town) if e.data.get("clock") == "respond" and "rung" in e.data]
        assert after == ["desk:yinxing", "desk", "head"]
        assert (await record(town)).supervised


async def test_each_level_hears_once_whoever_takes_and_releases_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.passes(days=3, hours=2)
        for _ in range(3):
            await town.says("王师傅", "接单 1001", room=ROOM)
            await town.passes(hours=2)
            await town.says("王师傅", "放回 1001", room=ROOM)
            await town.passes(hours=2)
        await town.passes(days=6)
        found = await rungs(town)
        assert len(found) == len(set(found))
        assert [r for c, r in found if c == "resolve"] == ["desk:yinxing", "desk", "head"]


async def test_climbing_stops_when_the_work_is_done(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.passes(days=3, minutes=5)
        await done_again(town)
        before = await rungs(town)
        await town.passes(days=6)
        assert await rungs(town) == before


async def test_an_empty_list_of_recipients_is_an_alarm_and_the_next_level_hears_at_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("街道老陈", Role.STREET, "linjiang")
        async with town.store.write() as tx:
            for room in await people.rooms_of(tx, [DESK]):
                await people.set_reachable(tx, room.id, False)
        await filed(town)
        await town.passes(hours=1, minutes=1)
        assert await rungs(town) == [("respond", "desk:yinxing"), ("respond", "desk")]
        assert [e.data["rung"] for e in await ledger(town) if e.name == "request.unheard"] == ["desk:yinxing"]
        assert said(town, "desk", UP) == 1
        town.now = town.now.replace(hour=0, minute=20)
        await town.acts("街道老陈", lambda turn: briefs.ensure(turn.city, turn.tx, turn.now))
        await town.passes(days=1)
        assert said(town, "desk", "没有人能收到提醒") == 1


async def test_danger_climbs_at_night_and_in_minutes(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await town.passes(hours=16)  # 02:00
        await town.says(WHO, "一楼好大煤气味 银杏苑5幢")
        await town.passes(minutes=45)
        assert [r for c, r in await rungs(town) if c == "respond"] == ["desk", "head:gas"]
        assert said(town, "街道老陈", UP) == 1  # no head of the gas company is known: the street's leaders


async def test_every_overdue_record_is_told_also_the_last_of_many(tmp_path: Path) -> None:
    """All of one moment go off, however many there are."""
    async with Town.open(tmp_path) as town:
        await staffed(town)
        for building in range(1, 9):
            await filed(town, f"银杏苑{building}幢楼道灯坏了")
        await town.passes(hours=1, minutes=1)
        for number in range(1001, 1009):
            assert ("respond", "desk:yinxing") in await rungs(town, number)


async def test_a_reminder_is_not_said_twice_when_the_due_time_moves_ahead(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.passes(hours=47)
        assert said(town, "王师傅", "来得及吗") == 1
        await town.says("王师傅", "延期 1001 7天 等灯具到货")
        await town.presses("刘书记", "同意", room=DESK)
        await town.passes(hours=80)  # past the new half
        assert said(town, "王师傅", "来得及吗") == 1
        assert [e.data["mark"] for e in await ledger(town) if e.name == "request.reminded"] == ["half"]


async def test_merged_and_refused_records_do_not_climb(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town, "银杏苑1幢楼道灯坏了")
        await filed(town, "银杏苑2幢楼道灯坏了")
        await filed(town, "银杏苑4幢楼道灯坏了")
        await town.says("刘书记", "并 1002 到 1001", room=DESK)
        await town.says("刘书记", "不予受理 1003 不归街道管", room=DESK)
        await town.passes(days=6)
        assert await rungs(town, 1002) == []
        assert await rungs(town, 1003) == []
        async with town.store.read() as tx:
            assert (await requests.find_by_number(tx, 1002)).waits_until is None  # type: ignore[union-attr]
