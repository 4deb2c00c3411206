"""Papers to print, opened by the link that was said in chat: service records and signs with a code."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from bot.web.problems import ProblemError
from bot.web.routes_wall import address_of
from bot.web.site import TheSite

router = APIRouter(include_in_schema=False)


@router.get("/papers/{token}.pdf", response_class=Response)
async def paper(
    request: Request, site: TheSite, token: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{32}$")]
) -> Response:
    """The paper of a ticket. Whoever has the link may print it for a week; it names its owner, so nobody keeps a copy."""
    async with site.drawing:
        found = await site.backend.paper(token, address_of(site, request))
    if found is None:
        raise ProblemError(404)
    return Response(found, media_type="application/pdf", headers={"Cache-Control": "no-store"})
