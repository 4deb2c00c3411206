"""Posters: one for each place, with the address that its code stands for."""

from __future__ import annotations

from pathlib import Path

from pypdf import PdfReader

from bot.catalogue import SHIPPED_STREET, build_city
from bot.posters import address_of, telegram_address_of, write_posters


def test_a_poster_for_every_place(tmp_path: Path) -> None:
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})
    out = tmp_path / "posters.pdf"
    count = write_posters(city, "https://linli.example.cn/", out, telegram_username="linli_bot")
    pages = PdfReader(out).pages
    assert count == len(city.place_codes)
    assert len(pages) == -(-count // 4)
    assert len(pages[0].images) == 8, "two codes on each of four posters"
    text = "".join(page.extract_text() for page in pages)
    assert all(code in text for code in city.place_codes)


def test_only_some_places(tmp_path: Path) -> None:
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})
    assert write_posters(city, "https://x.cn", tmp_path / "some.pdf", only="渡口码头") == 1
    assert write_posters(city, "https://x.cn", tmp_path / "none.pdf", only="月亮") == 0
    assert not (tmp_path / "none.pdf").exists()


def test_the_addresses() -> None:
    assert address_of("https://x.cn/", "yinxing-yuan-3") == "https://x.cn/?b=yinxing-yuan-3"
    assert telegram_address_of("bot", "p-1") == "https://t.me/bot?start=b_p-1"
