"""Takes messages from the outbox to their platforms: in order per chat, within the platform's limits, until they are taken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress

import structlog

from bot.channels.base import Channel, KnowsRepeats
from bot.clock import Clock
from bot.files import Files
from bot.gate import AT_ONCE, AT_RISK, Closed, Gate
from bot.metrics import REFUSED, SENT
from bot.shares import Share
from handlers import groups
from handlers.city import City
from handlers.messages import Address, Outgoing, Receipt, Refusal, Refused
from handlers.turn import Turn
from storage import leases, outbox, people
from storage.outbox import Waiting
from storage.tx import Store, Tx

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
MAX_TRIES = 60
NOTICES = 16
"""Chats written to at the same time where nobody waits for it."""
LOOK, LOOK_TOGETHER = 0.5, 0.1
"""Seconds after which the outbox is looked at though nothing was said here: what others say wakes nobody."""
PARTS = 16
"""Between so many shares the chats of an account without limits are divided."""


def parts(channels: dict[tuple[str, str], Channel]) -> dict[str, outbox.Share]:
    """What can be sent by different processes. An account with limits is one share: one process counts for it."""
    found: dict[str, outbox.Share] = {}
    for (channel, account), one in channels.items():
        of = PARTS if isinstance(one, KnowsRepeats) else 1
        found |= {_key(channel, account, n): outbox.Share(channel, account, (n,), of) for n in range(of)}
    return found


def _key(channel: str, account: str, part: int) -> str:
    return f"{channel}/{account}/{part}"


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
    ) -> None:
        self._parts = parts(channels)
        self._of = {(part.channel, part.account): part.of for part in self._parts.values()}
        self._share = share or Share("send", list(self._parts))
        self._share.is_busy = self._is_busy
        self._terms: dict[str, int] = {}
        self._store = store
        self._city = city
        self._channels = channels
        self._clock = clock
        self._files = files
        self._wake = wake
        self._gates = {
            key: Gate(channel.capabilities, at_risk=0 if isinstance(channel, KnowsRepeats) else AT_RISK)
            for key, channel in channels.items()
        }
        self._busy: dict[int, bool] = {}
        """Chats that are written to, and whether nobody there waits for it."""
        self._pressed: set[int] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._screens = asyncio.Semaphore(AT_ONCE)
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
        for gate in self._gates.values():
            gate.close()
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
        await self._obey(held)
        shares = None if self._share.has_all() else [self._parts[key] for key in held]
        now, room = self._clock.now(), NOTICES - sum(self._busy.values())
        async with self._store.read() as tx:
            presses = await outbox.due_presses(tx, now, 200, skip=list(self._pressed), shares=shares)
            rows = await outbox.due(
                tx, now, 200, skip_chats=list(self._busy), shares=shares, presses=False, notices=room > 0
            )
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
            unawaited = messages[0].urgency == outbox.NOTICE
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

    async def _obey(self, held: Collection[str]) -> None:
        """What comes to this process may be paused, and another may have sent within this second."""
        for key in held:
            term, part = self._share.term(key), self._parts.get(key)
            if part is None or not term or self._terms.get(key) == term:
                continue
            async with self._store.read() as tx:
                seconds = await leases.paused_for(tx, part.channel, part.account)
            self._gates[part.channel, part.account].pause(max(seconds, 0.0 if self._share.alone else 1.0))
            self._terms[key] = term

    def _term(self, row: Waiting) -> int:
        """0 while another process may send this."""
        of = self._of.get((row.channel, row.account))
        return 1 if of is None else self._share.term(_key(row.channel, row.account, (row.chat_id >> 22) % of))

    def _is_busy(self, key: str) -> bool:
        part = self._parts[key]
        return bool(self._pressed) or any(part.of == 1 or (c >> 22) % part.of in part.parts for c in self._busy)

    async def _send_chat(self, chat_id: int, messages: Sequence[Waiting]) -> None:
        terms = {row.id: self._term(row) for row in messages}
        try:
            for row in sorted(messages, key=lambda r: r.id):
                if not await self._send_one(row, terms[row.id]):
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
        """Answers to presses, all at once: nobody's screen waits for another's. What fails is late already and is dropped."""
        toasts = [row for row in rows if row.body.get("callback")]
        try:
            await asyncio.gather(
                self._show(toasts), *[self._send_one(r, self._term(r)) for r in rows if not r.body.get("callback")]
            )
        except Closed:
            return
        except Exception:
            log.exception("sender.presses_failed", count=len(rows))
            await asyncio.sleep(1.0)
        finally:
            self._pressed -= {row.id for row in rows}
            for row in rows:
                self._look_again(row.chat_id)

    async def _show(self, toasts: Sequence[Waiting]) -> None:
        async def mark(tx: Tx) -> None:
            for row in toasts:
                await outbox.mark_sent(tx, row.id, row.chat_id, "", "", self._clock.now())

        await asyncio.gather(*[self._toast(row) for row in toasts])
        if toasts:
            await self._store.run(mark)

    async def _toast(self, row: Waiting) -> None:
        channel = self._channels.get((row.channel, row.account))
        if channel is None:
            return
        async with self._screens:
            result = await channel.send(_address(row), Outgoing.model_validate(row.body))
        if isinstance(result, Refused):
            REFUSED.labels(row.channel, result.reason.value).inc()

    async def _send_one(self, row: Waiting, term: int) -> bool:
        """Sends one message; False when the rest of the chat has to wait."""
        key = (row.channel, row.account)
        channel = self._channels.get(key)
        if channel is None:
            why = f"channel {row.channel} {row.account} is not configured"
            await self._store.run(lambda tx: outbox.bury(tx, row.id, why))
            return True
        gate = self._gates[key]
        async with gate.turn(row.urgency, row.id, row.chat, is_group=row.is_group) as turn:
            if not term or self._term(row) != term:
                return False  # another process sends it
            post = await self._post(row) if row.slot else ""
            if post is None:
                return True  # a newer message took its place while it waited
            if post:
                gate.calm(turn)
            out = Outgoing.model_validate(row.body)
            files = [] if post else await self._files.of(out.media, channel)
            if isinstance(channel, KnowsRepeats) and not post:
                result = await channel.send_once(f"out:{row.id}", _address(row), out, files=files)
            else:
                result = await channel.send(_address(row), out, files=files, post=post)
            return await self._settle(row, key, result)

    async def _post(self, row: Waiting) -> str | None:
        """The platform's message in the slot, or empty; None when this message is not to be sent any more."""
        async with self._store.read() as tx:
            post = await outbox.find_post(tx, row.chat_id, row.slot)
            return post if await outbox.is_waiting(tx, row.id) else None

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
            self._gates[key].pause(result.retry_for)
            await self._store.run(lambda tx: leases.pause(tx, row.channel, row.account, result.retry_for))
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
