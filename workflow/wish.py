"""The life of a wish (微心愿) as one readable table, and the rule for an adopter who falls silent.

The wall, the seasons and what may be shown there are not here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from workflow.calendar import require_aware
from workflow.transitions import Edge, Forbidden, index_edges

__all__ = [
    "ACTORS",
    "EVENTS",
    "HELD",
    "NOTES",
    "OPEN",
    "PARTIES",
    "TERMINAL",
    "TRANSITIONS",
    "Forbidden",
    "SilenceSchedule",
    "WishState",
    "WishTransition",
    "allowed",
    "find_transition",
    "get_transition",
    "silence_schedule",
]


class WishState(StrEnum):
    """Where a wish stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    ADOPTED = "adopted"
    FULFILLING = "fulfilling"
    FULFILLED = "fulfilled"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TURNED = "turned"


WishTransition = Edge[WishState]

ACTORS = frozenset({"wisher", "adopter", "desk", "system"})
PARTIES = frozenset({"wisher", "adopter", "desk"})

_WISHER = frozenset({"wisher"})
_WISHER_ADOPTER = frozenset({"wisher", "adopter"})
_WISHER_DESK = frozenset({"wisher", "desk"})
_ADOPTER_DESK = frozenset({"adopter", "desk"})

_DRAFT, _SENT, _WALL = WishState.DRAFT, WishState.SUBMITTED, WishState.PUBLISHED
_TAKEN, _DOING, _DONE = WishState.ADOPTED, WishState.FULFILLING, WishState.FULFILLED
_CLOSED, _NO, _BACK, _OVER = WishState.CLOSED, WishState.DECLINED, WishState.WITHDRAWN, WishState.EXPIRED
_TURNED = WishState.TURNED

TRANSITIONS: tuple[WishTransition, ...] = (
    # event, from, to, by, told, why
    Edge("wish.submitted", _DRAFT, _SENT, "wisher", _WISHER_DESK, "the wisher confirmed the words"),
    Edge("wish.withdrawn", _DRAFT, _BACK, "wisher", _WISHER, "thought better of it"),
    Edge("wish.published", _SENT, _WALL, "desk", _WISHER, "the desk checked it: no name, phone or room on the wall"),
    Edge("wish.declined", _SENT, _NO, "desk", _WISHER, "neighbours cannot fulfil it: a kind reason is told"),
    Edge("wish.withdrawn", _SENT, _BACK, "wisher", _WISHER_DESK, "taken back before the check"),
    Edge("wish.turned", _SENT, _TURNED, "desk", _WISHER, "a matter for the grid: it goes on as a request"),
    Edge("wish.joined", _WALL, _WALL, "adopter", _WISHER_DESK, "one of several has taken a share"),
    Edge("wish.left", _WALL, _WALL, "adopter", _WISHER_DESK, "a share is given back before all were taken"),
    Edge("wish.turned", _WALL, _TURNED, "desk", _WISHER, "a matter for the grid: it goes on as a request"),
    Edge("wish.adopted", _WALL, _TAKEN, "adopter", PARTIES, "somebody promised to fulfil it"),
    Edge("wish.declined", _WALL, _NO, "desk", _WISHER, "taken off the wall: a kind reason is told"),
    Edge("wish.withdrawn", _WALL, _BACK, "wisher", _WISHER_DESK, "no longer wished for"),
    Edge("wish.expired", _WALL, _OVER, "desk", _WISHER, "the season is over and the community has looked at it"),
    Edge("wish.progressed", _TAKEN, _DOING, "adopter", _WISHER, "a sign of life from the adopter"),
    Edge("wish.fulfilled", _TAKEN, _DONE, "adopter", _WISHER_DESK, "fulfilled at once"),
    Edge("wish.given_up", _TAKEN, _WALL, "adopter", _WISHER_DESK, "the adopter cannot: back to the wall"),
    Edge("wish.left", _TAKEN, _WALL, "adopter", PARTIES, "one of several cannot: their share is free again"),
    Edge("wish.handed", _TAKEN, _TAKEN, "adopter", PARTIES, "somebody else goes on with it"),
    Edge("wish.lapsed", _TAKEN, _WALL, "system", PARTIES, "no sign of life for seven days: back to the wall"),
    Edge("wish.withdrawn", _TAKEN, _BACK, "wisher", PARTIES, "the adopter must not go on in vain"),
    Edge("wish.progressed", _DOING, _DOING, "adopter", _WISHER, "another sign of life"),
    Edge("wish.fulfilled", _DOING, _DONE, "adopter", _WISHER_DESK, "the adopter reported it, with a photo if any"),
    Edge("wish.given_up", _DOING, _WALL, "adopter", _WISHER_DESK, "the adopter cannot: back to the wall"),
    Edge("wish.left", _DOING, _WALL, "adopter", PARTIES, "one of several cannot: their share is free again"),
    Edge("wish.handed", _DOING, _DOING, "adopter", PARTIES, "somebody else goes on with it"),
    Edge("wish.lapsed", _DOING, _WALL, "system", PARTIES, "no sign of life for seven days: back to the wall"),
    Edge("wish.withdrawn", _DOING, _BACK, "wisher", PARTIES, "the adopter must not go on in vain"),
    Edge("wish.thanked", _DONE, _CLOSED, "wisher", _ADOPTER_DESK, "the wisher received it and says thanks"),
    Edge("wish.unconfirmed", _DONE, _CLOSED, "system", _WISHER_ADOPTER, "no word from the wisher in time"),
    Edge("wish.disputed", _DONE, _DOING, "wisher", _ADOPTER_DESK, "the wisher says that nothing arrived"),
)

NOTES: frozenset[str] = frozenset(
    {
        "wish.drafted",
        "wish.reminded",
        "wish.reworded",
        "wish.disclosed",
        "wish.relayed",
        "wish.carried",
        "wish.arranged",
        "wish.kept",
        "wish.waited",
        "wish.offered",
        "wish.proposed",
        "wish.overdue",
        "wish.pictured",
        "wish.praised",
    }
)
"""Events that are written down and move nothing. `wish.drafted` is the record's first."""

EVENTS: frozenset[str] = frozenset(edge.event for edge in TRANSITIONS) | NOTES

TERMINAL: frozenset[WishState] = frozenset({_CLOSED, _NO, _BACK, _OVER, _TURNED})
"""Nothing leads out of these."""

OPEN: frozenset[WishState] = frozenset(WishState) - TERMINAL
"""Somebody still has something to do."""

HELD: frozenset[WishState] = frozenset({_TAKEN, _DOING})
"""An adopter owes signs of life: the silence rule runs."""

_BY_PAIR = index_edges(TRANSITIONS)


def find_transition(state: WishState, event: str) -> WishTransition | None:
    """The move that this event makes from this state, or None when there is none."""
    return _BY_PAIR.get((state, event))


def get_transition(state: WishState, event: str) -> WishTransition:
    """The move that this event makes from this state; Forbidden when there is none."""
    transition = find_transition(state, event)
    if transition is None:
        raise Forbidden(state, event)
    return transition


def allowed(state: WishState) -> tuple[str, ...]:
    """The events that may move a wish out of (or within) this state, in the order of the table."""
    return tuple(edge.event for edge in TRANSITIONS if edge.origin == state)


class SilenceSchedule(NamedTuple):
    """When a silent adopter is reminded, and when the wish goes back to the wall."""

    remind_at: tuple[datetime, datetime]
    lapse_at: datetime


def silence_schedule(last_sign_at: datetime) -> SilenceSchedule:
    """Reminders on days 3 and 5, lapse on day 7, counted from the adoption or the adopter's last sign of life."""
    require_aware(last_sign_at)
    remind = (last_sign_at + timedelta(days=3), last_sign_at + timedelta(days=5))
    return SilenceSchedule(remind, last_sign_at + timedelta(days=7))
