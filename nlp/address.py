"""From a text to one place and its grid: which mention decides, when to ask, how a place is written for people.

Finding the mentions is `mentions.py`. The rule: where the problem is, not where the writer lives; never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlp.gazetteer import Gazetteer, Spot
from nlp.geo import Point, box, distance, holds, to_wgs84
from nlp.mentions import Mention, find_mentions
from nlp.roles import DENIED, is_between
from nlp.street import Grid, Street
from nlp.text import plain

MAX_CANDIDATES = 6
"""Places offered as buttons at once."""
MAX_READ = 2_000
"""Characters of a text searched for places."""
REMEMBERED = 500
"""Texts whose mentions are kept."""
NEAR, MAX_NEAR = 1_000.0, 4
"""Metres from a point within which grids are offered, and how many."""
_AROUND = 0.03  # degrees, more than NEAR even in the north
_OWN = re.compile(
    r"(?:我们?|咱们?|俺们?)(?:家|这)?(?:这)?(?:(?P<estate>小区|大院)|楼|栋|幢|单元|家|这[边里儿栋幢]|门口|(?=\s*第?[\d一二三四五六七八九十]+(?:号楼|栋|幢|#)))"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place to offer: `label` for people, `grid` to take when chosen."""

    label: str
    grid: str


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a text. `grid` only when nothing else can be meant; otherwise `candidates` to ask about.

    `outside` is true when the text names an estate, road or number the street file does not have.
    """

    text: str = ""
    grid: str | None = None
    community: str | None = None
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    road: str = ""
    number: str = ""
    landmark: str = ""
    candidates: tuple[Candidate, ...] = ()
    outside: bool = False
    evidence: tuple[str, ...] = ()


NOWHERE = Place()
"""No place in the text."""


def public_text(place: Place) -> str:
    """The place as it may be shown to others: without unit and room."""
    name = place.estate or place.road or place.landmark
    return _write(name, place.building, number=place.number) or place.text


class PlaceBook:
    """Reads places of one street. Built once; reading keeps no state."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self._gazetteer = Gazetteer(street)
        self._community = {grid.id: community.id for community in street.communities for grid in community.grids}
        self._grids = {grid.id: grid for grid in street.grids()}
        self._drawn = [grid for grid in street.grids() if grid.polygon]

    def find(self, text: str, *, home: str | None = None) -> Place:
        """Where the matter is. `home` (a grid id or the known address) is taken only for words that say so ("我家楼下").

        Otherwise it orders the candidates, it never decides.
        """
        return self.locate(text, home=home)[0]

    def locate(self, text: str, *, home: str | None = None) -> tuple[Place, tuple[tuple[int, int], ...]]:
        """As `find`, with the spans of every place mentioned in the plain text, deciding or not."""
        read = plain(text)[:MAX_READ]
        mentions = _mentions(read, self._gazetteer)
        own = _OWN.search(read) if home else None
        if home and own and all(not m.spots and m.building for m in mentions):
            return self._own(home, own, mentions), tuple(span for m in mentions for span in m.spans)
        if not mentions:
            return NOWHERE, ()
        return self._decide(read, mentions, home), tuple(span for m in mentions for span in m.spans)

    def _own(self, home: str, cue: re.Match[str], mentions: Sequence[Mention]) -> Place:
        """The writer's own house, or with "小区" their estate, or the building they name in it."""
        if grid := self._grids.get(home):
            known = Place(text=grid.name, grid=grid.id, community=self._community[grid.id])
        else:
            known = self.find(home)
        building = mentions[0].building if mentions else ""
        if known.estate and (building or cue["estate"]):
            unit = f"{mentions[0].unit}单元" if building and mentions[0].unit else ""
            known = self.find(f"{known.estate}{building and building + '幢'}{unit}")
        elif building:
            return self._decide("", mentions, home)
        return replace(known, evidence=(cue.group(),)) if known.text else NOWHERE

    def _decide(self, read: str, mentions: Sequence[Mention], home: str | None) -> Place:
        chosen = _deciding(mentions)
        if not chosen:
            return NOWHERE
        lead = _lead(chosen)
        grids = _shared(chosen, between=len(chosen) > 1 and is_between(read))
        outside = (lead.kind == "unknown" and not lead.building) or bool(lead.spots and not lead.grids)
        sure = len(grids) == 1 and not outside and not any(m.doubtful for m in chosen)
        grid = grids[0] if sure and lead.spots else None
        candidates = () if grid or outside else self._candidates(chosen, grids, home)
        return self._place(lead, grid, outside, candidates, tuple(m.written for m in chosen))

    def pinned(self, named: Place, lat: float, lon: float, *, gcj02: bool = False) -> Place:
        """Where a point on the map is, with what its words name; `gcj02` for positions of Chinese maps.

        The grid when exactly one polygon holds the point and the words name no other; else the nearest grids to ask about.
        Just `named` when the street has no polygons; `outside` when none is within a kilometre.
        """
        point = to_wgs84(lon, lat) if gcj02 else (lon, lat)
        near = sorted((distance(g.polygon, point), g.id) for g in self._drawn if _is_around(g, point))
        near = [(metres, grid) for metres, grid in near if metres <= NEAR]
        if not near:
            return replace(named, outside=True) if self._drawn and not named.text else named
        inside = [grid for metres, grid in near if not metres and holds(self._grids[grid].polygon, point)]
        meant = list(dict.fromkeys([*([named.grid] if named.grid else []), *inside]))
        if len(meant) == 1:
            grid = self._grids[meant[0]]
            return replace(
                named, text=named.text or grid.name, grid=grid.id, community=self._community[grid.id], candidates=()
            )
        offered = [Candidate(self._grids[g].name, g) for g in meant] or [
            Candidate(self._grids[g].name, g) for _, g in near[:MAX_NEAR]
        ]
        return replace(named, grid=None, community=None, candidates=named.candidates or tuple(offered))

    def names(self) -> tuple[str, ...]:
        """Every exact name a place goes by."""
        return tuple(self._gazetteer.exact)

    def search(self, text: str) -> list[Candidate]:
        """Up to six places a vague text may mean, best first; nothing for an empty text."""
        read = plain(text).strip()[:MAX_READ]
        if not read:
            return []
        place = self.find(read)
        if place.grid:
            return [Candidate(place.text, place.grid)]
        found = list(place.candidates)
        for spot in self._gazetteer.spots:
            if spot.kind != "community" and (read in spot.name or _overlap(read, spot.name)):
                found += _offers(spot)
        return list(dict.fromkeys(found))[:MAX_CANDIDATES]

    def _place(
        self,
        lead: Mention,
        grid: str | None,
        outside: bool,
        candidates: tuple[Candidate, ...],
        evidence: tuple[str, ...],
    ) -> Place:
        spot = lead.spots[0] if len(lead.spots) == 1 else None
        kind, name = (spot.kind, spot.name) if spot else ("", "")
        estate = name if kind == "estate" else ""
        road = name if kind == "road" else ""
        landmark = name if kind == "landmark" else ""
        written = _write(estate or road or landmark, lead.building, lead.unit, lead.room, lead.number)
        return Place(
            text=written or name or ("" if spot else lead.written),
            grid=grid,
            community=self._community[grid] if grid else None,
            estate=estate,
            building=lead.building,
            unit=lead.unit,
            room=lead.room,
            road=road,
            number=lead.number,
            landmark=landmark,
            candidates=candidates,
            outside=outside,
            evidence=evidence,
        )

    def _candidates(self, chosen: list[Mention], grids: tuple[str, ...], home: str | None) -> tuple[Candidate, ...]:
        near = self._home(home)
        found: list[Candidate] = []
        for mention in chosen:
            spots: Iterable[Spot] = mention.spots
            if not mention.spots and mention.building:
                spots = (
                    sorted(self._gazetteer.estates, key=lambda s: near.grid not in s.grids)
                    if near.grid
                    else (self._gazetteer.estates)
                )
            for spot in spots:
                found += _offers(spot, mention)
                if len(found) >= MAX_CANDIDATES * 4:
                    break
        if not found:
            found = [Candidate(self._grids[grid].name, grid) for grid in grids]
        ordered = sorted(dict.fromkeys(found), key=lambda c: c.grid != near.grid) if near.grid else dict.fromkeys(found)
        return tuple(list(ordered)[:MAX_CANDIDATES])

    def _home(self, home: str | None) -> Place:
        if not home or home in self._grids:
            return Place(grid=home or None)
        return self.find(home)


@lru_cache(maxsize=REMEMBERED)
def _mentions(text: str, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """What a text mentions: of a report it is asked once for its place, and again for what it says without it."""
    return tuple(find_mentions(text, gazetteer))


def _deciding(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions of the strongest role; none when every one is denied."""
    best = max(m.role for m in mentions)
    return [m for m in mentions if m.role == best] if best > DENIED else []


def _lead(chosen: list[Mention]) -> Mention:
    """The most exact of the deciding mentions: with building or number, then inside the fewest grids, then first."""
    return min(chosen, key=lambda m: (not m.spots, len(m.grids) or 99, not (m.building or m.number), m.start))


def _shared(chosen: list[Mention], *, between: bool) -> tuple[str, ...]:
    """The grids all deciding mentions agree on, or all their grids when they do not agree."""
    located = [m for m in chosen if m.grids]
    if not located:
        return ()
    shared = [g for g in located[0].grids if all(g in m.grids for m in located)]
    spread = tuple(dict.fromkeys(g for m in located for g in m.grids))
    if between and len(located) > 1 and len(spread) > 1:
        return spread
    return tuple(shared) or spread


def _offers(spot: Spot, mention: Mention | None = None) -> list[Candidate]:
    """What a spot stands for, a grid each; with the building or number of the mention when the spot has it."""
    if mention and mention.building and spot.kind == "estate":
        grids = [(label, spot.find_part(label)) for label in mention.building.split("、")]
        tail = f" {mention.unit} 单元" if mention.unit else ""
        return [Candidate(f"{spot.name} {label} 幢{tail}", grid) for label, grid in grids if grid]
    if spot.labels:
        return [Candidate(label, grid) for label, grid in spot.labels]
    return [Candidate(spot.name, spot.grids[0])] if len(spot.grids) == 1 else []


def _write(name: str, building: str, unit: str = "", room: str = "", number: str = "") -> str:
    parts = [name]
    parts += [f"{building} 幢"] if building else []
    parts += [f"{unit} 单元"] if unit else []
    parts += [room] if room else []
    parts += [f"{number} 号"] if number else []
    return " ".join(part for part in parts if part)


def _is_around(grid: Grid, point: Point) -> bool:
    west, south, east, north = box(grid.polygon)
    return west - _AROUND <= point[0] <= east + _AROUND and south - _AROUND <= point[1] <= north + _AROUND


def _overlap(text: str, name: str) -> bool:
    """Whether two neighbouring characters of the name occur in the text."""
    return any(name[i : i + 2] in text for i in range(len(name) - 1))
