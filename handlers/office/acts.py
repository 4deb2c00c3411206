"""What can be done to a record at the web desk: each act names its right and the handler of the chat that does it.

Nothing is decided here: the handlers check rights and states themselves, whoever asks. An act that changed nothing
comes back with the sentence that says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from handlers import claim, desk, handover, merging, refusals, result
from handlers.office import acts_more as more
from handlers.office.order import Order
from handlers.office.turning import OfficeTurn
from handlers.turn import Denied, NotForYou
from storage import echoes, requests
from storage.requests import Request
from workflow.petitions import Petition
from workflow.queues import STREET_DESK
from workflow.rights import may_act, may_see
from workflow.states import MERGEABLE, OPEN, State

AT_ONCE = 100
"""Records that one order may be about."""


class Outcome(NamedTuple):
    """How it went: `code` is done, conflict (the record has moved on), invalid, forbidden or unknown."""

    number: int
    code: str
    text: str
    shown: Mapping[str, Any] = {}


Run = Callable[[OfficeTurn, Request, Order], Awaitable[None]]


class Act(NamedTuple):
    """`right` as in `workflow.rights`; `needs` is a field of the order that must not be empty; `at` where it makes sense."""

    right: str
    run: Run
    at: frozenset[State]
    needs: str = ""
    whose: str = ""  # "holder": only who has it, or is above; "claimer": only who has it


_QUEUED, _HELD = frozenset({State.QUEUED}), frozenset({State.CLAIMED, State.JOINT})
_MOVABLE = frozenset({State.QUEUED, State.CLAIMED})
_DONE = frozenset({State.RESOLVED, State.CLOSED})


async def _claim(turn: OfficeTurn, request: Request, _order: Order) -> None:
    await claim.take(turn, {"id": request.id})


async def _note(turn: OfficeTurn, request: Request, order: Order) -> None:
    await result.tell_progress(turn, request.id, order.words)


async def _resolve(turn: OfficeTurn, request: Request, order: Order) -> None:
    await result.resolve(turn, request.id, order.words)


async def _release(turn: OfficeTurn, request: Request, order: Order) -> None:
    await claim.release_because(turn, request.id, order.words)


async def _return(turn: OfficeTurn, request: Request, order: Order) -> None:
    await handover.send_back(turn, request.id, order.words)


async def _transfer(turn: OfficeTurn, request: Request, order: Order) -> None:
    await handover.hand(turn, {"id": request.id, "to": order.person})


async def _contact(turn: OfficeTurn, request: Request, _order: Order) -> None:
    if await claim.may_contact(turn, request):
        turn.shown.update((await claim.disclose(turn, request))._asdict())


async def _kind(turn: OfficeTurn, request: Request, order: Order) -> None:
    if turn.city.taxonomy.find_item(order.item) is None:
        await turn.toast("office.choose_kind")
    else:
        await desk.PRESSES["desk.kind_typed"](turn, {"id": request.id, "item": order.item})


async def _place(turn: OfficeTurn, request: Request, order: Order) -> None:
    if turn.city.street.find_grid(order.grid) is None:
        await turn.toast("office.choose_place")
    else:
        args = {"id": request.id, "grid": order.grid, "text": order.words}
        await desk.PRESSES["desk.place_typed"](turn, args)


async def _dispatch(turn: OfficeTurn, request: Request, order: Order) -> None:
    await desk.send_to(turn, request, order.queue, order.words)


async def _ask_place(turn: OfficeTurn, request: Request, _order: Order) -> None:
    await desk.ask_place(turn, {"id": request.id})


async def _refuse(turn: OfficeTurn, request: Request, order: Order) -> None:
    await desk.decline(turn, request, order.words)


async def _merge(turn: OfficeTurn, request: Request, order: Order) -> None:
    parent = await _other(turn, order)
    if parent is not None:
        await merging.merge(turn, request, parent)


async def _differ(turn: OfficeTurn, request: Request, order: Order) -> None:
    other = await _other(turn, order)
    if other is not None:
        await merging.differ(turn, request, other)


async def _split(turn: OfficeTurn, request: Request, _order: Order) -> None:
    await merging.split(turn, request)


async def _other(turn: OfficeTurn, order: Order) -> Request | None:
    found = await requests.find_by_number(turn.tx, order.other or 0)
    if found is None:
        await turn.toast("office.unknown", number=order.other or "")
    return found


ACTS: Mapping[str, Act] = {
    "claim": Act("claim", _claim, _QUEUED),
    "note": Act("note", _note, _HELD, "words", "holder"),
    "resolve": Act("resolve", _resolve, _HELD, "words", "holder"),
    "release": Act("release", _release, _HELD, whose="holder"),
    "return": Act("return", _return, _MOVABLE, "words", "holder"),
    "transfer": Act("transfer", _transfer, _HELD, "person", "holder"),
    "contact": Act("see_contact", _contact, _HELD, whose="claimer"),
    "kind": Act("reroute", _kind, _MOVABLE, "item"),
    "place": Act("reroute", _place, _MOVABLE, "grid"),
    "dispatch": Act("reroute", _dispatch, _MOVABLE, "queue"),
    "ask_place": Act("reroute", _ask_place, _QUEUED),
    "refuse": Act("refuse", _refuse, _MOVABLE, "words"),
    "merge": Act("merge", _merge, MERGEABLE, "other"),
    "differ": Act("merge", _differ, OPEN, "other"),
    "split": Act("merge", _split, frozenset({State.MERGED})),
    "whistle": Act("whistle", more.blow, _MOVABLE, "queue"),
    "ask_extension": Act("ask_extension", more.ask_extension, _HELD, "days", "holder"),
    "grant": Act("extend", more.grant, _HELD),
    "decline": Act("extend", more.decline, _HELD),
    "pause": Act("pause", more.pause, _HELD, "days", "holder"),
    "park": Act("park", more.park, OPEN, "words"),
    "resume": Act("pause", more.resume, OPEN, whose="holder"),
    "supervise": Act("supervise", more.supervise, OPEN, "words"),
    "dispute": Act("dispute", more.contest, _MOVABLE, "words"),
    "rule": Act("rule", more.rule, _MOVABLE, "queue"),
    "publish": Act("publish_answer", more.publish, _DONE, "done"),
    "unpublish": Act("publish_answer", more.unpublish, _DONE),
}
BULK = frozenset({"claim", "note", "release", "return", "kind", "place", "dispatch", "refuse", "merge"})
"""Acts that make sense for several records at once."""
_ASKS = {
    "words": "office.words_missing",
    "item": "office.choose_kind",
    "grid": "office.choose_place",
    "queue": "office.choose_queue",
    "person": "office.choose_person",
    "other": "office.choose_other",
    "days": "office.days_missing",
    "done": "echo.words",
}


async def possible(turn: OfficeTurn, request: Request) -> list[str]:
    """The acts that the acting person may do to the record as it stands now, in the order of the table."""
    grants, org = await turn.grants(), turn.city.org
    above = may_act(grants, "bind_group", request.queue, org)
    mine = request.claimer_id == turn.me.id
    late = await _impossible(turn, request)
    found = []
    for name, act in ACTS.items():
        if name in late or request.state not in act.at or not may_act(grants, act.right, request.queue, org):
            continue
        held = request.state in _HELD
        if held and ((act.whose == "holder" and not (mine or above)) or (act.whose == "claimer" and not mine)):
            continue
        found.append(name)
    return found


async def _impossible(turn: OfficeTurn, request: Request) -> set[str]:
    """What the state alone does not rule out, and the record does."""
    asked = await more.waits_for(turn, request)
    gone: set[str] = set()
    if request.queue == STREET_DESK:
        gone |= {"return", "dispute"}
    if request.grid or not request.queue.startswith(STREET_DESK):
        gone.add("ask_place")
    gone |= {"ask_extension"} if Petition.EXTENSION in asked else {"grant", "decline"}
    if Petition.DISPUTE not in asked:
        gone.add("rule")
    gone |= {"pause", "park"} if request.waits_until is not None else {"resume"}
    gone |= {"unpublish"} if await echoes.find(turn.tx, request.id) is None else set()
    return gone


async def perform(turn: OfficeTurn, number: int, order: Order) -> Outcome:
    """Does it, or says why not. What somebody tries without the right is refused and written into the ledger."""
    act = ACTS[order.act]
    request = await requests.find_by_number(turn.tx, number)
    if request is None:
        await refusals.note(turn, order.act, why="unknown")
        return Outcome(number, "unknown", turn.text("office.unknown", number=number))
    grants, org = await turn.grants(), turn.city.org
    if not may_act(grants, act.right, request.queue, org):
        await refusals.note(turn, order.act, request.id)
        seen = may_see(grants, request.queue, request.grid, org)
        key = "common.not_allowed" if seen else "office.forbidden"
        return Outcome(number, "forbidden", turn.text(key, number=number))
    if act.needs and not getattr(order, act.needs):
        return Outcome(number, "invalid", turn.text(_ASKS[act.needs], most=more.LONGEST_DAYS))
    before = _steps(turn)
    try:
        await act.run(turn, request, order)
    except Denied as denied:
        turn.said.append(turn.text(denied.key, **denied.values))
    except NotForYou:
        turn.said.append(turn.text("common.not_allowed"))
    text = "\n".join(turn.said)
    if _steps(turn) == before:
        return Outcome(number, "conflict", text or turn.text("office.not_possible", number=number))
    return Outcome(number, "done", text, turn.shown)


def _steps(turn: OfficeTurn) -> int:
    """How many events about records this transaction has."""
    return sum(1 for row in (*turn.tx.pending, *turn.tx.written) if row["subject"] == "request")
