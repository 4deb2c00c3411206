"""驿站: stations with what they lend, one thing a row; rows of one name are one station, described in its first row.

A station that is open already keeps what it says of itself and gets what it does not lend yet. Counts are never added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from handlers.city import City
from handlers.near import point_of_grid
from handlers.office.books.book import Book, Column, Done, Fault, Line, Saved, Step, Studied, fault, split
from handlers.office.books.residents import nowhere
from handlers.office.turning import OfficeTurn
from handlers.station_keep import MOST_OF_ONE, place_values, read_span
from nlp.address import Place, public_text
from nlp.mask import mask
from storage import stations
from storage.stations import Station, StationState

_DESCRIBED = ("spot", "hours")
"""What the first row of a station has to say."""


class Shelf(NamedTuple):
    """One row: the station as its first row describes it (None: in a later row), and what is lent there (stock 0: nothing)."""

    station: str
    place: Place | None
    hours: str
    about: str
    thing: str
    stock: int
    span: timedelta


class _Wrong(Exception):
    """What is wrong with a cell of the row at hand."""

    def __init__(self, found: Fault) -> None:
        super().__init__(found.code)
        self.found = found


async def study(city: City, lines: Sequence[Line], now: datetime) -> Studied:
    """Row by row: a place that one grid has, a count, a time to lend; no thing twice at one station."""
    steps: list[Step] = []
    faults: list[Fault] = []
    first: dict[str, Line] = {}
    seen: dict[str, int] = {}
    for line in lines:
        try:
            shelf = _read(city, line, first)
        except _Wrong as wrong:
            faults.append(wrong.found)
            continue
        content = f"{shelf.station}|{shelf.thing}"
        if content in seen:
            faults.append(fault(line, "thing" if shelf.thing else "station", "repeated", row=seen[content]))
            continue
        seen[content] = line.row
        place = public_text(shelf.place) if shelf.place else ""
        shown = (
            shelf.station,
            place,
            shelf.hours,
            shelf.about,
            shelf.thing,
            str(shelf.stock or ""),
            line.cells["span"],
        )
        steps.append(Step(line, shown, _note(city, shelf, now), shelf, content))
    return Studied(steps, faults)


def _note(city: City, shelf: Shelf, now: datetime) -> str:
    if shelf.place is not None and shelf.place.grid:
        return city.texts.text("books.will_open_station", now, name=city.street.get_grid(shelf.place.grid).name)
    return city.texts.text("books.will_lend", now, name=shelf.station)


def _read(city: City, line: Line, first: dict[str, Line]) -> Shelf:
    """The row; the first row of a name becomes its station's. Raises `_Wrong`."""
    name = mask(line.cells["station"])
    place = _described(city, line, first.setdefault(name, line))
    thing, stock, span = _lent(line)
    return Shelf(name, place, mask(line.cells["hours"]), mask(line.cells["about"]), thing, stock, span)


def _described(city: City, line: Line, first: Line) -> Place | None:
    cells = line.cells
    if line is not first:
        for column in (*_DESCRIBED, "about"):
            if cells[column] not in ("", first.cells[column]):
                raise _Wrong(fault(line, column, "station_differs", row=first.row))
        return None
    if not cells["spot"] and not cells["hours"]:
        return None  # a station that is there already: `compare` knows
    for column in _DESCRIBED:
        if not cells[column]:
            raise _Wrong(fault(line, column, "missing"))
    place = city.places.find(cells["spot"])
    if place is None or not place.grid:
        raise _Wrong(nowhere(line, "spot", place))
    return place


def _lent(line: Line) -> tuple[str, int, timedelta]:
    cells = line.cells
    if not cells["thing"]:
        for column in ("stock", "span"):
            if cells[column]:
                raise _Wrong(fault(line, "thing", "missing"))
        return "", 0, timedelta()
    stock = int(cells["stock"]) if cells["stock"].isascii() and cells["stock"].isdigit() else 0
    if not 0 < stock <= MOST_OF_ONE:
        raise _Wrong(fault(line, "stock", "stock", most=MOST_OF_ONE))
    span = read_span(cells["span"])
    if span is None:
        raise _Wrong(fault(line, "span", "span"))
    return mask(cells["thing"]), stock, span


async def compare(turn: OfficeTurn, studied: Studied) -> Studied:
    """Rows of stations that nobody describes are faults, unless the station is there; what it lends already is known."""
    there = await _there(turn)
    lent = await stations.by_station(turn.tx, [s.id for s in there.values()])
    described = {step.value.station for step in studied.steps if step.value.place is not None}
    beyond = {
        step.line.row: fault(step.line, "spot", "missing")
        for step in studied.steps
        if step.value.station not in described | there.keys()
    }
    left = split(studied, beyond)
    steps = [step._replace(known=_is_known(step.value, there, lent)) for step in left.steps]
    return left._replace(steps=steps)


async def _there(turn: OfficeTurn) -> dict[str, Station]:
    """Stations that are open or shut for a while, by name; of two with one name the older."""
    found = await stations.listed(turn.tx, (StationState.OPEN, StationState.PAUSED))
    return {station.name: station for station in reversed(found)}


def _is_known(shelf: Shelf, there: dict[str, Station], lent: stations.Lent) -> bool:
    station = there.get(shelf.station)
    return station is not None and (not shelf.thing or shelf.thing in {thing.name for thing in lent[station.id]})


async def save(turn: OfficeTurn, steps: Sequence[Step]) -> Saved:
    """Opens what is not there yet and puts the things there; each new station with its number."""
    there, done = await _there(turn), []
    for step in sorted(steps, key=lambda step: step.value.place is None):
        shelf: Shelf = step.value
        if shelf.station not in there:
            there[shelf.station] = await _open(turn, shelf)
            done.append(Done(step.line.row, (shelf.station,), str(there[shelf.station].number)))
    for step in steps:
        if step.value.thing:
            await _lend(turn, there[step.value.station], step.value)
    return Saved(done, {"stations": len(done)})


async def _lend(turn: OfficeTurn, station: Station, shelf: Shelf) -> None:
    name, stock, span = shelf.thing, shelf.stock, shelf.span
    await stations.add_thing(turn.tx, station, name=name, stock=stock, span=span, by=turn.me.id, now=turn.now)


async def _open(turn: OfficeTurn, shelf: Shelf) -> Station:
    assert shelf.place is not None  # compare has seen to it
    point = point_of_grid(turn.city, shelf.place.grid or "")
    return await stations.open_station(
        turn.tx,
        by=turn.me.id,
        now=turn.now,
        name=shelf.station,
        words=shelf.about,
        hours=shelf.hours,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        **place_values(turn, shelf.place, ""),
    )


BOOK = Book(
    "stations",
    (
        Column("station", needed=True, longest=40, width=24),
        Column("spot", longest=60, width=28),
        Column("hours", longest=60, width=20),
        Column("about", longest=200, width=36),
        Column("thing", longest=20),
        Column("stock", longest=4),
        Column("span", longest=8),
    ),
    1_000,
    study,
    compare,
    save,
)
