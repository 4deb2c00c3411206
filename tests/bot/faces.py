"""A drawn face that the finder takes for one, so that no photo of a person is needed in the tests."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter


def drawn_face(side: int = 640) -> Image.Image:
    """One face from the front, on a plain ground, its middle in the middle of the picture."""
    image = Image.new("RGB", (side, side), "#9fb4c0")
    pen = ImageDraw.Draw(image)
    u = side / 16

    def oval(x: float, y: float, w: float, h: float, fill: str) -> None:
        pen.ellipse(((x - w) * u, (y - h) * u, (x + w) * u, (y + h) * u), fill=fill)

    oval(8, 7.0, 3.9, 4.9, "#3b2a20")
    oval(8, 8.2, 3.3, 4.3, "#d9ab88")
    oval(8, 9.0, 2.6, 3.0, "#e6bd9c")
    for x in (6.55, 9.45):
        oval(x, 7.35, 1.05, 0.55, "#8a6248")
        pen.rectangle(((x - 0.9) * u, 6.45 * u, (x + 0.9) * u, 6.75 * u), fill="#2b1d15")
        oval(x, 7.4, 0.62, 0.34, "#f4efe9")
        oval(x, 7.4, 0.32, 0.34, "#1d1410")
    oval(8, 8.6, 0.32, 1.3, "#f0cdb0")
    oval(7.6, 9.6, 0.28, 0.16, "#8a5c44")
    oval(8.4, 9.6, 0.28, 0.16, "#8a5c44")
    oval(8, 10.8, 1.15, 0.34, "#8f3f38")
    oval(8, 11.5, 1.0, 0.3, "#c99476")
    return image.filter(ImageFilter.GaussianBlur(side / 220))


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a phone would send it."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
