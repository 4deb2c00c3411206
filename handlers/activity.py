"""Activities: a desk announces, people sign up or wait, check in by the code at the place, and hours are recorded."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from handlers import names, service
from handlers.messages import Button
from handlers.turn import NotForYou, Turn
from handlers.wish_words import for_wall, is_public
from nlp.moments import read_moment, without_moment
from nlp.wish_traits import read_hours, without_hours
from storage import activities, members, outbox, points, timers
from storage.activities import Activity, ActivityState, Part, Seat
from storage.timers import Timer
from workflow.queues import desk_queue

BEFORE, AFTER = timedelta(hours=1), timedelta(hours=2)
"""From when and until when the sign at the place counts."""
REMIND = timedelta(days=1)
_LONG = timedelta(hours=2)
"""How long an activity is whose words do not say it."""
_AGAIN = timedelta(minutes=10)
"""A second scan within this time is the same arrival."""
_PEOPLE = re.compile(r"(\d{1,4})\s*(?:个人|人|位|名)")
_EDGES = re.compile(r"^[\s，,、。；;]+|[\s，,、。；;]+$|(?<=[\s，,])[，,]+")
_LEAST = 2
"""Characters without which the words would say nothing any more."""
_MOST = 2_000
_PAGE = 8
_NAMES = 30


async def my_desk(turn: Turn, act: str) -> str:
    """The desk that the acting person serves. Raises `NotForYou`."""
    for queue in ("desk", *(desk_queue(c) for c in turn.city.org.communities)):
        if await turn.may(act, queue):
            return queue
    raise NotForYou(act)


# -------------------------------------------------------------------- announcing


async def announce(turn: Turn, match: re.Match[str]) -> None:
    """发起活动 周六上午9点 2小时 20人 银杏社区广场 清扫楼道."""
    queue = await my_desk(turn, "run_activity")
    words = (match["words"] or "").strip()
    starts, found = read_moment(words, turn.now, turn.city.manners.tz), _PEOPLE.search(words)
    if starts is None or found is None or not is_public(for_wall(words)) or not 0 < int(found[1]) <= _MOST:
        await turn.toast("activity.how")
        return
    if starts <= turn.now:
        await turn.toast("activity.past")
        return
    hours = read_hours(words)
    made = await activities.announce(
        turn.tx,
        by=turn.me.id,
        now=turn.now,
        words=for_wall(_what(words))[:200],
        queue=queue,
        community=queue.partition(":")[2],
        starts_at=starts,
        ends_at=starts + (timedelta(hours=hours) if hours else _LONG),
        places=int(found[1]),
    )
    remind = max(turn.now, turn.city.manners.by_day(starts - REMIND))
    await timers.put(turn.tx, remind, "activity.remind", "activity", made.id)
    await timers.put(turn.tx, made.ends_at + AFTER, "activity.over", "activity", made.id)
    told = await _tell_all(turn, made)
    rows = _desk_rows(turn, made)
    await turn.say("activity.made", rows=rows, number=made.number, count=told, card=await _card(turn, made))


def _what(words: str) -> str:
    """What is done, without when, how long and with how many, which the card says by itself; all when nothing is left."""
    left = _EDGES.sub("", _PEOPLE.sub("", without_hours(without_moment(words)), count=1))
    left = " ".join(left.split())
    return left if len(left) >= _LEAST else words


async def _tell_all(turn: Turn, activity: Activity) -> int:
    """Everybody who has registered there hears of it, without haste; how many."""
    card, told = await _card(turn, activity), 0
    for member in await members.confirmed(turn.tx, activity.community):
        rows = [[_join_button(turn, activity)]]
        told += await turn.tell(member.person_id, "activity.announced", rows=rows, lane=outbox.LATER, card=card)
    return told


def _join_button(turn: Turn, activity: Activity) -> Button:
    return turn.button("activity.button_join", "activity.join", {"id": activity.id})


def _desk_rows(turn: Turn, activity: Activity) -> list[list[Button]]:
    args = {"id": activity.id}
    if activity.state is not ActivityState.OPEN:
        return [[turn.button("activity.button_people", "activity.people", args)]]
    return [
        [turn.button("activity.button_sign", "activity.sign", args)],
        [
            turn.button("activity.button_people", "activity.people", args),
            turn.button("activity.button_cancel", "activity.cancel", args),
        ],
    ]


async def _card(turn: Turn, activity: Activity, state: str = "") -> str:
    waiting = len(await activities.parts(turn.tx, activity.id, (Seat.WAITING,)))
    places = turn.text("activity.places", places=activity.places, free=activity.free)
    if waiting:
        places = f"{places}　{turn.text('activity.waiting', count=waiting)}"
    if activity.state is not ActivityState.OPEN:
        state = turn.text(f"activity.state_{activity.state.value}")
    return turn.text(
        "activity.card",
        number=activity.number,
        at=activity.starts_at,
        until=activity.ends_at,
        words=activity.words,
        places=places,
        state=state,
    )


# -------------------------------------------------------------------- looking and signing up


async def listed(turn: Turn, _: re.Match[str]) -> None:
    """What is coming."""
    found = await activities.coming(turn.tx, turn.now, _PAGE)
    if not found:
        await turn.say("activity.none")
        return
    rows = [[turn.button("activity.button_open", "activity.open", {"id": a.id}, number=a.number)] for a in found]
    lines = [turn.text("activity.line", number=a.number, at=a.starts_at, words=a.words[:30]) for a in found]
    await turn.say("activity.list", rows=rows, lines="\n".join(lines))


async def show(turn: Turn, args: dict[str, Any]) -> None:
    """One activity, and what can be done with it."""
    activity = await activities.get(turn.tx, args["id"])
    part = await activities.find_part(turn.tx, activity.id, turn.me.id)
    state, rows = "", []
    if part is not None and part.state is not Seat.LEFT:
        state = turn.text(f"activity.state_{part.state.value}", hours=f"{part.hours or 0:g}")
    if activity.state is ActivityState.OPEN and activity.ends_at > turn.now:
        if part is None or part.state is Seat.LEFT:
            rows = [[_join_button(turn, activity)]]
        elif part.state in (Seat.JOINED, Seat.WAITING):
            rows = [[turn.button("activity.button_leave", "activity.leave", {"id": activity.id})]]
    if await turn.may("run_activity", activity.queue):
        rows += _desk_rows(turn, activity)
    text = await _card(turn, activity, "" if turn.here.is_group else state)
    await turn.send(turn.here, text, rows=rows, owner=None if turn.here.is_group else turn.me.id)


async def join(turn: Turn, args: dict[str, Any]) -> None:
    """A place, or the waiting list."""
    activity = await activities.get(turn.tx, args["id"])
    if activity.state is not ActivityState.OPEN or activity.ends_at <= turn.now:
        await turn.toast("activity.not_open", number=activity.number)
        return
    had = await activities.find_part(turn.tx, activity.id, turn.me.id)
    if had is not None and had.state is not Seat.LEFT:
        await turn.toast("activity.already")
        return
    seat = await activities.join(turn.tx, activity, turn.me.id, turn.now)
    if seat is Seat.JOINED:
        await turn.toast("activity.joined", at=activity.starts_at)
    else:
        await turn.toast("activity.waits")


async def leave(turn: Turn, args: dict[str, Any]) -> None:
    """The place is free; the first who waits has it."""
    activity = await activities.get(turn.tx, args["id"])
    was, up = await activities.leave(turn.tx, activity, turn.me.id, turn.now)
    await turn.toast("activity.left_seat" if was else "activity.not_in")
    if up is not None:
        await turn.tell(up, "activity.moved_up", number=activity.number, at=activity.starts_at, words=activity.words)


async def typed(turn: Turn, match: re.Match[str]) -> None:
    """活动 1012."""
    found = await activities.find_by_number(turn.tx, int(match["number"]))
    if found is None:
        await turn.toast("activity.unknown", number=match["number"])
        return
    await show(turn, {"id": found.id})


# -------------------------------------------------------------------- at the place


async def scan(turn: Turn, code: str) -> None:
    """The sign at the place: the first scan is the arrival, a later one the leaving."""
    activity = await activities.find_by_code(turn.tx, code)
    if activity is None or activity.state is ActivityState.CANCELLED:
        await turn.say("activity.sign_unknown")
    elif turn.now < activity.starts_at - BEFORE:
        await turn.say("activity.too_early", number=activity.number, at=activity.starts_at)
    elif turn.now > activity.ends_at + AFTER or activity.state is ActivityState.CLOSED:
        await turn.say("activity.too_late", number=activity.number)
    elif await activities.arrive(turn.tx, activity, turn.me.id, turn.now):
        await turn.say("activity.arrived")
    else:
        await _again(turn, activity)


async def _again(turn: Turn, activity: Activity) -> None:
    part = await activities.find_part(turn.tx, activity.id, turn.me.id)
    if part is None or part.arrived_at is None:
        return
    if part.state is Seat.SERVED:
        await turn.say("activity.served_before", hours=f"{part.hours or 0:g}")
    elif turn.now - part.arrived_at < _AGAIN:
        await turn.say("activity.arrived_again")
    else:
        hours = _hours(activity, part.arrived_at, turn.now)
        await activities.serve(turn.tx, activity, part, hours, turn.now, by=turn.me.id)
        await turn.say("activity.served", hours=f"{hours:g}")


def _hours(activity: Activity, came: datetime, went: datetime) -> float:
    """From coming to going, within the hours of the activity, to a tenth."""
    span = min(went, activity.ends_at) - max(came, activity.starts_at)
    return round(max(span, timedelta()) / timedelta(hours=1), 1)


async def _remind(turn: Turn, timer: Timer) -> None:
    activity = await activities.get(turn.tx, timer.subject_id)
    if activity.state is not ActivityState.OPEN:
        return
    for part in await activities.parts(turn.tx, activity.id, (Seat.JOINED,)):
        rows = [[turn.button("activity.button_leave", "activity.leave", {"id": activity.id})]]
        await turn.tell(
            part.person_id,
            "activity.remind",
            rows=rows,
            number=activity.number,
            at=activity.starts_at,
            words=activity.words,
        )


async def _over(turn: Turn, timer: Timer) -> None:
    """It is over: whoever came and did not scan again was there until its end."""
    activity = await activities.get(turn.tx, timer.subject_id)
    if not await activities.end(turn.tx, activity, ActivityState.CLOSED, by=None, now=turn.now):
        return
    for part in await activities.parts(turn.tx, activity.id, (Seat.PRESENT,)):
        hours = _hours(activity, part.arrived_at or activity.starts_at, activity.ends_at)
        await activities.serve(turn.tx, activity, part, hours, turn.now, by=None)
        await turn.tell(part.person_id, "activity.served", hours=f"{hours:g}")


# -------------------------------------------------------------------- the desk


async def _own(turn: Turn, args: dict[str, Any]) -> Activity:
    activity = await activities.get(turn.tx, args["id"])
    await turn.check_may("run_activity", activity.queue)
    return activity


async def cancel(turn: Turn, args: dict[str, Any]) -> None:
    """It does not take place; everybody who wanted to come hears of it."""
    activity = await _own(turn, args)
    if not await activities.end(turn.tx, activity, ActivityState.CANCELLED, by=turn.me.id, now=turn.now):
        await turn.toast("activity.not_open", number=activity.number)
        return
    await timers.drop(turn.tx, "activity", activity.id)
    coming = await activities.parts(turn.tx, activity.id, (Seat.JOINED, Seat.WAITING, Seat.PRESENT))
    for part in coming:
        await turn.tell(part.person_id, "activity.cancelled", number=activity.number, words=activity.words)
    await turn.toast("activity.cancel_done", number=activity.number, count=len(coming))


async def sign(turn: Turn, args: dict[str, Any]) -> None:
    """A link to the sign, in private: whoever has the code can check in."""
    activity = await _own(turn, args)
    data = {"paper": "sign", "scene": f"v_{activity.code}", "title": activity.words}
    await turn.tell(turn.me.id, "activity.sign", link=await service.paper_link(turn, data))


async def show_people(turn: Turn, args: dict[str, Any]) -> None:
    """Who signed up, waits, came, and how long; names masked in a group."""
    activity = await _own(turn, args)
    found = await activities.parts(turn.tx, activity.id, (Seat.PRESENT, Seat.SERVED, Seat.JOINED, Seat.WAITING))
    if not found:
        await turn.toast("activity.no_people", number=activity.number)
        return
    lines: list[str] = []
    rows: list[list[Button]] = []
    for part in found[:_NAMES]:
        who = await names.resident(turn, part.person_id)
        state = turn.text(f"activity.seat_{part.state.value}", hours=f"{part.hours or 0:g}")
        lines.append(turn.text("activity.people_line", who=who, state=state))
        if part.state is Seat.SERVED and len(rows) < _PAGE:
            more = {"id": activity.id, "person": part.person_id}
            rows.append([turn.button("activity.undo_button", "activity.undo", more, who=who)])
    await turn.say("activity.people", rows=rows, number=activity.number, lines="\n".join(lines))


async def undo(turn: Turn, args: dict[str, Any]) -> None:
    """Somebody was not there after all: hours and points are taken back by entries of their own."""
    activity = await _own(turn, args)
    part: Part | None = await activities.find_part(turn.tx, activity.id, args["person"])
    if part is None or not await activities.unserve(turn.tx, activity, part, turn.now, by=turn.me.id):
        await turn.toast("common.press_gone")
        return
    await points.catch_up(turn.tx, turn.city.points, turn.city.manners.tz)
    await turn.tell(part.person_id, "activity.undone_told", number=activity.number)
    await turn.toast("activity.undone")


PRESSES = {
    "activity.join": join,
    "activity.leave": leave,
    "activity.open": show,
    "activity.cancel": cancel,
    "activity.sign": sign,
    "activity.people": show_people,
    "activity.undo": undo,
}
SCENES = {"v": scan}
TIMERS = {"activity.remind": _remind, "activity.over": _over}
COMMANDS = [
    (re.compile(r"活动|最近(?:有什么)?活动|有什么活动|看活动"), listed),
    (re.compile(r"活动\s*#?(?P<number>\d{4,9})"), typed),
    (re.compile(r"(?:发起|发布)活动[\s,，:：]*(?P<words>.{0,200})"), announce),
]
