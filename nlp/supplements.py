"""Recognises words that add to what was said before: "补充一下，三楼也不亮", "1001 补充：…", "三楼也不亮"."""

from __future__ import annotations

import re
from typing import NamedTuple

_MARKS = r"[，,。.；;：:！!、~…\s]"
_NUMBER = r"[#＃№]?\s*(?P<{}>\d{{4,9}})(?!\d)\s*(?:号|这单|那单|这件|那件|单)?"
_ANNOUNCEMENT = re.compile(
    rf"(?:(?:对了|还有|另外|哦|噢)?{_MARKS}*)"
    rf"(?:(?:给|对|关于|我的)?(?:单号|编号|工单)?{_MARKS}*{_NUMBER.format('before')}{_MARKS}*)?"
    r"(?:我们?|俺)?(?:再|还)?(?:想|要|得|需要)?(?:再)?(?:给你们|跟你们)?(?:补充|[加添补]上?(?=一句|两句|几句|个情况))"
    rf"(?:{_MARKS}*{_NUMBER.format('after')})?"
    r"(?:(?:说明)?(?P<briefly>一下|一句|两句|几句|下)|说明|一点|几点|两点|点|(?:一个|个|一下|下)?情况|一条|一张)?"
    rf"(?:吧|哈|啊|哦|呀)?(?P<marks>{_MARKS}+|$)?"
)
_NUMBER_FIRST = re.compile(rf"{_NUMBER.format('number')}{_MARKS}+(?P<words>\S.*)", re.DOTALL)
_GOES_ON = re.compile(
    r"(?:还有|还|也|又|再|而且|另外|对了|忘了|忘记|刚才|刚刚|刚报|刚说|那个|这个|就是|是)"
    r"|[^，。！？；,.!?;\s]{1,6}?[也还](?:[是不没坏漏堵亮有在要]|一样)"
)
_FOR_WORKER = re.compile(
    "不在家|家里没人|(?:明天|后天|今天|下午|晚上|上午|中午|周[一二三四五六日末]|星期.).{0,6}(?:来|上门|在家|有空|方便)"
    "|[改换]个?时间|换个?人来|电话[换改]了|新(?:的)?(?:电话|号码)|打(?:我|这个)电话|提前(?:打|说|联系|讲)|师傅(?:还)?没来|别敲门|轻点敲"
)
_LONGEST = 25
"""Characters of words that may go on; what is longer tells its own story."""


class Supplement(NamedTuple):
    """What is to be added, perhaps nothing yet, and the number of the record when it was said."""

    number: int | None
    words: str


def announcement(text: str) -> re.Match[str] | None:
    """The words at the beginning of a text that only say that something is added; None when there are none."""
    found = _ANNOUNCEMENT.match(text)
    if found is None or not (found["marks"] is not None or found["briefly"] or found["after"]):
        return None  # "补充充电桩" wants something
    return found


def read_supplement(text: str) -> Supplement | None:
    """The supplement that a text announces; None for every other text."""
    found = announcement(text)
    if found is None:
        return None
    number = found["before"] or found["after"]
    return Supplement(int(number) if number else None, text[found.end() :].strip())


def read_numbered(text: str) -> Supplement | None:
    """What is said after a number at the very beginning, "1001 三楼也不亮"; None for every other text."""
    found = _NUMBER_FIRST.fullmatch(text.strip())
    return None if found is None else Supplement(int(found["number"]), found["words"])


def goes_on(text: str) -> bool:
    """Whether a few words sound as if something was said before: "三楼也不亮", "是三单元不是二单元"."""
    return len(text) <= _LONGEST and _GOES_ON.match(text.strip()) is not None


def is_for_worker(text: str) -> bool:
    """Whether a few words are for whoever comes: "我不在家，明天下午再来", "我电话换了"."""
    return len(text) <= 2 * _LONGEST and _FOR_WORKER.search(text) is not None
