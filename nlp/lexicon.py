"""Reads the keyword files: one entry a line, tab-separated "word, target, weight, example"; # opens a remark.

A word may combine parts ("灯+{broken}": all near each other); {name} stands for any word of a class in classes.txt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
"""The data files that come with the package."""


class LexiconError(ValueError):
    """A keyword file cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A word (or combination) that speaks for a target with a weight; `example` shows how people use it."""

    word: str
    target: str
    weight: float
    example: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The words or {classes} of a combination; one part for a plain word."""
        return tuple(part for part in self.word.split("+") if part)


def read_entries(*paths: Path) -> list[Entry]:
    """The entries of keyword files in order. LexiconError names the file and line of a fault."""
    entries = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LexiconError(f"cannot read the lexicon {path}: {error}") from error
        for at, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#"):
                entries.append(_entry(line, f"{path}, line {at}"))
    return entries


def _entry(line: str, where: str) -> Entry:
    fields = line.split("\t")
    if len(fields) not in (3, 4):
        raise LexiconError(f"{where}: expected word, target, weight and an example, separated by tabs")
    try:
        weight = float(fields[2])
    except ValueError:
        raise LexiconError(f'{where}: the weight "{fields[2]}" is not a number') from None
    entry = Entry(fields[0].strip().lower(), fields[1].strip(), weight, fields[3].strip() if len(fields) == 4 else "")
    if not entry.parts or not entry.target:
        raise LexiconError(f"{where}: a word and a target are needed")
    return entry


def read_classes(path: Path = DATA / "classes.txt") -> dict[str, tuple[str, ...]]:
    """Word classes by name: lines "name: word word word"; a class given on several lines is joined."""
    classes: dict[str, tuple[str, ...]] = {}
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, words = line.partition(":")
        if not colon:
            raise LexiconError(f"{path}, line {at}: expected name: words")
        classes[name.strip()] = classes.get(name.strip(), ()) + tuple(words.lower().split())
    return classes


def name_entries(names: Iterable[tuple[str, str]]) -> list[Entry]:
    """Entries from official names (name, target), so that a name always finds its item."""
    return [
        Entry(part, target, 3.0 if len(part) > 2 else 2.0, part)
        for part, target in name_parts(names)
        if len(part) >= 2 and "+" not in part
    ]


def name_parts(names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each name (name, target) in lower case, split at 、 与 和."""
    return [
        (part.strip().lower(), target)
        for name, target in names
        for part in name.replace("与", "、").replace("和", "、").split("、")
    ]
