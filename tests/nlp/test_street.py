"""The street file: what is read, and which contradictions are refused with both places named."""

from __future__ import annotations

from typing import Any

import pytest

from nlp.street import Street, StreetError, parse_buildings, parse_numbers, parse_street


def two_grids(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "street": {"id": "s", "name": "测试街道"},
        "communities": [
            {
                "id": "c",
                "name": "甲社区",
                "estates": [{"id": "e", "name": "甲苑"}],
                "grids": [
                    {"id": "c-1", "name": "第一网格", "areas": [first]},
                    {"id": "c-2", "name": "第二网格", "areas": [second]},
                ],
            }
        ],
    }


def test_example_street(street: Street) -> None:
    assert [g.id for g in street.grids()][:2] == ["yinxing-01", "yinxing-02"]
    assert street.community_of("dukou-03").name == "渡口社区"
    assert street.find_grid("nowhere") is None
    with pytest.raises(StreetError, match="nowhere"):
        street.get_grid("nowhere")


def test_buildings_and_numbers() -> None:
    assert parse_buildings("1-3,15,20A") == ["1", "2", "3", "15", "20A"]
    assert parse_numbers("1-3, 9") == [1, 2, 3, 9]


@pytest.mark.parametrize("text", ["3-1", "一栋", "1-", "1--2", "1-99999"])
def test_bad_buildings(text: str) -> None:
    with pytest.raises(StreetError, match="cannot read"):
        parse_buildings(text)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"estate": "e", "buildings": "1-5"}, {"estate": "e", "buildings": "5-9"}, "building 5 of 甲苑"),
        ({"estate": "e"}, {"estate": "e", "buildings": "7"}, "building 7 of 甲苑"),
        ({"estate": "e"}, {"estate": "e"}, "甲苑"),
        ({"road": "甲路", "numbers": "1-9"}, {"road": "甲路", "numbers": "9-20"}, "number 9 of 甲路"),
        ({"road": "甲路", "numbers": "1-9", "parity": "odd"}, {"road": "甲路", "numbers": "3"}, "number 3"),
    ],
)
def test_two_grids_claim_one_place(first: dict[str, Any], second: dict[str, Any], said: str) -> None:
    with pytest.raises(StreetError, match=said) as caught:
        parse_street(two_grids(first, second))
    assert "c-1" in str(caught.value)
    assert "c-2" in str(caught.value)


def test_parities_share_a_road() -> None:
    odd = {"road": "甲路", "numbers": "1-99", "parity": "odd"}
    even = {"road": "甲路", "numbers": "2-100", "parity": "even"}
    assert len(list(parse_street(two_grids(odd, even)).grids())) == 2


def test_unknown_estate_and_repeated_id() -> None:
    with pytest.raises(StreetError, match=r'c-2.*"x"'):
        parse_street(two_grids({"estate": "e"}, {"estate": "x"}))
    data = two_grids({"estate": "e"}, {"road": "甲路"})
    data["communities"][0]["grids"][1]["id"] = "c-1"
    with pytest.raises(StreetError, match=r"used twice.*第一网格.*第二网格"):
        parse_street(data)


def test_names_may_repeat_under_two_communities() -> None:
    data = two_grids({"estate": "e", "buildings": "1-5"}, {"estate": "e", "buildings": "6-9"})
    other = two_grids({"estate": "f"}, {"road": "乙路"})["communities"][0]
    other |= {"id": "d", "name": "乙社区", "estates": [{"id": "f", "name": "甲苑"}]}
    for number, grid in enumerate(other["grids"]):
        grid["id"] = f"d-{number}"
    data["communities"].append(other)
    assert len(list(parse_street(data).estates())) == 2


@pytest.mark.parametrize("data", [{}, {"street": {"id": "s"}}, {"street": {"id": "s", "name": "x"}, "grid": []}])
def test_incomplete_file(data: dict[str, Any]) -> None:
    with pytest.raises(StreetError):
        parse_street(data)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([[0, 0], [2, 0], [2, 2], [0, 2]], [[1, 1], [3, 1], [3, 3], [1, 3]], r"overlap.*c-1.*第一网格.*c-2.*第二网格"),
        ([[0, 0], [2, 0]], [], r"c-1.*three"),
        ([[0, 0], [2, 2], [2, 0], [0, 2]], [], r"c-1.*crosses itself"),
        ([[0, 0], [200, 2], [2, 0]], [], r"c-1.*longitude"),
    ],
)
def test_bad_polygons(first: list[list[float]], second: list[list[float]], said: str) -> None:
    data = two_grids({"estate": "e"}, {"road": "甲路"})
    for grid, polygon in zip(data["communities"][0]["grids"], (first, second), strict=True):
        grid["polygon"] = polygon
    with pytest.raises(StreetError, match=said):
        parse_street(data)


def test_neighbouring_polygons_share_a_border() -> None:
    data = two_grids({"estate": "e"}, {"road": "甲路"})
    west, east = data["communities"][0]["grids"]
    west["polygon"] = [[0, 0], [1, 0], [1, 1], [0, 1]]
    east["polygon"] = [[1, 0], [2, 0], [2, 1], [1, 1]]
    assert len(list(parse_street(data).grids())) == 2
