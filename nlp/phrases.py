"""Finds many known phrases in one text in one pass. Knows nothing about what they mean."""

from __future__ import annotations

from collections.abc import Iterable


class Phrases:
    """A fixed set of phrases. Finding is linear in the text, whatever the number of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(p for p in phrases if p)
        lengths: dict[str, set[int]] = {}
        for phrase in self._phrases:
            lengths.setdefault(phrase[0], set()).add(len(phrase))
        self._lengths = {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}

    def find_all(self, text: str) -> list[tuple[int, int, str]]:
        """Every occurrence as (start, end, phrase), by start, the longest first; overlaps included."""
        lengths, phrases = self._lengths, self._phrases
        found = []
        for start, char in enumerate(text):
            if char in lengths:
                for size in lengths[char]:
                    piece = text[start : start + size]
                    if piece in phrases:
                        found.append((start, start + size, piece))
        return found


def longest(found: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The occurrences left when those that overlap a longer one are dropped; in text order."""
    kept: list[tuple[int, int, str]] = []
    for one in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        if all(one[1] <= other[0] or other[1] <= one[0] for other in kept):
            kept.append(one)
    return sorted(kept)
