"""Copies every table of one database into another of either kind, and proves that both hold the same.

Files of attachments and the sealing keys are no part of a database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import migrate, tables
from storage.database import Database

BATCH = 1_000
"""Rows that are written at once."""
Tell = Callable[[str, int, int], None]
"""Hears (table, rows so far, rows in all)."""


class MoveFailed(ValueError):
    """Nothing was moved; the message says why and what to do."""


class Moved(NamedTuple):
    """One table that both databases hold alike. The checksum does not depend on the order of rows."""

    table: str
    rows: int
    checksum: str


def silent(_table: str, _done: int, _all: int) -> None:
    """Tells nobody."""


async def move(source: Database, target: Database, tell: Tell = silent) -> list[Moved]:
    """Fills an empty target with what the source held at one moment: all of it, compared at the end, or nothing.

    The target gets its schema here; the source must have the present one. Raises `MoveFailed`, `SchemaNewer`.
    """
    await check_source(source)
    await migrate.upgrade(target)
    async with source.snapshot() as reading, target.write() as writing:
        await check_empty(writing, target)
        return await copy_tables(reading, writing, tell)


async def check_source(source: Database) -> None:
    """Raises `MoveFailed` unless the database is there and has the present schema."""
    if source.is_sqlite and not Path(source.shown).exists():  # noqa: ASYNC240 - one look at the file system
        raise MoveFailed(f"{source.shown}: no such database")
    found = await migrate.current(source)
    if found != migrate.head():
        raise MoveFailed(
            f"{source.shown} has schema {found or 'none'}, this version needs {migrate.head()}: "
            "start this version on it once, then move it"
        )


async def check_empty(connection: AsyncConnection, database: Database) -> None:
    """Raises `MoveFailed` when any table of ours has a row."""
    for table in tables.ALL:
        if (await connection.execute(select(table.c.tenant).limit(1))).first() is not None:
            raise MoveFailed(f"{database.shown} is not empty ({table.name} has rows): give an empty database")


async def copy_tables(reading: AsyncConnection, writing: AsyncConnection, tell: Tell) -> list[Moved]:
    """Copies every table and reads it again from the other side. Raises `MoveFailed` when the two differ."""
    moved = []
    for table in tables.ALL:
        sent = await _copy(reading, writing, table, tell)
        kept = await _read(writing, table)
        if sent != kept:
            raise MoveFailed(f"{table.name}: {sent.rows} rows were sent and {kept.rows} arrived, or not the same ones")
        moved.append(sent)
    return moved


async def _copy(reading: AsyncConnection, writing: AsyncConnection, table: Table, tell: Tell) -> Moved:
    total = int((await reading.execute(select(func.count()).select_from(table))).scalar_one())
    check = _Checksum()
    tell(table.name, 0, total)
    result = await reading.stream(select(table))
    async for rows in result.partitions(BATCH):
        check.add(rows)
        try:
            await writing.execute(table.insert(), [dict(row._mapping) for row in rows])
        except DBAPIError as error:
            raise MoveFailed(f"{table.name}: the target refuses a row: {error.orig}") from error
        tell(table.name, check.rows, total)
    return Moved(table.name, check.rows, check.hexdigest())


async def _read(connection: AsyncConnection, table: Table) -> Moved:
    check = _Checksum()
    result = await connection.stream(select(table))
    async for rows in result.partitions(BATCH):
        check.add(rows)
    return Moved(table.name, check.rows, check.hexdigest())


class _Checksum:
    """The sum of the rows' digests: databases sort words differently."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        for row in rows:
            plain = json.dumps(list(row), default=_plain, ensure_ascii=False, sort_keys=True)
            self._sum += int.from_bytes(hashlib.sha256(plain.encode()).digest())
        self.rows += len(rows)

    def hexdigest(self) -> str:
        return f"{self._sum % 2**256:064x}"


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


async def clear(connection: AsyncConnection) -> None:
    """Removes every table of ours and what guards them, in this transaction. PostgreSQL only: there DDL rolls back too."""
    for table in [*tables.ALL, "alembic_version"]:
        await connection.execute(text(f'DROP TABLE IF EXISTS "{table}"'))
    guards = await connection.execute(
        text(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = current_schema() AND p.prorettype = 'trigger'::regtype"
        )
    )
    for (guard,) in guards.all():
        await connection.execute(text(f"DROP FUNCTION {guard}"))
