"""Reads what follows a name: building, unit, room, house number, in every way people write them; also buildings alone.

Whose building it is, and whether a text means a place at all, is `mentions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nlp.text import CHINESE_NUMERAL, number

_CN = f"[{CHINESE_NUMERAL}]"
_NUM = rf"(?:\d{{1,3}}|{_CN}{{1,4}})"
_DASH = r"[-—–﹣－/]"
_GAP = r"(?:\s|的|里面|里头|里|内|那边|这边|小区|院内|院|[，,、:：（(）)\-]){0,3}?"
_BLOCK = r"(?:号楼|号栋|号幢|号院|#楼|#栋|#幢|楼栋|栋|幢|棟|座|洞|冻|撞|懂|#)"
_JOIN = r"(?:一直|直)?[、,，和跟与及到至~\-—]"
_QUANTITY = r"(?:楼(?![道梯下上顶])|[天个人次年月点时分秒周小元块毛米岁层条万盏只头辆度平届%])"
_ONE_OF_THEM = r"(?![一两]\s*[栋幢座]楼(?![道下上顶梯底]))"
_DIRECT = re.compile(
    rf"{_GAP}第?{_ONE_OF_THEM}(?P<first>{_NUM}|[A-Za-z])(?P<letter>[A-Za-z]?)"
    rf"(?P<more>(?:\s*{_BLOCK}?\s*[、,，]\s*\d{{1,3}}(?!\d)){{0,9}}?)"
    rf"(?:\s*{_BLOCK}?\s*(?P<join>{_JOIN})\s*(?P<second>{_NUM}|[A-Za-z])[A-Za-z]?)?\s*{_BLOCK}"
)
_BARE = re.compile(
    rf"{_GAP}(?P<first>\d{{1,3}}|{_CN}{{1,3}})(?P<letter>[A-Za-z]?)\s*号(?!线|晚|早|下午|上午|中午|那天|之前|以前|当天|前|后|码|位|文|起|开始|停|到\d)"
)
_DASHED = re.compile(
    rf"{_GAP}(?P<first>\d{{1,3}}|[A-Za-z](?={_DASH}))(?P<letter>[A-Za-z]?)\s*"
    rf"(?:{_DASH}\s*(?P<mid>\d{{1,4}})(?:\s*{_DASH}\s*(?P<last>\d{{2,4}}))?|\.(?P<mid_dot>\d{{1,2}})\.(?P<last_dot>\d{{3,4}}))"
    rf"(?![\d栋幢座#月.])(?!号楼)(?!\s*{_QUANTITY})"
)
_BEFORE_UNIT = re.compile(rf"{_GAP}(?P<first>\d{{1,3}}|{_CN}{{1,3}})(?P<letter>[A-Za-z]?)(?=\s*第?{_NUM}\s*单元)")
_TRAILING = re.compile(r"\s*(?P<first>\d{1,2})(?P<letter>)(?=[，。,\s]|$)")
_ALONE = re.compile(
    rf"第?{_ONE_OF_THEM}(?P<first>\d{{1,3}}|{_CN}{{1,4}}|[A-Za-z])(?P<letter>[A-Za-z]?)\s*"
    rf"(?:号楼|号栋|号幢|#楼|#栋|栋|幢|棟|#(?=\d|\s|{_CN}))"
)
_ALONE_DASHED = re.compile(
    rf"(?P<first>\d{{1,3}})(?P<letter>[A-Za-z]?)\s*{_DASH}\s*(?P<unit>\d{{1,2}})\s*{_DASH}\s*(?P<room>\d{{3,4}})(?![\d年月]|{_DASH})"
)
_NUMBERS = re.compile(r"\d+")
_BLOCK_SIGN = re.compile(r"[栋幢棟#]|号楼|号栋")
_HYPHEN_SIGN = re.compile(rf"\d\s*{_DASH}\s*\d")
_START = re.compile(rf"[第\dA-Za-z{CHINESE_NUMERAL}]")
_NOT_AFTER = frozenset(f"有这那哪每某几整另同隔旁前后面边第.-0123456789{CHINESE_NUMERAL}")
_UNIT = re.compile(
    rf"[\s，,的]{{0,2}}第?(?P<unit>{_NUM}|[A-Za-z东西])\s*(?:单元|单圆|单远|门洞|梯口|门(?![口卫禁前外锁面铃框窗把牌]))"
)
_UNIT_DASH = re.compile(rf"\s*{_DASH}\s*(?P<unit>\d{{1,2}})(?=\s*{_DASH}\s*\d{{3,4}})")
_ROOM = re.compile(
    rf"[\s，,的\-—–﹣/]{{0,2}}(?:{_NUM}[楼层])?\s*(?P<room>\d{{3,4}}|[零\u3007一二三四五六七八九]{{3,4}})\s*(?:室|号房|号|房|户|屋)?"
    r"(?![\d块元米天年人个多度分斤平路次家点栋幢月部类\-])(?!号楼|单元)"
)
_HOUSE = re.compile(
    rf"[\s，,的上]{{0,2}}第?(?P<first>\d{{1,4}}|{_CN}{{1,6}})(?:[-之]\d{{1,3}}(?=号))?"
    rf"(?:\s*(?:号|#|弄)?\s*(?P<join>{_JOIN})\s*(?P<second>\d{{1,4}}|{_CN}{{1,6}}))?\s*(?:号|#|弄)(?!线|晚|早|那天|开始|停)"
)
_HOUSE_BARE = re.compile(
    rf"\s*(?P<first>\d{{1,4}})(?P<join>)(?P<second>)(?![\d年月日路栋幢:：.\-~]|来|多|余|几|到\d)(?!\s*{_QUANTITY})"
)
NUMERAL_NEXT = rf"(?:{_GAP}|[\s，,的上]{{0,2}}|\s+)第?[\dA-Za-z{CHINESE_NUMERAL}]"
"""How everything begins that the patterns of buildings and houses take."""
_NUMERAL_NEXT = re.compile(NUMERAL_NEXT)
_MAX_SPAN = 60
"""Buildings or numbers "from … to …" that are looked up one by one; of more only the two ends."""


class Door(NamedTuple):
    """Where in an estate or road: `labels` are all buildings or house numbers meant, `end` is where the writing ends."""

    start: int
    end: int
    labels: tuple[str, ...]
    shown: str
    unit: str = ""
    room: str = ""


def is_numeral_next(text: str, at: int) -> bool:
    """Whether what stands at `at` can begin a building or house number at all."""
    return _NUMERAL_NEXT.match(text, at) is not None


def find_building(text: str, at: int) -> Door | None:
    """The building written at `at`, after the name of an estate, with unit and room."""
    if not is_numeral_next(text, at):
        return None
    for pattern in (_DIRECT, _BEFORE_UNIT, _DASHED, _BARE, _TRAILING):
        found = pattern.match(text, at)
        if found and (label := _label(found["first"], found["letter"])):
            break
    else:
        return None
    groups = found.groupdict()
    if second := groups.get("second"):
        door = _several(found.start(), found.end(), label, _label(second, ""), groups["join"])
        return door._replace(labels=(*door.labels, *_NUMBERS.findall(groups["more"] or "")))
    if pattern is _DASHED:
        middle, last = groups["mid"] or groups["mid_dot"], groups["last"] or groups["last_dot"]
        is_unit = bool(last) or len(middle) < 3
        return Door(at, found.end(), (label,), label, middle if is_unit else "", last or ("" if is_unit else middle))
    return _inside(text, Door(at, found.end(), (label,), label))


def find_house(text: str, at: int, *, bare: bool) -> Door | None:
    """The house number written at `at`, after the name of a road; `bare` takes "建设路21" without 号 too."""
    if not is_numeral_next(text, at):
        return None
    found = _HOUSE.match(text, at) or (_HOUSE_BARE.match(text, at) if bare else None)
    if not found or (first := number(found["first"])) is None:
        return None
    second = number(found["second"]) if found["second"] else None
    if second is None or second == first:
        return Door(at, found.end(), (str(first),), str(first))
    step = 2 if first % 2 == second % 2 else 1
    return _several(at, found.end(), str(first), str(second), found["join"], step)


def buildings_alone(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[Door]:
    """Every building of a text outside the spans `taken`: "5 栋", "12-2-401"."""
    patterns = [_ALONE] if _is_free(_BLOCK_SIGN, text, taken) else []
    patterns += [_ALONE_DASHED] if _is_free(_HYPHEN_SIGN, text, taken) else []
    end = 0
    for sign in _START.finditer(text) if patterns else ():
        start = sign.start()
        if start < end or (start and text[start - 1] in _NOT_AFTER) or any(a <= start < b for a, b in taken):
            continue
        for pattern in patterns:
            found = pattern.match(text, start)
            if found and found["first"] != "两" and (label := _label(found["first"], found["letter"])):
                groups = found.groupdict()
                door = Door(start, found.end(), (label,), label, groups.get("unit", ""), groups.get("room", ""))
                door = door if door.room else _inside(text, door)
                end = door.end
                yield door
                break


def _is_free(sign: re.Pattern[str], text: str, taken: Sequence[tuple[int, int]]) -> bool:
    return any(not any(a <= found.start() < b for a, b in taken) for found in sign.finditer(text))


def _several(start: int, end: int, first: str, second: str, join: str, step: int = 1) -> Door:
    """Two buildings, or all from one to the other: "3 和 5", "3 到 6"; houses of one side go by twos."""
    shown = f"{first}、{second}" if second else first
    spans = join[-1] in "到至~-—" and first.isdigit() and second.isdigit() and int(first) < int(second)
    if spans and int(second) - int(first) <= _MAX_SPAN:
        return Door(start, end, tuple(map(str, range(int(first), int(second) + 1, step))), shown)
    return Door(start, end, (first, second) if second else (first,), shown)


def _inside(text: str, door: Door) -> Door:
    """The same building with the unit and room that follow."""
    unit, room, end = "", "", door.end
    if found := _UNIT.match(text, end) or _UNIT_DASH.match(text, end):
        unit, end = _label(found["unit"], ""), found.end()
    if (found := _ROOM.match(text, end)) and (value := number(found["room"])) is not None:
        room, end = str(value), found.end()
    return Door(door.start, end, door.labels, door.shown, unit, room)


def _label(numeral: str, letter: str) -> str:
    if numeral.isascii() and numeral.isalpha():
        return numeral.upper()
    if numeral in ("东", "西"):
        return numeral
    value = number(numeral)
    return "" if not value else f"{value}{letter.upper()}"
