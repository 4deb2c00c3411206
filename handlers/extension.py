"""延期: the handler asks for more time with a reason, the desk grants it or not, the resident reads the new promise."""

from __future__ import annotations

import re
from typing import Any

from handlers import cards, clocks, names, petitions, records, standing
from handlers.turn import Denied, Turn
from storage import events, requests
from storage import petitions as kept
from storage.petitions import Asked
from storage.requests import Request
from workflow.clock import EXTENSIONS
from workflow.petitions import Outcome, Petition
from workflow.states import OPEN

FLOW = "extension"
DAYS = (1, 3, 7)
"""What the buttons offer, in workdays of the queue."""
MOST_DAYS = 15

# -------------------------------------------------------------------- acts


async def ask(turn: Turn, request: Request, *, days: int, words: str) -> Asked:
    """Asks the desk for so many more workdays, before the time is over. Raises `Denied`."""
    await standing.demand(turn, "ask_extension", request)
    if request.state not in standing.HELD:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    if request.claimer_id != turn.me.id and not await standing.is_above(turn, request.queue):
        raise Denied("extension.claimer_only", number=request.number)
    if turn.now >= request.resolve_due_at:
        raise Denied("extension.too_late", number=request.number)
    if not 1 <= days <= MOST_DAYS:
        raise Denied("extension.days_range", days=MOST_DAYS)
    if not words.strip():
        raise Denied("extension.need_why", number=request.number)
    before = await kept.of(turn.tx, request.id, Petition.EXTENSION)
    granted = [p for p in before if p.outcome is Outcome.GRANTED and p.asked_at >= request.started_at]
    if len(granted) >= EXTENSIONS:
        raise Denied("extension.enough", number=request.number, count=EXTENSIONS)
    asked = await petitions.put(turn, request, Petition.EXTENSION, words, data={"hours": 24 * days, "days": days})
    data = {"hours": 24 * days, "queue": asked.queue}
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.extension_asked",
        turn.now,
        actor_id=turn.me.id,
        data=data,
        words=asked.words,
    )
    buttons = [
        turn.button("extension.button_grant", "extension.grant", {"petition": asked.id}),
        turn.button("extension.button_decline", "extension.decline", {"petition": asked.id}),
    ]
    await petitions.tell_decider(
        turn,
        asked,
        "extension.asked_told",
        rows=[buttons],
        worker=await names.worker(turn, turn.me.id),
        days=days,
        promised=request.resolve_due_at,
        **standing.named(turn, request),
    )
    return asked


async def grant(turn: Turn, asked: Asked) -> Request:
    """More time, from the desk; never by whoever asked. Raises `Denied`."""
    request = await _decidable(turn, asked)
    asked = await petitions.close(turn, asked, Outcome.GRANTED)
    request = await clocks.recount(turn, request)
    data = {"hours": asked.data["hours"], "set": requests.facts(request, "resolve_due_at")}
    await events.add(
        turn.tx, "request", request.id, "request.extension_granted", turn.now, actor_id=turn.me.id, data=data
    )
    await clocks.arm(turn, request)
    await cards.refresh(turn, request)
    values = {"due": request.resolve_due_at, **standing.named(turn, request)}
    await turn.tell(asked.person_id, "extension.granted_told", **values)
    await records.tell_reporter(turn, request, "extension.reporter_told", why=asked.words, due=request.resolve_due_at)
    return request


async def decline(turn: Turn, asked: Asked, words: str = "") -> Request:
    """No more time; the asker hears it, the promise stays. Raises `Denied`."""
    request = await _decidable(turn, asked)
    asked = await petitions.close(turn, asked, Outcome.DECLINED, words)
    await events.add(
        turn.tx,
        "request",
        request.id,
        "request.extension_declined",
        turn.now,
        actor_id=turn.me.id,
        data={"hours": asked.data["hours"]},
        words=asked.answer,
    )
    await turn.tell(
        asked.person_id,
        "extension.declined_told",
        due=request.resolve_due_at,
        why=asked.answer,
        **standing.named(turn, request),
    )
    return request


async def _decidable(turn: Turn, asked: Asked) -> Request:
    request = await requests.get(turn.tx, asked.request_id)
    await standing.demand(turn, "extend", request, queue=asked.queue)
    if asked.person_id == turn.me.id:
        raise Denied("extension.not_own")
    if request.state not in OPEN:
        raise Denied("petitions.answered")
    return request


# -------------------------------------------------------------------- chat


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """How many days?"""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "ask_extension", request)
    row = [turn.button("waiting.button_days", "extension.days", {"id": request.id, "days": n}, days=n) for n in DAYS]
    await turn.say("extension.ask_days", rows=[row], due=request.resolve_due_at, **standing.named(turn, request))


async def _days(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    await turn.ask(FLOW, "why", {"id": request.id, "days": args["days"]})
    await turn.say("extension.ask_why", force_reply=True, number=request.number)


async def _grant(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    request = await grant(turn, asked)
    await _settled(turn, asked, "extension.granted", request)


async def _decline(turn: Turn, args: dict[str, Any]) -> None:
    asked = await kept.get(turn.tx, args["petition"])
    request = await decline(turn, asked)
    await _settled(turn, asked, "extension.declined", request)


async def _settled(turn: Turn, asked: Asked, key: str, request: Request) -> None:
    worker = await names.worker(turn, turn.me.id)
    slot = petitions.slot(asked) if turn.here.is_group else ""
    await turn.say(key, slot=slot, worker=worker, due=request.resolve_due_at, **standing.named(turn, request))


async def _step(turn: Turn) -> bool:
    """The typed reason."""
    if turn.dialogue is None or turn.incoming is None or standing.is_stale(turn) or not turn.incoming.text.strip():
        return False
    data = turn.dialogue.data
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
        return True
    await _ask(turn, await requests.get(turn.tx, data["id"]), data["days"], turn.incoming.text)
    return True


async def _ask(turn: Turn, request: Request, days: int, words: str) -> None:
    asked = await ask(turn, request, days=days, words=words)
    await turn.toast(
        "extension.asked", number=request.number, queue=turn.city.org.name_of(asked.queue), due=asked.due_at
    )


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """延期 1042 3天 等配件."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    if match["days"] and match["words"]:
        await _ask(turn, request, int(match["days"]), match["words"])
    else:
        await begin(turn, {"id": request.id})


PRESSES = {
    "extension.begin": begin,
    "extension.days": _days,
    "extension.grant": _grant,
    "extension.decline": _decline,
}
STEPS = {FLOW: _step}
COMMANDS = [
    (
        re.compile(
            r"(?:申请)?延期\s*#?(?P<number>\d{4,9})(?:\s+(?P<days>\d{1,2})\s*天?)?(?:[\s,:;。]+(?P<words>.{1,300}))?",
            re.DOTALL,
        ),
        _typed,
    )
]
