"""督办 by hand: a desk or the street marks a record and demands a written reply from whoever has it, by a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from handlers import cards, names, petitions, standing
from handlers.turn import Denied, Turn
from storage import events, requests
from storage import petitions as kept
from storage.petitions import Asked
from storage.requests import Request
from workflow.petitions import Outcome, Petition
from workflow.states import OPEN

FLOW = "supervision"
LONGEST = timedelta(days=30)
"""The furthest that the time for a reply may lie ahead."""

# -------------------------------------------------------------------- acts


async def demand(turn: Turn, request: Request, words: str, *, due_at: datetime | None = None) -> Asked:
    """Marks it 督办 and asks its queue for a reply, by default within half a working day. Raises `Denied`."""
    await standing.demand(turn, "supervise", request)
    if request.state not in OPEN:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    if due_at is not None and not turn.now < due_at <= turn.now + LONGEST:
        raise Denied("supervision.due_range")
    asked = await petitions.put(turn, request, Petition.DEMAND, words, due_at=due_at)
    request = await requests.change(turn.tx, request.id, supervised=True)
    data = {"queue": request.queue, "due": asked.due_at.isoformat(), "set": requests.facts(request, "supervised")}
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.demanded",
        turn.now,
        actor_id=turn.me.id,
        data=data,
        words=asked.words,
    )
    await cards.refresh(turn, request)
    reply = turn.button(
        "supervision.button_reply",
        "supervision.reply",
        {"petition": asked.id},
        typed=turn.text("supervision.typed_reply", number=request.number),
    )
    known = {"worker": await names.worker(turn, turn.me.id), **standing.named(turn, request)}
    if request.claimer_id is not None:
        told = {"words": asked.words, "due": asked.due_at, **known}
        await turn.tell(request.claimer_id, "supervision.told", rows=[[reply]], **told)
    await petitions.tell_decider(turn, asked, "supervision.told", rows=[[reply]], **known)
    return asked


async def reply(turn: Turn, asked: Asked, words: str) -> Request:
    """What the handling unit says to a demand; who demanded it and their desk hear it. Raises `Denied`."""
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "answer", request, queue=asked.queue)
    if not words.strip():
        raise Denied("supervision.need_words", number=request.number)
    asked = await petitions.close(turn, asked, Outcome.ANSWERED, words)
    data = {"queue": asked.queue, "late": turn.now > asked.due_at}
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.replied",
        turn.now,
        actor_id=turn.me.id,
        data=data,
        words=asked.answer,
    )
    known = {
        "worker": await names.worker(turn, turn.me.id),
        "words": asked.answer,
        "queue": turn.city.org.name_of(asked.queue),
        **standing.named(turn, request),
    }
    await turn.tell(asked.person_id, "supervision.replied_told", **known)
    desk = turn.city.org.desk_of(asked.queue)
    if desk != asked.queue:
        await turn.tell_queue(desk, "supervision.replied_told", **known)
    return request


# -------------------------------------------------------------------- chat


async def _begin(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "supervise", request)
    await turn.ask(FLOW, "demand", {"id": request.id})
    await turn.say("supervision.ask", force_reply=True, **standing.named(turn, request))


async def _reply(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "answer", request, queue=asked.queue)
    if asked.outcome is not Outcome.OPEN:
        raise Denied("petitions.answered")
    await turn.ask(FLOW, "reply", {"petition": asked.id})
    await turn.say("supervision.ask_reply", force_reply=True, **standing.named(turn, request))


async def _step(turn: Turn) -> bool:
    if turn.dialogue is None or turn.incoming is None or standing.is_stale(turn) or not turn.incoming.text.strip():
        return False
    step, data, words = turn.dialogue.step, turn.dialogue.data, turn.incoming.text
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
    elif step == "demand":
        await _demand(turn, await requests.get(turn.tx, data["id"]), words)
    else:
        await _answer(turn, await kept.get(turn.tx, data["petition"]), words)
    return True


async def _demand(turn: Turn, request: Request, words: str) -> None:
    asked = await demand(turn, request, words)
    await turn.toast("supervision.done", due=asked.due_at, number=request.number)


async def _answer(turn: Turn, asked: Asked, words: str) -> None:
    request = await reply(turn, asked, words)
    await turn.toast("supervision.replied", number=request.number)


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """督办 1042 为什么还没去, 回复督办 1042 配件明天到."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    words = (match["words"] or "").strip()
    if match["verb"] == "督办":
        await (_demand(turn, request, words) if words else _begin(turn, {"id": request.id}))
        return
    asked = await kept.find_open(turn.tx, request.id, Petition.DEMAND)
    if asked is None:
        raise Denied("supervision.nothing", number=request.number)
    await (_answer(turn, asked, words) if words else _reply(turn, {"petition": asked.id}))


PRESSES = {"supervision.begin": _begin, "supervision.reply": _reply}
STEPS = {FLOW: _step}
COMMANDS = [
    (
        re.compile(r"(?P<verb>回复督办|督办)\s*#?(?P<number>\d{4,9})(?:[\s,:;。]+(?P<words>.{1,300}))?", re.DOTALL),
        _typed,
    )
]
