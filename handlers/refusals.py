"""What somebody tried without the right to it: refused where it is tried, and written into the ledger here."""

from __future__ import annotations

from handlers.turn import Turn
from storage import events


async def note(turn: Turn, act: str, request_id: int | None = None, **more: str | int) -> None:
    """One line in the acting person's own history: what they tried, on which record. Nobody is told."""
    if turn.person is None:
        return
    data: dict[str, str | int] = {"act": act, **more}
    if request_id is not None:
        data["request"] = request_id
    await events.add(turn.tx, "person", turn.person.id, "person.refused", turn.now, actor_id=turn.person.id, data=data)
