"""吹哨报到: kinds of whistles, their limits, and which departments to call, with the reason. Pure.

A whistle has one lead and any number of helpers; each is a part that answers, arrives and reports for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from workflow.calendar import WorkCalendar, add_time

MOST_PARTS = 8
"""Departments under one whistle."""
SUGGESTED = 4


class Kind(StrEnum):
    """Why the whistle is blown (peers.md, 吹哨)."""

    ALONE = "alone"  # cannot be solved alone
    ENFORCEMENT = "enforcement"  # joint enforcement
    EMERGENCY = "emergency"


class Proof(StrEnum):
    """What a check-in must bring."""

    NONE = ""
    PLACE = "place"
    PHOTO = "photo"


CHECK_IN_MINUTES: Mapping[Kind, int] = {Kind.ALONE: 4 * 60, Kind.ENFORCEMENT: 2 * 60, Kind.EMERGENCY: 30}
"""Until when everybody must have checked in: working minutes by the department's calendar, natural in an emergency."""


class Reason(NamedTuple):
    """Why a department is suggested: `own` (the item is its), `helper` (the catalogue names it), `past` with a count."""

    department: str
    why: str
    times: int = 0


def check_in_due(now: datetime, kind: Kind, calendar: WorkCalendar, minutes: int | None = None) -> datetime:
    """Until when a department must have checked in; `minutes` in place of the kind's own limit."""
    limit = CHECK_IN_MINUTES[kind] if minutes is None else minutes
    if limit < 1:
        raise ValueError(f"a check-in limit must be positive: {limit}")
    return add_time(now, timedelta(minutes=limit)) if kind is Kind.EMERGENCY else calendar.add_minutes(now, limit)


def suggest(own: str, helpers: Sequence[str], past: Mapping[str, int]) -> list[Reason]:
    """Departments to call, best first, each once: the item's own, the catalogue's helpers, then who came before."""
    found: dict[str, Reason] = {}
    if own:
        found[own] = Reason(own, "own", past.get(own, 0))
    for helper in helpers:
        found.setdefault(helper, Reason(helper, "helper", past.get(helper, 0)))
    for department, count in sorted(past.items(), key=lambda pair: (-pair[1], pair[0])):
        found.setdefault(department, Reason(department, "past", count))
    return list(found.values())[:SUGGESTED]
