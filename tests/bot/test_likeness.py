"""The same photo sent again, smaller, brighter or squeezed is near; another photo is far; an empty one is nothing."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance

from bot.likeness import hash_of, likeness
from nlp.duplicates import NEAR_BITS


def scene(seed: int) -> Image.Image:
    """A picture with large shapes and fine grain, as a photo has."""
    dice = random.Random(seed)
    image = Image.new("RGB", (640, 480), (dice.randrange(60, 180),) * 3)
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = dice.randrange(640), dice.randrange(480)
        box = (x, y, x + dice.randrange(30, 260), y + dice.randrange(30, 220))
        draw.ellipse(box, fill=tuple(dice.randrange(256) for _ in range(3)))
    return image


def bits(image: Image.Image) -> int:
    found = hash_of(image.convert("L"))
    assert found is not None
    return found


def apart(one: Image.Image, other: Image.Image) -> int:
    return (bits(one) ^ bits(other)).bit_count()


def sent_again(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue()))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    seed=st.integers(0, 10_000),
    quality=st.integers(35, 95),
    scale=st.floats(0.3, 2.0),
    light=st.floats(0.75, 1.15),
)
def test_the_same_photo_is_near_however_it_was_sent(seed: int, quality: int, scale: float, light: float) -> None:
    image = scene(seed)
    resized = image.resize((int(640 * scale), int(480 * scale)), Image.Resampling.LANCZOS)
    brightened = ImageEnhance.Brightness(resized).enhance(light)
    assert apart(image, sent_again(brightened, quality)) <= NEAR_BITS


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_another_photo_is_far(one: int, other: int) -> None:
    if one != other:
        assert apart(scene(one), scene(other)) > NEAR_BITS


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_nothing_is_like_no_other(level: int) -> None:
    assert hash_of(Image.new("L", (300, 200), level)) is None


def test_a_file_is_read_upright_and_what_is_no_picture_is_none(tmp_path: Path) -> None:
    upright, turned = tmp_path / "a.jpg", tmp_path / "b.jpg"
    image = scene(5)
    image.save(upright, quality=90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter to the right
    image.rotate(90, expand=True).save(turned, quality=90, exif=exif)
    first, second = likeness(upright), likeness(turned)
    assert first is not None
    assert second is not None
    assert (first ^ second).bit_count() <= NEAR_BITS
    noise = tmp_path / "c.jpg"
    noise.write_bytes(b"no picture")
    assert likeness(noise) is None
