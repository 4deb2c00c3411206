"""Builds the ASGI app. Which program stands behind it, and when it starts and stops, is the caller's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.channels.webchat.channel import WebChannel
from bot.office import Office
from bot.web import (
    pages,
    pages_office,
    pages_stations,
    pages_wall,
    problems,
    routes_books,
    routes_chat,
    routes_cockpit,
    routes_echo,
    routes_imports,
    routes_media,
    routes_office,
    routes_open311,
    routes_papers,
    routes_partners,
    routes_service,
    routes_session,
    routes_stations,
    routes_wall,
    routes_wechat,
    routes_wecom,
)
from bot.web.guard import Guard
from bot.web.openapi import describe
from bot.web.ports import Backend
from bot.web.shortcut import Shortcut
from bot.web.site import HERE, Site, load_templates
from bot.web.words import load_words

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class App(FastAPI):
    """The shortcut needs none of the framework's layers, so it stands in front of them, and the guard behind it."""

    def __init__(self, upload: int, proxies: str, **given: Any) -> None:
        """`upload`: as `Guard` says."""
        super().__init__(**given)
        further: Any = Guard(super().__call__, upload)
        if proxies:
            further = ProxyHeadersMiddleware(further, proxies)
        self._front = Shortcut(further)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._front(scope, receive, send)


def create_app(
    backend: Backend,
    channel: WebChannel,
    *,
    secure: bool = False,
    metrics_token: str = "",
    lifespan: Lifespan | None = None,
    office: Office | None = None,
    proxies: str = "",
) -> FastAPI:
    """The whole web side. `secure` is true where people come by https; without `office` there is no web desk. `proxies`:
    addresses whose word is taken for where a request came from, as uvicorn's `forwarded_allow_ips`.

    Start and stop `channel` in `lifespan` or around the server; stopping it ends open streams.
    """
    words = load_words()
    app = App(
        channel.media.max_bytes + 64 * 1024,
        proxies,
        title=words.get("api", "title"),
        description=words.get("api", "description"),
        version=_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.site = Site(backend, channel, words, load_templates(words), secure, metrics_token, office)
    problems.install(app)
    app.include_router(routes_chat.private)  # first: addresses are compared in this order, and the chats ask most
    app.include_router(routes_chat.rooms)
    for module in (
        routes_session,
        routes_media,
        routes_wall,
        routes_stations,
        routes_papers,
        routes_service,
        routes_wechat,
        routes_wecom,
        pages_wall,
        pages_stations,
        pages,
    ):
        app.include_router(module.router)
    if office is not None:
        for module in (
            routes_office,
            routes_cockpit,
            routes_books,
            routes_imports,
            routes_echo,
            routes_open311,
            routes_partners,
            pages_office,
        ):
            app.include_router(module.router)
    app.mount("/static", GZipMiddleware(StaticFiles(directory=HERE / "static")), name="static")
    _describe_once(app)
    return app


def _describe_once(app: FastAPI) -> None:
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(describe(app))
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _version() -> str:
    try:
        return version("linli")
    except PackageNotFoundError:
        return "0"
