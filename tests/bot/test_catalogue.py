"""Data files to one city: what ships works, what is wrong names its file, added holidays count."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.catalogue import (
    SHIPPED_STREET,
    CatalogueError,
    build_city,
    extra_holidays,
    holidays_known_until,
    load_street,
    load_taxonomy,
    place_codes,
)


def test_what_ships_is_a_city() -> None:
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})
    assert len(city.taxonomy.items) == 56
    assert city.org.name_of("grid:yinxing-01") == "银杏社区第一网格"
    assert city.department_calendar.is_workday(date(2026, 10, 1)) is False
    assert city.grid_calendar.is_workday(date(2026, 10, 1)) is True


def test_every_place_code_leads_to_its_place() -> None:
    city = build_city(street_file=SHIPPED_STREET, taxonomy_file=None, channels={})
    codes = place_codes(city.street)
    assert codes["yinxing-yuan-3"] == "银杏苑3幢"
    houses = [words for words in codes.values() if words.startswith("银杏苑") and words.endswith("幢")]
    assert houses[:3] == ["银杏苑1幢", "银杏苑2幢", "银杏苑3幢"], "in the order people count"
    for code, words in codes.items():
        assert len(f"b_{code}") <= 64, "Telegram takes 64 characters in a start link"
        assert city.places.find(words).text, words


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "street.toml"
    broken.write_text("[street", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"street\.toml"):
        load_street(broken)
    with pytest.raises(CatalogueError, match=r"none\.toml"):
        load_taxonomy(tmp_path / "none.toml")


def test_an_operator_adds_a_year(tmp_path: Path) -> None:
    (tmp_path / "holidays-2027.toml").write_text(
        "holidays = [2027-01-01]\nmakeup_days = [2027-01-03]\n", encoding="utf-8"
    )
    assert extra_holidays(tmp_path) == (frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))
    (tmp_path / "holidays-2028.toml").write_text('holidays = ["new year"]\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match="2028"):
        extra_holidays(tmp_path)


def test_the_shipped_calendar_has_whole_years() -> None:
    assert (holidays_known_until().month, holidays_known_until().day) == (12, 31)
