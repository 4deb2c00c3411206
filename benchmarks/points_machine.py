"""Random lives of points, compared after every event with a simple model: python -m benchmarks.points_machine.

The model is in tests/workflow/points_model.py; a first difference ends it with the seed and the event.
"""

from __future__ import annotations

import argparse
import time

from tests.workflow.points_model import PEOPLE, TZ, Plain, life, rulebook
from workflow.points import Books


def play(runs: int, length: int) -> int:
    """How many moves were made; raises AssertionError at the first difference."""
    book, moves = rulebook(), 0
    for seed in range(runs):
        books, plain = Books(book, TZ), Plain()
        for deed in life(seed, length):
            moves += len(books.enter(deed))
            plain.see(deed)
            kept, told = [books.balance(p) for p in PEOPLE], [plain.balance(p) for p in PEOPLE]
            assert kept == told, f"seed {seed}, {deed}: {kept} and {told}"
            assert sum(books.balances.values()) == 0, f"seed {seed}, {deed}: the accounts do not agree"
    return moves


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=40)
    asked = parser.parse_args()
    began = time.monotonic()
    moves = play(asked.runs, asked.events)
    seconds = time.monotonic() - began
    print(f"{asked.runs} runs of {asked.events} events, {moves} moves in {seconds:.0f} s: no difference from the model")


if __name__ == "__main__":
    main()
