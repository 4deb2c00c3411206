"""How much was sent to each member and group: WeCom drops what is too much without a word, so we count before.

30 a minute and 1,000 an hour for a member or a bot's chat (path/90236, 101463), 20 a minute for a webhook (path/99110).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Limit(NamedTuple):
    """So many messages in so many seconds."""

    most: int
    seconds: float


MEMBER = (Limit(30, 60.0), Limit(1000, 3600.0))
BOT_CHAT = (Limit(30, 60.0), Limit(1000, 3600.0))
WEBHOOK = (Limit(20, 60.0),)
_MANY = 5_000
"""Receivers that are remembered before those nobody wrote to for an hour are forgotten."""


class Budget:
    """What each receiver has got. In memory: one process sends for an account."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sent: dict[str, deque[float]] = {}

    def wait_for(self, receivers: Sequence[str], limits: Sequence[Limit], messages: int = 1) -> float:
        """Seconds until so many messages to all of them stay within the limits; counted as sent when it is 0."""
        now = self._monotonic()
        wait = max((self._wait(self._of(name, now), limits, messages, now) for name in receivers), default=0.0)
        if wait > 0:
            return wait
        for name in receivers:
            self._sent[name].extend([now] * messages)
        if len(self._sent) > _MANY:
            self._sent = {name: times for name, times in self._sent.items() if times and times[-1] > now - 3600}
        return 0.0

    def _of(self, name: str, now: float) -> deque[float]:
        times = self._sent.setdefault(name, deque())
        while times and times[0] <= now - 3600:
            times.popleft()
        return times

    @staticmethod
    def _wait(times: deque[float], limits: Sequence[Limit], messages: int, now: float) -> float:
        waits = [0.0]
        for most, seconds in limits:
            recent = [at for at in times if at > now - seconds]
            over = len(recent) + min(messages, most) - most
            if over > 0:
                waits.append(recent[over - 1] + seconds - now)
        return max(waits)
