"""Morning, weekly and quarterly briefs: to the own group, on the own workdays, once, and never a stale one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from handlers import briefs
from tests.handlers.resident_steps import DESK, ROOM, WHO, done_again, filed
from tests.handlers.test_climbing import staffed
from tests.handlers.test_clocks import said
from tests.town import Town

TZ = ZoneInfo("Asia/Shanghai")


def local(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=TZ).astimezone(UTC)


async def armed(town: Town) -> None:
    await town.acts("街道老陈", lambda turn: briefs.ensure(turn.city, turn.tx, turn.now))
    await town.acts("街道老陈", lambda turn: briefs.ensure(turn.city, turn.tx, turn.now))  # another process


async def test_every_morning_each_group_hears_its_own_day_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await armed(town)
        await filed(town, "银杏苑1幢楼道灯坏了")
        await filed(town, "银杏苑2幢楼道灯坏了")
        await done_again(town, 1002)
        await town.passes(days=1)
        [first] = [text for text, _ in town.room(ROOM) if "早上好" in text]
        assert "新来 1 件" in first
        assert "等居民评价 1 件" in first
        assert "没人接 1 件" in first
        assert said(town, "grid:dukou-01", "早上好") == 0
        await town.passes(days=2)
        latest = [text for text, _ in town.room(ROOM) if "早上好" in text][-1]
        assert "今天到期 1 件" in latest
        assert "1001" in latest
        await town.passes(days=1)
        late = [text for text, _ in town.room(ROOM) if "早上好" in text][-1]
        assert "已经超时 1 件" in late
        assert "❗ 1001" in late


async def test_a_department_hears_nothing_on_its_days_off(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now = local(2026, 11, 20, 16)  # a Friday
        await staffed(town)
        await armed(town)
        await filed(town, "银杏苑北门有人占道摆摊卖菜，堵得走不动")
        await town.passes(days=2)
        assert said(town, "dept:urban", "早上好") == 0
        await town.passes(days=1)
        [monday] = [text for text, _ in town.room("dept:urban") if "早上好" in text]
        assert "新来 1 件" in monday  # since Friday's brief


async def test_mondays_the_desks_hear_of_their_week(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now = local(2026, 11, 17, 10)
        await staffed(town)
        await armed(town)
        await filed(town)
        await done_again(town)
        await town.passes(hours=3)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.passes(days=7)
        [week] = [text for text, _ in town.room(DESK) if "上周" in text]
        assert "受理 1 件，办结 1 件" in week
        assert "按时办结 100.0 %（1/1）" in week
        assert "满意 100.0 %（1/1）" in week
        assert said(town, "desk", "上周") == 1
        assert said(town, "desk:dukou", "上周") == 0


async def test_each_quarter_the_street_hears_of_all(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now = local(2026, 12, 28, 10)
        await staffed(town)
        await armed(town)
        await filed(town)
        await town.passes(days=5)
        [quarter] = [text for text, _ in town.room("desk") if "季度" in text]
        assert "2026 年第 4 季度" in quarter
        assert "银杏社区：受理 1" in quarter
        assert "按时办结 0.0 %（0/1）" in quarter


async def test_a_record_counts_for_its_community_whoever_has_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        town.now = local(2026, 12, 28, 10)
        await staffed(town)
        await armed(town)
        await filed(town, "银杏苑北门有人占道摆摊卖菜，堵得走不动")  # lies with a department
        await town.passes(days=5)
        [quarter] = [text for text, _ in town.room("desk") if "季度" in text]
        assert "银杏社区：受理 1" in quarter
        assert "城管：受理 1" in quarter
        assert "红黑榜" not in quarter  # nobody has enough records for a place


async def test_a_brief_that_is_hours_late_is_not_said_and_the_next_one_comes(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await armed(town)
        await filed(town)
        town.now = local(2026, 11, 17, 20)  # the program was down all day
        await town.passes(minutes=1)
        assert said(town, ROOM, "早上好") == 0
        await town.passes(hours=13)
        assert said(town, ROOM, "早上好") == 1


async def test_unknown_holidays_are_a_daily_warning_to_the_street(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await armed(town)
        await town.passes(days=1)
        assert said(town, "desk", "2027 年的放假和调休安排还没录入") == 1
