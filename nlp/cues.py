"""Matches a text against weighted entries in one pass and adds up what they speak for. Knows no kinds of targets."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product
from sys import intern
from typing import NamedTuple

from nlp.lexicon import Entry, LexiconError
from nlp.phrases import Phrases, longest

REACH = 16
"""Characters between the first and the last part of a combination, at most."""
ACROSS = 0.4
"""What a short word counts when it straddles two words of the segmentation ("停水" in "停水果")."""
MAX_PLACES = 6
"""Occurrences of one part tried when looking for a combination."""

Span = tuple[int, int]


class Hit(NamedTuple):
    """One entry found in a text: the words as written and the span from the first to the last."""

    entry: Entry
    weight: float
    span: Span
    written: str


class Cues:
    """A compiled set of entries."""

    def __init__(self, entries: Iterable[Entry], classes: Mapping[str, tuple[str, ...]]) -> None:
        self._plain: dict[str, list[Entry]] = {}
        self._combined: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        self._slots: dict[str, list[str]] = {}
        for entry in entries:
            parts = tuple(map(intern, entry.parts))
            if len(parts) == 1 and not parts[0].startswith("{"):
                self._plain.setdefault(parts[0], []).append(entry)
                continue
            for part in parts:
                self._add_part(part, entry, classes)
            anchor = min(parts, key=lambda part: part.startswith("{"))
            self._combined.setdefault(anchor, []).append((parts, entry))
        self.words = self._plain.keys() | self._slots.keys()

    def _add_part(self, part: str, entry: Entry, classes: Mapping[str, tuple[str, ...]]) -> None:
        if part.startswith("{") and part[1:-1] not in classes:
            raise LexiconError(f'"{entry.word}" names the class {part}, which classes.txt does not have')
        for word in classes[part[1:-1]] if part.startswith("{") else (part,):
            slots = self._slots.setdefault(word, [])
            if part not in slots:
                slots.append(part)

    @cached_property
    def _phrases(self) -> Phrases:
        return Phrases(self.words)

    def match(
        self, text: str, found: Sequence[tuple[int, int, str]] | None = None, breaks: Collection[int] = ()
    ) -> list[Hit]:
        """Every entry found, each once; a plain word inside a longer one does not count.

        `found`: the known words of the text where they have been looked for; `breaks`: where its words begin and end.
        """
        hits: dict[int, Hit] = {}
        known: list[tuple[int, int, str]] = []
        places: dict[str, list[Span]] = {}
        for one in self._phrases.find(text) if found is None else found:
            word = one[2]
            if word in self._plain:
                known.append(one)
            for slot in self._slots.get(word, ()):
                if slot in places:
                    places[slot].append(one[:2])
                else:
                    places[slot] = [one[:2]]
        for start, end, word in longest(known):
            factor = ACROSS if breaks and end - start == 2 and _straddles(start, end, breaks) else 1.0
            for entry in self._plain[word]:
                earlier = hits.get(id(entry))
                if earlier is None or earlier.weight < entry.weight * factor:
                    hits[id(entry)] = Hit(entry, entry.weight * factor, (start, end), word)
        present = set(places)
        for anchor in places:
            for parts, entry in self._combined.get(anchor, ()):
                if present.issuperset(parts) and (span := _together([places[part] for part in parts])):
                    written = "…".join([text[start:end] for start, end in span[1]])
                    hits[id(entry)] = Hit(entry, entry.weight, span[0], written)
        return list(hits.values())


class CueSets:
    """Several sets of entries whose words are looked for at once."""

    def __init__(self, *sets: Cues) -> None:
        self._sets = sets
        owners: dict[str, list[int]] = {}
        for number, cues in enumerate(sets):
            for word in cues.words:
                owners.setdefault(word, []).append(number)
        self._owners = {word: tuple(numbers) for word, numbers in owners.items()}
        self._phrases = Phrases(owners)

    def find(self, text: str) -> list[list[tuple[int, int, str]]]:
        """For each set the words of it in the text, as `Cues.match` takes them."""
        found: list[list[tuple[int, int, str]]] = [[] for _ in self._sets]
        for one in self._phrases.find(text):
            for number in self._owners[one[2]]:
                found[number].append(one)
        return found


def _straddles(start: int, end: int, breaks: Collection[int]) -> bool:
    """Whether two characters belong to two words, and at least one of those goes on."""
    return start + 1 in breaks and (start not in breaks or end not in breaks)


def _together(places: list[list[Span]]) -> tuple[Span, list[Span]] | None:
    """The closest way to pick one place of each part, apart from each other and within reach, if any."""
    best: tuple[Span, list[Span]] | None = None
    least = math.inf
    for picked in product(*[options[:MAX_PLACES] for options in places]):
        chosen = sorted(picked)
        first = last = chosen[0][0]
        gap = 0
        for start, end in chosen:
            if start < last:
                break
            gap += start - last
            last = end
        else:
            if gap <= REACH and last - first < least:
                best, least = ((first, last), chosen), last - first
    return best


def totals(hits: Iterable[Hit]) -> dict[str, float]:
    """The added weights by target."""
    scores: dict[str, float] = {}
    for hit in hits:
        scores[hit.entry.target] = scores.get(hit.entry.target, 0.0) + hit.weight
    return scores
