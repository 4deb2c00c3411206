"""暖心驿站, 共享柜: stations by distance with what they have, one station, and the code at its door.

Lending is `borrow.py`, what keepers do `station_keep.py`, damage `damage.py`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from handlers import near
from handlers.messages import Button
from handlers.near import Near
from handlers.station_keep import keeper_rows
from handlers.turn import Turn
from nlp.geo import Point
from nlp.text import plain
from storage import loans, stations
from storage.loans import Loan
from storage.stations import Station, StationState, Thing
from workflow.lending import is_open

FLOW = "station_near"
QUESTION_LIFE = timedelta(minutes=15)
_PAGE = 6
_SHOWN = 8
_FILLER = re.compile(r"我|现在|就|在|住|人|这里|这边|这儿|附近|旁边|门口|边上|楼下|的|了|呢|吧|[\s,，.。!！]")


# -------------------------------------------------------------------- by distance


async def listed(turn: Turn, match: re.Match[str]) -> None:
    """驿站, 共享柜, 附近哪里能借雨伞: the nearest first, from where the person was last."""
    groups = match.groupdict()
    wanted = (groups.get("thing") or "").strip()
    point = None if turn.here.is_group else near.point_of_person(turn.city, turn.me)
    await _list(turn, point, wanted)


async def _list(turn: Turn, point: Point | None, wanted: str) -> None:
    found = await near.around(turn.tx, turn.city, point, wanted)
    if not found:
        rows = [[turn.button("station.button_all", "station.list")]] if wanted else []
        await turn.say("station.none_with" if wanted else "station.none", rows=rows, wanted=wanted)
        return
    if not turn.here.is_group:
        await turn.ask(FLOW, "where", {"wanted": wanted})
    rows = [
        [turn.button("station.button_open", "station.open", {"id": n.station.id}, name=n.station.name)]
        for n in found[:_PAGE]
    ]
    await turn.say(
        "station.list",
        rows=rows,
        lines="\n".join(_line(turn, n) for n in found[:_PAGE]),
        hint="" if turn.here.is_group else turn.text("station.hint_again" if point else "station.hint"),
    )


def _line(turn: Turn, found: Near) -> str:
    free = [turn.text("station.thing_short", name=t.name, count=t.free) for t in found.things if t.free]
    return turn.text(
        "station.line",
        name=found.station.name,
        far=far(turn, found.metres),
        hours=found.station.hours,
        open_=open_now(turn, found.station),
        things="、".join(free[:_SHOWN]) or found.station.words[:40],
    )


def far(turn: Turn, metres: float | None) -> str:
    """How far, as people say it; empty where nobody knows."""
    if metres is None:
        return ""
    if metres < 1_000:
        return turn.text("station.metres", count=max(50, round(metres / 50) * 50))
    return turn.text("station.kilometres", count=f"{metres / 1_000:.1f}")


def open_now(turn: Turn, station: Station) -> str:
    """Whether somebody is there now, where its hours say so."""
    found = is_open(station.hours, turn.now.astimezone(turn.city.manners.tz))
    return "" if found is None else turn.text("station.is_open" if found else "station.is_shut")


async def all_of_them(turn: Turn, _: dict[str, Any]) -> None:
    """Every station, whatever was looked for."""
    await _list(turn, None if turn.here.is_group else near.point_of_person(turn.city, turn.me), "")


async def step(turn: Turn) -> bool:
    """A position, or the name of a known place, orders the list anew; anything else is another matter."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or turn.now - dialogue.updated_at > QUESTION_LIFE or incoming.media:
        return False
    words = incoming.text.strip()
    if incoming.geo is not None and not words:
        point = near.point_of_geo(incoming.geo)
    else:
        findings = turn.city.read(words)
        if findings.urgent or findings.menu is not None or not _only_a_place(turn, words):
            return False
        named = near.point_of_words(turn.city, words)
        if named is None:
            return False
        point = named
    await _list(turn, point, str(dialogue.data.get("wanted", "")))
    return True


def _only_a_place(turn: Turn, words: str) -> bool:
    """Whether the words name a place and say nothing else: a matter at that place is not for this question."""
    spans = turn.city.places.locate(words)[1]
    rest = "".join(c for i, c in enumerate(plain(words)) if not any(start <= i < end for start, end in spans))
    return bool(spans) and len(_FILLER.sub("", rest)) <= 1


# -------------------------------------------------------------------- one station


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """驿站 1060."""
    found = await stations.find_by_number(turn.tx, int(match["number"]))
    if found is None:
        await turn.toast("station.unknown", number=match["number"])
        return
    await show(turn, {"id": found.id})


async def show(turn: Turn, args: dict[str, Any]) -> None:
    """One station from afar: what it has, and to be told when something is there again."""
    station = await stations.get(turn.tx, args["id"])
    lent = await stations.things_of(turn.tx, (station.id,))
    rows = [] if turn.here.is_group else [[_wait_button(turn, t)] for t in lent if not t.free][:_SHOWN]
    rows += await keeper_rows(turn, station)
    how = turn.text("station.how") if lent and station.state is StationState.OPEN else ""
    await turn.say("station.card", rows=rows, **_values(turn, station, lent), how=how)


def _wait_button(turn: Turn, thing: Thing) -> Button:
    return turn.button("borrow.button_wait", "borrow.wait", {"id": thing.id}, name=thing.name)


def _values(turn: Turn, station: Station, lent: list[Thing]) -> dict[str, Any]:
    """What everybody may know of it."""
    lines = []
    for thing in lent[:_SHOWN]:
        key = "station.thing" if thing.free else "station.thing_out"
        lines.append(turn.text(key, name=thing.name, free=thing.free, span=thing.span))
    shut = station.state is not StationState.OPEN
    return {
        "number": station.number,
        "name": station.name,
        "state": turn.text(f"station.state_{station.state.value}") if shut else "",
        "place": station.place_text,
        "hours": station.hours,
        "open_": "" if shut else open_now(turn, station),
        "words": station.words,
        "things": "\n".join(lines),
    }


# -------------------------------------------------------------------- at the place


async def scan(turn: Turn, code: str) -> None:
    """The code at the door: borrow what is there, give back what one has."""
    station = await stations.find_by_code(turn.tx, code)
    if station is None:
        await turn.say("station.code_unknown")
        return
    await _at_the_place(turn, station, await stations.things_of(turn.tx, (station.id,)))


async def scan_thing(turn: Turn, code: str) -> None:
    """The code on a thing: the same, for this thing alone."""
    thing = await stations.find_thing_by_code(turn.tx, code)
    if thing is None:
        await turn.say("station.code_unknown")
        return
    await _at_the_place(turn, await stations.get(turn.tx, thing.station_id), [thing])


async def _at_the_place(turn: Turn, station: Station, lent: list[Thing]) -> None:
    mine = {one.thing_id: one for one in await loans.of_person(turn.tx, turn.me.id) if one.station_id == station.id}
    known = {thing.id for thing in lent}
    gone = [await stations.get_thing(turn.tx, one) for one in mine if one not in known]
    rows = [
        row
        for thing in [*gone, *lent][:_SHOWN]
        for row in _thing_rows(turn, thing, mine.get(thing.id), shut=station.state is not StationState.OPEN)
    ]
    if lent:
        rows.append([turn.button("damage.button", "damage.which", {"id": station.id})])
    rows += await keeper_rows(turn, station)
    await turn.say("station.card", rows=rows, **_values(turn, station, lent), how="")


def _thing_rows(turn: Turn, thing: Thing, mine: Loan | None, *, shut: bool) -> list[list[Button]]:
    at = int(turn.now.timestamp())
    if mine is not None:
        return [[turn.button("borrow.button_back", "borrow.back", {"id": mine.id, "at": at}, name=thing.name)]]
    if shut or not thing.open:
        return []
    if thing.free:
        return [[turn.button("borrow.button_take", "borrow.take", {"id": thing.id, "at": at}, name=thing.name)]]
    return [[_wait_button(turn, thing)]]


PRESSES = {"station.list": all_of_them, "station.open": show}
SCENES = {"s": scan, "t": scan_thing}
STEPS = {FLOW: step}
_PLACE = r"(?:附近的?|最近的?|哪里有|哪儿有|看看?)?"
COMMANDS = [
    (re.compile(rf"{_PLACE}(?:暖心|暖新|爱心|党群)?驿站(?:在哪里?|在哪儿|有哪些)?[?？]?"), listed),
    (re.compile(rf"{_PLACE}(?:便民)?(?:物资)?共享(?:柜|物资)|{_PLACE}借东西"), listed),
    (
        re.compile(
            r"(?:附近)?(?:哪里|哪儿|在哪里?|驿站)(?:能|可以|有)?借(?:到)?(?:一?[个把台辆副张条])?(?P<thing>[^\s\d，。?？]{1,8})[?？]?"
        ),
        listed,
    ),
    (re.compile(r"驿站\s*#?(?P<number>\d{4,9})"), typed),
]
