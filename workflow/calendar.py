"""The work calendar: which days and hours count, and arithmetic in them. Holidays are data handed in, never looked up.

Every moment that comes in or goes out is an aware datetime; results are UTC. A naive datetime is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MIDNIGHT = time(0)
_LEAP_YEAR = 2000

Rest = tuple[time, time]
"""A break within the day's hours, such as lunch: from the first time, to before the second."""
Span = tuple[datetime, datetime]
"""From a moment to before another, both aware."""


def require_aware(at: datetime) -> datetime:
    """The same moment in UTC; a naive datetime is a ValueError."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"a moment needs a time zone: {at.isoformat()}")
    return at.astimezone(UTC)


@dataclass(frozen=True)
class Season:
    """Other hours in a part of every year (夏令、冬令), from one (month, day) to another, both included.

    An end before the beginning means over New Year. A day that no year has, or hours that cannot be, is a ValueError.
    """

    begins: tuple[int, int]
    ends: tuple[int, int]
    opens: time
    closes: time
    rest: Rest | None = None

    def __post_init__(self) -> None:
        for month, day in (self.begins, self.ends):
            date(_LEAP_YEAR, month, day)
        _check_hours(self.opens, self.closes, self.rest)

    def holds(self, day: date) -> bool:
        """Whether this day lies in the season."""
        at = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= at <= self.ends
        return at >= self.begins or at <= self.ends


def _check_hours(opens: time, closes: time, rest: Rest | None) -> None:
    if opens >= closes:
        raise ValueError(f"opens {opens} must be before closes {closes}")
    if rest is not None and not opens < rest[0] < rest[1] < closes:
        raise ValueError(f"the break {rest[0]}-{rest[1]} must lie within {opens}-{closes}")


@dataclass(frozen=True)
class WorkCalendar:
    """When one queue works. Grids: `every_day`; departments: workdays, holidays and make-up days (调休).

    `every_day` means that holidays do not count either. Opening hours and the break are wall-clock times of `tz` and
    do not cross midnight; of several seasons the first that holds a day decides. A make-up day is a workday even when
    it is also listed as a holiday.
    """

    tz: str = "Asia/Shanghai"
    opens: time = time(8, 30)
    closes: time = time(18, 0)
    every_day: bool = False
    holidays: frozenset[date] = frozenset()
    makeup_days: frozenset[date] = frozenset()
    rest: Rest | None = None
    seasons: tuple[Season, ...] = ()

    def __post_init__(self) -> None:
        _check_hours(self.opens, self.closes, self.rest)
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

    def hours_of(self, day: date) -> tuple[Rest, ...]:
        """The spans of wall-clock time in which work is done on this local day; none on a day off."""
        if not self.is_workday(day):
            return ()
        chosen = next((season for season in self.seasons if season.holds(day)), self)
        if chosen.rest is None:
            return ((chosen.opens, chosen.closes),)
        return ((chosen.opens, chosen.rest[0]), (chosen.rest[1], chosen.closes))

    def local_day(self, at: datetime) -> date:
        """The local date on which this moment falls."""
        return require_aware(at).astimezone(self.zone).date()

    def next_open(self, at: datetime) -> datetime:
        """This moment when it lies in working hours, else the next opening. The closing moment is outside."""
        now = require_aware(at)
        return next(max(now, opened) for opened, closed in self._shifts(now) if closed > now)

    def add_minutes(self, at: datetime, minutes: int, pauses: Iterable[Span] = ()) -> datetime:
        """The earliest moment by which so many working minutes outside `pauses` have passed; 0 minutes is `at` itself."""
        if minutes < 0:
            raise ValueError(f"minutes must not be negative: {minutes}")
        start = require_aware(at)
        return _spend(start, minutes * _MINUTE, _without(self._shifts(start), pauses))

    def add_days_time(self, at: datetime, hours: int, pauses: Iterable[Span] = ()) -> datetime:
        """`hours` of natural time counted on workdays outside `pauses`, each whole day giving its 24 hours.

        From a non-working day the count begins at the opening of the next workday. So "72 h" is three workdays
        later at the same time of day, and exactly three days on an every-day calendar.
        """
        if hours < 0:
            raise ValueError(f"hours must not be negative: {hours}")
        start = require_aware(at)
        if not self.is_workday(self.local_day(start)):
            start = self.next_open(start)
        return _spend(start, timedelta(hours=hours), _without(self._whole_days(start), pauses))

    def _workdays(self, start: datetime) -> Iterator[date]:
        first = self.local_day(start)
        return (day for day in (first + n * _DAY for n in count()) if self.is_workday(day))

    def _shifts(self, start: datetime) -> Iterator[Span]:
        for day in self._workdays(start):
            for opened, closed in self.hours_of(day):
                yield self._moment(day, opened), self._moment(day, closed)

    def _whole_days(self, start: datetime) -> Iterator[Span]:
        for day in self._workdays(start):
            yield self._moment(day, _MIDNIGHT), self._moment(day + _DAY, _MIDNIGHT)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def add_time(at: datetime, amount: timedelta, pauses: Iterable[Span] = ()) -> datetime:
    """The earliest moment by which so much natural time outside `pauses` has passed since `at`."""
    if amount < timedelta(0):
        raise ValueError(f"a time must not be negative: {amount}")
    start = require_aware(at)
    always = iter([(start, datetime.max.replace(tzinfo=UTC))])
    return _spend(start, amount, _without(always, pauses))


def _without(spans: Iterator[Span], pauses: Iterable[Span]) -> Iterator[Span]:
    """What is left of spans in order when the pauses are cut out of them; pauses may overlap."""
    cuts = sorted((require_aware(begins), require_aware(ends)) for begins, ends in pauses)
    for begins, ends in spans:
        at = begins
        for cut, uncut in cuts:
            if cut >= ends:
                break
            if cut > at:
                yield at, cut
            at = max(at, uncut)
        if at < ends:
            yield at, ends


def _spend(start: datetime, amount: timedelta, spans: Iterator[Span]) -> datetime:
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
