"""吹哨报到、一哨联办: the acts. A desk calls departments to one record; each answers, arrives, reports; the lead resolves.

Acts raise `Denied`. What the departments see and press is `whistle_chat.py`; kinds and limits are `workflow.whistle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from handlers import cards, climbing, clocks, merging, records, standing, whistle_card
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import attachments, events, petitions, requests, timers, whistles
from storage.requests import Lost, Request
from storage.timers import Timer
from storage.whistles import Part, Whistle
from workflow import whistle as rules
from workflow.queues import QueueKind, dept_queue, parse_queue
from workflow.states import OPEN, Forbidden, State
from workflow.whistle import MOST_PARTS, Kind, Proof, Reason


class Place(NamedTuple):
    """Where somebody was when they checked in."""

    lat: float
    lon: float


# -------------------------------------------------------------------- blowing


async def suggestions(turn: Turn, request: Request) -> list[Reason]:
    """Departments that might be called, best first, each with its reason."""
    item = turn.city.taxonomy.find_item(request.item) if request.item else None
    past = await whistles.past_departments(turn.tx, request.item) if request.item else {}
    counted = {parse_queue(q).id: n for q, n in past.items() if turn.city.org.has_queue(q)}
    own = item.queue if item and item.queue != "grid" else ""
    return rules.suggest(own, item.helpers if item else (), counted)


async def blow(
    turn: Turn,
    request: Request,
    *,
    kind: Kind,
    lead: str,
    helpers: Sequence[str] = (),
    proof: Proof = Proof.NONE,
    minutes: int | None = None,
    words: str = "",
    others: Sequence[Request] = (),
) -> Whistle:
    """Calls the departments (by id); `others` are merged into the record first. `minutes` is the limit to check in.

    Whoever decides in the record's queue may. The lead's queue holds the record from now on. Raises `Denied`.
    """
    await standing.demand(turn, "whistle", request)
    queues = [dept_queue(d) for d in dict.fromkeys([lead, *helpers])]
    if any(not turn.city.org.has_queue(q) for q in queues):
        raise Denied("whistle.no_department")
    if len(queues) > MOST_PARTS:
        raise Denied("whistle.too_many", count=MOST_PARTS)
    for other in others:
        await merging.merge(turn, other, request)
    former, caller = request.queue, caller_of(turn, request)
    due = {q: rules.check_in_due(turn.now, kind, turn.city.calendar_of(q), minutes) for q in queues}
    request = await clocks.settle(turn, request)
    moved = await _to_joint(turn, request, queues, kind)
    said = mask(words.strip())[:300]
    whistle = await whistles.add(
        turn.tx,
        request.id,
        kind=kind,
        proof=proof,
        caller=caller,
        former=former,
        words=said,
        blown_by=turn.me.id,
        now=turn.now,
        due=due,
        lead=queues[0],
    )
    await _arm(turn, moved, whistle)
    await petitions.moved_on(turn.tx, moved.id, turn.now, by=turn.me.id)
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    await whistle_card.draw(turn, whistle)
    units = turn.text("whistle.list_mark").join(turn.city.org.name_of(q) for q in queues)
    await records.tell_reporter(turn, moved, "whistle.blown_told", units=units, due=moved.resolve_due_at)
    if request.claimer_id is not None and request.claimer_id != turn.me.id:
        await turn.tell(request.claimer_id, "whistle.blown_claimer", units=units, **standing.named(turn, moved))
    return whistle


def caller_of(turn: Turn, request: Request) -> str:
    """The desk that blows a whistle for a record: the one that has it, else the one above."""
    if parse_queue(request.queue).kind is QueueKind.DESK:
        return request.queue
    return turn.city.org.desk_of(request.queue)


async def _to_joint(turn: Turn, request: Request, queues: list[str], kind: Kind) -> Request:
    due = await clocks.due_again(turn, request, queue=queues[0])
    try:
        return await requests.move(
            turn.tx,
            request,
            "request.whistled",
            turn.now,
            actor_id=turn.me.id,
            data={"queue": queues[0], "before": request.queue, "kind": kind.value, "helpers": queues[1:]},
            queue=queues[0],
            claimer_id=None,
            claimed_at=None,
            respond_due_at=due.respond_due_at,
            resolve_due_at=due.resolve_due_at,
        )
    except (Forbidden, Lost):
        now = await requests.get(turn.tx, request.id)
        raise Denied("common.moved_on", number=now.number, state=turn.text(f"state.{now.state.value}")) from None


async def _arm(turn: Turn, request: Request, whistle: Whistle) -> None:
    urgent = request.urgent or whistle.kind is Kind.EMERGENCY
    for part in await whistles.parts_of(turn.tx, whistle.id):
        at = climbing.polite(turn, part.due_at, urgent=urgent)
        await timers.put(turn.tx, at, "whistle.late", "whistle", whistle.id, {"part": part.id})


# -------------------------------------------------------------------- a department's part


async def open_part(turn: Turn, part: Part, act: str = "check_in") -> tuple[Whistle, Request]:
    """The whistle and record of a part, while the acting person may still do something in it. Raises `Denied`."""
    whistle = await whistles.get(turn.tx, part.whistle_id)
    request = await requests.get(turn.tx, whistle.request_id)
    await standing.demand(turn, act, request, queue=part.queue)
    if not whistle.is_open:
        raise Denied("whistle.over", number=request.number)
    return whistle, request


async def answer(turn: Turn, part: Part) -> None:
    """接哨: the department has heard it, and somebody is coming. Raises `Denied`."""
    whistle, request = await open_part(turn, part)
    if not await whistles.answer(turn.tx, part.id, turn.me.id, turn.now):
        raise Denied("whistle.answered_already", number=request.number)
    if request.responded_at is None:  # the first sign of a person ends the response clock
        request = await requests.change(turn.tx, request.id, responded_at=turn.now)
    await _write(turn, request, "request.part_answered", part, more={"set": requests.facts(request, "responded_at")})
    await whistle_card.draw(turn, whistle)


async def check_in(turn: Turn, part: Part, *, files: Sequence[int] = (), place: Place | None = None) -> Request:
    """报到, with a photo or place when the caller asked for it. The lead's first person has the record. Raises `Denied`."""
    whistle, request = await open_part(turn, part)
    if whistle.proof is Proof.PLACE and place is None:
        raise Denied("whistle.need_place", number=request.number)
    if whistle.proof is Proof.PHOTO and not files:
        raise Denied("whistle.need_photo", number=request.number)
    if not await whistles.arrive(turn.tx, part.id, turn.me.id, turn.now):
        raise Denied("whistle.here_already", number=request.number)
    await whistles.answer(turn.tx, part.id, turn.me.id, turn.now)
    await attachments.attach(turn.tx, files, "whistle", part.id)
    at = {"place": [round(place.lat, 5), round(place.lon, 5)]} if place else {}
    lead: dict[str, Any] = {}
    if part.lead:
        lead = {"claimer_id": turn.me.id, "claimed_at": turn.now}
        lead |= {"contact_queue": part.queue, "contact_id": turn.me.id}
    moved = await requests.move(
        turn.tx,
        request,
        "request.checked_in",
        turn.now,
        actor_id=turn.me.id,
        data={"queue": part.queue, "late": turn.now > part.due_at, **at},
        responded_at=request.responded_at or turn.now,
        **lead,
    )
    await cards.refresh(turn, moved)
    await whistle_card.draw(turn, whistle)
    unit = turn.city.org.name_of(part.queue)
    if part.lead:
        await records.tell_reporter(turn, moved, "whistle.here_told", unit=unit, due=moved.resolve_due_at)
    return moved


async def report(turn: Turn, part: Part, words: str) -> None:
    """The department's own result; the lead hears it, and when it was the last one that everything is there."""
    whistle, request = await open_part(turn, part)
    if not words.strip():
        raise Denied("whistle.need_words", number=request.number)
    if part.lead:
        raise Denied("whistle.lead_result", number=request.number)
    if part.arrived_at is None:
        raise Denied("whistle.check_in_first", number=request.number)
    said = mask(words.strip())[:500]
    if not await whistles.report(turn.tx, part.id, turn.me.id, said, turn.now):
        raise Denied("whistle.done_already", number=request.number)
    await _write(turn, request, "request.part_reported", part, words=said)
    await _tell_lead(turn, request, part, said)
    await whistle_card.draw(turn, whistle)


async def _tell_lead(turn: Turn, request: Request, part: Part, said: str) -> None:
    values = {"unit": turn.city.org.name_of(part.queue), "words": said, **standing.named(turn, request)}
    left = await missing(turn, request)
    key = "whistle.reported_told" if left else "whistle.all_reported"
    if request.claimer_id is None or not await turn.tell(request.claimer_id, key, **values):
        await turn.tell_queue(request.queue, key, **values)


async def missing(turn: Turn, request: Request) -> list[str]:
    """The helping departments that still owe their result; the lead's own is the result of the whole."""
    if request.state is not State.JOINT:
        return []
    whistle = await whistles.find_latest(turn.tx, request.id)
    if whistle is None or not whistle.is_open:
        return []
    return [p.queue for p in await whistles.parts_of(turn.tx, whistle.id) if not p.lead and not p.is_settled]


async def _write(
    turn: Turn, request: Request, event: str, part: Part, *, words: str = "", more: dict[str, Any] | None = None
) -> None:
    data = {"queue": part.queue, "lead": part.lead, **(more or {})}
    await events.add(turn.tx, "request", request.id, event, turn.now, actor_id=turn.me.id, data=data, words=words)


# -------------------------------------------------------------------- the caller's side


async def waive(turn: Turn, part: Part) -> None:
    """The caller does without this department's result; never without the lead's. Raises `Denied`."""
    whistle, request = await _called(turn, part.whistle_id)
    if part.lead or not await whistles.waive(turn.tx, part.id):
        raise Denied("whistle.cannot_waive", number=request.number)
    await _write(turn, request, "request.part_waived", part)
    await whistle_card.draw(turn, whistle)


async def call_off(turn: Turn, whistle: Whistle, words: str = "") -> Request:
    """The whistle is not needed any more: the queue that had the record has it again. Raises `Denied`."""
    whistle, request = await _called(turn, whistle.id)
    due = await clocks.due_again(turn, request, queue=whistle.former)
    await whistles.end(turn.tx, whistle.id, "called_off", turn.now)
    await timers.drop(turn.tx, "whistle", whistle.id)
    moved = await requests.move(
        turn.tx,
        request,
        "request.called_off",
        turn.now,
        actor_id=turn.me.id,
        data={"queue": whistle.former},
        words=mask(words.strip())[:200],
        queue=whistle.former,
        claimer_id=None,
        claimed_at=None,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
    )
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    await whistle_card.draw(turn, await whistles.get(turn.tx, whistle.id))
    queue = turn.city.org.name_of(moved.queue)
    await records.tell_reporter(turn, moved, "records.moved", queue=queue, due=moved.resolve_due_at)
    return moved


async def _called(turn: Turn, whistle_id: int) -> tuple[Whistle, Request]:
    whistle = await whistles.get(turn.tx, whistle_id)
    request = await requests.get(turn.tx, whistle.request_id)
    await standing.demand(turn, "whistle", request, queue=whistle.caller)
    if not whistle.is_open or request.state is not State.JOINT:
        raise Denied("whistle.over", number=request.number)
    return whistle, request


async def assess(turn: Turn, whistle: Whistle, queue: str, *, of_caller: bool, stars: int, words: str = "") -> None:
    """One side on the other, 1 to 5, once each: the caller on a department, a department on the caller.

    Raises `Denied`, ValueError for other stars.
    """
    if not 1 <= stars <= 5:
        raise ValueError(f"1 to 5 stars: {stars}")
    request = await requests.get(turn.tx, whistle.request_id)
    act, side = ("answer", queue) if of_caller else ("whistle", whistle.caller)
    await standing.demand(turn, act, request, queue=side)
    if whistle.outcome != "resolved" or queue not in {p.queue for p in await whistles.parts_of(turn.tx, whistle.id)}:
        raise Denied("whistle.not_over", number=request.number)
    kept = await whistles.assess(
        turn.tx,
        whistle.id,
        queue,
        of_caller=of_caller,
        person_id=turn.me.id,
        stars=stars,
        words=mask(words.strip())[:200],
        now=turn.now,
    )
    if not kept:
        raise Denied("whistle.assessed_already", number=request.number)
    data = {"queue": queue, "of_caller": of_caller, "stars": stars}
    await events.add(turn.tx, "request", request.id, "request.assessed", turn.now, actor_id=turn.me.id, data=data)


# -------------------------------------------------------------------- the end and the clock


async def over(turn: Turn, request: Request, words: str) -> None:
    """The lead has resolved the whole: its part has this result, both sides are asked to assess each other."""
    whistle = await whistles.find_latest(turn.tx, request.id)
    if whistle is None or not await whistles.end(turn.tx, whistle.id, "resolved", turn.now):
        return
    await timers.drop(turn.tx, "whistle", whistle.id)
    for part in await whistles.parts_of(turn.tx, whistle.id):
        if part.lead:
            await whistles.report(turn.tx, part.id, turn.me.id, mask(words)[:500], turn.now)
    whistle = await whistles.get(turn.tx, whistle.id)
    await whistle_card.draw(turn, whistle)
    await whistle_card.ask_to_assess(turn, whistle, request)


async def _late(turn: Turn, timer: Timer) -> None:
    """Not there in time: shown on every card, told to the caller, the street and the head of the department."""
    part = await whistles.get_part(turn.tx, timer.data["part"])
    whistle = await whistles.get(turn.tx, part.whistle_id)
    request = await requests.get(turn.tx, whistle.request_id)
    if (
        not whistle.is_open
        or request.state not in OPEN
        or part.waived
        or not await whistles.mark_late(turn.tx, part.id)
    ):
        return
    data = {"queue": part.queue, "lead": part.lead}
    await events.add(turn.tx, "request", request.id, "request.part_late", turn.now, data=data)
    await whistle_card.draw(turn, whistle)
    known = {
        "unit": turn.city.org.name_of(part.queue),
        "due": part.due_at,
        "answered": turn.text("whistle.late_answered") if part.answered_at else "",
        **standing.named(turn, request),
    }
    await turn.tell_queue(part.queue, "whistle.late_unit", **known)
    for rung in dict.fromkeys([whistle.caller, "desk", f"head:{parse_queue(part.queue).id}"]):
        if not await climbing.tell_rung(turn, rung, "whistle.late_told", known):
            await events.add(turn.tx, "request", request.id, "request.unheard", turn.now, data={"rung": rung})


def times(part: Part, whistle: Whistle) -> dict[str, Any]:
    """Response, arrival and completion of a part since the whistle, as spans; None while they have not happened."""

    def since(at: datetime | None) -> Any:
        return None if at is None else at - whistle.blown_at

    return {"answered": since(part.answered_at), "arrived": since(part.arrived_at), "done": since(part.done_at)}


TIMERS = {"whistle.late": _late}
