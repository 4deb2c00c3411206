"""Wraps everything: size limits on bodies, security headers on every answer, errors included, and how long it may be kept.

Static files whose address carries the stamp of their content are kept for good; the others are asked for again.
"""

from __future__ import annotations

from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.office.books.sheet import MOST_BYTES

POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), microphone=(self), camera=(self)",
}
_ADDED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
API_ANSWER = [*_ADDED, (b"cache-control", b"no-store")]
"""What `guarded` adds to a good answer under /api/ that says nothing of these."""
_NO_HEAD = ("/api/", "/login/", "/hooks/", "/desk/in/")  # a look at a sign-in link must not use it up
SMALL_BODY = 256 * 1024
HOOK_BODY = 4 * 1024 * 1024
BOOK_BODY = MOST_BYTES + 1024


class Guard:
    """ASGI middleware. `upload` is the most bytes that /api/media takes, the form around the file included."""

    def __init__(self, app: ASGIApp, upload: int) -> None:
        self._app = app
        self._upload = upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        if scope["method"] == "HEAD" and not scope["path"].startswith(_NO_HEAD):
            scope = {**scope, "method": "GET"}  # the server drops the body: it knows what was asked
        await self._app(scope, Limited(receive, self._limit(scope["path"])), guarded(scope, send))

    def _limit(self, path: str) -> int:
        if path == "/api/media":
            return self._upload
        if path.startswith("/api/desk/imports/"):
            return BOOK_BODY
        return HOOK_BODY if path.startswith("/hooks/") else SMALL_BODY


def guarded(scope: Scope, send: Send) -> Send:
    """A send whose answers have all that they should."""

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"] = list(message.get("headers", ()))
            names = tuple([name for name, _ in headers])
            headers += _missing(names)
            kept = _cache_rule(scope)
            if kept and message["status"] < 400 and b"cache-control" not in names:
                headers.append((b"cache-control", kept))
        await send(message)

    return send_guarded


@lru_cache(maxsize=256)
def _missing(names: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """What is added to an answer with these headers; their names are in small letters, as ASGI wants them."""
    return tuple([one for one in _ADDED if one[0] not in names])


def _cache_rule(scope: Scope) -> bytes:
    if scope["path"].startswith("/static/"):
        return b"public, max-age=31536000, immutable" if scope["query_string"].startswith(b"v=") else b"no-cache"
    return b"no-store" if scope["path"].startswith("/api/") else b""


class Limited:
    """A receive that raises 413 once the body is longer than allowed."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise HTTPException(413)
        return message
