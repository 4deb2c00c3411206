"""Makes people in a photo unrecognisable: every face that is found is pixelated, with room around it. Decides nothing.

Finding is by the cascades that come with OpenCV. They miss faces, so a person looks at every copy before anybody else does.
"""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageFilter

SIDE = 1280
"""Pixels of the longer side of the copy."""
_CASCADES = ("haarcascade_frontalface_default.xml", "haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")
_ROOM = 0.25
"""Around a face, as a part of its width: hair and ears go, too."""
_BLOCKS = 7
"""Squares that a face is reduced to."""
Box = tuple[int, int, int, int]


def without_faces(data: bytes) -> tuple[bytes, int]:
    """(a smaller JPEG copy with every face made unrecognisable, how many were found). Slow: call it in a thread.

    Raises OSError or ValueError for what is no picture.
    """
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    boxes = find_faces(picture)
    for box in boxes:
        _blur(picture, box)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue(), len(boxes)


def find_faces(picture: Image.Image) -> list[Box]:
    """Where faces may be, seen from the front or from either side; the same face once."""
    grey = cv2.equalizeHist(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY))
    smallest = max(24, min(grey.shape) // 20)
    found: list[Box] = []
    for index, finder in enumerate(_finders()):
        views = (grey, cv2.flip(grey, 1)) if index == len(_CASCADES) - 1 else (grey,)
        for mirrored, view in enumerate(views):
            for x, y, w, h in finder.detectMultiScale(view, 1.1, 4, minSize=(smallest, smallest)):
                left = grey.shape[1] - int(x) - int(w) if mirrored else int(x)
                _add(found, (left, int(y), int(w), int(h)))
    return found


def _add(found: list[Box], box: Box) -> None:
    """Adds a box unless its middle lies in one that is known; a larger one takes the place of the smaller."""
    x, y, w, h = box
    for index, (a, b, c, d) in enumerate(found):
        if a <= x + w / 2 <= a + c and b <= y + h / 2 <= b + d:
            found[index] = box if w * h > c * d else found[index]
            return
    found.append(box)


def _blur(picture: Image.Image, box: Box) -> None:
    x, y, w, h = box
    room = int(w * _ROOM)
    area = (max(0, x - room), max(0, y - room), min(picture.width, x + w + room), min(picture.height, y + h + room))
    face = picture.crop(area)
    coarse = face.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX).resize(face.size, Image.Resampling.NEAREST)
    picture.paste(coarse.filter(ImageFilter.GaussianBlur(max(2, w // 20))), area)


@cache
def _finders() -> list[cv2.CascadeClassifier]:
    """The cascades, read once. Raises RuntimeError when the package came without them."""
    found = [cv2.CascadeClassifier(f"{cv2.data.haarcascades}{name}") for name in _CASCADES]
    if any(finder.empty() for finder in found):
        raise RuntimeError("opencv came without its face cascades")
    return found
