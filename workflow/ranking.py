"""红黑榜: scopes put in order by the three rates together, and how sure each place is.

Nobody is ranked by few records, by one figure alone, or by a difference that may be chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from workflow.indicators import Counts, Weights, composite

LEAST_DUE, LEAST_RATED = 20, 10
"""Records due for a response, and ratings, below which a scope has no place."""
_Z = 1.96
"""Ninety-five in a hundred."""


class Standing(NamedTuple):
    """Where a scope stands. Without enough records `place` and the numbers are None; `colour`: red (好), black (差), empty."""

    key: str
    place: int | None = None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    colour: str = ""


def rank(scopes: Mapping[str, Counts], whole: Counts, weights: Weights) -> list[Standing]:
    """Ranked scopes best first, equal scores sharing a place; then those with too few records, most records first.

    `whole` is what a scope is compared with: red and black are surely better and surely worse than it.
    """
    scored = _scored(whole, weights)
    found = [_standing(key, counts, scored[0] if scored else None, weights) for key, counts in scopes.items()]
    ranked = sorted((one for one in found if one.score is not None), key=lambda one: (-(one.score or 0), one.key))
    placed = [one._replace(place=1 + sum((other.score or 0) > (one.score or 0) for other in ranked)) for one in ranked]
    return [
        *placed,
        *sorted((one for one in found if one.score is None), key=lambda one: (-scopes[one.key].received, one.key)),
    ]


def _standing(key: str, counts: Counts, mean: float | None, weights: Weights) -> Standing:
    scored = _scored(counts, weights)
    if scored is None or counts.due_for_response < LEAST_DUE or counts.rated < LEAST_RATED:
        return Standing(key)
    score, spread = scored
    low, high = max(0.0, score - spread), min(1.0, score + spread)
    colour = "" if mean is None else "red" if low > mean else "black" if high < mean else ""
    return Standing(key, None, score, low, high, colour)


def _scored(counts: Counts, weights: Weights) -> tuple[float, float] | None:
    """The composite and half the width of its interval; None when one of the rates has nothing to divide by."""
    value = composite(counts, weights).value
    if value is None:
        return None
    solved = counts.solved + counts.partly_solved / 2
    happy = counts.five_stars + counts.four_stars + counts.three_stars / 2
    parts = (
        (weights.response, counts.responded_in_time, counts.due_for_response),
        (weights.resolution, solved, counts.rated),
        (weights.satisfaction, happy, counts.rated),
    )
    spread = sqrt(sum((weight / 100) ** 2 * _variance(top, under) for weight, top, under in parts))
    return float(value), _Z * spread


def _variance(top: float, under: int) -> float:
    """Of a rate of so many; two of each kind are added, so that all or none of a few is not taken for certain."""
    share = (top + 2) / (under + 4)
    return share * (1 - share) / (under + 4)
