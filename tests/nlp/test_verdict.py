"""Whole sentences about a result: solved or not, stars, or that somebody has yet to look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.verdict import Verdict, is_unsolved_again, read_verdict


@pytest.mark.parametrize(
    ("text", "solved", "stars"),
    [
        ("好了，很满意，师傅特别负责", "yes", 5),
        ("修是修好了，就是来得太慢", "yes", None),
        ("灯亮了，给5星", "yes", 5),
        ("解决了，四颗星", "yes", 4),
        ("换好了，不太满意", "yes", 2),
        ("没问题了，谢谢", "yes", None),
        ("不漏了，挺好", "yes", None),
        ("就换了一个，三楼的没换", "partly", None),
        ("还差一点没弄完", "partly", None),
        ("没修好，又不亮了", "no", None),
        ("根本没人来", "no", None),
        ("还是漏，白修了", "no", None),
        ("修好了又坏了", "no", None),
        ("2星，来得太慢", "", 2),
        ("非常不满意", "", 1),
        ("修好了吗", "", None),
        ("办好居住证要多久", "", None),
        ("怎么还没修好？", "", None),
        ("你好", "", None),
        ("", "", None),
    ],
)
def test_what_a_sentence_says_of_a_result(text: str, solved: str, stars: int | None) -> None:
    assert read_verdict(text) == Verdict(solved, stars, False)


@pytest.mark.parametrize("text", ["不知道，我在外地", "等我回去看看", "还没看呢", "我不在家，晚点告诉你", "过两天再说"])
def test_who_has_yet_to_look_says_nothing_of_it(text: str) -> None:
    assert read_verdict(text) == Verdict("", None, True)


@pytest.mark.parametrize(
    ("text", "said"), [("没修好，又不亮了", True), ("灯又坏了", True), ("好了", False), ("楼道灯坏了", False)]
)
def test_not_lasting_is_said_outright(text: str, said: bool) -> None:
    assert is_unsolved_again(text) is said


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    verdict = read_verdict(text)
    assert verdict.solved in {"", "yes", "partly", "no"}
    assert verdict.stars is None or 1 <= verdict.stars <= 5
    assert not (verdict.later and (verdict.solved or verdict.stars))
