"""Every (state, event) pair of a wish, and the rule for silent adopters."""

from datetime import UTC, datetime
from itertools import product

import pytest

from workflow.wish import (
    ACTORS,
    EVENTS,
    HELD,
    NOTES,
    OPEN,
    PARTIES,
    TERMINAL,
    TRANSITIONS,
    Forbidden,
    WishState,
    allowed,
    find_transition,
    get_transition,
    silence_schedule,
)  # fmt: skip

EXPECTED = {
    ("draft", "wish.submitted"): "submitted",
    ("draft", "wish.withdrawn"): "withdrawn",
    ("submitted", "wish.published"): "published",
    ("submitted", "wish.declined"): "declined",
    ("submitted", "wish.withdrawn"): "withdrawn",
    ("submitted", "wish.turned"): "turned",
    ("published", "wish.turned"): "turned",
    ("published", "wish.joined"): "published",
    ("published", "wish.left"): "published",
    ("adopted", "wish.left"): "published",
    ("adopted", "wish.handed"): "adopted",
    ("fulfilling", "wish.left"): "published",
    ("fulfilling", "wish.handed"): "fulfilling",
    ("published", "wish.adopted"): "adopted",
    ("published", "wish.declined"): "declined",
    ("published", "wish.withdrawn"): "withdrawn",
    ("published", "wish.expired"): "expired",
    ("adopted", "wish.progressed"): "fulfilling",
    ("adopted", "wish.fulfilled"): "fulfilled",
    ("adopted", "wish.given_up"): "published",
    ("adopted", "wish.lapsed"): "published",
    ("adopted", "wish.withdrawn"): "withdrawn",
    ("fulfilling", "wish.progressed"): "fulfilling",
    ("fulfilling", "wish.fulfilled"): "fulfilled",
    ("fulfilling", "wish.given_up"): "published",
    ("fulfilling", "wish.lapsed"): "published",
    ("fulfilling", "wish.withdrawn"): "withdrawn",
    ("fulfilled", "wish.thanked"): "closed",
    ("fulfilled", "wish.unconfirmed"): "closed",
    ("fulfilled", "wish.disputed"): "fulfilling",
}


@pytest.mark.parametrize(("state", "event"), list(product(WishState, sorted(EVENTS))))
def test_every_pair_is_allowed_or_forbidden_as_written(state: WishState, event: str) -> None:
    target = EXPECTED.get((state.value, event))
    if target is None:
        assert find_transition(state, event) is None
        with pytest.raises(Forbidden):
            get_transition(state, event)
    else:
        assert get_transition(state, event).target == WishState(target)


def test_the_table_holds_nothing_beyond_the_expected_pairs() -> None:
    assert {(edge.origin.value, edge.event): edge.target.value for edge in TRANSITIONS} == EXPECTED


def test_every_move_names_a_known_actor_somebody_to_tell_and_a_reason() -> None:
    for edge in TRANSITIONS:
        assert edge.actor in ACTORS
        assert edge.tells
        assert edge.tells <= PARTIES
        assert edge.why


def test_a_season_never_ends_a_wish_without_a_person() -> None:
    assert {edge.actor for edge in TRANSITIONS if edge.event == "wish.expired"} == {"desk"}


def test_named_sets() -> None:
    assert {state for state in WishState if not allowed(state)} == TERMINAL
    assert set(WishState) == TERMINAL | OPEN
    assert {state for state in WishState if "wish.lapsed" in allowed(state)} == HELD
    assert NOTES.isdisjoint(edge.event for edge in TRANSITIONS)


def test_a_silent_adopter_is_reminded_on_days_3_and_5_and_lapses_on_day_7() -> None:
    schedule = silence_schedule(datetime(2026, 3, 1, 10, 30, tzinfo=UTC))
    assert [at.day for at in (*schedule.remind_at, schedule.lapse_at)] == [4, 6, 8]
    assert {at.time() for at in (*schedule.remind_at, schedule.lapse_at)} == {datetime(2026, 3, 1, 10, 30).time()}  # noqa: DTZ001


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        silence_schedule(datetime(2026, 3, 1, 10, 30))  # noqa: DTZ001
