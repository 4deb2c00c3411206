"""Takes updates in and has them handled: stored first, acknowledged after the commit, handled in order of arrival.

What waits is stored in one transaction and handled in one transaction; when a batch fails, its updates are handled one
by one, so that a bad one spoils nothing for the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog

from bot.channels.base import BadUpdate, Beside, Channel, KeepsBooks, RawUpdate
from bot.clock import Clock
from bot.metrics import ANSWERED, FAILED, RECEIVED
from bot.reading import Reading
from bot.shares import Share
from bot.strands import LOOK, Strand
from bot.traces import Traces, carrying
from handlers import dispatch
from handlers.city import City
from handlers.messages import Incoming
from storage import receipts
from storage.database import Unavailable
from storage.receipts import Arrived, StoredReceipt
from storage.tx import Store, Tx

log = structlog.get_logger()

BATCH, BATCH_TOGETHER = 50, 20
"""Updates in one transaction: alone, and beside other processes, who then wait less for the same rows."""
STREAMS = tuple(str(n) for n in range(receipts.STREAMS))
STRANDS_TOGETHER = 3
"""Parts of the streams that are handled side by side on PostgreSQL, where a transaction mostly waits for answers."""
LOOK_TOGETHER = 0.05
"""Like `LOOK` beside other processes: what they took in wakes nobody here."""
AFTER_FAILURE = 0.5
"""Seconds before the next look after one that failed: a database that is away for an hour fills no log."""
MOST_STORED = 500
"""Updates that are stored in one transaction."""
MOST_WAITING = 5_000
"""Updates that may wait to be stored; above it the platform is told to come again."""


class Full(Exception):
    """More updates wait than are taken. Nothing was stored."""


class _Taken(Exception):
    """Another process has handled one of these updates: nothing of the batch is kept, and each is looked at by itself."""


class _Pending(NamedTuple):
    """An update on its way into the store: its receipt, and whether it is new; None for what `beside` did not want
    stored. `handled` when more is waited for."""

    channel: str
    account: str
    update: RawUpdate
    stored: asyncio.Future[tuple[int, bool] | None]
    handled: asyncio.Future[None] | None
    beside: Beside | None


class Inbox:
    """One instance a process."""

    def __init__(
        self,
        store: Store,
        city: City,
        channels: dict[tuple[str, str], Channel],
        clock: Clock,
        share: Share | None = None,
        *,
        hears: bool = False,
        traces: Traces | None = None,
        together: bool = False,
    ) -> None:
        """`hears`: voice messages without words are stored for `bot.hearing` first. `together`: no other process works
        on this database."""
        self.traces = traces or Traces()
        self._hears = hears
        self._share = share or Share("updates", STREAMS)
        self._share.is_busy = lambda key: any(key in strand.at_work for strand in self._strands)
        strands = 1 if self._share.alone else STRANDS_TOGETHER
        self._strands = [Strand(n, strands, keeps=together and not hears) for n in range(strands)]
        self._store = store
        self._city = city
        self._reading = Reading(channels)
        self._books = {key: one for key, one in channels.items() if isinstance(one, KeepsBooks)}
        self._clock = clock
        self._pending: list[_Pending] = []
        self._arrived = asyncio.Event()
        self._handled: dict[int, list[asyncio.Future[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._ending = asyncio.Event()

    async def start(self, *, handles: bool = True) -> None:
        """Begins to store and to handle; what was left from before is handled first. Without `handles`, others do that."""
        self._look()
        self._tasks = [asyncio.create_task(self._store_loop(), name="inbox-store")]
        if handles:
            self._tasks += [
                asyncio.create_task(self._handle_loop(strand), name="inbox-handle") for strand in self._strands
            ]
        if handles and not self._share.alone:
            self._tasks.append(asyncio.create_task(self._watch_loop(), name="inbox-watch"))
            self._tasks.append(asyncio.create_task(self._poll_loop(), name="inbox-poll"))

    async def stop(self) -> None:
        """Ends after the update under way. What is stored and not handled waits for the next start."""
        self._stopping = True
        self._ending.set()
        self._arrived.set()
        self._look()
        for task in self._tasks:
            await task  # never cancelled: a query cut short would leave its connection's thread behind
        for one in self._pending:
            one.stored.cancel()

    async def receive(
        self,
        channel: str,
        account: str,
        updates: Sequence[RawUpdate],
        *,
        wait: bool = False,
        beside: Beside | None = None,
    ) -> list[int]:
        """Stores updates; durable when it returns, with their receipts. With `wait`, returns when they were handled.

        `beside` is written in the same transaction, before each; none is stored where it says no. Raises `Full`.
        """
        if len(self._pending) + len(updates) > MOST_WAITING:
            raise Full
        loop, began = asyncio.get_running_loop(), time.monotonic()
        mine = [
            _Pending(channel, account, update, loop.create_future(), loop.create_future() if wait else None, beside)
            for update in updates
        ]
        self._pending += mine
        self._arrived.set()
        kept = [stored for stored in [await one.stored for one in mine] if stored is not None]
        ids = [receipt_id for receipt_id, _ in kept]
        RECEIVED.labels(channel).inc(len(ids))
        for update in updates:
            here = self.traces.of(channel, account, update.id)
            self.traces.past("receive", here, time.monotonic() - began, channel=channel)
        if wait:
            for receipt_id in {receipt_id for receipt_id, is_new in kept if not is_new}:
                await self._release_if_handled(receipt_id)
            for one in mine:
                if one.handled is not None:
                    await one.handled
        return ids

    async def handled(self, receipt_id: int) -> None:
        """Returns when an update was handled, here or by another process."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handled.setdefault(receipt_id, []).append(done)
        await self._release_if_handled(receipt_id)
        await done

    async def _release_if_handled(self, receipt_id: int) -> None:
        async with self._store.read() as tx:
            if not await receipts.is_waiting(tx, receipt_id):
                self._release(receipt_id)

    def _release(self, receipt_id: int) -> None:
        for done in self._handled.pop(receipt_id, []):
            if not done.done():
                done.set_result(None)

    async def _store_loop(self) -> None:
        while not self._stopping:
            await self._arrived.wait()
            self._arrived.clear()
            batch = self._next(MOST_STORED)
            if batch:
                await self._store_batch(batch)

    def _next(self, most: int) -> list[_Pending]:
        """The oldest that wait to be stored."""
        taken, self._pending = self._pending[:most], self._pending[most:]
        if self._pending:
            self._arrived.set()
        return taken

    async def _store_batch(self, batch: list[_Pending]) -> None:
        stream, is_voice = self._reading.stream, self._reading.is_voice
        fresh: list[StoredReceipt] = []
        streams: list[int] = []

        async def store(tx: Tx) -> list[tuple[int, bool] | None]:
            batch.extend(self._next(MOST_STORED - len(batch)))  # who came while the database was busy comes along
            streams[:] = [0 if self._share.alone else stream(one.channel, one.account, one.update) for one in batch]
            voices = [self._hears and is_voice(one.channel, one.account, one.update) for one in batch]
            wanted = [one.beside is None or await one.beside(tx) for one in batch]
            arrived = [
                Arrived(one.channel, one.account, one.update.id, one.update.raw, its_stream, voice)
                for one, its_stream, voice, is_wanted in zip(batch, streams, voices, wanted, strict=True)
                if is_wanted
            ]
            now = self._clock.now()
            kept = await receipts.keep(tx, arrived, now)
            fresh[:] = receipts.fresh(arrived, kept, now)
            in_turn = iter(kept)
            return [next(in_turn) if is_wanted else None for is_wanted in wanted]

        try:
            ids = await self._store.run(store)
        except Exception as error:
            log.exception("inbox.not_stored", count=len(batch))
            for one in batch:
                if not one.stored.done():
                    one.stored.set_exception(error)
            return
        for one, kept in zip(batch, ids, strict=True):
            if kept is None:
                if one.handled is not None:
                    one.handled.set_result(None)
            elif one.handled is not None:  # from here on, so that nobody can have handled it before
                self._handled.setdefault(kept[0], []).append(one.handled)
            if not one.stored.done():
                one.stored.set_result(kept)
        if len(self._strands) == 1:
            self._strands[0].keep(fresh)
        self._look({str(stream) for stream in streams})

    async def _pause(self) -> None:
        """Until it is time to look at what other processes do; longer where this one does all the work."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ending.wait(), LOOK if self._share.has_all() else LOOK_TOGETHER)

    async def _watch_loop(self) -> None:
        """What another process handled keeps nobody here waiting."""
        while not self._stopping:
            await self._pause()
            if not self._handled:
                continue
            try:
                asked = list(self._handled)
                async with self._store.read() as tx:
                    open_ = await receipts.still_waiting(tx, asked)
            except Exception:
                log.exception("inbox.watch_failed")
                await asyncio.sleep(AFTER_FAILURE)
                continue
            for receipt_id in set(asked) - open_:
                self._release(receipt_id)

    def _look(self, streams: Collection[str] = STREAMS) -> None:
        """Something may wait to be handled in these streams."""
        for strand in self._strands:
            if strand.of(streams):
                strand.stored.set()

    async def _poll_loop(self) -> None:
        """What other processes have stored wakes nobody here: one look for all strands."""
        while not self._stopping:
            await self._pause()
            if all(strand.at_work for strand in self._strands):
                continue
            try:
                async with self._store.read() as tx:
                    waiting = await receipts.streams_waiting(tx)
            except Exception:
                log.exception("inbox.poll_failed")
                await asyncio.sleep(AFTER_FAILURE)
                continue
            self._look({str(stream) for stream in waiting} & self._share.held())

    async def _handle_loop(self, strand: Strand) -> None:
        while not self._stopping:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(strand.stored.wait(), LOOK)
            strand.stored.clear()
            try:
                while not self._stopping and await self._handle_some(strand):
                    pass
            except Exception:
                log.exception("inbox.stalled")
                await asyncio.sleep(AFTER_FAILURE)
                strand.stored.set()

    async def _handle_some(self, strand: Strand) -> bool:
        strand.at_work = strand.of(self._share.held())
        try:
            return bool(strand.at_work) and await self._handle_batch(strand)
        finally:
            strand.at_work = frozenset()

    async def _waiting(self, strand: Strand) -> list[StoredReceipt]:
        """The oldest updates that wait."""
        most = BATCH if self._share.alone else BATCH_TOGETHER
        kept = strand.take(most)
        if kept is not None:
            return kept
        async with self._store.read() as tx:
            found = await receipts.waiting(tx, most, None if self._share.alone else [int(k) for k in strand.at_work])
        strand.looked(found, most)
        return found

    async def _handle_batch(self, strand: Strand) -> bool:
        waiting = await self._waiting(strand)
        if not waiting:
            return False
        parsed = self._reading.parse_all(waiting) if len(waiting) > 1 else {}

        handled: list[StoredReceipt] = []

        async def handle(tx: Tx) -> None:
            handled.clear()  # the transaction may be run again
            if parsed:
                await dispatch.look_ahead(tx, [one for some in parsed.values() for one in some])
            for receipt in waiting:
                if self._stopping and handled:
                    break
                await self._answer(tx, receipt, parsed.get(receipt.id))
                handled.append(receipt)
                await asyncio.sleep(0)  # statements do not wait for anything: others get their turn here
            if await receipts.finish_all(tx, [receipt.id for receipt in handled]) != len(handled):
                raise _Taken

        try:
            await self._store.run(handle)
        except Unavailable:
            strand.ask_again()
            raise  # no fault of the updates: they wait until the database is there again
        except Exception as error:
            strand.ask_again()
            for receipt in waiting:
                if self._stopping:
                    break
                if len(waiting) == 1 and not isinstance(error, _Taken):
                    await self._failed(receipt, error)
                else:
                    await self._handle_alone(receipt)
                self._answered(receipt)  # one by one: what fails later must not keep the others waiting
            return True
        for receipt in handled:
            self._answered(receipt)
        return True

    def _answered(self, receipt: StoredReceipt) -> None:
        """Whoever waits for this update hears of it."""
        self._release(receipt.id)
        ANSWERED.labels(receipt.channel).observe((self._clock.now() - receipt.received_at).total_seconds())

    async def _handle_alone(self, receipt: StoredReceipt) -> None:
        try:
            await self._store.run(lambda tx: self._handle(tx, receipt))
        except Unavailable:
            raise
        except Exception as error:
            await self._failed(receipt, error)

    async def _handle(self, tx: Tx, receipt: StoredReceipt) -> None:
        """One update in a transaction of its own; nothing when somebody else has handled it."""
        if await receipts.finish(tx, receipt.id):
            await self._answer(tx, receipt)

    async def _answer(self, tx: Tx, receipt: StoredReceipt, parsed: list[Incoming] | None = None) -> None:
        books = self._books.get((receipt.channel, receipt.account))
        if books is not None:
            await books.keep(tx, receipt.raw, self._clock.now())
        whole = self.traces.of(receipt.channel, receipt.account, receipt.external_id)
        with self.traces.span("handle", whole, channel=receipt.channel) as here, carrying(tx, here):
            for incoming in self._reading.parse(receipt) if parsed is None else parsed:
                await dispatch.handle(self._city, tx, incoming, self._clock.now())

    async def _failed(self, receipt: StoredReceipt, error: Exception) -> None:
        """Tried again at once, so that order is kept; after the last try a person gets it as it is."""
        FAILED.labels(receipt.channel).inc()
        log.error(
            "inbox.failed", receipt=receipt.id, channel=receipt.channel, error=type(error).__name__, exc_info=error
        )
        last = await self._store.run(lambda tx: receipts.fail(tx, receipt.id, f"{type(error).__name__}: {error}"))
        if last or isinstance(error, (BadUpdate, KeyError)):
            await self._give_up(receipt)
        else:
            await self._handle_alone(receipt)

    async def _give_up(self, receipt: StoredReceipt) -> None:
        async def give_up(tx: Tx) -> None:
            for incoming in self._reading.parse(receipt):
                await dispatch.give_up(self._city, tx, incoming, self._clock.now())

        try:
            await self._store.run(give_up)
        except Unavailable:
            raise
        except Exception:
            log.exception("inbox.given_up", receipt=receipt.id)
        await self._store.run(lambda tx: receipts.set_aside(tx, receipt.id))
