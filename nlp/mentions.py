"""Finds the places a text mentions, with building, unit, room or number, and the part each plays (home, scene).

Which of several mentions decides is `address.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlp.gazetteer import Gazetteer, Spot
from nlp.phrases import longest
from nlp.text import CHINESE_NUMERAL, number

_CN = f"[{CHINESE_NUMERAL}]"
_NUM = rf"(?:\d{{1,3}}|{_CN}{{1,4}})"
_GAP = r"(?:\s|的|里面|里头|里|内|那边|这边|小区|院内|院|[，,、:：（(\-]){0,3}?"
_BLOCK = r"(?:号楼|号栋|号幢|号院|#楼|#栋|#幢|楼栋|栋|幢|座|洞|冻|撞|懂|#)"
_DIRECT = re.compile(
    rf"{_GAP}第?(?P<first>{_NUM}|[A-Za-z])(?P<letter>[A-Za-z]?)"
    rf"(?:\s*{_BLOCK}?\s*[、,，和跟与及到至~\-]\s*(?P<second>{_NUM}|[A-Za-z])[A-Za-z]?)?\s*{_BLOCK}"
)
_BARE = re.compile(rf"{_GAP}(?P<first>\d{{1,3}}|{_CN}{{1,3}})(?P<letter>[A-Za-z]?)\s*号(?![线晚早下上中那之以前码位])")
_DASHED = re.compile(
    rf"{_GAP}(?P<first>\d{{1,3}})(?P<letter>[A-Za-z]?)\s*[-/.]\s*(?P<mid>\d{{1,4}})(?:\s*[-/.]\s*(?P<last>\d{{2,4}}))?"
    r"(?![\d栋幢座#月])(?!号楼)"
)
_BEFORE_UNIT = re.compile(rf"{_GAP}(?P<first>\d{{1,3}}|{_CN}{{1,3}})(?P<letter>[A-Za-z]?)(?=\s*第?{_NUM}\s*单元)")
_TRAILING = re.compile(r"\s*(?P<first>\d{1,2})(?P<letter>)(?=[，。,\s]|$)")
_LOOSE = re.compile(
    rf"(?<![有这那哪每某几整另隔旁前后面边几第\d一二三四五六七八九十百A-Za-z])第?(?P<first>\d{{1,3}}|{_CN}{{1,4}}|[A-Za-z])"
    rf"(?P<letter>[A-Za-z]?)\s*(?:号楼|号栋|号幢|#楼|#栋|栋|幢|#(?=\d|\s|{_CN}))"
)
_UNIT = re.compile(
    rf"[\s，,的]{{0,2}}第?(?P<unit>{_NUM}|[A-Za-z东西])\s*(?:单元|单圆|单远|门洞|梯口|门(?![口卫禁前外锁面铃框窗把牌]))"
)
_UNIT_DASH = re.compile(r"\s*[-/]\s*(?P<unit>\d{1,2})(?=\s*[-/]\s*\d{3,4})")
_ROOM = re.compile(
    rf"[\s，,的\-/]{{0,2}}(?:{_NUM}[楼层])?\s*(?P<room>\d{{3,4}}|[零\u3007一二三四五六七八九]{{3,4}})\s*(?:室|号房|号|房|户|屋)?"
    r"(?![\d块元米天年人个多度分斤平路次家点栋幢月部类\-])(?!号楼|单元)"
)
_HOUSE = re.compile(
    rf"[\s，,的上]{{0,2}}第?(?P<first>\d{{1,4}}|{_CN}{{1,6}})(?:[-之]\d{{1,3}})?"
    rf"(?:\s*(?P<join>[、,，和跟与及到至~\-])\s*(?P<second>\d{{1,4}}|{_CN}{{1,6}}))?\s*(?:号|#|弄)(?!线)"
)
_HOUSE_BARE = re.compile(r"\s*(?P<first>\d{1,4})(?P<join>)(?P<second>)(?![\d年月日点分米块元个路多人次:：度天栋幢楼])")

_HOME_BEFORE = re.compile(
    r"(?:我们?家?住的?(?:是|在)?|我们?家?就?在|家住|家在|住在|住|租在|租住|我是|我们是|本人(?:是|在)?|(?:妈|爸|父母|爷爷|奶奶|公婆|岳父|岳母|老人)?家?住)\s*$"
)
_HOME_AFTER = re.compile(r"\s*(?:小区)?的?(?:居民|业主|住户|租户|租客|老住户|居住|人家|老人|一员)")
_ASIDE_BEFORE = re.compile(
    r"(?:像|跟|比|学|人家|隔壁|听说|别的小区|你看|看看|同样是|以前住|原来住|之前住|从前住|搬到|搬去|调到|送去|送到|带到|寄到|不如|"
    r"回|去|到|往|从|过去|至|下班|上班)(?:在|的|了)?\s*$"
)
_SCENE_AFTER = re.compile(
    r"[，,]?\s*(?:小区)?的?(?:大?门口|楼下|楼上|旁边|旁|边上|附近|后面|前面|后头|前头|对面|对过|里面|里|路口|拐角|转角|上|那儿|那里|这儿|这里|这边|那边|"
    r"楼顶|屋顶|顶楼|地下|车库|电梯|楼道|单元|大厅|围墙|出口|入口|斜对|背后|底下|外面|周边|沿线|一段|段|中间)"
)
_PART_CUE = re.compile(r"\s*(?:小区|社区|那边|这边|那片|片区|一带|那块|那头)")
_NOT_PLACE = re.compile(r"(?:树|叶|果|色|机|头发|业|女|工|品|船|厂|的(?!居民|业主|住户|都|人|大?门|楼|电梯|车|路))")
_PROPER = "苑里村园府城"
_UNKNOWN_ESTATE = re.compile(
    r"(?:^|[\s，。、！？：,]|[在住到去是于])(?P<name>(?!我|你|他|咱|这|那|本|整|全|各|老旧|几|每|哪|某|隔壁|幼儿|附近)[一-龥]{2,3}?"
    rf"(?:花园|花苑|家园|新村|公寓|苑|华庭|豪庭|名邸))(?=\s*(?:\d|{_CN}{{1,3}}[栋幢号]|小区|门|[，。\s]|$|的|那|[东西南北]门|楼))"
)
_UNKNOWN_ROAD = re.compile(rf"(?P<name>[一-龥]{{2,3}}?(?:路|大道|大街|街|巷))(?:\d{{1,4}}|{_CN}{{2,4}})(?:号|弄)")


NEXT_TO = 2
"""Characters between an estate and its building that are still one place; more are words of their own."""


@dataclass(slots=True)
class Mention:
    """One mention. `spots` may be several for a shared or shortened name, none for a place outside the street file."""

    start: int
    end: int
    written: str
    spots: tuple[Spot, ...] = ()
    partial: bool = False
    building: str = ""
    unit: str = ""
    room: str = ""
    number: str = ""
    grids: tuple[str, ...] = ()
    role: int = 2
    apart: tuple[int, int] | None = None  # a building written away from its estate

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where it is written."""
        return ((self.start, self.end), self.apart) if self.apart else ((self.start, self.end),)

    @property
    def kind(self) -> str:
        return self.spots[0].kind if self.spots else "unknown"


def find_mentions(text: str, gazetteer: Gazetteer) -> list[Mention]:
    """Every mention in text order; a building without an estate comes as a mention without spots and a building."""
    mentions = _named(text, gazetteer)
    for mention in mentions:
        _read_parts(text, mention, gazetteer)
    mentions = [m for m in mentions if _believable(text, m, gazetteer)]
    mentions += _unknown(text, mentions)
    _loose_buildings(text, mentions)
    mentions.sort(key=lambda m: m.start)
    for mention in mentions:
        mention.grids = _grids(mention)
        mention.role = _role(text, mention)
    return mentions


def _named(text: str, gazetteer: Gazetteer) -> list[Mention]:
    found = gazetteer.phrases.find_all(text)
    exact = longest(f for f in found if f[2] in gazetteer.exact)
    taken = list(exact)
    heard = [f for f in gazetteer.sounds.find_all(text) if _near(text, f) and _free(f, taken)]
    heard = longest(heard)
    taken += heard
    slipped = longest(f for f in found if f[2] in gazetteer.slipped and _free(f, taken))
    taken += slipped
    partial = longest(f for f in found if f[2] in gazetteer.partial and _free(f, taken))
    mentions = [Mention(s, e, text[s:e], gazetteer.exact[name]) for s, e, name in (*exact, *heard)]
    mentions += [Mention(s, e, text[s:e], gazetteer.slipped[name]) for s, e, name in slipped]
    mentions += [Mention(s, e, text[s:e], gazetteer.partial[name], partial=True) for s, e, name in partial]
    return sorted(mentions, key=lambda m: m.start)


def _free(found: tuple[int, int, str], taken: Iterable[tuple[int, int, str]]) -> bool:
    return all(found[1] <= start or end <= found[0] for start, end, _ in taken)


def _near(text: str, found: tuple[int, int, str]) -> bool:
    """A misheard name must share a character with the real one, or be followed by a house or building number."""
    start, end, name = found
    if any(a == b for a, b in zip(text[start:end], name, strict=True)):
        return True
    return len(name) > 2 and bool(_DIRECT.match(text, end) or _HOUSE.match(text, end))


def _believable(text: str, mention: Mention, gazetteer: Gazetteer) -> bool:
    """False for "金色的", "银杏树": a short name that is an everyday word here."""
    if mention.building or mention.number or len(mention.written) > 2:
        return True
    if mention.written[-1] in _PROPER:
        return True
    if mention.partial and len({grid for spot in mention.spots for grid in spot.grids}) == 1:
        return bool(_PART_CUE.match(text, mention.end) or _SCENE_AFTER.match(text, mention.end))
    if mention.written in gazetteer.exact or mention.partial:
        return not _NOT_PLACE.match(text, mention.end)
    return bool(_SCENE_AFTER.match(text, mention.end) or _HOME_BEFORE.search(text[: mention.start]))


def _read_parts(text: str, mention: Mention, gazetteer: Gazetteer) -> None:
    if mention.kind in ("grid", "community"):
        return
    if mention.kind == "road" or (mention.partial and any(s.kind == "road" for s in mention.spots)):
        _read_house(text, mention)
        if mention.number:
            mention.spots = tuple(s for s in mention.spots if s.kind == "road")
            return
    if any(s.kind == "estate" for s in mention.spots):
        _read_tail(text, mention, gazetteer)
        if mention.kind == "estate" or mention.partial:
            _read_building(text, mention)


def _read_tail(text: str, mention: Mention, gazetteer: Gazetteer) -> None:
    """ "银杏苑的北门": a landmark of the estate written apart from its name."""
    for tail, landmark in gazetteer.tails.get(mention.spots[0].name, ()):
        if found := re.compile(_GAP + re.escape(tail)).match(text, mention.end):
            mention.spots, mention.end, mention.written = (landmark,), found.end(), text[mention.start : found.end()]
            return


def _read_house(text: str, mention: Mention) -> None:
    found = _HOUSE.match(text, mention.end) or (_HOUSE_BARE.match(text, mention.end) if not mention.partial else None)
    if not found:
        return
    first = number(found["first"])
    if first is None:
        return
    mention.number = str(first)
    second = number(found["second"]) if found["second"] else None
    if second is not None and second != first:
        mention.number = f"{first}、{second}"
    mention.end = found.end()


def _read_building(text: str, mention: Mention) -> None:
    for pattern in (_DIRECT, _BEFORE_UNIT, _DASHED, _BARE, _TRAILING):
        found = pattern.match(text, mention.end)
        if found and (label := _label(found["first"], found["letter"])):
            break
    else:
        return
    groups = found.groupdict()
    mention.building, mention.end = label, found.end()
    if second := groups.get("second"):
        mention.building = f"{label}、{_label(second, '')}"
    elif pattern is _DASHED:
        middle, last = groups["mid"], groups["last"]
        mention.unit = middle if last or len(middle) < 3 else ""
        mention.room = last or (middle if len(middle) >= 3 else "")
    if not mention.room:
        _read_unit_and_room(text, mention)
    if mention.partial:
        mention.spots = tuple(s for s in mention.spots if s.kind == "estate") or mention.spots


def _read_unit_and_room(text: str, mention: Mention) -> None:
    if unit := _UNIT.match(text, mention.end) or _UNIT_DASH.match(text, mention.end):
        mention.unit, mention.end = _label(unit["unit"], ""), unit.end()
    if room := _ROOM.match(text, mention.end):
        value = number(room["room"])
        if value is not None:
            mention.room, mention.end = str(value), room.end()


def _label(numeral: str, letter: str) -> str:
    if numeral.isascii() and numeral.isalpha():
        return numeral.upper()
    if numeral in ("东", "西"):
        return numeral
    value = number(numeral)
    return "" if not value else f"{value}{letter.upper()}"


def _loose_buildings(text: str, mentions: list[Mention]) -> None:
    """Gives "5 栋" standing alone to the estate named before it, or to the only one named after it."""
    for found in _LOOSE.finditer(text):
        label = _label(found["first"], found["letter"])
        if not label or found["first"] == "两" or any(m.start <= found.start() < m.end for m in mentions):
            continue
        loose = Mention(found.start(), found.end(), found.group(), building=label)
        _read_unit_and_room(text, loose)
        estates = [m for m in mentions if m.kind == "estate" or (m.partial and not m.number)]
        before = [m for m in estates if m.start < found.start()]
        if any(m.kind == "unknown" and not m.building and 0 <= found.start() - m.end <= 2 for m in mentions):
            continue
        owner = before[-1] if before else (estates[0] if len({m.spots for m in estates}) == 1 else None)
        if owner is not None and not owner.building:
            owner.building, owner.unit, owner.room = loose.building, loose.unit, loose.room
            owner.spots = tuple(s for s in owner.spots if s.kind == "estate") or owner.spots
            if before and loose.start - owner.end <= NEXT_TO:
                owner.end = max(owner.end, loose.end)
            else:
                owner.apart = (loose.start, loose.end)
        elif owner is None or owner.building != label:
            loose.spots = owner.spots if owner else ()
            loose.partial = owner.partial if owner else False
            mentions.append(loose)
            mentions.sort(key=lambda m: m.start)


def _unknown(text: str, known: list[Mention]) -> Iterator[Mention]:
    for pattern in (_UNKNOWN_ESTATE, _UNKNOWN_ROAD):
        for found in pattern.finditer(text):
            start, end = found.span("name")
            if all(end <= m.start or m.end <= start for m in known):
                yield Mention(start, end, found["name"])


def _grids(mention: Mention) -> tuple[str, ...]:
    """The grids the mention may lie in; none when it lies outside the street file or names no estate."""
    labels = (mention.building or mention.number).split("、") if mention.building or mention.number else []
    found: list[str] = []
    for spot in mention.spots:
        if labels and spot.kind in ("estate", "road"):
            parts = [spot.find_part(label) for label in labels]
            found += [part for part in parts if part]
        else:
            found += spot.grids
    return tuple(dict.fromkeys(found))


def _role(text: str, mention: Mention) -> int:
    """3 scene, 2 plain, 1 home, 0 only compared with or gone to; weaker mentions decide only when alone."""
    before, after = text[max(0, mention.start - 8) : mention.start], mention.end
    if _ASIDE_BEFORE.search(before) and not _SCENE_AFTER.match(text, after):
        return 0
    if _HOME_AFTER.match(text, after) or _HOME_BEFORE.search(before):
        return 1
    if mention.kind == "community":
        return 0
    if mention.partial and not mention.building and not mention.number:
        return 2 if _PART_CUE.match(text, after) else 1
    return 3 if _SCENE_AFTER.match(text, after) else 2
