"""Several stages of one matter: on site in an hour, safe in four, restored in five workdays; each reminded, reached, overdue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.catalogue import SHIPPED_STREET, SHIPPED_TAXONOMY, CatalogueError, build_city
from handlers.city import City
from tests.handlers.resident_steps import WHO, ledger, record, waiting
from tests.handlers.test_climbing import rungs
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role

TZ = ZoneInfo("Asia/Shanghai")
GAS = "dept:gas"
STAGES = (
    'stages = [{ name = "到场", hours = 1 }, { name = "控制住", hours = 4 }, { name = "恢复供气", workdays = 5 }], '
    'helpers = ["fire"], '
)


def with_stages(folder: Path, stages: str = STAGES) -> City:
    text = SHIPPED_TAXONOMY.read_text(encoding="utf-8")
    mark = 'name = "燃气泄漏异味", '
    file = folder / "taxonomy.toml"
    file.write_text(text.replace(mark, mark + stages), encoding="utf-8")
    return build_city(street_file=SHIPPED_STREET, taxonomy_file=file, channels={})


async def leaking(town: Town) -> None:
    town.now = datetime(2026, 9, 30, 23, 0, tzinfo=TZ).astimezone(UTC)
    await town.employs("燃气小马", Role.DEPT_STAFF, "gas")
    await town.employs("街道老陈", Role.STREET, "linjiang")
    await town.says(WHO, "一楼好大煤气味 银杏苑5幢")
    await town.says("燃气小马", "接单 1001", room=GAS)


async def test_each_stage_has_its_own_limit_and_the_last_is_the_resolution(tmp_path: Path) -> None:
    async with Town.open(tmp_path, city=with_stages(tmp_path)) as town:
        await leaking(town)
        request = await record(town)
        assert request.resolve_due_at == datetime(2026, 10, 13, 23, 0, tzinfo=TZ)
        stages = [t for t in await waiting(town) if t.name == "clock.stage"]
        assert [t.data["stage"] for t in stages] == [0, 1]
        await town.passes(minutes=49)
        assert said(town, "燃气小马", "“到场”要在") == 2  # at half and at four fifths, also at night
        await town.says("燃气小马", "更多 1001")
        await town.presses("燃气小马", "✓ 到场")
        await town.passes(hours=3, minutes=15)
        assert said(town, "desk", "控制住") == 1
        assert [r for c, r in await rungs(town) if c == "stage"] == ["desk"]
        await town.passes(hours=1)
        assert [r for c, r in await rungs(town) if c == "stage"] == ["desk", "head:gas"]
        await town.says("燃气小马", "更多 1001")
        await town.presses("燃气小马", "✓ 控制住")
        reached = [(e.data["stage"], e.data["late"]) for e in await ledger(town) if e.name == "request.stage_reached"]
        assert reached == [(0, False), (1, True)]
        before = await rungs(town)
        await town.passes(days=5)
        assert await rungs(town) == before
        assert {t.name for t in await waiting(town)} == {"clock.resolve"}


async def test_a_stage_is_reached_once_and_by_its_handler(tmp_path: Path) -> None:
    async with Town.open(tmp_path, city=with_stages(tmp_path)) as town:
        await leaking(town)
        await town.says("燃气小马", "更多 1001")
        token = next(t for m in town.messages("燃气小马") for label, t in m.keys if label == "✓ 到场")
        await town.press_token("燃气小马", token)
        await town.press_token("燃气小马", token)
        assert "已经点过了" in town.toasts("燃气小马")[-1]
        await town.says("张三", "更多 1001")
        assert "权限" in town.last("张三")


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ('stages = [{ name = "到场" }], ', "exactly one"),
        ('stages = [{ name = "到场", hours = 1, workdays = 1 }], ', "exactly one"),
        ('helpers = ["moon"], ', "moon is no department"),
    ],
)
def test_stages_that_cannot_be_are_refused(tmp_path: Path, stages: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        with_stages(tmp_path, stages)


async def test_helpers_of_the_catalogue_are_suggested_for_a_whistle(tmp_path: Path) -> None:
    async with Town.open(tmp_path, city=with_stages(tmp_path)) as town:
        await leaking(town)
        await town.says("街道老陈", "吹哨 1001", room="desk")
        await town.presses("街道老陈", "应急", room="desk")
        assert "消防救援：目录里写着" in town.room("desk")[-1][0]


async def test_a_queue_with_hours_of_its_own_is_counted_by_them(tmp_path: Path) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text('[queues."grid:yinxing-01"]\nopens = "08:00:00"\ncloses = "10:30:00"\n', encoding="utf-8")
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}, calendar_file=file)
    async with Town.open(tmp_path, city=city) as town:  # Monday 10:00
        await town.says(WHO, "银杏苑3幢楼道灯坏了")
        await town.presses(WHO, "对，就这样")
        due = (await record(town)).respond_due_at
        assert due - town.now == timedelta(hours=22, minutes=30)  # half an hour today, half an hour tomorrow from eight
