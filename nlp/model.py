"""A learned lexicon: words and characters with what each speaks for, and how to score a text with them.

Scoring, and the words behind a score. Its file is `learned_file.py`; fitting one is `learning.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, repeat
from math import copysign
from operator import add
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nlp.segment import Sentence

Floats = npt.NDArray[Any]
WORD = "\u2581"
"""Opens a term that is a whole word; the others are single characters and neighbouring pairs."""
MOST_TERMS_SHOWN = 10
"""Terms that count as evidence, at most."""
_DAMPED = (1.0 + np.log(np.arange(100).clip(1))).astype(np.float32)
"""What a term counts that stands in a text so many times."""
_NO_LENGTH = np.float32(1e-30)
"""Stands for the length of a text without a known term, whose sums are all 0."""
UNHEARD = -1.0
"""Score of a target the labels never named: that of a clear "no"."""


@dataclass(frozen=True, eq=False)
class Model:
    """A learned lexicon. A text's score for a target is about +1 for a clear yes and -1 for a clear no.

    Each of the `terms` has its row in `rarity` (how rare it is) and `weights` (rows x targets).
    `lead` and `trust` turn scores and hand-written evidence into confidence: softmax(lead * score + said(hand)), where
    said raises the hand-written score to `power` (with its sign) and multiplies it by `trust`.
    """

    targets: tuple[str, ...]
    bias: Floats
    terms: tuple[str, ...]
    rarity: Floats
    weights: Floats
    lead: float = 3.0
    trust: float = 0.0
    power: float = 1.0
    source: str = ""

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each term."""
        return {term: row for row, term in enumerate(self.terms)}

    def weigh(self, hand: float) -> float:
        """What hand-written evidence adds to a target's power."""
        return self.trust * copysign(abs(hand) ** self.power, hand)

    def scores(self, said: Sentence) -> Floats:
        """A score for each target, in the order of `targets`."""
        return Stack([self]).read(said).scores(0)


class Stack:
    """Several models read together: the terms of a text are looked up once."""

    def __init__(self, models: Sequence[Model]) -> None:
        self.models = tuple(models)
        sizes = [len(model.targets) for model in models]
        ends = np.cumsum(sizes).tolist()
        self.columns = tuple(slice(end - size, end) for size, end in zip(sizes, ends, strict=True))
        self._width = sum(sizes)
        self._owner = np.repeat(np.arange(len(models)), sizes)
        self._bias = np.concatenate([model.bias for model in models]).astype(np.float32)
        self.terms = _commonest_first(models)
        row_of = dict(zip(self.terms, range(1, len(self.terms) + 1), strict=True))
        self._words = {term[1:]: row for term, row in row_of.items() if term[0] == WORD}
        self._chars = {term: row for term, row in row_of.items() if len(term) == 1}
        self._pairs = {term: row for term, row in row_of.items() if len(term) == 2 and term[0] != WORD}
        self._table = np.zeros((len(self.terms) + 1, self._width + len(models)), dtype=np.float32)
        for at, (model, columns) in enumerate(zip(models, self.columns, strict=True)):
            rows = list(map(row_of.__getitem__, model.terms))
            self._table[rows, columns] = model.weights
            self._table[rows, self._width + at] = model.rarity**2

    def read(self, said: Sentence) -> Reading:
        """Scores a text with every model."""
        chars = list(said.folded)
        counts = Counter(
            chain(
                map(self._words.get, said.words, repeat(0)),
                map(self._chars.get, chars, repeat(0)),
                map(self._pairs.get, map(add, chars, chars[1:]), repeat(0)),
            )
        )
        del counts[0]
        rows = list(counts)
        times: Floats = _DAMPED.take(list(counts.values()), mode="clip")
        found = self._table.take(rows, axis=0)
        lengths: Floats = np.sqrt((times * times).dot(found[:, self._width :]))
        lengths = np.maximum(lengths, _NO_LENGTH)
        sums: Floats = self._bias + times.dot(found[:, : self._width]) / lengths.take(self._owner)
        return Reading(self, said, rows, times, lengths, sums)

    def column(self, rows: list[int], column: int) -> Floats:
        """What each of the terms adds to one column of all targets."""
        found: Floats = self._table[rows, column]
        return found


class Reading(NamedTuple):
    """A text as the models of a stack see it.

    The rows of its terms, how often each stands there (damped), the text's length, what all together speak for.
    """

    stack: Stack
    said: Sentence
    rows: list[int]
    times: Floats
    lengths: Floats
    sums: Floats

    def scores(self, model: int) -> Floats:
        """A score for each target of a model (by its place in the stack)."""
        found: Floats = self.sums[self.stack.columns[model]]
        return found

    def evidence(self, model: int, target: str) -> list[tuple[str, float]]:
        """The words of the text that speak for a target and what they add, the parts of their characters included."""
        targets = self.stack.models[model].targets
        if target not in targets or not self.rows:
            return []
        column = self.stack.columns[model].start + targets.index(target)
        added = self.stack.column(self.rows, column) * self.times / self.lengths[model]
        ends = self.said.ends()
        found: dict[str, float] = {}
        for at in np.argsort(-added, kind="stable")[:MOST_TERMS_SHOWN].tolist():
            if (weight := added.item(at)) > 0:
                word = self._word_of(self.stack.terms[self.rows[at] - 1].removeprefix(WORD), ends)
                found[word] = found.get(word, 0.0) + weight
        return list(found.items())

    def _word_of(self, term: str, ends: list[int]) -> str:
        """The run of whole words around the first place where a term stands."""
        start = self.said.folded.find(term)
        first, last = bisect_right(ends, start), bisect_left(ends, start + len(term))
        return self.said.text[ends[first - 1] if first else 0 : ends[min(last, len(ends) - 1)]]


@lru_cache(maxsize=4)
def stack_of(*models: Model) -> Stack:
    """The models as one; readers of several streets that use the same share it."""
    return Stack(models)


def _commonest_first(models: Sequence[Model]) -> tuple[str, ...]:
    """The terms of all models. What most texts need stands close together, so that the processor has it at hand."""
    rarity: dict[str, float] = {}
    for model in models:
        rarity.update(zip(model.terms, model.rarity.tolist(), strict=True))
    terms = list(rarity)
    order = np.argsort(np.fromiter(rarity.values(), float, len(rarity)), kind="stable")
    return tuple(map(terms.__getitem__, order.tolist()))


def terms_of(said: Sentence) -> list[str]:
    """The words, the single characters and the neighbouring pairs of a text."""
    text = said.folded
    pairs = map(str.__add__, text, text[1:])
    return [*map(WORD.__add__, said.words), *text, *pairs]
