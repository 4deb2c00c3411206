"""One connection while it is used: runs statements on the driver itself, sends back rows.

A link to SQLite never waits: a statement takes some microseconds, a change of threads a hundred. So whatever is awaited
on it is done when the call returns. Opening and ending transactions is database.py's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import DBAPIError, NoResultFound

from storage.plans import Filled, Plan, Plans
from storage.rows import Row, rows

_FAILS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
PREPARED = 500
"""Statements that one connection to PostgreSQL keeps prepared."""
WITHIN = 30.0
"""Seconds that PostgreSQL may take for an everyday statement. What takes longer is called off and told as a lost
connection: the network is gone and nobody said so, or the server does not see that two wait for each other."""


class Rows(list[Row]):
    """What came back. `rowcount` is how many rows were changed or found."""

    rowcount = 0

    def all(self) -> list[Row]:
        """Every row."""
        return self

    def first(self) -> Row | None:
        """The first row, or None."""
        return self[0] if self else None

    def one(self) -> Row:
        """The only row. Raises NoResultFound."""
        if len(self) != 1:
            raise NoResultFound(f"{len(self)} rows instead of one")
        return self[0]

    def one_or_none(self) -> Row | None:
        """The only row, or None when there is none."""
        return self.one() if self else None

    def scalar_one(self) -> Any:
        """The first value of the only row."""
        return self.one()[0]

    def scalar(self) -> Any:
        """The first value of the first row, or None."""
        return self[0][0] if self else None


class Link(Protocol):
    """What the record modules need of a connection."""

    @property
    def dialect(self) -> Dialect:
        """Which database this is."""
        ...

    async def execute(self, statement: Executable, values: Any = None) -> Rows:
        """Runs a statement. With a list of rows, or one row, by name: once for each. Raises `DBAPIError`."""
        ...

    async def run(self, filled: Filled) -> Rows:
        """Runs a form. Raises `DBAPIError`."""
        ...

    async def exec_driver_sql(self, sql: str) -> Rows:
        """Runs plain SQL without values."""
        ...


class SqliteLink:
    """A connection to SQLite."""

    def __init__(self, connection: sqlite3.Connection, plans: Plans) -> None:
        self._connection = connection
        self._plans = plans
        self.dialect = plans.dialect

    async def execute(self, statement: Executable, values: Any = None) -> Rows:
        """Runs a statement. With a list of rows, or one row, by name: once for each. Raises `DBAPIError`."""
        if isinstance(values, list) and len(values) == 1:
            values = values[0]
        if isinstance(values, list):
            plan = self._plans.by_name(statement, list(values[0]))
            return self._run(self._connection.executemany, plan.sql, [plan.named(row) for row in values], plan)
        if values is not None:
            plan = self._plans.by_name(statement, list(values))
            return self._run(self._connection.execute, plan.sql, plan.named(values), plan)
        plan, sql, given = self._plans.of(statement)
        return self._run(self._connection.execute, sql, given, plan)

    async def run(self, filled: Filled) -> Rows:
        """Runs a form. Raises `DBAPIError`."""
        plan, sql, given = self._plans.filled(filled)
        return self._run(self._connection.execute, sql, given, plan)

    async def exec_driver_sql(self, sql: str) -> Rows:
        """Runs plain SQL without values."""
        return self._run(self._connection.execute, sql, (), None)

    def _run(self, run: Any, sql: str, given: Sequence[Any], plan: Plan | None) -> Rows:
        make = plan.made if plan is not None else None
        try:
            cursor = run(sql, given)
            if make is None:
                names = cursor.description  # made anew each time it is asked for: known after the first
                if names is None:
                    found = Rows()
                    found.rowcount = cursor.rowcount
                    return found
                make = plan.makes(partial(_named, names)) if plan is not None else rows([name[0] for name in names])
            found = Rows(map(make, cursor.fetchall()))
        except (sqlite3.Error, OverflowError) as error:
            raise wrapped(sql, error, self.dialect) from error
        found.rowcount = len(found)
        return found


class PostgresLink:
    """A connection to PostgreSQL, inside a transaction. `prepared` lives as long as the connection does."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        plans: Plans,
        prepared: dict[str, PreparedStatement] | None,
        within: float | None,
    ) -> None:
        """`within`: seconds that a statement may take; None: however long it takes."""
        self._connection = connection
        self._within = within
        self._plans = plans
        self._prepared = prepared
        self.dialect = plans.dialect

    async def execute(self, statement: Executable, values: Any = None) -> Rows:
        """Runs a statement. With a list of rows, or one row, by name: once for each. Raises `DBAPIError`."""
        if isinstance(values, list):
            return await self._many(statement, values)
        if values is not None:
            plan = self._plans.by_name(statement, list(values))
            return await self._run(plan.sql, _without_nul(plan.named(values)), plan)
        plan, sql, given = self._plans.of(statement)
        return await self._run(sql, _without_nul(given), plan)

    async def run(self, filled: Filled) -> Rows:
        """Runs a form. Raises `DBAPIError`."""
        plan, sql, given = self._plans.filled(filled)
        return await self._run(sql, _without_nul(given), plan)

    async def exec_driver_sql(self, sql: str) -> Rows:
        """Runs plain SQL without values."""
        return await self._run(sql, (), None)

    async def run_on_driver(self, sql: str, work: Awaitable[None]) -> None:
        """What begins or ends the transaction. Raises `DBAPIError`."""
        try:
            async with asyncio.timeout(self._within):
                await work
        except _FAILS as error:
            raise self._failed(sql, error) from error

    async def _many(self, statement: Executable, values: list[Mapping[str, Any]]) -> Rows:
        plan = self._plans.by_name(statement, list(values[0]))
        given = [_without_nul(plan.named(row)) for row in values]
        if len(given) == 1:
            return await self._run(plan.sql, given[0], plan)
        try:
            await (await self._prepare(plan.sql)).executemany(given, timeout=self._within)
        except _FAILS as error:
            raise self._failed(plan.sql, error) from error
        return Rows()

    async def _run(self, sql: str, given: tuple[Any, ...], plan: Plan | None) -> Rows:
        try:
            statement = await self._prepare(sql)
            got = await statement.fetch(*given, timeout=self._within)
        except _FAILS as error:
            raise self._failed(sql, error) from error
        found = Rows()
        if got:
            make = plan.makes(partial(_columns, statement)) if plan is not None else rows(list(got[0].keys()))
            found.extend(map(make, got))
        status = statement.get_statusmsg().rpartition(" ")[2]
        found.rowcount = int(status) if status.isdecimal() else len(found)
        return found

    async def _prepare(self, sql: str) -> PreparedStatement:
        if self._prepared is None:  # behind a pooler the next transaction may be on another server connection
            return await self._connection.prepare(sql, name="", timeout=self._within)
        statement = self._prepared.get(sql)
        if statement is None:
            if len(self._prepared) >= PREPARED:
                self._prepared.clear()
            statement = self._prepared[sql] = await self._connection.prepare(sql, timeout=self._within)
        return statement

    def _failed(self, sql: str, error: Exception) -> DBAPIError:
        if isinstance(error, asyncpg.InternalClientError):
            # the server is just saying that it ended the session: no statement of ours can follow on this connection
            self._connection.terminate()
        is_lost = self._connection.is_closed() or isinstance(error, TimeoutError)
        return wrapped(sql, _translated(error, self.dialect), self.dialect, lost=is_lost)


def _named(description: Sequence[Sequence[Any]]) -> list[tuple[str, int | None]]:
    return [(column[0], None) for column in description]


def _columns(statement: PreparedStatement) -> list[tuple[str, int | None]]:
    return [(column.name, column.type.oid) for column in statement.get_attributes()]


def _without_nul(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The words as they are, without the one character that PostgreSQL keeps in no text."""
    for value in given:
        if type(value) is str and "\0" in value:
            return tuple([v.replace("\0", "") if isinstance(v, str) else v for v in given])
    return given


def wrapped(sql: str, error: Exception, dialect: Dialect, *, lost: bool = False) -> DBAPIError:
    """An error of the driver as SQLAlchemy tells it, without the values: they are people's words."""
    base = dialect.loaded_dbapi.Error if dialect.name != "sqlite" else sqlite3.Error
    made = DBAPIError.instance(
        sql, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
    return made if isinstance(made, DBAPIError) else DBAPIError(sql, None, error, hide_parameters=True)


def _translated(error: Exception, dialect: Dialect) -> Exception:
    """What the driver says, in the classes of PEP 249 that SQLAlchemy knows, with PostgreSQL's own code."""
    known: Mapping[type[Exception], type[Exception]] = dialect.loaded_dbapi._asyncpg_error_translate
    kind = next((known[c] for c in type(error).__mro__ if c in known), dialect.loaded_dbapi.Error)
    found: Any = kind(f"{type(error).__name__}: {error}")
    found.pgcode = found.sqlstate = getattr(error, "sqlstate", None)
    return found  # type: ignore[no-any-return]
