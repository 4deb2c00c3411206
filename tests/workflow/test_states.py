"""Every (state, event) pair of a request: the allowed ones written out by hand, all others forbidden."""

from itertools import product

import pytest

from workflow.states import (
    ACTORS,
    AWAITING_CLAIM,
    EVENTS,
    MERGEABLE,
    NOTES,
    OPEN,
    PARTIES,
    REOPENABLE,
    SETTLED,
    TERMINAL,
    TRANSITIONS,
    Forbidden,
    State,
    allowed,
    find_transition,
    get_transition,
)  # fmt: skip
from workflow.transitions import Edge, index_edges

EXPECTED = {
    ("received", "request.queued"): "queued",
    ("received", "request.merged"): "merged",
    ("received", "request.withdrawn"): "withdrawn",
    ("received", "request.refused"): "refused",
    ("queued", "request.claimed"): "claimed",
    ("queued", "request.returned"): "queued",
    ("queued", "request.rerouted"): "queued",
    ("queued", "request.whistled"): "joint",
    ("queued", "request.merged"): "merged",
    ("queued", "request.withdrawn"): "withdrawn",
    ("queued", "request.refused"): "refused",
    ("claimed", "request.released"): "queued",
    ("claimed", "request.transferred"): "claimed",
    ("claimed", "request.returned"): "queued",
    ("claimed", "request.rerouted"): "queued",
    ("claimed", "request.whistled"): "joint",
    ("claimed", "request.resolved"): "resolved",
    ("claimed", "request.withdrawn"): "withdrawn",
    ("claimed", "request.refused"): "refused",
    ("claimed", "request.merged"): "merged",
    ("merged", "request.unmerged"): "queued",
    ("joint", "request.checked_in"): "joint",
    ("joint", "request.called_off"): "queued",
    ("joint", "request.resolved"): "resolved",
    ("refused", "request.readmitted"): "queued",
    ("resolved", "request.rated"): "closed",
    ("resolved", "request.expired"): "closed",
    ("resolved", "request.reopened"): "queued",
    ("closed", "request.reopened"): "queued",
}
PAIRS = list(product(State, sorted(EVENTS)))


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_is_allowed_or_forbidden_as_written(state: State, event: str) -> None:
    target = EXPECTED.get((state.value, event))
    if target is None:
        assert find_transition(state, event) is None
        with pytest.raises(Forbidden) as caught:
            get_transition(state, event)
        assert (caught.value.state, caught.value.event) == (state, event)
    else:
        assert get_transition(state, event).target == State(target)


def test_the_table_holds_nothing_beyond_the_expected_pairs() -> None:
    assert {(edge.origin.value, edge.event): edge.target.value for edge in TRANSITIONS} == EXPECTED


def test_every_move_names_a_known_actor_somebody_to_tell_and_a_reason() -> None:
    for edge in TRANSITIONS:
        assert edge.actor in ACTORS
        assert edge.tells
        assert edge.tells <= PARTIES
        assert edge.why


def test_the_reporter_is_told_of_every_move_except_the_own_rating() -> None:
    assert {edge.event for edge in TRANSITIONS if "reporter" not in edge.tells} == {"request.rated"}


def test_a_claimer_is_told_when_somebody_else_takes_the_work_away() -> None:
    others = [edge for edge in TRANSITIONS if edge.origin is State.CLAIMED and edge.actor != "worker"]
    assert others
    assert all("claimer" in edge.tells for edge in others)


def test_nothing_leads_out_of_terminal_states_and_something_out_of_all_others() -> None:
    for state in State:
        assert bool(allowed(state)) is (state not in TERMINAL)


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    reached = {State.RECEIVED}
    for _ in State:
        reached |= {edge.target for edge in TRANSITIONS if edge.origin in reached}
    assert reached == set(State)
    ends = set(SETTLED)
    for _ in State:
        ends |= {edge.origin for edge in TRANSITIONS if edge.target in ends}
    assert ends == set(State)


def test_named_sets_divide_the_states() -> None:
    assert OPEN | {State.RESOLVED} | SETTLED == set(State)
    assert OPEN.isdisjoint(SETTLED)
    assert AWAITING_CLAIM < OPEN
    assert {state for state in State if "request.reopened" in allowed(state)} == REOPENABLE
    assert {state for state in State if "request.merged" in allowed(state)} == MERGEABLE | {State.RECEIVED}


def test_notes_move_nothing() -> None:
    assert NOTES.isdisjoint(edge.event for edge in TRANSITIONS)


def test_a_pair_listed_twice_is_refused() -> None:
    edge = Edge("request.x", State.QUEUED, State.CLAIMED, "worker", frozenset({"reporter"}), "why")
    with pytest.raises(ValueError, match="listed twice"):
        index_edges((edge, edge._replace(target=State.CLOSED)))
