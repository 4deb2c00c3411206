"""Opens the database. One writer at a time on SQLite, durable before it returns; readers never block it.

SQLite here may be older than 3.51.3, whose builds can corrupt a WAL that several connections checkpoint: so only the
writer checkpoints, and readers are `query_only` (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool


class Database:
    """The engine pair of one database. `tenant` is the body whose books this program keeps."""

    def __init__(self, url: str, tenant: str, *, readers: int = 4) -> None:
        self.url = _async_url(url)
        self.tenant = tenant
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = asyncio.Lock()
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, readers=1, writes=True)
            self._reader = _sqlite_engine(self.url, readers=readers, writes=False)
        else:
            self._writer = self._reader = create_async_engine(self.url, pool_size=10, max_overflow=10)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Committed and on disk when the block ends; rolled back when it raises."""
        if not self.is_sqlite:
            async with self._writer.begin() as connection:
                yield connection
            return
        async with self._lock, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view of what was committed. Writing through it is an error."""
        async with self._reader.connect() as connection:
            yield connection

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations and backup."""
        return self._writer

    async def close(self) -> None:
        """Closes every connection; waits for the transaction under way."""
        async with self._lock:
            await self._reader.dispose()
            await self._writer.dispose()


def _async_url(url: str) -> URL:
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


def _sqlite_engine(url: URL, *, readers: int, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=readers, max_overflow=0 if writes else 4
    )
    pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"]
    pragmas += ["wal_autocheckpoint=2000"] if writes else ["wal_autocheckpoint=0", "query_only=ON"]

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own rules begin too late
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
