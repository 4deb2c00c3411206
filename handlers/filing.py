"""Filing a record and moving it to another queue: due times, clocks, cards and what the reporter is told."""

from __future__ import annotations

from typing import Any

from handlers import alike, cards, clocks, crowd, names, records
from handlers import draft as drafts
from handlers.draft import Draft
from handlers.triage import Decision, decide, place_dict, restored
from handlers.turn import Turn
from nlp.mask import find_phone, mask
from nlp.reader import Findings
from storage import attachments, events, labels, people, petitions, requests, roles, supporters, timers
from storage.requests import Near, Original, Request
from workflow.clock import DueTimes
from workflow.queues import QueueKind, dept_queue, parse_queue
from workflow.rights import Grant, Role
from workflow.routing import route
from workflow.taxonomy import GRID

_RESCUED_BY = {"fire": "safety.fire.equipment", "gas": "safety.utility.gas"}
"""Of which kind the department is that comes for a danger: a burning canteen is not for the office of canteens alone."""


async def file(
    turn: Turn,
    draft: Draft,
    findings: Findings,
    *,
    urgent: bool = False,
    to_desk: bool = False,
    intent: str = "",
    near: Near | None = None,
) -> tuple[Request, bool]:
    """Files what was drafted. (record, False) when this draft was filed before: a double press changes nothing.

    `near` is what is open near it, where that has been looked for in this transaction.
    """
    place = drafts.place_of(draft, findings)
    made = decide(turn.city, findings, item=draft.item, place=place, strict=not urgent)
    queue = turn.city.org.desk_of(made.queue) if to_desk and not made.queue.startswith("desk") else made.queue
    due = clocks.due_times(turn, made.item, queue, urgent=urgent, start_at=turn.now)
    await _keep_phone(turn, draft.text)
    request, is_new = await requests.file(
        turn.tx,
        draft_id=draft.id,
        reporter_id=turn.me.id,
        chat_id=turn.here.id,
        queue=queue,
        intent=intent or made.intent,
        item=made.item,
        grid=made.grid,
        place=made.place,
        place_text=made.place_text,
        text=mask(draft.text),
        original=Original(draft.text, _exact_place(place.text, draft)),
        summary=mask(findings.summary)[:200],
        urgent=urgent,
        danger=findings.danger or "" if urgent else "",
        confidence=findings.confidence,
        received_at=turn.now,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
        now=turn.now,
    )
    if not is_new:
        return request, False
    await timers.drop_these(turn.tx, draft.timers)
    await attachments.attach(turn.tx, draft.media, "request", request.id)
    if findings.wants_person:
        await events.add(turn.tx, "request", request.id, "request.callback_wanted", turn.now, actor_id=turn.me.id)
    if place.grid:
        await people.set_last_place(turn.tx, turn.me.id, place_dict(place))
    await _keep_label(turn, draft, findings, request, made)
    await clocks.set_first(turn, request)
    for other in draft.apart:
        await supporters.tell_apart(turn.tx, request.id, other, turn.me.id, turn.now)
    await crowd.look_again_unless_alone(turn, request)
    found = await alike.look(turn, request, with_files=bool(draft.media), apart=draft.apart, near=near)
    await cards.refresh(turn, request, bare=not draft.media and found is None)
    await groups_told(turn, request)
    if found is not None:
        await alike.tell_desk(turn, request, *found)
    await crowd.watch(turn, request, is_new=True)
    return request, True


def _exact_place(text: str, draft: Draft) -> str:
    if not draft.geo:
        return text
    point = f"{draft.geo['label']} {draft.geo['lat']:.5f},{draft.geo['lon']:.5f}".strip()
    return f"{text} ({point})" if text else point


async def _keep_phone(turn: Turn, text: str) -> None:
    """A phone number in the text is the reporter's way to be reached; the first one is kept, sealed."""
    phone = find_phone(text)
    if phone and not turn.me.phone:
        await people.set_phone(turn.tx, turn.me.id, phone)


async def _keep_label(turn: Turn, draft: Draft, findings: Findings, request: Request, made: Decision) -> None:
    corrected = draft.item and draft.item != (findings.item or "")
    moved = draft.place and made.grid != (findings.place.grid or "")
    if corrected or moved:
        await labels.add(
            turn.tx,
            request_id=request.id,
            text=request.text,
            source="resident",
            person_id=turn.me.id,
            item_before=findings.item or "",
            item=made.item,
            grid_before=findings.place.grid or "",
            grid=made.grid,
            now=turn.now,
        )


def rescuers(turn: Turn, request: Request) -> list[str]:
    """The queue of whoever deals with this danger, whatever is burning or leaking, where it is not the record's own."""
    found = turn.city.taxonomy.find_item(_RESCUED_BY.get(request.danger, "")) if request.urgent else None
    queue = dept_queue(found.queue) if found is not None and found.queue != GRID else request.queue
    return [queue] if queue != request.queue else []


async def groups_told(turn: Turn, request: Request) -> None:
    """An urgent record is pushed to the queue, who deals with such dangers, the grid's group, chiefs and desk, each once."""
    if not request.urgent:
        return
    told = {request.queue}
    desk = turn.city.org.desk_of(f"grid:{request.grid}") if request.grid else "desk"
    wanted = [f"grid:{request.grid}"] if request.grid else []
    for queue in [*rescuers(turn, request), *wanted, desk]:
        if queue not in told:
            told.add(queue)
            await turn.tell_queue(queue, "danger.push", **await _push_values(turn, request))
    chiefs = await roles.holders(turn.tx, [Grant(Role.GRID_CHIEF, request.grid)]) if request.grid else []
    for person_id in chiefs:
        await turn.tell(person_id, "danger.push", **await _push_values(turn, request))


async def _push_values(turn: Turn, request: Request) -> dict[str, Any]:
    return {
        "number": request.number,
        "item": cards.kind_name(turn, request),
        "place": request.place_text or turn.text("card.unknown_place"),
        "who": await names.resident(turn, request.reporter_id),
        "words": " ".join(request.text.split())[:160],
        "queue": turn.city.org.name_of(request.queue),
    }


def due_of(turn: Turn, made: Decision) -> DueTimes:
    """The promise that goes with a decision, were it filed now."""
    return clocks.due_times(turn, made.item, made.queue, urgent=False, start_at=turn.now)


async def redirect(
    turn: Turn,
    request: Request,
    *,
    item: str | None = None,
    grid: str | None = None,
    place: dict[str, Any] | None = None,
    queue: str | None = None,
    event: str = "request.rerouted",
    why: str = "",
    tells: bool = True,
) -> Request:
    """Changes kind, place or queue of a record and sends it where it now belongs; `tells` the reporter of a new queue.

    Due times are computed anew from the original receipt by the new kind and queue: a change of queue never buys time.
    Raises `workflow.states.Forbidden` or `storage.requests.Lost`.
    """
    kind = request.item if item is None else item
    where = {**request.place, **(place or {}), "grid": request.grid if grid is None else grid}
    target = queue or _queue_for(turn, request, kind, where)
    request = await clocks.settle(turn, request)
    due = await clocks.due_again(turn, request, item=kind, queue=target)
    moved = await requests.move(
        turn.tx,
        request,
        event,
        turn.now,
        actor_id=turn.person.id if turn.person else None,
        data={"queue": target, "item": kind, "grid": where["grid"] or ""},
        words=why[:200],
        queue=target,
        item=kind,
        grid=where["grid"] or "",
        place=where,
        place_text=where.get("text") or request.place_text,
        claimer_id=None,
        claimed_at=None,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
    )
    if target != request.queue:
        await petitions.moved_on(turn.tx, moved.id, turn.now, by=turn.person.id if turn.person else None)
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    if tells and target != request.queue:
        await records.tell_reporter(
            turn, moved, "records.moved", queue=turn.city.org.name_of(target), due=moved.resolve_due_at
        )
    return moved


def _queue_for(turn: Turn, request: Request, item: str, place: dict[str, Any]) -> str:
    found = turn.city.taxonomy.find_item(item) if item else None
    grid = place.get("grid") or None
    community = turn.city.street.community_of(grid).id if grid else restored(place).community
    return route(
        intent="request" if request.intent in ("progress", "smalltalk") else request.intent,
        item_queue=found.queue if found else None,
        grid=grid,
        community=community,
        confident=True,
    ).queue


def is_desk(queue: str) -> bool:
    """Whether a person still has to say where this belongs."""
    return parse_queue(queue).kind is QueueKind.DESK
