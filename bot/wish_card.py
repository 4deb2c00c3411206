"""Draws one wish as a picture with its code, to be handed on in chats. It shows what the wall shows, and nothing more."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import as_file, files
from typing import NamedTuple

import segno
from PIL import Image, ImageDraw, ImageFont

from bot.posters import FACE

WIDTH, HEIGHT = 1080, 1440
_MARGIN, _PAD = 60, 70
_GROUND, _PAPER, _INK, _SOFT, _WARM, _DEEP = "#fdeadb", "#ffffff", "#2d211a", "#6d5a4d", "#b4430f", "#7c2d12"
_SIZES = (64, 58, 52, 46, 40)
"""Of the wish's words: the largest at which they fit."""


class Card(NamedTuple):
    """Everything that stands on the picture, in words; `address` is what the code opens."""

    street: str
    title: str
    number: str
    theme: str
    place: str
    words: str
    needs: tuple[str, ...]
    state: str
    hint: str
    privacy: str
    address: str


@lru_cache(maxsize=256)
def draw(card: Card) -> bytes:
    """The picture as PNG. Slow (a tenth of a second): call it in a thread. The same card is drawn once."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((_MARGIN, 190, WIDTH - _MARGIN, HEIGHT - _MARGIN), 42, fill=_PAPER)
    pen.rounded_rectangle((_MARGIN, 190, WIDTH - _MARGIN, 206), 8, fill=_WARM)
    pen.text((WIDTH / 2, 108), f"{card.street} · {card.title}", font=font_of(56), fill=_DEEP, anchor="mm")
    left = _MARGIN + _PAD
    pen.text((left, 270), card.theme, font=font_of(40), fill=_WARM, anchor="lm")
    pen.text((WIDTH - left, 270), card.place, font=font_of(36), fill=_SOFT, anchor="rm")
    _words(pen, card.words, left, 330, 560)
    _needs(pen, card, left, 930)
    _code(image, card.address, left - 16, 1040)
    right = left + 320
    pen.text((right, 1110), card.number, font=font_of(46), fill=_DEEP, anchor="lm")
    for line, text in enumerate(_wrapped(card.hint, font_of(34), WIDTH - right - left)):
        pen.text((right, 1180 + line * 50), text, font=font_of(34), fill=_INK, anchor="lm")
    pen.text((right, 1320), card.privacy, font=font_of(26), fill=_SOFT, anchor="lm")
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _words(pen: ImageDraw.ImageDraw, words: str, left: int, top: int, height: int) -> None:
    """The wish itself, as large as it fits, a little above the middle."""
    room = WIDTH - 2 * left
    for size in _SIZES:
        face, step = font_of(size), round(size * 1.5)
        lines = _wrapped(words, face, room)
        if len(lines) * step <= height or size == _SIZES[-1]:
            break
    shown = lines[: max(1, height // step)]
    if len(shown) < len(lines):
        shown[-1] = f"{shown[-1][:-1]}…"
    top += (height - len(shown) * step) // 3
    for number, line in enumerate(shown):
        pen.text((left, top + number * step + step // 2), line, font=face, fill=_INK, anchor="lm")


def _needs(pen: ImageDraw.ImageDraw, card: Card, left: int, top: int) -> None:
    phrases = [*([card.state] if card.state else []), *card.needs]
    for number, line in enumerate(_wrapped("　".join(phrases), font_of(34), WIDTH - 2 * left)[:2]):
        pen.text((left, top + number * 48), line, font=font_of(34), fill=_WARM, anchor="lm")


def _code(image: Image.Image, address: str, x: int, y: int) -> None:
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=10, border=2)
    picture.seek(0)
    with Image.open(picture) as code:
        image.paste(code.convert("RGB").resize((310, 310), Image.Resampling.NEAREST), (x, y))


def _wrapped(text: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines no wider than this; Chinese may break anywhere but before a closing mark."""
    lines = [""]
    for letter in text:
        if letter == "\n" or (face.getlength(lines[-1] + letter) > width and letter not in "，。！？、；：”）…"):
            lines.append("")
        if letter != "\n":
            lines[-1] += letter
    return [line for line in lines if line.strip()] or [""]


@lru_cache(maxsize=16)
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The Chinese face of the posters, which comes with a package."""
    package, name = FACE
    with as_file(files(package).joinpath(name)) as path:
        return ImageFont.truetype(str(path), size, index=0)
