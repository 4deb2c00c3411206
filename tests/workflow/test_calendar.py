"""The work calendar against a slow oracle that looks at every single minute."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.calendar import WorkCalendar

MINUTE = timedelta(minutes=1)
START = datetime(2026, 9, 24, tzinfo=UTC)
DAYS = [date(2026, 9, 20) + timedelta(days=n) for n in range(30)]

calendars = st.builds(
    WorkCalendar,
    tz=st.sampled_from(["Asia/Shanghai", "UTC", "America/New_York"]),
    opens=st.times(time(0), time(11, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
    closes=st.times(time(12), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
    every_day=st.booleans(),
    holidays=st.frozensets(st.sampled_from(DAYS), max_size=8),
    makeup_days=st.frozensets(st.sampled_from(DAYS), max_size=4),
)
moments = st.integers(0, 7 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)


def is_open(calendar: WorkCalendar, at: datetime) -> bool:
    """Whether the minute that begins here is working time, from first principles."""
    local = at.astimezone(calendar.zone)
    weekday = local.weekday() not in (5, 6) and local.date() not in calendar.holidays
    works = calendar.every_day or local.date() in calendar.makeup_days or weekday
    return works and calendar.opens <= local.time() < calendar.closes


def worked_between(calendar: WorkCalendar, first: datetime, last: datetime) -> timedelta:
    """Working time between two moments that need not be at full minutes, cell by cell."""
    total, cell = timedelta(0), first.replace(second=0, microsecond=0)
    while cell < last:
        if is_open(calendar, cell):
            total += min(cell + MINUTE, last) - max(cell, first)
        cell += MINUTE
    return total


@settings(max_examples=60, deadline=None)
@given(calendars, moments, st.integers(0, 900))
def test_add_minutes_equals_walking_minute_by_minute(calendar: WorkCalendar, at: datetime, minutes: int) -> None:
    walked, left = at, minutes
    while left:
        left -= is_open(calendar, walked)
        walked += MINUTE
    assert calendar.add_minutes(at, minutes) == walked


@settings(max_examples=60, deadline=None)
@given(calendars, moments)
def test_next_open_equals_the_first_open_minute(calendar: WorkCalendar, at: datetime) -> None:
    walked = at
    while not is_open(calendar, walked):
        walked += MINUTE
    assert calendar.next_open(at) == walked


@settings(max_examples=60, deadline=None)
@given(calendars, moments, st.integers(0, 60))
def test_hours_of_workdays_equal_walking_minute_by_minute(calendar: WorkCalendar, at: datetime, hours: int) -> None:
    walked = at
    if not calendar.is_workday(calendar.local_day(at)):
        while not is_open(calendar, walked):
            walked += MINUTE
    left = hours * 60
    while left:
        left -= calendar.is_workday(calendar.local_day(walked))
        walked += MINUTE
    assert calendar.add_days_time(at, hours) == walked


@settings(max_examples=60, deadline=None)
@given(
    calendars, st.timedeltas(timedelta(0), timedelta(days=10)).map(lambda after: START + after), st.integers(0, 3000)
)
def test_what_was_added_is_what_lies_between(calendar: WorkCalendar, at: datetime, minutes: int) -> None:
    due = calendar.add_minutes(at, minutes)
    assert due.tzinfo is UTC
    assert worked_between(calendar, at, due) == minutes * MINUTE


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        (date(2026, 9, 24), True, "an ordinary Thursday"),
        (date(2026, 9, 26), False, "a Saturday"),
        (date(2026, 10, 1), False, "a holiday on a Thursday"),
        (date(2026, 9, 27), True, "a Sunday worked to make up"),
    ],
)
def test_workdays(day: date, works: bool, why: str) -> None:
    calendar = WorkCalendar(holidays=frozenset({date(2026, 10, 1)}), makeup_days=frozenset({date(2026, 9, 27)}))
    assert calendar.is_workday(day) is works, why
    assert WorkCalendar(every_day=True, holidays=calendar.holidays).is_workday(day), "grids work every day"


NAIVE = datetime(2026, 9, 24, 10)  # noqa: DTZ001


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.next_open(NAIVE),
        lambda c: c.add_minutes(NAIVE, 5),
        lambda c: c.add_days_time(NAIVE, 5),
        lambda c: c.local_day(NAIVE),
    ],
)
def test_naive_moments_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="time zone"):
        call(WorkCalendar())  # type: ignore[operator]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"opens": time(18), "closes": time(9)}, "before"),
        ({"opens": time(9), "closes": time(9)}, "before"),
        ({"tz": "Mars/Olympus"}, "time zone"),
        ({"tz": "../etc"}, "time zone"),
    ],
)
def test_an_impossible_calendar_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WorkCalendar(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [lambda c: c.add_minutes(START, -1), lambda c: c.add_days_time(START, -1)])
def test_negative_amounts_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="negative"):
        call(WorkCalendar())  # type: ignore[operator]
