"""One transaction as the record modules see it: the connection, whose books, ids, and the seal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer


@dataclass(frozen=True, slots=True)
class Tx:
    """Everything inside one `Tx` is saved together or not at all."""

    connection: AsyncConnection
    tenant: str
    ids: Ids
    sealer: Sealer

    def insert(self, table: Table) -> sqlite.Insert:
        """An insert that can say what happens on a conflict, in the words of the database at hand."""
        if self.connection.dialect.name == "sqlite":
            return sqlite.insert(table)
        return cast(sqlite.Insert, postgresql.insert(table))  # the two have the same methods

    async def run(self, statement: Executable) -> int:
        """Executes a change; the number of rows it touched."""
        result = await self.connection.execute(statement)
        return int(getattr(result, "rowcount", 0))

    async def one(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.connection.execute(statement)).first()

    async def all(self, statement: Executable) -> list[Row[Any]]:
        """Every row."""
        return list((await self.connection.execute(statement)).all())


class Store:
    """Opens transactions on one database for one tenant."""

    def __init__(self, database: Database, ids: Ids, sealer: Sealer) -> None:
        self.database = database
        self.ids = ids
        self.sealer = sealer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that may change rows."""
        async with self.database.write() as connection:
            yield Tx(connection, self.database.tenant, self.ids, self.sealer)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A view that changes nothing."""
        async with self.database.read() as connection:
            yield Tx(connection, self.database.tenant, self.ids, self.sealer)
