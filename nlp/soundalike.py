"""Spellings people hit instead of a known name: same-sounding and look-alike characters, a dropped or swapped one.

Only spellings of known names; whether a text means the place is decided in `mentions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

_INITIALS = {"zh": "z", "ch": "c", "sh": "s"}
_FINALS = {"ang": "an", "eng": "en", "ing": "in"}
_LOOKALIKES = Path(__file__).parent / "data" / "lookalikes.txt"
_NUMERALS = "零一二三四五六七八九"
_SAME_NUMERAL = {ord(numeral): str(value) for value, numeral in enumerate(_NUMERALS)}
_NUMERAL = frozenset(_NUMERALS)
_FIRST_SOUND = 0xE000
"""Syllables are written as characters of the private use area, so that a text and its sound have one length."""
_MANY = 30_000
"""Pairs of first characters from which too many a text has them by chance, and only three characters tell."""
_MIX = np.uint32(0x9E3779B1)
"""Spreads codes of characters over the whole of 32 bits, as Fibonacci hashing does."""
_ROOM = 8
"""Places of a table of hashes for one string in it: one look in so many is in vain."""
_Codes = NDArray[np.uint32]


def sound(char: str) -> str:
    """The toneless syllable of a character, zh/z, ch/c, sh/s, n/l, -ng/-n made equal; itself when it has none."""
    readings = PINYIN_DICT.get(ord(_NUMERALS[int(char)] if char in "0123456789" else char))
    return _heard(readings.partition(",")[0]) if readings else char


@cache
def _heard(syllable: str) -> str:
    spoken: str = to_normal(syllable)
    for wide, narrow in _INITIALS.items():
        if spoken.startswith(wide):
            spoken = narrow + spoken[2:]
    if spoken.startswith("n") and len(spoken) > 1:
        spoken = "l" + spoken[1:]
    for wide, narrow in _FINALS.items():
        if spoken.endswith(wide):
            spoken = spoken[: -len(wide)] + narrow
    return spoken


def same_numerals(text: str) -> str:
    """The text with 一 to 九 as digits, of the same length: "一期" and "1期" become one spelling."""
    return text if _NUMERAL.isdisjoint(text) else text.translate(_SAME_NUMERAL)


@cache
def sound_table() -> str:
    """For `str.translate`: for each character of the basic plane one character that stands for its `sound`.

    A string is read by position, which is far quicker than a dictionary.
    """
    table = [chr(code) for code in range(0x10000)]
    syllables: dict[str, str] = {}
    for code in [code for code in PINYIN_DICT if code < len(table)] + [ord(digit) for digit in "0123456789"]:
        spoken = sound(table[code])
        table[code] = spoken if len(spoken) == 1 else syllables.setdefault(spoken, chr(_FIRST_SOUND + len(syllables)))
    return "".join(table)


def read_lookalikes() -> dict[str, str]:
    """For each character the other characters of its group."""
    others: dict[str, str] = {}
    for line in _LOOKALIKES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            others |= {char: line.strip().replace(char, "") for char in line.strip()}
    return others


def slips(name: str, lookalikes: dict[str, str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Likely misspellings of a name of three characters or more, with the positions of other characters in them.

    A look-alike for one character; from four characters also one inside dropped or two swapped (no position given).
    """
    if len(name) < 3:
        return
    for i, char in enumerate(name):
        for other in lookalikes.get(char, ""):
            yield name[:i] + other + name[i + 1 :], (i,)
    for i in range(1, len(name) if len(name) > 3 else 0):
        if i < len(name) - 1:
            yield name[:i] + name[i + 1 :], ()
        if name[i - 1] != name[i]:
            yield name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :], ()


class Names:
    """Keys found in a text by how they begin, looked up for all its characters at once: no loop over the keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(key for key in keys if len(key) > 1)
        width = 3 if len({key[:2] for key in self._keys}) > _MANY else 2
        lengths: dict[str, set[int]] = {}
        for key in self._keys:
            lengths.setdefault(key[:width], set()).add(len(key))
        self._lengths = {first: tuple(sizes) for first, sizes in lengths.items()}
        self._beginnings = [
            _Beginnings(size, firsts) for size in (2, 3) if (firsts := [f for f in lengths if len(f) == size])
        ]

    def find_all(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every key of two characters or more, in no particular order."""
        codes = _codes(text)
        found = []
        for beginnings in self._beginnings:
            for start in beginnings.find(codes):
                for size in self._lengths.get(text[start : start + beginnings.size], ()):
                    end = start + size
                    if end <= len(text) and text[start:end] in self._keys:
                        found.append((start, end))
        return found


class _Beginnings:
    """Where a text may begin one of many strings of one size: a table of their hashes, read for every place at once."""

    def __init__(self, size: int, strings: list[str]) -> None:
        self.size = size
        self._shift = np.uint32(32 - max(12, (len(strings) * _ROOM).bit_length()))
        self._table = np.zeros(1 << (32 - int(self._shift)), dtype=np.bool_)
        self._table[self._hashes(_codes("".join(strings)))[::size]] = True

    def find(self, codes: _Codes) -> list[int]:
        """The places, some of them by chance."""
        if len(codes) < self.size:
            return []
        places: list[int] = self._table[self._hashes(codes)].nonzero()[0].tolist()
        return places

    def _hashes(self, codes: _Codes) -> _Codes:
        mixed = codes[: len(codes) - self.size + 1] * _MIX
        for i in range(1, self.size):
            mixed = (mixed + codes[i : len(codes) - self.size + 1 + i]) * _MIX
        return mixed >> self._shift


def _codes(text: str) -> _Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
