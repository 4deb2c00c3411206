"""The way of a record as people read it: one line an event, who did it and when. Nothing that was sealed is opened here."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from handlers import names
from handlers.office.turning import OfficeTurn
from storage import events
from storage.events import Event
from storage.requests import Request


class Line(NamedTuple):
    """One thing that happened, in words."""

    at: datetime
    name: str
    who: str
    text: str
    words: str


async def lines(turn: OfficeTurn, request: Request) -> list[Line]:
    """Everything that happened to the record, oldest first."""
    called: dict[int, str] = {}
    found = []
    for event in await events.history(turn.tx, "request", request.id):
        who = await _who(turn, request, event, called)
        found.append(Line(event.at, event.name, who, _text(turn, event), event.words))
    return found


async def _who(turn: OfficeTurn, request: Request, event: Event, called: dict[int, str]) -> str:
    """Staff by their name, residents masked, the program by no name."""
    actor = event.actor_id
    if actor is None:
        return turn.text("timeline.system")
    if actor not in called:
        is_staff = actor != request.reporter_id and bool(await turn.grants(actor))
        called[actor] = await (names.worker if is_staff else names.resident)(turn, actor)
    return called[actor]


def _text(turn: OfficeTurn, event: Event) -> str:
    """What happened; the queue, the other record or the kind where the event names one."""
    key = f"timeline.{event.name.partition('.')[2]}{'_caller' if event.data.get('of_caller') else ''}"
    if not turn.city.texts.has(key):
        return turn.text("timeline.other")
    org, data = turn.city.org, event.data
    queue = str(data.get("queue", ""))
    return turn.text(
        key,
        queue=org.name_of(queue) if queue and org.has_queue(queue) else "",
        number=data.get("number", ""),
        kind=turn.city.item_name(str(data.get("item", ""))),
        count=data.get("count", ""),
        stars=data.get("stars", ""),
    )
