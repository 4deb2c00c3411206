"""A snap is credited when its record is resolved. One that was no problem costs nothing; it is only weighed."""

from __future__ import annotations

from handlers.turn import Turn
from storage import snaps
from storage.requests import Request


async def settled(turn: Turn, request: Request, *, useful: bool) -> None:
    """The record is resolved, or refused. Whoever took the photo hears of the first."""
    person_id = await snaps.settle(turn.tx, request.id, turn.now, useful=useful, by=turn.me.id)
    if person_id is not None and useful:
        await turn.tell(person_id, "snap.thanked", number=request.number)
