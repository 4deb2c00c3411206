"""请示: asking another level about a record, with a limit for the answer; a late answer climbs like any other overrun.

What is asked is in `extension.py`, `dispute.py`, `supervision.py`, `refusing.py`; the limits are `workflow.petitions`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from handlers import climbing, standing
from handlers.turn import Denied, Rows, Turn
from nlp.mask import mask
from storage import events, petitions, requests, timers
from storage.petitions import Asked
from storage.requests import Request
from storage.timers import Timer
from workflow import escalation
from workflow import petitions as rules
from workflow.petitions import Outcome, Petition
from workflow.states import OPEN, State


async def put(
    turn: Turn,
    request: Request,
    kind: Petition,
    words: str,
    *,
    data: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    queue: str = "",
) -> Asked:
    """Asks it. Raises `Denied` while the same is open already. `queue` answers in place of who usually would."""
    await requests.lock(turn.tx, request.id)
    before = await petitions.find_open(turn.tx, request.id, kind)
    if before is not None:
        raise Denied("petitions.already", number=request.number, due=before.due_at)
    decider = queue or rules.decider(kind, request.queue, turn.city.org)
    due = due_at or rules.due_at(kind, turn.now, turn.city.calendar_of(decider))
    asked = await petitions.add(
        turn.tx,
        request.id,
        kind,
        queue=decider,
        person_id=turn.me.id,
        words=mask(words.strip())[:300],
        data=data or {},
        now=turn.now,
        due_at=due,
    )
    await _arm(turn, request, asked, due, [])
    return asked


async def close(turn: Turn, asked: Asked, outcome: Outcome, words: str = "") -> Asked:
    """The answer. Raises `Denied` when somebody has answered before, or when it does not matter any more."""
    answer = mask(words.strip())[:300]
    by = turn.person.id if turn.person else None
    if not await petitions.decide(turn.tx, asked.id, outcome, turn.now, by=by, answer=answer):
        raise Denied("petitions.answered")
    await timers.drop(turn.tx, "petition", asked.id)
    return await petitions.get(turn.tx, asked.id)


async def tell_decider(turn: Turn, asked: Asked, key: str, *, rows: Rows = (), **values: Any) -> None:
    """Says it in the rooms of whoever has to answer; in private to its people when it has no group."""
    known = {"words": asked.words, "due": asked.due_at, **values}
    if await turn.tell_queue(asked.queue, key, rows=rows, slot=slot(asked), **known):
        return
    for person_id in await climbing.servants(turn, asked.queue):
        await turn.tell(person_id, key, rows=rows, **known)


def slot(asked: Asked) -> str:
    """The place of a petition in a chat: its outcome replaces the question."""
    return f"petition:{asked.id}"


# -------------------------------------------------------------------- late answers


async def _arm(turn: Turn, request: Request, asked: Asked, at: datetime, told: list[str]) -> None:
    moment = climbing.polite(turn, at, urgent=request.urgent)
    await timers.put(turn.tx, moment, "petition.due", "petition", asked.id, {"told": told})


async def _due(turn: Turn, timer: Timer) -> None:
    """Nobody has answered: whoever has to hears it again, and with them the next level above."""
    asked = await petitions.get(turn.tx, timer.subject_id)
    request = await requests.get(turn.tx, asked.request_id)
    if asked.outcome is not Outcome.OPEN:
        return
    matters = request.state is State.REFUSED if asked.kind is Petition.APPEAL else request.state in OPEN
    if not matters:
        await petitions.decide(turn.tx, asked.id, Outcome.VOID, turn.now, by=None)
        return
    told: list[str] = list(timer.data["told"])
    rung = escalation.next_rung(asked.queue, turn.city.org, told)
    data = {"petition": asked.kind.value, "queue": asked.queue, "rung": rung}
    await events.add(turn.tx, "request", request.id, "request.petition_late", turn.now, data=data)
    known = {
        "what": turn.text(f"petitions.kind_{asked.kind.value}"),
        "queue": turn.city.org.name_of(asked.queue),
        "due": asked.due_at,
        **standing.named(turn, request),
    }
    if not told:
        await turn.tell_queue(asked.queue, "petitions.late", **known)
    if rung is None:
        return
    if not await climbing.tell_rung(turn, rung, "petitions.late", known):
        await events.add(turn.tx, "request", request.id, "request.unheard", turn.now, data={"rung": rung})
    calendar = turn.city.calendar_of(asked.queue)
    at = escalation.next_at(turn.now, responds=True, urgent=request.urgent, calendar=calendar)
    await _arm(turn, request, asked, at, [*told, rung])


TIMERS = {"petition.due": _due}
