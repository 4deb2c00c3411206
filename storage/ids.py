"""Ids made by the program: 63 bits, ordered by time, unique across processes without asking a database each time.

41 bits of milliseconds since 2024, 10 bits of process, 12 bits of count. Record numbers for people are another thing.
Processes that serve one PostgreSQL have their ten bits from a counter there, so that no two of the last 1,024 starts share
them; a command that an operator types draws them.
"""

from __future__ import annotations

import secrets
import time

_SINCE_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z


class Ids:
    """Makes ids. One instance a process; a clock that steps back never gives an id twice."""

    def __init__(self, node: int | None = None) -> None:
        self._node = secrets.randbelow(1024) if node is None else node % 1024
        self._last_ms = 0
        self._count = 0

    def settle(self, node: int) -> None:
        """From now on the bits of the process are those of this number."""
        self._node = node % 1024

    def go_on_after(self, newest: int) -> None:
        """What is made from now on is greater than this id, also when the clock has gone back since it was made."""
        self._last_ms = max(self._last_ms, (newest >> 22) + 1 if newest else 0)

    def new(self) -> int:
        """The next id, greater than every id this instance gave before."""
        now_ms = max(time.time_ns() // 1_000_000 - _SINCE_MS, self._last_ms)
        if now_ms == self._last_ms:
            self._count += 1
            if self._count == 4096:
                now_ms, self._count = now_ms + 1, 0
        else:
            self._count = 0
        self._last_ms = now_ms
        return now_ms << 22 | self._node << 12 | self._count
