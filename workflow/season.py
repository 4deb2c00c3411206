"""The life of a season of wishes (心愿季) as one readable table, and which wish may be adopted before the launch.

Which wishes belong to a season, and who runs it, are not here.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from workflow.transitions import Edge, Forbidden, index_edges

__all__ = [
    "CURRENT",
    "EVENTS",
    "NOTES",
    "TRANSITIONS",
    "Forbidden",
    "SeasonState",
    "SeasonTransition",
    "check_plan",
    "get_transition",
    "is_closed_to",
]


class SeasonState(StrEnum):
    """Where a season stands."""

    COLLECTING = "collecting"
    LIVE = "live"
    CLOSED = "closed"
    REVIEWED = "reviewed"
    SHOWN = "shown"
    DROPPED = "dropped"


SeasonTransition = Edge[SeasonState]
_DESK = frozenset({"desk"})
_ALL = frozenset({"desk", "adopters"})
_S = SeasonState

TRANSITIONS: tuple[SeasonTransition, ...] = (
    # event, from, to, by, told, why
    Edge("season.launched", _S.COLLECTING, _S.LIVE, "system", _ALL, "the launch hour has come: adopting is open"),
    Edge("season.dropped", _S.COLLECTING, _S.DROPPED, "street", _DESK, "thought better of it before the launch"),
    Edge("season.closed", _S.LIVE, _S.CLOSED, "system", _DESK, "the last day is over: desks look at what is left"),
    Edge("season.reviewed", _S.CLOSED, _S.REVIEWED, "desk", _DESK, "every wish that was left has been looked at"),
    Edge("season.shown", _S.REVIEWED, _S.SHOWN, "street", _ALL, "the report is public"),
)
NOTES = frozenset({"season.opened", "season.moved"})
"""Events that move nothing: the season began, or its hours were changed."""
EVENTS = frozenset(edge.event for edge in TRANSITIONS) | NOTES
CURRENT = frozenset({_S.COLLECTING, _S.LIVE, _S.CLOSED, _S.REVIEWED})
"""At most one season is in one of these."""
_BY_PAIR = index_edges(TRANSITIONS)


def get_transition(state: SeasonState, event: str) -> SeasonTransition:
    """The move that this event makes from this state; Forbidden when there is none."""
    edge = _BY_PAIR.get((state, event))
    if edge is None:
        raise Forbidden(state, event)
    return edge


def is_closed_to(state: SeasonState, carried: int) -> bool:
    """Whether a wish of this season waits for the launch hour; one left over from an earlier season goes first."""
    return state is SeasonState.COLLECTING and carried == 0


def check_plan(now: datetime, launch_at: datetime, closes_at: datetime) -> str:
    """What is wrong with the hours of a season: "past", "order" or ""."""
    if launch_at <= now:
        return "past"
    return "order" if closes_at <= launch_at else ""
