"""Brings articles that a desk has asked for to the public account: the cover, the draft, and publishing where it is wanted.

A step is written down before it is asked for and after it was answered: what a crash leaves in between is not asked again
by itself, because the platform would do it twice.
"""

from __future__ import annotations

import asyncio
import io

import structlog
from PIL import Image, ImageDraw, ImageFont

from bot.channels.wechat import articles as calls
from bot.channels.wechat.client import Client
from bot.channels.wechat.refusals import WeChatError
from bot.clock import Clock
from bot.wish_card import font_of
from handlers import article as use_case
from handlers.city import City
from handlers.turn import Turn
from storage import articles
from storage.articles import Article, ArticleState
from storage.tx import Store, Tx

log = structlog.get_logger()
_COVER = (900, 383)
"""2.35 to 1, as the platform shows it."""
_DEEP, _WARM = "#7c2d12", "#fdeadb"


class Articles:
    """One instance a process."""

    def __init__(self, store: Store, city: City, clock: Clock, client: Client) -> None:
        self._store = store
        self._city = city
        self._clock = clock
        self._client = client

    async def bring(self) -> int:
        """Does what waits. How many were looked at."""
        async with self._store.read() as tx:
            found = await articles.waiting(tx)
        for article in found:
            await self._bring(article)
        return len(found)

    async def _bring(self, article: Article) -> None:
        begun = ArticleState.WRITING if article.state is ArticleState.ASKED else ArticleState.RELEASING
        if not await self._step(article, begun):
            return
        now = article._replace(state=begun)
        try:
            if begun is ArticleState.WRITING:
                draft = await self._write(article)
                await self._step(now, ArticleState.DRAFTED, draft=draft, tell=not article.release)
            else:
                await calls.publish(self._client, article.draft)
                await self._step(now, ArticleState.PUBLISHED, tell=True)
        except WeChatError as error:
            log.warning("articles.refused", article=article.id, code=error.code)
            await self._step(now, ArticleState.FAILED, why=error.code, tell=True)
        except ConnectionError as error:
            log.warning("articles.unreached", article=article.id, reason=type(error).__name__)
            await self._step(now, ArticleState.FAILED, tell=True)

    async def _write(self, article: Article) -> str:
        street = self._city.street.name
        cover = await calls.keep_cover(self._client, await asyncio.to_thread(draw_cover, street, article.title))
        return await calls.post(
            self._client,
            title=article.title,
            author=street,
            digest=article.digest,
            content=article.content,
            source=article.source,
            cover=cover,
        )

    async def _step(
        self, article: Article, target: ArticleState, *, draft: str = "", why: int = 0, tell: bool = False
    ) -> bool:
        async def work(tx: Tx) -> bool:
            now = self._clock.now()
            if not await articles.step(tx, article, target, now, draft=draft, why=why):
                return False
            if tell:
                await use_case.ended(Turn(self._city, tx, now), article, target, why)
            return True

        return await self._store.run(work)


def draw_cover(street: str, title: str) -> bytes:
    """The cover as PNG: the name of the street and the title. Slow: call it in a thread."""
    image = Image.new("RGB", _COVER, _WARM)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, _COVER[1] - 18, _COVER[0], _COVER[1]), fill=_DEEP)
    for text, size, height in ((street, 40, 130), (title, 62, 220)):
        face = _fitting(text, size)
        pen.text((_COVER[0] / 2, height), text, font=face, fill=_DEEP, anchor="mm")
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fitting(text: str, size: int) -> ImageFont.FreeTypeFont:
    while size > 24 and font_of(size).getlength(text) > _COVER[0] - 80:
        size -= 4
    return font_of(size)
