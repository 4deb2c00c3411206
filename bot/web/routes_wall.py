"""Routes of the wish wall as data, and the picture of one wish to hand on. The pages are in pages_wall.py."""

from __future__ import annotations

import asyncio
import io
from typing import Annotated

import segno
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from bot.web.ports import WallQuery, WallWish
from bot.web.problems import ProblemError
from bot.web.shapes import Code, WallOut, WishOut
from bot.web.site import Site, TheSite
from bot.wish_card import Card, draw

router = APIRouter(tags=["wall"])
Number = Annotated[int, Path(ge=1, lt=1 << 31)]
_PNG = {200: {"content": {"image/png": {}}}}
_FILE = {200: {"content": {"image/*": {}}}}


@router.get("/api/wishes")
async def list_wishes(
    site: TheSite,
    community: Annotated[Code | None, Query()] = None,
    kind: Annotated[Code | None, Query()] = None,
    theme: Annotated[Code | None, Query()] = None,
    skill: Annotated[Code | None, Query()] = None,
    most: Annotated[int | None, Query(ge=0, le=100_000, description="Yuan at most.")] = None,
    open_only: Annotated[bool, Query(alias="open", description="Only wishes that can be adopted.")] = False,
    before: Annotated[int | None, Query(ge=1, lt=1 << 53, description="The cursor of the last wish seen.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[WishOut]:
    """Wishes on the wall: what waited through a season first, then the newest. Public: no name, phone or exact room."""
    wanted = WallQuery(community or "", kind or "", theme or "", skill or "", most, open_only)
    return [wish_out(site, wish) for wish in await site.backend.wall(wanted, before or 0, limit)]


@router.get("/api/wall")
async def wall_in_numbers(site: TheSite) -> WallOut:
    """How many wishes are open, helped with and fulfilled, and the season that runs."""
    season = await site.backend.season()
    numbers = await site.backend.wall_figures()
    if season is None:
        return WallOut(**numbers)
    return WallOut(**numbers, season=season.title, launch_at=season.launch_at, closes_at=season.closes_at)


@router.get("/api/wishes/{number}")
async def one_wish(site: TheSite, number: Number) -> WishOut:
    """One wish, while the wall shows it."""
    return wish_out(site, await get_wish(site, number))


@router.get("/wish/{number}/card.png", response_class=Response, responses=_PNG)
async def card_picture(request: Request, site: TheSite, number: Number) -> Response:
    """The wish as a picture with its code, to be handed on in chats."""
    wish = wish_out(site, await get_wish(site, number))
    words = site.words.section("card")
    card = Card(
        street=site.backend.street_name,
        title=words["title"],
        number=words["number"].format(number=wish.number),
        theme=wish.theme_name or wish.kind_name,
        place=wish.place,
        words=wish.text,
        needs=tuple(needs(site, wish)),
        state="" if wish.state == "published" else site.words.section("wish_state")[wish.state],
        hint=words["hint"],
        privacy=site.words.get("wall", "privacy"),
        address=f"{address_of(site, request)}/?w={wish.number}",
    )
    async with site.drawing:
        picture = await asyncio.to_thread(draw, card)
    kept = "public, max-age=300" if site.backend.web_base else "no-store"
    return Response(picture, media_type="image/png", headers={"Cache-Control": kept})


@router.get("/wall/code.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
async def wall_code(request: Request, site: TheSite) -> Response:
    """The code that opens the wall on a phone."""
    out = io.BytesIO()
    segno.make(f"{address_of(site, request)}/wall", error="m", micro=False).save(
        out, kind="svg", scale=8, border=2, xmldecl=False, light="#fff"
    )
    return Response(out.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.get("/pictures/{ref}", response_class=FileResponse, responses=_FILE)
async def public_picture(site: TheSite, ref: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> FileResponse:
    """A photo of a fulfilled wish that a person has confirmed for everybody."""
    found = await site.backend.public_picture(ref)
    if found is None:
        raise ProblemError(404)
    path = await asyncio.to_thread(site.channel.media.path, found.ref)
    headers = {"Cache-Control": "public, max-age=600", "Content-Security-Policy": "sandbox"}
    return FileResponse(path, media_type=found.mime, headers=headers)


async def get_wish(site: Site, number: int) -> WallWish:
    """The wish, or a problem for whoever asked."""
    wish = await site.backend.wish(number)
    if wish is None:
        raise ProblemError(404)
    return wish


def address_of(site: Site, request: Request) -> str:
    """The address people open."""
    return site.backend.web_base or str(request.base_url).rstrip("/")


def wish_out(site: Site, wish: WallWish) -> WishOut:
    """A wish with the names of its kind and theme."""
    kind = site.backend.wish_kinds.get(wish.kind, wish.kind)
    theme = site.backend.wish_themes.get(wish.theme, "")
    values = wish._asdict() | {"cursor": wish.cursor or wish.number}
    return WishOut(**values, kind_name=kind, theme_name=theme)


def needs(site: Site, wish: WishOut) -> list[str]:
    """What an open wish takes, in short phrases; nothing for one that somebody has taken on."""
    say = site.words.section("needs")
    found = []
    if wish.state != "published":
        return found
    if wish.shares > 1:
        found.append(say["people"].format(left=wish.shares - wish.adopters, shares=wish.shares))
    if wish.cost is not None:
        found.append(say["cost"].format(yuan=wish.cost) if wish.cost else say["free"])
    if wish.due_at is not None:
        found.append(say["until"].format(day=site.day(wish.due_at)))
    if wish.pairs:
        found.append(say["pairs"])
    return found
