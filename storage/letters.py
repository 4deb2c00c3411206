"""Dead letters: messages that could not be sent, for whoever looks after the program. What they say stays sealed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, update

from storage.outbox import DEAD, WAITING, outbox
from storage.people import chats
from storage.tx import Tx


class Letter(NamedTuple):
    """One dead letter: where it was to go, since when, why not, and after how many tries. No words, no names."""

    id: int
    chat_id: int
    channel: str
    is_group: bool
    created_at: datetime
    error: str
    attempts: int
    is_erased: bool


async def dead(tx: Tx, *, chat_id: int | None = None, limit: int = 200) -> list[Letter]:
    """Dead letters, oldest first."""
    rows = await tx.all(
        select(
            outbox.c.id,
            outbox.c.chat_id,
            chats.c.channel,
            chats.c.is_group,
            outbox.c.created_at,
            outbox.c.error,
            outbox.c.attempts,
            (outbox.c.body_sealed == b"").label("is_erased"),
        )
        .join(chats, (chats.c.tenant == outbox.c.tenant) & (chats.c.id == outbox.c.chat_id))
        .where(*_dead(tx, chat_id, None))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [Letter(**r._mapping) for r in rows]


async def revive(tx: Tx, now: datetime, *, chat_id: int | None = None, letter_id: int | None = None) -> int:
    """Dead letters (one, a chat's, or all) are sent again, unless their words were erased. How many."""
    return await tx.run(
        update(outbox)
        .where(*_dead(tx, chat_id, letter_id), outbox.c.body_sealed != b"")
        .values(state=WAITING, not_before=now, attempts=0)
    )


def _dead(tx: Tx, chat_id: int | None, letter_id: int | None) -> list[ColumnElement[bool]]:
    where = [outbox.c.tenant == tx.tenant, outbox.c.state == DEAD]
    if chat_id is not None:
        where.append(outbox.c.chat_id == chat_id)
    if letter_id is not None:
        where.append(outbox.c.id == letter_id)
    return where
