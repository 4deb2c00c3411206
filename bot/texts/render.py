"""Loads the sentences and fills them in; moments and spans read as people say them.

A line whose values are all empty is left out, and so are quotation marks around nothing.
Keys are `<file>.<name>`; the words of the pages (`pages/`) are loaded by the web side. A moment reads 今天 11:42,
明天 08:30 or 24 日 10:42; `{at:clock}` reads 10:42. A span reads 3 天, 1 小时 or 30 分钟.
"""

from __future__ import annotations

import string
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "zh_cn"


class TextError(ValueError):
    """A text file is not as it should be; the message names the file and the key."""


_EMPTY = ("", None, [], ())
_NEAR = {-1: "昨天", 0: "今天", 1: "明天"}
"""Words of a date, not a sentence."""


class _Line(NamedTuple):
    """One line of a sentence: its values' names, what stands before each value (and how it is written), and the end."""

    names: tuple[str, ...]
    parts: list[tuple[str, str, str]]
    end: str


class Texts:
    """Every sentence, loaded once."""

    def __init__(self, sentences: dict[str, str], tz: ZoneInfo) -> None:
        self._sentences = sentences
        self._tz = tz
        self._lines = {key: [_line(line) for line in text.split("\n")] for key, text in sentences.items()}
        self._fixed = {
            key: "\n".join([line.end for line in lines]).strip()
            for key, lines in self._lines.items()
            if not any(line.names for line in lines)
        }

    @property
    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._lines)

    def fields(self, key: str) -> frozenset[str]:
        """The names of the values a sentence needs."""
        return frozenset(name for line in self._lines[key] for name in line.names)

    def has(self, key: str) -> bool:
        """Whether the sentence exists."""
        return key in self._lines

    def text(self, key: str, now: datetime, /, **values: Any) -> str:
        """The sentence. Raises KeyError for an unknown key or a missing value."""
        if key in self._fixed:
            return self._fixed[key]
        lines = []
        for line in self._lines[key]:
            if line.names and all(not values[name] and values[name] in _EMPTY for name in line.names):
                continue
            said = ""
            for before, name, spec in line.parts:
                value = values[name]
                said += before + (value if type(value) is str else self._value(value, spec, now))
            lines.append((said + line.end).replace("“”", "").rstrip(" \u3000"))  # nobody said nothing
        return "\n".join(lines).strip()

    def _value(self, value: Any, spec: str, now: datetime) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            return self._moment(value, spec, now)
        if isinstance(value, timedelta):
            return _span(value)
        return str(value)

    def _moment(self, at: datetime, spec: str, now: datetime) -> str:
        local = at.astimezone(self._tz)
        clock = f"{local.hour:02}:{local.minute:02}"
        if spec == "clock":
            return clock
        today = now.astimezone(self._tz)
        days = (local.date() - today.date()).days
        near = _NEAR.get(days)
        if near:
            return f"{near} {clock}"
        if (local.year, local.month) == (today.year, today.month):
            return f"{local.day} 日 {clock}"
        year = f"{local.year} 年 " if local.year != today.year else ""
        return f"{year}{local.month} 月 {local.day} 日 {clock}"


def _span(span: timedelta) -> str:
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes >= 48 * 60 or (minutes >= 24 * 60 and minutes % (24 * 60) == 0):
        return f"{round(minutes / 1440)} 天"
    if minutes >= 60:
        return f"{round(minutes / 60)} 小时"
    return f"{minutes} 分钟" if minutes else f"{round(span.total_seconds())} 秒"


def _line(text: str) -> _Line:
    """A line with its values still to come; braces that are said stand doubled."""
    parts, before = [], ""
    for literal, name, spec, _ in string.Formatter().parse(text):
        before += literal
        if name:
            parts.append((before, name, spec or ""))
            before = ""
    return _Line(tuple(dict.fromkeys(name for _, name, _ in parts)), parts, before.rstrip(" \u3000"))


def load(tz: ZoneInfo, folder: Path = FOLDER) -> Texts:
    """Every sentence of a folder. Raises `TextError`."""
    sentences: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if not isinstance(value, str):
                raise TextError(f"{path.name}: {name} is not a text")
            sentences[f"{path.stem}.{name}"] = value.strip("\n")
    if not sentences:
        raise TextError(f"no texts in {folder}")
    return Texts(sentences, tz)
