"""Routes that WeChat calls or people inside WeChat open: the callback, the sign-in there and back, the domain's proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from bot.callbacks import CallbackError, Fault
from bot.callbacks import Query as Signed
from bot.web.guard import POLICY
from bot.web.identity import Visitor, sign_in
from bot.web.ports import Absent
from bot.web.problems import CODES, ProblemError
from bot.web.routes_session import is_local
from bot.web.site import TheSite

router = APIRouter(include_in_schema=False)
COOKIE = "linli_wechat"
NOTICES = "/wechat/notices"
SDK = "https://res.wx.qq.com"
"""Where WeChat's own script comes from: it works from no other place."""
# What its open tags need besides: the frames by the documents, the rest by what pages with a policy of their own have met.
# https://developers.weixin.qq.com/doc/service/guide/h5/opentag.html
OPEN_POLICY = "; ".join(
    [
        POLICY,
        f"script-src 'self' {SDK} 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        f"connect-src 'self' {SDK}",
        "frame-src https://*.qq.com webcompt:",
    ]
)
"""Of the page of notices alone: it shows nothing that people have written."""
_Short = Annotated[str, Query(max_length=2000)]


@router.get("/hooks/wechat")
async def check_address(
    site: TheSite, signature: _Short = "", timestamp: _Short = "", nonce: _Short = "", echostr: _Short = ""
) -> Response:
    """WeChat's console asks whether this address is ours."""
    try:
        return PlainTextResponse(site.backend.wechat_check(Signed(signature, timestamp, nonce), echostr))
    except (CallbackError, Absent) as error:
        raise ProblemError(*_status(error)) from None


@router.post("/hooks/wechat")
async def take_message(
    request: Request, site: TheSite, msg_signature: _Short = "", timestamp: _Short = "", nonce: _Short = ""
) -> Response:
    """A message or event. Answered when it is durable, with what is to be said if that is known in time."""
    try:
        content = await site.backend.wechat_hook(await request.body(), Signed(msg_signature, timestamp, nonce))
    except (CallbackError, Absent) as error:
        raise ProblemError(*_status(error)) from None
    return Response(content, media_type="application/xml" if content else "text/plain")


@router.get("/wechat/in")
async def enter(request: Request, site: TheSite, to: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """A button of the account's menu: to this page, signed in."""
    return await _begin(request, site, to if is_local(to) else "/", "")


@router.get("/wechat/go/{token}")
async def follow_notice(
    request: Request, site: TheSite, token: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{10,100}$")]
) -> Response:
    """The link of a notice. Whoever it was not meant for gets to their own records."""
    return await _begin(request, site, "/?m=1", token)


@router.get("/wechat/back")
async def come_back(request: Request, site: TheSite, code: _Short = "", state: _Short = "") -> Response:
    """WeChat has told who this is."""
    try:
        found = await site.backend.wechat_arrive(code, state, request.cookies.get(COOKIE, "")[:100])
    except Absent:
        raise ProblemError(404) from None
    if found is None:
        raise ProblemError(403, "page_over")
    user, to = found
    answer = RedirectResponse(to, 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(COOKIE, path="/wechat")
    await sign_in(site, request, answer, user)
    return answer


@router.get("/wechat/notices")
async def notices(request: Request, site: TheSite, visitor: Visitor) -> Response:
    """The page where people agree to be told; inside WeChat whoever is not known yet is signed in first."""
    inside = "micromessenger" in request.headers.get("user-agent", "").lower()
    if inside and visitor is None:
        return RedirectResponse(f"/wechat/in?to={NOTICES}", 303, {"Cache-Control": "no-store"})
    query = f"?{request.url.query}" if request.url.query else ""  # WeChat adds some when a page is passed on
    try:
        found = await site.backend.wechat_agreeing(visitor, f"{site.backend.web_base}{NOTICES}{query}")
    except Absent:
        raise ProblemError(404) from None
    values = {
        "groups": [[one for one in found.notices if one.lasting is lasting] for lasting in (False, True)],
        "ready": {**found._asdict(), "notices": []},
        "script": site.words.section("notices"),
        "sdk": SDK,
    }
    return site.page(request, "notices.html", values, headers={"Content-Security-Policy": OPEN_POLICY})


@router.get("/MP_verify_{code}.txt")
async def prove_domain(site: TheSite, code: Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,64}$")]) -> Response:
    """The file that the console asks for before it trusts our domain: it holds its own code."""
    if site.backend.wechat_proof() != f"MP_verify_{code}.txt":
        raise ProblemError(404)
    return PlainTextResponse(code)


async def _begin(request: Request, site: TheSite, to: str, ticket: str) -> Response:
    try:
        url, cookie = await site.backend.wechat_way(to, ticket)
    except Absent:
        raise ProblemError(404) from None
    answer = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
    secure = site.secure or request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, max_age=600, httponly=True, samesite="lax", secure=secure, path="/wechat")
    return answer


def _status(error: Exception) -> tuple[int, str]:
    status = 404 if isinstance(error, Absent) else 400 if getattr(error, "fault", None) is Fault.BODY else 403
    return status, CODES[status]
