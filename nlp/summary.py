"""The resident's own words made short: greeting, place and telephone taken out, cut at a clause.

Also splits one text into several matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nlp.mask import mask, without_room
from nlp.text import clauses

MAX_SUMMARY = 40
"""Characters of a summary, at most."""
MAX_MATTERS = 3
_MARK = "\u2581"
_GREETING = re.compile(
    r"^(?:你好|您好|你们好|大家好|早上好|上午好|中午好|下午好|晚上好|早安|哈喽|喂|请问(?:一下)?|在吗|在不在|有人吗|麻烦(?:问|问一下|问下)?(?:一下)?|那个|嗯|哎|唉|诶|"
    r"(?:领导|社区|同志|师傅|主任|书记|网格员|老师|工作人员|客服|邻里)(?:们)?(?:你好|您好|好)?|我(?:想|要)?(?:反映|反应|投诉|举报|问|咨询|报修|说|报)(?:一下|下|个|一个)?(?:事|问题|情况)?|"
    r"反映(?:一下|个)?(?:问题|情况)?|急(?:急)+|@\S+)[\s，。！,!:：、~啊呀哈]*"
)
_PHONE = re.compile(
    r"(?:(?:我)?(?:的)?(?:联系)?(?:电话|手机|手机号|号码|座机|微信)(?:号)?(?:是|：|:)?\s*)?[\d*]{3,4}[\s\-]?\*{2,4}[\s\-]?\d{4}"
)
_CALLED = re.compile(r"(?:^|(?<=[\s，,。;；]))(?:我姓|我叫|免贵姓|本人姓?)[\u4e00-\u9fff*]{1,3}(?=$|[\s，,。;；])")
_SOMEWHERE = re.compile(r"(?:这里|那里|这边|那边|楼下|楼上|门口|门前|旁边|附近|对面|里面|外面|前面|后面|的)+")
_HOLE_BEFORE = re.compile(
    rf"(?:我(?:们)?(?:家)?(?:就)?(?:住|是|在)?(?:在)?|(?:家)?住(?:在)?|在|位于|地址(?:是)?[:：]?)?{_MARK}+(?:小区)?(?:的(?:居民|业主|住户)?|这边|那边|这里|里面|里)?"
)
_NOISE = re.compile(r"[\u2581\s]+")
_EDGE = "，。、；：！？,.;:!?~… \n\t-—"
_JOIN = re.compile(
    r"^(?:还有|另外|另|再就是|再有|[第其][一二三]|[一二三]是|顺便|对了|其次|同时|而且|以及|[1-3一二三][、.)）])"
)
_OPENING = re.compile(
    r"^(?:还有(?=[，,:：\s])|还有(?!人)|另外(?:还有)?|再就是|再有|[一二三]是|第[一二三](?=[，,、.:：\s])|顺便|对了|其次|同时|而且|以及|[1-3一二三][、.)）])[，,、:：\s]*"
)
"""Words that only lead over to a further matter."""
_CUT = re.compile(
    r"[，。！？；!?;,\n…~]+"  # where a clause ends
    r"|(?<=[^\x00-\x7f])[ \t]+(?=[^\x00-\x7f]|[1-3][、.)）])"  # a blank instead of a comma
    r"|(?<=.)(?=(?:还有(?![没什啥几多吗])|另外(?![一半])|再就是|顺便|同时(?!间)|[1-3][、.)）](?!\d)))"  # nothing at all
)
_CORRECTS = re.compile(r"以为|(?<!是)不是(?!吗|说)|而是")
"""Whoever says what it is not speaks of one matter."""


def summarize(text: str, places: Sequence[tuple[int, int]]) -> str:
    """At most 40 characters of the text without the spans `places`. Personal details are masked; may be empty."""
    marked = _without(text, places)
    shown = _PHONE.sub("", mask(without_room(marked.replace(_MARK * 2, _MARK))))
    parts = [_bare(clause) for _, clause in clauses(shown)]
    parts = [part for part in parts if len(part) > 1] or [_bare(shown)]
    summary = ""
    for part in parts:
        longer = f"{summary}，{part}" if summary else part
        if len(longer) > MAX_SUMMARY:
            break
        summary = longer
    return summary or _cut(parts[0])


def _without(text: str, places: Sequence[tuple[int, int]]) -> str:
    chars = list(text.replace(_MARK, ""))
    for start, end in places:
        for at in range(start, min(end, len(chars))):
            chars[at] = _MARK
    return "".join(chars)


def _bare(clause: str) -> str:
    """A clause without place, greeting and edge punctuation; "" when the place was all it said."""
    rest = _HOLE_BEFORE.sub("", clause.strip(_EDGE)).strip(_EDGE)
    for _ in range(4):
        shorter = _GREETING.sub("", rest)
        if shorter == rest:
            break
        rest = shorter
    rest = _NOISE.sub(" ", _CALLED.sub("", rest)).strip(_EDGE)
    if _SOMEWHERE.fullmatch(rest):
        return ""
    return re.sub(r"^(?:的|这边|那边|里面|里|有个(?=$))+", "", rest).strip(_EDGE)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1].rstrip(_EDGE) + "…"


def split_matters(
    text: str, item_within: Callable[[int, int], tuple[str | None, float]], floor: float
) -> tuple[str, ...]:
    """The two or three parts of a text whose words (score from `floor`) speak of different items; else nothing.

    What is announced as a further matter ("还有…", "2、…") needs half as much; what is not must be of another category.
    """
    parts: list[tuple[str, str | None]] = []
    for start, piece in () if _CORRECTS.search(text) else _pieces(text):
        announced = is_announced(piece)
        item, score = item_within(start, start + len(piece))
        if score < (floor / 2 if announced else floor):
            item = None
        before, known = parts[-1] if parts else ("", None)
        if item is None or item == known or not (known is None or announced or _apart(known, item)):
            parts[-1:] = [(before + piece, known)]
        elif known is None:
            parts[-1:] = [(before + piece, item)]
        else:
            parts.append((piece, item))
    if not 2 <= len(parts) <= MAX_MATTERS or len({item for _, item in parts}) != len(parts):
        return ()
    return tuple(piece.strip(_EDGE) for piece, _ in parts)


def without_opening(part: str) -> str:
    """The part without the words that only lead over to it; as it is when nothing else would be left."""
    return _OPENING.sub("", part) or part


def is_announced(part: str) -> bool:
    """Whether the part begins as a further matter does."""
    return _JOIN.match(part) is not None


def _apart(first: str, second: str) -> bool:
    """Whether two items belong to different categories, by the first part of their ids."""
    return first.split(".")[0] != second.split(".")[0]


def _pieces(text: str) -> list[tuple[int, str]]:
    """Clauses, also those with a blank or nothing before "还有…" or "2、…", with their offsets."""
    cuts = [found.end() for found in _CUT.finditer(text)]
    starts = [0, *(cut for cut in cuts if cut < len(text))]
    return [(start, text[start:end]) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
