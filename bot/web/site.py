"""What every route of the app shares: the program, the channel, the sentences and the page templates."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from bot.channels.webchat.channel import WebChannel
from bot.office import Office
from bot.web.kept import Draw, Kept
from bot.web.ports import Backend
from bot.web.words import Words

HERE = Path(__file__).parent
_CHINA = timezone(timedelta(hours=8))


def _pictures_at_once() -> asyncio.Semaphore:
    return asyncio.Semaphore(2)


@dataclass(frozen=True)
class Site:
    """One web side. `secure` marks the cookie for https only; `metrics_token` opens /metrics to other machines."""

    backend: Backend
    channel: WebChannel
    words: Words
    templates: Jinja2Templates
    secure: bool = False
    metrics_token: str = ""
    desk: Office | None = None
    drawing: asyncio.Semaphore = field(default_factory=_pictures_at_once)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    kept: Kept = field(default_factory=Kept)

    def day(self, moment: datetime) -> str:
        """A day as people say it."""
        local = moment.astimezone(_CHINA)
        return self.words.get("wall", "date", month=local.month, day=local.day)

    def hour(self, moment: datetime) -> str:
        """A day and hour as people say them."""
        local = moment.astimezone(_CHINA)
        return self.words.get(
            "wall", "hour", month=local.month, day=local.day, hour=local.hour, minute=f"{local.minute:02d}"
        )

    @property
    def office(self) -> Office:
        """What stands behind the web desk. Its routes are there only where it is."""
        if self.desk is None:
            raise RuntimeError("this site has no web desk")
        return self.desk

    def page(
        self,
        request: Request,
        template: str,
        values: dict[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page for a person. Never kept by caches: it may show what only this person may see."""
        shared = {"words": self.words.tree, "street": self.backend.street_name, **values}
        answer = self.templates.TemplateResponse(request, template, shared, status)
        answer.headers.update({"Cache-Control": "no-store", **(headers or {})})
        return answer

    async def shared_page(self, request: Request, draw: Draw) -> Response:
        """A page that is the same for everybody: drawn once for each state of the ledger."""
        return await self.kept.page(request, await self.backend.version(), draw)


def load_templates(words: Words) -> Jinja2Templates:
    """The templates, with `asset(name)` for addresses of static files that change when the file does, and `day(at)`."""
    templates = Jinja2Templates(HERE / "templates")
    stamps: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in stamps:
            stamps[name] = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]
        return f"/static/{name}?v={stamps[name]}"

    def day(moment: datetime) -> str:
        local = moment.astimezone(_CHINA)
        return words.get("wall", "date", month=local.month, day=local.day)

    templates.env.globals.update(asset=asset, day=day)
    templates.env.trim_blocks = templates.env.lstrip_blocks = True
    return templates


def get_site(app: FastAPI) -> Site:
    """The site of an app."""
    return cast(Site, app.state.site)


async def _site(request: Request) -> Site:  # async: what is not is run in a thread by FastAPI
    return get_site(request.app)


TheSite = Annotated[Site, Depends(_site)]
