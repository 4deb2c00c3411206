"""The parts of an album after the first: they join what the first part joined, and are not answered again."""

from __future__ import annotations

from handlers.turn import Turn
from storage import attachments


async def keep(turn: Turn, subject: str, subject_id: int) -> None:
    """Further parts of this message's album belong to this subject; nothing for a message that is of no album."""
    album = _album(turn)
    if album:
        await turn.ask("album", "more", {"album": album, "subject": subject, "subject_id": subject_id})


def _album(turn: Turn) -> str:
    return turn.incoming.media[-1].album if turn.incoming and turn.incoming.media else ""


async def _step(turn: Turn) -> bool:
    if turn.dialogue is None:
        return False
    data = turn.dialogue.data
    if _album(turn) != data["album"] or (turn.incoming and turn.incoming.text.strip()):
        await turn.done()
        return False
    await attachments.attach(turn.tx, turn.attached, data["subject"], data["subject_id"])
    return True


STEPS = {"album": _step}
