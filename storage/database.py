"""Opens the database. Durable before it returns; readers never wait for writers.

`change` and `look` are the program's own short work, links straight on the driver; `write`, `read` and `snapshot` are
SQLAlchemy's connections. SQLite older than 3.51.3 can corrupt a WAL that several connections checkpoint: only the writer
does, readers are `query_only` (https://sqlite.org/wal.html#walresetbug). On PostgreSQL writers run READ COMMITTED.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

from storage.jsontext import read
from storage.links import WITHIN, Link, PostgresLink, SqliteLink, wrapped
from storage.plans import Plans

Result = TypeVar("Result")

CONNECT_WITHIN = 10
"""Seconds that a new connection to PostgreSQL may take."""
STANDSTILL = 60
"""Seconds after which PostgreSQL ends a change in which a process stands still: what it has locked is everybody's, and
a machine that is gone says no goodbye. Ours think for milliseconds between two statements."""
ROLLED_BACK_WITHIN = 5
"""Seconds that PostgreSQL may take to forget a change, and to call a statement off before; else the connection is dropped."""
RESTING = 3
"""Connections to PostgreSQL, of each kind, that the next transaction or look takes without asking the pool."""
RENEWED_AFTER = 1800
"""Seconds after which a connection to PostgreSQL is made anew."""
BUSY_FOR = 10.0
"""Seconds that a change waits for another process that writes to the same SQLite file."""
_AGAIN = {"40001", "40P01", "25P03"}
"""serialization_failure, deadlock_detected, idle_in_transaction_session_timeout: nothing was saved, and the same work may
go through next time (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html)."""
_NO_HURRY = "SET LOCAL idle_in_transaction_session_timeout = 0"
"""For an operator's long work: a copy, a check, a migration."""
_UNREACHABLE = (OSError, PostgresError, InterfaceError, InternalClientError, DBAPIError)
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


class _Held(NamedTuple):
    """A connection to PostgreSQL that is taken from its pool: SQLAlchemy's, asyncpg's, the cover between them."""

    connection: AsyncConnection
    driver: Any
    adapter: Any
    prepared: dict[str, Any] | None
    until: float
    """On the monotonic clock; then it goes back, and is made anew."""


class Database:
    """The engine pair of one database. `tenant` is the body whose books this program keeps.

    PostgreSQL's address takes two options: `pooler=transaction` behind pgbouncer in transaction mode (nothing prepared
    outlives its transaction then), and libpq's `sslmode`. With `hurried` an everyday statement has `links.WITHIN` seconds
    there: people wait for it. Operators' commands take the time they take.
    """

    def __init__(self, url: str, tenant: str, *, readers: int = 4, hurried: bool = False) -> None:
        self.url = _async_url(url)
        self.tenant = tenant
        self._within = WITHIN if hurried else None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._pooled = bool(self.url.query.get("pooler"))
        self._lock = asyncio.Lock()
        self._readers = readers
        self._writing: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._committer: ThreadPoolExecutor | None = None
        self._group: asyncio.Future[None] | None = None
        """Resolved when what the present group has changed is on disk."""
        self._ending: asyncio.Task[None] | None = None
        self._looker: AsyncEngine | None = None
        """PostgreSQL: connections that only read, without BEGIN and COMMIT: two round trips less for each look."""
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, readers=1, writes=True)
            self._reader = self._snapshots = _sqlite_engine(self.url, readers=readers, writes=False)
        else:
            self._writer = _postgresql_engine(self.url)  # the three share one pool
            self._reader = self._writer.execution_options(postgresql_readonly=True)
            self._snapshots = self._reader.execution_options(isolation_level="REPEATABLE READ")
            self._looker = None if self._pooled else _postgresql_engine(self.url, reads_only=True)
        self._resting: defaultdict[AsyncEngine, list[_Held]] = defaultdict(list)
        self._asking = 0
        """How many wait for a connection of a pool: what is free then goes back to it."""
        self.plans = Plans(self._writer.dialect)

    @property
    def shown(self) -> str:
        """Where it is, as people may see it: the file, or the address without the password and the options."""
        if self.is_sqlite:
            return self.url.database or ""
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Link]:
        """A transaction that may write. Committed and on disk when the block ends; rolled back when it raises.

        On SQLite what waits at the same time shares one commit; each block is all or nothing by itself.
        Raises `Unavailable` before the block when no connection can be had.
        """
        with self._outages():
            if self.is_sqlite:
                async with self._grouped() as link:
                    yield link
            else:
                async with self._linked(self._writer, self._within) as link:
                    yield link

    @asynccontextmanager
    async def _grouped(self) -> AsyncIterator[Link]:
        async with self._lock:
            connection = await self._begun()
            group = self._group = self._group or asyncio.get_running_loop().create_future()
            connection.execute("SAVEPOINT one")
            try:
                yield SqliteLink(connection, self.plans)
                connection.execute("RELEASE one")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK TO one")
                else:
                    self._tell_group(error)  # a full disk ends the whole transaction
                raise
            finally:
                self._end_later()
        await asyncio.shield(group)

    def look(self) -> AbstractAsyncContextManager[Link]:
        """What was committed: on SQLite as of one moment, on PostgreSQL as of each statement. Writing is an error."""
        if self.is_sqlite:
            return _SqliteLook(self)
        return self._looked(self._within)

    def _looked(self, within: float | None) -> AbstractAsyncContextManager[Link]:
        if self._looker is None:
            return self._linked(self._reader, within)
        return self._looking(self._looker, within)

    def _lend_reader(self) -> sqlite3.Connection:
        return self._idle.pop() if self._idle else self._open(writes=False)

    def _take_back_reader(self, connection: sqlite3.Connection) -> None:
        if len(self._idle) < self._readers:
            self._idle.append(connection)
        else:
            connection.close()

    async def study(self, work: Callable[[Link], Awaitable[Result]]) -> Result:
        """Reads for long without keeping anybody waiting: on SQLite in a thread of its own. Writing is an error.

        `work` awaits nothing but its link.
        """
        if not self.is_sqlite:
            async with self._looked(None) as link:
                return await work(link)
        return await asyncio.to_thread(self._studied, work)

    def _studied(self, work: Callable[[Link], Awaitable[Result]]) -> Result:
        connection = self._open(writes=False)
        try:
            connection.execute("BEGIN")
            return finished(work(SqliteLink(connection, self.plans)))
        finally:
            connection.close()

    async def _begun(self) -> sqlite3.Connection:
        """The writing connection in the transaction of the present group, begun when it is the group's first."""
        if self._writing is None:
            self._writing = self._open(writes=True)
        loop = asyncio.get_running_loop()
        until = loop.time() + BUSY_FOR
        while not self._writing.in_transaction:
            try:
                self._writing.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > until:
                    raise wrapped("BEGIN IMMEDIATE", error, self.plans.dialect) from error
                await asyncio.sleep(random.uniform(0.001, 0.01))  # noqa: S311
        return self._writing

    def _end_later(self) -> None:
        """Whoever waits for the lock now still comes into this group; its end waits behind them in the same line."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end_group(), name="commit")

    async def _end_group(self) -> None:
        async with self._lock:
            self._ending = None
            await self._commit_group()

    async def _commit_group(self) -> None:
        """Commits what a group has changed, in a thread, because it waits for the disk; then tells everybody in it."""
        connection = self._writing
        if connection is None or not connection.in_transaction:
            return
        if self._committer is None:
            self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        try:
            await asyncio.get_running_loop().run_in_executor(self._committer, connection.execute, "COMMIT")
        except sqlite3.Error as error:
            connection.rollback()
            self._tell_group(wrapped("COMMIT", error, self.plans.dialect))
        else:
            self._tell_group(None)

    def _tell_group(self, error: BaseException | None) -> None:
        group, self._group = self._group, None
        if group is None or group.done():
            return
        if error is None:
            group.set_result(None)
        else:
            group.set_exception(error)
            group.exception()  # nobody may be there to hear of it

    def _open(self, *, writes: bool) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.url.database or "", isolation_level=None, check_same_thread=False, cached_statements=512
            )
            for pragma in [
                *_pragmas(writes=writes, busy_timeout=0 if writes else 10_000),
                *(_GROUPED if writes else []),
            ]:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise Unavailable(f"{self.shown}: {error}") from error
        return connection

    @asynccontextmanager
    async def _linked(self, engine: AsyncEngine, within: float | None) -> AsyncIterator[Link]:
        """A link to PostgreSQL in a transaction."""
        async with self._driven(engine, within) as (driver, adapter, link):
            transaction = driver.transaction(isolation=adapter.isolation_level, readonly=adapter.readonly)
            with _given_up_unless_done(driver):
                await link.run_on_driver("BEGIN", transaction.start())
            try:
                yield link
            except BaseException:
                if not driver.is_closed():
                    await asyncio.shield(asyncio.ensure_future(_rolled_back(driver, transaction)))
                raise
            if driver.is_closed():
                raise Unavailable(f"{self.shown}: the connection was lost before the commit")
            with _given_up_unless_done(driver):
                await link.run_on_driver("COMMIT", transaction.commit())

    @asynccontextmanager
    async def _looking(self, engine: AsyncEngine, within: float | None) -> AsyncIterator[Link]:
        """A link to PostgreSQL that only reads, each statement for itself."""
        async with self._driven(engine, within) as (_, _, link):
            yield link

    @asynccontextmanager
    async def _driven(self, engine: AsyncEngine, within: float | None) -> AsyncIterator[tuple[Any, Any, PostgresLink]]:
        """asyncpg's connection, SQLAlchemy's cover of it, and a link. One that broke does not go back to the pool."""
        held, is_well = await self._borrowed(engine), False
        driver = held.driver
        try:
            yield driver, held.adapter, PostgresLink(driver, self.plans, held.prepared, within)
            is_well = True
        finally:
            if not driver.is_closed() and driver.is_in_transaction():  # its end was called off as well
                driver.terminate()
            if is_well and not driver.is_closed() and len(self._resting[engine]) < RESTING and not self._asking:
                self._resting[engine].append(held)
            else:
                await self._given_back(held)

    async def _borrowed(self, engine: AsyncEngine) -> _Held:
        """A connection that rests, else one of the pool: its way in and out costs as much as three statements."""
        resting = self._resting[engine]
        while resting:
            held = resting.pop()
            if not held.driver.is_closed() and time.monotonic() < held.until:
                return held
            await self._given_back(held)
        connection = await self._connection(engine)
        try:
            raw = await self._alive(connection)
        except BaseException:
            await _closed(connection)
            raise
        prepared = None if self._pooled else raw.info.setdefault("prepared", {})
        until = time.monotonic() + RENEWED_AFTER
        return _Held(connection, raw.driver_connection, raw.dbapi_connection, prepared, until)

    async def _given_back(self, held: _Held) -> None:
        try:
            if held.driver.is_closed():
                await held.connection.invalidate()
        finally:
            await _closed(held.connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Committed and on disk when the block ends; rolled back when it raises.

        Raises `Unavailable` before the block when no connection can be had, and after it when there is no room to write.
        """
        if not self.is_sqlite:
            async with self._connected(self._writer) as connection:
                with self._outages():
                    async with connection.begin():
                        await connection.exec_driver_sql(_NO_HURRY)
                        yield connection
            return
        async with self._lock:
            await self._commit_group()
            with self._outages():
                async with self._writer.begin() as connection:
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """What was committed: on SQLite as of one moment, on PostgreSQL as of each statement. Writing is an error."""
        async with self._connected(self._reader) as connection:
            if not self.is_sqlite:
                await connection.exec_driver_sql(_NO_HURRY)
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """What was committed as of one moment, however long the reading takes. Writing is an error."""
        async with self._connected(self._snapshots) as connection:
            if not self.is_sqlite:
                await connection.exec_driver_sql(_NO_HURRY)
            yield connection

    async def _alive(self, connection: AsyncConnection) -> PoolProxiedConnection:
        """The driver's connection; another one when the server was restarted since it was last used."""
        try:
            raw = await connection.get_raw_connection()
            while raw.driver_connection is not None and raw.driver_connection.is_closed():
                await connection.invalidate()
                raw = await connection.get_raw_connection()
        except _UNREACHABLE as error:
            raise self._unavailable(error) from error
        return raw

    def _unavailable(self, error: BaseException) -> Unavailable:
        cause = getattr(error, "orig", None) or error
        said = str(cause) or type(cause).__name__
        return Unavailable(f"{self.shown}: {said}", str(getattr(cause, "sqlstate", None) or ""))

    async def _connection(self, engine: AsyncEngine) -> AsyncConnection:
        self._asking += 1
        try:
            return await engine.connect()
        except _UNREACHABLE as error:
            raise self._unavailable(error) from error
        finally:
            self._asking -= 1

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        connection = await self._connection(engine)
        try:
            yield connection
        finally:
            await _closed(connection)

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
        while self._ending is not None:
            await asyncio.wait({self._ending})
        async with self._lock:
            if self.is_sqlite:
                await self._reader.dispose()
                while self._idle:
                    self._idle.pop().close()
                if self._writing is not None:
                    self._writing.close()
                    self._writing = None
                if self._committer is not None:
                    self._committer.shutdown()
                    self._committer = None
            for resting in self._resting.values():
                while resting:
                    await self._given_back(resting.pop())
            if self._looker is not None:
                await self._looker.dispose()
            await self._writer.dispose()


class _SqliteLook:
    """`Database.look` on SQLite: no generator, because one in a context manager costs more than a statement."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Link:
        connection = self._connection = self._database._lend_reader()
        connection.execute("BEGIN")
        return SqliteLink(connection, self._database.plans)

    async def __aexit__(self, *_error: object) -> None:
        self._connection.rollback()
        self._database._take_back_reader(self._connection)


def _outage(cause: BaseException | None) -> str:
    """The database's code for an outage; empty for every other failure."""
    name = str(getattr(cause, "sqlite_errorname", None) or "")
    if any(name == full or name.startswith(f"{full}_") for full in _FULL):
        return name
    state = str(getattr(cause, "sqlstate", None) or "")
    return state if state.startswith(_RESOURCES) else ""


async def _closed(connection: AsyncConnection) -> None:
    await asyncio.shield(asyncio.create_task(connection.close()))  # also when we are cancelled


async def _rolled_back(driver: Any, transaction: Any) -> None:
    refused = suppress(
        PostgresError, InterfaceError, InternalClientError, OSError
    )  # what is to be told is why it was given up
    with refused, _given_up_unless_done(driver):
        async with asyncio.timeout(ROLLED_BACK_WITHIN):
            await transaction.rollback()


@contextmanager
def _given_up_unless_done(driver: Any) -> Iterator[None]:
    """Of what began or ended a transaction and was called off, nobody knows how far it came: the connection is not used
    again. Else its locks might stay for ever, and the next transaction on it would be a part of one that never ends.
    """
    try:
        yield
    except BaseException:
        driver.terminate()
        raise


def finished(work: Awaitable[Result]) -> Result:
    """The result of work that waits for nothing, though it may let others go first. Raises RuntimeError when it does wait."""
    steps = work.__await__()
    try:
        while next(steps) is None:  # `asyncio.sleep(0)`: here there are no others
            pass
    except StopIteration as end:
        result: Result = end.value
        return result
    raise RuntimeError("work on SQLite waited for something else")


def may_run_again(error: BaseException, *, committing: bool) -> bool:
    """Whether the transaction that failed so has surely left nothing, and the same work may succeed next time.

    A connection that is lost while committing leaves it open whether the work was saved: that is not run again.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, Unavailable) and not error.code
    if getattr(error.orig, "sqlstate", None) in _AGAIN:
        return True
    return error.connection_invalidated and not committing


def _async_url(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def _postgresql_engine(url: URL, *, reads_only: bool = False) -> AsyncEngine:
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
            "server_settings": {
                "application_name": "linli",
                "jit": "off",
                "idle_in_transaction_session_timeout": f"{STANDSTILL}s",
            },
        }
    if reads_only:
        arguments["server_settings"]["default_transaction_read_only"] = "on"
    engine = create_async_engine(
        url.set(query=query),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=8,  # ours and the lookers' together are what docs/operations.md says
        max_overflow=2,
        pool_recycle=RENEWED_AFTER,
        isolation_level="READ COMMITTED",
        connect_args=arguments,
        json_deserializer=read,
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


_GROUPED = ("temp_store=MEMORY", "cache_size=-16000")
"""Of the connection whose transactions many share: what takes one of them back is kept in memory instead of a file that
has to be written for each page, and a group's pages have room."""


def _pragmas(*, writes: bool, busy_timeout: int) -> list[str]:
    shared = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={busy_timeout}"]
    return [*shared, *(["wal_autocheckpoint=2000"] if writes else ["wal_autocheckpoint=0", "query_only=ON"])]


def _sqlite_engine(url: URL, *, readers: int, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=readers, max_overflow=0 if writes else 4
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own rules begin too late
        cursor = connection.cursor()
        for pragma in _pragmas(writes=writes, busy_timeout=10_000):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
