"""Places in residents' words: every way of writing, two places in one text, and never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.address import PlaceBook, public_text
from nlp.street import Street, parse_street
from tests.nlp.conftest import load


@pytest.mark.parametrize(
    ("text", "grid", "shown"),
    [
        ("银杏苑三栋二单元楼道灯坏了", "yinxing-01", "银杏苑 3 幢 2 单元"),
        ("银杏苑12-2-401漏水", "yinxing-01", "银杏苑 12 幢 2 单元 401"),
        ("银杏苑１３栋没电", "yinxing-02", "银杏苑 13 幢"),
        ("银杏苑十二栋二单元四零一", "yinxing-01", "银杏苑 12 幢 2 单元 401"),
        ("银杏苑3#楼", "yinxing-01", "银杏苑 3 幢"),
        ("银杏花苑的廿二号楼", "yinxing-02", "银杏苑 22 幢"),
        ("西院7栋电梯坏了", "dukou-02", "江湾西苑 7 幢"),
        ("江弯西苑11幢", "dukou-03", "江湾西苑 11 幢"),
        ("建民路20号门口", "yinxing-04", "健民路 20 号"),
        ("健民路二十一号", "yinxing-03", "健民路 21 号"),
        ("沿江路上好黑", "dukou-04", "沿江路"),
        ("渡口码头那边", "dukou-04", "渡口码头"),
        ("银杏苑的北门口", "yinxing-01", "银杏苑北门"),
        ("江湾西苑会所", "dukou-02", "西苑会所"),
        ("银杏社区第三网格", "yinxing-03", "银杏社区第三网格"),
        ("我住西苑5栋，可健民菜场门口堆满了垃圾", "yinxing-03", "健民菜场"),
        ("我是金色家园的，楼下很吵", "yinxing-03", "金色家园"),
        ("银杏小区14栋", "yinxing-02", "银杏苑 14 幢"),
        ("电梯又停了 5栋 江湾东苑", "dukou-01", "江湾东苑 5 幢"),
    ],
)
def test_found(book: PlaceBook, text: str, grid: str, shown: str) -> None:
    place = book.find(text)
    assert (place.grid, place.text) == (grid, shown)
    assert place.community
    assert not place.outside
    assert place.evidence


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("银杏苑路灯坏了", ["银杏苑 1-12 幢", "银杏苑 13-26 幢"]),
        ("健民路有个坑", ["健民路 1-119 号（单号）", "健民路 2-120 号（双号）"]),
        ("江湾那边好吵", ["江湾东苑", "江湾西苑 1-9 幢", "江湾西苑 10-21 幢", "江湾小学"]),
        ("江湾西苑9栋和10栋中间", ["江湾西苑 9 幢", "江湾西苑 10 幢"]),
    ],
)
def test_asks_instead_of_guessing(book: PlaceBook, text: str, labels: list[str]) -> None:
    place = book.find(text)
    assert place.grid is None
    assert [c.label for c in place.candidates] == labels


def test_building_without_estate(book: PlaceBook, street: Street) -> None:
    place = book.find("8幢电梯坏了", home="dukou-02")
    assert place.grid is None
    assert place.candidates[0].label == "江湾西苑 8 幢"
    assert {c.grid for c in place.candidates} <= {g.id for g in street.grids()}


@pytest.mark.parametrize("text", ["银杏苑30栋", "健民路300号", "桃源里花园2栋着火", "幸福路88号有个坑"])
def test_outside(book: PlaceBook, text: str) -> None:
    place = book.find(text)
    assert place.outside
    assert place.grid is None


@pytest.mark.parametrize(
    "text", ["", "   ", "电梯坏了", "金色的狗丢了", "纺织工人能提前退休吗", "一只两只三只", "12345"]
)
def test_no_place(book: PlaceBook, text: str) -> None:
    assert book.find(text).text == ""


def _with_estates(*names: str) -> PlaceBook:
    """The example street with further estates in one grid."""
    raw = load("street.toml")
    community = raw["communities"][0]
    community["estates"] += [{"id": f"more-{i}", "name": name} for i, name in enumerate(names)]
    areas = [{"estate": f"more-{i}"} for i in range(len(names))]
    community["grids"].append({"id": "more", "name": "更多网格", "areas": areas, "places": []})
    return PlaceBook(parse_street(raw))


def test_a_year_is_no_name_cut_short() -> None:
    book = _with_estates("二零新村")
    assert book.find("2018年到2020年电梯一直坏").evidence == ()
    assert book.find("二零新村3栋电梯坏了").text == "二零新村 3 幢"


def test_a_cut_name_that_nothing_makes_a_place_of_hides_no_other() -> None:
    book = _with_estates("丹桂公寓", "桂花公寓")
    assert book.find("丹桂花那边灯不亮").evidence == ("桂花",)
    assert book.find("丹桂那边灯不亮").evidence == ("丹桂",)


@pytest.mark.parametrize("text", ["桂花公寓（二期）8栋漏水", "桂花公寓的二期8栋漏水"])
def test_what_follows_tells_which_of_several_is_meant(text: str) -> None:
    assert _with_estates("桂花公寓一期", "桂花公寓二期").find(text).text == "桂花公寓二期 8 幢"


def test_a_name_several_share_is_a_place_where_trouble_follows() -> None:
    book = _with_estates("桂花公寓一期", "桂花公寓二期")
    assert book.find("我们桂花公寓垃圾没人收").evidence == ("桂花公寓",)
    assert book.find("我们桂花公寓老人很多").evidence == ()


def test_public_text_hides_the_door(book: PlaceBook) -> None:
    place = book.find("银杏苑3栋2单元401")
    assert place.room == "401"
    assert public_text(place) == "银杏苑 3 幢"


def test_search(book: PlaceBook) -> None:
    assert book.search("") == []
    assert [c.label for c in book.search("江湾")][:2] == ["江湾东苑", "江湾西苑 1-9 幢"]
    assert len(book.search("江湾 银杏 健民")) <= 6
    assert book.search("银杏苑3栋")[0].grid == "yinxing-01"


@given(st.text(alphabet="银杏苑江湾西东健民路码头里金色0123456789一二十栋幢号楼单元-，。#的和 \n", max_size=60))
@settings(deadline=None, max_examples=150)
def test_any_mixture_of_place_words(book: PlaceBook, street: Street, text: str) -> None:
    place = book.find(text)
    assert place == book.find(text)
    assert place.grid is None or street.find_grid(place.grid)
    assert not (place.grid and place.candidates)
