"""The pair decision: two reports of one lamp are one matter, of two lamps are two, and what is unclear is neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.duplicates import (
    AGAINST,
    CODES,
    WITHIN,
    Matter,
    Verdict,
    alike,
    compare,
    may_be_same,
    nearest,
    spot_of,
    without,
)

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
LAMP = Matter(
    item="facility.building.corridor",
    grid="yinxing-01",
    words="楼道灯坏了好几天，我妈晚上不敢下楼",
    at=NOW,
    estate="银杏苑",
    building="3",
    unit="2",
)
DARK = replace(LAMP, words="楼道里黑漆漆的，看不见路", at=NOW + timedelta(days=2))
PHOTO = 0x0F0F_3C3C_A5A5_9669


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({}, Verdict.SAME, "building"),
        ({"unit": ""}, Verdict.SAME, "building"),
        ({"building": "5"}, Verdict.DIFFERENT, "other_building"),
        ({"estate": "金色家园"}, Verdict.DIFFERENT, "other_building"),
        ({"unit": "1"}, Verdict.MAYBE, "other_unit"),
        ({"building": "", "unit": ""}, Verdict.MAYBE, "place_open"),
        ({"grid": "yinxing-02"}, Verdict.DIFFERENT, "other_grid"),
        ({"grid": ""}, Verdict.DIFFERENT, "place_open"),
        ({"item": "environment.waste.household"}, Verdict.DIFFERENT, "other_item"),
        ({"item": "facility.building.elevator"}, Verdict.MAYBE, "kindred"),
        ({"words": "对讲机按了没声音"}, Verdict.MAYBE, "building"),
        ({"words": "我家厨房的灯不亮"}, Verdict.MAYBE, "at_home"),
        ({"at": NOW + WITHIN + timedelta(seconds=1)}, Verdict.DIFFERENT, "late"),
        ({"at": NOW + WITHIN}, Verdict.SAME, "words"),
    ],
)
def test_one_thing_changed(changes: dict[str, object], verdict: Verdict, code: str) -> None:
    decision = compare(LAMP, replace(DARK, **changes))
    assert decision.verdict is verdict, decision
    assert decision.figure(code) is not None


def test_another_floor_is_another_lamp() -> None:
    third, fifth = replace(LAMP, words="三楼楼道灯坏了"), replace(LAMP, words="5楼楼道灯坏了")
    assert compare(third, fifth).verdict is Verdict.MAYBE
    assert compare(third, replace(LAMP, words="3楼楼道灯不亮")).verdict is Verdict.SAME


def test_a_near_photo_is_as_good_as_near_words_and_never_better_than_another_building() -> None:
    words = replace(LAMP, words="对讲机按了没声音", photos=(PHOTO ^ 0b101,))
    assert compare(replace(LAMP, photos=(PHOTO,)), words).verdict is Verdict.SAME
    elsewhere = replace(words, building="5")
    assert compare(replace(LAMP, photos=(PHOTO,)), elsewhere).verdict is Verdict.DIFFERENT
    far = replace(words, photos=(PHOTO ^ 0xFFFF,))
    assert compare(replace(LAMP, photos=(PHOTO,)), far).verdict is Verdict.MAYBE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("健民菜场", "健民菜场", True),
        ("健民菜场", "金色广场", False),
    ],
)
def test_landmarks(one: str, other: str, same: bool) -> None:
    here = replace(LAMP, estate="", building="", unit="", landmark=one, words="垃圾桶满了没人清")
    there = replace(here, landmark=other, words="垃圾堆了几天没人收")
    assert (compare(here, there).verdict is Verdict.SAME) is same
    assert (spot_of(here) == spot_of(there)) is same


def test_a_whole_estate_needs_nearer_words() -> None:
    here = replace(LAMP, building="", unit="", words="小区路灯不亮了")
    assert compare(here, replace(here, words="路灯又不亮，麻烦修一下")).verdict is Verdict.SAME
    assert compare(here, replace(here, words="大门口路灯不亮")).verdict is Verdict.MAYBE
    assert compare(here, replace(here, words="路灯一闪一闪晃眼睛睡不着")).verdict is not Verdict.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("楼道灯坏了好几天", "楼道里黑漆漆的看不见路"),
        ("电梯坏了", "电梯又停了，上不去"),
        ("垃圾没人清，臭死了", "垃圾桶满了没人收"),
        ("下水道堵了，污水往外冒", "污水外溢，臭得不行，下水道不通"),
    ],
)
def test_the_same_in_other_words(one: str, other: str) -> None:
    assert alike(one, other) >= 0.6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("电梯坏了", "电梯里有人抽烟"),
        ("楼道灯坏了", "楼道里堆了好多杂物"),
        ("广场舞太吵", "半夜施工吵死人"),
        ("谢谢你们", "麻烦尽快处理一下"),
    ],
)
def test_other_things_in_like_words(one: str, other: str) -> None:
    assert alike(one, other) < 0.6


MATTERS = st.builds(
    Matter,
    item=st.sampled_from(["", "a.b.c", "a.b.d", "e.f.g"]),
    grid=st.sampled_from(["", "g1", "g2"]),
    words=st.one_of(st.sampled_from([LAMP.words, DARK.words, "我家三楼漏水", ""]), st.text(max_size=60)),
    at=st.integers(-20 * 24, 20 * 24).map(lambda hours: NOW + timedelta(hours=hours)),
    estate=st.sampled_from(["", "银杏苑", "金色家园"]),
    building=st.sampled_from(["", "3", "5"]),
    unit=st.sampled_from(["", "1", "2"]),
    road=st.sampled_from(["", "健民路"]),
    number=st.sampled_from(["", "12"]),
    landmark=st.sampled_from(["", "健民菜场"]),
    photos=st.lists(st.integers(0, 2**64 - 1), max_size=2).map(tuple),
)


@given(MATTERS, MATTERS)
def test_the_order_does_not_matter_and_every_reason_has_a_code(one: Matter, other: Matter) -> None:
    decision = compare(one, other)
    assert decision == compare(other, one)
    assert {r.code for r in decision.reasons} <= CODES
    if decision.verdict is Verdict.SAME:
        assert not {r.code for r in decision.reasons} & AGAINST
        assert one.grid == other.grid != ""
        assert one.item == other.item != ""
        assert abs(one.at - other.at) <= WITHIN


@given(MATTERS, MATTERS)
def test_what_is_not_compared_at_all_would_be_different(one: Matter, other: Matter) -> None:
    assert may_be_same(one, one)
    assert may_be_same(one, other) is may_be_same(other, one)
    if not may_be_same(one, other):
        assert compare(one, other).verdict is Verdict.DIFFERENT


@given(MATTERS)
def test_a_matter_is_never_different_from_itself(one: Matter) -> None:
    if one.item and one.grid and spot_of(one) and alike(one.words, one.words):
        assert compare(one, one).verdict is not Verdict.DIFFERENT


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_a_share_and_symmetric(one: str, other: str) -> None:
    assert 0 <= alike(one, other) == alike(other, one) <= 1


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=3))
def test_blanking_spans_never_raises(text: str, spans: list[tuple[int, int]]) -> None:
    assert isinstance(without(text, spans), str)


def test_no_photo_is_near_to_nothing() -> None:
    assert nearest((), (PHOTO,)) is None
    assert nearest((PHOTO, 0), (PHOTO ^ 1,)) == 1
