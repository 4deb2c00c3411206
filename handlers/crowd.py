"""Three reports of one matter in three days: the desk gets one alarm a matter and day, with the numbers.

One matter here is one kind at one place; whether two records are merged is for a person to say (`merging.py`).
"""

from __future__ import annotations

from datetime import timedelta

from handlers import alike, cards
from handlers.turn import Turn
from nlp.duplicates import WITHIN as DUPLICATES_WITHIN
from storage import events, requests, supporters, timers
from storage.requests import Counted, Request
from storage.timers import Timer
from workflow.states import State

WITHIN = timedelta(hours=72)
_LOOK_AGAIN = timedelta(minutes=1)
ENOUGH = 3
"""Records and supporters together (peers.md: three orders on one matter within three days)."""
_COUNTED = frozenset(State) - {State.WITHDRAWN, State.REFUSED}


async def look_again_unless_alone(turn: Turn, request: Request) -> None:
    """Before what is near a new record is looked for: what somebody else files in this grid at the same moment cannot be
    seen yet, so it is looked for once more."""
    if _counts(request) and not await requests.hold_grid(turn.tx, request.grid):
        await timers.put(turn.tx, turn.now + _LOOK_AGAIN, "crowd.look", "request", request.id)


async def _look_again(turn: Turn, timer: Timer) -> None:
    request = await requests.get(turn.tx, timer.subject_id)
    await alike.look_again(turn, request)
    if request.state in _COUNTED:
        await watch(turn, request)


def _counts(request: Request) -> bool:
    return bool(request.grid and request.item) and request.intent == "request"


async def watch(turn: Turn, request: Request, *, is_new: bool = False) -> None:
    """After a filing, a joining or a merging: alarms the desk when it is the third, once a day.

    `is_new`: just filed, so that nobody has joined this one.
    """
    if not _counts(request):
        return
    since = turn.now - WITHIN
    matter = await _of_one_matter(turn, request)
    joinable = [r.id for r in matter if not is_new or r.id != request.id]
    if not joinable or await _is_alarmed(turn, matter):
        return
    fresh = [r for r in matter if r.received_at >= since]
    count = len(fresh) + await supporters.joined_since(turn.tx, joinable, since)
    if count < ENOUGH:
        return
    numbers = sorted(r.number for r in matter)
    data = {"numbers": numbers, "count": count}
    await events.add(turn.tx, "request", request.id, "request.crowded", turn.now, data=data)
    await turn.tell_queue(
        turn.city.org.desk_of(f"grid:{request.grid}"),
        "joining.alarm",
        item=cards.kind_name(turn, request),
        place=request.place_text,
        count=count,
        numbers="、".join(str(n) for n in numbers),
        queue=turn.city.org.name_of(f"grid:{request.grid}"),
    )


async def _of_one_matter(turn: Turn, request: Request) -> list[Counted]:
    """Records of one kind at one place; older ones too, because people may have joined them just now."""
    spot, since = alike.spot(turn, request), turn.now - DUPLICATES_WITHIN
    house = requests.house_of(request.place)
    found = await requests.of_house(turn.tx, request.grid, since, house=house, item=request.item, in_states=_COUNTED)
    return [r for r in found if alike.spot(turn, r) == spot]


async def _is_alarmed(turn: Turn, matter: list[Counted]) -> bool:
    """Whether the desk has heard of this matter today."""
    today = turn.now.astimezone(turn.city.manners.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    return not {r.id for r in matter}.isdisjoint(await supporters.crowded_since(turn.tx, today))


TIMERS = {"crowd.look": _look_again}
