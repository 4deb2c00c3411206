"""The desk: says what a record is and where it belongs, asks the resident, or declines it with a reason.

Two presses send a record to the right queue. Every decision is kept as a label, from which the next lexicon learns.
The buttons are drawn by `placing.py`; `where.py` takes the resident's answer.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import cards, filing, placing, refusing, standing, triage, where
from handlers.messages import Button
from handlers.turn import Turn
from nlp.address import Candidate, Place
from nlp.mask import mask
from storage import events, labels, requests
from storage.requests import Lost, Request
from workflow.queues import QueueKind, parse_queue
from workflow.refusals import REASONS
from workflow.routing import GRID
from workflow.states import Forbidden, State

FLOW = "desk"
_PAGE = 8


async def _at_desk(turn: Turn, request_id: int, act: str) -> Request | None:
    """The record while it waits at a desk that the acting person serves; else they were told how it stands."""
    request = await requests.get(turn.tx, request_id)
    if not await standing.allowed(turn, act, request):
        return None
    if request.state is State.QUEUED and filing.is_desk(request.queue):
        return request
    await standing.tell(turn, request)
    return None


async def _movable(turn: Turn, request: Request, act: str) -> bool:
    """Whether the acting person may send the record elsewhere or decline it now, wherever it is."""
    if not await standing.allowed(turn, act, request):
        return False
    if request.state in standing.MOVABLE:
        return True
    await standing.tell(turn, request)
    return False


# -------------------------------------------------------------------- kind


async def kind(turn: Turn, args: dict[str, Any]) -> None:
    """The desk says what it is."""
    request = await _at_desk(turn, args["id"], "reroute")
    if request is not None:
        await set_kind(turn, request, args["item"])


async def set_kind(turn: Turn, request: Request, item: str) -> None:
    """Keeps the kind; sends the record on when its place is known or does not matter."""
    found = turn.city.taxonomy.get_item(item)
    await _keep_label(turn, request, item, request.grid)
    stays = found.queue == GRID and not request.grid
    data = {"item": item, "before": request.item, **({"set": {"item": item}} if stays else {})}
    await events.add(turn.tx, "request", request.id, "request.classified", turn.now, actor_id=turn.me.id, data=data)
    alarming = found.urgent and not request.urgent
    if alarming:
        request = await requests.change(turn.tx, request.id, urgent=True)
    if not stays:
        await _send_on(turn, request, alarming=alarming, item=item)
        return
    request = await requests.change(turn.tx, request.id, item=item)
    await cards.refresh(turn, request)
    await turn.toast("desk.kind_kept", number=request.number, kind=found.name)


async def more_kinds(turn: Turn, args: dict[str, Any]) -> None:
    """All kinds, from the categories down; a category with few kinds shows them at once."""
    request = await _at_desk(turn, args["id"], "reroute")
    if request is None:
        return
    buttons = [
        turn.button(
            "desk.kind_plain",
            "desk.kind" if is_kind else "desk.more_kinds",
            {"id": request.id, "item" if is_kind else "group": entry},
            kind=name,
        )
        for entry, name, is_kind in _shelf(turn, args.get("group", ""))
    ]
    await turn.say("desk.ask_kind", rows=_pairs(buttons), **standing.named(turn, request))


def _shelf(turn: Turn, group: str) -> list[tuple[str, str, bool]]:
    """(id, name, whether it is a kind) of what stands under a category or subcategory; the categories for none."""
    taxonomy = turn.city.taxonomy
    for category in taxonomy.categories:
        items = [i for s in category.subcategories for i in s.items]
        if category.id == group and len(items) > _PAGE:
            return [(s.id, s.name, False) for s in category.subcategories]
        if category.id == group:
            return [(i.id, placing.kind_name(turn, i), True) for i in items]
    for sub in taxonomy.subcategories:
        if sub.id == group:
            return [(i.id, placing.kind_name(turn, i), True) for i in sub.items]
    return [(c.id, c.name, False) for c in taxonomy.categories]


# -------------------------------------------------------------------- place


async def place(turn: Turn, args: dict[str, Any]) -> None:
    """The desk says where it is."""
    request = await _at_desk(turn, args["id"], "reroute")
    if request is not None:
        found = placing.place_at(turn.city, args["grid"], args.get("text", ""), request.place_text)
        await set_place(turn, request, found)


async def set_place(turn: Turn, request: Request, found: Place) -> None:
    """Keeps the place; sends the record on when its kind is more than a guess."""
    await _keep_label(turn, request, request.item, found.grid or "")
    if await placing.kind_is_settled(turn, request):
        await where.located(turn, request, found.grid or "")
        await _send_on(turn, request, grid=found.grid or "", place=triage.place_dict(found))
        return
    await where.located(turn, request, found.grid or "", kept=await where.keep(turn, request, found))
    await turn.toast("desk.place_kept", number=request.number, place=triage.place_dict(found)["text"])


async def more_places(turn: Turn, args: dict[str, Any]) -> None:
    """All grids of the desk's community; for the street's desk the communities first. Eight at a time."""
    request = await _at_desk(turn, args["id"], "reroute")
    if request is None:
        return
    community = args.get("community") or placing.community_of(request)
    start = args.get("from", 0)
    if community:
        buttons = [
            turn.button("desk.place_likely", "desk.place", {"id": request.id, "grid": g.grid}, place=g.label)
            for g in placing.grids_of(turn.city, community)
        ]
    else:
        buttons = [
            turn.button("desk.place_likely", "desk.more_places", {"id": request.id, "community": c.id}, place=c.name)
            for c in turn.city.street.communities
        ]
    rows = _pairs(buttons[start : start + _PAGE])
    if len(buttons) > start + _PAGE:
        further = {"id": request.id, "community": community, "from": start + _PAGE}
        rows.append([turn.button("desk.button_next", "desk.more_places", further)])
    await turn.say("desk.ask_grid", rows=rows, **standing.named(turn, request))


async def ask_place(turn: Turn, args: dict[str, Any]) -> None:
    """Asks the resident in private; their answer comes back to the record by itself."""
    request = await _at_desk(turn, args["id"], "reroute")
    if request is None:
        return
    if await where.ask(turn, request):
        await turn.toast("desk.asked", number=request.number)
    else:
        await turn.toast("desk.ask_unreached", alert=True, number=request.number)


# -------------------------------------------------------------------- sending on


async def _send_on(turn: Turn, request: Request, *, alarming: bool = False, **changed: Any) -> None:
    former = request.claimer_id
    try:
        moved = await filing.redirect(turn, request, **changed)
    except (Forbidden, Lost):
        await standing.tell(turn, request)
        return
    queue = turn.city.org.name_of(moved.queue)
    if alarming:
        await filing.groups_told(turn, moved)
    if former is not None and former != turn.me.id:
        await turn.tell(former, "claim.gone", queue=queue, **standing.named(turn, moved))
    await turn.toast("desk.sent", number=moved.number, queue=queue)


async def send_to(turn: Turn, request: Request, queue: str, why: str = "") -> None:
    """The desk names the queue itself, whatever the kind would say. A grid's queue says where it is, too."""
    if not await _movable(turn, request, "reroute"):
        return
    if not turn.city.org.has_queue(queue):
        await turn.toast("desk.no_such_queue", words=queue[:20])
        return
    if queue == request.queue:
        await turn.toast("desk.there_already", number=request.number, queue=turn.city.org.name_of(queue))
        return
    target = parse_queue(queue)
    changed: dict[str, Any] = {"queue": queue, "why": mask(why)[:200]}
    if target.kind is QueueKind.GRID and target.id != request.grid:
        await _keep_label(turn, request, request.item, target.id)
        changed |= {
            "grid": target.id,
            "place": triage.place_dict(placing.place_at(turn.city, target.id, "", request.place_text)),
        }
    await _send_on(turn, request, **changed)


async def _keep_label(turn: Turn, request: Request, item: str, grid: str) -> None:
    await labels.add(
        turn.tx,
        request_id=request.id,
        text=request.text,
        source="desk",
        person_id=turn.me.id,
        item_before=request.item,
        item=item,
        grid_before=request.grid,
        grid=grid,
        now=turn.now,
    )


def _pairs(buttons: list[Button]) -> list[list[Button]]:
    return [buttons[i : i + 2] for i in range(0, len(buttons), 2)]


# -------------------------------------------------------------------- declining


async def refuse(turn: Turn, args: dict[str, Any]) -> None:
    """Asks for the reason, which the resident will read."""
    request = await requests.get(turn.tx, args["id"])
    if await _movable(turn, request, "refuse"):
        reasons = [turn.button(f"desk.button_{r}", "desk.refuse_as", {"id": request.id, "reason": r}) for r in REASONS]
        other = turn.button("desk.button_other", "desk.refuse_other", {"id": request.id})
        wish = turn.button("desk.button_wish", "wish.from_request", {"id": request.id})
        await turn.say("desk.refuse_ask", rows=_pairs([*reasons, wish, other]), **standing.named(turn, request))


async def _refuse_as(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    await refusing.refuse(turn, request, reason=args["reason"])
    await turn.toast("desk.refused", number=request.number)


async def _refuse_other(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if await _movable(turn, request, "refuse"):
        await turn.ask(FLOW, "reason", {"id": request.id})
        await turn.say("desk.refuse_words", force_reply=True, number=request.number)


async def decline(turn: Turn, request: Request, words: str) -> None:
    """Refuses the record with words that the resident reads."""
    await refusing.refuse(turn, request, words=words)
    await turn.toast("desk.refused", number=request.number)


async def _step(turn: Turn) -> bool:
    """The typed reason."""
    if turn.dialogue is None or turn.incoming is None or standing.is_stale(turn) or not turn.incoming.text.strip():
        return False
    request = await requests.get(turn.tx, turn.dialogue.data["id"])
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
    else:
        await decline(turn, request, turn.incoming.text.strip())
    return True


# -------------------------------------------------------------------- typed


async def _typed_queue(turn: Turn, match: re.Match[str]) -> None:
    """改派 1051 城管中队, 1051 派给第一网格: to the queue that is called so, or called so alone where the record is."""
    request = await standing.find(turn, match["number"])
    if request is None or not await _movable(turn, request, "reroute"):
        return
    words, org = match["words"].strip(), turn.city.org
    names_ = {queue: org.name_of(queue) for queue in org.queues()}
    found = [q for q, name in names_.items() if name == words] or [q for q, name in names_.items() if words in name]
    if len(found) > 1:  # every community has a first grid
        found = [q for q in found if org.desk_of(q) == org.desk_of(request.queue) or org.desk_of(q) == request.queue]
    if len(found) == 1:
        await send_to(turn, request, found[0])
    else:
        await turn.toast("desk.no_such_queue", words=words[:20])


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """改类 1051 楼道灯, 改址 1051 银杏苑3幢, 不予受理 1051 reason, 问地点 1051."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    words, args = (match["words"] or "").strip(), {"id": request.id}
    match match["verb"]:
        case "改类" if words:
            await _typed_kind(turn, request, words)
        case "改类":
            await more_kinds(turn, args)
        case "改址" if words:
            await _typed_place(turn, request, words)
        case "改址":
            await more_places(turn, args)
        case "问地点":
            await ask_place(turn, args)
        case _:
            await (decline(turn, request, words) if words else refuse(turn, args))


async def _typed_kind(turn: Turn, request: Request, words: str) -> None:
    if not await _movable(turn, request, "reroute"):
        return
    found = placing.find_kinds(turn.city, words)
    if len(found) == 1:
        await set_kind(turn, request, found[0])
    elif found:
        items = [turn.city.taxonomy.get_item(i) for i in found[:_PAGE]]
        buttons = [
            turn.button("desk.kind_plain", "desk.kind_typed", {"id": request.id, "item": i.id}, kind=i.name)
            for i in items
        ]
        await turn.say("desk.ask_kind", rows=_pairs(buttons), **standing.named(turn, request))
    else:
        await turn.toast("desk.no_such_kind", words=words[:20])


async def _kind_typed(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if await _movable(turn, request, "reroute"):
        await set_kind(turn, request, args["item"])


async def _typed_place(turn: Turn, request: Request, words: str) -> None:
    if not await _movable(turn, request, "reroute"):
        return
    found = turn.city.places.find(words)
    named = [g for g in turn.city.street.grids() if g.name == words]
    if found.grid:
        await set_place(turn, request, found)
    elif named:
        await set_place(turn, request, placing.place_at(turn.city, named[0].id, words, request.place_text))
    elif offers := _offers(turn, found, words):
        args = {"id": request.id}
        buttons = [
            turn.button(
                "desk.place_likely", "desk.place_typed", {**args, "grid": c.grid, "text": c.label}, place=c.label
            )
            for c in offers
        ]
        await turn.say("desk.ask_grid", rows=_pairs(buttons), **standing.named(turn, request))
    else:
        await turn.toast("desk.no_such_place", words=words[:20])


def _offers(turn: Turn, found: Place, words: str) -> list[Candidate]:
    return list(found.candidates) or turn.city.places.search(words)


async def _place_typed(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if await _movable(turn, request, "reroute"):
        await set_place(turn, request, placing.place_at(turn.city, args["grid"], args["text"], request.place_text))


PRESSES = {
    "desk.kind": kind,
    "desk.kind_typed": _kind_typed,
    "desk.more_kinds": more_kinds,
    "desk.place": place,
    "desk.place_typed": _place_typed,
    "desk.more_places": more_places,
    "desk.ask_place": ask_place,
    "desk.refuse": refuse,
    "desk.refuse_as": _refuse_as,
    "desk.refuse_other": _refuse_other,
    **where.PRESSES,
}
STEPS = {FLOW: _step, **where.STEPS}
COMMANDS = [
    (
        re.compile(r"(?:改派|转派|派单?)\s*#?(?P<number>\d{4,9})[\s,:;。]*(?:给|到)?\s*(?P<words>\D.{1,30})"),
        _typed_queue,
    ),
    (
        re.compile(r"#?(?P<number>\d{4,9})\s*(?:号|这单)?[\s,:;。]*(?:改派|转派|派)(?:给|到)\s*(?P<words>\D.{1,30})"),
        _typed_queue,
    ),
    (
        re.compile(
            r"(?P<verb>改类|改址|问地点|不予受理)\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>.{1,300}))?",
            re.DOTALL,
        ),
        _typed,
    ),
]
