"""The triage against labelled messages of two streets: floors that must not be undercut.

`messages-other.jsonl` was written without sight of the lexicon and the examples; `benchmarks/triage.py` prints more.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bot.catalogue import build_city
from bot.evaluation import coverage, figures, read_all, reliability
from nlp.labels import read_labels

HERE = Path(__file__).parent
FLOORS = {
    ("street", "messages-dev"): {
        "item": 0.84,
        "item in the first three": 0.91,
        "category": 0.86,
        "intent": 0.87,
        "grid": 0.98,
        "queue": 0.86,
        "urgent, recall": 0.95,
        "urgent, precision": 0.88,
    },
    ("other-street", "messages-other"): {
        "item": 0.84,
        "item in the first three": 0.92,
        "category": 0.87,
        "intent": 0.89,
        "grid": 0.96,
        "queue": 0.86,
        "urgent, recall": 0.92,
        "urgent, precision": 0.86,
    },
}


@pytest.fixture(scope="module", params=list(FLOORS), ids=lambda files: str(files[1]))
def measured(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    street, messages = request.param
    city = build_city(street_file=HERE / f"{street}.toml", taxonomy_file=None, channels={})
    return request.param, read_all(city, read_labels([HERE / f"{messages}.jsonl"]))


def test_floors(measured) -> None:  # type: ignore[no-untyped-def]
    files, pairs = measured
    found = figures(pairs)
    assert {name: found[name] for name, floor in FLOORS[files].items() if found[name] < floor} == {}


def test_the_surest_are_the_rightest(measured) -> None:  # type: ignore[no-untyped-def]
    rights = [right for _, _, right in coverage(measured[1])]
    assert rights[0] >= 0.93
    assert all(later <= earlier + 0.01 for earlier, later in pairwise(rights))


def test_confidence_means_what_it_says(measured) -> None:  # type: ignore[no-untyped-def]
    tenths = reliability(measured[1])
    messages = sum(held for _, held, _ in tenths)
    assert sum(abs(mean - right) * held for mean, held, right in tenths) / messages < 0.12
