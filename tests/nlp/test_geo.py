"""Points and polygons: the edge rule, overlaps, and GCJ-02 there and back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nlp.address import NOWHERE, Place, PlaceBook
from nlp.geo import crosses_itself, distance, holds, in_china, metres, overlap, to_gcj02, to_wgs84
from nlp.street import parse_street
from tests.nlp.conftest import load

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
L_SHAPE = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0)]
FRACTION = st.floats(0.0, 1.0)


def moved(polygon: list[tuple[float, float]], east: float, north: float) -> list[tuple[float, float]]:
    return [(lon + east, lat + north) for lon, lat in polygon]


@given(st.floats(74.0, 134.9), st.floats(4.0, 53.4))
def test_there_and_back_within_a_metre(lon: float, lat: float) -> None:
    assert metres(to_wgs84(*to_gcj02(lon, lat)), (lon, lat)) < 1.0


def test_the_known_offset() -> None:
    lon, lat = to_gcj02(116.397428, 39.90923)
    assert (lon, lat) == pytest.approx((116.403672, 39.910634), abs=2e-5)
    assert 400 < metres((lon, lat), (116.397428, 39.90923)) < 700


@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
def test_outside_china_nothing_moves(lon: float, lat: float) -> None:
    assume(not in_china(lon, lat))
    assert to_gcj02(lon, lat) == to_wgs84(lon, lat) == (lon, lat)


@given(FRACTION, FRACTION)
def test_a_point_of_a_tiling_has_one_tile(lon: float, lat: float) -> None:
    tiles = [moved(SQUARE, east, north) for east in (-1, 0, 1) for north in (-1, 0, 1)]
    assert sum(holds(tile, (lon, lat)) for tile in tiles) == 1


@given(FRACTION)
def test_a_slanting_border_belongs_to_one_side(along: float) -> None:
    lower, upper = [(0.0, 0.0), (3.0, 0.0), (3.0, 1.7)], [(0.0, 0.0), (3.0, 1.7), (0.0, 1.7)]
    assume(0.0 < along < 1.0)
    assert holds(lower, (3.0 * along, 1.7 * along)) != holds(upper, (3.0 * along, 1.7 * along))


def test_edge_rule() -> None:
    assert holds(SQUARE, (0.0, 0.5))
    assert not holds(SQUARE, (1.0, 0.5))
    assert holds(SQUARE, (0.5, 0.0))
    assert not holds(SQUARE, (0.5, 1.0))
    assert not holds(L_SHAPE, (1.5, 1.5))


def test_distance() -> None:
    assert distance(SQUARE, (0.5, 0.5)) == 0.0
    assert distance(SQUARE, (0.5, -0.001)) == pytest.approx(111.3, rel=0.01)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (SQUARE, SQUARE, True),
        (SQUARE, moved(SQUARE, 1.0, 0.0), False),
        (SQUARE, moved(SQUARE, 1.0, 0.3), False),
        (SQUARE, moved(SQUARE, 1.0, 1.0), False),
        (SQUARE, moved(SQUARE, 0.99, 0.3), True),
        (SQUARE, moved(SQUARE, 0.99999999, 0.0), False),
        (SQUARE, [(0.2, 0.2), (0.4, 0.2), (0.3, 0.4)], True),
        (L_SHAPE, moved(SQUARE, 1.0, 1.0), False),
        (L_SHAPE, moved(SQUARE, 0.9, 0.9), True),
        ([(-1.0, 0.4), (2.0, 0.4), (2.0, 0.6), (-1.0, 0.6)], SQUARE, True),
        ([(0.5, -0.2), (1.2, 0.5), (0.5, 1.2), (-0.2, 0.5)], SQUARE, True),
        (SQUARE, [*reversed(moved(SQUARE, 0.5, 0.5)), (0.5, 1.5)], True),
    ],
)
def test_overlap(first: list[tuple[float, float]], second: list[tuple[float, float]], shared: bool) -> None:
    assert overlap(first, second) is shared
    assert overlap(second, first) is shared


def test_a_bow_crosses_itself() -> None:
    assert crosses_itself([(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
    assert not crosses_itself(L_SHAPE)
    assert not crosses_itself([*SQUARE, SQUARE[0]])


# ------------------------------------------------------------------ pins


@pytest.fixture(scope="module")
def book() -> PlaceBook:
    return PlaceBook(parse_street(load("old_town.toml")))


def test_a_pin_in_one_polygon(book: PlaceBook) -> None:
    place = book.pinned(NOWHERE, 30.205, 120.105)
    assert (place.grid, place.community, place.text) == ("gx-1", "guixiang", "桂香社区第一网格")
    assert book.pinned(NOWHERE, 30.205, 120.110).grid == "gx-2"


def test_a_chinese_map_is_converted(book: PlaceBook) -> None:
    lon, lat = to_gcj02(120.1001, 30.2001)
    assert book.pinned(NOWHERE, lat, lon, gcj02=True).grid == "gx-1"
    assert book.pinned(NOWHERE, *reversed(to_wgs84(120.1001, 30.2001))).grid != "gx-1"


def test_a_pin_between_grids_asks_nearest_first(book: PlaceBook) -> None:
    place = book.pinned(NOWHERE, 30.205, 120.1204)
    assert place.grid is None
    assert [c.grid for c in place.candidates][:2] == ["gx-2", "gx-3"]


def test_words_and_pin_that_disagree_are_a_question(book: PlaceBook) -> None:
    place = book.pinned(book.find("翠竹园3幢"), 30.205, 120.105)
    assert place.grid is None
    assert {c.grid for c in place.candidates} == {"gx-1", "gx-4"}
    assert book.pinned(book.find("桂花苑一期3幢"), 30.205, 120.105).text == "桂花苑一期 3 幢"


def test_a_split_estate_is_settled_by_the_pin(book: PlaceBook) -> None:
    assert book.pinned(book.find("桂花苑二期"), 30.205, 120.115).grid == "gx-2"


def test_a_pin_far_away(book: PlaceBook) -> None:
    assert book.pinned(NOWHERE, 48.0, 2.0) == Place(outside=True)
    assert book.pinned(book.find("翠竹园3幢"), 48.0, 2.0).grid == "gx-4"


def test_without_polygons_a_pin_says_nothing() -> None:
    assert PlaceBook(parse_street(load("street.toml"))).pinned(NOWHERE, 30.205, 120.105) == NOWHERE
