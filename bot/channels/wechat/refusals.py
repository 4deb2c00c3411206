"""What WeChat's error codes mean to the program: one table, and the one function that reads it."""

from __future__ import annotations

import structlog

from handlers.messages import Refusal, Refused

log = structlog.get_logger()

TOKEN_ENDED = frozenset({40001, 40014, 42001})
"""The access token is refused: fetch one and try once more."""

# https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
REASONS: dict[int, Refusal] = {
    -1: Refusal.TEMPORARY,
    40001: Refusal.TEMPORARY,
    40003: Refusal.GONE,
    40013: Refusal.TEMPORARY,
    40014: Refusal.TEMPORARY,
    40125: Refusal.TEMPORARY,
    40164: Refusal.TEMPORARY,
    42001: Refusal.TEMPORARY,
    43004: Refusal.BLOCKED,
    43019: Refusal.BLOCKED,
    45009: Refusal.RATE,
    45011: Refusal.RATE,
    45015: Refusal.WINDOW,
    45047: Refusal.WINDOW,
    48001: Refusal.WINDOW,
    43101: Refusal.WINDOW,
    50002: Refusal.TEMPORARY,
}
"""Everything else can never be sent as it is."""
RETRY_FOR = {45009: 600.0, 45011: 30.0}
OPERATORS = frozenset({40001, 40013, 40125, 40164, 48001, 40037, 47003, 50002})
"""What only somebody with the console can mend; `linli doctor` says where."""
WINDOW = frozenset({45015, 45047})
BAD_MEDIA = frozenset({40004, 40007})


class WeChatError(Exception):
    """The platform refused a call."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}"[:300])
        self.code = code


def refusal(error: WeChatError) -> Refused:
    """What the platform said, in the program's words."""
    if error.code in OPERATORS:
        log.error("wechat.console", code=error.code, detail=str(error)[:120])
    reason = REASONS.get(error.code, Refusal.REJECTED)
    return Refused(reason=reason, detail=str(error), retry_for=RETRY_FOR.get(error.code, 0.0))
