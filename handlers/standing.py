"""Whether somebody may act on a record now, and what they hear when they may not or when it has moved on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers import names, refusals
from handlers.turn import Denied, Turn
from storage import around, people, requests
from storage.requests import Request
from workflow.queues import QueueKind, parse_queue
from workflow.rights import may_act, may_see
from workflow.states import State

HELD = frozenset({State.CLAIMED, State.JOINT})
"""Somebody is at work on it."""
MOVABLE = frozenset({State.QUEUED, State.CLAIMED})
"""It can still be sent elsewhere or refused."""
QUESTION_LIFE = timedelta(minutes=30)
"""After that, words in a group are no answer to a question any more."""


def named(turn: Turn, request: Request) -> dict[str, Any]:
    """Number, kind and coarse place of a record, for a sentence."""
    return {
        "number": request.number,
        "item": turn.city.item_name(request.item) or turn.text("card.unknown_kind"),
        "place": request.place_text,
    }


async def find(turn: Turn, number: str) -> Request | None:
    """The record with a typed number; says so when there is none, and writes down that somebody tried it."""
    request = await around.find_by_number(turn.tx, int(number))
    if request is None:
        await refusals.note(turn, "detail", why="unknown")
        await turn.toast("claim.unknown", number=number)
    return request


async def allowed(turn: Turn, act: str, request: Request) -> bool:
    """Whether the acting person has a role for this act in the record's queue, in any chat; tells them when not."""
    try:
        await demand(turn, act, request)
    except Denied as denied:
        await turn.toast(denied.key, alert=True, **denied.values)
        return False
    return True


async def demand(turn: Turn, act: str, request: Request, *, queue: str = "") -> None:
    """Raises `Denied` unless the acting person has a role for this act in the record's queue, or in the one given."""
    target = queue or request.queue
    if not may_act(await turn.grants(), act, target, turn.city.org):
        await refusals.note(turn, act, request.id)
        raise _denied(turn, request, target)


async def may_look(turn: Turn, request: Request) -> bool:
    """Whether the acting person may read the record: its queue's people, and those of its grid wherever it went."""
    if may_see(await turn.grants(), request.queue, request.grid, turn.city.org):
        return True
    await refusals.note(turn, "detail", request.id)
    denied = _denied(turn, request, request.queue)
    await turn.toast(denied.key, alert=True, **denied.values)
    return False


def _denied(turn: Turn, request: Request, queue: str) -> Denied:
    key = "claim.not_yours_desk" if parse_queue(queue).kind is QueueKind.DESK else "claim.not_yours"
    return Denied(key, number=request.number, queue=turn.city.org.name_of(queue))


async def may_work(turn: Turn) -> bool:
    """Whether the acting person may claim records of any queue."""
    grants = await turn.grants()
    return bool(grants) and any(may_act(grants, "claim", queue, turn.city.org) for queue in turn.city.org.queues())


async def is_above(turn: Turn, queue: str) -> bool:
    """Whether the acting person is a chief, a desk or the street to this queue: they may act on colleagues' claims."""
    return may_act(await turn.grants(), "bind_group", queue, turn.city.org)


async def holds(turn: Turn, request: Request) -> bool:
    """Whether the record is the acting person's to work on; tells them whose it is when not."""
    if request.state in HELD and (request.claimer_id == turn.me.id or await is_above(turn, request.queue)):
        return True
    await tell(turn, request)
    return False


def acting_as(turn: Turn, request: Request) -> str:
    """In which part somebody acts on a claim, for the ledger."""
    return "claimer" if request.claimer_id == turn.me.id else "above"


async def can_reach(turn: Turn) -> bool:
    """Whether the acting person has a private chat with us; asks them to open one when not."""
    chat = await people.find_private_chat(turn.tx, turn.me.id)
    if chat is not None and (chat.reachable or turn.city.channels[chat.channel].keeps):
        return True
    await turn.toast("claim.write_first", alert=True)
    return False


async def tell(turn: Turn, request: Request) -> None:
    """Says, to the presser alone where the channel can, how the record stands now."""
    request = await requests.get(turn.tx, request.id)
    if request.state in HELD and request.claimer_id is not None:
        await _tell_holder(turn, request)
    elif request.state is State.QUEUED:
        await turn.toast("claim.waiting", number=request.number, queue=turn.city.org.name_of(request.queue))
    else:
        await turn.toast("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))


async def _tell_holder(turn: Turn, request: Request) -> None:
    if request.claimer_id == turn.me.id:
        await turn.toast("claim.already_yours", number=request.number)
        return
    since = turn.now - (request.claimed_at or turn.now)
    worker = await names.worker(turn, request.claimer_id)
    if since < timedelta(seconds=1):
        await turn.toast("claim.late_now", number=request.number, worker=worker)
    else:
        await turn.toast("claim.late", number=request.number, worker=worker, since=since)


def is_stale(turn: Turn) -> bool:
    """Whether the open question in a group was asked so long ago that words there are just talk again."""
    dialogue = turn.dialogue
    return dialogue is None or (turn.here.is_group and turn.now - dialogue.updated_at > QUESTION_LIFE)


def is_cancel(turn: Turn) -> bool:
    """Whether the words say "never mind" and nothing else."""
    text = turn.incoming.text.strip() if turn.incoming else ""
    return bool(text) and turn.city.read(text).menu == "cancel"
