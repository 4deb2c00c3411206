"""Words that begin with "I want to add": what they announce, and that it is no matter by itself. Sentences of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.reader import Reader
from nlp.supplements import Supplement, goes_on, read_numbered, read_supplement

ANNOUNCED = [
    ("补充一下，晚上特别黑", None, "晚上特别黑"),
    ("补充：三楼也不亮", None, "三楼也不亮"),
    ("补充 三楼也不亮，我电话13912345678", None, "三楼也不亮，我电话13912345678"),
    ("补充一下三楼也不亮", None, "三楼也不亮"),
    ("我再补充一点：是三单元", None, "是三单元"),
    ("我想补充个情况，老人摔了一跤", None, "老人摔了一跤"),
    ("对了，补充说明一下，是夜里十点以后", None, "是夜里十点以后"),
    ("1001 补充：三楼也不亮", 1001, "三楼也不亮"),
    ("给1001补充一句，三楼也不亮", 1001, "三楼也不亮"),
    ("单号1001，补充一下：三楼也不亮", 1001, "三楼也不亮"),
    ("补充1001：三楼也不亮", 1001, "三楼也不亮"),
    ("补充", None, ""),
    ("我要补充一下", None, ""),
    ("补充1001", 1001, ""),
    ("给1001加一句，晚上特别黑", 1001, "晚上特别黑"),
    ("再添一句：是三单元", None, "是三单元"),
]
OTHER = [
    "补一下路面的坑",
    "加一点绿化",
    "补充充电桩",
    "小区要补充几个充电桩",
    "补充一些健身器材吧",
    "什么时候补充消防水",
    "三楼也不亮",
    "",
    "1001 三楼也不亮",
]


@pytest.mark.parametrize(("said", "number", "words"), ANNOUNCED)
def test_what_is_added_and_to_which_record(said: str, number: int | None, words: str) -> None:
    assert read_supplement(said) == Supplement(number, words)


@pytest.mark.parametrize("said", OTHER)
def test_what_only_looks_like_it(said: str) -> None:
    assert read_supplement(said) is None


@pytest.mark.parametrize("announcement", ["补充一下，", "再补充：", "我补充一点，"])
@pytest.mark.parametrize("matter", ["三楼的灯也不亮", "垃圾桶满了没人收", "楼上半夜拖椅子"])
def test_the_announcement_says_nothing_of_the_matter(reader: Reader, announcement: str, matter: str) -> None:
    assert reader.read(announcement + matter).item == reader.read(matter).item


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("1001 三楼也不亮", 1001),
        ("#1001，三楼也不亮", 1001),
        ("1001号：三楼也不亮", 1001),
        ("1001三楼也不亮", 0),
        ("1001", 0),
    ],
)
def test_a_number_first(said: str, number: int) -> None:
    assert read_numbered(said) == (Supplement(number, "三楼也不亮") if number else None)


@pytest.mark.parametrize(
    "said", ["三楼也不亮", "是三单元不是二单元", "还有二楼的", "刚才那个灯，是三楼的", "隔壁楼道也一样"]
)
def test_what_goes_on(said: str) -> None:
    assert goes_on(said)


@pytest.mark.parametrize(
    "said", ["巷口那家天天这样，也没个人去说说", "垃圾桶满了没人收", "", "路灯不亮，影响大家出行，老人也摔过"]
)
def test_what_begins_anew(said: str) -> None:
    assert not goes_on(said)


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = read_supplement(text)
    assert found is None or text.rstrip().endswith(found.words)
