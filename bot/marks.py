"""Results of sending, stored together: whatever waits goes into one transaction. A result is kept until it is stored.

What a platform has taken and we could not write down would be sent again at every look: so the message stays under way,
and with it its place in the gate, until the database takes the result.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import NamedTuple

import structlog

from storage import outbox
from storage.outbox import Waiting
from storage.tx import Store, Tx

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds between two tries to store, twice as long each time."""


class _Mark(NamedTuple):
    row: Waiting
    slot: str
    ref: str
    at: datetime
    stored: asyncio.Future[None]


class Marks:
    """One instance a sender."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Mark] = []
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def sent(self, row: Waiting, slot: str, ref: str, at: datetime) -> None:
        """The platform took it: durable when this returns. Raises only when the program stops and it cannot be stored."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Mark(row, slot, ref, at, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_all(), name="marks")
        await stored

    async def close(self) -> None:
        """From now on one more try for each; what then is not stored is sent again after the next start."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _store_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._until_stored(batch)
            except Exception as error:
                for mark in batch:
                    if not mark.stored.done():
                        mark.stored.set_exception(error)
            for mark in batch:
                if not mark.stored.done():
                    mark.stored.set_result(None)

    async def _until_stored(self, batch: list[_Mark]) -> None:
        async def store(tx: Tx) -> None:
            for mark in batch:
                await outbox.mark_sent(tx, mark.row.id, mark.row.chat_id, mark.slot, mark.ref, mark.at)

        wait = FIRST_WAIT
        while True:
            last = self._closing.is_set()
            try:
                await self._store.run(store)
            except Exception:
                log.exception("marks.not_stored", count=len(batch))
                if last:
                    raise
            else:
                return
            try:
                await asyncio.wait_for(self._closing.wait(), wait)
            except TimeoutError:
                wait = min(LONGEST_WAIT, wait * 2)
