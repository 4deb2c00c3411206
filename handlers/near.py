"""How far the stations are from somebody, and what each has now. Reads only; who is told what is `station.py`."""

from __future__ import annotations

from typing import NamedTuple

from handlers import triage
from handlers.city import City
from handlers.messages import Geo
from nlp.geo import Point, metres, middle, to_wgs84
from storage import stations
from storage.people import Person
from storage.stations import Station, Thing
from storage.tx import Tx


class Near(NamedTuple):
    """One open station, what it lends, and how far it is in metres; None where nobody knows."""

    station: Station
    things: list[Thing]
    metres: float | None


async def around(tx: Tx, city: City, point: Point | None, wanted: str = "") -> list[Near]:
    """Open stations, the nearest first; with `wanted` only those that have something of this name."""
    found = await stations.listed(tx)
    lent = await stations.by_station(tx, [s.id for s in found])
    near = [Near(s, lent[s.id], _distance(city, s, point)) for s in found]
    if wanted:
        near = [n for n in near if wanted in n.station.words or any(wanted in t.name for t in n.things)]
    return sorted(near, key=_order)


def _order(near: Near) -> tuple[bool, float, int]:
    return near.metres is None, near.metres or 0.0, near.station.id


def _distance(city: City, station: Station, point: Point | None) -> float | None:
    there = point_of(city, station)
    return metres(point, there) if point is not None and there is not None else None


def point_of(city: City, station: Station) -> Point | None:
    """Where a station is on the map: its own point, else the middle of its grid; None without either."""
    if station.lon is not None and station.lat is not None:
        return station.lon, station.lat
    return point_of_grid(city, station.grid)


def point_of_grid(city: City, grid_id: str) -> Point | None:
    """The middle of a grid that is drawn on the map."""
    grid = city.street.find_grid(grid_id) if grid_id else None
    return middle(grid.polygon) if grid is not None and grid.polygon else None


def point_of_geo(geo: Geo) -> Point:
    """A position that came with a message, as WGS-84."""
    return to_wgs84(geo.lon, geo.lat) if geo.system == "gcj02" else (geo.lon, geo.lat)


def point_of_words(city: City, words: str) -> Point | None:
    """The middle of the grid of a place that the words name."""
    return point_of_grid(city, city.read(words).place.grid or "")


def point_of_person(city: City, person: Person) -> Point | None:
    """Where somebody's last report was, else where they live, as far as they have said."""
    for kept in (person.last_place, person.home_place):
        if kept:
            point = point_of_grid(city, triage.restored(kept).grid or "")
            if point is not None:
                return point
    return None
