"""What Telegram's errors mean to the program: one table, and the one function that reads it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from handlers.messages import Refusal, Refused

log = logging.getLogger(__name__)

# First match wins: python-telegram-bot's BadRequest and TimedOut are kinds of NetworkError.
# https://docs.python-telegram-bot.org/en/stable/telegram.error.html
REASONS: tuple[tuple[type[TelegramError], str, Refusal], ...] = (
    (ChatMigrated, "", Refusal.MIGRATED),
    (RetryAfter, "", Refusal.RATE),
    (Forbidden, "user is deactivated", Refusal.GONE),
    (Forbidden, "group chat was deleted", Refusal.GONE),
    (Forbidden, "", Refusal.BLOCKED),
    (InvalidToken, "", Refusal.TEMPORARY),
    (BadRequest, "chat not found", Refusal.GONE),
    (BadRequest, "group chat was deactivated", Refusal.GONE),
    (BadRequest, "peer_id_invalid", Refusal.GONE),
    (BadRequest, "not enough rights to send", Refusal.BLOCKED),
    (BadRequest, "chat_write_forbidden", Refusal.BLOCKED),
    (BadRequest, "", Refusal.REJECTED),
    (NetworkError, "request entity too large", Refusal.REJECTED),
    (NetworkError, "", Refusal.TEMPORARY),
    (TelegramError, "", Refusal.TEMPORARY),
)


def refusal(error: TelegramError) -> Refused:
    """What the platform said, in the program's words."""
    said = error.message
    reason = next(found for kind, part, found in REASONS if isinstance(error, kind) and part in said.lower())
    if isinstance(error, InvalidToken):
        log.error("telegram: the bot token is not accepted; nothing can be sent until it is corrected")
        return Refused(reason=reason, detail="the bot token is not accepted")
    retry_for = _seconds(error.retry_after) if isinstance(error, RetryAfter) else 0.0
    new_chat = str(error.new_chat_id) if isinstance(error, ChatMigrated) else ""
    return Refused(reason=reason, detail=said[:500], retry_for=retry_for, new_chat=new_chat)


def _seconds(value: int | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def says(error: TelegramError, parts: Sequence[str]) -> bool:
    """Whether Telegram's words contain one of `parts`, which are in lower case."""
    return any(part in error.message.lower() for part in parts)
