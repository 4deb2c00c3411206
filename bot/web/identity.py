"""Who is asking: a cookie with a random secret, and a header that no foreign page can send. Roles are the program's."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.security import APIKeyCookie

from bot.web.problems import ProblemError
from bot.web.site import Site, TheSite

COOKIE = "linli_session"
_YEAR = 365 * 86_400

Secret = Annotated[str | None, Depends(APIKeyCookie(name=COOKIE, auto_error=False, description="The session."))]


async def find_visitor(site: TheSite, secret: Secret) -> str | None:
    """The signed-in user, or None."""
    return await find_user(site, secret)


async def find_user(site: Site, secret: str | None) -> str | None:
    """Whose session it is, or None for no session."""
    if not secret or len(secret) > 100 or not secret.isascii():
        return None
    return await site.channel.sessions.find_user(secret, datetime.now(UTC))


async def _signed_in(visitor: Annotated[str | None, Depends(find_visitor)]) -> str:
    if visitor is None:
        raise ProblemError(401)
    return visitor


async def _own_request(
    x_linli: Annotated[Literal["1"], Header(alias="X-Linli", description="Always 1: a foreign page cannot send it.")],
) -> None:
    """Refuses what another site made the browser send."""


Visitor = Annotated[str | None, Depends(find_visitor)]
User = Annotated[str, Depends(_signed_in)]
OWN_REQUEST = Depends(_own_request)


async def sign_in(site: Site, request: Request, answer: Response, user: str = "") -> str:
    """Starts a session for the user, or for a new one, and puts the cookie on the answer. Returns the user."""
    user = user or "w" + secrets.token_hex(8)
    secret = await site.channel.sessions.open(user, datetime.now(UTC))
    secure = site.secure or request.url.scheme == "https"
    answer.set_cookie(COOKIE, secret, max_age=_YEAR, httponly=True, samesite="lax", secure=secure, path="/")
    return user


def sign_out(answer: Response) -> None:
    """Takes the cookie away."""
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
