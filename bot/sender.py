"""Takes messages from the outbox to their platforms: in order per chat, within the platform's limits, until they are taken."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress

import structlog

from bot.channels.base import Channel
from bot.clock import Clock
from bot.files import Files
from bot.metrics import REFUSED, SENT
from handlers import groups
from handlers.city import City
from handlers.messages import Address, Capabilities, Outgoing, Receipt, Refusal, Refused
from handlers.turn import Turn
from storage import outbox, people
from storage.outbox import Waiting
from storage.tx import Store, Tx

log = structlog.get_logger()

AT_ONCE = 8
"""Chats written to at the same time; more makes the HTTP client slower (encode/httpx#3215)."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
MAX_TRIES = 60


class Pace:
    """The limits of one platform account, by monotonic time. A pause is never shortened."""

    def __init__(self, limits: Capabilities) -> None:
        self._limits = limits
        self._pause_until = 0.0
        self._all: deque[float] = deque()
        self._last: dict[str, float] = {}
        self._group: dict[str, deque[float]] = defaultdict(deque)

    def pause(self, seconds: float) -> None:
        """Nothing more for so many seconds: the platform said so."""
        self._pause_until = max(self._pause_until, time.monotonic() + seconds)

    async def ready(self, chat: str, *, is_group: bool) -> None:
        """Returns when the next message to this chat may go, and counts it as gone."""
        wait = self.wait_for(chat, is_group=is_group)
        if wait:
            await asyncio.sleep(wait)
            await self.ready(chat, is_group=is_group)

    def wait_for(self, chat: str, *, is_group: bool) -> float:
        """Seconds until the next message to this chat may go; taken at once when 0."""
        now = time.monotonic()
        limits, waits = self._limits, [self._pause_until - now]
        _forget(self._all, now - 1.0)
        if limits.per_second and len(self._all) >= limits.per_second:
            waits.append(self._all[0] + 1.0 - now)
        if limits.chat_interval:
            waits.append(self._last.get(chat, 0.0) + limits.chat_interval - now)
        group = self._group[chat] if is_group and limits.group_per_minute else None
        if group is not None:
            _forget(group, now - 60.0)
            if len(group) >= limits.group_per_minute:
                waits.append(group[0] + 60.0 - now)
        wait = max(waits)
        if wait > 0:
            return wait
        self._all.append(now)
        self._last[chat] = now
        if group is not None:
            group.append(now)
        if len(self._last) > 20_000:
            self._last = {c: at for c, at in self._last.items() if at > now - 60}
        return 0.0


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()


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
    ) -> None:
        self._store = store
        self._city = city
        self._channels = channels
        self._clock = clock
        self._files = files
        self._wake = wake
        self._paces = {key: Pace(channel.capabilities) for key, channel in channels.items()}
        self._busy: set[int] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._watched: dict[int, asyncio.Event] = {}
        self._stopping = False

    async def start(self) -> None:
        """Begins to send; what was left from before goes first."""
        self._task = asyncio.create_task(self._run(), name="sender")

    async def stop(self) -> None:
        """Ends after the messages under way."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task  # never cancelled: a query cut short would leave its connection's thread behind
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=8)

    async def drained(self) -> None:
        """Returns when nothing that may go out now is left."""
        self._idle.clear()
        self._wake.set()
        await self._idle.wait()

    async def flushed(self, chat_id: int, within: float) -> bool:
        """Waits until nothing that may go out is left for a chat; False when that took longer than so many seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            event = self._watched.setdefault(chat_id, asyncio.Event())
            async with self._store.read() as tx:
                if not await outbox.waits(tx, chat_id):
                    return True
            try:
                await asyncio.wait_for(event.wait(), max(0.0, until - loop.time()))
            except TimeoutError:
                return False

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            busy = bool(self._busy)  # what such a chat has left is not looked at now
            try:
                found = await self._send_some()
            except Exception:
                log.exception("sender.stalled")
                found = False
                await asyncio.sleep(0.5)
            if not (found or busy or self._busy or self._wake.is_set()):  # a wake: this look may be from before it
                self._idle.set()
            if not found and not self._stopping:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), 0.5)

    async def _send_some(self) -> bool:
        async with self._store.read() as tx:
            rows = await outbox.due(tx, self._clock.now(), 200, skip_chats=list(self._busy))
        by_chat: dict[int, list[Waiting]] = {}
        for row in rows:
            by_chat.setdefault(row.chat_id, []).append(row)
        for chat_id, messages in by_chat.items():
            self._busy.add(chat_id)
            job = asyncio.create_task(self._send_chat(chat_id, messages), name=f"send-{chat_id}")
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)
        return bool(by_chat)

    async def _send_chat(self, chat_id: int, messages: Sequence[Waiting]) -> None:
        try:
            await self._send_toasts([row for row in messages if row.lane == outbox.PRESS])
            for row in sorted((r for r in messages if r.lane != outbox.PRESS), key=lambda r: r.id):
                if not await self._send_one(row):
                    break
        except Exception:
            log.exception("sender.chat_failed", chat=chat_id)
            await asyncio.sleep(1.0)
        finally:
            self._busy.discard(chat_id)
            watched = self._watched.pop(chat_id, None)
            if watched is not None:
                watched.set()
            self._wake.set()

    async def _send_toasts(self, rows: Sequence[Waiting]) -> None:
        """Answers to presses, all at once: nobody's screen waits for another's. What fails is late already and is dropped."""
        plain = [row for row in rows if not row.body.get("callback")]
        for row in plain:
            await self._send_one(row)
        toasts = [row for row in rows if row.body.get("callback")]
        if not toasts:
            return
        await asyncio.gather(*[self._toast(row) for row in toasts])

        async def mark(tx: Tx) -> None:
            for row in toasts:
                await outbox.mark_sent(tx, row.id, row.chat_id, "", "", self._clock.now())

        await self._store.run(mark)

    async def _toast(self, row: Waiting) -> None:
        channel = self._channels.get((row.channel, row.account))
        if channel is None:
            return
        async with self._slots:
            result = await channel.send(_address(row), Outgoing.model_validate(row.body))
        if isinstance(result, Refused):
            REFUSED.labels(row.channel, result.reason.value).inc()

    async def _send_one(self, row: Waiting) -> bool:
        """Sends one message; False when the rest of the chat has to wait."""
        key = (row.channel, row.account)
        channel = self._channels.get(key)
        if channel is None:
            why = f"channel {row.channel} {row.account} is not configured"
            await self._store.run(lambda tx: outbox.bury(tx, row.id, why))
            return True
        out = Outgoing.model_validate(row.body)
        if not out.callback:
            await self._paces[key].ready(row.chat, is_group=row.is_group)
        async with self._store.read() as tx:
            post = await outbox.find_post(tx, row.chat_id, row.slot) if row.slot else ""
            if row.slot and not await outbox.is_waiting(tx, row.id):
                return True  # a newer message took its place while it waited
        files = [] if post else await self._files.of(out.media, channel)
        async with self._slots:
            result = await channel.send(_address(row), out, files=files, post=post)
        return await self._settle(row, key, result)

    async def _settle(self, row: Waiting, key: tuple[str, str], result: Receipt | Refused) -> bool:
        if isinstance(result, Receipt):
            SENT.labels(row.channel).inc()
            at, ref = self._clock.now(), result.ref
            await self._store.run(lambda tx: outbox.mark_sent(tx, row.id, row.chat_id, row.slot, ref, at))
            return True
        REFUSED.labels(row.channel, result.reason.value).inc()
        log.info(
            "sender.refused", channel=row.channel, message=row.id, reason=result.reason.value, detail=result.detail
        )
        if result.reason is Refusal.RATE:
            self._paces[key].pause(result.retry_for)
            return await self._again(row, result, result.retry_for)
        if result.reason is Refusal.TEMPORARY:
            return await self._again(row, result, result.retry_for or _backoff(row.attempts))
        await self._never(row, result)
        return result.reason in (Refusal.REJECTED, Refusal.MIGRATED)

    async def _again(self, row: Waiting, result: Refused, seconds: float) -> bool:
        why = result.detail or result.reason.value
        if row.attempts >= MAX_TRIES and result.reason is not Refusal.RATE:
            await self._store.run(lambda tx: outbox.bury(tx, row.id, why))
            return True
        at = self._clock.now() + self._clock.span(seconds)
        await self._store.run(lambda tx: outbox.postpone(tx, row.id, at, why))
        return False

    async def _never(self, row: Waiting, result: Refused) -> None:
        await self._store.run(lambda tx: self._shut(tx, row, result))

    async def _shut(self, tx: Tx, row: Waiting, result: Refused) -> None:
        chat = await people.get_chat(tx, row.chat_id)
        if result.reason is Refusal.MIGRATED and result.new_chat:
            await people.migrate_chat(tx, row.channel, row.account, row.chat, result.new_chat)
            return
        await outbox.bury(tx, row.id, result.detail or result.reason.value)
        if result.reason in (Refusal.BLOCKED, Refusal.GONE):
            turn = Turn(self._city, tx, self._clock.now(), chat=chat)
            if chat.is_group:
                await groups.room_lost(turn, chat)
            else:
                await people.set_reachable(tx, chat.id, False)


def _address(row: Waiting) -> Address:
    user = row.user_key if row.is_group else row.chat
    return Address(
        channel=row.channel,
        account=row.account,
        user=user,
        chat=row.chat,
        thread=row.thread,
        is_group=row.is_group,
    )


def _backoff(tries: int) -> float:
    """Twice as long each time, up to five minutes, with jitter so that many do not come back together."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10)) * random.uniform(0.75, 1.25))  # noqa: S311
