"""What the quick look before a building or house number promises: it never turns away what a pattern would take."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from nlp import doors
from nlp.doors import is_numeral_next

BEFORE = st.lists(
    st.sampled_from([" ", "的", "里面", "里", "内", "小区", "院内", "，", "（", "上", "第", "门口"]), max_size=4
)
NUMERALS = st.sampled_from(["3", "12", "三", "十二", "A", "东", "两", "21a"])
AFTER = st.sampled_from(["栋", "号楼", "号", "幢2单元", "-2-401", "单元", "#", "", "，", "弄", "、5栋", ".2.401"])
FOLLOWERS = [doors._DIRECT, doors._BEFORE_UNIT, doors._DASHED, doors._BARE, doors._TRAILING, doors._HOUSE]


@given(before=BEFORE, numeral=NUMERALS, after=AFTER)
def test_whatever_a_pattern_takes_is_looked_at(before: list[str], numeral: str, after: str) -> None:
    text = "翠竹园" + "".join(before) + numeral + after
    patterns: list[re.Pattern[str]] = [*FOLLOWERS, doors._HOUSE_BARE]
    if any(pattern.match(text, 3) for pattern in patterns):
        assert is_numeral_next(text, 3)


def test_what_begins_with_no_numeral_is_turned_away() -> None:
    assert not is_numeral_next("翠竹园门口有3个人", 3)
    assert is_numeral_next("翠竹园里面的第3栋", 3)
