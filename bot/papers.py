"""Papers to print, opened by a ticket: the record of service for somebody's unit, and the sign with a code for a place."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from bot.posters import GREEN, INK, SOFT, chinese_face, draw_code
from handlers import service
from handlers.city import City
from handlers.service import Record
from storage import tickets
from storage.tx import Store

_MARGIN = 20 * mm
_ROW = 7 * mm


class Papers:
    """Draws what a ticket stands for."""

    def __init__(self, store: Store, city: City, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._city = city
        self._clock = clock

    async def find(self, token: str, base: str) -> bytes | None:
        """The PDF of a ticket; None for one that is unknown or too old. `base` is the address that codes open."""
        now = self._clock()
        async with self._store.read() as tx:
            data = await tickets.peek(tx, service.PAPER, token, now)
            if data is None:
                return None
            if data["paper"] == "service":
                record = await service.record_of(self._city, tx, int(data["person"]), int(data["year"]))
                return await asyncio.to_thread(service_pdf, self._city, record, now)
        letter, _, code = str(data["scene"]).partition("_")
        address = f"{base.rstrip('/')}/?{letter}={code}"
        use = str(data.get("use", "sign"))
        return await asyncio.to_thread(sign_pdf, self._city, str(data["title"]), address, now, use)


class _Page:
    """A page with words on it from top to bottom; goes on with a new one where the first is full."""

    def __init__(self, city: City, now: datetime) -> None:
        self.out, self._city, self._now = io.BytesIO(), city, now
        self.canvas = Canvas(self.out, pagesize=A4, pageCompression=1)
        face = chinese_face()
        pdfmetrics.registerFont(face)
        self.font, self.y = str(face.fontName), A4[1] - _MARGIN

    def say(self, key: str, **values: Any) -> str:
        return self._city.texts.text(f"paper.{key}", self._now, **values)

    def line(self, left: str, right: str = "", *, size: float = 11, colour: Any = INK) -> None:
        if self.y < _MARGIN + _ROW:
            self.canvas.showPage()
            self.y = A4[1] - _MARGIN
        self.canvas.setFillColor(colour)
        self.canvas.setFont(self.font, size)
        self.canvas.drawString(_MARGIN, self.y, left)
        if right:
            self.canvas.drawRightString(A4[0] - _MARGIN, self.y, right)
        self.y -= _ROW * max(1.0, size / 13)

    def middle(self, text: str, size: float, colour: Any) -> None:
        width = float(pdfmetrics.stringWidth(text, self.font, size))
        fitting = min(size, size * (A4[0] - 2 * _MARGIN) / max(width, 1.0))
        self.canvas.setFillColor(colour)
        self.canvas.setFont(self.font, fitting)
        self.canvas.drawCentredString(A4[0] / 2, self.y, text)
        self.y -= size * 1.6

    def done(self) -> bytes:
        self.canvas.save()
        return self.out.getvalue()


def service_pdf(city: City, record: Record, now: datetime) -> bytes:
    """The record of service. Slow: call it in a thread."""
    page = _Page(city, now)
    page.canvas.setTitle(page.say("title", year=record.year))
    page.middle(page.say("title", year=record.year), 22, GREEN)
    page.y -= 4 * mm
    page.line(page.say("name", name=record.name), city.texts.text(f"volunteer.kind_{record.kind}", now), size=13)
    if record.unit or record.branch:
        page.line(page.say("unit", unit=record.unit), record.branch, size=13)
    page.line(page.say("community", community=record.community), size=13)
    page.y -= 4 * mm
    for one in record.lines:
        day = one.at.astimezone(city.manners.tz)
        what = one.what if len(one.what) <= 34 else f"{one.what[:34]}…"
        page.line(f"{day:%Y-%m-%d}  {what}", page.say("hours", hours=f"{one.hours:g}"))
    page.y -= 4 * mm
    total = page.say("total", hours=f"{record.hours:g}", wishes=record.wishes, points=record.points)
    page.line(total, size=13, colour=GREEN)
    page.y -= 12 * mm
    page.line(page.say("seal"), f"{now.astimezone(city.manners.tz):%Y-%m-%d}", colour=SOFT)
    return page.done()


def sign_pdf(city: City, title: str, address: str, now: datetime, use: str = "sign") -> bytes:
    """A sign with a code, one to a page; `use` says what it is for: sign, station. Slow: call it in a thread."""
    page = _Page(city, now)
    page.canvas.setTitle(title)
    page.y -= 10 * mm
    page.middle(page.say(use), 30, GREEN)
    page.middle(title, 20, INK)
    side = 120 * mm
    draw_code(page.canvas, address, (A4[0] - side) / 2, page.y - side, side)
    page.y -= side + 14 * mm
    page.middle(page.say(f"{use}_how"), 14, SOFT)
    return page.done()
