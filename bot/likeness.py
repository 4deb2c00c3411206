"""What a photo shows, as 64 bits that hardly change when it is sent, scaled or brightened again. Compares nothing."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 8
"""Rows, and differences in a row."""
FLAT = 6.0
"""A picture whose small copy varies by fewer grey levels shows nothing to compare: a dark room, a white wall."""


def likeness(path: Path) -> int | None:
    """A difference hash: each bit says whether a field is brighter than its left neighbour.

    None for a picture without contrast and for a file that is no picture. Slow (decoding): call it in a thread.
    """
    try:
        with Image.open(path) as image:
            image.draft("L", (SIDE * 16, SIDE * 16))
            grey = ImageOps.exif_transpose(image).convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    return hash_of(grey)


def hash_of(grey: Image.Image) -> int | None:
    """The hash of a picture in grey levels; None for one without contrast."""
    small = grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    levels = small.tobytes()
    if _spread(levels) < FLAT:
        return None
    bits = 0
    for row in range(SIDE):
        start = row * (SIDE + 1)
        for at in range(start, start + SIDE):
            bits = bits << 1 | (levels[at + 1] > levels[at])
    return bits


def _spread(levels: bytes) -> float:
    mean = sum(levels) / len(levels)
    return float((sum((v - mean) ** 2 for v in levels) / len(levels)) ** 0.5)
