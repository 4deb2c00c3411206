"""Answer templates and saved views at the web desk: whose they are, who may share and remove them."""

from __future__ import annotations

from typing import Any

from handlers.office.turning import OfficeTurn
from nlp.mask import mask
from storage import office
from storage.office import Template, View
from workflow.queues import STREET_DESK, desk_queue
from workflow.rights import may_act

MOST = 100
"""Templates, or views, of one person."""


async def desks(turn: OfficeTurn) -> list[str]:
    """The desks at which the acting person decides."""
    org, grants = turn.city.org, await turn.grants()
    every = [STREET_DESK, *(desk_queue(c) for c in org.communities)]
    return [queue for queue in every if may_act(grants, "reroute", queue, org)]


async def templates(turn: OfficeTurn) -> list[Template]:
    """The acting person's own and those of their desks."""
    return await office.templates_of(turn.tx, turn.me.id, await desks(turn))


async def add_template(turn: OfficeTurn, desk: str, kind: str, title: str, words: str) -> int | None:
    """Keeps an answer, numbers and names in it masked; None when it may not be shared there, or there are too many."""
    if desk and desk not in await desks(turn):
        return None
    if len([t for t in await templates(turn) if t.owner_id == turn.me.id]) >= MOST:
        return None
    return await office.add_template(
        turn.tx, turn.me.id, desk, kind, mask(title.strip()), mask(words.strip()), turn.now
    )


async def drop_template(turn: OfficeTurn, template_id: int) -> bool:
    """Removes an own template, or one that is shared at a desk of the acting person. False for every other."""
    found = await office.find_template(turn.tx, template_id)
    if found is None or (found.owner_id != turn.me.id and (not found.desk or found.desk not in await desks(turn))):
        return False
    await office.drop_template(turn.tx, template_id)
    return True


async def views(turn: OfficeTurn) -> list[View]:
    """The acting person's saved lists."""
    return await office.views_of(turn.tx, turn.me.id)


async def add_view(turn: OfficeTurn, name: str, filters: dict[str, Any]) -> int | None:
    """Keeps a list under a name; None when there are too many."""
    kept = await views(turn)
    if len(kept) >= MOST and name not in {v.name for v in kept}:
        return None
    return await office.add_view(turn.tx, turn.me.id, name.strip(), filters, turn.now)


async def drop_view(turn: OfficeTurn, view_id: int) -> bool:
    """Removes an own view."""
    return await office.drop_view(turn.tx, turn.me.id, view_id)
