"""Spellings people hit instead of a known name: same-sounding and look-alike characters, a dropped or swapped one.

Only spellings of known names; whether a text means the place is decided in `mentions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

_INITIALS = {"zh": "z", "ch": "c", "sh": "s"}
_FINALS = {"ang": "an", "eng": "en", "ing": "in"}
_LOOKALIKES = Path(__file__).parent / "data" / "lookalikes.txt"
_SOUNDS = Path(__file__).parent / "data" / "sounds.tsv"
"""The syllable of every character, from pypinyin, which takes longer to load than all the rest of this package."""
_NUMERALS = "零一二三四五六七八九"
_NUMERAL = frozenset(_NUMERALS)
_DIGITS = frozenset("123456789")
_FIRST_SOUND = 0xE000
"""Syllables are written as characters of the private use area, so that a text and its sound have one length."""


def _heard(syllable: str) -> str:
    """The syllable with zh/z, ch/c, sh/s, n/l, -ng/-n made equal."""
    for wide, narrow in _INITIALS.items():
        if syllable.startswith(wide):
            syllable = narrow + syllable[2:]
    if syllable.startswith("n") and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    for wide, narrow in _FINALS.items():
        if syllable.endswith(wide):
            syllable = syllable[: -len(wide)] + narrow
    return syllable


def same_numerals(text: str) -> str:
    """The text with 一 to 九 as digits, of the same length: "一期" and "1期" become one spelling."""
    for numeral in _NUMERAL.intersection(text):
        text = text.replace(numeral, str(_NUMERALS.index(numeral)))
    return text


def either_numeral(char: str) -> str:
    """A digit from 1 to 9 with its numeral, any other character alone: what `same_numerals` makes one."""
    return char + _NUMERALS[int(char)] if char in _DIGITS else char


@cache
def sound_table() -> str:
    """For `str.translate`: for each character of the basic plane one character that stands for its sound.

    Itself where it has none; a figure sounds as its numeral. A string is read by position, which is far quicker than a
    dictionary.
    """
    table = np.arange(0x10000, dtype="<u4")
    letters: dict[str, int] = {}
    for line in _SOUNDS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            syllable, _, chars = line.partition("\t")
            spoken = _heard(syllable)
            letter = ord(spoken) if len(spoken) == 1 else letters.setdefault(spoken, _FIRST_SOUND + len(letters))
            table[np.frombuffer(chars.encode("utf-16-le"), dtype="<u2")] = letter
    table[[ord(figure) for figure in "0123456789"]] = table[[ord(numeral) for numeral in _NUMERALS]]
    return table.tobytes().decode("utf-32-le", "surrogatepass")


def read_lookalikes() -> dict[str, str]:
    """For each character the other characters of its group."""
    others: dict[str, str] = {}
    for line in _LOOKALIKES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            others |= {char: line.strip().replace(char, "") for char in line.strip()}
    return others


def slips(name: str, lookalikes: dict[str, str], telling: int | None = None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Likely misspellings of a name of three characters or more, with the positions of other characters in them.

    A look-alike for one character; from four characters also one inside dropped or two swapped (no position given).
    Of the first `telling` characters, which tell it from other names, two are left at least: "翠苑小区" is no "翠小区".
    """
    if len(name) < 3:
        return
    told = len(name) if telling is None else telling
    for i, char in enumerate(name):
        for other in lookalikes.get(char, ""):
            yield name[:i] + other + name[i + 1 :], (i,)
    for i in range(1, len(name) if len(name) > 3 else 0):
        if i < len(name) - 1 and (i >= told or told > 2):
            yield name[:i] + name[i + 1 :], ()
        if name[i - 1] != name[i]:
            yield name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :], ()
