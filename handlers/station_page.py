"""Stations as plain values for the web, the nearest first. Nothing here tells who has borrowed anything."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from handlers import near
from handlers.city import City
from handlers.near import Near
from nlp.geo import Point
from storage.tx import Tx
from workflow.lending import is_open

LISTED = 200
"""Stations on one page."""


class LentEntry(NamedTuple):
    """What can be borrowed: how many are there now, and for how many hours."""

    name: str
    free: int
    hours: int


class StationEntry(NamedTuple):
    """A station as everybody may see it. `open` is None where its hours do not say it; `metres` where nobody asked."""

    number: int
    name: str
    place: str
    hours: str
    words: str
    open: bool | None
    metres: int | None
    lent: tuple[LentEntry, ...]


async def page(tx: Tx, city: City, now: datetime, point: Point | None, wanted: str = "") -> list[StationEntry]:
    """Open stations, the nearest first; with `wanted` only those that have something of this name."""
    found = await near.around(tx, city, point, wanted)
    return [_entry(city, now, one) for one in found[:LISTED]]


def _entry(city: City, now: datetime, found: Near) -> StationEntry:
    station = found.station
    return StationEntry(
        number=station.number,
        name=station.name,
        place=station.place_text,
        hours=station.hours,
        words=station.words,
        open=is_open(station.hours, now.astimezone(city.manners.tz)),
        metres=None if found.metres is None else round(found.metres / 10) * 10,
        lent=tuple(LentEntry(t.name, t.free, t.hours) for t in found.things),
    )
