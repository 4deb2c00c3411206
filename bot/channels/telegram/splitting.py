"""Cutting long texts into parts that Telegram takes. Pure; what is sent with which part is not decided here."""

from __future__ import annotations

import re

MAX_UNITS = 4096

SENTENCE_END = re.compile(r"[。！？；!?;…](?=[^。！？；!?;…”’）)」])|[.](?=\s)")


def units(text: str) -> int:
    """UTF-16 units, the stricter of the two ways in which Telegram's limits can be read."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(text: str, limit: int = MAX_UNITS) -> list[str]:
    """Parts of at most `limit` units, cut after a line if possible, else a sentence, else a space, else anywhere."""
    parts: list[str] = []
    rest = text.strip()
    while units(rest) > limit:
        cut = _cut(rest, limit)
        part, rest = rest[:cut].rstrip(), rest[cut:].lstrip()
        if part:
            parts.append(part)
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    end, used = 0, 0
    while end < len(text) and used + units(text[end]) <= limit:
        used += units(text[end])
        end += 1
    head = text[: end + 1]
    lines, spaces = head.rfind("\n", 1), head.rfind(" ", 1)
    sentences = [found.end() for found in SENTENCE_END.finditer(head) if found.end() <= end]
    least = end // 4  # a cut that leaves a stump is worse than one within a line
    for cut in (lines, sentences[-1] if sentences else -1, spaces):
        if cut > least:
            return cut
    return max(end, 1)
