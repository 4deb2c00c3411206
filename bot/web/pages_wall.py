"""Pages of the wish wall: the phone page, the rolling screen and the tree for a hall, one wish, reports of seasons.

Every one of them is public and readable without scripts; none shows a name, a phone number or a door.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from bot.web.ports import WallQuery
from bot.web.problems import ProblemError
from bot.web.routes_wall import Number, address_of, get_wish, needs, wish_out
from bot.web.shapes import Code, WishOut
from bot.web.site import Site, TheSite
from bot.web.tree import leaves, twigs

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
WISHES_A_PAGE = 30
WISHES_ON_SCREEN = 24
LEAVES = 60

_Code = Annotated[Code | None, Query()]


@router.get("/wall")
async def wish_wall(
    request: Request,
    site: TheSite,
    community: _Code = None,
    kind: _Code = None,
    theme: _Code = None,
    most: Annotated[int | None, Query(ge=0, le=100_000)] = None,
    open_only: Annotated[bool, Query(alias="open")] = False,
    before: Annotated[int | None, Query(ge=1, lt=1 << 53)] = None,
) -> Response:
    """The wish wall on a phone."""
    wanted = WallQuery(community or "", kind or "", theme or "", "", most, open_only)
    return await site.shared_page(request, lambda: _wall(request, site, wanted, before))


async def _wall(request: Request, site: Site, wanted: WallQuery, before: int | None) -> Response:
    found = await site.backend.wall(wanted, before or 0, WISHES_A_PAGE + 1)
    shown = [wish_out(site, wish) for wish in found[:WISHES_A_PAGE]]
    query = {
        "community": wanted.community or None,
        "kind": wanted.kind or None,
        "theme": wanted.theme or None,
        "most": wanted.most,
        "open": "1" if wanted.only_open else None,
    }
    values = {
        "wishes": _with_needs(site, shown),
        "older": shown[-1].cursor if len(found) > WISHES_A_PAGE else None,
        "before": before,
        "query": query,
        "communities": site.backend.communities,
        "themes": site.backend.wish_themes or site.backend.wish_kinds,
        "season": await site.backend.season(),
        "figures": await site.backend.wall_figures(),
        "hour": site.hour,
    }
    return site.page(request, "wall.html", values)


@router.get("/wall/screen")
async def rolling_wall(request: Request, site: TheSite) -> Response:
    """The wall for a screen in a hall: large, rolling by itself, with the code that opens it on a phone."""
    return await site.shared_page(request, lambda: _screen(request, site))


async def _screen(request: Request, site: Site) -> Response:
    found = await site.backend.wall(WallQuery(), 0, WISHES_ON_SCREEN)
    shown = _with_needs(site, [wish_out(site, wish) for wish in found])
    return site.page(request, "screen.html", {"wishes": shown, **await _hall(site)})


@router.get("/wall/tree")
async def wish_tree(request: Request, site: TheSite) -> Response:
    """The wishes as leaves, blossoms and fruits of one tree."""
    return await site.shared_page(request, lambda: _tree(request, site))


async def _tree(request: Request, site: Site) -> Response:
    found = [wish_out(site, wish) for wish in await site.backend.wall(WallQuery(), 0, LEAVES)]
    values = {"leaves": leaves([(w.number, w.state) for w in found]), "twigs": twigs(), "wishes": found}
    values["by_number"] = {w.number: w for w in found}
    return site.page(request, "tree.html", {**values, **await _hall(site)})


async def _hall(site: Site) -> dict[str, Any]:
    """What every page for a hall shows beside the wishes."""
    return {
        "season": await site.backend.season(),
        "figures": await site.backend.wall_figures(),
        "hour": site.hour,
    }


@router.get("/wish/{number}")
async def one_wish(request: Request, site: TheSite, number: Number) -> Response:
    """One wish with its picture to hand on."""
    return await site.shared_page(request, lambda: _wish(request, site, number))


async def _wish(request: Request, site: Site, number: int) -> Response:
    wish = wish_out(site, await get_wish(site, number))
    base = address_of(site, request)
    values = {"wish": wish, "needs": needs(site, wish), "base": base}
    return site.page(request, "wish.html", values)


@router.get("/wall/seasons")
async def seasons(request: Request, site: TheSite) -> Response:
    """The reports that are public."""
    return site.page(request, "seasons.html", {"seasons": await site.backend.season_reports()})


@router.get("/wall/season/{number}")
async def season_report(request: Request, site: TheSite, number: Number) -> Response:
    """What a season has come to, with pictures."""
    report = await site.backend.season_report(number)
    if report is None:
        raise ProblemError(404)
    themes = {**site.backend.wish_themes, "": site.words.get("season", "other")}
    places = {**site.backend.communities, "": site.backend.street_name}
    return site.page(request, "season.html", {"report": report, "themes": themes, "places": places})


def _with_needs(site: Site, shown: list[WishOut]) -> list[tuple[WishOut, list[str]]]:
    return [(wish, needs(site, wish)) for wish in shown]
