"""Who sits at the web desk: a cookie of its own, apart from the chat's, that ends with the session it carries."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.security import APIKeyCookie

from bot.web.problems import ProblemError
from bot.web.site import Site, TheSite
from handlers.office.signin import SESSION_FOR, Seat

COOKIE = "linli_desk"

Secret = Annotated[
    str | None, Depends(APIKeyCookie(name=COOKIE, auto_error=False, description="The session of the web desk."))
]


async def find_seat(site: TheSite, secret: Secret) -> Seat | None:
    """Whoever is signed in, or None."""
    if not secret or len(secret) > 100 or not secret.isascii():
        return None
    return await site.office.seat(secret)


async def _seat(found: Annotated[Seat | None, Depends(find_seat)]) -> Seat:
    if found is None:
        raise ProblemError(401, "desk_signed_out")
    return found


MaybeSeat = Annotated[Seat | None, Depends(find_seat)]
TheSeat = Annotated[Seat, Depends(_seat)]
SEATED = Depends(_seat)


def carry(site: Site, request: Request, answer: Response, secret: str) -> None:
    """Puts the session on the answer. Lax, not strict: the link is opened from a chat."""
    secure = site.secure or request.url.scheme == "https"
    life = int(SESSION_FOR.total_seconds())
    answer.set_cookie(COOKIE, secret, max_age=life, httponly=True, samesite="lax", secure=secure, path="/")


def drop(answer: Response) -> None:
    """Takes the cookie away."""
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
