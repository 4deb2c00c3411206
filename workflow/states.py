"""The life of a request as one readable table: states, events, who may cause them and who is told.

Which person holds which right in which queue is not here: see rights.py. When things are due: see clock.py.
"""

from __future__ import annotations

from enum import StrEnum

from workflow.transitions import Edge, Forbidden, index_edges

__all__ = [
    "ACTORS",
    "AWAITING_CLAIM",
    "EVENTS",
    "MERGEABLE",
    "NOTES",
    "OPEN",
    "PARTIES",
    "REOPENABLE",
    "SETTLED",
    "TERMINAL",
    "TRANSITIONS",
    "Forbidden",
    "State",
    "Transition",
    "allowed",
    "find_transition",
    "get_transition",
]


class State(StrEnum):
    """Where a request stands. A record is in exactly one of these, and moves only along TRANSITIONS."""

    RECEIVED = "received"
    QUEUED = "queued"
    CLAIMED = "claimed"
    JOINT = "joint"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


Transition = Edge[State]

ACTORS = frozenset({"reporter", "worker", "desk", "street", "system"})
PARTIES = frozenset({"reporter", "claimer", "queue", "desk"})
"""Who can be told. `queue`: the group of the queue that holds it after the move; `claimer`: who held or holds it."""

_REPORTER = frozenset({"reporter"})
_REPORTER_QUEUE = frozenset({"reporter", "queue"})
_REPORTER_DESK = frozenset({"reporter", "desk"})
_REPORTER_CLAIMER = frozenset({"reporter", "claimer"})
_CLAIMER_QUEUE = frozenset({"claimer", "queue"})
_ALL_BUT_DESK = frozenset({"reporter", "claimer", "queue"})

_R, _Q, _C, _J = State.RECEIVED, State.QUEUED, State.CLAIMED, State.JOINT
_DONE, _END = State.RESOLVED, State.CLOSED
_NO, _BACK, _SAME = State.REFUSED, State.WITHDRAWN, State.MERGED

TRANSITIONS: tuple[Transition, ...] = (
    # event, from, to, by, told, why
    Edge("request.queued", _R, _Q, "system", _REPORTER_QUEUE, "routed: one queue is responsible from now on"),
    Edge("request.merged", _R, _SAME, "system", _REPORTER, "the same matter is open already: follow that record"),
    Edge("request.withdrawn", _R, _BACK, "reporter", _REPORTER, "taken back before dispatch"),
    Edge("request.refused", _R, _NO, "desk", _REPORTER, "not a matter for this street: the reason is told"),
    Edge("request.claimed", _Q, _C, "worker", _REPORTER_QUEUE, "one worker answers for it: the response clock stops"),
    Edge("request.returned", _Q, _Q, "worker", _REPORTER_DESK, "not for this queue: the desk decides where it goes"),
    Edge("request.rerouted", _Q, _Q, "desk", _REPORTER_QUEUE, "another queue is responsible, by its own time limits"),
    Edge("request.whistled", _Q, _J, "street", _REPORTER_QUEUE, "no single unit can solve it: one lead and helpers"),
    Edge("request.merged", _Q, _SAME, "desk", _REPORTER_QUEUE, "found to be the same matter as an open record"),
    Edge("request.withdrawn", _Q, _BACK, "reporter", _REPORTER_QUEUE, "taken back before anybody started"),
    Edge("request.refused", _Q, _NO, "desk", _REPORTER_QUEUE, "may not be handled: the reason is told"),
    Edge("request.released", _C, _Q, "worker", _REPORTER_QUEUE, "the worker cannot go on: the queue holds it again"),
    Edge("request.transferred", _C, _C, "worker", _REPORTER_CLAIMER, "handed to a colleague, who answers for it now"),
    Edge("request.returned", _C, _Q, "worker", _REPORTER_DESK, "on the spot it proved not to be for this queue"),
    Edge("request.rerouted", _C, _Q, "desk", _ALL_BUT_DESK, "another queue is responsible: the claim ends"),
    Edge("request.whistled", _C, _J, "street", _ALL_BUT_DESK, "the claimer cannot solve it alone"),
    Edge("request.resolved", _C, _DONE, "worker", _REPORTER_QUEUE, "the handler reported the result"),
    Edge("request.withdrawn", _C, _BACK, "reporter", _ALL_BUT_DESK, "the worker must not go in vain"),
    Edge("request.refused", _C, _NO, "desk", _ALL_BUT_DESK, "may not be handled: the reason is told"),
    Edge("request.merged", _C, _SAME, "desk", _ALL_BUT_DESK, "the same matter is in other hands: nobody goes twice"),
    Edge("request.unmerged", _SAME, _Q, "desk", _REPORTER_QUEUE, "another matter after all: its own clocks run again"),
    Edge("request.checked_in", _J, _J, "worker", _REPORTER_QUEUE, "a whistled unit is there: the lead's person has it"),
    Edge(
        "request.called_off", _J, _Q, "street", _REPORTER_QUEUE, "the whistle is not needed any more: one queue again"
    ),
    Edge("request.resolved", _J, _DONE, "worker", _ALL_BUT_DESK, "the lead reported the joint result"),
    Edge("request.rated", _DONE, _END, "reporter", _CLAIMER_QUEUE, "the reporter says it is solved"),
    Edge("request.expired", _DONE, _END, "system", _REPORTER, "no answer after the reminders: closed, not satisfied"),
    Edge("request.readmitted", _NO, _Q, "desk", _REPORTER_QUEUE, "the reporter appealed, and the desk agreed"),
    Edge("request.reopened", _DONE, _Q, "reporter", PARTIES, "the reporter says it is not solved"),
    Edge("request.reopened", _END, _Q, "reporter", PARTIES, "it came back within the days the reporter has"),
)

NOTES: frozenset[str] = frozenset(
    {
        "request.received",
        "request.echoed",
        "request.echo_removed",
        "request.supplemented",
        "request.noted",
        "request.urged",
        "request.disclosed",
        "request.supervised",
        "request.located",
        "request.reminded",
        "request.rating_asked",
        "request.callback_wanted",
        "request.call_asked",
        "request.unreachable",
        "request.linked",
        "request.classified",
        "request.place_asked",
        "request.answered",
        "request.rated_low",
        "request.rated_along",
        "request.joined",
        "request.left",
        "request.handed_on",
        "request.likened",
        "request.told_apart",
        "request.crowded",
        "request.carried",
        "request.escalated",
        "request.unheard",
        "request.stage_reached",
        "request.paused",
        "request.resumed",
        "request.parked",
        "request.extension_asked",
        "request.extension_granted",
        "request.extension_declined",
        "request.disputed",
        "request.ruled",
        "request.demanded",
        "request.replied",
        "request.appealed",
        "request.appeal_declined",
        "request.petition_late",
        "request.part_answered",
        "request.part_late",
        "request.part_reported",
        "request.part_waived",
        "request.assessed",
    }
)
"""Events that are written down and move nothing. `request.received` is the record's first."""

EVENTS: frozenset[str] = frozenset(edge.event for edge in TRANSITIONS) | NOTES

TERMINAL: frozenset[State] = frozenset({_BACK})
"""Nothing leads out of these."""

OPEN: frozenset[State] = frozenset({_R, _Q, _C, _J})
"""Somebody still owes work: the resolution clock runs in these and in no other state."""

AWAITING_CLAIM: frozenset[State] = frozenset({_R, _Q})
"""No person has taken it yet: the response clock runs, if it has never been claimed."""

SETTLED: frozenset[State] = TERMINAL | {_NO, _END, _SAME}
"""Nothing is expected from anybody: every timer of the record is void. A merged one follows its parent."""

MERGEABLE: frozenset[State] = frozenset({_Q, _C})
"""A desk may find that these are the same matter as an open record."""

REOPENABLE: frozenset[State] = frozenset({_DONE, _END})
"""The reporter may say that it is not solved (closed: within the days of rating.REOPEN_FOR)."""

_BY_PAIR = index_edges(TRANSITIONS)


def find_transition(state: State, event: str) -> Transition | None:
    """The move that this event makes from this state, or None when there is none."""
    return _BY_PAIR.get((state, event))


def get_transition(state: State, event: str) -> Transition:
    """The move that this event makes from this state; Forbidden when there is none."""
    transition = find_transition(state, event)
    if transition is None:
        raise Forbidden(state, event)
    return transition


def allowed(state: State) -> tuple[str, ...]:
    """The events that may move a record out of (or within) this state, in the order of the table."""
    return tuple(edge.event for edge in TRANSITIONS if edge.origin == state)
