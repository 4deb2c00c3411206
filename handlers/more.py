"""更多: what else the acting person may do with a record now, as buttons. What each does is in its own module."""

from __future__ import annotations

import re
from typing import Any

from handlers import clocks, dispute, standing
from handlers.messages import Button
from handlers.turn import Denied, Turn
from storage import requests
from storage.requests import Request
from workflow.rights import may_act
from workflow.states import OPEN

_OFFERS = (
    ("waiting.button_pause", "waiting.begin", "pause", standing.HELD),
    ("extension.button", "extension.begin", "ask_extension", standing.HELD),
    ("supervision.button", "supervision.begin", "supervise", OPEN),
    ("whistle.button", "whistle.begin", "whistle", standing.MOVABLE),
    ("waiting.button_park", "waiting.park", "park", OPEN),
)
"""(label, press, act, states) in the order shown."""


async def rows_of(turn: Turn, request: Request) -> list[list[Button]]:
    """The buttons that make sense for this person and this record."""
    grants, args = await turn.grants(), {"id": request.id}
    offered = [
        turn.button(label, press, args)
        for label, press, act, fits in _OFFERS
        if request.state in fits
        and may_act(grants, act, request.queue, turn.city.org)
        and not (request.waits_until is not None and press.startswith("waiting."))
    ]
    act = "park" if request.parked else "pause"
    if request.waits_until is not None and may_act(grants, act, request.queue, turn.city.org):
        offered.insert(0, turn.button("waiting.button_resume", "waiting.resume", args))
    may_dispute = may_act(grants, "dispute", request.queue, turn.city.org) and request.state in standing.MOVABLE
    if may_dispute and not request.queue.startswith("desk") and await dispute.was_returned(turn, request):
        offered.append(turn.button("dispute.button", "dispute.begin", args))
    stages = await clocks.stages_left(turn, request) if request.state in standing.HELD else []
    if stages and may_act(grants, "note", request.queue, turn.city.org):
        index, stage, _ = stages[0]
        offered.insert(0, turn.button("clock.button_stage", "clocks.stage", {**args, "stage": index}, stage=stage.name))
    return [offered[i : i + 2] for i in range(0, len(offered), 2)]


async def show(turn: Turn, args: dict[str, Any]) -> None:
    """The buttons, in this chat; each checks the right again when it is pressed."""
    request = await requests.get(turn.tx, args["id"])
    await standing.demand(turn, "detail", request)
    rows = await rows_of(turn, request)
    if not rows:
        raise Denied("common.moved_on", number=request.number, state=turn.text(f"state.{request.state.value}"))
    await turn.say("waiting.more", rows=rows, **standing.named(turn, request))


async def _stage(turn: Turn, args: dict[str, Any]) -> None:
    """The handler has reached a stage."""
    request = await requests.get(turn.tx, args["id"])
    if not await standing.allowed(turn, "note", request) or not await standing.holds(turn, request):
        return
    name = clocks.stages_of(turn, request)[args["stage"]].name
    if not await clocks.reach_stage(turn, request, args["stage"]):
        raise Denied("clock.stage_already", number=request.number, stage=name)
    await turn.toast("clock.stage_kept", number=request.number, stage=name)


async def _typed(turn: Turn, match: re.Match[str]) -> None:
    """更多 1042."""
    request = await standing.find(turn, match["number"])
    if request is not None:
        await show(turn, {"id": request.id})


PRESSES = {"more.show": show, "clocks.stage": _stage}
COMMANDS = [(re.compile(r"更多\s*#?(?P<number>\d{4,9})"), _typed)]
