"""Routes that members open inside WeCom: checking in at a place. The callback is with the other machines' routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.web.guard import POLICY
from bot.web.identity import OWN_REQUEST
from bot.web.ports import Absent
from bot.web.problems import ProblemError
from bot.web.site import TheSite

router = APIRouter(include_in_schema=False)
COOKIE = "linli_wecom"
SDK = "https://res.wx.qq.com"
"""Where WeCom's own script comes from: it works from no other place."""
_Short = Annotated[str, Query(max_length=2000)]


class Position(BaseModel):
    """Where the phone is, GCJ-02 degrees."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=10, max_length=100)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


@router.get("/wecom/here")
async def begin(request: Request, site: TheSite) -> Response:
    """I am here: to the silent sign-in, and back."""
    try:
        url, cookie = await site.backend.wecom_way()
    except Absent:
        raise ProblemError(404) from None
    answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
    secure = site.secure or request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, max_age=600, httponly=True, samesite="lax", secure=secure, path="/wecom")
    return answer


@router.get("/wecom/back")
async def come_back(request: Request, site: TheSite, code: _Short = "", state: _Short = "") -> Response:
    """The page with the button; WeCom has told who this is."""
    url = str(request.url.replace(scheme="https" if site.secure else request.url.scheme)).partition("#")[0]
    try:
        ready = await site.backend.wecom_arrive(code, state, request.cookies.get(COOKIE, "")[:100], url)
    except Absent:
        raise ProblemError(404) from None
    if ready is None:
        raise ProblemError(403, "page_over")
    policy = f"{POLICY}; script-src 'self' {SDK}; connect-src 'self' {SDK}"
    values = {"ready": ready._asdict(), "script": site.words.section("here"), "sdk": SDK}
    answer = site.page(request, "here.html", values, headers={"Content-Security-Policy": policy})
    answer.delete_cookie(COOKIE, path="/wecom")
    return answer


@router.post("/wecom/here", status_code=204, dependencies=[OWN_REQUEST])
async def check_in(site: TheSite, body: Position) -> Response:
    """The position of the phone. 204 only when it is durable."""
    try:
        taken = await site.backend.wecom_here(body.token, body.lat, body.lon)
    except Absent:
        raise ProblemError(404) from None
    if not taken:
        raise ProblemError(403, "page_over")
    return Response(status_code=204)
