"""Finds many known phrases in one text in one pass. Knows nothing about what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import ahocorasick


class Phrases:
    """A fixed set of phrases. Finding is linear in the text, whatever the number of phrases.

    The machine tries the ways on from a state one by one, and thousands of characters begin some phrase. So it reads
    bytes, two for a character, of which few go on; what it finds between two characters is none.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._machine = ahocorasick.Automaton()
        for phrase in phrases:
            if phrase:
                self._machine.add_word(_bytes(phrase), (len(phrase), phrase))
        self._machine.make_automaton()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Every occurrence as (start, end, phrase), by end; overlaps included."""
        if not len(self._machine):
            return []
        read = _bytes(text)
        found = [((at + 1) // 2, size, phrase) for at, (size, phrase) in self._machine.iter(read) if at % 2]
        if len(read) > 2 * len(text):
            ends = {end: at for at, end in enumerate(accumulate(len(_bytes(char)) // 2 for char in text), 1)}
            found = [(ends[end], size, phrase) for end, size, phrase in found]
        return [(end - size, end, phrase) for end, size, phrase in found]

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """As `find`, by start, the longest first."""
        return sorted(self.find(text), key=_by_start_and_length)


def _bytes(text: str) -> str:
    """The text with two characters below 256 for each of its own, for the rarest four."""
    return text.encode("utf-16-be", "surrogatepass").decode("latin-1")


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
