"""Matching: reasons, fairness to the longest waiting, nothing given too often; solved as one never worse than by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.matching import Match, Need, Offer, assign, assign_greedily, find_match, needs_for, offers_for
from workflow.season import CURRENT, TRANSITIONS, Forbidden, SeasonState, check_plan, get_transition, is_closed_to
from workflow.wish_rules import needs_pair, rules_for, size_of

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def need(id_: int, theme: str = "repair", *, skills: str = "", grid: str = "g1", days: int = 0, **more: object) -> Need:
    since = NOW - days * DAY
    return Need(id_, theme, frozenset(skills.split()), grid[:1] and "c1", grid, since, **more)  # type: ignore[arg-type]


def offer(id_: int, theme: str = "repair", *, skills: str = "", grid: str = "g1", **more: object) -> Offer:
    return Offer(id_, id_ + 100, theme, frozenset(skills.split()), "c1", grid, **more)  # type: ignore[arg-type]


def test_a_match_says_why() -> None:
    found = find_match(need(1, skills="electric", days=3), offer(2, skills="electric hair", done=2), NOW)
    assert found is not None
    assert [name for name, _ in found.reasons] == ["kind", "skill", "grid", "waited", "proven"]
    assert found.score == pytest.approx(sum(value for _, value in found.reasons))


@pytest.mark.parametrize(
    "other",
    [
        offer(2, "company"),
        offer(2, left=0),
        offer(2, has_calendar=True),
        offer(2, has_calendar=True, free_at=(NOW - DAY,)),
        offer(2)._replace(community="c2"),
    ],
)
def test_what_does_not_fit_is_no_match(other: Offer) -> None:
    assert find_match(need(1), other, NOW) is None


def test_a_moment_after_the_wish_is_due_is_too_late() -> None:
    late = offer(2, has_calendar=True, free_at=(NOW + 3 * DAY,))
    assert find_match(need(1, due_at=NOW + 2 * DAY), late, NOW) is None
    assert find_match(need(1, due_at=NOW + 4 * DAY), late, NOW) is not None


def test_of_equals_the_longest_waiting_is_first() -> None:
    waiting = [need(1, days=0), need(2, days=9), need(3, days=5)]
    assert [m.need for m in needs_for(offer(7), waiting, NOW)] == [2, 3, 1]
    assert [m.need for m in assign(waiting, [offer(7, left=1)], NOW)] == [2]
    assert offers_for(need(1), [offer(5, grid="g2"), offer(6)], NOW)[0].offer == 6


def test_solved_as_one_meets_more_than_one_after_the_other() -> None:
    needs = [need(1, skills="electric", days=2), need(2, "hair")]
    offers = [offer(5, skills="electric hair", left=1), offer(6, left=1, grid="g9")]
    needs[1] = needs[1]._replace(skills=frozenset({"hair"}))
    assert len(assign_greedily(needs, offers, NOW)) == 1
    assert {(m.need, m.offer) for m in assign(needs, offers, NOW)} == {(1, 6), (2, 5)}


THEMES = st.sampled_from(["repair", "company", "goods"])
NEEDS = st.lists(st.tuples(THEMES, st.sampled_from(["g1", "g2"]), st.integers(0, 20)), max_size=12)
OFFERS = st.lists(st.tuples(THEMES, st.sampled_from(["g1", "g2"]), st.integers(0, 3)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(NEEDS, OFFERS)
def test_nothing_is_given_too_often_and_by_hand_is_never_better(
    wanted: list[tuple[str, str, int]], given_: list[tuple[str, str, int]]
) -> None:
    needs = [need(i, theme, grid=grid, days=days) for i, (theme, grid, days) in enumerate(wanted)]
    offers = [offer(i, theme, grid=grid, left=left) for i, (theme, grid, left) in enumerate(given_)]
    found, by_hand = assign(needs, offers, NOW), assign_greedily(needs, offers, NOW)
    for one in (found, by_hand):
        assert len({m.need for m in one}) == len(one)
        for o in offers:
            assert sum(m.offer == o.id for m in one) <= (o.left or 0)
    assert (len(found), worth(needs, found) + 1e-6) >= (len(by_hand), worth(needs, by_hand))


def worth(needs: list[Need], found: list[Match]) -> float:
    """Fit, and the days that those who are met have waited."""
    waited = {n.id: (NOW - n.since) / DAY for n in needs}
    return sum(m.score + waited[m.need] for m in found)


def test_a_season_walks_its_table_and_nothing_else() -> None:
    edges = {(e.origin, e.event): e.target for e in TRANSITIONS}
    events = {e.event for e in TRANSITIONS}
    for state in SeasonState:
        for event in events:
            if (state, event) in edges:
                assert get_transition(state, event).target == edges[state, event]
            else:
                with pytest.raises(Forbidden):
                    get_transition(state, event)
    assert SeasonState.SHOWN not in CURRENT


def test_before_the_launch_only_what_was_left_over_is_open() -> None:
    assert is_closed_to(SeasonState.COLLECTING, 0)
    assert not is_closed_to(SeasonState.COLLECTING, 1)
    assert not is_closed_to(SeasonState.LIVE, 0)
    assert [
        check_plan(NOW, NOW - DAY, NOW),
        check_plan(NOW, NOW + DAY, NOW),
        check_plan(NOW, NOW + DAY, NOW + 2 * DAY),
    ] == [
        "past",
        "order",
        "",
    ]


def test_rules_for_adopters() -> None:
    assert needs_pair("medical", "elder")
    assert needs_pair("learning", "child")
    assert not needs_pair("goods", "child")
    assert rules_for("learning", "child", pairs=True) == ("not_alone", "pairs", "no_cash")
    assert rules_for("goods", "child", pairs=False) == ("no_cash",)
    assert [size_of(None, 1), size_of(200, 1), size_of(0, 5)] == ["small", "medium", "large"]
