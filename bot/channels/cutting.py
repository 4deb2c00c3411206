"""Cutting long texts where a platform counts bytes. Pure; Telegram counts otherwise and has its own."""

from __future__ import annotations

_ENDS = "。！？；!?;…\n"


def size(text: str) -> int:
    """Bytes of a text as UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` bytes, cut after a line if possible, else a sentence, else a space, else anywhere."""
    parts: list[str] = []
    rest = text.strip()
    while size(rest) > limit:
        at = _place(rest, limit)
        part, rest = rest[:at].rstrip(), rest[at:].lstrip()
        if part:
            parts.append(part)
    return [*parts, rest] if rest else parts


def _place(text: str, limit: int) -> int:
    end, used = 0, 0
    while end < len(text) and used + size(text[end]) <= limit:
        used += size(text[end])
        end += 1
    least = end // 4  # a cut that leaves a stump is worse than one within a line
    head = text[:end]
    sentence = max(head.rfind(sign) for sign in _ENDS) + 1
    for at in (head.rfind("\n") + 1, sentence, head.rfind(" ") + 1):
        if at > least:
            return at
    return max(end, 1)
