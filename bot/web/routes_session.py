"""Routes of the browser session: begin, who am I, sign-in links, end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.channels.webchat.shapes import private_chat
from bot.web.identity import OWN_REQUEST, Secret, User, Visitor, sign_in, sign_out
from bot.web.problems import ProblemError
from bot.web.shapes import Me
from bot.web.site import Site, TheSite

router = APIRouter(tags=["session"])


@router.post("/api/session", dependencies=[OWN_REQUEST])
async def begin_session(request: Request, answer: Response, site: TheSite, visitor: Visitor) -> Me:
    """Gives this browser an identity, or says which one it has."""
    user = visitor or await sign_in(site, request, answer)
    return await _me(site, user)


@router.delete("/api/session", status_code=204, dependencies=[OWN_REQUEST])
async def end_session(answer: Response, site: TheSite, secret: Secret, _user: User) -> None:
    """Forgets this browser. The conversation itself stays where it is."""
    await site.channel.sessions.close(secret or "")
    sign_out(answer)


@router.get("/api/me")
async def tell_me(site: TheSite, user: User) -> Me:
    """Who this browser is, and how many answers wait."""
    return await _me(site, user)


@router.get("/login/{token}", status_code=303, response_class=RedirectResponse)
async def use_link(
    request: Request,
    site: TheSite,
    token: Annotated[str, Path(pattern=r"^[A-Za-z0-9_.~-]{1,200}$")],
    next: Annotated[str, Query(max_length=500, description="A path of this site to go on to.")] = "/",
) -> RedirectResponse:
    """Signs this browser in by a one-press link and goes on to `next`."""
    user = await site.backend.login(token)
    if user is None:
        raise ProblemError(404, "bad_link")
    answer = RedirectResponse(next if is_local(next) else "/", 303, {"Cache-Control": "no-store"})
    await sign_in(site, request, answer, user)
    return answer


async def _me(site: Site, user: str) -> Me:
    unseen = await site.channel.posts.count_unseen(private_chat(user))
    return Me(user=user, unseen=unseen, staff=bool(await site.backend.rooms(user)))


def is_local(path: str) -> bool:
    """Whether a path leads to a page of this site and nowhere else."""
    printable = path.isascii() and all(char > " " and char not in '\\"<>' for char in path)
    return printable and path.startswith("/") and not path.startswith("//")
