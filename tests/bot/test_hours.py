"""calendar.toml and the yearly holiday files: what operators may write, and what is refused with the key and the reason."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from bot.catalogue import SHIPPED_STREET, CatalogueError, build_city, extra_holidays, holidays_known_until
from bot.config import load_config
from bot.doctor import examine

GOOD = """
[grids]
every_day = true
rest = ["12:00:00", "13:30:00"]
[desks]
opens = "09:00:00"
[[departments.seasons]]
from = "05-01"
to = "09-30"
opens = "08:00:00"
closes = "18:30:00"
rest = ["12:00:00", "14:30:00"]
[queues."dept:gas"]
every_day = true
opens = "00:00:00"
closes = "23:59:00"
"""


def city_of(tmp_path: Path, text: str) -> object:
    file = tmp_path / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    return build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={}, calendar_file=file)


def test_every_queue_has_the_hours_that_the_file_gives_it(tmp_path: Path) -> None:
    city = city_of(tmp_path, GOOD)
    day = date(2026, 10, 1)
    assert city.calendar_of("grid:yinxing-01").hours_of(day) == (  # type: ignore[attr-defined]
        (time(8, 30), time(12)),
        (time(13, 30), time(18)),
    )
    assert city.calendar_of("desk:yinxing").opens == time(9)  # type: ignore[attr-defined]
    assert city.calendar_of("dept:urban").hours_of(day) == ()  # type: ignore[attr-defined]
    assert city.calendar_of("dept:urban").hours_of(date(2026, 7, 1))[1] == (time(14, 30), time(18, 30))  # type: ignore[attr-defined]
    assert city.calendar_of("dept:gas").hours_of(day) == ((time(0), time(23, 59)),)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[grid]\n", "grid: Extra inputs"),
        ('[grids]\nopens = "19:00:00"\n', r"grids: opens 19:00:00 must be before"),
        ('[grids]\nrest = ["07:00:00", "08:00:00"]\n', "the break"),
        ('[[grids.seasons]]\nfrom = "13-01"\nto = "01-02"\n', "month"),
        ('[[grids.seasons]]\nfrom = "spring"\nto = "01-02"\n', "05-01"),
        ('[queues."dept:moon"]\n', "no such queue"),
        ("[grids\n", "not valid TOML"),
    ],
)
def test_what_cannot_be_read_is_an_error_at_start(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        city_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("holidays = [2027-01-01]\nmakeup_days = [2027-01-01]\n", "both a holiday"),
        ("holidays = [2027-01-01]\nmakeup_days = [2027-01-04]\n", "weekday already"),
        ("holidays = [2026-05-01]\n", "no day of 2027"),
        ("holidays = [2027-01-01, 2027-01-01]\n", "twice"),
        ("makeup_days = [2027-01-03]\n", "without a holiday"),
        ('holidays = ["2027-01-01"]\n', "must hold dates"),
        ("holidays = [2027-01-01T08:00:00]\n", "must hold dates"),
        ("holidays = 3\n", "must be a list"),
    ],
)
def test_a_years_holidays_are_checked(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "holidays-2027.toml").write_text(text)
    with pytest.raises(CatalogueError, match=words):
        extra_holidays(tmp_path)


def test_years_without_a_gap_are_known(tmp_path: Path) -> None:
    shipped = holidays_known_until()
    (tmp_path / f"holidays-{shipped.year + 2}.toml").write_text(f"holidays = [{shipped.year + 2}-01-01]\n")
    assert holidays_known_until(tmp_path) == shipped
    (tmp_path / f"holidays-{shipped.year + 1}.toml").write_text(f"holidays = [{shipped.year + 1}-01-01]\n")
    assert holidays_known_until(tmp_path) == date(shipped.year + 2, 12, 31)
    (tmp_path / "holidays-next.toml").write_text("")
    with pytest.raises(CatalogueError, match=r"holidays-<year>"):
        holidays_known_until(tmp_path)


async def test_doctor_speaks_of_missing_holidays_and_of_a_broken_calendar(tmp_path: Path) -> None:
    street = tmp_path / "street.toml"
    street.write_text(SHIPPED_STREET.read_text(encoding="utf-8"), encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text('[clocks]\ncalendar = "calendar.toml"\n', encoding="utf-8")
    (tmp_path / "calendar.toml").write_text('[queues."dept:moon"]\n', encoding="utf-8")
    assert load_config(config).clocks.calendar == tmp_path / "calendar.toml"
    found = await examine(config)
    assert any(f.level == "fail" and "dept:moon" in f.text for f in found)
    (tmp_path / "calendar.toml").write_text(GOOD, encoding="utf-8")
    for year in range(2027, 2100):
        (tmp_path / f"holidays-{year}.toml").write_text(f"holidays = [{year}-01-01]\n", encoding="utf-8")
    found = await examine(config)
    assert any(f.level == "ok" and "holidays are known until 2099-12-31" in f.text for f in found)
