"""The example street and the default taxonomy, read once for all tests of nlp."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from nlp.address import PlaceBook
from nlp.reader import Item, Reader
from nlp.street import Street, parse_street

HERE = Path(__file__).parent


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def taxonomy_items() -> list[Item]:
    return [
        Item(item["id"], item["name"], sub["id"], sub["name"], category["id"], category["name"])
        for category in load("taxonomy.toml")["categories"]
        for sub in category["subcategories"]
        for item in sub["items"]
    ]


@pytest.fixture(scope="session")
def street() -> Street:
    return parse_street(load("street.toml"))


@pytest.fixture(scope="session")
def book(street: Street) -> PlaceBook:
    return PlaceBook(street)


@pytest.fixture(scope="session")
def reader(street: Street) -> Reader:
    return Reader(taxonomy_items(), street)
