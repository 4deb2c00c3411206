"""Words that only say that there is something to say. Sentences of our own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.commands import is_prelude, wants_silence
from nlp.reader import Reader

PRELUDES = (
    *(
        "我想反映个事",
        "我要反映一个问题",
        "有个事想跟你说",
        "咨询个事",
        "我要投诉",
        "我要投诉！",
        "我要报修",
        "我要举报",
    ),
    *(
        "有人管吗",
        "有人管吗？",
        "帮帮我",
        "师傅在吗我想问个事",
        "喂",
        "喂喂",
        "您好，我想咨询一下",
        "请问一下",
        "问个问题",
    ),
    *("我有问题要反映", "我遇到点事", "不好意思打扰了，想问个事", "我们想向社区反映情况", "我想求助", "跟你们说个事"),
)
MATTERS = (
    *(
        "我要投诉物业",
        "我想反映楼道灯坏了",
        "咨询社保",
        "有人管这条狗吗",
        "帮帮我，老人摔倒了",
        "我要报修电梯",
        "问个事，几号交水费",
    ),
    *("我要举报楼上养鸡", "有问题的水管", "我有个心愿", "说说您的事就行了吧"),
)


@pytest.mark.parametrize("said", PRELUDES)
def test_a_prelude_names_no_matter(reader: Reader, said: str) -> None:
    assert is_prelude(said)
    found = reader.read(said)
    assert (found.intent, found.item, found.urgent) == ("smalltalk", None, False)


@pytest.mark.parametrize("said", MATTERS)
def test_a_matter_is_no_prelude(said: str) -> None:
    assert not is_prelude(said)


@pytest.mark.parametrize(
    "said", ["退订", "TD", "别再给我发消息了", "不要再发短信了。", "不想再收到你们的通知", "请不要打扰我"]
)
def test_who_wants_no_words_is_no_matter(reader: Reader, said: str) -> None:
    assert wants_silence(said)
    assert reader.read(said).intent == "smalltalk"


@pytest.mark.parametrize("said", ["楼上别再烦我了", "不要发霉", "别发牢骚", "外卖员不要打扰我们休息", "停"])
def test_other_words_are_no_wish_for_silence(said: str) -> None:
    assert not wants_silence(said)


@given(st.text(max_size=40))
def test_any_text_is_looked_at(text: str) -> None:
    assert is_prelude(text) in (True, False)
