"""The work calendar: which days and hours count, and arithmetic in them. Holidays are data handed in, never looked up.

Every moment that comes in or goes out is an aware datetime; results are UTC. A naive datetime is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MIDNIGHT = time(0)


def require_aware(at: datetime) -> datetime:
    """The same moment in UTC; a naive datetime is a ValueError."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"a moment needs a time zone: {at.isoformat()}")
    return at.astimezone(UTC)


@dataclass(frozen=True)
class WorkCalendar:
    """When one kind of queue works. Grids: `every_day`; departments: workdays, holidays and make-up days (调休).

    `every_day` means that holidays do not count either. Opening hours are wall-clock times of `tz` and do not
    cross midnight. A make-up day is a workday even when it is also listed as a holiday.
    """

    tz: str = "Asia/Shanghai"
    opens: time = time(8, 30)
    closes: time = time(18, 0)
    every_day: bool = False
    holidays: frozenset[date] = frozenset()
    makeup_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"opens {self.opens} must be before closes {self.closes}")
        try:
            ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone: {self.tz!r}") from error

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone that `tz` names."""
        return ZoneInfo(self.tz)

    def is_workday(self, day: date) -> bool:
        """Whether work is done on this local day."""
        if self.every_day or day in self.makeup_days:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def local_day(self, at: datetime) -> date:
        """The local date on which this moment falls."""
        return require_aware(at).astimezone(self.zone).date()

    def next_open(self, at: datetime) -> datetime:
        """This moment when it lies in working hours, else the next opening. The closing moment is outside."""
        now = require_aware(at)
        return next(max(now, opened) for opened, closed in self._shifts(now) if closed > now)

    def add_minutes(self, at: datetime, minutes: int) -> datetime:
        """The earliest moment by which so many working minutes have passed since `at`; 0 minutes is `at` itself."""
        if minutes < 0:
            raise ValueError(f"minutes must not be negative: {minutes}")
        return _spend(require_aware(at), minutes * _MINUTE, self._shifts(require_aware(at)))

    def add_days_time(self, at: datetime, hours: int) -> datetime:
        """`hours` of natural time counted on workdays only, each giving its whole 24 hours.

        From a non-working day the count begins at the opening of the next workday. So "72 h" is three workdays
        later at the same time of day, and exactly three days on an every-day calendar.
        """
        if hours < 0:
            raise ValueError(f"hours must not be negative: {hours}")
        start = require_aware(at)
        if not self.is_workday(self.local_day(start)):
            start = self.next_open(start)
        return _spend(start, timedelta(hours=hours), self._whole_days(start))

    def working_minutes_between(self, start: datetime, end: datetime) -> float:
        """Working minutes from `start` to `end`, with fractions; 0 when `end` is not after `start`."""
        first, last = require_aware(start), require_aware(end)
        total = timedelta(0)
        for opened, closed in self._shifts(first):
            if opened >= last:
                break
            total += max(timedelta(0), min(closed, last) - max(opened, first))
        return total / _MINUTE

    def _workdays(self, start: datetime) -> Iterator[date]:
        first = self.local_day(start)
        return (day for day in (first + n * _DAY for n in count()) if self.is_workday(day))

    def _shifts(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in self._workdays(start):
            yield self._moment(day, self.opens), self._moment(day, self.closes)

    def _whole_days(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in self._workdays(start):
            yield self._moment(day, _MIDNIGHT), self._moment(day + _DAY, _MIDNIGHT)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def _spend(start: datetime, amount: timedelta, spans: Iterator[tuple[datetime, datetime]]) -> datetime:
    """The earliest moment by which `amount` of the time inside `spans` has passed since `start`."""
    if not amount:
        return start
    for begins, ends in spans:
        begun = max(start, begins)
        if begun >= ends:
            continue
        if amount <= ends - begun:
            return begun + amount
        amount -= ends - begun
    raise ValueError("the calendar has no more working time")
