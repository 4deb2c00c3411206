"""The street's places by every name people may use, and which grid each part of them belongs to.

Built once from a `Street`; reading messages against it is `mentions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from nlp.names import Names
from nlp.soundalike import read_lookalikes, same_numerals, slips, sound_table
from nlp.street import Area, Grid, Street

Kind = Literal["estate", "road", "landmark", "grid", "community"]
How = Literal["exact", "heard", "slipped", "partial"]
_ENDINGS = (
    *("小区", "花园", "花苑", "家园", "新村", "公寓", "大厦", "社区", "苑", "园", "里", "村", "府", "城", "庭", "坊"),
    *("路", "街", "巷"),
)
_KINDS = ("幼儿园", "小学", "中学", "医院", "公园", "广场", "市场", "菜场", "超市", "银行", "学校")
_SWAPS = (("菜场", "菜市场"), ("菜场", "农贸市场"), ("菜市场", "菜场"), ("幼儿园", "幼稚园"), ("小学", "小学校"))
_PHASE = re.compile(r"(?P<stem>.{2,}?)(?P<phase>[\d十东西南北中A-Da-d][期区])")
_WORTH: dict[How, int] = {"exact": 0, "heard": 1, "slipped": 2, "partial": 3}
_GRID_NUMBER = re.compile(r"(\d{1,2}|十\d?)网格$")


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """One place of the street. `parts` maps a building label, a house number or a grid's number to its grid."""

    kind: Kind
    name: str
    grids: tuple[str, ...]
    parts: dict[str, str] = field(default_factory=dict)
    whole: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def find_part(self, label: str) -> str | None:
        """The grid of a building or house number; None when it lies outside the street file."""
        return self.parts.get(label) or self.whole or None


class Hit(NamedTuple):
    """A name found in a text: where, the places it may mean, how it is written, which of its characters differ."""

    start: int
    end: int
    spots: tuple[Spot, ...]
    how: How
    changed: tuple[int, ...] = ()


Meaning = tuple[tuple[Spot, ...], How, tuple[int, ...]]
"""What a name found stands for: the last three of a `Hit`."""


class Gazetteer:
    """Every spot of a street with the names it goes by: exact, misheard, misspelt, cut short."""

    def __init__(self, street: Street) -> None:
        self.spots: tuple[Spot, ...] = tuple(_spots(street))
        self.estates = tuple(spot for spot in self.spots if spot.kind == "estate")
        self.grids = {spot.whole: spot for spot in self.spots if spot.kind == "grid"}
        names: dict[str, list[Spot]] = {}
        for name, spot in _named(self.spots, {e.name: e.aliases for e in street.estates()}):
            names.setdefault(name, []).append(spot)
        self.exact = {name: tuple(spots) for name, spots in names.items()}
        self.tails = _tails(self.exact)
        self._same = {same_numerals(name): spots for name, spots in self.exact.items()}
        spelt: dict[str, Meaning] = {
            **_slipped(self._same),
            **{stem: (spots, "partial", ()) for stem, spots in _partial(self._same).items()},
            **{name: (spots, "exact", ()) for name, spots in self._same.items()},
        }
        self.leading = frozenset(name for name, (spots, *_) in spelt.items() if spots[0].name in self.tails)
        """Every spelling of an estate inside which there are landmarks."""
        table = sound_table()
        sounding: dict[str, list[str]] = {}
        for name in self._same:
            sounding.setdefault(name.translate(table), []).append(name)
        self._names = Names(spelt, sounding)

    def find_names(self, text: str, worth: Callable[[str, int, int, Meaning, Gazetteer], bool]) -> list[Hit]:
        """The names in a text that are `worth` reading, none overlapping another: exact ones first, then by ear, eye, half."""
        spelt, heard = self._names.find_all(text)
        found = [Hit(start, end, *meaning) for start, end, meaning in spelt if worth(text, start, end, meaning, self)]
        for start, end, names in heard:
            written = same_numerals(text[start:end])
            if written not in self._same:
                meaning = self._heard(written, names)
                if worth(text, start, end, meaning, self):
                    found.append(Hit(start, end, *meaning))
        return _without_overlaps(found) if found else found

    def _heard(self, written: str, names: list[str]) -> Meaning:
        """What sounds like the text, and of several names those that differ from it the least."""
        if len(names) == 1:
            return self._same[names[0]], "heard", _changed(written, names[0])
        differing = [(_changed(written, name), name) for name in names]
        fewest = min(len(at) for at, _ in differing)
        nearest = [(at, name) for at, name in differing if len(at) == fewest]
        spots = dict.fromkeys(spot for _, name in nearest for spot in self._same[name])
        return tuple(spots), "heard", nearest[0][0]


def _changed(written: str, name: str) -> tuple[int, ...]:
    return tuple([i for i, char in enumerate(written) if char != name[i]])


def _without_overlaps(found: list[Hit]) -> list[Hit]:
    """The best spelt of the hits that overlap, of equals the longest; in text order."""
    if len(found) == 1:
        return found
    kept: list[Hit] = []
    for hit in sorted(found, key=_by_worth):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    kept.sort(key=_by_start)
    return kept


def _by_worth(hit: Hit) -> tuple[int, int, int]:
    return _WORTH[hit.how], hit.start - hit.end, hit.start


def _by_start(hit: Hit) -> int:
    return hit.start


def _spots(street: Street) -> Iterator[Spot]:
    estates: dict[str, list[tuple[Grid, Area]]] = {estate.id: [] for estate in street.estates()}
    roads: dict[str, list[tuple[Grid, Area]]] = {}
    for grid in street.grids():
        for area in grid.areas:
            claims = estates[area.estate] if area.estate else roads.setdefault(area.road, [])
            claims.append((grid, area))
    for estate in street.estates():
        yield _joined("estate", estate.name, estates[estate.id])
    for road, claims in roads.items():
        yield _joined("road", road, claims)
    for grid in street.grids():
        for place in grid.places:
            yield Spot("landmark", place, (grid.id,), whole=grid.id)
        yield Spot("grid", grid.name, (grid.id,), whole=grid.id)
    for community in street.communities:
        numbered = {n: grid.id for grid in community.grids if (n := _grid_number(grid.name))}
        yield Spot("community", community.name, tuple(g.id for g in community.grids), numbered)


def _grid_number(name: str) -> str:
    found = _GRID_NUMBER.search(same_numerals(name))
    return found[1].replace("十", "10" if found[1] == "十" else "1") if found else ""


def _joined(kind: Kind, name: str, areas: list[tuple[Grid, Area]]) -> Spot:
    parts: dict[str, str] = {}
    whole = ""
    labels = []
    for grid, area in areas:
        members: Iterable[object] | None = area.building_set() if area.estate else area.number_set()
        if members is None:
            whole = grid.id
            labels.append((name, grid.id))
        else:
            parts.update({str(member): grid.id for member in members})
            side = {"odd": "单号", "even": "双号"}.get(area.parity, "")
            extent = f"{area.buildings} 幢" if area.estate else f"{area.numbers} 号{side and f'（{side}）'}"
            labels.append((f"{name} {extent}", grid.id))
    grids = tuple(dict.fromkeys(grid.id for grid, _ in areas))
    return Spot(kind, name, grids, parts, whole, tuple(labels))


def _named(spots: Iterable[Spot], aliases: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, Spot]]:
    """Every exact name with its spot; a landmark named after an estate goes by all names of the estate."""
    groups = {known: (name, *others) for name, others in aliases.items() for known in (name, *others)}
    for spot in spots:
        names = [spot.name, *(aliases.get(spot.name, ()) if spot.kind == "estate" else ())]
        if spot.kind == "landmark":
            for cut in range(2, len(spot.name)):
                names += [other + spot.name[cut:] for other in groups.get(spot.name[:cut], ())]
            names += [spot.name.replace(old, new) for old, new in _SWAPS if spot.name.endswith(old)]
        for name in dict.fromkeys(names):
            yield name, spot


def _partial(exact: dict[str, tuple[Spot, ...]]) -> dict[str, tuple[Spot, ...]]:
    """Names cut short: without "小区" or "路", without the phase, and the first two characters of longer names.

    What is a number by itself is no name: "二零新村" is not meant by "20年".
    """
    found: dict[str, list[Spot]] = {}
    for name, spots in exact.items():
        for spot in spots:
            if spot.kind != "grid" and name == same_numerals(spot.name):
                for stem in _stems(name):
                    found.setdefault(stem, []).append(spot)
    return {
        stem: tuple(dict.fromkeys(meant)) for stem, meant in found.items() if stem not in exact and not stem.isdigit()
    }


def _stems(name: str) -> Iterator[str]:
    if len(name) > 2:
        yield name[:2]
    if phase := _PHASE.fullmatch(name):
        yield phase["stem"]
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            yield name[: -len(ending)]


def _slipped(exact: dict[str, tuple[Spot, ...]]) -> dict[str, Meaning]:
    lookalikes = read_lookalikes()
    found: dict[str, tuple[dict[Spot, None], tuple[int, ...]]] = {}
    for name, spots in exact.items():
        for slip, changed in slips(name, lookalikes, _telling(name)):
            if slip not in exact:
                found.setdefault(slip, ({}, changed))[0].update(dict.fromkeys(spots))
    return {slip: (tuple(spots), "slipped", changed) for slip, (spots, changed) in found.items()}


def _telling(name: str) -> int:
    """How many characters of a name tell it from others of its kind."""
    return next((len(name) - len(kind) for kind in (*_KINDS, *_ENDINGS) if name.endswith(kind)), len(name))


def _tails(exact: dict[str, tuple[Spot, ...]]) -> dict[str, tuple[tuple[str, Spot], ...]]:
    """For each estate's canonical name the landmarks inside it: ("北门", spot)."""
    tails: dict[str, dict[tuple[str, Spot], None]] = {}
    for name, spots in exact.items():
        for landmark in (s for s in spots if s.kind == "landmark"):
            for cut in range(2, len(name)):
                for estate in (s for s in exact.get(name[:cut], ()) if s.kind == "estate"):
                    tails.setdefault(estate.name, {})[name[cut:], landmark] = None
    return {name: tuple(pairs) for name, pairs in tails.items()}
