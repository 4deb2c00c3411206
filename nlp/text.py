"""Plain-text groundwork: one spelling of characters, Chinese numerals, clauses. Nothing here knows a meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_MARKS = {
    0x3000: " ",
    0xFF03: "#",
    0xFF0D: "-",
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2013: "-",
    0x2212: "-",
    0xFF0B: "+",
    0xFF5E: "~",
    0xA0: " ",
    0x2D: "-",
}
_CIRCLED = {0x2460 + i: str(i + 1) for i in range(20)}
_TABLE: dict[int, int | str] = {**_WIDE, **_MARKS, **_CIRCLED}
_KEPT_CONTROLS = "\n\t"
_NOT_PLAIN = re.compile(r"[^\n\t\x20-\x7e\u4e00-\u9fff，。！？、：；（）…“”]")
_DIGIT = dict(zip("零\u3007\u25cb一二三四五六七八九", (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | {
    "两": 2,
    "幺": 1,
}
_DIGIT |= {char: value for value, char in enumerate("壹贰叁肆伍陆柒捌玖", 1)}
_SCALE = {"十": 10, "拾": 10, "百": 100, "佰": 100}
CHINESE_NUMERAL = "零\u3007\u25cb一二两三四五六七八九十百壹贰叁肆伍陆柒捌玖拾佰廿卅幺"
"""Characters a spoken house number may consist of, for use inside a regular-expression class."""

_CLAUSE = re.compile(r"[^，。！？；!?;,\n…~]+[，。！？；!?;,\n…~]*")


def plain(text: str) -> str:
    """The text with half-width letters and digits, composed characters and no control characters.

    Chinese punctuation stays as written. Never raises, whatever the text holds.
    """
    if not _NOT_PLAIN.search(text):
        return text
    composed = unicodedata.normalize("NFC", text.translate(_TABLE))
    if composed.isprintable():
        return composed
    return "".join(c for c in composed if c in _KEPT_CONTROLS or not _is_control(c))


def _is_control(char: str) -> bool:
    return unicodedata.category(char)[0] == "C"


def number(numeral: str) -> int | None:
    """The value of "12", "十二", "廿三", "四零一" or "一百零五"; None for anything else or above 9999."""
    if numeral.isascii():
        return int(numeral) if numeral.isdigit() and len(numeral) <= 4 else None
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if any(c in _SCALE for c in numeral):
        return _scaled(numeral)
    digits = [_DIGIT.get(c, int(c) if c.isascii() and c.isdigit() else -1) for c in numeral]
    if not digits or -1 in digits or len(digits) > 4:
        return None
    return int("".join(map(str, digits)))


def _scaled(numeral: str) -> int | None:
    total = pending = 0
    for char in numeral:
        if char in _SCALE:
            total += max(pending, 1) * _SCALE[char]
            pending = 0
        elif char in _DIGIT:
            pending = _DIGIT[char]
        else:
            return None
    return total + pending


def clauses(text: str) -> Iterator[tuple[int, str]]:
    """The clauses of a text with their offsets, punctuation attached at the end."""
    for found in _CLAUSE.finditer(text):
        yield found.start(), found.group()
