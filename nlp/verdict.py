"""Reads what a resident says of a result in a whole sentence: whether it is solved, how many stars, or that they look later.

Short answers, "好了", "5", are in `handlers.answers`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 120
"""Characters of a text that can be an answer; what is longer tells its own story."""
_SHORT = 30
_DO = "(?:修|弄|办|搞|换|装|清|扫|补|通|疏通|处理|解决|打扫|收拾|整改|来)"
_NO = re.compile(
    f"没(?:有)?(?:给我?)?{_DO}?(?:好|完|干净|掉|解决|处理|修|弄|来过?|人)|还是?(?:不|没|坏|漏|堵|黑|臭|响|那样|老样子|一样)"
    "|又(?:坏|不|漏|堵|停|黑|灭|开始|跳|响|臭)|根本没|压根没|白修|照样|依旧|一点(?:也|都|儿)?没|不管用|不行|糊弄|假的|骗人|没人(?:来|修|管)"
)
_PARTLY = re.compile(
    f"一半|部分|[只就]{_DO}了|还差|还剩|还有(?:[一两几]|个|的|地方|没|点)|剩下|没(?:完全|全|彻底)|没{_DO}[完齐]|差不多|好了?一?(?:些|点)|不彻底"
)
_YES = re.compile(
    f"{_DO}[^，。,]{{0,4}}?(?:好|完|干净|通)了|好了|亮了|通了|来水了|来电了|解决了|干净了|不(?:漏|堵|臭|响|吵|黑)了|能用了|可以了|没问题|正常了|恢复了"
    "|(?<!不)(?<!不太)(?<!不是很)满意|挺好|很好|不错"
)
_LATER = re.compile(
    "不(?:知道|清楚|在家|晓得)|在外地|出门|出差|在上班|[还]?没(?:看|回去|回家|去看|试|注意)|等我?(?:回|看|试|晚上|下班|有空)|回去看|晚点|过[两几]天|一会儿?(?:再|看)|回头"
)
_AGAIN = re.compile("没(?:有)?[修弄办]好|又坏|又不|又漏|又堵|还是不|白修")
_ASKS = re.compile("[?？]|[吗么]$|什么|多久|哪[里儿个]|几点|多少|怎么办")
_NUMBER = re.compile(r"(?P<n>[1-5一二三四五])\s*(?:颗|个)?\s*(?:星|★|分)")
_NUMERALS = {c: i for i, c in enumerate("一二三四五", 1)}
_CONTENT = (
    (1, re.compile("(?:很|非常|极其?|太|十分)不满意|非常差|太差")),
    (2, re.compile("不(?:太|是很|怎么|够)?满意")),
    (5, re.compile("(?:很|非常|特别|十分|相当|太|超级?)满意")),
    (4, re.compile("满意")),
)


class Verdict(NamedTuple):
    """`solved` is yes, partly, no or empty; `stars` None where none are said; `later` when they have yet to look."""

    solved: str
    stars: int | None
    later: bool


def read_verdict(text: str) -> Verdict:
    """What a sentence says of a result; empty, None and False where it says nothing of it."""
    said = text.strip()
    if not said or len(said) > LONGEST or _ASKS.search(said):
        return Verdict("", None, False)
    stars = _stars(said)
    if _LATER.search(said) and not _AGAIN.search(said):
        return Verdict("", stars, stars is None)
    if _PARTLY.search(said):
        return Verdict("partly", stars, False)
    if _NO.search(said):
        return Verdict("no", stars, False)
    return Verdict("yes" if _YES.search(said) else "", stars, False)


def is_unsolved_again(text: str) -> bool:
    """Whether a text says outright that what was done does not hold: "没修好，又不亮了"."""
    return len(text) <= _SHORT and _AGAIN.search(text) is not None


def _stars(said: str) -> int | None:
    found = _NUMBER.search(said)
    if found is not None:
        return _NUMERALS.get(found["n"]) or int(found["n"])
    return next((stars for stars, form in _CONTENT if form.search(said)), None)
