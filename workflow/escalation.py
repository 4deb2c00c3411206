"""Who hears of what is overdue, level by level, and when the next one does. Pure; who holds which role is not here.

The ladder of a record: the desk above its queue, the street's desk, then the head of the department (practices.md, 7);
of a record that no department holds, the street's leaders. Each level hears once of one overrun.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from workflow.calendar import WorkCalendar, add_time
from workflow.queues import STREET_DESK, Org, QueueKind, parse_queue

HEAD = "head"
"""The last level, in person: `head:<department>`, or `head` for the leaders of the street."""

RESPOND_STEP, URGENT_RESPOND_STEP = 60, 10
"""Working minutes, and natural ones when urgent, until the next level hears that nobody has taken it."""
RESOLVE_STEP, URGENT_RESOLVE_STEP = 24, 1
"""Hours of workdays, and natural ones when urgent, until the next level hears that it is not finished."""


def ladder(queue: str, org: Org) -> tuple[str, ...]:
    """The levels above a queue, nearest first. Never empty; a queue that this street does not have is a KeyError."""
    first = org.desk_of(queue)
    desks = (first,) if first == STREET_DESK else (first, STREET_DESK)
    own = tuple(d for d in desks if d != queue)
    parsed = parse_queue(queue)
    return (*own, f"{HEAD}:{parsed.id}" if parsed.kind is QueueKind.DEPT else HEAD)


def next_rung(queue: str, org: Org, told: Collection[str]) -> str | None:
    """The nearest level that has not heard yet; None when all have."""
    return next((rung for rung in ladder(queue, org) if rung not in told), None)


def next_at(now: datetime, *, responds: bool, urgent: bool, calendar: WorkCalendar) -> datetime:
    """When the next level hears, after one has heard now. Quiet hours are the caller's matter."""
    if urgent:
        return add_time(now, timedelta(minutes=URGENT_RESPOND_STEP if responds else 60 * URGENT_RESOLVE_STEP))
    if responds:
        return calendar.add_minutes(now, RESPOND_STEP)
    return calendar.add_days_time(now, RESOLVE_STEP)
