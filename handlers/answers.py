"""Short answers as people type them: a choice from a menu, yes or no, how solved, how many stars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlp.exclamations import without_exclamations

_NUMERALS = {c: i for i, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_CHOICE = re.compile(r"(?:选|选择|第)?\s*(\d{1,2}|[一二三四五六七八九十两])\s*(?:个|号|项)?[.。、,!]?")
_AFTERTHOUGHT = re.compile(r"(?:谢谢|多谢|谢了|麻烦|辛苦)(?:你|您|了|啊|啦)*$")
MAX_WISH = 20
"""Characters of a text that can be no more than a wish about a record one has."""
_PUNCTUATION = re.compile(r"[\s,.。、!?~;:…]+")

_YES_WORDS = """
    对 对的 对对 对对对 是 是的 是啊 嗯 嗯嗯 恩 好 好的 好啊 行 可以 没错 就这样 对就这样 确认 要 要的 ok OK
    同意 对啊 中 得 正确 👌 👍
"""
_YES = frozenset(_YES_WORDS.split())
_NO = frozenset(
    ["不对", "不是", "不", "不是的", "错了", "不要", "不用", "不行", "没有", "不是这个", "都不是", "否", "no"]
)
_SOLVED = {
    "yes": frozenset(
        [
            "好了",
            "修好了",
            "解决了",
            "弄好了",
            "已解决",
            "亮了",
            "通了",
            "来了",
            "可以了",
            "没问题了",
            "办好了",
            "都好了",
            "搞定了",
        ]
    ),
    "partly": frozenset(["好了一半", "一半", "部分", "部分解决", "好一点", "好了一点", "差不多", "还差一点", "没全好"]),
    "no": frozenset(
        [
            "没好",
            "没有",
            "没解决",
            "没修好",
            "还没好",
            "还没有",
            "没弄",
            "没人来",
            "没来",
            "还是坏的",
            "还是不行",
            "没办",
            "没亮",
            "还是没好",
            "还是没修好",
            "还没修好",
            "还没解决",
            "根本没修",
            "没人修",
            "还是不亮",
            "没弄好",
        ]
    ),
}
_THANKS = ("谢", "辛苦", "感激", "点赞", "棒", "麻烦你", "麻烦您", "👍", "🙏", "❤", "🌹")
_UNSURE = frozenset(
    [
        "说不清",
        "不知道",
        "不清楚",
        "不晓得",
        "说不准",
        "不认识",
        "不记得",
        "忘了",
        "没注意",
        "都不知道",
        "我不知道",
        "我也不知道",
        "不知道叫什么",
    ]
)
_OUT = (
    "都出来",
    "都撤",
    "人没事",
    "没人在",
    "里面没人",
    "屋里没人",
    "全出来",
    "人出来了",
    "都在外面",
    "都跑出来",
    "人都在楼",
)
_INSIDE = ("里面还有", "还有人", "没出来", "出不来", "在里面", "在屋里", "困在", "还在楼上", "还在家里", "人还在")
ASKING = frozenset(
    "那个这修得怎么样了到哪办还没有吗呢啊的我你他她您们上次说报是在现什时候好进度查一下第几天事情来去人处理结果问请给啥咋弄不就都也和与"
)
"""Characters that questions about progress are made of; the others tell what is meant."""
_URGE = ("催", "怎么还没", "咋还没", "还没人来", "还没来", "快点", "没人管", "几天了")
_TAKE_BACK = (
    "撤回",
    "撤销",
    "不用修",
    "不用来",
    "不用办",
    "不用管",
    "别来了",
    "不用派人",
    "不修了",
    "自己好了",
    "自己亮了",
    "自己修好",
    "已经好了",
)
_TAKEN_BACK = re.compile(
    r"(?:我要|我想|帮我|先|那)?(?:撤回|撤销|撤了|不用(?:修|来|办|管|报)|别来|不修|不报|(?:已经|自己|现在)(?:好|亮|修好|通|来水|来电))了?(?:吧|啊|谢谢)?"
)
_ASKS_AFTER = re.compile(
    "(?:什么时候|啥时候|什么时间|多久|多长时间|几时|几点|哪天|几天)[^，。！？,!?]{0,8}(?:修|好|办|弄|来|解决|处理|通|亮)"
    "|几点(?:来|到|上门)|(?:师傅|网格员|维修的?人?|工人)的?(?:电话|是谁|叫什么|姓什么|什么时候|几点|到哪)"
    "|谁(?:在|来|去)?(?:负责|办|修|弄|管|处理)|(?:修|办|弄|处理|解决)[得的到]?(?:怎么样|咋样|哪了|哪一步)"
)
_NO_PLACE = re.compile("^[你您]|什么时候|啥时候|怎么|为什么|凭什么|管不管|[吗呢][？?！!。.]*$")
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
    if 0 < number <= len(labels):
        return number - 1
    return len(labels) if digits.isdecimal() and text.strip() == digits else None


def yes_or_no(text: str) -> bool | None:
    """True, False, or None when it is neither."""
    plain = _without_thanks(bare(text))
    if plain in _YES:
        return True
    return False if plain in _NO else None


def _without_thanks(plain: str) -> str:
    """ "好的谢谢" says 好的."""
    shorter = _AFTERTHOUGHT.sub("", plain)
    return shorter or plain


def is_thanks(text: str) -> bool:
    """Whether the text has a word or a sign of thanks in it."""
    return any(word in text for word in _THANKS)


def is_unsure(text: str) -> bool:
    """Whether the person says, and says no more, that they do not know."""
    return bare(text).removesuffix("啊").removesuffix("呢") in _UNSURE


def people(text: str) -> str:
    """ "inside" when somebody is still in danger, "out" when all are safe, else empty. Inside wins."""
    if any(word in text for word in _INSIDE) and "没人在" not in text:
        return "inside"
    return "out" if any(word in text for word in _OUT) else ""


def about_record(text: str) -> str:
    """ "withdraw", "redo" or "urge" when a short text wants this of a record; else empty."""
    if len(text) > MAX_WISH:
        return ""
    if any(word in text for word in _TAKE_BACK):
        return "withdraw"
    if solved(text) == "no" and yes_or_no(text) is None:
        return "redo"
    return "urge" if any(word in text for word in _URGE) else ""


def asks_after(text: str) -> bool:
    """Whether the words ask when something will be done, by whom, or how far it is."""
    return _ASKS_AFTER.search(text) is not None


def may_be_place(text: str) -> bool:
    """Whether words that no map knows may be the name of a place: no question, no outburst, nothing said to us."""
    return _NO_PLACE.search(text) is None and without_exclamations(text) == text


def is_taken_back(text: str) -> bool:
    """Whether the words say, and say no more, that what was begun is not wanted any more."""
    return _TAKEN_BACK.fullmatch(bare(text)) is not None


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
    plain = bare(text)
    if "★★" not in plain:
        plain = plain.removeprefix("★").removeprefix("给").removesuffix("★").removesuffix("分")
        plain = plain.removesuffix("星").removesuffix("颗").removesuffix("个")
    if set(plain) == {"★"} and 1 <= len(plain) <= 5:
        return len(plain)
    if plain in _STARS:
        return _STARS[plain]
    number = int(plain) if plain.isdecimal() and len(plain) == 1 else _NUMERALS.get(plain)
    return number if number is not None and 1 <= number <= 5 else None
