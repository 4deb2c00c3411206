"""Due times need the calendar of the year. This test fails from 1 January of a year nobody has the holidays of.

What to do when it fails: the State Council publishes each year's holidays and make-up workdays between mid-November and
December. Either update `chinesecalendar` in requirements.lock, or add `bot/demo/holidays-<year>.toml` with
`holidays = [dates]` and `makeup_days = [dates]`; an operator puts the same file beside their street file. `linli doctor`
warns two months before.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.catalogue import SHIPPED_STREET, CatalogueError, extra_holidays, holidays_known_until, shipped_holidays


def is_covered(today: date, known_until: date, extra: frozenset[date]) -> bool:
    """Whether the holidays of this day's year are at hand, from the package or from a file beside the street file."""
    return known_until.year >= today.year or any(day.year == today.year for day in extra)


def test_this_year_is_covered() -> None:
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
