"""The part a mention plays in its sentence: scene of the matter, home, landmark to find another by, denied, in passing.

Which mention then decides is `address.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

SCENE, PLAIN, HOME, ASIDE, DENIED = 3, 2, 1, 0, -1
"""The strongest present decides; a mention denied ("不是3栋") never does while another is there."""

_SPOT_WORD = (
    r"(?:大?门口|楼下|楼上|旁边|旁|边上|附近|后面|前面|后头|前头|对面|对过|里面|里头|里|路口|拐角|转角|上|那儿|那里|这儿|这里|这边|那边|"
    r"那段|这段|楼顶|屋顶|顶楼|地下|车库|电梯|楼道|单元|大厅|围墙|出口|入口|斜对|背后|底下|外面|周边|沿线|一段|段|中间)"
)
SCENE_AFTER = re.compile(rf"[，,]?\s*(?:小区)?的?{_SPOT_WORD}")
PART_CUE = re.compile(r"\s*(?:小区|社区|那边|这边|那片|这片|片区|一带|那块|那头)")
HOME_BEFORE = re.compile(
    r"(?P<who>(?:我|咱|俺)们?(?:一?家|老两口)?(?:就|都|也)?(?:住的?(?:是|在)?|在|是|租在|租住|搬进)|本人(?:住|是|在)?|"
    r"(?:我|咱|俺)们?家(?:是|就是)?|家里?(?:就)?(?:住在?|在)|住在|租在|租住|住)\s*$"
)
_OTHERS_HOME = re.compile(
    r"(?:妈妈?|爸爸?|父母|爷爷|奶奶|外公|外婆|公婆|岳父|岳母|老人|儿子|女儿|闺女|亲戚|朋友|同事|姐|哥|弟|妹|他们?|她们?)(?:家|一家)?(?:就)?(?:住在?|在)\s*$"
)
_HOME_AFTER = re.compile(
    r"\s*(?:小区)?(?:里)?的?(?:居民|业主|住户|租户|租客|老住户|居住|人家|老人|一员)|\s*(?:小区)?的(?:[，,。]|$)"
)
_OWN_SCENE = re.compile(r"(?:我们?|咱们?|自己?)家")
_ASIDE_BEFORE = re.compile(
    r"(?:像|跟|比|学|人家|隔壁|听说|别的小区|你看|看看|同样是|不如|以前住|原来住|之前住|从前住|搬到|搬去|调到|送去|送到|送孩子去|带到|寄到|"
    r"(?:物业|居委会?|办公室|服务站|公司|单位|派出所)(?:就|办公)?在|回|去|到|往|从|过去|至|走到|下班|上班|离)(?:在|的|了)?\s*$"
)
_BY_WAY_OF = re.compile(
    r"(?:小区)?的?(?:大?门口|斜?对面|斜?对过|斜对门|旁边|边上|隔壁|后面|前面|后头|前头|附近|北[边面]|南[边面]|东[边面]|西[边面]|里面|里)的?(?:那个|那家|那边)?\s*"
)
_DENY_BEFORE = re.compile(r"(?:(?<![是这可要还])不是(?:在|说|指)?|(?<!在)不在|并非|并不是|没在|而非|不住在?)\s*$")
_TAKEN_BACK = re.compile(
    r"[^，,。！？]{0,4}?[，,。\s]*(?:我)?(?:说错了?|写错了?|打错了?|记错了?|错了|不对|哦?不+(?=[，,是])|更正)[，,。\s]*(?:应该)?(?:是|在)?\s*"
)
_WAY = re.compile(r"(?:这|那|的|整)?(?:一)?(?:条路|段路|路段|路上|路|段|沿线|沿途)")
_FROM = re.compile(r"(?:从|由|自)\s*$")
_TO = re.compile(r"\s*(?:一直)?(?:到|至|往)\s*")
_BETWEEN = re.compile(r"之间|中间|交界|交叉|路口|夹着|两边|搭界|交汇")


class Mentioned(Protocol):
    """What the part of a mention depends on."""

    start: int
    end: int
    role: int
    partial: bool
    building: str
    number: str

    @property
    def kind(self) -> str: ...

    @property
    def written(self) -> str: ...


def is_between(text: str) -> bool:
    """Whether the matter lies between the places named, not in one of them."""
    return bool(_BETWEEN.search(text))


def give_roles(text: str, mentions: Sequence[Mentioned]) -> None:
    """Sets the role of every mention; they come in text order."""
    for mention in mentions:
        mention.role = _role(text, mention)
    for first, second in pairwise(mentions):
        _compare(text, first, second)


def _role(text: str, mention: Mentioned) -> int:
    before, after = text[max(0, mention.start - 10) : mention.start], mention.end
    if _DENY_BEFORE.search(before):
        return DENIED
    if _ASIDE_BEFORE.search(before) and not _is_scene(text, mention):
        return ASIDE
    if _OTHERS_HOME.search(before):
        return ASIDE if _OWN_SCENE.search(text, after) else HOME
    if _HOME_AFTER.match(text, after) or HOME_BEFORE.search(before):
        return HOME
    if mention.kind == "community":
        return ASIDE
    if mention.partial and not mention.building and not mention.number:
        return PLAIN if PART_CUE.match(text, after) else HOME
    return SCENE if _is_scene(text, mention) else PLAIN


def _is_scene(text: str, mention: Mentioned) -> bool:
    """ "…门口", or after a comma the last of the name again: "实验小学，校门口", "人民公园，公园里"."""
    if SCENE_AFTER.match(text, mention.end):
        return True
    if text[mention.end : mention.end + 1] not in ("，", ","):
        return False
    start = mention.end + 1
    for again in (
        mention.written,
        mention.written[-2:],
        mention.written[-1:],
        "校" if mention.written[-1] in "学中" else "",
    ):
        if again and text.startswith(again, start):
            return bool(SCENE_AFTER.match(text, start + len(again)))
    return False


def _compare(text: str, first: Mentioned, second: Mentioned) -> None:
    """What two neighbouring mentions say of each other."""
    gap = text[first.end : second.start]
    if first.role is DENIED and second.role in (ASIDE, HOME):
        second.role = PLAIN
    if second.role is not DENIED and _TAKEN_BACK.fullmatch(gap):
        first.role = DENIED
    elif _BY_WAY_OF.fullmatch(gap):
        first.role, second.role = ASIDE, max(second.role, PLAIN)
    elif _TO.fullmatch(gap) and _FROM.search(text[: first.start]):
        along = bool(_WAY.match(text, second.end)) or is_between(text)
        first.role, second.role = (SCENE, SCENE) if along else (ASIDE, max(second.role, HOME))
