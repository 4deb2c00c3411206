"""我的诉求: what a resident can see and do with the records they reported or joined.

Which one plain words mean is in `meant.py`; taking a record back is in `withdraw.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from handlers import albums, alike, cards, clocks, names, sure
from handlers import draft as drafts
from handlers.messages import About
from handlers.turn import Rows, Turn
from nlp.mask import mask
from storage import adoptions, attachments, events, people, requests, supporters, timers, waits, wishes
from storage.requests import Request
from workflow.rating import may_reopen
from workflow.states import OPEN, State

SHOWN = 5
"""Records on one page of the list."""


async def tell_reporter(
    turn: Turn,
    request: Request,
    key: str,
    *,
    rows: Rows = (),
    media: Sequence[int] = (),
    slot: str = "",
    alone: bool = False,
    **values: Any,
) -> bool:
    """Says something about a record to whoever reported it and, unless `alone`, to all who joined it.

    False when the reporter cannot be reached. Whoever acts and is not the reporter has heard it already.
    """
    told = {**named(turn, request), **values}
    news = about(turn, request, "news")
    reached = await turn.tell(request.reporter_id, key, rows=rows, media=media, slot=slot, about=news, **told)
    for person_id in () if alone else await supporters.followers(turn.tx, request):
        if turn.person is None or turn.person.id != person_id:
            await turn.tell(person_id, key, rows=rows, media=media, slot=slot, about=news, **told)
    return reached


def about(turn: Turn, request: Request, purpose: Literal["rate", "news"]) -> About:
    """What a message about a record is filled in with where only forms may go out."""
    return About(
        purpose=purpose,
        request_id=request.id,
        resolution=request.resolution,
        state=turn.text(f"state.short_{request.state.value}"),
        **named(turn, request),
    )


def named(turn: Turn, request: Request) -> dict[str, Any]:
    """Number, kind and place of a record, for a sentence to its reporter or its handler."""
    return {
        "number": request.number,
        "item": cards.kind_name(turn, request) if request.item or request.danger else turn.text("records.no_kind"),
        "place": request.place_text,
    }


async def has_any(turn: Turn) -> bool:
    """Whether the acting person has reported or joined anything yet."""
    return bool(await supporters.followed_by(turn.tx, turn.me.id, limit=1))


async def mine(turn: Turn, start: int = 0, *, rows: Rows = ()) -> None:
    """The list: open records first, a line each, a button each; a page of five. `rows` are further buttons."""
    found = (await supporters.followed_by(turn.tx, turn.me.id, limit=start + SHOWN + 1))[start:]
    if not found:
        await turn.say("records.none", rows=await _wish_row(turn))
        return
    more = [[turn.button("records.button_more", "records.list", {"from": start + SHOWN})]] if found[SHOWN:] else []
    found = found[:SHOWN]
    lines = [turn.text("records.line", state=_state(turn, r), joined=_joined(turn, r), **named(turn, r)) for r in found]
    each = [[turn.button("records.button_open", "records.show", {"id": r.id}, **named(turn, r))] for r in found]
    await turn.say("records.list", lines="\n".join(lines), rows=[*each, *more, *rows, *await _wish_row(turn)])


async def _list(turn: Turn, args: dict[str, Any]) -> None:
    await mine(turn, args["from"])


async def _wish_row(turn: Turn) -> list[list[Any]]:
    has = await wishes.of_wisher(turn.tx, turn.me.id, 1) or await adoptions.held_by(turn.tx, turn.me.id)
    return [[turn.button("records.button_wishes", "wish.mine")]] if has else []


def _state(turn: Turn, request: Request) -> str:
    return turn.text(f"state.{request.state.value}")


def _joined(turn: Turn, request: Request) -> str:
    """The mark of a record that somebody else reported."""
    return "" if request.reporter_id == turn.me.id else turn.text("joining.mine")


def _words(turn: Turn, request: Request) -> str:
    """The words of a record: of somebody else's only when everybody may see what it is about."""
    is_public = bool(request.item) and turn.city.taxonomy.category_of(request.item).id in alike.PUBLIC
    return (request.summary or request.text[:60]) if request.reporter_id == turn.me.id or is_public else ""


async def _following(turn: Turn, request: Request) -> tuple[str, Rows]:
    """What a merged record follows, and the button that shows it."""
    if request.state is not State.MERGED or request.parent_id is None:
        return "", ()
    parent = await requests.get(turn.tx, request.parent_id)
    look = turn.button("joining.button_look", "records.show", {"id": parent.id}, number=parent.number)
    return turn.text("joining.following", number=parent.number, state=_state(turn, parent)), [[look]]


async def show(turn: Turn, request: Request) -> None:
    """One record: where it is, who has it, what its clock says, and what the acting person can do now."""
    notes = [e for e in await events.history(turn.tx, "request", request.id) if e.name == "request.noted"]
    waiting = request.state is State.QUEUED
    handled = request.state in (State.CLAIMED, State.JOINT)
    following, look = await _following(turn, request)
    count = await alike.others(turn, request)
    await turn.say(
        "records.detail",
        state=_state(turn, request),
        words=_words(turn, request),
        following=following,
        others=turn.text("joining.about", count=count) if count else "",
        queue=turn.city.org.name_of(request.queue),
        worker=await names.worker(turn, request.claimer_id) if handled else "",
        respond_due=request.respond_due_at if waiting and request.responded_at is None else "",
        resolve_due=request.resolve_due_at if waiting or handled else "",
        overdue=turn.text("records.overdue") if _overdue(turn, request) else "",
        waiting=await cards.waiting_line(turn, request),
        contact=await contact(turn, request) if waiting or handled else "",
        note=notes[-1].words if notes else "",
        rows=[*look, *_rows(turn, request)],
        **named(turn, request),
    )


def _overdue(turn: Turn, request: Request) -> bool:
    return request.state in OPEN and request.waits_until is None and turn.now > request.resolve_due_at


async def contact(turn: Turn, request: Request) -> str:
    """首接: who answers to the resident until somebody else has accepted it; the unit while no person has."""
    unit = turn.city.org.name_of(request.contact_queue or request.queue)
    if request.contact_id is None:
        return turn.text("records.contact_unit", unit=unit)
    if request.contact_id == request.claimer_id:
        return ""
    return turn.text("records.contact_person", unit=unit, worker=await names.worker(turn, request.contact_id))


def _rows(turn: Turn, request: Request) -> Rows:
    args = {"id": request.id}
    add = turn.button("records.button_add", "records.add", args)
    if request.state in (State.QUEUED, State.CLAIMED, State.JOINT):
        buttons = [add, turn.button("records.button_urge", "records.urge", args)]
        if request.reporter_id != turn.me.id:
            buttons.append(turn.button("joining.button_leave", "joining.leave", args))
        elif request.state is not State.JOINT:
            buttons.append(turn.button("records.button_withdraw", "records.withdraw", args))
        return [buttons]
    ended_at = request.closed_at or request.resolved_at
    rows: list[list[Any]] = []
    if request.state is State.RESOLVED:
        rows.append([turn.button("records.button_rate", "rate.begin", args)])
    if request.state in (State.RESOLVED, State.CLOSED) and ended_at and may_reopen(ended_at, turn.now):
        rows.append([turn.button("records.button_reopen", "records.reopen", args)])
    return rows


async def concerns(turn: Turn, request: Request) -> bool:
    """Whether the acting person reported this record or joined it."""
    return request.reporter_id == turn.me.id or turn.me.id in await supporters.followers(turn.tx, request)


async def _own(turn: Turn, args: dict[str, Any]) -> Request | None:
    """The record, when the presser reported or joined it; else says so and gives None."""
    request = await requests.get(turn.tx, args["id"])
    if await concerns(turn, request):
        return request
    await turn.toast("common.press_not_yours")
    return None


async def _show(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is not None:
        await show(turn, request)


async def _add(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is not None and args.get("words"):
        await supplement(turn, request, text=drafts.unsealed(turn, args["words"]))
    elif request is not None:
        await turn.ask("supplement", "words", {"id": request.id})
        await turn.say("records.ask_add", **named(turn, request))


async def _add_step(turn: Turn) -> bool:
    """Words, photos or a point on the map join the record; a command, a danger or "never mind" does not."""
    if turn.dialogue is None or turn.incoming is None:
        return False
    findings = turn.city.read(turn.incoming.text)
    request = await requests.get(turn.tx, turn.dialogue.data["id"])
    await turn.done()
    if findings.menu == "cancel":
        await turn.say("records.add_off", **named(turn, request))
        return True
    if findings.menu is not None or (findings.urgent and not request.urgent):
        return False
    if request.state not in OPEN:
        await _too_late(turn, request)
        return False
    await supplement(turn, request)
    await albums.keep(turn, "request", request.id)
    return True


async def _too_late(turn: Turn, request: Request) -> None:
    again = [b for row in _rows(turn, request) for b in row if b.action == "records.reopen"]
    await turn.say(
        "records.too_late", state=_state(turn, request), rows=[again] if again else (), **named(turn, request)
    )


async def supplement(turn: Turn, request: Request, *, text: str = "", quiet: bool = False) -> None:
    """Adds words, photos or a point on the map to a record, and tells whoever has it."""
    incoming = turn.incoming
    words = text or (incoming.text if incoming else "")
    if incoming is not None and incoming.geo is not None:
        words = f"{words} {incoming.geo.label} {incoming.geo.lat:.5f},{incoming.geo.lon:.5f}".strip()
    if request.state not in OPEN:
        await _too_late(turn, request)
        return
    if words:
        await _keep_words(turn, request, words)
    await attachments.attach(turn.tx, turn.attached, "request", request.id)
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.supplemented",
        turn.now,
        actor_id=turn.me.id,
        data={"characters": len(words), "files": len(turn.attached)},
    )
    request = await _answered(turn, await requests.get(turn.tx, request.id))
    await cards.refresh(turn, request)
    await tell_handler(turn, request, "records.supplemented", words=mask(words)[:200], media=turn.attached)
    if not quiet:
        await turn.say("records.added", **named(turn, request))


async def _answered(turn: Turn, request: Request) -> Request:
    """A pause that waited for the resident is over with their answer."""
    wait = await waits.find_open(turn.tx, request.id) if request.waits_until is not None else None
    if wait is None or wait.parked or wait.reason != "resident":
        return request
    request = await clocks.settle(turn, request)
    await clocks.arm(turn, request)
    await tell_handler(turn, request, "waiting.resumed_queue", due=request.resolve_due_at)
    return request


async def _keep_words(turn: Turn, request: Request, words: str) -> None:
    """Everybody's words stay their own: the reporter's, a supporter's, or those of a record merged into this one."""
    if request.reporter_id == turn.me.id:
        await requests.add_to_original(turn.tx, request.id, words, mask(words))
    elif await supporters.find_original(turn.tx, request.id, turn.me.id) is not None:
        await supporters.add_words(turn.tx, request.id, turn.me.id, words, mask(words))
    else:
        merged = await supporters.merged_into(turn.tx, request.id)
        own = next((r for r in merged if r.reporter_id == turn.me.id), None)
        if own is not None:
            await requests.add_to_original(turn.tx, own.id, words, mask(words))
        else:
            await supporters.join(turn.tx, request.id, turn.me.id, words, mask(words), turn.now)


async def supplement_once(turn: Turn, request: Request, text: str) -> None:
    """Adds an edited message to a record, unless its words are there already."""
    original = await requests.get_original(turn.tx, request.id)
    if text in original.text:
        await turn.say("report.edit_seen")
    else:
        await supplement(turn, request, text=text)


async def tell_handler(turn: Turn, request: Request, key: str, *, media: Sequence[int] = (), **values: Any) -> None:
    """The claimer in private, else the queue's rooms."""
    told = {**named(turn, request), **values}
    if request.claimer_id is not None and await turn.tell(request.claimer_id, key, media=media, **told):
        return
    await turn.tell_queue(request.queue, key, media=media, **told)


async def _urge(turn: Turn, args: dict[str, Any]) -> None:
    request = await _own(turn, args)
    if request is None:
        return
    if request.state not in (State.QUEUED, State.CLAIMED, State.JOINT):
        await turn.toast("common.moved_on", number=request.number, state=_state(turn, request))
        return
    last = await events.find_latest(turn.tx, "request", request.id, "request.urged", actor_id=turn.me.id)
    every = turn.city.manners.urge_every
    if last is not None and turn.now - last.at < every:
        await turn.say("records.urged_already", again=last.at + every, **named(turn, request))
        return
    await events.add(turn.tx, "request", request.id, "request.urged", turn.now, actor_id=turn.me.id)
    await tell_handler(turn, request, "records.urge_told", due=request.resolve_due_at)
    await turn.say("records.urged", **named(turn, request))


async def _reopen(turn: Turn, args: dict[str, Any]) -> None:
    await sure.settled(turn)
    request = await _own(turn, args)
    if request is None:
        return
    ended_at = request.closed_at or request.resolved_at
    if request.state not in (State.RESOLVED, State.CLOSED) or not ended_at:
        await turn.toast("common.moved_on", number=request.number, state=_state(turn, request))
    elif not may_reopen(ended_at, turn.now):
        await turn.say("records.reopen_late", **named(turn, request))
    else:
        await reopen(turn, request, queue=None, why="reporter")
        await turn.ask("supplement", "words", {"id": request.id})
        await turn.say("records.reopened", **named(turn, request))


async def reopen(turn: Turn, request: Request, *, queue: str | None, why: str) -> Request:
    """Back to work: the same queue, or the one given; the clocks start with this reopening, the desk is told.

    A reopened record is a new piece of work (workflow.md, Rating): its clocks run from now with the limits of its kind.
    Raises `workflow.states.Forbidden` or `storage.requests.Lost`.
    """
    target = queue or request.queue
    due = clocks.due_times(turn, request.item, target, urgent=request.urgent, start_at=turn.now)
    moved = await requests.move(
        turn.tx,
        request,
        "request.reopened",
        turn.now,
        actor_id=turn.person.id if turn.person else None,
        data={"queue": target, "why": why, "count": request.reopened + 1},
        queue=target,
        claimer_id=None,
        claimed_at=None,
        responded_at=None,
        closed_at=None,
        reopened=request.reopened + 1,
        started_at=turn.now,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
    )
    await timers.drop(turn.tx, "request", request.id, prefix="rate.")
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    desk = turn.city.org.desk_of(target)
    person = await people.get_person(turn.tx, moved.reporter_id)
    await turn.tell_queue(desk, "records.reopened_told", who=names.masked(person), **named(turn, moved))
    for person_id in (moved.reporter_id, *await supporters.followers(turn.tx, moved)):
        if turn.person is None or turn.person.id != person_id:
            await turn.tell(person_id, "joining.reopened_told", **named(turn, moved))
    return moved


PRESSES: dict[str, Callable[[Turn, dict[str, Any]], Awaitable[None]]] = {
    "records.list": _list,
    "records.show": _show,
    "records.add": _add,
    "records.urge": _urge,
    "records.reopen": _reopen,
}
STEPS = {"supplement": _add_step}
