"""What a wish or an offer says about itself beside its kind: theme, skills, for whom, cost, people, hours, and what is unsafe.

Guesses that a person may correct; the words are in data/wish_traits.toml. Moments are read by `moments.py`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import NamedTuple

from nlp.lexicon import DATA
from nlp.text import plain

_CN = "一二两三四五六七八九十"
_VALUE = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_YUAN = re.compile(rf"(?P<n>\d{{1,5}}|[{_CN}]{{1,3}}百?)\s*(?P<thousand>千)?\s*(?:多)?\s*(?:元|块钱?|块左右)")
_FREE = re.compile(r"不花钱|免费|旧的(?:就|也)|二手的?(?:就|也)?|用过的")
_PEOPLE = re.compile(
    rf"(?:需要|要|请|差|凑|找)?(?P<n>\d{{1,2}}|[{_CN}]{{1,2}})\s*(?P<what>个人|位|人|份|名)(?:一起|合力|来|认领|帮忙|志愿者|邻居)?"
)
_TOGETHER = re.compile(r"一起|合力|众筹|凑|认领|志愿者|帮忙抬|抬")
_HOURS = re.compile(rf"(?P<n>\d{{1,2}}(?:\.5)?|[{_CN}]{{1,2}}|半)\s*个?(?P<half>半)?(?:小时|钟头)")
MOST_SHARES = 50
MOST_HOURS = 24.0
THEMES = ("goods", "company", "learning", "repair", "errands", "medical", "service")
"""Kinds of wishes and offers; `service` is help that has no name of its own."""


class Said(NamedTuple):
    """What the words say. Empty or None where they say nothing; `cost` is yuan at most, `shares` how many people."""

    theme: str
    skills: tuple[str, ...]
    for_whom: str
    cost: int | None
    shares: int
    dangers: tuple[str, ...]


def read_traits(text: str, *, thing: bool | None = None) -> Said:
    """Reads them out of a text; `thing` tells whether a thing is asked for, where that is known."""
    said = plain(text)
    words = _words()
    themes = [name for name, cues in words["themes"].items() if any(c in said for c in cues)]
    if thing is True:
        theme = "goods"
    else:
        theme = next((t for t in themes if thing is None or t != "goods"), "" if thing is None else "service")
    return Said(
        theme=theme,
        skills=tuple(name for name, cues in words["skills"].items() if any(c in said for c in cues))[:6],
        for_whom=next((name for name, cues in words["for_whom"].items() if any(c in said for c in cues)), ""),
        cost=read_cost(said),
        shares=_shares(said),
        dangers=find_dangers(said),
    )


def find_dangers(text: str) -> tuple[str, ...]:
    """cash, medicine, alone: what a neighbour must not be asked for, as far as words tell."""
    said = plain(text)
    return tuple(name for name, cues in _words()["dangers"].items() if any(c in said for c in cues))


def find_skill(text: str) -> str | None:
    """The one skill that these words name, such as 理发."""
    said = plain(text)
    return next((name for name, cues in _words()["skills"].items() if any(c in said for c in cues)), None)


def read_cost(text: str) -> int | None:
    """Yuan that a thing may cost; 0 when a used one will do."""
    found = _YUAN.search(text)
    if found is not None:
        amount = _number(found["n"].removesuffix("百")) * (100 if found["n"].endswith("百") else 1)
        return amount * (1000 if found["thousand"] else 1)
    return 0 if _FREE.search(text) else None


def read_hours(text: str) -> float | None:
    """Hours that somebody gave: 两个小时, 2.5小时, 半小时, 一个半小时."""
    found = _HOURS.search(plain(text))
    if found is None:
        return None
    hours = 0.5 if found["n"] == "半" else float(found["n"]) if found["n"][0].isdigit() else float(_number(found["n"]))
    hours += 0.5 if found["half"] else 0.0
    return hours if 0 < hours <= MOST_HOURS else None


def without_hours(text: str) -> str:
    """The words without how many hours it takes."""
    return _HOURS.sub("", plain(text), count=1)


def read_shares(text: str) -> int | None:
    """A number of people or parts, said alone: 3份, 五个人, 2."""
    found = re.fullmatch(rf"(\d{{1,2}}|[{_CN}]{{1,2}})\s*(?:份|个人|人|位|名|个)?", plain(text).strip())
    if found is None:
        return None
    number = _number(found[1])
    return number if 1 <= number <= MOST_SHARES else None


def _shares(said: str) -> int:
    """How many people it takes: only where the words say that they come together."""
    found = _PEOPLE.search(said)
    if found is None or not (_TOGETHER.search(said) or found["what"] == "份"):
        return 1
    number = _number(found["n"])
    return number if 1 <= number <= MOST_SHARES else 1


def _number(text: str) -> int:
    """A small number in digits or in Chinese, up to 99."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _VALUE.get(text[:1], 0)
    return (_VALUE.get(tens, 1) if tens else 1) * 10 + (_VALUE.get(ones, 0) if ones else 0)


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    """The word lists, read once."""
    return tomllib.loads((DATA / "wish_traits.toml").read_text(encoding="utf-8"))
