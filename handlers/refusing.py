"""不予受理 (六不办): refused with a reason from the list or in words, told kindly; the reporter may appeal to the desk, once.

The reasons are `workflow.refusals`.
"""

from __future__ import annotations

from typing import Any

from handlers import cards, clocks, names, petitions, records, snap_credit, standing
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import events, requests, supporters, timers, waits
from storage import petitions as kept
from storage.petitions import Asked
from storage.requests import Lost, Request
from workflow import clock
from workflow.petitions import APPEAL_WITHIN, Outcome, Petition
from workflow.refusals import REASONS
from workflow.states import Forbidden, State

FLOW = "appeal"

# -------------------------------------------------------------------- acts


async def refuse(turn: Turn, request: Request, *, reason: str = "", words: str = "") -> Request:
    """Refuses it for a reason of the list, or for what is written. Raises `Denied`, ValueError for another reason."""
    if reason and reason not in REASONS:
        raise ValueError(f"unknown reason: {reason!r}")
    await standing.demand(turn, "refuse", request)
    said = words.strip() or (turn.text(f"desk.kindly_{reason}") if reason else "")
    if not said:
        raise Denied("desk.refuse_words", number=request.number)
    try:
        moved = await requests.move(
            turn.tx,
            request,
            "request.refused",
            turn.now,
            actor_id=turn.me.id,
            data={"reason": reason or "other"},
            words=mask(said)[:200],
            closed_at=turn.now,
        )
    except (Forbidden, Lost):
        now = await requests.get(turn.tx, request.id)
        raise Denied("common.moved_on", number=now.number, state=turn.text(f"state.{now.state.value}")) from None
    await timers.drop(turn.tx, "request", moved.id)
    await snap_credit.settled(turn, moved, useful=False)
    await kept.moved_on(turn.tx, moved.id, turn.now, by=turn.me.id)
    await cards.refresh(turn, moved)
    appeal_ = turn.button("refusing.button_appeal", "refusing.appeal", {"id": moved.id})
    await records.tell_reporter(turn, moved, "desk.refused_told", reason=said[:300], rows=[[appeal_]], alone=True)
    await _tell_company(turn, moved, said)
    if request.claimer_id is not None and request.claimer_id != turn.me.id:
        worker = await names.worker(turn, turn.me.id)
        await turn.tell(request.claimer_id, "desk.refused_claimer", worker=worker, **standing.named(turn, moved))
    return moved


async def _tell_company(turn: Turn, request: Request, said: str) -> None:
    """Whoever joined it hears it too; only the reporter appeals."""
    for person_id in await supporters.followers(turn.tx, request):
        await turn.tell(person_id, "desk.refused_told", reason=said[:300], **records.named(turn, request))


async def appeal(turn: Turn, request: Request, words: str) -> Asked:
    """The reporter disagrees with a refusal, once and within the days for it; a desk decides. Raises `Denied`."""
    await check_appeal(turn, request)
    asked = await petitions.put(turn, request, Petition.APPEAL, words)
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.appealed",
        turn.now,
        actor_id=turn.me.id,
        data={"queue": asked.queue},
        words=asked.words,
    )
    refused = await events.find_latest(turn.tx, "request", request.id, "request.refused")
    buttons = [
        turn.button("refusing.button_readmit", "refusing.readmit", {"petition": asked.id}),
        turn.button("refusing.button_uphold", "refusing.uphold", {"petition": asked.id}),
    ]
    await petitions.tell_decider(
        turn,
        asked,
        "refusing.appealed_told",
        rows=[buttons],
        reason=refused.words if refused else "",
        matter=request.text[:200],
        **standing.named(turn, request),
    )
    return asked


async def check_appeal(turn: Turn, request: Request) -> None:
    """Raises `Denied` unless the acting person reported it and may still appeal."""
    if request.reporter_id != turn.me.id:
        raise Denied("common.press_not_yours")
    if request.state is not State.REFUSED or request.closed_at is None:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    if turn.now > request.closed_at + APPEAL_WITHIN:
        raise Denied("refusing.too_late", number=request.number)
    if [p for p in await kept.of(turn.tx, request.id, Petition.APPEAL) if p.asked_at >= request.closed_at]:
        raise Denied("refusing.once", number=request.number)


async def readmit(turn: Turn, asked: Asked) -> Request:
    """The desk takes it after all: back to the queue it had, with the time it had left. Raises `Denied`."""
    request = await _appealed(turn, asked)
    started_at = clock.resume(request.started_at, request.closed_at or turn.now, turn.now)
    await waits.shift(turn.tx, request.id, started_at - request.started_at)
    due = await clocks.due_again(turn, request, start_at=started_at)
    await petitions.close(turn, asked, Outcome.GRANTED)
    moved = await requests.move(
        turn.tx,
        request,
        "request.readmitted",
        turn.now,
        actor_id=turn.me.id,
        data={"queue": request.queue},
        claimer_id=None,
        claimed_at=None,
        closed_at=None,
        started_at=started_at,
        respond_due_at=due.respond_due_at,
        resolve_due_at=due.resolve_due_at,
    )
    await clocks.arm(turn, moved)
    await cards.refresh(turn, moved)
    queue = turn.city.org.name_of(moved.queue)
    await records.tell_reporter(turn, moved, "refusing.readmitted_told", queue=queue, due=moved.resolve_due_at)
    return moved


async def uphold(turn: Turn, asked: Asked, words: str = "") -> Request:
    """It stays refused; the reporter hears why, and where else to turn. Raises `Denied`."""
    request = await _appealed(turn, asked)
    asked = await petitions.close(turn, asked, Outcome.DECLINED, words)
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.appeal_declined",
        turn.now,
        actor_id=turn.me.id,
        words=asked.answer,
    )
    await records.tell_reporter(turn, request, "refusing.upheld_told", alone=True, why=asked.answer)
    return request


async def _appealed(turn: Turn, asked: Asked) -> Request:
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "readmit", request, queue=asked.queue)
    if request.state is not State.REFUSED or asked.outcome is not Outcome.OPEN:
        raise Denied("petitions.answered")
    return request


# -------------------------------------------------------------------- chat


async def _appeal(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    await check_appeal(turn, request)
    await turn.ask(FLOW, "why", {"id": request.id})
    await turn.say("refusing.ask_why", **records.named(turn, request))


async def _readmit(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    request = await readmit(turn, asked)
    await _settled(turn, asked, "refusing.readmitted", request)


async def _uphold(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    await _appealed(turn, asked)
    await turn.ask(FLOW, "uphold", {"petition": asked.id})
    await turn.say("refusing.ask_uphold", force_reply=True)


async def _settled(turn: Turn, asked: Asked, key: str, request: Request) -> None:
    slot = petitions.slot(asked) if turn.here.is_group else ""
    await turn.say(key, slot=slot, **standing.named(turn, request))


async def _step(turn: Turn) -> bool:
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or standing.is_stale(turn) or not incoming.text.strip():
        return False
    data = dialogue.data
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
    elif dialogue.step == "why":
        request = await requests.get(turn.tx, data["id"])
        asked = await appeal(turn, request, incoming.text)
        await turn.say("refusing.appealed", number=request.number, due=asked.due_at)
    else:
        asked = await kept.get(turn.tx, data["petition"])
        request = await uphold(turn, asked, incoming.text)
        await _settled(turn, asked, "refusing.upheld", request)
    return True


PRESSES = {"refusing.appeal": _appeal, "refusing.readmit": _readmit, "refusing.uphold": _uphold}
STEPS = {FLOW: _step}
