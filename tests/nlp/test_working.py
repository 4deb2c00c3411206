"""Plain words of somebody at work: which act they name, and what is nobody's talk of work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.working import (
    CONTACT,
    DETAIL,
    EXTEND,
    LONGEST,
    MINE,
    NOTE,
    PAUSE,
    RELEASE,
    RESULT,
    RETURN,
    TAKE,
    TRANSFER,
    WAITING,
    Work,
    read_work,
)

SAID = {
    TAKE: ["我来", "接单", "我接", "这单我来", "我去吧", "接了"],
    RESULT: [
        "换好了",
        "办好了",
        "换好灯泡了",
        "已更换灯泡",
        "灯换了",
        "已清理干净",
        "上午换好了",
        "办完了！",
        "搞定",
        "通了",
    ],
    NOTE: [
        "已经在修了，等配件",
        "明天上午能修好",
        "打电话没人接",
        "没修好",
        "师傅下午去",
        "还没修好，要等两天",
        "马上到",
    ],
    RELEASE: ["今天请假了", "我要请假", "明天调休", "接错单了", "我去不了", "这会儿没空"],
    RETURN: ["不归我们管", "这个单子不归我们", "不归我们管，是供电公司的"],
    CONTACT: ["居民电话多少", "联系方式", "怎么联系居民"],
    EXTEND: ["能不能延期", "延期3天", "来不及了", "恐怕办不完"],
    PAUSE: ["联系不上居民怎么办", "家里没人，电话打不通怎么办"],
    WAITING: ["有哪些没派的", "有哪些单子还没接", "给我看看待派的", "还有没人接的单子吗"],
    MINE: ["我的单子", "今天有几单", "还有多少没办", "我有哪些快超时了", "快到期的", "有新单吗", "待办"],
}
NOT_WORK = [
    "",
    "1001",
    "#1001",
    "好的",
    "谢谢",
    "你好",
    "帮助",
    "楼道灯坏了",
    "银杏苑5栋路灯不亮",
    "垃圾没地方倒",
    "社保卡在哪办",
]


@pytest.mark.parametrize(("act", "text"), [(act, text) for act, texts in SAID.items() for text in texts])
def test_what_is_said_of_a_record_is_told_apart(act: str, text: str) -> None:
    found = read_work(text)
    assert found is not None
    assert (found.act, found.number) == (act, None)


@pytest.mark.parametrize("text", NOT_WORK)
def test_other_words_are_no_talk_of_work(text: str) -> None:
    assert read_work(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1001 我来", Work(TAKE, 1001, "")),
        ("我来接1001", Work(TAKE, 1001, "")),
        ("1001我接", Work(TAKE, 1001, "")),
        ("#1042 换好灯泡了。", Work(RESULT, 1042, "换好灯泡了")),
        ("1001办完了换了灯泡", Work(RESULT, 1001, "办完了换了灯泡")),
        ("1001 办结 换了灯泡", Work(RESULT, 1001, "换了灯泡")),
        ("1001：等配件", Work(NOTE, 1001, "等配件")),
        ("1001 灯泡型号特殊", Work("", 1001, "灯泡型号特殊")),
        ("1001 怎么样了", Work(DETAIL, 1001, "")),
        ("转给小刘", Work(TRANSFER, None, "小刘")),
        ("办结 换了灯泡", Work(RESULT, None, "换了灯泡")),
        ("进度：等配件", Work(NOTE, None, "等配件")),
    ],
)
def test_numbers_and_words_are_taken_apart(text: str, found: Work) -> None:
    assert read_work(text) == found


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = read_work(text)
    if found is not None:
        assert found.act or found.number is not None
        assert found.words in text
        assert (
            len(text.strip()) <= LONGEST + 20
            or found.number is not None
            or not found.words
            or len(found.words) <= LONGEST
        )


@given(st.integers(1000, 999_999_999), st.sampled_from([text for texts in SAID.values() for text in texts]))
def test_a_number_before_changes_nothing_but_the_number(number: int, text: str) -> None:
    alone, numbered = read_work(text), read_work(f"{number} {text}")
    assert alone is not None
    assert numbered == alone._replace(number=number)
