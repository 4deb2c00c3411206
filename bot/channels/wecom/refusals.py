"""What WeCom's error codes mean to the program: one table, and the one function that reads it.

Codes: developer.work.weixin.qq.com/document/path/90313. What an operator has to mend is `temporary` here, so that nothing
is lost meanwhile; `linli doctor` says what to do.
"""

from __future__ import annotations

import logging

from handlers.messages import Refusal, Refused

log = logging.getLogger(__name__)

TOKEN = frozenset({40001, 40014, 42001})
"""The access token is wrong or over: fetched anew once, for each call."""
TASK_TAKEN = 42014
"""A card of this name was sent before."""
CODE_USED = 42022
"""A card was changed with this code before."""
HTTP = -100
"""Our own code: no answer, or none that can be read."""

REASONS: dict[int, Refusal] = {
    -1: Refusal.TEMPORARY,  # busy
    HTTP: Refusal.TEMPORARY,
    6000: Refusal.TEMPORARY,  # two at a time
    40001: Refusal.TEMPORARY,
    40013: Refusal.TEMPORARY,  # corp id
    40014: Refusal.TEMPORARY,
    40056: Refusal.TEMPORARY,  # agent id
    41001: Refusal.TEMPORARY,
    42001: Refusal.TEMPORARY,
    45009: Refusal.RATE,
    45033: Refusal.TEMPORARY,  # too many at the same time
    48002: Refusal.TEMPORARY,  # no permission for the call
    50001: Refusal.TEMPORARY,
    50002: Refusal.BLOCKED,  # outside what the application may see
    60011: Refusal.TEMPORARY,  # the application may not do this
    60020: Refusal.TEMPORARY,  # not from a trusted address
    60111: Refusal.GONE,  # no such member
    81013: Refusal.BLOCKED,  # nobody among them may use the application
    40050: Refusal.GONE,  # no such chat
    86001: Refusal.GONE,
    86003: Refusal.GONE,
    86101: Refusal.GONE,
    93000: Refusal.GONE,  # the webhook was removed
    93006: Refusal.GONE,  # the bot is not in this group
    301002: Refusal.TEMPORARY,  # the secret is another application's
    846605: Refusal.REJECTED,  # the five seconds of a press are over
    846607: Refusal.RATE,
    853000: Refusal.BLOCKED,  # the bot has never been spoken to there
}
"""Whatever is not here is this message's own fault."""
MEND = frozenset({40001, 40013, 40014, 40056, 41001, 48002, 60011, 60020, 301002})
PAUSE = 60.0
"""Seconds of silence after a limit of the platform: they are counted by the minute."""


class WecomError(Exception):
    """The platform refused a call, or could not be reached."""

    def __init__(self, code: int, message: str, call: str) -> None:
        super().__init__(f"{call}: {code} {message}")
        self.code = code
        self.message = message
        self.call = call


def refusal(error: WecomError) -> Refused:
    """What the platform said, in the program's words."""
    reason = REASONS.get(error.code, Refusal.REJECTED)
    if error.code in MEND:
        log.error("wecom: %s; nothing can be sent this way until it is mended: run linli doctor", error)
    retry_for = PAUSE if reason is Refusal.RATE else 0.0
    return Refused(reason=reason, detail=str(error)[:500], retry_for=retry_for)
