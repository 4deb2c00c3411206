"""From a text to one place and its grid: which mention decides, when to ask, how a place is written for people.

Finding the mentions is `mentions.py`. The rule: where the problem is, not where the writer lives; never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nlp.gazetteer import Gazetteer, Spot
from nlp.mentions import Mention, find_mentions
from nlp.street import Street
from nlp.text import plain

MAX_CANDIDATES = 6
"""Places offered as buttons at once."""
MAX_READ = 2_000
"""Characters of a text searched for places."""
_BETWEEN = re.compile(r"之间|中间|交界|交叉|路口|夹着|两边|搭界")


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
    return _written(replace(place, unit="", room="")) or place.text


class PlaceBook:
    """Reads places of one street. Built once; reading keeps no state."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self._gazetteer = Gazetteer(street)
        self._community = {grid.id: street.community_of(grid.id).id for grid in street.grids()}

    def find(self, text: str, *, home: str | None = None) -> Place:
        """Where the matter is. `home` (a grid id or the known address) orders the candidates, it never decides."""
        return self.locate(text, home=home)[0]

    def locate(self, text: str, *, home: str | None = None) -> tuple[Place, tuple[tuple[int, int], ...]]:
        """As `find`, with the spans of every place mentioned in the plain text, deciding or not."""
        read = plain(text)[:MAX_READ]
        mentions = find_mentions(read, self._gazetteer)
        if not mentions:
            return NOWHERE, ()
        return self._decide(read, mentions, home), tuple(span for m in mentions for span in m.spans)

    def _decide(self, read: str, mentions: list[Mention], home: str | None) -> Place:
        chosen = _deciding(mentions)
        lead = _lead(chosen)
        grids = _shared(chosen, between=bool(_BETWEEN.search(read)))
        outside = (lead.kind == "unknown" and not lead.building) or bool(lead.spots and not lead.grids)
        grid = grids[0] if len(grids) == 1 and not outside and lead.spots else None
        place = self._place(lead, grid, outside)
        if grid is None and not outside:
            place = replace(place, candidates=self._candidates(chosen, grids, home))
        return replace(place, evidence=tuple(m.written for m in chosen))

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

    def _place(self, lead: Mention, grid: str | None, outside: bool) -> Place:
        spot = lead.spots[0] if len(lead.spots) == 1 else None
        kind = spot.kind if spot else ""
        name = spot.name if spot else ""
        bare = lead.written if not spot and lead.start >= 0 else ""
        place = Place(
            grid=grid,
            community=self._community.get(grid) if grid else None,
            estate=name if kind == "estate" else "",
            building=lead.building,
            unit=lead.unit,
            room=lead.room,
            road=name if kind == "road" else "",
            number=lead.number,
            landmark=name if kind == "landmark" else "",
            outside=outside,
        )
        return replace(place, text=_written(place) or name or bare)

    def _candidates(self, chosen: list[Mention], grids: tuple[str, ...], home: str | None) -> tuple[Candidate, ...]:
        found: list[Candidate] = []
        for mention in chosen:
            spots = mention.spots
            if not spots and mention.building:
                spots = tuple(s for s in self._gazetteer.spots if s.kind == "estate")
            for spot in spots:
                found += _offers(spot, mention.building, mention.unit)
        if not found:
            found = [Candidate(self.street.get_grid(grid).name, grid) for grid in grids]
        near = self._home_grid(home)
        ordered = sorted(dict.fromkeys(found), key=lambda c: c.grid != near) if near else list(dict.fromkeys(found))
        return tuple(ordered[:MAX_CANDIDATES])

    def _home_grid(self, home: str | None) -> str | None:
        if not home or self.street.find_grid(home):
            return home or None
        return self.find(home).grid


def _deciding(mentions: list[Mention]) -> list[Mention]:
    """The mentions of the strongest role."""
    best = max(m.role for m in mentions)
    return [m for m in mentions if m.role == best]


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


def _offers(spot: Spot, building: str = "", unit: str = "") -> list[Candidate]:
    if building and spot.kind == "estate":
        grids = [(label, spot.find_part(label)) for label in building.split("、")]
        tail = f" {unit} 单元" if unit else ""
        return [Candidate(f"{spot.name} {label} 幢{tail}", grid) for label, grid in grids if grid]
    if spot.labels:
        return [Candidate(label, grid) for label, grid in spot.labels]
    return [Candidate(spot.name, spot.grids[0])] if len(spot.grids) == 1 else []


def _written(place: Place) -> str:
    parts = [place.estate or place.road or place.landmark]
    parts += [f"{place.building} 幢"] if place.building else []
    parts += [f"{place.unit} 单元"] if place.unit else []
    parts += [place.room] if place.room else []
    parts += [f"{place.number} 号"] if place.number else []
    return " ".join(part for part in parts if part)


def _overlap(text: str, name: str) -> bool:
    """Whether two neighbouring characters of the name occur in the text."""
    return any(name[i : i + 2] in text for i in range(len(name) - 1))
