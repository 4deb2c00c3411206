"""The board: who has a place, in which order, and when a difference is more than chance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workflow.indicators import Counts, Weights, composite, total
from workflow.ranking import LEAST_DUE, LEAST_RATED, rank

WEIGHTS = Weights()


def counts(due: int, rated: int, share: float) -> Counts:
    """So many records of which this share went well in every respect."""
    good, happy = round(due * share), round(rated * share)
    return Counts(
        received=due, due_for_response=due, responded_in_time=good, rated=rated, solved=happy, five_stars=happy
    )


def test_few_records_have_no_place() -> None:
    scopes = {
        "many": counts(LEAST_DUE, LEAST_RATED, 0.5),
        "unrated": counts(LEAST_DUE, LEAST_RATED - 1, 1.0),
        "few": counts(LEAST_DUE - 1, LEAST_RATED, 1.0),
        "none": Counts(received=1),
    }
    found = rank(scopes, total(scopes.values()), WEIGHTS)
    assert [(one.key, one.place) for one in found] == [("many", 1), ("unrated", None), ("few", None), ("none", None)]
    assert all(one.score is one.low is one.high is None and not one.colour for one in found[1:])


def test_red_and_black_are_surely_so() -> None:
    scopes = {"good": counts(400, 300, 0.95), "poor": counts(400, 300, 0.55), "small": counts(20, 10, 0.8)}
    found = {one.key: one for one in rank(scopes, total(scopes.values()), WEIGHTS)}
    assert [found[key].colour for key in ("good", "small", "poor")] == ["red", "", "black"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=12))
def test_places_follow_the_scores(rows: list[tuple[int, int, float]]) -> None:
    scopes = {str(n): counts(due, min(due, rated), share) for n, (due, rated, share) in enumerate(rows)}
    found = rank(scopes, total(scopes.values()), WEIGHTS)
    assert {one.key for one in found} == set(scopes)
    ranked = [one for one in found if one.place is not None]
    assert found[: len(ranked)] == ranked
    scores = [composite(scopes[one.key], WEIGHTS).value for one in ranked]
    assert scores == sorted(scores, key=lambda value: -(value or 0))
    for one, score in zip(ranked, scores, strict=True):
        assert score is not None
        assert one.place == 1 + sum(other > score for other in scores if other is not None)
        assert one.low is not None
        assert one.high is not None
        assert 0 <= one.low <= score <= one.high <= 1
