"""Posters: one for each place, with its name and the address that its code stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
import segno
from PIL import Image
from pypdf import PdfReader

from bot.catalogue import SHIPPED_STREET, build_city
from bot.posters import address_of, chinese_face, telegram_address_of, write_posters
from handlers.city import City


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})


def modules(picture: Image.Image, address: str) -> tuple[list[list[bool]], list[list[bool]]]:
    """The dark squares that were printed, and those that the address asks for."""
    wanted = [[bool(dark) for dark in row] for row in segno.make(address, error="m", micro=False).matrix]
    grey = picture.convert("L")
    border = 2
    side = grey.width / (len(wanted) + 2 * border)
    middles = [(border + 0.5 + i) * side for i in range(len(wanted))]
    seen = [[int(grey.getpixel((int(x), int(y)))) < 128 for x in middles] for y in middles]
    return seen, wanted


def test_a_poster_for_every_place(city: City, tmp_path: Path) -> None:
    out = tmp_path / "posters.pdf"
    count = write_posters(city, "https://linli.example.cn/", out, telegram_username="linli_bot")
    pages = PdfReader(out).pages
    assert count == len(city.place_codes)
    assert len(pages) == -(-count // 4)
    assert len(pages[0].images) == 8, "two codes on each of four posters"
    lines = {line.strip() for page in pages for line in page.extract_text().splitlines()}
    assert set(city.place_codes.values()) <= lines
    assert all(any(code in line for line in lines) for code in city.place_codes)


def test_the_printed_codes_hold_the_addresses(city: City, tmp_path: Path) -> None:
    out = tmp_path / "posters.pdf"
    write_posters(city, "https://linli.example.cn/", out, telegram_username="@linli_bot", only="渡口码头")
    (code,) = [code for code, words in city.place_codes.items() if "渡口码头" in words]
    addresses = [address_of("https://linli.example.cn", code), telegram_address_of("linli_bot", code)]
    pictures = [found.image for found in PdfReader(out).pages[0].images]
    assert len(pictures) == 2
    for address in addresses:
        read = [modules(picture, address) for picture in pictures if picture is not None]
        assert sum(seen == wanted for seen, wanted in read) == 1, address


def test_every_printer_finds_the_letters_in_the_file(city: City, tmp_path: Path) -> None:
    out = tmp_path / "posters.pdf"
    write_posters(city, "https://x.cn", out, only="渡口码头")
    fonts = [f.get_object() for page in PdfReader(out).pages for f in page["/Resources"]["/Font"].values()]
    chinese = [f for f in fonts if "/FontDescriptor" in f]
    assert chinese
    assert all("/FontFile2" in f["/FontDescriptor"] for f in chinese)
    assert {f["/BaseFont"] for f in fonts} - {f["/BaseFont"] for f in chinese} <= {"/Helvetica"}, "named, not used"
    assert out.stat().st_size < 300_000, "only the letters that are printed"


def test_the_face_has_every_common_character() -> None:
    common = {chr(c) for c in range(0x4E00, 0x9FA6)} | set("，。？！：；（）“”、·0123456789abcXYZ-")
    known = chinese_face().face.charToGlyph
    assert not {c for c in common if ord(c) not in known}


def test_only_some_places(city: City, tmp_path: Path) -> None:
    assert write_posters(city, "https://x.cn", tmp_path / "some.pdf", only="渡口码头") == 1
    assert write_posters(city, "https://x.cn", tmp_path / "none.pdf", only="月亮") == 0
    assert not (tmp_path / "none.pdf").exists()


def test_the_addresses() -> None:
    assert address_of("https://x.cn/", "yinxing-yuan-3") == "https://x.cn/?b=yinxing-yuan-3"
    assert telegram_address_of("bot", "p-1") == "https://t.me/bot?start=b_p-1"
    assert telegram_address_of("@bot", "p-1") == "https://t.me/bot?start=b_p-1"
