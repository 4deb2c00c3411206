"""红黑榜: scopes ranked over a period as `workflow.ranking` puts them, with words, and appeals against it.

What an upheld appeal names is left out of the ranking; of the indicators nothing is ever left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from handlers import refusals
from handlers.city import City
from handlers.office import cockpit, signin
from handlers.office.counting import Counted, Sheet
from handlers.office.periods import Period
from handlers.office.turning import OfficeTurn
from nlp.mask import mask as masked
from storage import appeals, requests
from storage.appeals import Appeal
from storage.facts import NONE, Facts
from workflow.indicators import Weights
from workflow.queues import desk_queue, grid_queue
from workflow.ranking import LEAST_DUE, LEAST_RATED, Standing, rank
from workflow.rights import may_act, may_anywhere

RANKED = ("grid", "community", "department")


class Place(NamedTuple):
    """One scope on the board. `place` is None without enough records; `colour` is red (好), black (差) or empty."""

    place: int | None
    colour: str
    row: cockpit.Scope
    score: float | None
    low: float | None
    high: float | None
    why: str


def ranking(
    city: City, facts: Facts, period: Period, by: str, left_out: Iterable[int], now: datetime, weights: Weights
) -> list[Place]:
    """The board: ranked scopes first, best first, then those with too few records. ValueError for another dimension."""
    if by not in RANKED:
        raise ValueError(f"not ranked: {by!r}")
    sheet = Sheet(facts, city.org, now)
    inside = sheet.received_in(period.since, period.until) & ~np.isin(facts["id"], list(left_out))
    keys, scopes = sheet.keys(by)
    counted = sheet.count_by(np.where(inside, keys, NONE), len(scopes))
    counts = {key: one for key, one in zip(scopes, counted, strict=True) if one.counts.received}
    standings = rank({key: one.counts for key, one in counts.items()}, sheet.count(inside).counts, weights)
    return [_place(city, now, cockpit.name_of(city, by, one.key), counts[one.key], one) for one in standings]


def _place(city: City, now: datetime, name: str, one: Counted, standing: Standing) -> Place:
    row = cockpit.scope(city, now, standing.key, name, one)
    _, place, score, low, high, colour = standing
    if score is None:
        due, rated = one.counts.due_for_response, one.counts.rated
        why = city.texts.text("board.too_few", now, due=due, rated=rated, least_due=LEAST_DUE, least_rated=LEAST_RATED)
    else:
        why = city.texts.text(f"board.{colour or 'even'}", now)
    return Place(place, colour, row, score, low, high, why)


# -------------------------------------------------------------------- appeals


def queue_of(by: str, key: str) -> str:
    """The queue that answers for a scope of the board."""
    return {"grid": grid_queue, "community": desk_queue}.get(by, str)(key)


async def appeal(turn: OfficeTurn, period: str, by: str, key: str, number: int | None, words: str) -> Appeal | None:
    """Keeps an appeal of whoever works in the scope, about the scope or one of its records. None: refused and recorded."""
    queue, org = queue_of(by, key), turn.city.org
    request = await requests.find_by_number(turn.tx, number) if number is not None else None
    theirs = org.has_queue(queue) and may_act(await turn.grants(), "detail", queue, org)
    if not theirs or (number is not None and request is None):
        await refusals.note(turn, "appeal", request.id if request else None)
        return None
    ident = await appeals.add(
        turn.tx,
        period=period,
        scope=queue,
        request_id=request.id if request else None,
        person_id=turn.me.id,
        words=masked(words.strip())[:500],
        now=turn.now,
    )
    about = request.id if request else None
    await signin.note(turn, "person.appealed", appeal=ident, period=period, scope=queue, request=about)
    return await appeals.find(turn.tx, ident)


async def rule(turn: OfficeTurn, ident: int, *, upheld: bool, words: str) -> str:
    """Rules on an appeal: "done", "unknown", "forbidden" (not the street, or one's own appeal) or "conflict" (ruled before)."""
    found = await appeals.find(turn.tx, ident)
    if found is None:
        return "unknown"
    if not may_anywhere(await turn.grants(), "rule_appeal", turn.city.org) or found.person_id == turn.me.id:
        await refusals.note(turn, "rule_appeal")
        return "forbidden"
    ruling = masked(words.strip())[:500]
    if not await appeals.rule(turn.tx, ident, upheld=upheld, ruling=ruling, by=turn.me.id, now=turn.now):
        return "conflict"
    await signin.note(turn, "person.ruled", appeal=ident, upheld=upheld)
    return "done"


async def listed(turn: OfficeTurn, period: str) -> list[dict[str, Any]]:
    """The appeals of a period as everybody at the desk reads them."""
    org = turn.city.org
    found = []
    for one in await appeals.of_period(turn.tx, period):
        request = await requests.get(turn.tx, one.request_id) if one.request_id is not None else None
        found.append(
            {
                "id": str(one.id),
                "scope": org.name_of(one.scope) if org.has_queue(one.scope) else one.scope,
                "number": request.number if request else None,
                "words": one.words,
                "at": one.at,
                "upheld": one.upheld,
                "ruling": one.ruling,
                "own": one.person_id == turn.me.id,
            }
        )
    return found
