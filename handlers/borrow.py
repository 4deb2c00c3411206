"""Borrowing and giving back, mostly by scanning the code at the place; reminders before and after the time is up.

Nobody is scolded: things are forgotten. What the keeper does with loans is here too; damage is `damage.py`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from handlers import names
from handlers.messages import Button
from handlers.turn import Turn
from storage import loans, stations, timers
from storage.loans import Loan, LoanState, Refused
from storage.stations import Station, Thing
from storage.timers import Timer
from workflow.lending import AT_THE_PLACE, LATE, MOST_IN_HAND, next_late, remind_before

_PAGE = 8
_SOON, _LATE = "loan.soon", "loan.late"


def _is_there(turn: Turn, args: dict[str, Any]) -> bool:
    """Whether the code at the place was scanned not long ago."""
    return turn.now - datetime.fromtimestamp(int(args.get("at", 0)), UTC) <= AT_THE_PLACE


# -------------------------------------------------------------------- taking


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """One is theirs until it is due."""
    if not _is_there(turn, args):
        await turn.toast("borrow.scan_again")
        return
    thing = await stations.get_thing(turn.tx, args["id"])
    try:
        loan = await loans.borrow(turn.tx, thing, turn.me.id, turn.now)
    except Refused as refused:
        rows = [[_wait_button(turn, thing)]] if refused.why == "out" else []
        await turn.say(f"borrow.refused_{refused.why}", rows=rows, name=thing.name, most=MOST_IN_HAND)
        return
    await _arm(turn, loan)
    station = await stations.get(turn.tx, thing.station_id)
    rows = [[turn.button("damage.button", "damage.begin", {"thing": thing.id, "loan": loan.id})]]
    await turn.say("borrow.taken", rows=rows, name=thing.name, due=loan.due_at, station=station.name)


def _wait_button(turn: Turn, thing: Thing) -> Button:
    return turn.button("borrow.button_wait", "borrow.wait", {"id": thing.id}, name=thing.name)


async def _arm(turn: Turn, loan: Loan) -> None:
    """Sets the reminders of a loan, outside the quiet hours."""
    await timers.drop(turn.tx, "loan", loan.id)
    before = remind_before(loan.taken_at, loan.due_at)
    if before is not None and before > turn.now:
        await timers.put(turn.tx, turn.city.manners.by_day(before), _SOON, "loan", loan.id)
    await _arm_late(turn, loan)


async def _arm_late(turn: Turn, loan: Loan) -> None:
    following = next_late(loan.due_at, turn.now)
    if following is not None:
        step, at = following
        await timers.put(turn.tx, turn.city.manners.by_day(at), _LATE, "loan", loan.id, {"step": step})


async def wait(turn: Turn, args: dict[str, Any]) -> None:
    """Wants to hear when one is there again."""
    thing = await stations.get_thing(turn.tx, args["id"])
    if thing.free:
        await turn.toast("borrow.there_now", name=thing.name)
        return
    await loans.wait(turn.tx, thing, turn.me.id, turn.now)
    await turn.toast("borrow.waits", name=thing.name)


async def call_next(turn: Turn, thing_id: int) -> None:
    """Who waits longest hears that one is there; the next one with the next."""
    thing = await stations.get_thing(turn.tx, thing_id)
    while thing.free and thing.open:
        person_id = await loans.first_waiting(turn.tx, thing.id)
        if person_id is None:
            return
        await loans.called(turn.tx, thing.id, person_id)
        station = await stations.get(turn.tx, thing.station_id)
        if await turn.tell(
            person_id, "borrow.there_again", name=thing.name, station=station.name, place=station.place_text
        ):
            return


# -------------------------------------------------------------------- giving back


async def back(turn: Turn, args: dict[str, Any]) -> None:
    """At the place: it is there again."""
    loan = await loans.get(turn.tx, args["id"])
    if loan.person_id != turn.me.id:
        await turn.toast("common.press_not_yours")
    elif not _is_there(turn, args):
        await turn.toast("borrow.scan_again")
    elif await _end(turn, loan):
        thing = await stations.get_thing(turn.tx, loan.thing_id)
        rows = [[turn.button("damage.button_back", "damage.begin", {"thing": thing.id, "loan": loan.id})]]
        await turn.say("borrow.back", rows=rows, name=thing.name)
    else:
        await turn.toast("borrow.ended")


async def _end(turn: Turn, loan: Loan) -> bool:
    """Gives it back and lets whoever waits know. False when it had ended."""
    if not await loans.give_back(turn.tx, loan, by=turn.me.id, now=turn.now):
        return False
    await timers.drop(turn.tx, "loan", loan.id)
    await call_next(turn, loan.thing_id)
    return True


async def _own(turn: Turn, args: dict[str, Any]) -> tuple[Loan, Thing, Station] | None:
    """A loan of the acting person that has not ended; else they were told."""
    loan = await loans.get(turn.tx, args["id"])
    if loan.person_id != turn.me.id:
        await turn.toast("common.press_not_yours")
        return None
    if loan.state is not LoanState.OUT:
        await turn.toast("borrow.ended")
        return None
    return loan, await stations.get_thing(turn.tx, loan.thing_id), await stations.get(turn.tx, loan.station_id)


async def extend(turn: Turn, args: dict[str, Any]) -> None:
    """The same time once more, unless somebody waits."""
    found = await _own(turn, args)
    if found is None:
        return
    loan, thing, _ = found
    longer = await loans.extend(turn.tx, loan, thing, turn.now)
    if longer is None:
        await turn.toast("borrow.not_longer", name=thing.name)
        return
    await _arm(turn, longer)
    await turn.toast("borrow.longer", name=thing.name, due=longer.due_at)


async def put_back(turn: Turn, args: dict[str, Any]) -> None:
    """It was put back without a scan: the keeper looks."""
    found = await _own(turn, args)
    if found is None:
        return
    loan, thing, station = found
    await turn.tell_queue(
        station.queue,
        "borrow.put_back_card",
        rows=_keeper_buttons(turn, loan),
        slot=f"loan:{loan.id}",
        who=await names.resident(turn, loan.person_id),
        name=thing.name,
        station=station.name,
    )
    await turn.toast("borrow.put_back", name=thing.name)


async def lost(turn: Turn, args: dict[str, Any]) -> None:
    """It will not come back: no blame, one less of it, and the keeper knows."""
    found = await _own(turn, args)
    if found is None:
        return
    loan, thing, station = found
    if await loans.lose(turn.tx, loan, by=turn.me.id, now=turn.now):
        await timers.drop(turn.tx, "loan", loan.id)
        await turn.tell_queue(station.queue, "borrow.lost_told", name=thing.name, station=station.name)
    await turn.toast("borrow.lost", name=thing.name)


async def mine(turn: Turn, _: re.Match[str] | None = None) -> None:
    """我的借用: what I have, and until when."""
    if turn.here.is_group:
        await turn.toast("staff.private_only")
        return
    lines, rows = [], []
    for loan in await loans.of_person(turn.tx, turn.me.id):
        thing, station = await stations.get_thing(turn.tx, loan.thing_id), await stations.get(turn.tx, loan.station_id)
        lines.append(turn.text("borrow.mine_line", name=thing.name, due=loan.due_at, station=station.name))
        rows += _own_rows(turn, loan, thing)
    if not lines:
        await turn.say("borrow.mine_none", rows=[[turn.button("station.button_all", "station.list")]])
        return
    await turn.say("borrow.mine", rows=rows, lines="\n".join(lines))


def _own_rows(turn: Turn, loan: Loan, thing: Thing) -> list[list[Button]]:
    args = {"id": loan.id}
    return [
        [
            turn.button("borrow.button_longer", "borrow.extend", args, name=thing.name),
            turn.button("borrow.button_put_back", "borrow.put_back", args, name=thing.name),
        ],
        [turn.button("borrow.button_lost", "borrow.lost", args, name=thing.name)],
    ]


# -------------------------------------------------------------------- reminders


async def _soon(turn: Turn, timer: Timer) -> None:
    loan = await loans.get(turn.tx, timer.subject_id)
    if loan.state is LoanState.OUT and turn.now < loan.due_at:
        await _remind(turn, loan, "borrow.soon")


async def _late(turn: Turn, timer: Timer) -> None:
    """The time is up and it is not back: a friendly word, and after a week the keeper hears of it too."""
    loan = await loans.get(turn.tx, timer.subject_id)
    if loan.state is not LoanState.OUT or turn.now < loan.due_at:
        return
    step = int(timer.data["step"])
    await _remind(turn, loan, "borrow.late" if step else "borrow.due")
    if step == len(LATE) - 1:
        await tell_keeper(turn, loan)
    await _arm_late(turn, loan)


async def _remind(turn: Turn, loan: Loan, key: str, *, by: int | None = None) -> bool:
    thing, station = await stations.get_thing(turn.tx, loan.thing_id), await stations.get(turn.tx, loan.station_id)
    await loans.note_reminded(turn.tx, loan, by=by, now=turn.now)
    rows = _own_rows(turn, loan, thing)
    return await turn.tell(
        loan.person_id, key, rows=rows, name=thing.name, due=loan.due_at, station=station.name, hours=station.hours
    )


# -------------------------------------------------------------------- the keeper


async def tell_keeper(turn: Turn, loan: Loan) -> None:
    """The card of a loan in the keeper's room."""
    thing, station = await stations.get_thing(turn.tx, loan.thing_id), await stations.get(turn.tx, loan.station_id)
    await turn.tell_queue(
        station.queue,
        "borrow.late_card",
        rows=_keeper_buttons(turn, loan),
        slot=f"loan:{loan.id}",
        who=await names.resident(turn, loan.person_id),
        name=thing.name,
        station=station.name,
        due=loan.due_at,
    )


def _keeper_buttons(turn: Turn, loan: Loan) -> list[list[Button]]:
    args = {"id": loan.id}
    return [
        [turn.button("borrow.keeper_back", "borrow.keeper", args | {"what": "back"})],
        [
            turn.button("borrow.keeper_remind", "borrow.keeper", args | {"what": "remind"}),
            turn.button("borrow.keeper_lost", "borrow.keeper", args | {"what": "lost"}),
        ],
    ]


async def keeper(turn: Turn, args: dict[str, Any]) -> None:
    """The keeper has it back, asks for it, or gives it up."""
    loan = await loans.get(turn.tx, args["id"])
    station, thing = await stations.get(turn.tx, loan.station_id), await stations.get_thing(turn.tx, loan.thing_id)
    await turn.check_may("keep_station", station.queue)
    if loan.state is not LoanState.OUT:
        await turn.toast("borrow.ended")
    elif args["what"] == "remind":
        told = await _remind(turn, loan, "borrow.asked", by=turn.me.id)
        await turn.toast("borrow.keeper_reminded" if told else "borrow.keeper_unreached")
    elif args["what"] == "back":
        await _end(turn, loan)
        await turn.tell(loan.person_id, "borrow.back_told", name=thing.name)
        await _settled(turn, loan, "borrow.keeper_done", thing, station)
    else:
        await loans.lose(turn.tx, loan, by=turn.me.id, now=turn.now)
        await timers.drop(turn.tx, "loan", loan.id)
        await turn.tell(loan.person_id, "borrow.lost", name=thing.name)
        await _settled(turn, loan, "borrow.keeper_gone", thing, station)


async def _settled(turn: Turn, loan: Loan, key: str, thing: Thing, station: Station) -> None:
    """The card in the room says how it ended, in place."""
    await turn.tell_queue(station.queue, key, slot=f"loan:{loan.id}", name=thing.name, station=station.name)
    await turn.toast("borrow.keeper_noted")


async def out(turn: Turn, args: dict[str, Any]) -> None:
    """看借出: who has what of a station, names masked, with the keeper's buttons for each."""
    station = await stations.get(turn.tx, args["id"])
    await turn.check_may("keep_station", station.queue)
    lines, rows = [], []
    for loan in (await loans.of_station(turn.tx, station.id))[:_PAGE]:
        thing, who = await stations.get_thing(turn.tx, loan.thing_id), await names.resident(turn, loan.person_id)
        lines.append(turn.text("borrow.out_line", name=thing.name, who=who, due=loan.due_at))
        more = {"id": loan.id}
        rows.append(
            [
                turn.button("borrow.out_back", "borrow.keeper", more | {"what": "back"}, name=thing.name),
                turn.button("borrow.out_remind", "borrow.keeper", more | {"what": "remind"}, name=thing.name),
            ]
        )
    if not lines:
        await turn.toast("borrow.out_none", station=station.name)
        return
    await turn.say("borrow.out", rows=rows, station=station.name, lines="\n".join(lines))


PRESSES = {
    "borrow.take": take,
    "borrow.wait": wait,
    "borrow.back": back,
    "borrow.extend": extend,
    "borrow.put_back": put_back,
    "borrow.lost": lost,
    "borrow.keeper": keeper,
    "borrow.out": out,
}
TIMERS = {_SOON: _soon, _LATE: _late}
COMMANDS = [(re.compile(r"我(?:的借用|的借还|借的东西|借了什么|借了啥)|还东西"), mine)]
