"""Time: wakes by monotonic time, decides by the program's clock. Due rows are data; nothing that matters is a job in memory.

APScheduler runs the housekeeping. A wall-clock jump backwards would stop its interval jobs, so the pulse that fires
timers is our own loop on the event loop's monotonic time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Backsteps, Clock
from bot.delivery import PUT_OFF
from bot.files import Files
from bot.metrics import DEAD, OUTBOX, TIMERS
from bot.partners import Teller
from bot.shares import Share
from bot.traces import Traces, carrying
from handlers import ticks
from handlers.city import City
from storage import dialogues, notices, outbox, timers
from storage.database import Unavailable
from storage.timers import Timer
from storage.tx import Store, Tx

log = structlog.get_logger()

PULSE = 0.5
"""Seconds between two looks at the timers."""
BATCH, BATCH_TOGETHER = 50, 20
"""Timers in one transaction: alone, and beside other processes, who then wait less for the same rows."""
STRANDS_TOGETHER = 3
"""Parts of the share that go off side by side on PostgreSQL, where a transaction mostly waits for answers."""
PARTS = tuple(str(n) for n in range(timers.PARTS))
_HOUSE = "0"
"""Whoever has this part of the timers keeps house."""


class Scheduler:
    """Fires timers and keeps house. One instance for the timers of one tenant."""

    def __init__(
        self,
        store: Store,
        city: City,
        clock: Clock,
        files: Files,
        said: asyncio.Event,
        share: Share | None = None,
        chores: Sequence[Callable[[], Awaitable[object]]] = (),
        traces: Traces | None = None,
    ) -> None:
        self._share = share or Share("timers", PARTS)
        self._share.is_busy = lambda key: key in self._at_work
        self._at_work: frozenset[str] = frozenset()
        self._traces = traces or Traces()
        self._store = store
        self._city = city
        self._clock = clock
        self._files = files
        self._chores = chores
        self._said = said
        self._teller = Teller(store, clock)
        self._jobs = AsyncIOScheduler(timezone="UTC")
        self._pulse: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._house = asyncio.Lock()
        self._backsteps = Backsteps(clock)

    async def start(self) -> None:
        """Begins; what fell due while nobody ran goes off first, oldest first."""
        every = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._jobs.add_job(self._fetch_files, "interval", seconds=5, **every)
        self._jobs.add_job(self._keep_house, "interval", minutes=10, **every)
        self._jobs.add_job(self._measure, "interval", seconds=15, **every)
        self._jobs.add_job(self._tell_partners, "interval", seconds=5, **every)
        self._jobs.add_job(self._bring_back, "interval", seconds=5, **every)
        self._jobs.start()
        await self._set_back(self._clock.now() + self._clock.span(PUT_OFF))  # it may have gone back while nobody ran
        self._pulse = asyncio.create_task(self._run(), name="timers")

    async def stop(self) -> None:
        """Ends after the timer under way."""
        if self._jobs.running:
            self._jobs.pause()
            async with self._house:  # the job under way ends; those that wait for it have not begun
                self._jobs.shutdown(wait=False)
        self._stopping.set()
        if self._pulse is not None:
            await self._pulse  # never cancelled: a query cut short would leave its connection's thread behind

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._backsteps.found():
                    await self._go_on()
                fired = await self.fire_due()
            except Exception:
                log.exception("timers.stalled")
                fired = 0
            if not fired:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), PULSE)

    async def _go_on(self) -> None:
        """The wall clock went back: neither the housekeeping nor what waits to be sent stands still until it is as late again."""
        log.warning("clock.went_back")
        for job in self._jobs.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        await self._set_back(self._clock.now())

    async def _set_back(self, beyond: datetime) -> None:
        now = self._clock.now()
        if await self._store.run(lambda tx: outbox.set_back(tx, now, beyond)):
            self._said.set()

    async def fire_due(self, limit: int = 200) -> int:
        """Fires what has fallen due in this process's share, oldest first, many in one transaction. How many.

        On PostgreSQL up to `limit` in each strand; what is for one subject always lies in one.
        """
        self._at_work = self._share.held()
        try:
            if not self._at_work:
                return 0
            if self._share.alone:
                return await self._fire_parts(None, limit)
            parts = sorted(int(key) for key in self._at_work)
            strands = [parts[n::STRANDS_TOGETHER] for n in range(min(STRANDS_TOGETHER, len(parts)))]
            fired = await asyncio.gather(
                *[self._fire_parts(strand, limit) for strand in strands], return_exceptions=True
            )
        finally:
            self._at_work = frozenset()
        for one in fired:
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in fired if isinstance(one, int))

    async def _fire_parts(self, parts: Sequence[int] | None, limit: int) -> int:
        async with self._store.read() as tx:
            due = await timers.due(tx, self._clock.now(), limit, parts)
        size = BATCH if self._share.alone else BATCH_TOGETHER
        for first in range(0, len(due), size):
            if self._stopping.is_set() or not self._share.held():
                return first
            await self._fire(due[first : first + size])
        return len(due)

    async def _fire(self, batch: Sequence[Timer]) -> None:
        """All in one transaction; when that fails each in one of its own, so that a bad one spoils nothing for the others."""

        async def fire(tx: Tx) -> None:
            ours = await timers.finish_all(tx, [timer.id for timer in batch])
            await ticks.foresee(tx, [timer for timer in batch if timer.id in ours])
            for timer in batch:
                if timer.id not in ours:
                    continue
                whole = self._traces.of("timer", str(timer.id))
                with self._traces.span("timer", whole, timer=timer.name) as here, carrying(tx, here):
                    await ticks.fire_finished(self._city, tx, timer, self._clock.now())

        try:
            await self._store.run(fire)
        except Unavailable:
            raise  # no fault of the timers: they wait until the database is there again
        except Exception as error:
            if len(batch) == 1:
                await self._failed(batch[0], error)
                return
            for timer in batch:
                await self._fire([timer])
            return
        for timer in batch:
            TIMERS.labels(timer.name).inc()

    async def _failed(self, timer: Timer, error: Exception) -> None:
        """Tried again in a minute; after the last try it is set aside for a person."""
        log.error("timers.failed", timer=timer.id, name=timer.name, exc_info=error)
        again, said = self._clock.now() + timedelta(minutes=1), f"{type(error).__name__}: {error}"
        await self._store.run(lambda tx: timers.fail(tx, timer.id, said, again))

    async def _fetch_files(self) -> None:
        if self._share.term(_HOUSE):
            async with self._house:
                await self._files.fetch_waiting()
                for chore in self._chores:
                    await chore()

    async def _keep_house(self) -> None:
        if not self._share.term(_HOUSE):
            return
        async with self._house, self._store.write() as tx:
            long_ago = self._clock.now() - timedelta(days=30)
            await dialogues.forget_expired(tx, long_ago)
            await notices.drop_before(tx, long_ago)

    async def _bring_back(self) -> None:
        """What a process with a clock ahead of ours has said; so has one that sees a step back later than we do."""
        async with self._house:
            now = self._clock.now()
            if await self._store.run(lambda tx: outbox.bring_back(tx, now)):
                self._said.set()

    async def _tell_partners(self) -> None:
        if self._share.term(_HOUSE):
            async with self._house:
                await self._teller.tell()

    async def _measure(self) -> None:
        async with self._house, self._store.read() as tx:
            waiting, dead = await outbox.backlog(tx)
        OUTBOX.set(waiting)
        DEAD.set(dead)
