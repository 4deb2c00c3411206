"""Plain words about a wish: which act they name, and what is nobody's talk of wishes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.giving import (
    ARRIVED,
    BROUGHT,
    CONTACT,
    DROP,
    LONGEST,
    MINE,
    MISSING,
    NEEDLESS,
    NEWS,
    STATUS,
    WALL,
    read_giving,
)

SAID = {
    WALL: ["有什么心愿可以认领", "还有哪些心愿？", "我想帮忙", "我来认领", "想做点好事", "我有个轮椅想送人"],
    MINE: ["我的认领", "我认领了哪些心愿"],
    STATUS: ["我的心愿怎么样了", "谁认领的", "有人认领吗", "心愿有进展吗"],
    BROUGHT: ["送到了", "已经交给老人了", "轮椅送去了", "给老人理好发了", "陪她去了医院"],
    NEWS: ["买好了，周六送去", "明天去", "正在准备", "快递寄出了"],
    DROP: ["不认领了", "家里有事，去不了了", "送不了"],
    CONTACT: ["怎么联系她", "老人电话多少", "什么时候送", "送到哪里"],
    ARRIVED: ["收到了", "收到了，谢谢大家", "东西拿到了"],
    MISSING: ["还没收到", "一直没人送", "没人联系我"],
    NEEDLESS: ["不要了", "不需要了，女儿买了"],
}
NOT_GIVING = [
    "",
    "谢谢",
    "你好",
    "楼道灯坏了",
    "电梯坏了没人修",
    "垃圾没人收",
    "我要许个心愿",
    "还没修好",
    "修了吗",
    "1001",
]


@pytest.mark.parametrize(("act", "text"), [(act, text) for act, texts in SAID.items() for text in texts])
def test_what_is_said_of_a_wish_is_told_apart(act: str, text: str) -> None:
    assert read_giving(text) == act


@pytest.mark.parametrize("text", NOT_GIVING)
def test_other_words_are_no_talk_of_wishes(text: str) -> None:
    assert read_giving(text) == ""


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert read_giving(text) in {"", *SAID}
    assert not read_giving(text + "字" * (LONGEST + 1))
