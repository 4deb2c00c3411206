"""Takes messages from the outbox: in order per chat, most urgent first, until they are taken.

Which accounts and limits: accounts.py, gate.py; one message and its result: delivery.py, marks.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress

import structlog

from bot.accounts import Accounts
from bot.channels.base import Channel
from bot.clock import Clock
from bot.delivery import Delivery
from bot.files import Files
from bot.gate import Closed
from bot.shares import Share
from bot.traces import Traces
from handlers.city import City
from storage import outbox
from storage.outbox import Waiting
from storage.tx import Store

log = structlog.get_logger()

PATIENCE = 3
"""Seconds that the end waits for sends under way; with the other waits the whole ends within ten."""
NOTICES = 16
"""Chats written to at the same time where nobody waits for it."""
LOOK, LOOK_TOGETHER = 0.5, 0.1
"""Seconds after which the outbox is looked at though nothing was said here: what others say wakes nobody."""


class Sender:
    """One instance for the outbox of one tenant."""

    def __init__(
        self,
        store: Store,
        city: City,
        channels: dict[tuple[str, str], Channel],
        clock: Clock,
        files: Files,
        wake: asyncio.Event,
        share: Share | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._accounts = Accounts(store, clock, channels, share)
        self._delivery = Delivery(store, city, channels, clock, files, self._accounts, traces or Traces())
        self._share = self._accounts.share
        self._share.is_busy = self._is_busy
        self._store = store
        self._clock = clock
        self._wake = wake
        self._busy: dict[int, bool] = {}
        """Chats that are written to, and whether nobody there waits for it."""
        self._pressed: set[int] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._watched: dict[int, asyncio.Event] = {}
        self._stopping = False

    async def start(self) -> None:
        """Begins to send; what was left from before goes first."""
        self._task = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Ends after the messages under way; one that takes longer than `PATIENCE` may go out again after the next start."""
        self._stopping = True
        self._wake.set()
        self._accounts.close()
        if self._task is not None:
            await self._task  # never cancelled: a query cut short would leave its connection's thread behind
        await self._delivery.close()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=PATIENCE)

    async def drained(self) -> None:
        """Returns when nothing that may go out now is left."""
        self._idle.clear()
        self._wake.set()
        await self._idle.wait()

    async def flushed(self, chat_id: int, within: float) -> bool:
        """Waits until nothing that may go out is left for a chat; False when that took longer than so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        most = within if self._share.alone else LOOK_TOGETHER  # another process may be the one that sends
        while True:
            event = self._watched.setdefault(chat_id, asyncio.Event())
            async with self._store.read() as tx:
                if not await outbox.waits(tx, chat_id):
                    return True
            try:
                await asyncio.wait_for(event.wait(), min(most, max(0.0, until - loop.time())))
            except TimeoutError:
                if loop.time() >= until:
                    return False

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            busy = bool(self._busy or self._pressed)  # what such a chat has left is not looked at now
            try:
                found = await self._send_some()
            except Exception:
                log.exception("sender.stalled")
                found = False
                await asyncio.sleep(0.5)
            # a wake means that this look may be older than the call for it
            if not (found or busy or self._busy or self._pressed or self._wake.is_set()):
                self._idle.set()
            if not found and not self._stopping:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK if self._share.alone else LOOK_TOGETHER)

    async def _send_some(self) -> bool:
        held = self._share.held()
        if not held:
            return False
        await self._accounts.take_over(held)
        shares = self._accounts.shares(held)
        now, room = self._clock.now(), NOTICES - sum(self._busy.values())
        # taken before the look: it may still show as unsent what ends while it is under way
        skip, skip_chats = set(self._pressed), set(self._busy)
        async with self._store.read() as tx:
            presses, rows = await outbox.ready(tx, now, 200, skip=skip, skip_chats=skip_chats, shares=shares, room=room)
        if presses:
            self._pressed |= {row.id for row in presses}
            self._begin(self._answer(presses))
        return self._begin_chats(rows, room) or bool(presses)

    def _begin_chats(self, rows: Sequence[Waiting], room: int) -> bool:
        """One job a chat; of those where nobody waits only as many as there is room for."""
        by_chat: dict[int, list[Waiting]] = {}
        for row in rows:
            by_chat.setdefault(row.chat_id, []).append(row)
        began = False
        for chat_id, messages in by_chat.items():
            unawaited = messages[0].urgency >= outbox.NOTICE
            room -= unawaited
            if not unawaited or room >= 0:
                self._busy[chat_id] = unawaited
                self._begin(self._send_chat(chat_id, messages))
                began = True
        return began

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        job = asyncio.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _is_busy(self, key: str) -> bool:
        return bool(self._pressed) or self._accounts.touches(key, self._busy)

    async def _send_chat(self, chat_id: int, messages: Sequence[Waiting]) -> None:
        terms = {row.id: self._accounts.term(row) for row in messages}
        try:
            for row in sorted(messages, key=lambda r: r.id):
                if not await self._delivery.send(row, terms[row.id]):
                    break
        except Closed:
            return
        except Exception:
            log.exception("sender.chat_failed", chat=chat_id)
            await asyncio.sleep(1.0)
        finally:
            self._busy.pop(chat_id, None)
            self._look_again(chat_id)

    def _look_again(self, chat_id: int) -> None:
        watched = self._watched.pop(chat_id, None)
        if watched is not None:
            watched.set()
        self._wake.set()

    async def _answer(self, rows: Sequence[Waiting]) -> None:
        """Answers to presses, all at once: nobody's screen waits for another's."""
        try:
            await self._delivery.show(rows)
        except Exception:
            log.exception("sender.presses_failed", count=len(rows))
            await asyncio.sleep(1.0)
        finally:
            self._pressed -= {row.id for row in rows}
            for row in rows:
                self._look_again(row.chat_id)
