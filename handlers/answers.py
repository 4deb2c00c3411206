"""Short answers as people type them: a choice from a menu, yes or no, how solved, how many stars."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMERALS = {c: i for i, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_CHOICE = re.compile(r"(?:选|选择|第)?\s*(\d{1,2}|[一二三四五六七八九十两])\s*(?:个|号|项)?[.。、,!]?")
_PUNCTUATION = re.compile(r"[\s,.。、!?~;:…]+")

_YES = frozenset(
    (
        "对 对的 对对 对对对 是 是的 是啊 嗯 嗯嗯 恩 好 好的 好啊 行 可以 没错 就这样 对就这样 确认 要 要的 ok OK "
        "同意 对啊 中 得 正确"
    ).split()
)
_NO = frozenset(["不对", "不是", "不", "不是的", "错了", "不要", "不用", "不行", "没有", "不是这个", "否", "no"])
_SOLVED = {
    "yes": frozenset(["好了", "修好了", "解决了", "弄好了", "已解决", "亮了", "通了", "来了", "可以了", "没问题了", "办好了", "都好了", "搞定了"]),
    "partly": frozenset(["好了一半", "一半", "部分", "部分解决", "好一点", "好了一点", "差不多", "还差一点", "没全好"]),
    "no": frozenset(["没好", "没有", "没解决", "没修好", "还没好", "还没有", "没弄", "没人来", "没来", "还是坏的", "还是不行", "没办", "没亮"]),
}
_STARS = {
    "非常满意": 5,
    "很满意": 5,
    "满意": 4,
    "比较满意": 4,
    "还行": 3,
    "一般": 3,
    "基本满意": 3,
    "不满意": 2,
    "不太满意": 2,
    "很不满意": 1,
    "非常不满意": 1,
}


def bare(text: str) -> str:
    """Without spaces and punctuation."""
    return _PUNCTUATION.sub("", text.replace(",", " ").replace("！", " ").replace("？", " ").replace("，", " "))


def choice(text: str, labels: Sequence[str], *, numbers: bool) -> int | None:
    """Which choice, counted from 0; a number beyond the menu gives its index all the same; None when it is no choice.

    Accepts 1, １ (after NFKC), 1., 一, 选1, and the label itself; numbers only where the menu was shown with numbers.
    """
    plain = bare(text)
    for index, label in enumerate(labels):
        if plain and plain == bare(label):
            return index
    if not numbers:
        return None
    match = _CHOICE.fullmatch(text.strip())
    if match is None:
        return None
    digits = match.group(1)
    number = int(digits) if digits.isdecimal() else _NUMERALS[digits]
    return number - 1 if number > 0 else len(labels)


def yes_or_no(text: str) -> bool | None:
    """True, False, or None when it is neither."""
    plain = bare(text)
    if plain in _YES:
        return True
    return False if plain in _NO else None


def solved(text: str) -> str | None:
    """yes, partly or no, when the words say just that."""
    plain = bare(text)
    for answer, words in _SOLVED.items():
        if plain in words:
            return answer
    decided = yes_or_no(text)
    return None if decided is None else ("yes" if decided else "no")


def stars(text: str) -> int | None:
    """1 to 5 from 5, 五星, ★★★★, 满意; None when it is no number of stars."""
    plain = bare(text).removesuffix("分").removesuffix("星").removeprefix("★") if "★★" not in text else text
    if set(plain) == {"★"} and 1 <= len(plain) <= 5:
        return len(plain)
    if plain in _STARS:
        return _STARS[plain]
    number = int(plain) if plain.isdecimal() and len(plain) == 1 else _NUMERALS.get(plain)
    return number if number is not None and 1 <= number <= 5 else None
