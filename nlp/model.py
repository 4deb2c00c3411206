"""A learned lexicon: words and characters with what each speaks for, and how to score a text with them.

Reading and writing its file, scoring, and the words behind a score. Fitting one is `learning.py`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, repeat
from math import copysign
from operator import add
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nlp.lexicon import LexiconError
from nlp.segment import Sentence

Floats = npt.NDArray[Any]
OPENING = "# linli learned lexicon 1"
"""The first line of a learned file; a file of hand-written entries has another."""
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

    `rows` gives each term its row in `rarity` (how rare it is) and `weights` (rows x targets).
    `lead` and `trust` turn scores and hand-written evidence into confidence: softmax(lead * score + said(hand)), where
    said raises the hand-written score to `power` (with its sign) and multiplies it by `trust`.
    """

    targets: tuple[str, ...]
    bias: Floats
    rows: Mapping[str, int]
    rarity: Floats
    weights: Floats
    lead: float = 3.0
    trust: float = 0.0
    power: float = 1.0
    source: str = ""

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
        row_of = {term: row for row, term in enumerate(self.terms, 1)}
        self._words = {term[1:]: row for term, row in row_of.items() if term.startswith(WORD)}
        chars = {term: row for term, row in row_of.items() if not term.startswith(WORD)}
        self._chars = {term: row for term, row in chars.items() if len(term) == 1}
        self._pairs = {term: row for term, row in chars.items() if len(term) == 2}
        self._table = np.zeros((len(self.terms) + 1, self._width + len(models)), dtype=np.float32)
        for at, (model, columns) in enumerate(zip(models, self.columns, strict=True)):
            rows = [row_of[term] for term in model.rows]
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
        rarity.update(zip(model.rows, model.rarity[list(model.rows.values())].tolist(), strict=True))
    return tuple(sorted(rarity, key=rarity.__getitem__))


def terms_of(said: Sentence) -> list[str]:
    """The words, the single characters and the neighbouring pairs of a text."""
    text = said.folded
    pairs = map(str.__add__, text, text[1:])
    return [*map(WORD.__add__, said.words), *text, *pairs]


def is_learned(path: Path) -> bool:
    """Whether a file is a learned lexicon rather than one of hand-written entries."""
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.readline().startswith(OPENING)
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"cannot read the lexicon {path}: {error}") from error


def read_model(path: Path) -> Model:
    """A learned file as written by `lines_of`. LexiconError names the file and line of a fault.

    Read line by line: the text of a whole file needs many times the room of what it says.
    """
    head: dict[str, str] = {}
    table = _Table()
    at = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                at += 1
                if line.startswith("# ") or line == "\n":
                    name, _, value = line.removeprefix("# ").rstrip("\n").partition(": ")
                    head[name] = value
                else:
                    table.add(line.rstrip("\n").split("\t"))
        lead, trust, power = (float(head[name]) for name in ("lead", "trust", "power"))
    except OSError as error:
        raise LexiconError(f"cannot read the lexicon {path}: {error}") from error
    except (ValueError, KeyError, IndexError) as error:
        raise LexiconError(f"{path}, near line {at}: not a learned lexicon ({error!r}); learn it anew") from error
    return table.model(lead, trust, power, head.get("source", ""))


class _Table:
    """What the lines of a learned file say, in numbers: first its targets, then its terms."""

    def __init__(self) -> None:
        self._column: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._bias, self._rarity, self._weights = array("f"), array("f"), array("f")

    def add(self, fields: list[str]) -> None:
        """Takes one line. KeyError, ValueError or IndexError where it is none, or comes twice."""
        kind, term, first, *rest = fields
        known = self._column if kind == "target" else self._rows
        name = f"{WORD}{term}" if kind == "word" else term
        if name in known or (kind == "target" and self._rows):
            raise ValueError(f"{kind} {term} where there should be none")
        known[intern(name)] = len(known)
        if kind == "target":
            self._bias.append(float(first))
            return
        self._rarity.append(float(first))
        start = len(self._weights)
        self._weights.frombytes(bytes(len(self._column) * self._weights.itemsize))
        for pair in rest[0].split():
            target, _, weight = pair.rpartition("=")
            self._weights[start + self._column[target]] = float(weight)

    def model(self, lead: float, trust: float, power: float, source: str) -> Model:
        """All of it together."""
        bias, rarity, weights = (np.array(held, dtype=np.float32) for held in (self._bias, self._rarity, self._weights))
        shaped = weights.reshape(len(self._rows), len(self._column))
        return Model(tuple(self._column), bias, self._rows, rarity, shaped, lead, trust, power, source)


@cache
def shipped_model(path: Path) -> Model:
    """As `read_model`, for a file of the package, which does not change while the program runs."""
    return read_model(path)


def lines_of(model: Model) -> Iterator[str]:
    """The lines of a model's file: remarks, targets, then one term a line, in a fixed order for easy comparing."""
    yield OPENING
    yield "# word or chars, the term, its rarity, and what it speaks for (+) or against (-), strongest first"
    yield f"# source: {model.source}"
    yield f"# lead: {model.lead:.4f}"
    yield f"# trust: {model.trust:.4f}"
    yield f"# power: {model.power:.4f}"
    for target, bias in zip(model.targets, model.bias.tolist(), strict=True):
        yield f"target\t{target}\t{bias:.3f}"
    for term, row in sorted(model.rows.items()):
        held = ((model.targets[at], round(model.weights.item(row, at), 2)) for at in range(len(model.targets)))
        pairs = sorted(
            ((target, weight) for target, weight in held if weight), key=lambda pair: (-abs(pair[1]), pair[0])
        )
        shown = " ".join(f"{target}={weight:+.2f}" for target, weight in pairs)
        kind = "word" if term.startswith(WORD) else "chars"
        yield f"{kind}\t{term.removeprefix(WORD)}\t{model.rarity.item(row):.2f}\t{shown}"
