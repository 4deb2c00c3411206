"""Periods of the cockpit by name: 2026Q4, 2026-11, 2026, or the last days (30d). Days begin at midnight where the street is."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_NAME = re.compile(r"(?P<year>20\d\d)(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?|(?P<days>[1-9]\d{0,2})d")


class Period(NamedTuple):
    """From `since` until before `until`."""

    name: str
    since: datetime
    until: datetime


def parse(name: str, now: datetime, tz: ZoneInfo) -> Period:
    """The period that a name means now; ValueError for a name of none."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"not a period: {name[:20]!r}")
    if match["days"]:
        midnight = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0)
        return Period(name, midnight - timedelta(days=int(match["days"]) - 1), midnight + timedelta(days=1))
    year = int(match["year"])
    first, months = 1, 12
    if match["quarter"]:
        first, months = 3 * int(match["quarter"]) - 2, 3
    elif match["month"]:
        first, months = int(match["month"]), 1
    end_year, end_month = year + (first + months - 1) // 12, (first + months - 1) % 12 + 1
    return Period(name, datetime(year, first, 1, tzinfo=tz), datetime(end_year, end_month, 1, tzinfo=tz))


def offered(now: datetime, tz: ZoneInfo) -> list[str]:
    """What a cockpit offers first: the last days, this month and the one before, four quarters, this year."""
    here = now.astimezone(tz)
    quarter = (here.month - 1) // 3
    before = here.replace(day=1) - timedelta(days=1)
    quarters = [(here.year * 4 + quarter - back) for back in range(4)]
    return [
        "7d",
        "30d",
        "90d",
        f"{here:%Y-%m}",
        f"{before:%Y-%m}",
        *(f"{q // 4}Q{q % 4 + 1}" for q in quarters),
        str(here.year),
    ]
