"""小区、道路和地标: a list becomes a proposal for the street file, checked by its rules. The street itself is not changed.

Communities and grids are not made here: queues and rooms hang on them. An operator puts the proposal in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import tomlkit
from pypinyin import lazy_pinyin

from handlers.city import City
from handlers.office.books.book import Book, Column, Fault, Line, Saved, Step, Studied, fault
from handlers.office.turning import OfficeTurn
from nlp.street import Area, Estate, Grid, Street, StreetError, parse_buildings, parse_numbers, parse_street

_PARITIES = {"单": "odd", "双": "even", "单号": "odd", "双号": "even", "": ""}
_COMMAS = str.maketrans("，、；～—－", ",,,~--")


class Spot(NamedTuple):
    """One row: an area of a grid, with its estate when there is none of that name yet, or a landmark."""

    grid: str
    area: Area | None
    estate: Estate | None = None
    landmark: str = ""


class _Wrong(Exception):
    """What is wrong with a cell of the row at hand."""

    def __init__(self, column: str, code: str, **values: Any) -> None:
        super().__init__(code)
        self.column, self.code, self.values = column, code, values


class _Plan:
    """The street as it would be with the rows so far."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.grids = list(street.grids())
        self.estates = list(street.estates())
        self.areas: list[tuple[str, Area]] = [(grid.id, area) for grid in self.grids for area in grid.areas]
        self.landmarks = {place: grid.id for grid in self.grids for place in grid.places}

    def read(self, line: Line) -> tuple[Spot, bool]:
        """The row, and whether the street has it already. Raises `_Wrong`."""
        cells = line.cells
        grid = self._grid(cells["grid"])
        named = [name for name in ("estate", "road", "landmark") if cells[name]]
        if len(named) != 1:
            raise _Wrong(named[1] if named else "estate", "one_place")
        if named == ["landmark"]:
            return self._landmark(grid, cells["landmark"])
        spot = self._estate(grid, line) if named == ["estate"] else self._road(grid, line)
        return self._area(spot, named[0])

    def _grid(self, name: str) -> Grid:
        found = [grid for grid in self.grids if name in (grid.id, grid.name)]
        if len(found) != 1:
            raise _Wrong("grid", "grid", grids="、".join(grid.name for grid in self.grids[:3]))
        return found[0]

    def _landmark(self, grid: Grid, name: str) -> tuple[Spot, bool]:
        owner = self.landmarks.get(name)
        if owner not in (None, grid.id):
            raise _Wrong("landmark", "taken", what=name, name=self.street.get_grid(str(owner)).name)
        self.landmarks[name] = grid.id
        return Spot(grid.id, None, landmark=name), owner is not None

    def _estate(self, grid: Grid, line: Line) -> Spot:
        cells = line.cells
        if cells["numbers"] or cells["parity"]:
            raise _Wrong("numbers" if cells["numbers"] else "parity", "numbers_of_road")
        name, aliases = cells["estate"], _listed(cells["aliases"])
        known = next((e for e in self.estates if name == e.name or name in e.aliases), None)
        estate = known or Estate(id=self._new_id(name), name=name, aliases=tuple(aliases))
        buildings = cells["buildings"].translate(_COMMAS).replace("幢", "").replace("栋", "")
        area = _checked(
            lambda: _with(Area(estate=estate.id, buildings=buildings), parse_buildings, buildings), "buildings"
        )
        return Spot(grid.id, area, None if known else estate)

    def _road(self, grid: Grid, line: Line) -> Spot:
        cells = line.cells
        if cells["buildings"] or cells["aliases"]:
            raise _Wrong("buildings" if cells["buildings"] else "aliases", "buildings_of_estate")
        if cells["parity"] not in _PARITIES:
            raise _Wrong("parity", "parity")
        numbers, parity = cells["numbers"].translate(_COMMAS).replace("号", ""), _PARITIES[cells["parity"]]
        if parity and not numbers:
            raise _Wrong("numbers", "parity_alone")
        values: dict[str, Any] = {"road": cells["road"], "numbers": numbers, "parity": parity}
        return Spot(grid.id, _checked(lambda: _with(Area(**values), parse_numbers, numbers), "numbers"))

    def _new_id(self, name: str) -> str:
        stem = (
            "-".join(part for part in lazy_pinyin(name) if part.isascii() and part.isalnum()).lower()[:40] or "estate"
        )
        taken = {estate.id for estate in self.estates}
        return next(one for one in _numbered(stem) if one not in taken)

    def _area(self, spot: Spot, column: str) -> tuple[Spot, bool]:
        """Enters the area unless another grid has a part of it; in its own grid it may be there already."""
        area = spot.area
        assert area is not None
        wanted = _members(area)
        for owner, other in self.areas:
            if (other.estate, other.road) != (area.estate, area.road):
                continue
            held = _members(other)
            shared = held if wanted is None else wanted if held is None else wanted & held
            if shared is not None and not shared:
                continue
            if owner == spot.grid and (held is None or (wanted is not None and wanted <= held)):
                return spot, True
            grid = self.street.get_grid(owner).name
            part = "" if not shared else min(shared, key=lambda label: (len(label), label))
            raise _Wrong(_PART.get(column, column) if part else column, "taken", what=part or "", name=grid)
        self.areas.append((spot.grid, area))
        if spot.estate is not None:
            self.estates.append(spot.estate)
        return spot, False


_PART = {"estate": "buildings", "road": "numbers"}


def _with(area: Area, parse: Callable[[str], Any], written: str) -> Area:
    if written:
        parse(written)
    return area


def _checked(make: Callable[[], Area], column: str) -> Area:
    try:
        return make()
    except StreetError:
        raise _Wrong(column, column) from None


def _members(area: Area) -> frozenset[str] | None:
    """Labels of buildings or numbers; None for all of it."""
    found = area.building_set() if area.estate else area.number_set()
    return None if found is None else frozenset(map(str, found))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.translate(_COMMAS).split(",") if part.strip()]


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


async def study(city: City, lines: Sequence[Line], now: datetime) -> Studied:
    """Row by row against the street and the rows before; at last the street's own check of the whole."""
    plan = _Plan(city.street)
    steps: list[Step] = []
    faults: list[Fault] = []
    for line in lines:
        try:
            spot, known = plan.read(line)
        except _Wrong as wrong:
            faults.append(fault(line, wrong.column, wrong.code, **wrong.values))
            continue
        note = city.texts.text("books.will_propose", now, name=city.street.get_grid(spot.grid).name)
        steps.append(Step(line, tuple(line.cells.values()), note, spot, "", known))
    if steps and not faults:
        try:
            proposed(city.street, [step.value for step in steps if not step.known])
        except StreetError as error:
            faults.append(Fault(steps[-1].line.row, "", "street_rule", {"why": str(error)}))
    return Studied(steps, faults)


def proposed(street: Street, spots: Sequence[Spot]) -> dict[str, Any]:
    """The street file with these rows in it, as a table. StreetError when the whole breaks a rule."""
    communities: list[dict[str, Any]] = [c.model_dump(mode="json", exclude_defaults=True) for c in street.communities]
    grids = {grid["id"]: (grid, community) for community in communities for grid in community.get("grids", [])}
    for spot in spots:
        grid, community = grids[spot.grid]
        if spot.estate is not None:
            community.setdefault("estates", []).append(spot.estate.model_dump(mode="json", exclude_defaults=True))
        if spot.area is not None:
            grid.setdefault("areas", []).append(spot.area.model_dump(mode="json", exclude_defaults=True))
        if spot.landmark:
            grid.setdefault("places", []).append(spot.landmark)
    table = {"street": {"id": street.id, "name": street.name}, "communities": communities}
    parse_street(table)
    return table


async def compare(_turn: OfficeTurn, studied: Studied) -> Studied:
    """Nothing but the street itself says what is known; it was asked before."""
    return studied


async def save(turn: OfficeTurn, steps: Sequence[Step]) -> Saved:
    """Writes the proposal; the operator decides."""
    document = tomlkit.document()
    for words in turn.text(
        "books.proposal_head", at=f"{turn.now.astimezone(turn.city.manners.tz):%Y-%m-%d %H:%M}"
    ).split("\n"):
        document.add(tomlkit.comment(words))
    for name, value in proposed(turn.city.street, [step.value for step in steps]).items():
        document.add(name, tomlkit.item(value))
    return Saved([], proposal=tomlkit.dumps(document))


BOOK = Book(
    "places",
    (
        Column("grid", needed=True, width=24),
        Column("estate", longest=40, width=20),
        Column("aliases", longest=200, width=24),
        Column("buildings", longest=200),
        Column("road", longest=40),
        Column("numbers", longest=200),
        Column("parity", longest=2),
        Column("landmark", longest=40, width=20),
    ),
    1_000,
    study,
    compare,
    save,
)
