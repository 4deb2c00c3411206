"""退回 and 转给: a record goes back to the desk with a reason, or on to a colleague of the queue.

Taking, letting go and looking are in `claim.py`.
"""

from __future__ import annotations

from typing import Any

from handlers import cards, dispute, filing, names, petitions, records, standing
from handlers.messages import Button
from handlers.turn import Turn
from nlp.mask import mask
from storage import people, requests, roles
from storage.people import Person
from storage.requests import Lost, Request
from workflow.petitions import Petition
from workflow.queues import STREET_DESK, QueueKind, parse_queue
from workflow.rights import Grant, Role, may_act
from workflow.states import Forbidden, State

FLOW = "claim"
_REASONS = ("not_ours", "wrong_place")


async def give(turn: Turn, request: Request, person_id: int, key: str) -> None:
    """What the one who answers for it finds in their private chat: the matter, the promise and every button."""
    await turn.tell(
        person_id,
        key,
        words=request.text[:300],
        due=request.resolve_due_at,
        rows=await cards.rows_for(turn, request),
        **standing.named(turn, request),
    )


# -------------------------------------------------------------------- giving it back to the desk


async def give_back(turn: Turn, args: dict[str, Any]) -> None:
    """Asks why the record is not for this queue."""
    request = await _returnable(turn, args["id"])
    if request is None:
        return
    row = [turn.button(f"claim.button_{r}", "claim.back_as", {"id": request.id, "reason": r}) for r in _REASONS]
    other = turn.button("claim.button_other", "claim.back_other", {"id": request.id})
    await turn.say("claim.back_ask", rows=[row, [other]], **standing.named(turn, request))


async def _returnable(turn: Turn, request_id: int) -> Request | None:
    """The record when the acting person may return it now; else they were told why not."""
    request = await requests.get(turn.tx, request_id)
    if not await standing.allowed(turn, "return", request):
        return None
    if request.queue == STREET_DESK:
        await turn.toast("claim.back_nowhere", number=request.number)
        return None
    if request.state is State.CLAIMED:
        return request if await standing.holds(turn, request) else None
    if request.state is State.QUEUED:
        return request
    await standing.tell(turn, request)
    return None


async def _back_as(turn: Turn, args: dict[str, Any]) -> None:
    await send_back(turn, args["id"], turn.text(f"claim.button_{args['reason']}"))


async def _back_other(turn: Turn, args: dict[str, Any]) -> None:
    request = await _returnable(turn, args["id"])
    if request is not None:
        await turn.ask(FLOW, "reason", {"id": request.id})
        await turn.say("claim.back_words", force_reply=True, number=request.number)


async def send_back(turn: Turn, request_id: int, why: str) -> None:
    request = await _returnable(turn, request_id)
    if request is None:
        return
    await dispute.check_time(turn, request)
    if await dispute.was_returned(turn, request) and not filing.is_desk(request.queue):
        await dispute.say_it(turn, request, why)
        return
    desk, former = turn.city.org.desk_of(request.queue), request.claimer_id
    reason = mask(why)[:200]
    try:
        moved = await filing.redirect(turn, request, queue=desk, event="request.returned", why=reason)
    except (Forbidden, Lost):
        await standing.tell(turn, request)
        return
    await turn.tell_queue(
        desk,
        "claim.returned_told",
        unit=turn.city.org.name_of(request.queue),
        worker=await names.worker(turn, turn.me.id),
        reason=reason,
        **standing.named(turn, moved),
    )
    await petitions.put(turn, moved, Petition.RETURN, reason, queue=desk)
    key = "claim.returned_contact" if moved.contact_id == turn.me.id else "claim.returned"
    await turn.toast(key, number=moved.number, queue=turn.city.org.name_of(desk))
    if former is not None and former != turn.me.id:
        await turn.tell(former, "claim.gone", queue=turn.city.org.name_of(desk), **standing.named(turn, moved))


# -------------------------------------------------------------------- handing over


async def transfer(turn: Turn, args: dict[str, Any]) -> None:
    """Shows the colleagues of the queue as buttons."""
    request = await _transferable(turn, args["id"])
    if request is None:
        return
    found = await colleagues(turn, request)
    if not found:
        await turn.toast("claim.nobody", alert=True, queue=turn.city.org.name_of(request.queue))
        return
    buttons = [_hand_button(turn, request, person) for person in found]
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    await turn.say("claim.transfer_ask", rows=rows, **standing.named(turn, request))


def _hand_button(turn: Turn, request: Request, person: Person) -> Button:
    name = names.shown(person) or turn.text("card.worker")
    typed = turn.text("claim.typed_hand", number=request.number, name=name)
    return turn.button("claim.button_hand", "claim.hand", {"id": request.id, "to": person.id}, typed=typed, name=name)


async def _transferable(turn: Turn, request_id: int) -> Request | None:
    request = await requests.get(turn.tx, request_id)
    if not await standing.allowed(turn, "transfer", request) or not await standing.holds(turn, request):
        return None
    return request


async def colleagues(turn: Turn, request: Request) -> list[Person]:
    """Who else works in the queue, without whoever has the record now."""
    found = await roles.holders(turn.tx, _jobs(turn, request.queue))
    return [await people.get_person(turn.tx, i) for i in found if i != request.claimer_id]


def _jobs(turn: Turn, queue: str) -> list[Grant]:
    """The roles whose everyday work a queue is."""
    target = parse_queue(queue)
    if target.kind is QueueKind.GRID:
        return [Grant(Role.GRID_WORKER, target.id), Grant(Role.GRID_CHIEF, target.id)]
    if target.kind is QueueKind.DEPT:
        return [Grant(Role.DEPT_STAFF, target.id)]
    if target.id:
        return [Grant(Role.DESK, target.id)]
    return [Grant(Role.STREET, turn.city.org.street_id)]


async def hand(turn: Turn, args: dict[str, Any]) -> None:
    """A colleague has it from now on."""
    request = await _transferable(turn, args["id"])
    if request is not None:
        await _hand_over(turn, request, await people.get_person(turn.tx, args["to"]))


async def _hand_over(turn: Turn, request: Request, to: Person) -> None:
    name = names.shown(to) or turn.text("card.worker")
    if to.id == request.claimer_id:
        await turn.toast("claim.has_it", number=request.number, worker=name)
        return
    if not may_act(await turn.grants(to.id), "claim", request.queue, turn.city.org):
        await turn.toast("claim.not_colleague", alert=True, name=name, queue=turn.city.org.name_of(request.queue))
        return
    try:
        moved = await requests.move(
            turn.tx,
            request,
            "request.transferred",
            turn.now,
            actor_id=turn.me.id,
            data={"from": request.claimer_id, "to": to.id, "as": standing.acting_as(turn, request)},
            claimer_id=to.id,
            claimed_at=turn.now,
            contact_id=to.id,
        )
    except (Forbidden, Lost):
        await standing.tell(turn, request)
        return
    await cards.refresh(turn, moved)
    await turn.toast("claim.transferred", number=moved.number, worker=name)
    await give(turn, moved, to.id, "claim.given")
    if request.claimer_id is not None and request.claimer_id != turn.me.id:
        await turn.tell(request.claimer_id, "claim.gone", queue=name, **standing.named(turn, moved))
    await records.tell_reporter(turn, moved, "claim.transferred_told", worker=name)


async def transfer_to(turn: Turn, request: Request, name: str) -> None:
    request_ = await _transferable(turn, request.id)
    if request_ is None:
        return
    found = await colleagues(turn, request_)
    exact = [p for p in found if names.shown(p) == name]
    meant = exact or [p for p in found if names.shown(p) and (name in names.shown(p) or names.shown(p) in name)]
    if len(meant) == 1:
        await _hand_over(turn, request_, meant[0])
    elif found:
        await transfer(turn, {"id": request.id})
    else:
        await turn.toast("claim.nobody", alert=True, queue=turn.city.org.name_of(request.queue))


async def _step(turn: Turn) -> bool:
    """The typed reason for a return."""
    if turn.dialogue is None or turn.incoming is None or standing.is_stale(turn) or not turn.incoming.text.strip():
        return False
    request_id = turn.dialogue.data["id"]
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
    else:
        await send_back(turn, request_id, turn.incoming.text.strip())
    return True


PRESSES = {
    "claim.give_back": give_back,
    "claim.back_as": _back_as,
    "claim.back_other": _back_other,
    "claim.transfer": transfer,
    "claim.hand": hand,
}
STEPS = {FLOW: _step}
