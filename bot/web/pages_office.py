"""Pages of the web desk: the door, and the desk itself. Their scripts fetch everything from /api/desk."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.web.problems import ProblemError
from bot.web.seats import MaybeSeat, carry
from bot.web.site import Site, TheSite
from handlers.office.signin import Seat

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Goal = Annotated[Literal["desk", "cockpit"], Query(description="what to open")]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


@router.get("/desk/in/{token}")
async def door(request: Request, site: TheSite, token: Token, to: Goal = "desk") -> Response:
    """The page behind a link. It does not use the link up: chat programs look at links before people do."""
    return site.page(request, "desk_door.html", {"token": token, "to": to})


@router.post("/desk/in/{token}")
async def come_in(request: Request, site: TheSite, token: Token, to: Goal = "desk") -> Response:
    """Uses the link up and opens the desk."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ProblemError(403)
    secret = await site.office.enter(token)
    if secret is None:
        raise ProblemError(404, "bad_link")
    answer = RedirectResponse(f"/{to}", 303, {"Cache-Control": "no-store"})
    carry(site, request, answer, secret)
    return answer


@router.get("/desk")
@router.get("/desk/{number:int}")
async def desk(request: Request, site: TheSite, seat: MaybeSeat) -> Response:
    """The desk: the list, and one record beside it."""
    if seat is None:
        return site.page(request, "desk_closed.html", {}, status=401)
    return site.page(request, "desk.html", {"words_of_page": _words(site)})


@router.get("/desk/import")
async def bring_books(request: Request, site: TheSite, seat: MaybeSeat) -> Response:
    """The page where the street brings books from Excel."""
    if seat is None:
        return site.page(request, "desk_closed.html", {}, status=401)
    words = {**site.words.section("books"), "problem": site.words.section("problem")}
    return site.page(request, "books.html", {"words_of_page": words})


@router.get("/cockpit")
async def cockpit(request: Request, site: TheSite, seat: MaybeSeat, screen: bool = False) -> Response:
    """The cockpit; with `screen` for a wall of 1920 by 1080."""
    return _page(request, site, seat, "cockpit.html", {"screen": screen})


@router.get("/cockpit/board")
async def board(request: Request, site: TheSite, seat: MaybeSeat) -> Response:
    """The board."""
    return _page(request, site, seat, "board.html", {})


def _page(request: Request, site: Site, seat: Seat | None, template: str, values: dict[str, Any]) -> Response:
    if seat is None:
        return site.page(request, "desk_closed.html", {}, status=401)
    words = {**site.words.section("cockpit"), "problem": site.words.section("problem")}
    return site.page(request, template, {**values, "words_of_page": words})


def _words(site: Site) -> dict[str, Any]:
    return {**site.words.section("desk"), "problem": site.words.section("problem")}
