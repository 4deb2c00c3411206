"""Finds the names of a street in a text, by their writing and by their sound, however many names there are.

What a name found means is `gazetteer.py`; how a name sounds is `soundalike.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp.soundalike import same_numerals, sound_table

Spelt = TypeVar("Spelt")
Heard = TypeVar("Heard")

_MANY = 1_000
"""Beginnings of two characters from which too many places of a text have one by chance, and only four tell."""
_LEAST_BITS = 10
"""Bits of a hash that are looked at even in a street of few names."""
_MIX = 0x9E3779B97F4A7C15
"""Spreads the characters of a beginning over a hash of 64 bits, as Fibonacci hashing does."""
_CODE_BITS, _ALL_BITS = 16, 64
_END = "\0\0\0"
"""Stands after a text, so that four characters can be read from its last one on."""
_MARK_BITS = 12
_MARKS = np.array(
    [sum({1 << (number * _MIX >> shift) % 64 for shift in (6, 20, 34, 48)}) for number in range(1, 2**_MARK_BITS + 1)],
    dtype=np.uint64,
)
"""How a beginning is marked: by four of the 64 bits of its word in the table. Two to four share a word, and one look in
about a thousand is in vain (a Bloom filter in blocks; Putze, Sanders and Singler 2009)."""
_RARE = 0xFFFF
"""The code that all characters beyond the basic plane share."""
_Codes = NDArray[np.uint16]


class _Beginnings(NamedTuple):
    """How names begin, by writing or by sound, and how long the names are that begin so; `whole` where all end there."""

    heard: bool
    whole: tuple[int, ...]
    width: int
    lengths: dict[str, tuple[int, ...]]


class Names(Generic[Spelt, Heard]):
    """Names to look for, with what each stands for (never None); those of one character are not looked for.

    Where a name may begin is asked for all characters of a text at once, of one table of hashes: no loop goes over the
    names, and hardly one over the text.
    """

    def __init__(self, spelt: Mapping[str, Spelt], heard: Mapping[str, Heard]) -> None:
        """`spelt` are written as `same_numerals` does, `heard` as `sound_table` does."""
        self._spelt, self._heard = spelt, heard
        self._rows = [*_beginnings(spelt, heard=False), *_beginnings(heard, heard=True)]
        self._lines = _translations()[[int(row.heard) for row in self._rows]]
        factors = [_factor(row.width) * (2 * number + 1) % 2**_ALL_BITS for number, row in enumerate(self._rows)]
        self._factors = np.array(factors, dtype=np.uint64)[:, np.newaxis]
        bits = max(_LEAST_BITS, sum(len(row.lengths) for row in self._rows).bit_length() - 2)
        self._shift, self._mark_shift = np.uint64(_ALL_BITS - bits), np.uint64(_ALL_BITS - bits - _MARK_BITS)
        self._table = np.zeros(1 << bits, dtype=np.uint64)
        for number, row in enumerate(self._rows):
            codes = _codes("".join(row.lengths))
            places, marks = self._hashed(codes[np.newaxis], self._factors[number])
            np.bitwise_or.at(self._table, places[0, :: row.width], marks[0, :: row.width])

    def find_all(self, text: str) -> tuple[list[tuple[int, int, Spelt]], list[tuple[int, int, Heard]]]:
        """(start, end, what it stands for) of every name in a text: by its writing, and by its sound.

        In no particular order.
        """
        spelt: list[tuple[int, int, Spelt]] = []
        heard: list[tuple[int, int, Heard]] = []
        size = len(text)
        lines = self._lines.take(_codes(text), axis=1, mode="clip")
        places, marks = self._hashed(lines, self._factors)
        met = (self._table.take(places, mode="clip") & marks) == marks
        for at in met.ravel().nonzero()[0].tolist():
            number, start = divmod(at, size)
            row = self._rows[number]
            first = _translated(text[start : start + row.width], heard=row.heard)
            for length in row.whole or row.lengths.get(first, ()):
                if start + length > size:
                    continue
                rest = text[start + row.width : start + length]
                name = first + _translated(rest, heard=row.heard) if rest else first
                if row.heard:
                    if (sounding := self._heard.get(name)) is not None:
                        heard.append((start, start + length, sounding))
                elif (meant := self._spelt.get(name)) is not None:
                    spelt.append((start, start + length, meant))
        return spelt, heard

    def _hashed(self, lines: _Codes, factors: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """For each character of each line where the beginning there stands in the table, and how it is marked."""
        rows, size = lines.shape
        fours: NDArray[np.uint64] = np.ndarray((rows, size - len(_END)), "<u8", lines, 0, lines.strides)
        mixed = fours * factors
        marks = (mixed >> self._mark_shift).view(np.int64) & len(_MARKS) - 1
        return (mixed >> self._shift).view(np.int64), _MARKS.take(marks, mode="clip")


def _beginnings(names: Mapping[str, object], *, heard: bool) -> list[_Beginnings]:
    """By two characters; where too many texts have such by chance, by four, and shorter names as a whole."""
    if len({name[:2] for name in names}) <= _MANY:
        return [_Beginnings(heard, (), 2, _lengths(names, 2))]
    short = [[name for name in names if len(name) == size] for size in (2, 3)]
    return [
        _Beginnings(heard, (), 4, _lengths(names, 4)),
        *(_Beginnings(heard, (size,), size, _lengths(some, size)) for size, some in zip((2, 3), short, strict=True)),
    ]


def _lengths(names: Iterable[str], width: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for name in names:
        if len(name) >= width:
            found.setdefault(name[:width], set()).add(len(name))
    return {first: tuple(sorted(lengths)) for first, lengths in found.items()}


def _factor(width: int) -> int:
    """Mixes the first `width` of four characters and shifts the rest out."""
    return _MIX << (_ALL_BITS - _CODE_BITS * width) & ((1 << _ALL_BITS) - 1)


@cache
def _translations() -> _Codes:
    """For each code that of the character as `same_numerals` writes it, and that of its sound."""
    every = "".join(map(chr, range(_RARE + 1)))
    return np.stack([_raw(table) for table in (same_numerals(every), sound_table())])


def _raw(text: str) -> _Codes:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")


def _codes(text: str) -> _Codes:
    """A code for each character and for those of `_END`."""
    try:
        codes = np.frombuffer((text + _END).encode("utf-16-le"), dtype="<u2")
    except UnicodeEncodeError:  # half a pair
        codes = np.empty(0, dtype="<u2")
    if len(codes) == len(text) + len(_END):
        return codes
    return np.array([min(ord(char), _RARE) for char in text + _END], dtype="<u2")


def _translated(text: str, *, heard: bool) -> str:
    return text.translate(sound_table()) if heard else same_numerals(text)
