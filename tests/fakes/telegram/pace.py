"""What makes good calls fail: real sending limits, and faults ordered by a test."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes.telegram.errors import ApiError, forbidden, too_many

FaultKind = Literal["rate", "error", "forbidden", "drop", "lost"]


@dataclass
class Fault:
    """`times` calls of `method` ("*" for all) fail; below zero: until cleared. "drop" never answers, "lost" does the
    work and then never answers."""

    method: str
    kind: FaultKind
    times: int = 1
    retry_after: int = 1
    status: int = 502
    text: str = "Bad Gateway"

    def as_error(self) -> ApiError:
        if self.kind == "rate":
            return too_many(self.retry_after)
        if self.kind == "forbidden":
            return forbidden(self.text)
        return ApiError(self.status, self.text)


@dataclass
class Pace:
    """Sliding windows of the documented limits; off until a test switches them on."""

    on: bool = False
    overall: int = 30
    per_chat: int = 1
    per_group: int = 20
    group_window: float = 60.0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    _sent: dict[int | str, deque[float]] = field(default_factory=dict)

    def find_fault(self, method: str) -> Fault | None:
        """The fault that applies to this call, counted down."""
        for fault in self.faults:
            if fault.times != 0 and fault.method in ("*", method):
                fault.times -= 1
                return fault
        return None

    def check(self, chat: int, *, is_group: bool, count: int = 1) -> None:
        """Refuses a message above the limits, as Telegram does; counts it otherwise."""
        if not self.on:
            return
        rules: list[tuple[int | str, int, float]] = [("all", self.overall, 1.0)]
        rules.append((chat, self.per_group, self.group_window) if is_group else (chat, self.per_chat, 1.0))
        now = time.monotonic()
        wait = max(self._wait(key, most, window, now) for key, most, window in rules)
        if wait > 0:
            self.refused += 1
            raise too_many(max(1, math.ceil(wait)))
        for key, _, _ in rules:
            self._sent.setdefault(key, deque()).extend([now] * count)

    def _wait(self, key: int | str, most: int, window: float, now: float) -> float:
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= now - window:
            sent.popleft()
        return sent[0] + window - now if len(sent) >= most else 0.0
