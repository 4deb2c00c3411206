"""Finds the places a text mentions: a name with its building or number, a building alone, a place of elsewhere.

The part each plays is `roles.py`; which of several decides is `address.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.doors import NUMERAL_NEXT, Door, buildings_alone, find_building, find_house, is_numeral_next
from nlp.gazetteer import Gazetteer, Hit, Meaning, Spot
from nlp.roles import HOME_BEFORE, PART_CUE, PLAIN, SCENE_AFTER, give_roles
from nlp.soundalike import either_numeral, same_numerals
from nlp.text import CHINESE_NUMERAL

_CN = f"[{CHINESE_NUMERAL}]"
_GAP = re.compile(r"[\s的（(]{0,2}(?:小区|里面|里)?[\s的（(]{0,2}")
_GRID_NUMBER = re.compile(r"(?:社区)?\s*第?(?P<n>\d{1,2}|十\d?)号?网格")
_NOT_PLACE = re.compile(r"(?:树|叶|果|色|机|头发|业|女|工|品|船|厂|的(?!居民|业主|住户|都|人|大?门|楼|电梯|车|路))")
_PROPER = "苑里村园府城庭坊亭"
_TROUBLE = re.compile(
    r"\s*(?:路灯|电梯|楼道|大?门口?|物业|保安|停车|车库|停[水电气]|[没断]([水电气]|路灯)|垃圾|绿化|围墙|监控|[有又])"
)
_TOLD_APART = re.compile(rf"[\s的（(]|小区|里|{_TROUBLE.pattern}")
"""What may stand between a name that several places share and the rest that tells which (`_GAP`), or make a place of it."""
_MAKES_A_PLACE = re.compile(rf"{NUMERAL_NEXT}|{PART_CUE.pattern}|{SCENE_AFTER.pattern}")
"""What behind a name cut short makes it a place whatever else is written."""
_AT_BEFORE = re.compile(r"(?:住在?|在|我们|咱们|我|(?:^|[，。,！？!?；\s]))$")
_GOES_ON = re.compile(
    rf"\s*(?:$|[，。、！？：；,.!?:;（(\s\d#]|[A-Za-z]{{0,1}}[座栋幢]|{_CN}|第|的|那|这|小区|有|没|停|又|老|口|路灯)"
)
_OTHER_NAME = re.compile(
    r"[一-龥]?(?:花园|花苑|家园|新村|公寓|广场|大厦|华庭|豪庭|名邸|名苑|雅苑|医院|银行|中学|小学|大学)|[苑庭府湾坊](?!里)|园(?!区|里|林)|城(?!管|里|市|的)|村(?!委|里)|里(?=小区|\d|号)"
)
_OTHER_ROAD = re.compile(rf"(?:东|西|南|北|中)?(?:路|大道|大街|街|巷)(?:\d{{1,4}}|{_CN}{{1,4}})(?:号|弄)")
_NEW = re.compile(r"(?:^|[，。！？,\s在住是])[新小大]$")
_UNKNOWN_ESTATE = re.compile(
    r"(?:^|[\s，。、！？：,]|[在住到去是于])(?P<name>(?!我|你|他|咱|这|那|本|整|全|各|老旧|几|每|哪|某|隔壁|幼儿|附近)[一-龥]{2,3}?"
    rf"(?:花园|花苑|家园|新村|公寓|苑|华庭|豪庭|名邸))(?=\s*(?:\d|{_CN}{{1,3}}[栋幢号]|小区|门|[，。\s]|$|的|那|[东西南北]门|楼))"
)
_UNKNOWN_ROAD = re.compile(rf"(?P<name>[一-龥]{{2,3}}?(?:路|大道|大街|街|巷))(?:\d{{1,4}}|{_CN}{{2,4}})(?:号|弄)")
_ESTATE_SIGN = re.compile(r"[园苑村寓庭邸]")
_ROAD_SIGN = re.compile(rf"[路道街巷](?:\d|{_CN})")

_SIGN = re.compile(r"[园苑村寓庭邸路道街巷栋幢棟#号\-—–﹣－/]")
"""Without one of these a text names no estate or road of elsewhere, and no building alone."""

NEXT_TO = 2
"""Characters between an estate and its building that are still one place; more are words of their own."""


@dataclass(slots=True)
class Mention:
    """One mention. `spots` may be several for a shared or shortened name, none for a place outside the street file.

    `doubtful`: what is written is near a known name but may be another place; it is asked about, never taken.
    """

    start: int
    end: int
    written: str
    spots: tuple[Spot, ...] = ()
    partial: bool = False
    doubtful: bool = False
    building: str = ""
    unit: str = ""
    room: str = ""
    number: str = ""
    labels: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    role: int = PLAIN
    apart: tuple[int, int] | None = None  # a building written away from its estate

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where it is written."""
        return ((self.start, self.end), self.apart) if self.apart else ((self.start, self.end),)

    @property
    def kind(self) -> str:
        return self.spots[0].kind if self.spots else "unknown"

    def take(self, door: Door) -> None:
        """Makes the building of `door` the mention's own."""
        self.building, self.unit, self.room, self.labels = door.shown, door.unit, door.room, door.labels
        self.spots = tuple(s for s in self.spots if s.kind == "estate") or self.spots


def find_mentions(text: str, gazetteer: Gazetteer) -> list[Mention]:
    """Every mention in text order; a building without an estate comes as a mention without spots and a building."""
    mentions = []
    for hit in gazetteer.find_names(text, _is_worth_reading):
        mention = Mention(hit.start, hit.end, text[hit.start : hit.end], hit.spots, hit.how == "partial")
        _read_parts(text, mention, gazetteer)
        if _is_near(text, hit, bool(mention.building or mention.number)) and _believable(text, hit, mention):
            mentions.append(mention)
    if _SIGN.search(text):
        mentions += _unknown(text, mentions)
        _place_alone(text, mentions)
    if not mentions:
        return []
    mentions.sort(key=lambda m: m.start)
    give_roles(text, mentions)
    for mention in mentions:
        mention.grids = _grids(mention)
    return mentions


def _is_worth_reading(text: str, start: int, end: int, meaning: Meaning, gazetteer: Gazetteer) -> bool:
    """False where neither the spelling nor what follows can make a place of it: in a street of many names the most."""
    spots, how, _ = meaning
    if how == "exact":
        return True
    cut = how == "partial"
    if (
        _MAKES_A_PLACE.match(text, end)
        if cut
        else _is_near(text, Hit(start, end, *meaning), is_numeral_next(text, end))
    ):
        return True
    if same_numerals(text[start:end]) in gazetteer.leading if cut else spots[0].name in gazetteer.tails:
        return True
    return len(spots) > 1 and bool(_TOLD_APART.match(text, end))


def _is_near(text: str, hit: Hit, numbered: bool) -> bool:
    """Whether a name spelt otherwise is that name: one character may differ, more only before a building or number."""
    if hit.how in ("exact", "partial"):
        return True
    size = hit.end - hit.start
    if len(hit.changed) * 2 > size or (size == 2 and len(hit.changed) == 2):
        return numbered
    if numbered or size > 3:
        return True
    if not hit.changed or hit.changed[-1] != size - 1:
        return len(hit.changed) < 2
    return bool(_GOES_ON.match(text, hit.end) or SCENE_AFTER.match(text, hit.end))


def _believable(text: str, hit: Hit, mention: Mention) -> bool:
    """False for "金色的", "银杏树", "建设美好家园": a short name that is an everyday word here."""
    if mention.building or mention.number or mention.end > hit.end:
        return True
    before = text[max(0, hit.start - 6) : hit.start]
    if mention.partial:
        if PART_CUE.match(text, hit.end) or (SCENE_AFTER.match(text, hit.end) and not mention.doubtful):
            return True
        return bool(_AT_BEFORE.search(before) and _TROUBLE.match(text, hit.end)) and len(mention.spots) > 1
    if len(mention.written) > 2 or mention.kind in ("grid", "landmark"):
        return True
    if hit.how == "exact":
        return mention.written[-1] in _PROPER or not _NOT_PLACE.match(text, hit.end)
    return bool(SCENE_AFTER.match(text, hit.end) or HOME_BEFORE.search(before))


def _read_parts(text: str, mention: Mention, gazetteer: Gazetteer) -> None:
    _narrow(text, mention)
    if any(spot.kind == "community" for spot in mention.spots) and _read_grid(text, mention, gazetteer):
        return
    if mention.kind in ("grid", "community"):
        return
    if _is_longer(text, mention):
        mention.doubtful = True
    if any(s.kind == "road" for s in mention.spots):
        door = find_house(text, mention.end, bare=not mention.partial)
        if door:
            mention.number, mention.labels, mention.end = door.shown, door.labels, door.end
            mention.spots = tuple(s for s in mention.spots if s.kind == "road")
            return
    if any(s.kind == "estate" for s in mention.spots):
        _read_tail(text, mention, gazetteer)
        if (mention.kind == "estate" or mention.partial) and (door := find_building(text, mention.end)):
            mention.take(door)
            mention.end = door.end


def _narrow(text: str, mention: Mention) -> None:
    """ "桂花苑（二期）": what follows a name cut short says which of the places it stands for."""
    if len(mention.spots) < 2:
        return
    same = same_numerals(text[mention.start : mention.end + 16])
    size = mention.end - mention.start
    gap = _GAP.match(same, size)
    ways = (size, gap.end() if gap else size)
    ahead = {written for at in ways for written in either_numeral(same[at : at + 1])}
    names = [(spot, same_numerals(spot.name)) for spot in mention.spots if spot.name[size : size + 1] in ahead]
    rests = [(spot, name[size:]) for spot, name in names if name.startswith(same[:size])]
    for at in ways if rests else ():
        met = [(spot, rest) for spot, rest in rests if same.startswith(rest, at)]
        if met:
            mention.spots = tuple(spot for spot, _ in met)
            mention.end = mention.start + at + len(met[0][1])
            mention.written, mention.partial = text[mention.start : mention.end], len(met) > 1
            return


def _read_grid(text: str, mention: Mention, gazetteer: Gazetteer) -> bool:
    """ "桂香社区三网格": a grid by its number in the community."""
    found = _GRID_NUMBER.match(same_numerals(text[mention.end : mention.end + 10]))
    if not found:
        return False
    number = found["n"].replace("十", "10" if found["n"] == "十" else "1")
    grid = next((g for s in mention.spots if s.kind == "community" and (g := s.find_part(number))), None)
    mention.end += found.end()
    mention.written = text[mention.start : mention.end]
    mention.spots = (gazetteer.grids[grid],) if grid else ()
    mention.partial = False
    return True


def _is_longer(text: str, mention: Mention) -> bool:
    """Whether the name is only a piece of another place's: "阳光|花园", "翠竹园|路5号", "新|翠竹园"."""
    if mention.partial and _OTHER_NAME.match(text, mention.end):
        return True
    return bool(_OTHER_ROAD.match(text, mention.end) or _NEW.search(text[max(0, mention.start - 2) : mention.start]))


def _read_tail(text: str, mention: Mention, gazetteer: Gazetteer) -> None:
    """ "银杏苑的北门": a landmark of the estate written apart from its name."""
    tails = gazetteer.tails.get(mention.spots[0].name, ())
    gap = _GAP.match(text, mention.end) if tails else None
    for tail, landmark in tails:
        for at in (mention.end, gap.end() if gap else mention.end):
            if text.startswith(tail, at):
                mention.spots, mention.end = (landmark,), at + len(tail)
                mention.written = text[mention.start : mention.end]
                return


def _place_alone(text: str, mentions: list[Mention]) -> None:
    """Gives "5 栋" standing alone to the estate named before it, or to the only one named after it."""
    for door in buildings_alone(text, [(m.start, m.end) for m in mentions]):
        if any(m.kind == "unknown" and not m.building and 0 <= door.start - m.end <= NEXT_TO for m in mentions):
            continue
        estates = [m for m in mentions if m.kind == "estate" or (m.partial and not m.number)]
        before = [m for m in estates if m.start < door.start]
        owner = before[-1] if before else (estates[0] if len({m.spots for m in estates}) == 1 else None)
        if owner is not None and not owner.building and not _denied(text, door):
            owner.take(door)
            if before and door.start - owner.end <= NEXT_TO:
                owner.end = max(owner.end, door.end)
            else:
                owner.apart = (door.start, door.end)
        elif owner is None or owner.building != door.shown:
            loose = Mention(door.start, door.end, text[door.start : door.end])
            loose.spots, loose.partial = (owner.spots, owner.partial) if owner else ((), False)
            loose.doubtful = owner.doubtful if owner else False
            loose.take(door)
            mentions.append(loose)
            mentions.sort(key=lambda m: m.start)


_DENIED = re.compile(r"(?:(?<![是这可要还])不是|不在|并非)(?:在|说|指)?\s*$")


def _denied(text: str, door: Door) -> bool:
    return bool(_DENIED.search(text[max(0, door.start - 5) : door.start]))


def _unknown(text: str, known: list[Mention]) -> Iterator[Mention]:
    for sign, pattern in ((_ESTATE_SIGN, _UNKNOWN_ESTATE), (_ROAD_SIGN, _UNKNOWN_ROAD)):
        for found in pattern.finditer(text) if sign.search(text) else ():
            start, end = found.span("name")
            if all(end <= m.start or m.end <= start for m in known):
                yield Mention(start, end, found["name"])


def _grids(mention: Mention) -> tuple[str, ...]:
    """The grids the mention may lie in; none when it lies outside the street file or names no estate."""
    found: list[str] = []
    for spot in mention.spots:
        if mention.labels and spot.kind in ("estate", "road"):
            found += [part for label in mention.labels if (part := spot.find_part(label))]
        else:
            found += spot.grids
    return tuple(dict.fromkeys(found))
