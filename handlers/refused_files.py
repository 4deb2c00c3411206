"""What a person hears when a file they sent could not be kept. Why it could not is found out by whoever keeps files."""

from __future__ import annotations

from datetime import datetime

from handlers.city import City
from handlers.turn import Turn
from storage import attachments, outbox, people
from storage.attachments import Attachment
from storage.tx import Tx

REASONS = {
    "empty": "media.broken",
    "broken": "media.broken",
    "too_large": "media.too_large",
    "wrong_type": "media.wrong_type",
}
"""Reason of a refusal -> what is said. Any other: the platform has the file no more."""


async def tell(city: City, tx: Tx, attachment: Attachment, reason: str, now: datetime) -> None:
    """Says it once, in private; call it in the transaction that notes the refusal, before it is noted."""
    current = await attachments.find(tx, attachment.id)
    if current is None or current.stored:
        return
    chat = await people.get_chat(tx, attachment.chat_id)
    if chat.is_group:
        return
    turn = Turn(city, tx, now, chat=chat)
    await turn.send(chat, turn.text(REASONS.get(reason, "media.gone")), lane=outbox.REPLY)
