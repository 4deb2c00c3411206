"""Due times in words: each row is a moment of receipt in Shanghai, a limit, and the moment it is due there."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.calendar import WorkCalendar
from workflow.clock import (
    PAUSE_DAYS,
    PAUSE_LIMIT,
    PAUSES,
    Mark,
    StageLimit,
    longest_pause,
    marks,
    quiet_shift,
    resolve_due,
    respond_due,
    resume,
    retarget_due,
    stage_due,
)

TZ = "Asia/Shanghai"
NATIONAL_DAY = frozenset(date(2026, 10, day) for day in range(1, 8))
DEPT = WorkCalendar(holidays=NATIONAL_DAY, makeup_days=frozenset({date(2026, 10, 10)}))
GRID = WorkCalendar(every_day=True)


def local(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(TZ)).astimezone(UTC)


@pytest.mark.parametrize(
    ("words", "received", "minutes", "urgent", "calendar", "due"),
    [
        ("in the morning: an hour later", "09-24 10:42", 60, False, DEPT, "09-24 11:42"),
        ("ends exactly at closing", "09-24 17:00", 60, False, DEPT, "09-24 18:00"),
        ("twenty to six: the rest next morning", "09-24 17:40", 60, False, DEPT, "09-25 09:10"),
        ("Friday evening: Monday after opening", "09-25 20:00", 30, False, DEPT, "09-28 09:00"),
        ("a grid works on Saturday", "09-26 10:00", 30, False, GRID, "09-26 10:30"),
        ("a department does not", "09-26 10:00", 30, False, DEPT, "09-28 09:00"),
        ("before a long holiday", "09-30 17:50", 30, False, DEPT, "10-08 08:50"),
        ("a grid works on National Day", "10-01 09:00", 10, False, GRID, "10-01 09:10"),
        ("a Saturday worked to make up", "10-10 09:00", 30, False, DEPT, "10-10 09:30"),
        ("urgent at three at night: at once", "09-26 03:00", 5, True, DEPT, "09-26 03:05"),
        ("urgent on National Day", "10-01 23:58", 5, True, DEPT, "10-02 00:03"),
    ],
)
def test_respond_due(words: str, received: str, minutes: int, urgent: bool, calendar: WorkCalendar, due: str) -> None:
    assert respond_due(local(received), minutes, urgent=urgent, calendar=calendar) == local(due), words


@pytest.mark.parametrize(
    ("words", "received", "hours", "urgent", "calendar", "due"),
    [
        ("72 h on an every-day calendar: three days", "09-25 10:42", 72, False, GRID, "09-28 10:42"),
        ("72 h from Monday: Thursday, same time", "09-21 10:42", 72, False, DEPT, "09-24 10:42"),
        ("72 h from Friday: Wednesday, same time", "09-18 10:42", 72, False, DEPT, "09-23 10:42"),
        ("Saturday: counts from Monday's opening", "09-19 15:00", 24, False, DEPT, "09-22 08:30"),
        ("at night on a workday: counts from then", "09-21 02:00", 24, False, DEPT, "09-22 02:00"),
        ("over National Day", "09-30 16:00", 24, False, DEPT, "10-08 16:00"),
        ("a make-up Saturday counts", "10-09 16:00", 24, False, DEPT, "10-10 16:00"),
        ("urgent: natural hours over the weekend", "09-25 22:00", 8, True, DEPT, "09-26 06:00"),
        ("urgent on a holiday", "10-01 08:00", 48, True, DEPT, "10-03 08:00"),
    ],
)
def test_resolve_due(words: str, received: str, hours: int, urgent: bool, calendar: WorkCalendar, due: str) -> None:
    assert resolve_due(local(received), hours, urgent=urgent, calendar=calendar) == local(due), words


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)), st.integers(1, 30))  # noqa: DTZ001
def test_whole_days_on_an_every_day_calendar_are_exact(at: datetime, days: int) -> None:
    assert resolve_due(at, 24 * days, urgent=False, calendar=GRID) == at + timedelta(days=days)


def test_another_queue_counts_from_the_original_receipt_by_its_own_rule() -> None:
    due = retarget_due(local("09-25 17:30"), respond_minutes=60, resolve_hours=24, urgent=False, calendar=DEPT)
    assert due.respond_due_at == local("09-28 09:00")
    assert due.resolve_due_at == local("09-28 17:30")


def test_pauses_survive_a_change_of_queue_and_move_the_resolution_only() -> None:
    rule = {"respond_minutes": 60, "resolve_hours": 24, "urgent": True, "calendar": DEPT}
    plain = retarget_due(local("09-24 10:00"), **rule)  # type: ignore[arg-type]
    stood = (local("09-24 12:00"), local("09-24 17:00"))
    paused = retarget_due(local("09-24 10:00"), **rule, pauses=[stood])  # type: ignore[arg-type]
    assert paused.respond_due_at == plain.respond_due_at
    assert paused.resolve_due_at == plain.resolve_due_at + timedelta(hours=5)


def test_marks_lie_at_half_at_four_fifths_and_at_the_end() -> None:
    found = marks(local("09-24 10:00"), local("09-24 11:40"))
    expected = {Mark.HALF: "09-24 10:50", Mark.MOST: "09-24 11:20", Mark.DUE: "09-24 11:40"}
    assert found == {mark: local(at) for mark, at in expected.items()}
    assert [mark.percent for mark in found] == [50, 80, 100]


def test_the_last_mark_is_the_due_moment_to_the_microsecond() -> None:
    due = local("09-24 10:00") + timedelta(microseconds=333_333)
    assert marks(local("09-24 10:00"), due)[Mark.DUE] == due


def test_a_clock_that_is_due_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        marks(local("09-24 10:00"), local("09-24 09:59"))


def test_a_pause_over_a_weekend_buys_no_working_time() -> None:
    friday, monday = local("09-18 12:00"), local("09-21 12:00")
    paused = resolve_due(local("09-18 10:00"), 24, urgent=False, calendar=DEPT, pauses=[(friday, monday)])
    assert paused == local("09-22 10:00")  # 2 h on Friday, then 22 h from Monday noon


def test_an_extension_adds_to_the_limit_and_not_to_the_due_time() -> None:
    due = retarget_due(
        local("09-25 10:00"), respond_minutes=60, resolve_hours=24, urgent=False, calendar=DEPT, extra_hours=24
    )
    assert due.resolve_due_at == local("09-29 10:00")


def test_stages_count_as_an_answer_does_and_workdays_always_as_such() -> None:
    leak = local("09-30 23:00")
    on_site = stage_due(leak, StageLimit(minutes=60), urgent=True, calendar=DEPT)
    safe = stage_due(leak, StageLimit(minutes=240), urgent=True, calendar=DEPT)
    restored = stage_due(leak, StageLimit(workdays=5), urgent=True, calendar=DEPT)
    assert (on_site, safe) == (local("10-01 00:00"), local("10-01 03:00"))
    assert restored == local("10-13 23:00")  # an hour of the 30th, then the 8th, 9th, 10th (make-up), 12th, 13th
    assert stage_due(leak, StageLimit(minutes=60), urgent=False, calendar=DEPT) == local("10-08 09:30")


def test_pauses_are_limited_in_length_in_number_and_together() -> None:
    at, day = local("09-24 10:00"), timedelta(days=1)
    assert longest_pause([], 3 * day) == 3 * day
    assert longest_pause([], 400 * day) == PAUSE_DAYS * day
    assert longest_pause([(at, at + 7 * day), (at, at + 6 * day)], 5 * day) == PAUSE_LIMIT - 13 * day
    assert longest_pause([(at, at)] * PAUSES, day) == timedelta(0)
    with pytest.raises(ValueError, match="negative"):
        longest_pause([], -day)


@pytest.mark.parametrize(
    ("at", "urgent", "moved"),
    [
        ("09-24 20:59", False, "09-24 20:59"),
        ("09-24 21:00", False, "09-25 08:00"),
        ("09-25 00:00", False, "09-25 08:00"),
        ("09-25 07:59", False, "09-25 08:00"),
        ("09-25 08:00", False, "09-25 08:00"),
        ("09-25 03:00", True, "09-25 03:00"),
    ],
)
def test_the_night_is_quiet_except_for_urgent_matters(at: str, urgent: bool, moved: str) -> None:
    assert quiet_shift(local(at), TZ, urgent) == local(moved)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    assert quiet_shift(local("09-24 13:00"), TZ, False, (time(12), time(14))) == local("09-24 14:00")
    assert quiet_shift(local("09-24 15:00"), TZ, False, (time(12), time(14))) == local("09-24 15:00")
    assert quiet_shift(local("09-24 03:00"), TZ, False, (time(0), time(0))) == local("09-24 03:00")


def test_naive_moments_and_negative_limits_are_refused() -> None:
    naive = datetime(2026, 9, 24, 10)  # noqa: DTZ001
    for urgent in (True, False):
        with pytest.raises(ValueError, match="time zone"):
            respond_due(naive, 5, urgent=urgent, calendar=DEPT)
        with pytest.raises(ValueError, match="negative"):
            resolve_due(local("09-24 10:00"), -1, urgent=urgent, calendar=DEPT)
    with pytest.raises(ValueError, match="time zone"):
        quiet_shift(naive, TZ, False)


@given(
    st.integers(0, 400).map(lambda days: datetime(2026, 1, 1, 9, 30, tzinfo=UTC) + timedelta(days=days)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_a_clock_that_stood_still_has_run_as_long_as_when_it_stopped(
    start: datetime, ran: timedelta, stood: timedelta
) -> None:
    now = start + ran + stood
    again = resume(start, start + ran, now)
    assert now - again == ran
    assert again <= now


def test_a_clock_cannot_resume_before_it_stopped() -> None:
    at = local("09-24 10:42")
    with pytest.raises(ValueError, match="before it stopped"):
        resume(at, at, at - timedelta(seconds=1))
