"""Stations and what they lend, as data. The page is in pages_stations.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bot.web.shapes import LentOut, StationOut
from bot.web.site import Site, TheSite

router = APIRouter(tags=["stations"])
Lat = Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="WGS-84 degrees")]
Lon = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="WGS-84 degrees")]
Thing = Annotated[str, Query(max_length=20, description="Only stations that have something of this name.")]


@router.get("/api/stations")
async def list_stations(site: TheSite, lat: Lat = None, lon: Lon = None, thing: Thing = "") -> list[StationOut]:
    """Open stations; with a position the nearest first. Public: who has borrowed what is told to nobody."""
    return await stations_out(site, lat, lon, thing)


async def stations_out(site: Site, lat: float | None, lon: float | None, thing: str) -> list[StationOut]:
    """The stations as everybody may see them; half a position is none."""
    point = (lon, lat) if lat is not None and lon is not None else None
    found = await site.backend.stations(point, thing.strip())
    return [StationOut(**one._asdict() | {"lent": [LentOut(**t._asdict()) for t in one.lent]}) for one in found]
