"""The street file as values: street, communities, estates, grids, and the checks that no place belongs to two grids.

Reading text against these places is `address.py`; nothing here opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlp.geo import box, crosses_itself, overlap

_BUILDING = re.compile(r"(\d{1,4})([A-Za-z]?)|([A-Za-z])")
_SPAN = re.compile(r"(\d{1,4})\s*[-~]\s*(\d{1,4})")
MAX_SPAN = 5_000
"""The most numbers one range of an area may cover."""


class StreetError(ValueError):
    """The street file contradicts itself or cannot be read; the message names the places concerned."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Area(_Value):
    """What a grid covers: an estate (all of it, or some buildings) or a road (all of it, or some numbers)."""

    estate: str = ""
    buildings: str = ""
    road: str = ""
    numbers: str = ""
    parity: Literal["", "odd", "even"] = ""

    def building_set(self) -> frozenset[str] | None:
        """Building labels such as "3" or "20A"; None when the whole estate is meant."""
        return frozenset(parse_buildings(self.buildings)) if self.buildings else None

    def number_set(self) -> frozenset[int] | None:
        """House numbers of the road on the grid's side; None when the whole road is meant."""
        if not self.numbers:
            return None
        rest = {"odd": 1, "even": 0}.get(self.parity)
        return frozenset(n for n in parse_numbers(self.numbers) if rest is None or n % 2 == rest)


class Estate(_Value):
    """A housing estate (小区). `aliases` are further names residents use for it."""

    id: str
    name: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()


class Grid(_Value):
    """The smallest unit of service. `places` are landmarks; `polygon` is (longitude, latitude) pairs, WGS-84."""

    id: str
    name: str
    areas: tuple[Area, ...] = ()
    places: tuple[str, ...] = ()
    polygon: tuple[tuple[float, float], ...] = ()


class Community(_Value):
    """A community (社区) with its estates and grids."""

    id: str
    name: str
    estates: tuple[Estate, ...] = ()
    grids: tuple[Grid, ...] = ()


class Street(_Value):
    """A whole street (街道), checked: ids are unique, and no building or house number has two grids."""

    id: str
    name: str
    communities: tuple[Community, ...] = ()

    def grids(self) -> Iterator[Grid]:
        """Every grid in file order."""
        for community in self.communities:
            yield from community.grids

    def estates(self) -> Iterator[Estate]:
        """Every estate in file order."""
        for community in self.communities:
            yield from community.estates

    def find_grid(self, grid_id: str) -> Grid | None:
        """The grid with this id, or None."""
        return next((grid for grid in self.grids() if grid.id == grid_id), None)

    def get_grid(self, grid_id: str) -> Grid:
        """The grid with this id; StreetError when there is none."""
        grid = self.find_grid(grid_id)
        if grid is None:
            raise StreetError(f"no grid has the id {grid_id!r}")
        return grid

    def community_of(self, grid_id: str) -> Community:
        """The community the grid belongs to; StreetError for an unknown grid."""
        for community in self.communities:
            if any(grid.id == grid_id for grid in community.grids):
                return community
        raise StreetError(f"no grid has the id {grid_id!r}")


def parse_buildings(text: str) -> list[str]:
    """Labels of "1-12,15,20A": ["1", …, "12", "15", "20A"]. StreetError for any other writing."""
    labels: list[str] = []
    for part in (p.strip() for p in text.replace("，", ",").split(",")):
        if span := _SPAN.fullmatch(part):
            labels += map(str, _range(int(span[1]), int(span[2]), text))
        elif _BUILDING.fullmatch(part):
            labels.append(part.upper().lstrip("0") or "0")
        else:
            raise StreetError(f'cannot read buildings "{text}": write them like "1-12" or "1-12,15,20A"')
    return labels


def parse_numbers(text: str) -> list[int]:
    """House numbers of "1-119" or "1-9,15". StreetError for any other writing."""
    numbers: list[int] = []
    for part in (p.strip() for p in text.replace("，", ",").split(",")):
        if span := _SPAN.fullmatch(part):
            numbers += _range(int(span[1]), int(span[2]), text)
        elif part.isascii() and part.isdigit() and len(part) <= 4:
            numbers.append(int(part))
        else:
            raise StreetError(f'cannot read road numbers "{text}": write them like "1-119" or "1-9,15"')
    return numbers


def _range(first: int, last: int, text: str) -> range:
    if first > last:
        raise StreetError(f'cannot read "{text}": {first} comes after {last}')
    if last - first > MAX_SPAN:
        raise StreetError(f'cannot read "{text}": a range may cover at most {MAX_SPAN} numbers')
    return range(first, last + 1)


def parse_street(data: dict[str, Any]) -> Street:
    """The street from the parsed TOML of a street file. StreetError names both places of a contradiction."""
    head = data.get("street")
    if not isinstance(head, dict):
        raise StreetError("the street file has no [street] table with id and name")
    unknown = set(data) - {"street", "communities"}
    if unknown:
        raise StreetError(f"unknown table in the street file: {', '.join(sorted(unknown))}")
    try:
        street = Street.model_validate({**head, "communities": data.get("communities", [])})
    except ValidationError as error:
        raise StreetError(_first_fault(error)) from None
    _check_ids(street)
    _check_areas(street)
    _check_polygons(street)
    return street


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(step) for step in fault["loc"])
    return f"street file, {where}: {fault['msg']}"


def _check_ids(street: Street) -> None:
    communities = [(c.id, f"community {c.name}") for c in street.communities]
    estates = [(e.id, f"estate {e.name} of {c.name}") for c in street.communities for e in c.estates]
    grids = [(g.id, f"grid {g.name} of {c.name}") for c in street.communities for g in c.grids]
    for kind in (communities, estates, grids):
        seen: dict[str, str] = {}
        for key, label in kind:
            if key in seen:
                raise StreetError(f'the id "{key}" is used twice: by {seen[key]} and by {label}')
            seen[key] = label


def _check_areas(street: Street) -> None:
    estates = {estate.id: estate.name for estate in street.estates()}
    claims: dict[tuple[str, str], dict[str, Grid]] = {}
    for grid in street.grids():
        for area in grid.areas:
            _check_area(grid, area, estates)
            claimed = claims.setdefault((area.estate, area.road), {})
            _claim(claimed, grid, area, estates)


def _check_area(grid: Grid, area: Area, estates: dict[str, str]) -> None:
    label = f"grid {grid.id} ({grid.name})"
    if bool(area.estate) == bool(area.road):
        raise StreetError(f"{label}: an area names either an estate or a road")
    if area.estate and area.estate not in estates:
        raise StreetError(f'{label} covers the estate "{area.estate}", but no estate has this id')
    if area.estate and (area.numbers or area.parity):
        raise StreetError(f'{label}: the estate "{area.estate}" takes buildings, not road numbers')
    if area.road and area.buildings:
        raise StreetError(f'{label}: the road "{area.road}" takes numbers, not buildings')
    if area.parity and not area.numbers:
        raise StreetError(f'{label}: the road "{area.road}" has a parity but no numbers')


def _claim(claimed: dict[str, Grid], grid: Grid, area: Area, estates: dict[str, str]) -> None:
    """Enters what the area covers; "" stands for the whole estate or road."""
    members: frozenset[Any] | None = area.building_set() if area.estate else area.number_set()
    labels = sorted(map(str, members), key=_by_length) if members is not None else [""]
    other, label = next(((claimed[taken], n) for n in labels for taken in (n, "") if taken in claimed), (None, ""))
    if other is None and members is None and claimed:
        label = min(claimed, key=_by_length)
        other = claimed[label]
    if other is not None:
        what = (
            f"building {label or '(any)'} of {estates[area.estate]}"
            if area.estate
            else f"number {label or '(any)'} of {area.road}"
        )
        raise StreetError(f"{what} has two grids: {other.id} ({other.name}) and {grid.id} ({grid.name})")
    claimed.update(dict.fromkeys(labels, grid))


def _by_length(label: str) -> tuple[int, str]:
    return len(label), label


def _check_polygons(street: Street) -> None:
    """Each polygon is a polygon, and no two share ground; swept from west to east, so far ones are never compared."""
    drawn = [grid for grid in street.grids() if grid.polygon]
    for grid in drawn:
        _check_polygon(grid)
    boxes = sorted(((box(grid.polygon), grid) for grid in drawn), key=_by_west)
    for i, ((_, _, east, _), first) in enumerate(boxes):
        for (west, _, _, _), second in boxes[i + 1 :]:
            if west >= east:
                break
            if overlap(first.polygon, second.polygon):
                names = f"{first.id} ({first.name}) and {second.id} ({second.name})"
                raise StreetError(f"the polygons of two grids overlap: {names}")


def _by_west(boxed: tuple[tuple[float, float, float, float], Grid]) -> float:
    return boxed[0][0]


def _check_polygon(grid: Grid) -> None:
    label = f"grid {grid.id} ({grid.name})"
    if len(set(grid.polygon)) < 3:
        raise StreetError(f"{label}: a polygon needs three different points or more")
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in grid.polygon):
        raise StreetError(f"{label}: the polygon has a point that is no (longitude, latitude)")
    if crosses_itself(grid.polygon):
        raise StreetError(f"{label}: the border of the polygon crosses itself")
