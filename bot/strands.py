"""Strands of the inbox: which streams of updates each one handles, and what this process has just stored for it.

What was stored a moment ago need not be read back and opened from its seal. That is only done where nobody else takes
updates in, after a look at the database has found all there was, and while nothing fails; else the database is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable

from storage.receipts import StoredReceipt

LOOK = 1.0
"""Seconds after which the store is looked at though nothing came in here."""
MOST_KEPT = 5_000
"""Updates that are kept here to be handled; of more the database knows."""


class Strand:
    """Some of the streams, always the same: each is handled by one strand, in order."""

    def __init__(self, number: int, of: int, *, keeps: bool = False) -> None:
        """`keeps`: this process alone takes updates in and handles them."""
        self._number = number
        self._of = of
        self._keeps = keeps
        self._kept: list[StoredReceipt] = []
        self._is_whole = False
        self._looked_to = 0
        self._looked_at = 0.0
        self.stored = asyncio.Event()
        self.at_work: frozenset[str] = frozenset()

    def of(self, streams: Collection[str]) -> frozenset[str]:
        """Those of the streams that are this strand's."""
        return frozenset([key for key in streams if int(key) % self._of == self._number])

    def keep(self, stored: Iterable[StoredReceipt]) -> None:
        """These were just committed, in this order, after all that was kept before."""
        if self._keeps:
            self._kept += [one for one in stored if one.id > self._looked_to]  # a look may have come first
            if len(self._kept) > MOST_KEPT:
                self.ask_again()

    def take(self, most: int) -> list[StoredReceipt] | None:
        """The oldest of all that waits; None when only the database knows."""
        if not self._is_whole or time.monotonic() - self._looked_at > LOOK:
            return None
        taken, self._kept = self._kept[:most], self._kept[most:]
        return taken

    def looked(self, found: list[StoredReceipt], most: int) -> None:
        """A look at the database has found these, no more than `most`; all that is kept here is among them or after them."""
        self._kept.clear()
        self._is_whole = self._keeps and len(found) < most
        self._looked_to = found[-1].id if found else self._looked_to
        self._looked_at = time.monotonic()

    def ask_again(self) -> None:
        """Something was not handled as it should be: what waits, and in which order, is the database's to say."""
        self._is_whole = False
        self._kept.clear()
