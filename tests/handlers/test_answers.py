"""Short answers as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import answers

LABELS = ["对，就这样", "不是这个事", "算了"]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("1", 0),
        ("2.", 1),
        ("选3", 2),
        ("第二个", 1),
        ("二", 1),
        ("对就这样", 0),
        ("算了！", 2),
        ("9", 3),
        ("12号", None),
        ("3幢", None),
        ("十", None),
        ("楼道灯坏了", None),
        ("", None),
    ],
)
def test_choice(text: str, index: int | None) -> None:
    assert answers.choice(text, LABELS, numbers=True) == index


def test_numbers_mean_nothing_where_there_are_buttons() -> None:
    assert answers.choice("1", LABELS, numbers=False) is None
    assert answers.choice("算了", LABELS, numbers=False) == 2


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("对", True),
        ("好的谢谢", True),
        ("嗯嗯", True),
        ("👌", True),
        ("不对", False),
        ("不用", False),
        ("谢谢", None),
        ("灯坏了", None),
    ],
)
def test_yes_or_no(text: str, yes: bool | None) -> None:
    assert answers.yes_or_no(text) is yes


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("5", 5),
        ("五星", 5),
        ("给4星", 4),
        ("3分", 3),
        ("★★", 2),
        ("1★", 1),
        ("两颗星", 2),
        ("不满意", 2),
        ("6", None),
        ("0", None),
        ("好", None),
    ],
)
def test_stars(text: str, stars: int | None) -> None:
    assert answers.stars(text) == stars


@pytest.mark.parametrize(
    ("text", "solved"),
    [("修好了", "yes"), ("好了", "yes"), ("好了一半", "partly"), ("还没好", "no"), ("没有", "no"), ("灯坏了", None)],
)
def test_solved(text: str, solved: str | None) -> None:
    assert answers.solved(text) == solved


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("人都出来了", "out"),
        ("里面还有人", "inside"),
        ("我们出来了，老人还在屋里", "inside"),
        ("里面没人在", "out"),
        ("3幢", ""),
    ],
)
def test_people(text: str, word: str) -> None:
    assert answers.people(text) == word


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("催一下", "urge"),
        ("不用修了", "withdraw"),
        ("还是没好", "redo"),
        ("不用", ""),
        ("垃圾好几天没人清了，味道大得很，快点来人清一下吧", ""),
    ],
)
def test_about_record(text: str, wish: str) -> None:
    assert answers.about_record(text) == wish


@given(st.text())
def test_no_text_breaks_an_answer(text: str) -> None:
    answers.choice(text, LABELS, numbers=True)
    answers.yes_or_no(text)
    answers.solved(text)
    answers.people(text)
    answers.about_record(text)
    stars = answers.stars(text)
    assert stars is None or 1 <= stars <= 5
