"""How a place name may be misheard or mistyped: near pinyin, look-alike characters, a dropped or swapped character.

Only spellings of known names; whether a text means the place is decided in `mentions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pypinyin import Style, pinyin

_INITIALS = {"zh": "z", "ch": "c", "sh": "s"}
_FINALS = {"ang": "an", "eng": "en", "ing": "in"}
_LOOKALIKES = Path(__file__).parent / "data" / "lookalikes.txt"


@lru_cache(maxsize=8192)
def sound(char: str) -> str:
    """The toneless syllable of a character, zh/z, ch/c, sh/s, n/l, -ng/-n made equal; itself when it has none."""
    syllable = pinyin(char, style=Style.NORMAL, errors="ignore")
    if not syllable:
        return char
    spoken = syllable[0][0]
    for wide, narrow in _INITIALS.items():
        if spoken.startswith(wide):
            spoken = narrow + spoken[2:]
    if spoken.startswith("n") and len(spoken) > 1:
        spoken = "l" + spoken[1:]
    for wide, narrow in _FINALS.items():
        if spoken.endswith(wide):
            spoken = spoken[: -len(wide)] + narrow
    return spoken


def sounds(text: str) -> list[str]:
    """One `sound` a character."""
    return [sound(char) for char in text]


def read_lookalikes() -> dict[str, str]:
    """For each character the other characters of its groups."""
    others: dict[str, str] = {}
    for line in _LOOKALIKES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        for char in line.strip():
            others[char] = others.get(char, "") + line.strip().replace(char, "")
    return others


def slips(name: str, lookalikes: dict[str, str]) -> Iterator[str]:
    """Likely misspellings of a name of three characters or more, never the name itself."""
    if len(name) < 3:
        return
    for i, char in enumerate(name):
        for other in lookalikes.get(char, ""):
            yield name[:i] + other + name[i + 1 :]
    if len(name) < 4:
        return
    for i in range(len(name)):
        yield name[:i] + name[i + 1 :]
        if i and name[i - 1] != name[i]:
            yield name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :]


class SoundIndex:
    """Names by how they sound, for finding them in a text that spells them otherwise."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[tuple[str, ...], list[str]] = {}
        for name in names:
            spelled = self._names.setdefault(tuple(sounds(name)), [])
            if name not in spelled:
                spelled.append(name)
        lengths: dict[str, set[int]] = {}
        for key in self._names:
            lengths.setdefault(key[0], set()).add(len(key))
        self._lengths = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}

    def find_all(self, text: str) -> Iterator[tuple[int, int, str]]:
        """(start, end, name) wherever the text sounds like a name, the longest first at each position."""
        heard = sounds(text)
        for start, first in enumerate(heard):
            for size in self._lengths.get(first, ()):
                for name in self._names.get(tuple(heard[start : start + size]), ()):
                    yield start, start + size, name
