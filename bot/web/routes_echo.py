"""民情回音壁 for everybody: the page and the list. What stands there was put up by a desk; nothing here asks who reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.web.problems import ProblemError
from bot.web.shapes import Code
from bot.web.shapes_office import Out
from bot.web.site import TheSite
from handlers.office import echo
from handlers.office.echo import Entry

router = APIRouter()
PAGE = 20
Before = Annotated[datetime | None, Query(description="Only answers that were put up before this moment.")]


class EchoOut(Out):
    """One answer on the wall."""

    number: int
    kind: str
    community: str
    place: str
    asked: str
    done: str
    published_at: datetime


@router.get("/api/echoes", tags=["wall"])
async def list_echoes(
    site: TheSite, community: Annotated[Code | None, Query()] = None, before: Before = None
) -> list[EchoOut]:
    """What was asked and what was done, newest first."""
    return [EchoOut.model_validate(one) for one in await _page(site, community, before, PAGE)]


@router.get("/echo", include_in_schema=False)
async def echo_page(
    request: Request, site: TheSite, community: Annotated[Code | None, Query()] = None, before: Before = None
) -> Response:
    """The wall; readable without scripts."""
    found = await _page(site, community, before, PAGE + 1)
    values = {
        "echoes": found[:PAGE],
        "older": found[PAGE - 1].published_at.isoformat() if len(found) > PAGE else "",
        "community": community,
        "communities": site.backend.communities,
    }
    return site.page(request, "echo.html", values)


async def _page(site: TheSite, community: str | None, before: datetime | None, limit: int) -> list[Entry]:
    if before is not None and (before.tzinfo is None or before > datetime(9000, 1, 1, tzinfo=UTC)):
        raise ProblemError(422)
    office = site.office
    async with office.store.read() as tx:
        return await echo.page(tx, office.city, community=community or "", before=before, limit=limit)
