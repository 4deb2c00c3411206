"""督办, and who hears of an overrun: the queue and its desk at once, then one level after another (`workflow.escalation`).

Each level hears once of one overrun; when nobody can be told, that is written down and the level above hears at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from handlers import cards, names
from handlers.turn import Rows, Turn
from storage import events, people, requests, roles, timers
from storage.requests import Request
from workflow import clock, escalation
from workflow.escalation import HEAD
from workflow.queues import QueueKind, parse_queue
from workflow.rights import Grant, Role


class Overrun(NamedTuple):
    """A clock that is (or will be) past due: `respond`, `resolve`, or a `stage` with its place in the list."""

    which: str
    due_at: datetime
    stage: int | None = None

    def data(self) -> dict[str, Any]:
        """What tells this clock from the others of the record, in an event and a timer."""
        return {"clock": self.which, **({} if self.stage is None else {"stage": self.stage})}


def polite(turn: Turn, at: datetime, *, urgent: bool) -> datetime:
    """The moment, or the end of the quiet hours in which it falls; urgent matters are never moved."""
    manners = turn.city.manners
    return clock.quiet_shift(at, str(manners.tz), urgent, (manners.quiet_from, manners.quiet_until))


# -------------------------------------------------------------------- the overrun


async def overdue(turn: Turn, request: Request, overrun: Overrun) -> None:
    """督办: the mark on the record and its card, a word to the claimer and the queue, and to the first level above."""
    known = await values(turn, request, overrun)
    if not request.supervised:
        request = await requests.change(turn.tx, request.id, supervised=True)
    rung = escalation.next_rung(request.queue, turn.city.org, ())
    data = {**overrun.data(), "queue": request.queue, "rung": rung, "set": requests.facts(request, "supervised")}
    await events.add(turn.tx, "request", request.id, "request.supervised", turn.now, data=data)
    await cards.refresh(turn, request)
    if request.claimer_id is not None:
        await turn.tell(request.claimer_id, f"clock.{overrun.which}_overdue", **known)
    await turn.tell_queue(request.queue, f"clock.{overrun.which}_overdue", **known)
    rows = _rows(turn, request)
    if rung is None or not await tell_rung(turn, rung, f"clock.{overrun.which}_overdue", known, rows):
        await _unheard(turn, request, rung or "")
        await tell_next(turn, request, overrun)
        return
    await go_on(turn, request, overrun)


async def tell_next(turn: Turn, request: Request, overrun: Overrun) -> None:
    """The nearest level that has not heard of this overrun; with nobody there, the one above it at once."""
    known = await values(turn, request, overrun)
    while True:
        rung = escalation.next_rung(request.queue, turn.city.org, await told(turn, request, overrun))
        if rung is None:
            return
        told_now = {**known, "since": turn.now - overrun.due_at}
        heard = await tell_rung(turn, rung, f"clock.{overrun.which}_climbed", told_now, _rows(turn, request))
        data = {**overrun.data(), "queue": request.queue, "rung": rung}
        await events.add(turn.tx, "request", request.id, "request.escalated", turn.now, data=data)
        if heard:
            break
        await _unheard(turn, request, rung)
    await go_on(turn, request, overrun)


async def go_on(turn: Turn, request: Request, overrun: Overrun) -> None:
    """The level above the last one hears after a while, when it is still not done."""
    if escalation.next_rung(request.queue, turn.city.org, await told(turn, request, overrun)) is None:
        return
    at = escalation.next_at(
        await _last_told(turn, request, overrun) or turn.now,
        responds=overrun.which == "respond",
        urgent=request.urgent,
        calendar=turn.city.calendar_of(request.queue),
    )
    at = polite(turn, max(at, turn.now), urgent=request.urgent)
    await timers.put(turn.tx, at, "clock.climb", "request", request.id, overrun.data())


def _rows(turn: Turn, request: Request) -> Rows:
    """What somebody above can do about it at once: look, and everything else the record allows them."""
    number, args = request.number, {"id": request.id}
    detail = turn.button(
        "card.button_detail", "claim.detail", args, typed=turn.text("card.typed_detail", number=number)
    )
    more = turn.button("waiting.button_more", "more.show", args, typed=turn.text("waiting.typed_more", number=number))
    return [[detail, more]]


async def _unheard(turn: Turn, request: Request, rung: str) -> None:
    """An empty list of recipients is itself an alarm: the ledger keeps it, and the street's brief counts it."""
    await events.add(turn.tx, "request", request.id, "request.unheard", turn.now, data={"rung": rung})


# -------------------------------------------------------------------- who has heard


async def _tellings(turn: Turn, request: Request, overrun: Overrun) -> list[events.Event]:
    """The events that told this overrun. A due time that was moved ahead has been told to nobody."""
    wanted = overrun.data()
    history = await events.history(turn.tx, "request", request.id)
    return [
        e
        for e in history
        if e.name in ("request.supervised", "request.escalated")
        and e.at >= overrun.due_at
        and all(e.data.get(k) == v for k, v in wanted.items())
    ]


async def told(turn: Turn, request: Request, overrun: Overrun) -> set[str]:
    """The levels that have heard of this overrun; `""` stands for the queue itself before the levels had names."""
    return {e.data.get("rung") or "" for e in await _tellings(turn, request, overrun)}


async def _last_told(turn: Turn, request: Request, overrun: Overrun) -> datetime | None:
    found = await _tellings(turn, request, overrun)
    return found[-1].at if found else None


# -------------------------------------------------------------------- telling a level


async def tell_rung(turn: Turn, rung: str, key: str, known: dict[str, Any], rows: Rows = ()) -> bool:
    """Says it to a level: a desk's groups, and its people in private when it has none; a head in person.

    False when nobody is there who could hear it.
    """
    if rung.partition(":")[0] == HEAD:
        return await _tell_people(turn, await heads(turn, rung), key, known, rows)
    rooms = [r for r in await people.rooms_of(turn.tx, [rung]) if r.reachable]
    for room in rooms:
        await turn.send(room, turn.text(key, **known), rows=rows)
    if any(not turn.city.channels[r.channel].keeps for r in rooms):
        return True
    return await _tell_people(turn, await servants(turn, rung), key, known, rows)


async def _tell_people(turn: Turn, person_ids: list[int], key: str, known: dict[str, Any], rows: Rows) -> bool:
    heard = [await turn.tell(person_id, key, rows=rows, **known) for person_id in person_ids]
    return any(heard)


async def heads(turn: Turn, rung: str) -> list[int]:
    """The heads of a department; the street's leaders when it has none, or for `head` alone."""
    department = rung.partition(":")[2]
    found = await roles.holders(turn.tx, [Grant(Role.DEPT_HEAD, department)]) if department else []
    street = turn.city.org.street_id
    return found or await roles.holders(turn.tx, [Grant(Role.STREET, street), Grant(Role.ADMIN, street)])


async def servants(turn: Turn, queue: str) -> list[int]:
    """Whose everyday work a queue is."""
    target = parse_queue(queue)
    if target.kind is QueueKind.GRID:
        wanted = [Grant(Role.GRID_WORKER, target.id), Grant(Role.GRID_CHIEF, target.id)]
    elif target.kind is QueueKind.DEPT:
        wanted = [Grant(Role.DEPT_STAFF, target.id), Grant(Role.DEPT_HEAD, target.id)]
    elif target.id:
        wanted = [Grant(Role.DESK, target.id)]
    else:
        wanted = [Grant(Role.STREET, turn.city.org.street_id), Grant(Role.ADMIN, turn.city.org.street_id)]
    return await roles.holders(turn.tx, wanted)


async def values(turn: Turn, request: Request, overrun: Overrun) -> dict[str, Any]:
    """What the sentences about a clock are filled with."""
    item = turn.city.taxonomy.find_item(request.item) if request.item else None
    stage = item.stages[overrun.stage].name if item and overrun.stage is not None else ""
    return {
        "number": request.number,
        "item": turn.city.item_name(request.item) or turn.text("card.unknown_kind"),
        "place": request.place_text,
        "due": overrun.due_at,
        "stage": stage,
        "worker": await names.worker(turn, request.claimer_id),
        "queue": turn.city.org.name_of(request.queue),
    }
