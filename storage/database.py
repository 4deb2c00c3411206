"""Opens the database. Durable before it returns; readers never wait for writers.

SQLite has one writer at a time. Here it may be older than 3.51.3, whose builds can corrupt a WAL that several
connections checkpoint: so only the writer checkpoints, and readers are `query_only`
(https://sqlite.org/wal.html#walresetbug). On PostgreSQL writers run beside each other, READ COMMITTED.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

CONNECT_WITHIN = 10
"""Seconds that a new connection to PostgreSQL may take."""
_AGAIN = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: nothing was saved, and the same work may go through next time
(https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html)."""
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


_FULL = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY"}
_RESOURCES = ("53", "58", "57P", "25006")
"""PostgreSQL's classes of errors that are no fault of the statement: no room on disk, no memory, too many connections
(53), the system (58), a server that ends or starts (57P), one that may only be read."""


class Unavailable(SQLAlchemyError):
    """The database cannot be reached, does not let us in, or has no room; nothing was changed by the call that found out.

    `code` is PostgreSQL's own (https://www.postgresql.org/docs/current/errcodes-appendix.html) or SQLite's
    (https://sqlite.org/rescode.html), empty without an answer.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])  # the library would add a link made of our code


class Database:
    """The engine pair of one database. `tenant` is the body whose books this program keeps.

    PostgreSQL's address takes two options: `pooler=transaction` behind pgbouncer in transaction mode (nothing prepared
    outlives its transaction then), and libpq's `sslmode`.
    """

    def __init__(self, url: str, tenant: str, *, readers: int = 4) -> None:
        self.url = _async_url(url)
        self.tenant = tenant
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = asyncio.Lock()
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, readers=1, writes=True)
            self._reader = self._snapshots = _sqlite_engine(self.url, readers=readers, writes=False)
        else:
            self._writer = _postgresql_engine(self.url)  # the three share one pool
            self._reader = self._writer.execution_options(postgresql_readonly=True)
            self._snapshots = self._reader.execution_options(isolation_level="REPEATABLE READ")

    @property
    def shown(self) -> str:
        """Where it is, as people may see it: the file, or the address without the password and the options."""
        if self.is_sqlite:
            return self.url.database or ""
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Committed and on disk when the block ends; rolled back when it raises.

        Raises `Unavailable` before the block when no connection can be had, and after it when there is no room to write.
        """
        if not self.is_sqlite:
            async with self._connected(self._writer) as connection:
                with self._outages():
                    async with connection.begin():
                        yield connection
            return
        with self._outages():
            async with self._lock, self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """What was committed: on SQLite as of one moment, on PostgreSQL as of each statement. Writing is an error."""
        async with self._connected(self._reader) as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """What was committed as of one moment, however long the reading takes. Writing is an error."""
        async with self._connected(self._snapshots) as connection:
            yield connection

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await engine.connect()
        except (OSError, PostgresError, InterfaceError, DBAPIError) as error:
            cause = getattr(error, "orig", None) or error
            said = str(cause) or type(cause).__name__
            raise Unavailable(f"{self.shown}: {said}", str(getattr(cause, "sqlstate", None) or "")) from error
        try:
            yield connection
        finally:
            await asyncio.shield(asyncio.create_task(connection.close()))  # also when we are cancelled

    @contextmanager
    def _outages(self) -> Iterator[None]:
        """What is wrong with the database and not with what it was asked is an outage."""
        try:
            yield
        except DBAPIError as error:
            code = "" if error.connection_invalidated else _outage(error.orig)
            if code:
                raise Unavailable(f"{self.shown}: {error.orig}", code) from error
            raise

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations and backup."""
        return self._writer

    async def close(self) -> None:
        """Closes every connection; waits for the transaction under way."""
        async with self._lock:
            if self.is_sqlite:
                await self._reader.dispose()
            await self._writer.dispose()


def _outage(cause: BaseException | None) -> str:
    """The database's code for an outage; empty for every other failure."""
    name = str(getattr(cause, "sqlite_errorname", None) or "")
    if any(name == full or name.startswith(f"{full}_") for full in _FULL):
        return name
    state = str(getattr(cause, "sqlstate", None) or "")
    return state if state.startswith(_RESOURCES) else ""


def may_run_again(error: BaseException, *, committing: bool) -> bool:
    """Whether the transaction that failed so has surely left nothing, and the same work may succeed next time.

    A connection that is lost while committing leaves it open whether the work was saved: that is not run again.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, Unavailable) and not error.code
    if error.connection_invalidated:
        return not committing
    return getattr(error.orig, "sqlstate", None) in _AGAIN


def _async_url(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def _postgresql_engine(url: URL) -> AsyncEngine:
    query = dict(url.query)
    pooler = query.pop("pooler", "")
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    arguments: dict[str, Any] = {"timeout": CONNECT_WITHIN}
    if pooler:
        # https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#prepared-statement-name-with-pgbouncer
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": _name,
        }
    else:
        arguments |= {
            "statement_cache_size": 0,  # the one below is SQLAlchemy's, and the one that is used
            "prepared_statement_cache_size": 500,
            "server_settings": {"application_name": "linli", "jit": "off"},
        }
    engine = create_async_engine(
        url.set(query=query),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=10,
        max_overflow=10,
        pool_recycle=1800,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _without_nul(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
) -> tuple[str, Any]:
    """The words as they are, without the one character that PostgreSQL keeps in no text."""
    rows = parameters if many else (parameters,)
    if not any(isinstance(value, str) and "\0" in value for row in rows for value in row):
        return statement, parameters
    clean = [tuple(v.replace("\0", "") if isinstance(v, str) else v for v in row) for row in rows]
    return statement, clean if many else clean[0]


def _name() -> str:
    return f"linli_{uuid.uuid4().hex}"


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
