"""Finds many known phrases in one text in one pass. Knows nothing about what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ahocorasick


class Phrases:
    """A fixed set of phrases. Finding is linear in the text, whatever the number of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._machine = ahocorasick.Automaton()
        for phrase in phrases:
            if phrase:
                self._machine.add_word(phrase, (1 - len(phrase), phrase))
        self._machine.make_automaton()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Every occurrence as (start, end, phrase), by end; overlaps included."""
        if not len(self._machine):
            return []
        return [(last + back, last + 1, phrase) for last, (back, phrase) in self._machine.iter(text)]

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """As `find`, by start, the longest first."""
        return sorted(self.find(text), key=_by_start_and_length)


def _by_start_and_length(found: tuple[int, int, str]) -> tuple[int, int]:
    return found[0], -found[1]


def longest(found: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The occurrences left when those that overlap a longer one are dropped; in text order."""
    if len(found) < 2:
        return list(found)
    kept: list[tuple[int, int, str]] = []
    for start, end, phrase in sorted(found, key=_by_length):
        for first, last, _ in kept:
            if start < last and first < end:
                break
        else:
            kept.append((start, end, phrase))
    kept.sort()
    return kept


def _by_length(found: tuple[int, int, str]) -> tuple[int, int]:
    return found[0] - found[1], found[0]
