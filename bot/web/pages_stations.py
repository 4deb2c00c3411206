"""The page of the stations: which is near, what it has, when it is open. Public, and readable without scripts."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.web.routes_stations import Lat, Lon, Thing, stations_out
from bot.web.shapes import LentOut
from bot.web.site import Site, TheSite

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/stations")
async def stations_page(
    request: Request, site: TheSite, lat: Lat = None, lon: Lon = None, thing: Thing = ""
) -> Response:
    """Stations with hours and things, the nearest first once the visitor has said where they are."""
    found = await stations_out(site, lat, lon, thing)
    shown = [(one, far(site, one.metres), [(lent, span(site, lent)) for lent in one.lent]) for one in found]
    placed = lat is not None and lon is not None
    values = {"stations": shown, "thing": thing.strip(), "placed": placed, "lat": lat, "lon": lon}
    return site.page(request, "stations.html", values)


def far(site: Site, metres: int | None) -> str:
    """How far, as people say it."""
    if metres is None:
        return ""
    if metres < 1_000:
        return site.words.get("stations", "metres", count=max(50, round(metres / 50) * 50))
    return site.words.get("stations", "kilometres", count=f"{metres / 1_000:.1f}")


def span(site: Site, lent: LentOut) -> str:
    """For how long, as people say it."""
    if lent.hours % 24:
        return site.words.get("stations", "hours", count=lent.hours)
    return site.words.get("stations", "days", count=lent.hours // 24)
