"""Whether two reports are the same matter: a verdict with its reasons. Pure; finds no candidates, asks nobody.

Sure only when kind, grid and place agree and the words or the photos are near. What is ambiguous is never "same".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from nlp.phrases import Phrases, longest
from nlp.text import number, plain

WITHIN = timedelta(days=14)
"""Two reports further apart are two matters."""
NEAR_BITS = 6
"""Photos whose hashes differ in so many of 64 bits or fewer show the same."""
NEAR_WORDS = 0.6
"""From this likeness on, words say the same; 1 is the same words."""
NEAR_WORDS_LOOSE = 0.7
"""The same, where the place is an estate without a building."""
ALIKE_WORDS = 0.3
"""From this likeness on, a person at the desk may want to look."""
MAX_READ = 400
"""Characters compared."""


class Verdict(StrEnum):
    """What two reports are to each other."""

    SAME = "same"
    MAYBE = "maybe"
    DIFFERENT = "different"


class Reason(NamedTuple):
    """One thing that spoke for or against: a code of CODES, and its figure (days, bits, or a share from 0 to 1)."""

    code: str
    figure: float = 1.0


CODES = frozenset(
    {
        "item", "kindred", "grid", "building", "unit", "spot", "estate", "words", "photo",
        "other_item", "other_grid", "other_building", "other_unit", "other_spot", "other_detail", "place_open",
        "at_home", "late",
    }
)  # fmt: skip
AGAINST = frozenset(c for c in CODES if c.startswith("other_")) | {"place_open", "at_home", "late"}
"""Codes that speak against."""
_ELSEWHERE = frozenset({"other_grid", "other_building", "other_spot"})
"""Codes after which nothing makes two reports the same matter."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One report. `words` are without its place names; an empty string is "not known". Hashes are of 64 bits."""

    item: str
    grid: str
    words: str
    at: datetime
    estate: str = ""
    building: str = ""
    unit: str = ""
    road: str = ""
    number: str = ""
    landmark: str = ""
    photos: tuple[int, ...] = ()


class Decision(NamedTuple):
    """The verdict and everything that led to it, those that speak for it first."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    def figure(self, code: str) -> float | None:
        """The figure of one reason; None when it played no part."""
        return next((r.figure for r in self.reasons if r.code == code), None)


def may_be_same(one: Matter, other: Matter) -> bool:
    """False where `compare` says "different" whatever the words and the photos say: of hundreds few need be compared."""
    if one.grid and other.grid and one.grid != other.grid:
        return False
    return abs(one.at - other.at) <= WITHIN and _ELSEWHERE.isdisjoint([reason.code for reason in _place(one, other)])


def compare(one: Matter, other: Matter) -> Decision:
    """The decision about two reports: the same whichever comes first, and the same every time. Never raises."""
    apart = abs(one.at - other.at)
    if apart > WITHIN:
        return Decision(Verdict.DIFFERENT, (Reason("late", apart / timedelta(days=1)),))
    kind, place = _kind(one, other), _place(one, other)
    likeness = alike(one.words, other.words)
    bits = nearest(one.photos, other.photos)
    found = [*kind, *place]
    if likeness >= ALIKE_WORDS:
        found.append(Reason("words", round(likeness, 2)))
    if bits is not None and bits <= NEAR_BITS:
        found.append(Reason("photo", bits))
    if _details(one.words) != _details(other.words) and _details(one.words) and _details(other.words):
        found.append(Reason("other_detail"))
    if _at_home(one.words) or _at_home(other.words):
        found.append(Reason("at_home"))
    ordered = tuple(sorted(found, key=lambda r: (r.code in AGAINST, r.code not in ("item", "building"), r.code)))
    return Decision(_verdict({r.code for r in found}, likeness), ordered)


def _verdict(codes: set[str], likeness: float) -> Verdict:
    photo = "photo" in codes
    if codes & _ELSEWHERE or not codes & {"item", "kindred", "photo"}:
        return Verdict.DIFFERENT
    exact = bool(codes & {"building", "spot"})
    near = likeness >= (NEAR_WORDS if exact else NEAR_WORDS_LOOSE)
    clear = "item" in codes and "grid" in codes and not codes & AGAINST
    if clear and (exact or "estate" in codes) and (near or photo):
        return Verdict.SAME
    if photo and "grid" in codes:
        return Verdict.MAYBE
    if "item" in codes and "grid" in codes and (exact or likeness >= ALIKE_WORDS):
        return Verdict.MAYBE
    return Verdict.MAYBE if "kindred" in codes and exact and near else Verdict.DIFFERENT


def _kind(one: Matter, other: Matter) -> list[Reason]:
    """The same item; items of one subcategory, the first two parts of the id, are kindred."""
    if not one.item or not other.item:
        return []
    if one.item == other.item:
        return [Reason("item")]
    kindred = one.item.split(".")[:2] == other.item.split(".")[:2]
    return [Reason("kindred" if kindred else "other_item")]


def _place(one: Matter, other: Matter) -> list[Reason]:
    if not one.grid or not other.grid:
        return [Reason("place_open")]
    if one.grid != other.grid:
        return [Reason("other_grid")]
    return [Reason("grid"), *_spot(one, other)]


def _spot(one: Matter, other: Matter) -> list[Reason]:
    """Where in the grid: the building and its unit, a house on a road, a landmark, or no more than the estate."""
    if one.estate and other.estate:
        if one.estate != other.estate:
            return [Reason("other_building")]
        if one.building and other.building:
            return _in_building(one, other)
        return [Reason("place_open" if one.building or other.building else "estate")]
    here, there = _named(one), _named(other)
    if not here or not there or here[0] != there[0]:
        return [Reason("place_open")]
    return [Reason("spot" if here == there else "other_spot")]


def _in_building(one: Matter, other: Matter) -> list[Reason]:
    if one.building != other.building:
        return [Reason("other_building")]
    if one.unit and other.unit:
        return [Reason("building"), Reason("unit" if one.unit == other.unit else "other_unit")]
    return [Reason("building")]


def _named(matter: Matter) -> tuple[str, ...]:
    """A place outside the estates, as (what sort, which); empty when it is not known to the house."""
    if matter.road and matter.number:
        return ("road", matter.road, matter.number)
    return ("landmark", matter.landmark) if matter.landmark else ()


def spot_of(matter: Matter) -> str:
    """The place of a matter within its grid as one comparable word; empty when no more than the grid is known."""
    named = _named(matter)
    if matter.estate:
        return f"{matter.estate}/{matter.building}"
    return "/".join(named)


# -------------------------------------------------------------------- words


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The plain text with these spans of it blanked: what is said, without where."""
    chars = list(plain(text))
    for start, end in spans:
        for at in range(max(0, start), min(end, len(chars))):
            chars[at] = " "
    return "".join(chars)


def alike(one: str, other: str) -> float:
    """How near two texts are in meaning, 0 to 1: words of one meaning count as one, filling words not at all."""
    mine, theirs = _features(one), _features(other)
    if not mine or not theirs:
        return 0.0
    both, least = _weight(mine & theirs), min(_weight(mine), _weight(theirs))
    dice = 2 * both / (_weight(mine) + _weight(theirs))
    if least < _TELLING:
        return dice
    return (dice + both / least) / 2


_TELLING = 4
"""Weight of the features from which one text may lie wholly in the other and say the same."""


def _weight(features: frozenset[str]) -> int:
    """A known meaning says more than two characters side by side."""
    return sum(2 if feature.startswith("=") else 1 for feature in features)


@lru_cache(maxsize=2_000)
def _features(text: str) -> frozenset[str]:
    """The known meanings in a text, and the pairs of characters of what is left."""
    read = plain(text)[:MAX_READ]
    found: set[str] = set()
    rest, last = [], 0
    for start, end, phrase in longest(_PHRASES.find_all(read)):
        meaning = _MEANINGS[phrase]
        if meaning != _FILLING:
            found.add(f"={meaning}")
        rest.append(read[last:start])
        last = end
    rest.append(read[last:])
    for piece in rest:
        found.update(_pairs("".join(c if c.isalpha() else " " for c in piece)))
    return frozenset(found)


def _pairs(piece: str) -> list[str]:
    return [run[i : i + 2] for run in piece.split() for i in range(len(run) - 1)]


def _read_meanings() -> dict[str, str]:
    """phrase -> meaning, from the shipped table."""
    table = resources.files("nlp").joinpath("data/sameness.tsv").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        meaning, tab, phrases = line.partition("\t")
        if tab and not line.startswith("#"):
            found.update(dict.fromkeys(phrases.split(), meaning))
    return found


_FILLING = "-"
_MEANINGS = _read_meanings()
_PHRASES = Phrases(_MEANINGS)

_FLOOR = re.compile(r"(?<![\d\u5e62\u680b])(\d{1,2}|[一二两三四五六七八九十]{1,3})\s*(?:楼(?!栋|幢|道)|层)")
_SIDE = re.compile(r"([东南西北])(?:门|侧|边|面|头|区)")
_AT_HOME = re.compile(
    r"(?:我们?家|自己家|家里|家中|屋里|室内|卫生间|厨房|卧室|客厅|阳台)"
    r"(?!门口|门前|楼下|楼上|楼道|旁边|附近|前面|后面|对面|这栋|这幢|这边|那边|这个?单元)"
)


@lru_cache(maxsize=2_000)
def _details(words: str) -> frozenset[str]:
    """Floors and sides that are named: another floor of the same building is another lamp."""
    text = plain(words)[:MAX_READ]
    floors = {f"{number(m)}F" for m in _FLOOR.findall(text)}
    return frozenset(floors | set(_SIDE.findall(text)))


@lru_cache(maxsize=2_000)
def _at_home(words: str) -> bool:
    """Whether it is inside somebody's own rooms: two flats with a leak are two matters."""
    return bool(_AT_HOME.search(plain(words)[:MAX_READ]))


# -------------------------------------------------------------------- photos


def nearest(ours: Sequence[int], theirs: Sequence[int]) -> int | None:
    """In how many bits the two most similar photos differ; None when one side has none."""
    return min((((a ^ b) & _ALL_BITS).bit_count() for a in ours for b in theirs), default=None)


_ALL_BITS = (1 << 64) - 1
