"""Printable posters: one place code for every building and landmark, four to an A4 page, ready to cut."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from handlers.city import City

FACE = "paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc"
"""The package and the file of WenQuanYi Micro Hei (Apache License 2.0); the letters that are used go into the PDF."""
INK, SOFT, GREEN = HexColor("#1f2d24"), HexColor("#5b6b60"), HexColor("#07803a")
_WIDTH, _HEIGHT = A4[0] / 2, A4[1] / 2


def write_posters(
    city: City,
    base_url: str,
    out: Path,
    *,
    telegram_username: str = "",
    only: str = "",
    addresses: Mapping[str, str] | None = None,
) -> int:
    """Writes the PDF; how many posters it has. With none to write, no file is made.

    `addresses` are what the codes open, by place code, for posters of one platform instead of the web's.
    """
    chosen = [(code, words) for code, words in city.place_codes.items() if only in words]
    if not chosen:
        return 0
    font = _font()
    part = out.with_name(f"{out.name}.part")
    canvas = Canvas(str(part), pagesize=A4, pageCompression=1)
    canvas.setTitle(_text(city, "title"))
    for index, (code, words) in enumerate(chosen):
        if index and index % 4 == 0:
            canvas.showPage()
        left = _WIDTH * (index % 2)
        bottom = _HEIGHT * (1 - index % 4 // 2)
        address = addresses[code] if addresses is not None else address_of(base_url, code)
        scan = "scan" if addresses is None else "scan_wechat"
        _poster(canvas, font, city, (left, bottom), code, words, address, scan, telegram_username)
    canvas.save()
    part.replace(out)
    return len(chosen)


def address_of(base_url: str, code: str) -> str:
    """What the code on a poster opens."""
    return f"{base_url.rstrip('/')}/?b={code}"


def telegram_address_of(username: str, code: str) -> str:
    """What the second code opens; the username may be written with its @."""
    return f"https://t.me/{username.removeprefix('@')}?start=b_{code}"


def _text(city: City, key: str, **values: Any) -> str:
    return city.texts.text(f"poster.{key}", datetime.now(UTC), street=city.street.name, **values)


def chinese_face() -> TTFont:
    """The face of the posters. What is written with it is embedded, so that every printer has it."""
    package, name = FACE
    with as_file(files(package).joinpath(name)) as path:
        return TTFont("Linli", str(path), subfontIndex=0)


def _font() -> str:
    face = chinese_face()
    pdfmetrics.registerFont(face)
    return str(face.fontName)


def _poster(
    canvas: Canvas,
    font: str,
    city: City,
    corner: tuple[float, float],
    code: str,
    words: str,
    address: str,
    scan: str,
    telegram: str,
) -> None:
    left, bottom = corner
    middle, top = left + _WIDTH / 2, bottom + _HEIGHT
    canvas.setStrokeColor(HexColor("#d5ddd8"))
    canvas.setDash(2, 3)
    canvas.rect(left, bottom, _WIDTH, _HEIGHT, stroke=1, fill=0)
    canvas.setDash()
    canvas.setFillColor(GREEN)
    canvas.rect(left + 8 * mm, top - 25 * mm, _WIDTH - 16 * mm, 15 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    _centred(canvas, font, 17, middle, top - 20.5 * mm, _text(city, "title"))
    canvas.setFillColor(INK)
    _centred(canvas, font, _fitting(font, words, 21, _WIDTH - 20 * mm), middle, top - 36 * mm, words)
    side = 58 * mm
    draw_code(canvas, address, middle - side / 2, top - 98 * mm, side)
    canvas.setFillColor(SOFT)
    for line, text in enumerate(_lines(city, scan, telegram)):
        _centred(canvas, font, 11, middle, top - 106 * mm - line * 6.2 * mm, text)
    if telegram:
        draw_code(canvas, telegram_address_of(telegram, code), left + _WIDTH - 28 * mm, bottom + 5 * mm, 20 * mm)
    canvas.setFont(font, 8)
    canvas.drawString(left + 9 * mm, bottom + 7 * mm, _text(city, "foot", code=code))


def _lines(city: City, scan: str, telegram: str) -> Sequence[str]:
    keys = [scan, "say", "answer"] + (["telegram"] if telegram else [])
    return [_text(city, key) for key in keys]


def _centred(canvas: Canvas, font: str, size: float, x: float, y: float, text: str) -> None:
    canvas.setFont(font, size)
    canvas.drawCentredString(x, y, text)


def _fitting(font: str, text: str, size: float, width: float) -> float:
    """The largest size, up to the given one, at which the text fits."""
    return min(size, size * width / max(float(pdfmetrics.stringWidth(text, font, size)), 1.0))


def draw_code(canvas: Canvas, address: str, x: float, y: float, side: float) -> None:
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=12, border=2)
    picture.seek(0)
    canvas.drawImage(ImageReader(picture), x, y, side, side)
