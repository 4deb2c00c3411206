"""Due times, marks on the way, pauses and the quiet night. Pure: the moment is always an argument.

Which days count is the calendar's matter. Nothing here restarts a clock: every due time is computed from the
moment of receipt, so an edit, a claim or a change of queue never buys time. A clock that stood still resumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workflow.calendar import Span, WorkCalendar, add_time, require_aware

PAUSE_LIMIT = timedelta(days=15)
"""The longest that all pauses of one round of work may last together, in natural time. 挂账 is counted apart."""
PAUSE_DAYS = 7
"""The longest that one pause may be planned, in natural days."""
PAUSES = 3
"""How often one round of work may be paused."""
EXTENSIONS = 2
"""How often the time of one round of work may be extended."""
PARKED_DAYS = 180
"""The furthest that the review of a parked record (挂账) may lie ahead, in natural days."""

NIGHT = (time(21, 0), time(8, 0))
"""Quiet hours, local: from the first time to the second, over midnight."""


class Mark(StrEnum):
    """A point on a clock where somebody is told."""

    HALF = "half"
    MOST = "most"
    DUE = "due"

    @property
    def percent(self) -> int:
        """How much of the span has passed at this mark, 0 to 100."""
        return _PERCENT[self]


_PERCENT = {Mark.HALF: 50, Mark.MOST: 80, Mark.DUE: 100}


class StageLimit(NamedTuple):
    """The limit of one stage: either minutes or workdays, the other is 0."""

    minutes: int = 0
    workdays: int = 0


class DueTimes(NamedTuple):
    """Until when a person must have taken it, and until when it must be resolved."""

    respond_due_at: datetime
    resolve_due_at: datetime


def respond_due(received_at: datetime, minutes: int, *, urgent: bool, calendar: WorkCalendar) -> datetime:
    """Until when somebody must have claimed it: natural minutes when urgent, else working minutes."""
    if not urgent:
        return calendar.add_minutes(received_at, minutes)
    return add_time(received_at, timedelta(minutes=minutes))


def resolve_due(
    received_at: datetime, hours: int, *, urgent: bool, calendar: WorkCalendar, pauses: Iterable[Span] = ()
) -> datetime:
    """Until when it must be resolved: natural hours when urgent, else natural hours of workdays only; never in a pause."""
    if not urgent:
        return calendar.add_days_time(received_at, hours, pauses)
    return add_time(received_at, timedelta(hours=hours), pauses)


def retarget_due(
    received_at: datetime,
    *,
    respond_minutes: int,
    resolve_hours: int,
    urgent: bool,
    calendar: WorkCalendar,
    pauses: Sequence[Span] = (),
    extra_hours: int = 0,
) -> DueTimes:
    """Both due times after the item or the queue has changed: the new rule, from the original moment of receipt.

    They may lie in the past, and then the record is overdue at once. Pauses and extensions already granted are kept;
    they move the resolution only, because waiting for the resident does not excuse a late first answer.
    """
    respond = respond_due(received_at, respond_minutes, urgent=urgent, calendar=calendar)
    hours = resolve_hours + extra_hours
    return DueTimes(respond, resolve_due(received_at, hours, urgent=urgent, calendar=calendar, pauses=pauses))


def stage_due(
    started_at: datetime, limit: StageLimit, *, urgent: bool, calendar: WorkCalendar, pauses: Iterable[Span] = ()
) -> datetime:
    """Until when a stage must be reached, from the start of the work: minutes as for an answer, workdays always as such."""
    if limit.workdays:
        return calendar.add_days_time(started_at, 24 * limit.workdays, pauses)
    if urgent:
        return add_time(started_at, timedelta(minutes=limit.minutes), pauses)
    return calendar.add_minutes(started_at, limit.minutes, pauses)


def longest_pause(paused: Sequence[Span], wanted: timedelta) -> timedelta:
    """How long one more pause may be planned: what is wanted, cut to what one pause and all together may last.

    Zero when there have been too many, or when nothing is left.
    """
    if wanted < timedelta(0):
        raise ValueError("a pause cannot be negative")
    if len(paused) >= PAUSES:
        return timedelta(0)
    left = PAUSE_LIMIT - sum((ends - begins for begins, ends in paused), timedelta(0))
    return max(timedelta(0), min(wanted, timedelta(days=PAUSE_DAYS), left))


def marks(start_at: datetime, due_at: datetime) -> dict[Mark, datetime]:
    """The moments at 50, 80 and 100 % of the natural time between start and due, in that order."""
    start, due = require_aware(start_at), require_aware(due_at)
    if due < start:
        raise ValueError("a clock cannot be due before it starts")
    return {mark: start + (due - start) * mark.percent / 100 for mark in Mark}


def resume(started_at: datetime, stopped_at: datetime, now: datetime) -> datetime:
    """The start of clocks that stood still from `stopped_at` to `now`: what had passed of them has passed, no more.

    For a record that had no clock at all meanwhile, as when it was merged; a wait with a limit is a pause.
    """
    stood = require_aware(now) - require_aware(stopped_at)
    if stood < timedelta(0):
        raise ValueError("a clock cannot resume before it stopped")
    return require_aware(started_at) + stood


def quiet_shift(at: datetime, tz: str, urgent: bool, quiet: tuple[time, time] = NIGHT) -> datetime:
    """The moment itself, or the end of the quiet hours in which it falls. Urgent matters are never moved.

    Quiet hours begin with their first minute and end before their last; equal times mean that there are none.
    """
    moment = require_aware(at)
    begins, ends = quiet
    local = moment.astimezone(ZoneInfo(tz))
    if urgent or not _is_within(local.time(), begins, ends):
        return moment
    days = 1 if local.time() >= ends else 0
    return datetime.combine(local.date() + timedelta(days=days), ends, local.tzinfo).astimezone(UTC)


def _is_within(at: time, begins: time, ends: time) -> bool:
    if begins <= ends:
        return begins <= at < ends
    return at >= begins or at < ends
