"""Which offer fits which need, and why; and for a whole season who should get what, solved as one.

Values only: who is asked, and what is booked, is decided elsewhere. A match says its reasons, so that a person can judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from workflow.calendar import require_aware


class Need(NamedTuple):
    """A wish or a request. `parts` is how many helpers it still takes; `since` when it began to wait."""

    id: int
    theme: str
    skills: frozenset[str]
    community: str
    grid: str
    since: datetime
    due_at: datetime | None = None
    parts: int = 1


class Offer(NamedTuple):
    """A resource. `left` is how often it can still be given, None for any number; `free_at` its free moments, if it has a calendar."""

    id: int
    owner_id: int
    theme: str
    skills: frozenset[str]
    community: str
    grid: str
    left: int | None = None
    has_calendar: bool = False
    free_at: tuple[datetime, ...] = ()
    done: int = 0  # wishes that its owner has fulfilled


class Match(NamedTuple):
    """One offer for one need: how well it fits, and the reasons, weightiest first."""

    need: int
    offer: int
    score: float
    reasons: tuple[tuple[str, float], ...]


KIND, SKILL, MOST_SKILLS = 4.0, 3.0, 6.0
SAME_GRID, SAME_COMMUNITY, ANYWHERE = 3.0, 2.0, 0.5
IN_TIME = 1.5
PROVEN, MOST_PROVEN = 0.25, 1.0
"""For each wish that the owner has fulfilled, up to a limit: newcomers are wanted, too."""
WAITED, MOST_WAITED = 0.3, 6.0
"""For each day that a need has waited, up to twenty days: the longest waiting come first among equals."""
MATCHED = 1_000.0
"""In a whole season one more need that is met outweighs every nicety of fit."""
FAIR = 1.0
"""For each day of waiting when all needs compete at once: who is met is decided by waiting, with what, by fit."""
MOST_COPIES = 200


def find_match(need: Need, offer: Offer, now: datetime) -> Match | None:
    """How an offer fits a need; None when it does not: another kind, another community, nothing left, not in time."""
    shared = need.skills & offer.skills
    if offer.theme != need.theme and not shared:
        return None
    if offer.community and need.community and offer.community != need.community:
        return None
    if offer.left is not None and offer.left <= 0:
        return None
    if offer.has_calendar and not _in_time(need, offer, now):
        return None
    reasons = [("kind", KIND)] if offer.theme == need.theme else []
    if shared:
        reasons.append(("skill", min(MOST_SKILLS, SKILL * len(shared))))
    reasons.append(_place(need, offer))
    if offer.has_calendar:
        reasons.append(("time", IN_TIME))
    if offer.done:
        reasons.append(("proven", min(MOST_PROVEN, PROVEN * offer.done)))
    days = max(0.0, (require_aware(now) - require_aware(need.since)) / timedelta(days=1))
    if days >= 1:
        reasons.append(("waited", min(MOST_WAITED, WAITED * days)))
    reasons.sort(key=lambda reason: -reason[1])
    return Match(need.id, offer.id, round(sum(value for _, value in reasons), 4), tuple(reasons))


def _in_time(need: Need, offer: Offer, now: datetime) -> bool:
    return any(at > now and (need.due_at is None or at <= need.due_at) for at in offer.free_at)


def _place(need: Need, offer: Offer) -> tuple[str, float]:
    if offer.grid and offer.grid == need.grid:
        return "grid", SAME_GRID
    if offer.community and offer.community == need.community:
        return "community", SAME_COMMUNITY
    return "street", ANYWHERE


def offers_for(need: Need, offers: Sequence[Offer], now: datetime, limit: int = 5) -> list[Match]:
    """The offers that fit a need, best first."""
    found = [m for offer in offers if (m := find_match(need, offer, now)) is not None]
    return sorted(found, key=lambda m: (-m.score, m.offer))[:limit]


def needs_for(offer: Offer, needs: Sequence[Need], now: datetime, limit: int = 5) -> list[Match]:
    """The needs that an offer fits, best first; of equals the one that has waited longest."""
    since = {need.id: need.since for need in needs}
    found = [m for need in needs if (m := find_match(need, offer, now)) is not None]
    return sorted(found, key=lambda m: (-m.score, since[m.need], m.need))[:limit]


def assign(needs: Sequence[Need], offers: Sequence[Offer], now: datetime) -> list[Match]:
    """For all needs together: as many met as can be, of those the longest waiting, with what fits best.

    No offer is given too often. The days of waiting are far below MATCHED, so that nobody is met at the cost of two.
    Each need gets at most one offer here; a need with several parts is listed once.
    """
    copies = [index for index, offer in enumerate(offers) for _ in range(_copies(offer, len(needs)))]
    if not needs or not copies:
        return []
    found: dict[tuple[int, int], Match] = {}
    gain = np.zeros((len(needs), len(offers)))
    for row, need in enumerate(needs):
        fairness = FAIR * max(0.0, (require_aware(now) - require_aware(need.since)) / timedelta(days=1))
        for column, offer in enumerate(offers):
            match = find_match(need, offer, now)
            if match is not None:
                found[row, column] = match
                gain[row, column] = MATCHED + match.score + fairness
    rows, columns = linear_sum_assignment(gain[:, copies], maximize=True)
    pairs = ((int(row), copies[int(column)]) for row, column in zip(rows, columns, strict=True))
    return sorted((found[pair] for pair in pairs if pair in found), key=lambda m: (-m.score, m.need))


def _copies(offer: Offer, most: int) -> int:
    """How often an offer can be given out in one round."""
    left = most if offer.left is None else min(offer.left, most)
    return min(left, len(offer.free_at), MOST_COPIES) if offer.has_calendar else min(left, MOST_COPIES)


def assign_greedily(needs: Sequence[Need], offers: Sequence[Offer], now: datetime) -> list[Match]:
    """The longest waiting need takes what fits it best, then the next: what a desk would do by hand, to compare with."""
    left: Mapping[int, list[int]] = {offer.id: [_copies(offer, len(needs))] for offer in offers}
    result = []
    for need in sorted(needs, key=lambda n: (n.since, n.id)):
        for match in offers_for(need, offers, now, limit=len(offers)):
            if left[match.offer][0] > 0:
                left[match.offer][0] -= 1
                result.append(match)
                break
    return result
