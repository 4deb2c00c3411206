"""Whether the program can work now: one word for each thing that is wrong. Also looks at the figures for /metrics."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.clock import Clock
from bot.config import Config
from bot.web.ports import Health
from storage import gauges, migrate, timers
from storage.gauges import Gauges
from storage.tx import Store, Tx

ANSWER_WITHIN = 1.0
"""Seconds in which the database has to answer."""
MOST_OVERDUE = 5_000
"""Timers that may be overdue."""
_SCHEMA_EVERY = 10.0
_FIGURES_EVERY = 10.0
_MB = 1024 * 1024


class Doctor:
    """One instance a process. A question that the database has not answered yet is not asked a second time."""

    def __init__(self, store: Store, clock: Clock, config: Config) -> None:
        self._store = store
        self._clock = clock
        self._limits = config.limits
        self._folders = (config.storage.beside.parent, config.storage.media)
        self._asking: asyncio.Task[list[str]] | None = None
        self._measuring: asyncio.Task[list[str]] | None = None
        self._schema_seen = self._measured = float("-inf")

    async def health(self) -> Health:
        """Words: database, migrations, backlog, backlog_age, timers, disk."""
        self._asking = self._asking or asyncio.create_task(self._ask(self._look), name="health")
        found = await self._answer(self._asking)
        if self._asking.done():
            self._asking = None
        wrong = ["database"] if found is None else found
        if await asyncio.to_thread(self._is_disk_full):
            wrong = [*wrong, "disk"]
        metrics.READY.set(not wrong)
        return Health(not wrong, wrong)

    async def measure(self) -> None:
        """Brings the figures of /metrics up to date, unless they are fresh or the database does not answer."""
        if time.monotonic() - self._measured < _FIGURES_EVERY and self._measuring is None:
            return
        self._measuring = self._measuring or asyncio.create_task(self._ask(self._figures), name="figures")
        await self._answer(self._measuring)
        if self._measuring.done():
            self._measuring = None

    @staticmethod
    async def _answer(task: asyncio.Task[list[str]]) -> list[str] | None:
        """What is wrong; None when there was no answer in time."""
        done, _ = await asyncio.wait({task}, timeout=ANSWER_WITHIN)
        return task.result() if done else None

    async def _ask(self, question: Callable[[], Awaitable[list[str]]]) -> list[str]:
        try:
            return await question()
        except (SQLAlchemyError, OSError):
            return ["database"]

    async def _look(self) -> list[str]:
        if time.monotonic() - self._schema_seen > _SCHEMA_EVERY:
            try:
                if await migrate.current(self._store.database) != migrate.head():
                    return ["migrations"]
            except migrate.SchemaNewer:
                return ["migrations"]
            self._schema_seen = time.monotonic()
        now = self._clock.now()
        async with self._store.read() as tx:
            backlog = await gauges.backlog(tx)
            overdue = await timers.overdue(tx, now)
        wrong = ["backlog"] if backlog.waiting > self._limits.backlog else []
        if backlog.oldest_at and (now - backlog.oldest_at).total_seconds() > self._limits.backlog_seconds:
            wrong.append("backlog_age")
        return [*wrong, *(["timers"] if overdue > MOST_OVERDUE else [])]

    async def _figures(self) -> list[str]:
        now = self._clock.now()

        async def measured(tx: Tx) -> tuple[Gauges, int]:
            return await gauges.measure(tx, now), await gauges.size(self._store.database, tx)

        found, size = await self._store.study(measured)
        metrics.show(found, size, now)
        self._measured = time.monotonic()
        return []

    def _is_disk_full(self) -> bool:
        return any(_free(folder) < self._limits.disk_free_mb * _MB for folder in self._folders)


def _free(folder: Path) -> int:
    """Bytes free where the folder is, or will be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
