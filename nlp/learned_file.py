"""The file of a learned lexicon: remarks, targets, then one term a line with its rarity and its weights.

Reading and writing it. What the numbers mean is `model.py`; where they come from is `learning.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from sys import intern
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from nlp.lexicon import LexiconError
from nlp.model import WORD, Floats, Model

OPENING = "# linli learned lexicon 1"
"""The first line of a learned file; a file of hand-written entries has another."""
_BLOCK = 1 << 20
"""Bytes that are read at once: the numbers of a whole file would need many times the room of what it says."""
_TAB, _LINE, _SPACE, _EQUALS, _POINT, _PLUS, _MINUS = b"\t\n =.+-"
_ZERO = np.uint8(ord("0"))
_MOST_DIGITS = 4
"""Digits before the point of a number as `lines_of` writes it; any other way of writing one is read one by one."""
_EIGHT = 8
_BEFORE = b"\n".rjust(_EIGHT)
"""Stands before what is read, so that eight bytes can be read that end with its first."""
_LAST_BYTES = np.array([0, *(2**64 - (1 << 8 * (_EIGHT - kept)) for kept in range(1, _EIGHT + 1))], dtype=np.uint64)
"""For each count of bytes the mask that leaves so many at the end of eight."""
_REMARK = re.compile(rb"^(?:#.*)?\n", re.MULTILINE)
_MIX = 0x9E3779B97F4A7C15
_Bytes = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.intp]


def is_learned(path: Path) -> bool:
    """Whether a file is a learned lexicon rather than one of hand-written entries."""
    try:
        with path.open(encoding="utf-8") as lines:
            return lines.readline().startswith(OPENING)
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"cannot read the lexicon {path}: {error}") from error


def read_model(path: Path) -> Model:
    """A learned file as written by `lines_of`. LexiconError names the file and line of a fault."""
    reading = _Lines()
    try:
        with path.open("rb") as file:
            for lines in _blocks(file):
                reading.take(lines)
        return reading.model()
    except OSError as error:
        raise LexiconError(f"cannot read the lexicon {path}: {error}") from error
    except (ValueError, KeyError, IndexError) as error:
        fault = f"{path}, near line {reading.at}: not a learned lexicon ({error!r}); learn it anew"
        raise LexiconError(fault) from error


@cache
def shipped_model(path: Path) -> Model:
    """As `read_model`, for a file of the package, which does not change while the program runs."""
    return read_model(path)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of whole lines, each with its line break."""
    left = b""
    while block := file.read(_BLOCK):
        whole, broken, rest = (left + block).rpartition(b"\n")
        if broken:
            yield whole + broken
        left = rest
    if left:
        yield left + b"\n"


class _Lines:
    """What the lines of a learned file say, in numbers. ValueError, KeyError or IndexError where one says none."""

    def __init__(self) -> None:
        self.at = 0
        self._head: dict[str, str] = {}
        self._targets: dict[str, float] = {}
        self._weights_of = _Weights(())
        self._terms: dict[str, None] = {}
        self._rarity: list[Floats] = []
        self._weights: list[Floats] = []

    def take(self, lines: bytes) -> None:
        """Takes a block of lines: those of the head one by one, the terms all at once."""
        lines, start = lines.replace(b"\r\n", b"\n"), 0
        while not self._terms and start < len(lines):
            end = lines.index(b"\n", start) + 1
            if not self._take_head(lines[start:end].decode()):
                break
            self.at, start = self.at + 1, end
        terms = lines[start:]
        try:
            self._take_terms(terms)
        except (ValueError, KeyError, IndexError):
            for line in terms.splitlines(keepends=True):  # which of them it is
                self.at += 1
                self._take_terms(line)
            raise
        self.at += terms.count(b"\n")

    def _take_head(self, line: str) -> bool:
        """Takes a line that stands before the terms; False for a term."""
        kind, _, rest = line.rstrip("\n").partition("\t")
        if kind == "target":
            name, bias = rest.split("\t")
            if name in self._targets:
                raise ValueError(f"target {name} comes twice")
            self._targets[name] = float(bias)
            self._weights_of = _Weights(tuple(self._targets))
        elif not rest:
            name, _, value = kind.removeprefix("# ").partition(": ")
            self._head[name] = value
        else:
            return False
        return True

    def _take_terms(self, lines: bytes) -> None:
        if lines.startswith((b"#", b"\n")) or b"\n#" in lines or b"\n\n" in lines:
            lines = _REMARK.sub(b"", lines)
        if not lines:
            return
        lines = _BEFORE + lines
        read = np.frombuffer(lines, dtype=np.uint8)
        breaks = np.flatnonzero(read == _LINE)
        starts, ends = breaks[:-1] + 1, breaks[1:]
        tabs = np.flatnonzero(read == _TAB).reshape(len(ends), 3)
        if (tabs[:, 2] > ends).any() or (tabs[:, 0] < starts).any():
            raise ValueError("a term has a kind, a rarity and weights")
        names = _names(lines, starts, tabs[:, 1])
        terms = dict.fromkeys(names)
        if len(terms) < len(ends) or not self._terms.keys().isdisjoint(terms):
            raise ValueError("a term comes twice")
        rarity = _numbers(read, tabs[:, 1] + 1, tabs[:, 2])
        weights = self._weights_of.read(read, tabs[:, 2] + 1, ends)
        self._terms |= terms
        self._rarity.append(rarity)
        self._weights.append(weights)

    def model(self) -> Model:
        """All of it together."""
        lead, trust, power = (float(self._head[name]) for name in ("lead", "trust", "power"))
        bias = np.array(list(self._targets.values()), dtype=np.float32)
        none = np.zeros((0, len(self._targets)), dtype=np.float32)
        rarity, weights = np.concatenate([none[:, :1].ravel(), *self._rarity]), np.concatenate([none, *self._weights])
        source = self._head.get("source", "")
        return Model(tuple(self._targets), bias, tuple(self._terms), rarity, weights, lead, trust, power, source)


def _names(read: bytes, starts: _Places, ends: _Places) -> list[str]:
    """The terms that stand in the spans, each after its kind."""
    told = b"\n".join([b"", *map(read.__getitem__, map(slice, starts.tolist(), ends.tolist()))]).decode()
    told = told.replace("\nword\t", f"\n{WORD}").replace("\nchars\t", "\n")
    if "\t" in told:
        raise ValueError("a term is of the kind word or chars")
    return list(map(intern, told.split("\n")[1:]))


class _Weights:
    """Reads the weights of terms: "target=+1.25 target=-0.50". A target is known by its bytes, eight at a time."""

    def __init__(self, targets: tuple[str, ...]) -> None:
        written = [target.encode() for target in targets]
        self._size = len(targets)
        self._parts = -(-max(map(len, written), default=1) // _EIGHT)
        self._room = bytes(self._parts * _EIGHT)
        read = np.frombuffer(self._room + b"".join(written), dtype=np.uint8)
        lengths = np.array([len(name) for name in written], dtype=np.intp)
        ends = len(self._room) + lengths.cumsum()
        names = self._names(read, ends - lengths, ends)
        self._columns = np.argsort(_mixed(names))
        self._known = names[self._columns]
        self._mixed = _mixed(self._known)

    def read(self, read: _Bytes, starts: _Places, ends: _Places) -> Floats:
        """A row for each of the spans, a column for each target."""
        table = np.zeros((len(starts), self._size), dtype=np.float32)
        told = starts < ends
        starts, ends, rows = starts[told], ends[told], np.flatnonzero(told)
        equals, spaces = np.flatnonzero(read == _EQUALS), np.flatnonzero(read == _SPACE)
        equals, spaces = (signs[_inside(signs, starts, ends)] for signs in (equals, spaces))
        first, last = np.sort(np.concatenate([starts, spaces + 1])), np.sort(np.concatenate([ends, spaces]))
        if len(equals) != len(first) or (equals < first).any() or (equals > last).any():
            raise ValueError("weights are written as target=+1.00")
        row = rows[np.searchsorted(starts, equals, side="right") - 1]
        table[row, self._columns_of(read, first, equals)] = _numbers(read, equals + 1, last)
        return table

    def _columns_of(self, read: _Bytes, starts: _Places, ends: _Places) -> _Places:
        padded = np.concatenate([np.frombuffer(self._room, dtype=np.uint8), read])
        names = self._names(padded, starts + len(self._room), ends + len(self._room))
        at = np.searchsorted(self._mixed, _mixed(names)).clip(max=self._size - 1)
        unknown = (self._known[at] != names).any(axis=1)
        if unknown.any():
            which = int(unknown.argmax())
            raise KeyError(bytes(read[starts[which] : ends[which]]).decode())
        found: _Places = self._columns[at]
        return found

    def _names(self, read: _Bytes, starts: _Places, ends: _Places) -> npt.NDArray[np.uint64]:
        """The bytes of names, from their end on in eights, and their lengths; `_room` must stand before the text."""
        eights: npt.NDArray[np.uint64] = np.ndarray(len(read) - _EIGHT + 1, "<u8", read, 0, (1,))
        lengths = ends - starts
        parts = [
            eights[ends - _EIGHT * part] & _LAST_BYTES[(lengths - _EIGHT * (part - 1)).clip(0, _EIGHT)]
            for part in range(1, self._parts + 1)
        ]
        return np.stack([*parts, lengths.astype(np.uint64)], axis=1)


def _inside(signs: _Places, starts: _Places, ends: _Places) -> npt.NDArray[np.bool_]:
    """Which of the places lie within one of the spans, which are in order."""
    at = np.searchsorted(starts, signs, side="right")
    found: npt.NDArray[np.bool_] = signs < np.append(0, ends)[at]
    return found


def _mixed(names: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    factors = np.array([pow(_MIX, power, 2**64) for power in range(1, names.shape[1] + 1)], dtype=np.uint64)
    mixed: npt.NDArray[np.uint64] = (names * factors).sum(axis=1, dtype=np.uint64)
    return mixed


def _numbers(read: _Bytes, starts: _Places, ends: _Places) -> Floats:
    """The numbers that stand in the spans of a text: "1.25", "+0.50", "-12.00"; ValueError where one is none."""
    signed = (read[starts] == _PLUS) | (read[starts] == _MINUS)
    digits = ends - starts - signed - 3
    plain = (digits > 0) & (digits <= _MOST_DIGITS) & (read[ends - 3] == _POINT)
    hundredths = np.zeros(len(starts), dtype=np.int32)
    for place in range(digits.clip(0, _MOST_DIGITS).max(initial=0) + 2):
        there = digits + 2 > place
        figure = read[ends - 1 - place - (place > 1)] - _ZERO  # without a sign: what stands before 0 comes after 9
        plain &= ~there | (figure <= 9)
        hundredths += figure * there * np.int32(10**place)
    found: npt.NDArray[Any] = np.where(read[starts] == _MINUS, -hundredths, hundredths) / 100
    for at in np.flatnonzero(~plain).tolist():
        found[at] = float(bytes(read[starts[at] : ends[at]]))
    return found.astype(np.float32)


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
