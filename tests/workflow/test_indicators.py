"""The formulas on counts worked out by hand."""

from fractions import Fraction

import pytest

from workflow.indicators import Counts, Weights, composite, indicators, total

COUNTS = Counts(
    received=200, due_for_response=100, responded_in_time=90, due_for_resolution=80, resolved_in_time=60,
    resolved=50, rated=20, solved=12, partly_solved=4, five_stars=8, four_stars=4, three_stars=4,
    reopened=5, escalated=10, merged=2, handling_minutes=(10, 20, 30, 40, 50, 60, 70, 80, 90, 1000),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_rate", Fraction(90, 100)),
        ("resolution_rate", Fraction(14, 20)),
        ("satisfaction_rate", Fraction(14, 20)),
        ("rating_coverage", Fraction(20, 50)),
        ("ontime_rate", Fraction(60, 80)),
        ("reopened_rate", Fraction(5, 50)),
        ("escalated_rate", Fraction(10, 200)),
        ("merged_rate", Fraction(2, 200)),
        ("mean_handling_minutes", Fraction(145)),
        ("p90_handling_minutes", Fraction(90)),
    ],
)
def test_formulas(name: str, value: Fraction) -> None:
    found = {figure.name: figure for figure in indicators(COUNTS)}[name]
    assert found.value == value
    assert found.numerator / found.denominator == value
    assert found.formula


def test_nothing_to_divide_by_is_no_figure_rather_than_zero_or_all() -> None:
    assert {figure.value for figure in indicators(Counts())} == {None}


def test_silence_never_counts_as_satisfied_or_solved() -> None:
    silent = {figure.name: figure.value for figure in indicators(Counts(received=9, resolved=9))}
    assert silent["satisfaction_rate"] is None
    assert silent["resolution_rate"] is None
    assert silent["rating_coverage"] == 0


def test_a_rating_without_stars_lowers_satisfaction() -> None:
    figures = {figure.name: figure.value for figure in indicators(Counts(resolved=2, rated=2, solved=2, five_stars=1))}
    assert figures["satisfaction_rate"] == Fraction(1, 2)


def test_scopes_add_up_to_a_rate_of_sums() -> None:
    both = total([Counts(due_for_response=1, responded_in_time=1), Counts(due_for_response=9, handling_minutes=(3,))])
    assert indicators(both)[0].value == Fraction(1, 10)
    assert both.handling_minutes == (3,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"received": -1},
        {"responded_in_time": 1},
        {"due_for_resolution": 1, "resolved_in_time": 2},
        {"rated": 3, "solved": 2, "partly_solved": 2},
        {"rated": 3, "five_stars": 4},
    ],
)
def test_impossible_counts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"more than|negative"):
        Counts(**wrong)  # type: ignore[arg-type]


def test_the_composite_weighs_the_three_rates() -> None:
    assert composite(COUNTS, Weights()).value == Fraction(30 * 90 + 35 * 70 + 35 * 70, 10_000)
    assert composite(Counts(), Weights()).value is None
    with pytest.raises(ValueError, match="100"):
        composite(COUNTS, Weights(50, 50, 50))
