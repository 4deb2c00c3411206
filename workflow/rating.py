"""Asking for the rating, and what follows from the answer. Who may answer and where it is kept is not here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from workflow.calendar import require_aware
from workflow.clock import NIGHT, quiet_shift

ASK_AFTER = timedelta(hours=2)
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=72))
"""After the question was asked."""
CLOSE_AFTER = timedelta(days=7)
"""After the resolution."""
REOPEN_FOR = timedelta(days=7)
"""How long the reporter may reopen, after the resolution or the closing."""
LOW_STARS = 2
"""So many stars or fewer are put right."""
MAX_STARS = 5


class Schedule(NamedTuple):
    """The spans of a follow-up. A deployment may choose others; the defaults are those of the rules."""

    ask_after: timedelta = ASK_AFTER
    remind_after: tuple[timedelta, ...] = REMIND_AFTER
    close_after: timedelta = CLOSE_AFTER


class RatingPlan(NamedTuple):
    """When the reporter is asked, reminded, and when the record closes without an answer. No moment is at night."""

    ask_at: datetime
    remind_at: tuple[datetime, ...]
    close_at: datetime


class Solved(StrEnum):
    """The answer to "is it solved?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


_BADNESS = (Solved.YES, Solved.PARTLY, Solved.NO)


class Answer(NamedTuple):
    """What one person said of one result. `stars` is 1 to 5, or None while the second question is unanswered."""

    solved: Solved
    stars: int | None


class Verdict(NamedTuple):
    """What follows from a rating. `to` is who handles it next, and means something only when `reopen`.

    `why` is one of: satisfied, partly_solved, unsolved, low_stars.
    """

    reopen: bool
    revisit: bool
    to: Literal["same", "desk", "street"]
    why: str


def plan(
    resolved_at: datetime, tz: str, quiet: tuple[time, time] = NIGHT, schedule: Schedule | None = None
) -> RatingPlan:
    """Ask after 2 h, remind 24 h and 72 h after asking, close on day 7 after the resolution.

    What falls into the quiet hours waits for their end, the closing too, because the reporter is told of it.
    """
    spans = schedule or Schedule()
    ask_at = quiet_shift(resolved_at + spans.ask_after, tz, False, quiet)
    remind_at = tuple(quiet_shift(ask_at + after, tz, False, quiet) for after in spans.remind_after)
    return RatingPlan(ask_at, remind_at, quiet_shift(resolved_at + spans.close_after, tz, False, quiet))


def judge(solved: Solved, stars: int | None, reopened_before: int) -> Verdict:
    """ "No", or one or two stars: visit again and reopen: first in the same queue, then at the desk, then the street.

    `stars` is 1 to 5, or None while the second question is unanswered; anything else is a ValueError.
    """
    if stars is not None and not 1 <= stars <= MAX_STARS:
        raise ValueError(f"stars must be 1 to {MAX_STARS}: {stars}")
    if reopened_before < 0:
        raise ValueError(f"reopened_before must not be negative: {reopened_before}")
    to = _next_handler(reopened_before)
    if solved is Solved.NO:
        return Verdict(True, True, to, "unsolved")
    if stars is not None and stars <= LOW_STARS:
        return Verdict(True, True, to, "low_stars")
    return Verdict(False, False, "same", "partly_solved" if solved is Solved.PARTLY else "satisfied")


def combine(answers: Sequence[Answer]) -> Answer | None:
    """What several people's answers to one result count as: one rating; None for no answer.

    Solved is the worst that anybody said; the stars are the mean of those given, half a star rounded down. So a
    matter of ten people weighs as much as one of one, and nobody's "no" disappears among others' "yes".
    """
    if not answers:
        return None
    stars = [a.stars for a in answers if a.stars is not None]
    mean = (2 * sum(stars) + len(stars) - 1) // (2 * len(stars)) if stars else None
    return Answer(max((a.solved for a in answers), key=_BADNESS.index), mean)


def may_reopen(ended_at: datetime, now: datetime) -> bool:
    """Whether what ended (resolved or closed) at `ended_at` may still be reopened: up to and including REOPEN_FOR."""
    return require_aware(now) - require_aware(ended_at) <= REOPEN_FOR


def _next_handler(reopened_before: int) -> Literal["same", "desk", "street"]:
    if reopened_before == 0:
        return "same"
    return "desk" if reopened_before == 1 else "street"
