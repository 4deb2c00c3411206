"""The reader against 500 labelled messages: floors that must not be undercut.

`benchmarks/triage.py` prints all figures.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.triage import evaluate, load_items, load_rows
from nlp.reader import Reader

HERE = Path(__file__).parent
FLOORS = {
    "item": 0.85,
    "top3": 0.94,
    "grid": 0.97,
    "queue": 0.88,
    "intent_f1": 0.85,
    "urgent_recall": 0.90,
    "urgent_precision": 0.88,
}


@pytest.fixture(scope="module")
def figures(reader: Reader) -> dict[str, float]:
    _, queues = load_items(HERE / "taxonomy.toml")
    return evaluate(reader, load_rows(HERE / "messages-dev.jsonl"), queues)


@pytest.mark.parametrize("name", FLOORS)
def test_floor(figures: dict[str, float], name: str) -> None:
    assert figures[name] >= FLOORS[name]
