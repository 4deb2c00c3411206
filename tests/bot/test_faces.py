"""Faces in a photo are made unrecognisable; what is no picture is refused; nothing else of the photo changes."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from bot.faces import find_faces, without_faces
from tests.bot.faces import as_jpeg, drawn_face


def test_a_face_is_found_and_cannot_be_found_again() -> None:
    face = drawn_face()
    (box,) = find_faces(face)
    assert box[0] < 320 < box[0] + box[2]
    copy, count = without_faces(as_jpeg(face))
    assert count == 1
    with Image.open(io.BytesIO(copy)) as shown:
        assert find_faces(shown.convert("RGB")) == []


def test_two_faces_are_two_and_the_rest_stays() -> None:
    wide = Image.new("RGB", (1200, 600), "#9fb4c0")
    for left in (60, 640):
        wide.paste(drawn_face(480), (left, 60))
    wide.paste("#00aa00", (0, 0, 40, 40))
    copy, count = without_faces(as_jpeg(wide))
    assert count == 2
    with Image.open(io.BytesIO(copy)) as shown:
        corner = shown.convert("RGB").crop((8, 8, 28, 28))
    flat = Image.new("RGB", corner.size, "#00aa00")
    assert max(high for _, high in ImageChops.difference(corner, flat).getextrema()) < 32


def test_no_face_is_no_face() -> None:
    copy, count = without_faces(as_jpeg(Image.new("RGB", (2000, 900), "#88aa66")))
    assert count == 0
    with Image.open(io.BytesIO(copy)) as shown:
        assert shown.size == (1280, 576)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises((OSError, ValueError)):
        without_faces(data)
