"""The indicators as formulas on counted values: nothing is weighted in secret and silence never counts as satisfied.

Counting the records is not here, nor is the text that people read; `formula` names the fields of Counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import NamedTuple

VERSION = "2026.1"
"""Of the formulas in this file: shown beside every figure, raised with every change of one."""
RECURS_WITHIN = timedelta(days=14)
"""Closed and reported again within this time: counted neither as solved nor as partly solved."""

_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Counts:
    """What was counted for one grid, community, department or item in one period. Numbers of records, unless said.

    A part larger than its whole, or a negative number, is a ValueError. `+` adds two scopes up.
    """

    received: int = 0
    due_for_response: int = 0
    responded_in_time: int = 0
    due_for_resolution: int = 0
    resolved_in_time: int = 0
    resolved: int = 0
    rated: int = 0
    solved: int = 0  # rated "yes" and not reported again within RECURS_WITHIN
    partly_solved: int = 0  # rated "partly", same condition
    five_stars: int = 0
    four_stars: int = 0
    three_stars: int = 0
    reopened: int = 0  # records reopened at least once
    escalated: int = 0
    merged: int = 0
    handling_minutes: tuple[int, ...] = ()  # one per resolved record, natural minutes from receipt to resolution

    def __post_init__(self) -> None:
        for name, value in self._numbers().items():
            if value < 0:
                raise ValueError(f"{name} must not be negative: {value}")
        for part, whole in _PARTS:
            total = sum(getattr(self, name) for name in part)
            if total > getattr(self, whole):
                raise ValueError(f"{' + '.join(part)} is more than {whole}: {total} > {getattr(self, whole)}")

    def __add__(self, other: Counts) -> Counts:
        mine, theirs = self._numbers(), other._numbers()
        minutes = self.handling_minutes + other.handling_minutes
        return Counts(**{name: mine[name] + theirs[name] for name in mine}, handling_minutes=minutes)

    def _numbers(self) -> dict[str, int]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "handling_minutes"}


_PARTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("responded_in_time",), "due_for_response"),
    (("resolved_in_time",), "due_for_resolution"),
    (("solved", "partly_solved"), "rated"),
    (("five_stars", "four_stars", "three_stars"), "rated"),
)


class Indicator(NamedTuple):
    """One figure with what it was made of. `value` is None when there was nothing to divide by."""

    name: str
    value: Fraction | None
    numerator: Fraction
    denominator: int
    formula: str


class Weights(NamedTuple):
    """The parts of the three rates in the composite, in whole percent. A setting of the deployment."""

    response: int = 30
    resolution: int = 35
    satisfaction: int = 35


def response_rate(counts: Counts) -> Indicator:
    """Responded in time, of those due for a response."""
    top, under = counts.responded_in_time, counts.due_for_response
    return _ratio("response_rate", top, under, "responded_in_time / due_for_response")


def resolution_rate(counts: Counts) -> Indicator:
    """Confirmed as solved by the reporter (partly counts half), of those rated."""
    top = counts.solved + _HALF * counts.partly_solved
    return _ratio("resolution_rate", top, counts.rated, "(solved + 0.5 * partly_solved) / rated")


def satisfaction_rate(counts: Counts) -> Indicator:
    """Four and five stars, three stars by half, of those rated."""
    top = counts.five_stars + counts.four_stars + _HALF * counts.three_stars
    return _ratio("satisfaction_rate", top, counts.rated, "(five_stars + four_stars + 0.5 * three_stars) / rated")


def rating_coverage(counts: Counts) -> Indicator:
    """Rated, of those resolved."""
    return _ratio("rating_coverage", counts.rated, counts.resolved, "rated / resolved")


def ontime_rate(counts: Counts) -> Indicator:
    """Resolved in time, of those due for resolution."""
    top, under = counts.resolved_in_time, counts.due_for_resolution
    return _ratio("ontime_rate", top, under, "resolved_in_time / due_for_resolution")


def reopened_rate(counts: Counts) -> Indicator:
    """Reopened at least once, of those resolved."""
    return _ratio("reopened_rate", counts.reopened, counts.resolved, "reopened / resolved")


def escalated_rate(counts: Counts) -> Indicator:
    """Escalated, of those received."""
    return _ratio("escalated_rate", counts.escalated, counts.received, "escalated / received")


def merged_rate(counts: Counts) -> Indicator:
    """Merged as duplicates, of those received."""
    return _ratio("merged_rate", counts.merged, counts.received, "merged / received")


def mean_handling(counts: Counts) -> Indicator:
    """The mean time from receipt to resolution, in minutes."""
    minutes = counts.handling_minutes
    return _ratio("mean_handling_minutes", sum(minutes), len(minutes), "sum(handling_minutes) / len(handling_minutes)")


def p90_handling(counts: Counts) -> Indicator:
    """The time within which nine of ten were resolved, in minutes: nearest rank, so it is a time that occurred."""
    minutes = sorted(counts.handling_minutes)
    formula = "sorted(handling_minutes)[ceil(0.9 * len(handling_minutes)) - 1]"
    if not minutes:
        return _ratio("p90_handling_minutes", 0, 0, formula)
    return _ratio("p90_handling_minutes", minutes[ceil(Fraction(9, 10) * len(minutes)) - 1], 1, formula)


def handling(total: int, count: int, ninetieth: int | None) -> tuple[Indicator, Indicator]:
    """`mean_handling` and `p90_handling` of minutes that were added up and ranked elsewhere."""
    mean, p90 = mean_handling(Counts()), p90_handling(Counts())
    value = Fraction(total, count) if count else None
    rank = None if ninetieth is None else Fraction(ninetieth)
    return (
        mean._replace(value=value, numerator=Fraction(total), denominator=count),
        p90._replace(value=rank, numerator=rank or Fraction(0), denominator=0 if rank is None else 1),
    )


def composite(counts: Counts, weights: Weights) -> Indicator:
    """The three rates (三率) weighted into one; None as soon as one of them is. Weights must add up to 100."""
    if min(weights) < 0 or sum(weights) != 100:
        raise ValueError(f"weights must add up to 100 and not be negative: {tuple(weights)}")
    rates = [rate(counts).value for rate in (response_rate, resolution_rate, satisfaction_rate)]
    named = zip(weights, ("response_rate", "resolution_rate", "satisfaction_rate"), strict=True)
    formula = f"({' + '.join(f'{weight} * {name}' for weight, name in named)}) / 100"
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(rates):
        return _ratio("composite", 0, 0, formula)
    return _ratio("composite", sum(map(_times, weights, known), Fraction(0)), 100, formula)


_ALL = (
    response_rate,
    resolution_rate,
    satisfaction_rate,
    rating_coverage,
    ontime_rate,
    reopened_rate,
    escalated_rate,
    merged_rate,
    mean_handling,
    p90_handling,
)


def indicators(counts: Counts) -> tuple[Indicator, ...]:
    """Every indicator of these counts, in the order in which they are shown."""
    return tuple(formula(counts) for formula in _ALL)


def total(scopes: Iterable[Counts]) -> Counts:
    """The counts of several scopes together: a rate of sums, never a mean of rates."""
    return sum(scopes, Counts())


def _ratio(name: str, numerator: int | Fraction, denominator: int, formula: str) -> Indicator:
    value = Fraction(numerator) / denominator if denominator else None
    return Indicator(name, value, Fraction(numerator), denominator, formula)


def _times(weight: int, rate: Fraction) -> Fraction:
    return weight * rate
