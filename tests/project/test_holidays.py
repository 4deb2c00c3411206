"""Due times need the calendar of the year. Tests here fail while somebody can still do something about it.

`test_the_days_by_law_reach_two_months_ahead` fails two months before the last year of which anything is known ends. What
to do: add a line a year to `workflow/data/statutory-holidays.toml` (the package `holidays` works the days out).

`test_this_year_is_announced` fails from 1 January of a year whose make-up days nobody has. What to do: the State Council
publishes each year's holidays and make-up workdays between mid-November and December. Either update `chinesecalendar` in
requirements.lock, or add `bot/demo/holidays-<year>.toml` with `holidays = [dates]` and `makeup_days = [dates]`; an
operator puts the same file beside their street file. `linli doctor` and the street's morning brief say so from two months
before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from holidays.countries.china import China

from bot.catalogue import (
    SHIPPED_STREET,
    CatalogueError,
    build_city,
    extra_holidays,
    holidays_known_until,
    shipped_holidays,
    statutory_holidays,
)

AHEAD = timedelta(days=61)
"""November and December."""


def is_covered(today: date, known_until: date, extra: frozenset[date]) -> bool:
    """Whether the holidays of this day's year are at hand, from the package or from a file beside the street file."""
    return known_until.year >= today.year or any(day.year == today.year for day in extra)


def reaches(today: date, years: Iterable[int]) -> bool:
    """Whether two months from this day still lie in one of the years."""
    return (today + AHEAD).year in years


def test_the_days_by_law_reach_two_months_ahead() -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    announced, (off, _) = holidays_known_until(), extra_holidays(SHIPPED_STREET.parent)
    years = {day.year for day in off | statutory_holidays(announced)} | {announced.year}
    assert reaches(today, years), f"no day off is known after {max(years)}: {(__doc__ or '').strip()}"


@pytest.mark.parametrize(
    ("today", "enough"),
    [(date(2036, 10, 31), True), (date(2036, 11, 1), False), (date(2036, 12, 31), False), (date(2037, 1, 1), False)],
)
def test_two_months_before_the_end_is_in_time(today: date, enough: bool) -> None:
    assert reaches(today, range(2004, 2037)) is enough


@pytest.mark.parametrize("year", sorted({day.year for day in statutory_holidays(date(2000, 1, 1))}))
def test_the_days_by_law_are_those_of_the_almanac(year: int) -> None:
    assert {day for day in statutory_holidays(date(2000, 1, 1)) if day.year == year} == set(China(years=year))


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_notice_keeps_to_the_law(year: int) -> None:
    off, makeup = shipped_holidays()
    law = set(China(years=year))
    assert {day for day in law if day.weekday() < 5} <= off
    assert not law & makeup


def test_a_year_that_is_not_announced_has_its_days_by_law(tmp_path: Path) -> None:
    street = tmp_path / "street.toml"
    street.write_text(SHIPPED_STREET.read_text(encoding="utf-8"), encoding="utf-8")
    missing = holidays_known_until().year + 1
    by_law = [day for day in statutory_holidays(holidays_known_until()) if day.year == missing and day.weekday() < 5]
    assert len(by_law) >= 9
    city = build_city(street_file=street, taxonomy_file=None, channels={})
    assert city.holidays_until.year == missing - 1, "what the law says is no notice: the warnings stay"
    assert not [day for day in by_law if city.department_calendar.is_workday(day)]
    (tmp_path / f"holidays-{missing}.toml").write_text(f"holidays = [{missing}-01-01]\n", encoding="utf-8")
    city = build_city(street_file=street, taxonomy_file=None, channels={})
    assert city.holidays_until.year == missing
    assert [day for day in by_law if city.department_calendar.is_workday(day)], (
        "an announced year is taken as announced"
    )


def test_this_year_is_announced() -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    off, makeup = extra_holidays(SHIPPED_STREET.parent)
    assert is_covered(today, holidays_known_until(), off | makeup), (
        f"the holidays of {today.year} are missing: {(__doc__ or '').strip()}"
    )


@pytest.mark.parametrize(
    ("today", "extra", "covered"),
    [
        (date(2026, 12, 31), frozenset(), True),
        (date(2027, 1, 1), frozenset(), False),
        (date(2027, 1, 1), frozenset({date(2027, 1, 1)}), True),
        (date(2028, 1, 1), frozenset({date(2027, 1, 1)}), False),
    ],
)
def test_the_limit_is_the_last_day_of_the_year(today: date, extra: frozenset[date], covered: bool) -> None:
    assert is_covered(today, date(2026, 12, 31), extra) is covered


def test_the_shipped_days_are_holidays_and_make_up_days_of_known_years() -> None:
    off, makeup = shipped_holidays()
    assert date(2026, 10, 1) in off
    assert not off & makeup


def test_an_operator_adds_a_year_beside_the_street_file(tmp_path: Path) -> None:
    (tmp_path / "holidays-2027.toml").write_text("holidays = [2027-01-01]\nmakeup_days = [2027-01-03]\n")
    assert extra_holidays(tmp_path) == (frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))
    (tmp_path / "holidays-2028.toml").write_text("days = []\n")
    with pytest.raises(CatalogueError, match=r"holidays-2028.*unknown key days"):
        extra_holidays(tmp_path)
