"""A second street, harder than the example, and what its residents write: the right grid, or none and a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.address import PlaceBook
from nlp.street import Street, parse_street
from tests.nlp.conftest import load

HERE = Path(__file__).parent
SAID = [
    tuple(line.split("\t"))
    for line in (HERE / "places.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture(scope="module")
def old_town() -> Street:
    return parse_street(load("old_town.toml"))


@pytest.fixture(scope="module")
def book(old_town: Street) -> PlaceBook:
    return PlaceBook(old_town)


@pytest.mark.parametrize(("grid", "number", "text"), SAID)
def test_said(book: PlaceBook, grid: str, number: str, text: str) -> None:
    place = book.find(text)
    assert (place.grid or "none") == grid
    if number == "":
        assert place.text == ""
    elif number != "-":
        assert (place.building or place.number) == number


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("桂花苑3栋漏水", ["桂花苑一期 3 幢", "桂花苑二期 3 幢"]),
        ("东方公寓电梯坏了", ["东方公寓 A,B 幢", "东方公寓 C,D 幢"]),
        ("锦秀元2栋", ["锦绣苑 2 幢", "金秀园 2 幢"]),
        ("翠竹园和仁和坊之间的路", ["翠竹园", "仁和坊"]),
        ("新仁和坊3栋", ["仁和坊 3 幢"]),
    ],
)
def test_ambiguous_lists_the_candidates(book: PlaceBook, text: str, labels: list[str]) -> None:
    place = book.find(text)
    assert place.grid is None
    assert [c.label for c in place.candidates] == labels


@pytest.mark.parametrize(
    ("text", "home", "grid"),
    [
        ("我家楼下的灯坏了", "阳光城 12 幢", "wj-4"),
        ("我家门口有人停车", "wj-2", "wj-2"),
        ("我们楼电梯停了", "桂花苑二期 3 幢", "gx-2"),
        ("我们3栋电梯停了", "阳光城 12 幢", "wj-3"),
        ("我们小区大门坏了", "翠竹园 3 幢", "gx-4"),
        ("我们小区大门坏了", "阳光城 3 幢", None),
        ("3栋电梯停了", "阳光城 12 幢", None),
        ("我家楼下的灯坏了", "", None),
        ("我家楼下的灯坏了", "从前的地方", None),
        ("我家隔壁的翠竹园3栋漏水", "阳光城 12 幢", "gx-4"),
    ],
)
def test_home(book: PlaceBook, text: str, home: str, grid: str | None) -> None:
    assert book.find(text, home=home or None).grid == grid


def test_home_comes_first_among_candidates(book: PlaceBook) -> None:
    assert book.find("3栋电梯停了", home="阳光城 12 幢").candidates
    assert book.find("5栋电梯停了", home="南苑 2 幢").candidates[0].label == "南苑 5 幢"


ESTATES = st.sampled_from(["桂花苑二期", "翠竹园", "新翠竹园", "仁和坊", "阳光城", "永安里", "幸福家园", "南苑"])
WAYS = st.sampled_from(
    ["{}栋", "{}幢", "{}号楼", "{}#楼", "{}#", " {} 栋", "的{}栋", "第{}栋", "{}栋2单元", "{}-2-301", "{}号"]
)
FIGURES = "零一二三四五六七八九"


def spoken(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"{FIGURES[tens] if tens > 1 else ''}{'十' if tens else ''}{FIGURES[ones] if ones or not tens else ''}"


@given(ESTATES, st.integers(1, 25), WAYS, st.sampled_from(["figures", "wide", "spoken"]))
@settings(deadline=None, max_examples=200)
def test_every_way_of_writing_is_one_building(book: PlaceBook, estate: str, number: int, way: str, how: str) -> None:
    written = str(number)
    if how == "wide":
        written = written.translate({ord("0") + i: chr(0xFF10 + i) for i in range(10)})
    elif how == "spoken" and "-" not in way:
        written = spoken(number)
    plain = book.find(f"{estate}{number}幢")
    read = book.find(f"{estate}{way.format(written)}")
    assert (read.grid, read.building, read.outside) == (plain.grid, str(number), plain.outside)


@given(ESTATES, ESTATES)
@settings(deadline=None, max_examples=60)
def test_between_two_grids_is_a_question(book: PlaceBook, first: str, second: str) -> None:
    here, there = book.find(f"{first}3幢").grid, book.find(f"{second}3幢").grid
    place = book.find(f"{first}3幢和{second}3幢之间的路灯坏了")
    assert place.grid == (here if here == there else None)


@given(st.integers(1, 199), st.integers(1, 199))
@settings(deadline=None, max_examples=60)
def test_parity_decides(book: PlaceBook, first: int, second: int) -> None:
    expected = {f"gx-{5 if n % 2 else 6}" for n in (first, second)}
    place = book.find(f"建设路{first}号和{second}号都积水")
    assert place.grid == (expected.pop() if len(expected) == 1 else None)


@given(
    st.text(
        alphabet="桂花苑一二期翠竹园新建设路永安里88弄ABC座阳光城3-号栋幢不是，到和对面我家住 第网格社区", max_size=50
    )
)
@settings(deadline=None, max_examples=200)
def test_never_a_guess_and_never_an_error(book: PlaceBook, old_town: Street, text: str) -> None:
    place, spans = book.locate(text)
    assert place.grid is None or (old_town.find_grid(place.grid) and not place.candidates and not place.outside)
    assert all(0 <= start < end <= len(text) for start, end in spans)
