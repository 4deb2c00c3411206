"""The street's places by every name people may use, and which grid each part of them belongs to.

Built once from a `Street`; reading messages against it is `mentions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from nlp.phrases import Phrases
from nlp.soundalike import SoundIndex, read_lookalikes, slips
from nlp.street import Area, Grid, Street

Kind = Literal["estate", "road", "landmark", "grid", "community"]
_ENDINGS = (
    "小区",
    "花园",
    "花苑",
    "家园",
    "新村",
    "公寓",
    "大厦",
    "社区",
    "苑",
    "园",
    "里",
    "村",
    "府",
    "城",
    "路",
    "街",
    "巷",
)
_SWAPS = (("菜场", "菜市场"), ("菜场", "农贸市场"), ("菜市场", "菜场"), ("幼儿园", "幼稚园"), ("小学", "小学校"))


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of the street. `parts` maps a building label or house number to its grid."""

    kind: Kind
    name: str
    grids: tuple[str, ...]
    parts: dict[str, str] = field(default_factory=dict, compare=False)
    whole: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def find_part(self, label: str) -> str | None:
        """The grid of a building or house number; None when it lies outside the street file."""
        return self.parts.get(label) or self.whole or None


class Gazetteer:
    """Every spot of a street with the names it goes by: exact, partial, misheard."""

    def __init__(self, street: Street) -> None:
        self.spots: tuple[Spot, ...] = tuple(_spots(street))
        self.exact: dict[str, tuple[Spot, ...]] = {}
        names: dict[str, list[Spot]] = {}
        aliases = {e.name: e.aliases for e in street.estates()}
        for spot in self.spots:
            for name in _names(spot, aliases):
                names.setdefault(name, []).append(spot)
        self.exact = {name: tuple(spots) for name, spots in names.items()}
        self.partial = _partial(self.spots, self.exact)
        self.slipped = self._slipped()
        self.phrases = Phrases([*self.exact, *self.partial, *self.slipped])
        self.sounds = SoundIndex(self.exact)
        self.tails = _tails(self.exact)

    def _slipped(self) -> dict[str, tuple[Spot, ...]]:
        lookalikes = read_lookalikes()
        found: dict[str, list[Spot]] = {}
        for name, spots in self.exact.items():
            for slip in slips(name, lookalikes):
                if slip not in self.exact and slip not in self.partial:
                    found.setdefault(slip, []).extend(s for s in spots if s not in found.get(slip, ()))
        return {slip: tuple(spots) for slip, spots in found.items()}


def _spots(street: Street) -> Iterator[Spot]:
    for estate in street.estates():
        yield _joined("estate", estate.name, [(g, a) for g in street.grids() for a in g.areas if a.estate == estate.id])
    for road in dict.fromkeys(a.road for g in street.grids() for a in g.areas if a.road):
        yield _joined("road", road, [(g, a) for g in street.grids() for a in g.areas if a.road == road])
    for grid in street.grids():
        for place in grid.places:
            yield Spot("landmark", place, (grid.id,), whole=grid.id)
        yield Spot("grid", grid.name, (grid.id,), whole=grid.id)
    for community in street.communities:
        yield Spot("community", community.name, tuple(g.id for g in community.grids))


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


def _names(spot: Spot, aliases: dict[str, tuple[str, ...]]) -> Iterator[str]:
    names = [spot.name, *(aliases.get(spot.name, ()) if spot.kind == "estate" else ())]
    if spot.kind == "landmark":
        for estate, others in aliases.items():
            for known in (estate, *others):
                if spot.name.startswith(known):
                    names += [other + spot.name[len(known) :] for other in (estate, *others)]
        names += [spot.name.replace(old, new) for old, new in _SWAPS if spot.name.endswith(old)]
    yield from dict.fromkeys(names)


def _partial(spots: Iterable[Spot], exact: dict[str, tuple[Spot, ...]]) -> dict[str, tuple[Spot, ...]]:
    """Names cut short: what is left without "小区" or "路", and the first two characters of longer names."""
    found: dict[str, list[Spot]] = {}
    for spot in spots:
        if spot.kind == "grid":
            continue
        stems = {spot.name[:2]} if len(spot.name) > 2 else set()
        stems |= {spot.name[: -len(e)] for e in _ENDINGS if spot.name.endswith(e)}
        for stem in stems:
            if len(stem) >= 2 and stem not in exact:
                found.setdefault(stem, []).append(spot)
    return {stem: tuple(dict.fromkeys(meant)) for stem, meant in found.items()}


def _tails(exact: dict[str, tuple[Spot, ...]]) -> dict[str, tuple[tuple[str, Spot], ...]]:
    """For each estate's canonical name the landmarks inside it: ("北门", spot)."""
    tails: dict[str, list[tuple[str, Spot]]] = {}
    estates = {name: s for name, spots in exact.items() for s in spots if s.kind == "estate"}
    for name, spots in exact.items():
        for landmark in (s for s in spots if s.kind == "landmark"):
            for known, estate in estates.items():
                if name.startswith(known) and len(name) > len(known):
                    tails.setdefault(estate.name, []).append((name[len(known) :], landmark))
    return {name: tuple(dict.fromkeys(pairs)) for name, pairs in tails.items()}
