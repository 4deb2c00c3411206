"""Route of the wish wall as data. The page itself is in pages.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bot.web.ports import WallWish
from bot.web.shapes import Code, WishOut
from bot.web.site import Site, TheSite

router = APIRouter(tags=["wall"])


@router.get("/api/wishes")
async def list_wishes(
    site: TheSite,
    community: Annotated[Code | None, Query()] = None,
    kind: Annotated[Code | None, Query()] = None,
    before: Annotated[int | None, Query(ge=1, lt=1 << 53, description="Only wishes with a lower number.")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[WishOut]:
    """Published wishes, newest first. Public: it shows no name, phone or exact room."""
    wishes = await site.backend.wall(community, kind, before, limit)
    return [wish_out(site, wish) for wish in wishes]


def wish_out(site: Site, wish: WallWish) -> WishOut:
    """A wish with the name of its kind."""
    return WishOut(**wish._asdict(), kind_name=site.backend.wish_kinds.get(wish.kind, wish.kind))
