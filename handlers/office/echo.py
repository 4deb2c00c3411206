"""民情回音壁: the desk puts up what was asked and what was done, in its own words, with everything personal taken out.

Only what has been resolved, and only of matters that anybody may see; the wall names an estate or a road, no finer.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from handlers import alike, standing
from handlers.city import City
from handlers.turn import Denied, Turn
from nlp.mask import mask
from storage import echoes, events
from storage.echoes import Echo
from storage.requests import Request
from storage.tx import Tx
from workflow.states import State

SHOWN = 5
MOST = 300
"""Characters of what was asked, and of what was done."""
_DONE = (State.RESOLVED, State.CLOSED)


class Entry(NamedTuple):
    """One answer as everybody reads it."""

    number: int
    kind: str
    community: str
    place: str
    asked: str
    done: str
    published_at: datetime


async def publish(turn: Turn, request: Request, asked: str, done: str) -> Echo:
    """Puts it up, or puts new words in the place of the old. Raises `Denied`."""
    await standing.demand(turn, "publish_answer", request)
    if request.state not in _DONE:
        raise Denied("echo.not_done", number=request.number)
    if not request.item or turn.city.taxonomy.category_of(request.item).id not in alike.PUBLIC:
        raise Denied("echo.private", number=request.number)
    said, did = mask(asked.strip())[:MOST], mask(done.strip())[:MOST]
    if not said or not did:
        raise Denied("echo.words")
    echo = Echo(
        request_id=request.id,
        number=request.number,
        item=request.item,
        community=turn.city.org.grids.get(request.grid, ""),
        place=coarse(turn.city, request.place),
        asked=said,
        done=did,
        published_at=turn.now,
    )
    await echoes.put(turn.tx, echo, turn.me.id)
    await events.add(turn.tx, "request", request.id, "request.echoed", turn.now, actor_id=turn.me.id)
    await turn.toast("echo.published", number=request.number)
    return echo


async def take_down(turn: Turn, request: Request) -> None:
    """Takes it off the wall. Raises `Denied`."""
    await standing.demand(turn, "publish_answer", request)
    if not await echoes.take_down(turn.tx, request.id, turn.now):
        raise Denied("echo.not_there", number=request.number)
    await events.add(turn.tx, "request", request.id, "request.echo_removed", turn.now, actor_id=turn.me.id)
    await turn.toast("echo.removed", number=request.number)


async def draft(turn: Turn, request: Request) -> tuple[str, str]:
    """What the page offers as words: what was said and the last result, masked."""
    history = await events.history(turn.tx, "request", request.id)
    results = [e.words for e in history if e.name == "request.resolved"]
    return " ".join(request.text.split())[:MOST], (results[-1] if results else "")[:MOST]


def coarse(city: City, place: dict[str, Any]) -> str:
    """The estate or the road of a place, and nothing finer; empty when neither is known."""
    named = {e.id: e.name for e in city.street.estates()}
    estate = str(place.get("estate") or "")
    return named.get(estate, estate) or str(place.get("road") or "")


async def page(
    tx: Tx, city: City, *, community: str = "", before: datetime | None = None, limit: int = 20
) -> list[Entry]:
    """The wall, newest first."""
    found = await echoes.newest(tx, community=community, before=before, limit=limit)
    communities = city.org.communities
    return [
        Entry(
            e.number, city.item_name(e.item), communities.get(e.community, ""), e.place, e.asked, e.done, e.published_at
        )
        for e in found
    ]


async def show(turn: Turn, _match: re.Match[str] | None = None) -> None:
    """回音壁 in the chat: the newest answers."""
    found = await page(turn.tx, turn.city, limit=SHOWN)
    if not found:
        await turn.say("echo.none")
        return
    lines = [
        turn.text("echo.line", kind=e.kind, place=e.place or e.community, asked=e.asked, done=e.done) for e in found
    ]
    base = turn.city.manners.web_base
    await turn.say("echo.page", lines="\n\n".join(lines), web=f"{base}/echo" if base else "")


COMMANDS = [(re.compile(r"(?:民情)?回音壁"), show)]
