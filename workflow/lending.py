"""The rules of lending: for how long, when a reminder is due, how many things one person may have, whether a place is open.

What is where, and who has it, is in storage; nothing here knows the time by itself.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

MOST_IN_HAND = 3
"""Things one person may have at the same time."""
LONGEST = timedelta(days=90)
SHORTEST = timedelta(hours=1)
AT_THE_PLACE = timedelta(minutes=30)
"""So long after scanning the code somebody counts as being at the place."""
EXTENSIONS = 1
"""How often a loan goes on for the same time once more."""
LATE = (timedelta(hours=2), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""When whoever forgot is asked, counted from the moment it was due; with the last one the keeper hears of it too."""
_DAY = timedelta(days=1)
_TIMES = re.compile(r"(\d{1,2})[:：](\d{2})\s*(?:[-–—~～]|到|至)\s*(\d{1,2})[:：](\d{2})")
_ALWAYS = re.compile(r"24\s*小时|全天")


def remind_before(taken_at: datetime, due_at: datetime) -> datetime | None:
    """When to say that the time is nearly up: a day before, or in the last quarter of a short loan.

    None when there is nothing left to remind of.
    """
    span = due_at - taken_at
    if span < SHORTEST:
        return None
    return due_at - (_DAY if span >= 2 * _DAY else span / 4)


def next_late(due_at: datetime, now: datetime) -> tuple[int, datetime] | None:
    """The next reminder after the time is up: (which one, counted from 0, and when); None after the last."""
    for step, after in enumerate(LATE):
        if due_at + after > now:
            return step, due_at + after
    return None


def may_extend(extended: int, due_at: datetime, now: datetime) -> bool:
    """Whether a loan may go on: once, and not when it is a week late."""
    return extended < EXTENSIONS and now < due_at + LATE[-1]


def is_open(hours: str, local: datetime) -> bool | None:
    """Whether a place with these hours is open at this local time; None where the words do not say it.

    Reads "8:00-18:00", several of them, hours that go past midnight, and "24小时". Days of the week are not read: words
    that name any leave the question open.
    """
    if _ALWAYS.search(hours):
        return True
    spans = _TIMES.findall(hours)
    if not spans or re.search(r"周|星期|礼拜|工作日|节假日", hours):
        return None
    return any(_within(span, local.time()) for span in spans)


def _within(span: tuple[str, str, str, str], at: time) -> bool:
    start, end = int(span[0]) * 60 + int(span[1]), int(span[2]) * 60 + int(span[3])
    minute = at.hour * 60 + at.minute
    return start <= minute < end if start <= end else minute >= start or minute < end
