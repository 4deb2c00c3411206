"""接单 详情 联系方式 放回: who answers for a record. Exactly one press wins; rights are checked at the press.

Passing a record on is in `handover.py`, results are in `result.py`, what the desk decides in `desk.py`.
`claim.mmd` draws the conversation.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from handlers import cards, clocks, handover, names, records, standing
from handlers.turn import Turn
from nlp.mask import mask
from storage import around, attachments, events, people, petitions, requests, supporters
from storage.requests import Lost, Request
from workflow.petitions import Outcome, Petition
from workflow.queues import STREET_DESK
from workflow.rights import may_act
from workflow.states import Forbidden, State

_DETAIL_WORDS = 1500
_NOTES_SHOWN = 3
_LISTED = 8


# -------------------------------------------------------------------- taking


async def take(turn: Turn, args: dict[str, Any]) -> None:
    """One worker answers for the record from now on; whoever is later hears who and since when."""
    await _take(turn, await around.get(turn.tx, args["id"]))


async def _take(turn: Turn, request: Request) -> None:
    if not await standing.allowed(turn, "claim", request):
        return
    if request.state is not State.QUEUED:
        await standing.tell(turn, request)
        return
    request = await clocks.settle(turn, request)
    try:
        moved = await requests.move(
            turn.tx,
            request,
            "request.claimed",
            turn.now,
            actor_id=turn.me.id,
            data={"queue": request.queue},
            claimer_id=turn.me.id,
            claimed_at=turn.now,
            responded_at=request.responded_at or turn.now,
            contact_queue=request.queue,
            contact_id=turn.me.id,
        )
    except (Forbidden, Lost):
        await standing.tell(turn, request)
        return
    await around.look(turn.tx, moved.id)
    returned = await petitions.find_open(turn.tx, moved.id, Petition.RETURN)
    if returned is not None:
        await petitions.decide(turn.tx, returned.id, Outcome.ANSWERED, turn.now, by=turn.me.id)
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    if turn.here.is_group:
        await turn.toast("claim.taken", due=moved.resolve_due_at, **standing.named(turn, moved))
    await handover.give(turn, moved, turn.me.id, "claim.yours")
    await records.tell_reporter(
        turn, moved, "claim.taken_told", worker=await names.worker(turn, turn.me.id), due=moved.resolve_due_at
    )


# -------------------------------------------------------------------- looking


async def detail(turn: Turn, args: dict[str, Any]) -> None:
    """Everything about the record that a group may read; in a foreign group it goes to the presser's private chat."""
    await _detail(turn, await requests.get(turn.tx, args["id"]))


async def _detail(turn: Turn, request: Request) -> None:
    if not await standing.may_look(turn, request):
        return
    history = await events.history(turn.tx, "request", request.id)
    notes = [e.words for e in history if e.name == "request.noted"]
    returned = [e for e in history if e.name == "request.returned"]
    values = {
        "words": request.text[:_DETAIL_WORDS],
        "who": await names.resident(turn, request.reporter_id),
        "state": turn.text(f"state.{request.state.value}"),
        "queue": turn.city.org.name_of(request.queue),
        "worker": await names.worker(turn, request.claimer_id),
        "received": request.received_at,
        "due": request.resolve_due_at,
        "notes": "\n".join(turn.text("claim.note_line", words=n) for n in notes[-_NOTES_SHOWN:] if n),
        "company": await cards.company_lines(turn, request),
        "returned": returned[-1].words if returned else "",
        **standing.named(turn, request),
    }
    media = [f.id for f in await attachments.of(turn.tx, "request", request.id)]
    if not turn.here.is_group or await is_room_of(turn, request.queue):
        await turn.say("claim.detail", media=media, **values)
    elif await standing.can_reach(turn):
        await turn.tell(turn.me.id, "claim.detail", media=media, **values)
        await turn.toast("claim.sent_private", number=request.number)


async def is_room_of(turn: Turn, queue: str) -> bool:
    """Whether this chat belongs to the queue or to a desk above it."""
    desk = turn.city.org.desk_of(queue)
    rooms = await people.rooms_of(turn.tx, list(dict.fromkeys([queue, desk, STREET_DESK])))
    return any(room.id == turn.here.id for room in rooms)


async def _is_to_call(turn: Turn, request: Request) -> bool:
    """Whether the resident is to be asked by telephone about this very result."""
    last = await events.find_latest(turn.tx, "request", request.id, "request.call_asked")
    is_resolved = request.state is State.RESOLVED
    return is_resolved and last is not None and last.data.get("resolution") == request.resolution


async def contact(turn: Turn, args: dict[str, Any]) -> None:
    """Name, phone and the resident's own words: to the claimer only, in private; the ledger keeps that it happened."""
    await _contact(turn, await requests.get(turn.tx, args["id"]))


async def _contact(turn: Turn, request: Request) -> None:
    if not await may_contact(turn, request) or not await standing.can_reach(turn):
        return
    found = await disclose(turn, request)
    await turn.tell(
        turn.me.id,
        "claim.contact",
        number=request.number,
        item=turn.city.item_name(request.item) or turn.text("card.unknown_kind"),
        **found._asdict(),
    )
    if turn.here.is_group:
        await turn.toast("claim.sent_private", number=request.number)


class Contact(NamedTuple):
    """How the claimer reaches the reporter, and what the reporter said, unmasked."""

    name: str
    phone: str
    place: str
    words: str


async def may_contact(turn: Turn, request: Request) -> bool:
    """Whether the acting person is the claimer of this record now; tells them when not."""
    if not await standing.allowed(turn, "see_contact", request):
        return False
    if request.state not in standing.HELD and not await _is_to_call(turn, request):
        await standing.tell(turn, request)
        return False
    if request.claimer_id != turn.me.id:
        worker = await names.worker(turn, request.claimer_id)
        await turn.toast("claim.contact_claimer_only", alert=True, worker=worker)
        return False
    return True


async def disclose(turn: Turn, request: Request) -> Contact:
    """The contact details of a record, with the disclosure in the ledger. Whoever calls this has asked `may_contact`."""
    reporter = await people.get_person(turn.tx, request.reporter_id)
    original = await requests.get_original(turn.tx, request.id)
    shown = [what for what, there in (("name", reporter.name), ("phone", reporter.phone)) if there]
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.disclosed",
        turn.now,
        actor_id=turn.me.id,
        data={"to": turn.me.id, "what": [*shown, "place", "words"]},
    )
    return Contact(
        reporter.name or turn.text("card.resident"),
        reporter.phone or turn.text("claim.no_phone"),
        original.place or request.place_text,
        original.text[:_DETAIL_WORDS],
    )


# -------------------------------------------------------------------- letting go


async def release(turn: Turn, args: dict[str, Any]) -> None:
    """The queue holds the record again; colleagues and the reporter hear it."""
    await release_because(turn, args["id"], "")


async def release_because(turn: Turn, request_id: int, why: str) -> None:
    """The same with a reason, which colleagues read."""
    request = await requests.get(turn.tx, request_id)
    if not await standing.allowed(turn, "release", request) or not await standing.holds(turn, request):
        return
    if await let_go(turn, request, mask(why)[:200]):
        await turn.toast("claim.released", number=request.number)
    else:
        await standing.tell(turn, request)


async def let_go(turn: Turn, request: Request, why: str = "") -> bool:
    """Ends a claim without a result, whoever decides it. False when the record is not claimed any more."""
    actor = turn.person.id if turn.person else None
    if request.state is State.CLAIMED:
        request = await clocks.settle(turn, request)
    try:
        moved = await requests.move(
            turn.tx,
            request,
            "request.released",
            turn.now,
            actor_id=actor,
            data={"from": request.claimer_id},
            words=why,
            claimer_id=None,
            claimed_at=None,
        )
    except (Forbidden, Lost):
        return False
    worker = await names.worker(turn, request.claimer_id)
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    values = standing.named(turn, moved)
    await turn.tell_queue(
        moved.queue, "claim.released_told", worker=worker, why=why, due=moved.resolve_due_at, **values
    )
    if request.claimer_id is not None and request.claimer_id != actor:
        await turn.tell(request.claimer_id, "claim.let_go", **values)
    await records.tell_reporter(turn, moved, "claim.released_reporter", worker=worker)
    return True


# -------------------------------------------------------------------- my records


async def mine(turn: Turn, _match: re.Match[str] | None = None) -> None:
    """What I hold, what is due first on top. Somebody without a role sees what they reported."""
    held = await _by_day_and_company(turn, await requests.held_by(turn.tx, turn.me.id))
    grants = await turn.grants()
    if not held and not grants and not turn.here.is_group:
        await records.mine(turn)
        return
    queues = [q for q in turn.city.org.queues() if may_act(grants, "claim", q, turn.city.org)]
    waiting = len(await requests.in_queue(turn.tx, queues, [State.QUEUED], limit=100)) if queues else 0
    if not held:
        await turn.say("claim.mine_none", waiting=waiting or "")
        return
    lines = [await _mine_line(turn, r) for r in held]
    rows = [
        [turn.button("claim.button_show", "claim.show", {"id": r.id}, **standing.named(turn, r))]
        for r in held[:_LISTED]
    ]
    await turn.say("claim.mine", count=len(held), lines="\n".join(lines), waiting=waiting or "", rows=rows)


async def _mine_line(turn: Turn, request: Request) -> str:
    count = len(await supporters.followers(turn.tx, request))
    company = turn.text("claim.company", count=count) if count else ""
    return turn.text("claim.mine_line", due=request.resolve_due_at, company=company, **standing.named(turn, request))


async def _by_day_and_company(turn: Turn, held: list[Request]) -> list[Request]:
    """What is due first on top; of one day what most people wait for."""
    company = {r.id: len(await supporters.followers(turn.tx, r)) for r in held}
    tz = turn.city.manners.tz
    return sorted(held, key=lambda r: (r.resolve_due_at.astimezone(tz).date(), -company[r.id], r.resolve_due_at))


async def _show(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if await standing.may_look(turn, request):
        await show_card(turn, request)


async def show_card(turn: Turn, request: Request) -> None:
    """The card with its buttons once more, in this chat; it is as fit for a group as the one in the room."""
    await turn.say("claim.show", card=await cards.card_text(turn, request), rows=await cards.rows_for(turn, request))


# -------------------------------------------------------------------- words


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """接单 1042, 详情 1042, 联系方式 1042."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    if match["verb"] == "详情" and request.reporter_id == turn.me.id and not turn.here.is_group:
        await records.show(turn, request)
        return
    await {"接单": _take, "我来接": _take, "详情": _detail, "联系方式": _contact}[match["verb"]](turn, request)


async def _typed_words(turn: Turn, match: re.Match[str]) -> None:
    """退回 1042 reason, 放回 1042, 转给 1042 name."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    words, args = (match["words"] or "").strip(), {"id": request.id}
    if match["verb"] == "放回":
        await release_because(turn, request.id, words)
    elif match["verb"] == "退回":
        await (handover.send_back(turn, request.id, words) if words else handover.give_back(turn, args))
    elif words:
        await handover.transfer_to(turn, request, words)
    else:
        await handover.transfer(turn, args)


PRESSES = {
    **handover.PRESSES,
    "claim.take": take,
    "claim.detail": detail,
    "claim.contact": contact,
    "claim.release": release,
    "claim.show": _show,
}
STEPS = handover.STEPS
COMMANDS = [
    (re.compile(r"(?P<verb>接单|我来接|详情|联系方式)\s*#?(?P<number>\d{4,9})"), _typed),
    (
        re.compile(
            r"(?P<verb>退回|放回|转给)\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>(?!元|块).{1,300}))?", re.DOTALL
        ),
        _typed_words,
    ),
    (re.compile(r"我的单子"), mine),
]
