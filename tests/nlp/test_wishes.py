"""A thing or somebody's time: what the words of a wish name, and when they leave it open."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.wishes import COMPANY, THING, find_kind_answer, find_wish_kind
from tests.nlp.conftest import HERE


@pytest.mark.parametrize(
    "text",
    [
        "想请人陪我聊聊天",
        "想找人教我用手机",
        "想有人帮我修修电扇",
        "想要个能陪我下棋的人",
        "孩子想有个人辅导作业",
        "想找个会拉二胡的人",
        "希望有人帮我打扫卫生",
        "一个人在家没意思",
    ],
)
def test_somebody_is_wanted(text: str) -> None:
    assert find_wish_kind(text) == COMPANY


@pytest.mark.parametrize(
    "text",
    [
        "老伴腿不行了，想要个能推出去晒太阳的轮椅，旧的也行",
        "想要一副老花镜",
        "我想要一台收音机听戏",
        "谁家有不用的婴儿床",
        "想要个手机",
    ],
)
def test_a_thing_is_wanted(text: str) -> None:
    assert find_wish_kind(text) == THING


@pytest.mark.parametrize("text", ["给孙子实现个梦想", "热闹热闹", "快乐", "我有个心愿", ""])
def test_nothing_says_which(text: str) -> None:
    assert find_wish_kind(text) is None


def test_the_words_alone_are_mostly_right_and_rarely_wrong() -> None:
    lines = (HERE / "messages-dev.jsonl").read_text(encoding="utf-8").splitlines()
    wished = [row for row in map(json.loads, lines) if row["intent"] == "wish"]
    found = [(find_wish_kind(row["text"]), row["item"]) for row in wished]
    assert sum(kind == item for kind, item in found) >= 0.9 * len(found)
    assert sum(kind not in (item, None) for kind, item in found) <= 0.03 * len(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("东西", THING),
        ("要一样东西", THING),
        ("实物心愿", THING),
        ("请人帮忙", COMPANY),
        ("陪伴", COMPANY),
        ("请人", COMPANY),
    ],
)
def test_the_answer_to_which(text: str, kind: str) -> None:
    assert find_kind_answer(text) == kind


@pytest.mark.parametrize("text", ["", "。", "想要个轮椅", "请人修电扇", "不知道"])
def test_what_says_more_is_no_answer(text: str) -> None:
    assert find_kind_answer(text) is None


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert find_wish_kind(text) in (THING, COMPANY, None)
    assert find_kind_answer(text) in (THING, COMPANY, None)
