"""What keepers do: open a station, put things there, count them, close it for some days, print the codes.

A station is kept by the team of its grid, else by the community's desk; desks open new ones.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, NamedTuple

from handlers import near, service
from handlers.activity import my_desk
from handlers.messages import Button
from handlers.question import QUESTION_LIFE, answered
from handlers.turn import Turn
from nlp.address import Place, public_text
from nlp.mask import mask
from storage import stations
from storage.dialogues import Dialogue
from storage.stations import Station, StationState, Thing
from workflow.lending import LONGEST, SHORTEST
from workflow.queues import desk_queue, grid_queue

FLOW = "station_new"
MOST_OF_ONE = 1_000
"""Of one kind of thing at a station."""
_UNITS = {"小时": timedelta(hours=1), "天": timedelta(days=1), "日": timedelta(days=1), "周": timedelta(weeks=1)}
_THING = re.compile(
    r"(?P<name>[^\d\s,，;；:：]{1,20})\s*(?P<count>\d{1,4})\s*(?:把|个|件|台|辆|套|副|张|只|条|本|箱|部|根|块|架|顶|床|盒|桶|双|对)?"
    r"[\s,，]*(?:可?借)?\s*(?P<span>\d{1,4}\s*个?(?:小时|天|日|周))"
)
_SPAN = re.compile(r"(?P<length>\d{1,4})\s*个?(?P<unit>小时|天|日|周)")


class Lent(NamedTuple):
    """One kind of thing as it was written: 雨伞 10把 3天."""

    name: str
    stock: int
    span: timedelta


def read_span(words: str) -> timedelta | None:
    """How long something is lent, as it was written: 3天, 12小时, 2周. None when it cannot be read, or is too long."""
    match = _SPAN.fullmatch(words.strip())
    span = int(match["length"]) * _UNITS[match["unit"]] if match else None
    return span if span is not None and SHORTEST <= span <= LONGEST else None


def read_things(words: str) -> list[Lent] | None:
    """Things written one after the other, parted by 、；; or lines; None when a part of it cannot be read."""
    found = []
    for part in re.split(r"[;；、\n]+", words.strip()):
        match = _THING.fullmatch(part.strip())
        if match is None:
            return None
        span, stock = read_span(match["span"]), int(match["count"])
        if span is None or not 0 < stock <= MOST_OF_ONE:
            return None
        found.append(Lent(match["name"], stock, span))
    return found


# -------------------------------------------------------------------- opening


async def begin(turn: Turn, match: re.Match[str]) -> None:
    """建驿站 银杏苑北门驿站."""
    queue = await my_desk(turn, "open_station")
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    data = {"desk": queue}
    name = mask((match["name"] or "").strip())
    await _next(turn, data | {"name": name[:40]} if name else data)


async def _next(turn: Turn, data: dict[str, Any]) -> None:
    """Asks the one thing that is missing, else opens it."""
    for step in ("name", "place", "hours", "words"):
        if step not in data:
            await turn.ask(FLOW, step, data)
            await turn.say(f"station.ask_{step}", rows=[[turn.button("station.button_stop", "station.stop")]])
            return
    await turn.done()
    station = await stations.open_station(
        turn.tx,
        by=turn.me.id,
        now=turn.now,
        name=data["name"],
        words=data["words"],
        hours=data["hours"],
        **data["place"],
    )
    await turn.say("station.opened", rows=await keeper_rows(turn, station), name=station.name, number=station.number)


async def stop(turn: Turn, _: dict[str, Any]) -> None:
    """Not now."""
    if turn.dialogue is not None and turn.dialogue.flow in (FLOW, _MOVE):
        await turn.done()
    await turn.toast("station.stopped")


@answered(stop, files=True)
async def step(turn: Turn, dialogue: Dialogue, words: str) -> bool:
    """The answer to the question that is open."""
    if not words and not (turn.incoming and turn.incoming.geo and dialogue.step == "place"):
        return False
    data = {k: v for k, v in dialogue.data.items() if k != "aside"}
    if dialogue.step == "place":
        place = _read_place(turn, str(data["desk"]))
        if place is None:
            await turn.say("station.ask_place_again")
            return True
        await _next(turn, data | {"place": place})
        return True
    most = {"name": 40, "hours": 60, "words": 200}[dialogue.step]
    await _next(turn, data | {dialogue.step: mask(words)[:most]})
    return True


def _read_place(turn: Turn, desk: str) -> dict[str, Any] | None:
    """The place of a station from a position, or from words that name one; None when it cannot be told which grid."""
    incoming = turn.incoming
    if incoming is None:
        return None
    geo, words = incoming.geo, incoming.text.strip()
    place = turn.city.read(" ".join(part for part in (words, geo.label if geo else "") if part)).place
    if geo is not None:
        place = turn.city.places.pinned(place, geo.lat, geo.lon, gcj02=geo.system == "gcj02")
    point = near.point_of_geo(geo) if geo else near.point_of_grid(turn.city, place.grid or "")
    if point is None and not place.grid:
        return None
    return place_values(turn, place, desk, words) | {
        "lon": point[0] if point else None,
        "lat": point[1] if point else None,
    }


def place_values(turn: Turn, place: Place, desk: str, words: str = "") -> dict[str, Any]:
    """The columns of a place: who keeps what is there follows from the grid, else it is the desk that opened it."""
    grid = place.grid or ""
    community = turn.city.street.community_of(grid).id if grid else desk.partition(":")[2]
    return {
        "place_text": (public_text(place) or mask(words))[:80],
        "community": community,
        "grid": grid,
        "queue": grid_queue(grid) if grid else desk_queue(community),
    }


# -------------------------------------------------------------------- keeping


async def keeper_rows(turn: Turn, station: Station) -> list[list[Button]]:
    """What the keeper of a station can press; nothing for others."""
    if station.state is StationState.CLOSED or not await turn.may("keep_station", station.queue):
        return []
    args = {"id": station.id}
    toggle = "station.button_pause" if station.state is StationState.OPEN else "station.button_resume"
    return [
        [
            turn.button("station.button_add", "station.add", args),
            turn.button("station.button_out", "borrow.out", args),
        ],
        [
            turn.button("station.button_codes", "station.codes", args),
            turn.button(toggle, "station.pause", args),
        ],
    ]


async def _own(turn: Turn, args: dict[str, Any]) -> Station:
    station = await stations.get(turn.tx, args["id"])
    await turn.check_may("keep_station", station.queue)
    return station


async def _kept(turn: Turn, number: str) -> Station | None:
    """The station with a typed number, for its keeper; else they were told."""
    station = await stations.find_by_number(turn.tx, int(number))
    if station is None:
        await turn.toast("station.unknown", number=number)
        return None
    await turn.check_may("keep_station", station.queue)
    return station


async def how_to_add(turn: Turn, args: dict[str, Any]) -> None:
    """How to write what is put there, and what is there already."""
    station = await _own(turn, args)
    lent = await stations.things_of(turn.tx, (station.id,))
    lines = [turn.text("station.count_line", name=t.name, number=t.number, stock=t.stock, free=t.free) for t in lent]
    await turn.say("station.add_how", number=station.number, lines="\n".join(lines))


async def add(turn: Turn, match: re.Match[str]) -> None:
    """放东西 1060 雨伞 10把 3天；轮椅 2辆 2周."""
    station = await _kept(turn, match["number"])
    if station is None:
        return
    lent = read_things(match["words"])
    if lent is None:
        await turn.toast("station.add_how", number=station.number, lines="")
        return
    for one in lent:
        await stations.add_thing(
            turn.tx, station, name=one.name, stock=one.stock, span=one.span, by=turn.me.id, now=turn.now
        )
    there = await stations.things_of(turn.tx, (station.id,))
    lines = [turn.text("station.count_line", name=t.name, number=t.number, stock=t.stock, free=t.free) for t in there]
    await turn.say("station.added", rows=await keeper_rows(turn, station), name=station.name, lines="\n".join(lines))


async def _thing(turn: Turn, number: str) -> Thing | None:
    """The thing with a typed number, for its keeper; else they were told."""
    thing = await stations.find_thing(turn.tx, int(number))
    if thing is None:
        await turn.toast("station.thing_unknown", number=number)
        return None
    await turn.check_may("keep_station", (await stations.get(turn.tx, thing.station_id)).queue)
    return thing


async def count(turn: Turn, match: re.Match[str]) -> None:
    """盘点 1063 8: how many there are, those that are lent counted in."""
    thing = await _thing(turn, match["number"])
    if thing is None:
        return
    stock = min(int(match["count"]), MOST_OF_ONE)
    if await stations.count(turn.tx, thing, stock, by=turn.me.id, now=turn.now):
        await turn.toast("station.counted", name=thing.name, count=stock)
    else:
        await turn.toast("station.count_short", name=thing.name, lent=thing.lent, aside=thing.aside)


async def close_thing(turn: Turn, match: re.Match[str]) -> None:
    """撤下 1063."""
    thing = await _thing(turn, match["number"])
    if thing is not None:
        done = await stations.close_thing(turn.tx, thing, by=turn.me.id, now=turn.now)
        await turn.toast("station.thing_closed" if done else "station.thing_closed_before", name=thing.name)


async def change(turn: Turn, match: re.Match[str]) -> None:
    """驿站时间 1060 8:00-20:00, 驿站说明 1060 有热水、微波炉."""
    station = await _kept(turn, match["number"])
    if station is None:
        return
    said = mask(match["words"].strip())
    values = {"hours": said[:60]} if match["what"] == "时间" else {"words": said[:200]}
    await stations.change(turn.tx, station, by=turn.me.id, now=turn.now, **values)
    await turn.toast("station.changed", name=station.name)


async def pause(turn: Turn, args: dict[str, Any]) -> None:
    """Shut for a while, or open again; what is lent can be given back all the same."""
    station = await _own(turn, args)
    event = "station.paused" if station.state is StationState.OPEN else "station.resumed"
    if await stations.move(turn.tx, station, event, by=turn.me.id, now=turn.now):
        await turn.toast("station.is_paused" if event == "station.paused" else "station.is_resumed", name=station.name)
    else:
        await turn.toast("common.press_gone")


async def close(turn: Turn, match: re.Match[str]) -> None:
    """关驿站 1060: for good, by the desk."""
    station = await stations.find_by_number(turn.tx, int(match["number"]))
    if station is None:
        await turn.toast("station.unknown", number=match["number"])
        return
    await turn.check_may("open_station", station.queue)
    done = await stations.move(turn.tx, station, "station.closed", by=turn.me.id, now=turn.now)
    await turn.toast("station.closed" if done else "station.closed_before", name=station.name)


async def codes(turn: Turn, args: dict[str, Any]) -> None:
    """Links to the codes for the door and for each thing, in private."""
    station = await _own(turn, args)
    links = [(station.name, f"s_{station.code}")]
    links += [(t.name, f"t_{t.code}") for t in await stations.things_of(turn.tx, (station.id,))]
    lines = []
    for title, scene in links:
        full = title if title == station.name else f"{station.name} {title}"
        link = await service.paper_link(turn, {"paper": "sign", "scene": scene, "title": full, "use": "station"})
        lines.append(turn.text("station.code_line", title=title, link=link, scene="" if link else scene))
    await turn.tell(turn.me.id, "station.codes", lines="\n".join(lines))


_MOVE = "station_move"


async def ask_place(turn: Turn, match: re.Match[str]) -> None:
    """驿站位置 1060: asks for the position."""
    station = await _kept(turn, match["number"])
    if station is not None:
        await turn.ask(_MOVE, "place", {"id": station.id})
        await turn.say("station.ask_place", rows=[[turn.button("station.button_stop", "station.stop")]])


async def move_step(turn: Turn) -> bool:
    """The new position of a station; its keeper stays."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or incoming.geo is None or turn.now - dialogue.updated_at > QUESTION_LIFE:
        return False
    station = await _own(turn, dialogue.data)
    lon, lat = near.point_of_geo(incoming.geo)
    await stations.change(turn.tx, station, by=turn.me.id, now=turn.now, lon=lon, lat=lat)
    await turn.done()
    await turn.say("station.changed", name=station.name)
    return True


PRESSES = {"station.stop": stop, "station.add": how_to_add, "station.pause": pause, "station.codes": codes}
STEPS = {FLOW: step, _MOVE: move_step}
_NUMBER = r"\s*#?(?P<number>\d{4,9})"
COMMANDS = [
    (re.compile(r"(?:建|新建|开)(?:一个)?(?:暖心)?驿站[\s,，:：]*(?P<name>\S{0,40})"), begin),
    (re.compile(rf"(?:放东西|添东西){_NUMBER}[\s,，:：]+(?P<words>.{{2,300}})", re.DOTALL), add),
    (re.compile(rf"盘点{_NUMBER}[\s,，:：]+(?P<count>\d{{1,4}})\s*\S?"), count),
    (re.compile(rf"撤下{_NUMBER}"), close_thing),
    (re.compile(rf"驿站(?P<what>时间|说明){_NUMBER}[\s,，:：]+(?P<words>.{{2,200}})"), change),
    (re.compile(rf"驿站位置{_NUMBER}"), ask_place),
    (re.compile(rf"关驿站{_NUMBER}"), close),
]
