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
_HOLE_BEFORE = re.compile(
    rf"(?:我(?:们)?(?:家)?(?:就)?(?:住|是|在)?(?:在)?|(?:家)?住(?:在)?|在|位于|地址(?:是)?[:：]?)?{_MARK}+(?:小区)?(?:的(?:居民|业主|住户)?|这边|那边|这里|里面|里)?"
)
_NOISE = re.compile(r"[\u2581\s]+")
_EDGE = "，。、；：！？,.;:!?~… \n\t-—"
_JOIN = re.compile(r"^(?:还有|另外|另|再就是|再有|第[二三]|顺便|对了|其次|同时|而且还有|[2-3二三][、.]|以及)")


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
    rest = _NOISE.sub(" ", rest).strip(_EDGE)
    return re.sub(r"^(?:的|这边|那边|里面|里|有个(?=$))+", "", rest).strip(_EDGE)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1].rstrip(_EDGE) + "…"


def split_matters(
    text: str, item_within: Callable[[int, int], tuple[str | None, float]], floor: float
) -> tuple[str, ...]:
    """The two or three parts of a text that surely (score from `floor`) speak of different items; else nothing."""
    parts: list[tuple[str, str]] = []
    pieces = _pieces(text)
    for start, piece in pieces if len(pieces) > 1 else ():
        item, score = item_within(start, start + len(piece))
        if item is None or score < floor:
            if parts:
                parts[-1] = (parts[-1][0] + piece, parts[-1][1])
            continue
        if parts and (parts[-1][1] == item or not (_JOIN.match(piece) or _apart(parts[-1][1], item))):
            parts[-1] = (parts[-1][0] + piece, item)
        else:
            parts.append((piece, item))
    if not 2 <= len(parts) <= MAX_MATTERS or len({item for _, item in parts}) != len(parts):
        return ()
    return tuple(piece.strip(_EDGE) for piece, _ in parts)


_STOP = re.compile(r"[。！？!?；;\n]\s*$")


def _apart(first: str, second: str) -> bool:
    """Whether two items belong to different categories, by the first part of their ids."""
    return first.split(".")[0] != second.split(".")[0]


def _pieces(text: str) -> list[tuple[int, str]]:
    """Sentences, and clauses that announce a further matter ("还有…"), with their offsets."""
    pieces: list[tuple[int, str]] = []
    for start, clause in clauses(text):
        if pieces and not _JOIN.match(clause.strip()) and not _STOP.search(pieces[-1][1]):
            pieces[-1] = (pieces[-1][0], text[pieces[-1][0] : start + len(clause)])
        else:
            pieces.append((start, clause))
    return pieces
