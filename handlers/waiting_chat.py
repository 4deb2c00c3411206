"""暂停、恢复、挂账 in the chat: the questions before the acts of `waiting.py`, and the typed commands."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from handlers import standing, waiting
from handlers.turn import Turn
from storage import requests
from storage.requests import Request

FLOW = "waiting"
PAUSE_DAYS = (1, 3, 5, 7)
PARK_DAYS = (14, 30, 60, 90)
REVIEW_AT = 9
"""The hour of the day at which a parked record comes back."""


async def begin(turn: Turn, args: dict[str, Any]) -> None:
    """Why does it have to wait?"""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "pause", request)
    buttons = [
        turn.button(f"waiting.button_{reason}", "waiting.why", {"id": request.id, "reason": reason})
        for reason in waiting.REASONS
    ]
    rows = [buttons[i : i + 2] for i in range(0, len(buttons), 2)]
    await turn.say("waiting.ask_reason", rows=rows, **standing.named(turn, request))


async def _why(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    if args["reason"] == "other":
        await turn.ask(FLOW, "pause", {"id": request.id})
        await turn.say("waiting.ask_other", force_reply=True, number=request.number)
    else:
        await _ask_days(turn, request, args["reason"], "")


async def _ask_days(turn: Turn, request: Request, reason: str, words: str) -> None:
    args = {"id": request.id, "reason": reason, "words": words}
    row = [turn.button("waiting.button_days", "waiting.pause", {**args, "days": n}, days=n) for n in PAUSE_DAYS]
    await turn.say("waiting.ask_days", rows=[row], **standing.named(turn, request))


async def _pause(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    paused = await waiting.pause(turn, request, reason=args["reason"], days=args["days"], words=args["words"])
    await turn.toast("waiting.paused", number=paused.number, until=paused.waits_until)


async def _resume(turn: Turn, args: dict[str, Any]) -> None:
    request = await waiting.resume(turn, await requests.get(turn.tx, args["id"]))
    await turn.toast("waiting.resumed", number=request.number, due=request.resolve_due_at)


async def park(turn: Turn, args: dict[str, Any]) -> None:
    """When is it looked at again?"""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "park", request)
    row = [
        turn.button("waiting.button_days", "waiting.park_days", {"id": request.id, "days": n}, days=n)
        for n in PARK_DAYS
    ]
    await turn.say("waiting.ask_review", rows=[row[:2], row[2:]], **standing.named(turn, request))


async def _park_days(turn: Turn, args: dict[str, Any]) -> None:
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "park", request)
    await turn.ask(FLOW, "park", args)
    await turn.say("waiting.ask_park_why", force_reply=True, number=request.number)


async def _park(turn: Turn, request: Request, days: int, words: str) -> None:
    parked = await waiting.park(turn, request, review_at=_review_at(turn, days), words=words)
    await turn.toast("waiting.parked", number=parked.number, until=parked.waits_until)


def _review_at(turn: Turn, days: int) -> datetime:
    """The morning of the day so many days from today."""
    local = turn.now.astimezone(turn.city.manners.tz) + timedelta(days=days)
    return local.replace(hour=REVIEW_AT, minute=0, second=0, microsecond=0)


async def _step(turn: Turn) -> bool:
    """The reason in words."""
    dialogue, incoming = turn.dialogue, turn.incoming
    if dialogue is None or incoming is None or standing.is_stale(turn) or not incoming.text.strip():
        return False
    await turn.done()
    if standing.is_cancel(turn):
        await turn.toast("claim.stopped")
        return True
    request = await requests.get(turn.tx, dialogue.data["id"])
    if dialogue.step == "park":
        await _park(turn, request, dialogue.data["days"], incoming.text)
    else:
        await _ask_days(turn, request, "other", incoming.text.strip()[:100])
    return True


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """暂停 1042, 恢复 1042, 挂账 1042, 挂账 1042 30天 等明年改造."""
    request = await standing.find(turn, match["number"])
    if request is None:
        return
    args = {"id": request.id}
    if match["verb"] == "挂账" and match["days"] and match["words"]:
        await _park(turn, request, int(match["days"]), match["words"])
    else:
        await {"暂停": begin, "恢复": _resume, "挂账": park}[match["verb"]](turn, args)


PRESSES = {
    "waiting.begin": begin,
    "waiting.why": _why,
    "waiting.pause": _pause,
    "waiting.resume": _resume,
    "waiting.park": park,
    "waiting.park_days": _park_days,
}
STEPS = {FLOW: _step}
COMMANDS = [
    (
        re.compile(
            r"(?P<verb>暂停|恢复|挂账)\s*#?(?P<number>\d{4,9})(?:\s+(?P<days>\d{1,3})\s*天)?(?:[\s,:;。]+(?P<words>.{1,300}))?",
            re.DOTALL,
        ),
        _typed,
    )
]
