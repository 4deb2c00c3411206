"""One transaction as the record modules see it: the connection, whose books, ids, and the seal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Delete, Executable, Insert, Select, Table, Update, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from storage.changes import alters, deletes, inserts, puts
from storage.database import Database, Unavailable, may_run_again
from storage.ids import Ids
from storage.known import Ahead, Known
from storage.late import Key, Late, in_the_way
from storage.links import Link, Rows
from storage.plans import Filled
from storage.rows import Row
from storage.seal import Sealer

Result = TypeVar("Result")

TRIES = 8
"""How often one piece of work is begun before its failure is everybody's."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5


@dataclass(slots=True, eq=False)
class Tx:
    """Everything inside one `Tx` is saved together or not at all."""

    connection: Link
    tenant: str
    ids: Ids
    sealer: Sealer
    pending: list[dict[str, Any]] = field(default_factory=list)
    """Events of this transaction that are not in the database yet (`storage.events`)."""
    written: list[dict[str, Any]] = field(default_factory=list)
    """Events that this transaction has put into the ledger."""
    carried: dict[str, str] = field(default_factory=dict)
    """What goes into the outbox with every message that is said now, beside its words."""
    endings: dict[str, Callable[[Tx], Awaitable[None]]] = field(default_factory=dict)
    """What is still to be done before the commit, each once."""
    last: dict[str, Callable[[Tx], Awaitable[None]]] = field(default_factory=dict)
    """The same for what locks a row that everybody needs: after all else, so that others wait as short as can be."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is done when it is saved, in this order; it must not fail and not wait."""
    known: Known = field(default_factory=Known)
    """What `recall` has read."""
    lasting: Known = field(default_factory=Known)
    """What of it the next piece of work may know as well."""
    ahead_of: dict[Table, Ahead] = field(default_factory=dict)
    """What was read for several pieces of work before the first of them."""
    late: dict[Table, Late] = field(default_factory=dict)
    """What is still to be written and nobody has asked for yet."""
    says: bool = False
    """Whether something was put into the outbox."""
    is_complete: bool = False
    """Whether only the commit is left."""
    dropped: list[tuple[str, int, str]] = field(default_factory=list)
    """Subjects whose timers this transaction has called off, with the beginning of their names (`storage.timers`)."""

    def forget(self) -> None:
        """What was read for one piece of work is not known to the next in the same transaction, unless it is lasting."""
        self.known.clear()

    async def end(self) -> None:
        """Writes what waited for the end of the transaction. Whoever opens a `Tx` calls this before the commit."""
        for endings in (self.endings, self.last):
            for ending in endings.values():
                await ending(self)
            if self.late:
                await self._catch_up()

    def later(self, table: Table, row: dict[str, Any]) -> None:
        """`add` of one row, at the end of the transaction or before the next statement that names the table.

        For rows that nothing but their own id can collide with. All rows of a table have the same columns.
        """
        self._late(table, row).add(row)

    def put_later(
        self, table: Table, row: dict[str, Any], *, on: tuple[str, ...], change: tuple[str, ...] = ()
    ) -> None:
        """`put`, written as late as `later`: of two with the same `on` only the last. All rows have the same columns."""
        statement = puts(table, self.connection.dialect.name, tuple(row), on, change)
        only = {name: row[name] for name in on} if change else row
        self._late(table, only).replace(statement, tuple([row[name] for name in on]), row)

    def put_alike_later(
        self, table: Table, row: dict[str, Any], *, on: tuple[str, ...], change: tuple[str, ...], alike: str
    ) -> None:
        """`put_later` where no row stands with the same `on`, or one with the same value of `alike`."""
        key = tuple([row[name] for name in on])
        late = self.late[table].find(key) if table in self.late else None
        if late is not None and late[1].get(alike, row[alike]) != row[alike]:
            return
        statement = puts(table, self.connection.dialect.name, tuple(row), on, change, (), alike)
        if late is not None and late[0] is not statement:  # what is stored goes, or is as this one already
            statement = puts(table, self.connection.dialect.name, tuple(row), on, change)
        self._late(table, dict(zip(on, key, strict=True))).replace(statement, key, row)

    def delete_later(self, table: Table, key: dict[str, Any]) -> None:
        """The row with this key goes, as late. Of this and `put_later` the last one counts, where `on` is this key."""
        self._late(table, key).replace(deletes(table, tuple(key)), tuple(key.values()), key)

    def change_later(self, table: Table, statement: Executable, values: dict[str, Any], key: Key | None = None) -> None:
        """Changes rows that are stored by now, as late; of two with one key the last."""
        self._late(table).change(statement, values, key)

    def _late(self, table: Table, only: Mapping[str, Any] | None = None) -> Late:
        self._changed((table,), only)
        waiting = self.late.get(table)
        if waiting is None:
            waiting = self.late[table] = Late(table)
        return waiting

    async def _catch_up(self, tables: Collection[Table] | None = None) -> None:
        """Writes what is late of these tables, or of all; in one order everywhere, because it locks rows."""
        wanted = [table for table in self.late if tables is None or table in tables]
        for table in sorted(wanted, key=_name):
            waiting = self.late.pop(table)
            for statement, values in waiting.writes():
                await self.connection.execute(statement, values)
            if waiting.new:
                await self.connection.execute(inserts(table), waiting.new)

    def insert(self, table: Table) -> sqlite.Insert:
        """An insert that can say what happens on a conflict, in the words of the database at hand."""
        if self.connection.dialect.name == "sqlite":
            return sqlite.insert(table)
        return cast(sqlite.Insert, postgresql.insert(table))  # the two have the same methods

    async def _ask(self, statement: Executable | Filled, only: Mapping[str, Any] | None = None) -> Rows:
        """`only`: a change touches no row but those with these values."""
        if type(statement) is Filled:
            form = statement.form
            if self.late and not form.tables.isdisjoint(self.late):
                whose = statement.values.get(form.of)
                await self._catch_up(in_the_way(self.late, form.tables, form.of, whose))
            if form.is_change:
                self._changed(form.tables, only)
            statement.values["me"] = self.tenant
            return await self.connection.run(statement)
        if self.late:  # which tables it names would take longer to find out
            await self._catch_up()
        if isinstance(statement, (Insert, Update, Delete)) and isinstance(statement.table, Table):
            self.ahead_of.pop(statement.table, None)
            self.forget_all()
        elif not isinstance(statement, Select):
            self.ahead_of.clear()
            self.forget_all()
        return await self.connection.execute(cast(Executable, statement))

    async def _before(self, tables: Collection[Table], only: Mapping[str, Any] | None = None) -> None:
        """These tables are about to be changed."""
        if self.late:
            await self._catch_up(tables)
        self._changed(tables, only)

    def _changed(self, tables: Collection[Table], only: Mapping[str, Any] | None = None) -> None:
        """Forgets what was read of these tables; of what was read ahead only the row with these values, if it has some."""
        if self.known:
            self.known.change(tables)
        if self.lasting:
            self.lasting.change(tables)
        if self.ahead_of:
            for table in tables:
                ahead = self.ahead_of.get(table)
                if ahead is not None and not ahead.change(only):
                    del self.ahead_of[table]

    def forget_all(self) -> None:
        """Nothing that `recall` has read is known any more, not even what lasts."""
        self.known.clear()
        self.lasting.clear()

    async def recall(
        self,
        question: Filled,
        make: Callable[[list[Row]], Result],
        *,
        lasting: bool = False,
        stale: bool = False,
        keep: bool = True,
    ) -> Result:
        """What is made of the rows of a question, read once for one piece of work while nothing changes its tables.

        For what several steps of a conversation ask about the same person, chat or record; what somebody else may have
        changed meanwhile is asked for anew after `lock`. The values must be hashable, the result not to be changed.
        `lasting`: to the end of the transaction on SQLite, where nobody else writes meanwhile; with `stale` also where
        somebody does. Without `keep` only what was learned of it is known.
        """
        key = (self.tenant, question.form, *question.values.items())
        found = self.known.get(key) or self.lasting.get(key)
        if found is not None:
            result: Result = found[0]
            return result
        made = make(await self._ask(question))
        if keep:
            self._kept(lasting, stale).keep(key, question.form.tables, made)
        return made

    def _kept(self, lasting: bool, stale: bool = False) -> Known:
        return self.lasting if lasting and (stale or self.connection.dialect.name == "sqlite") else self.known

    def learn(
        self, question: Filled, found: Any, *, of: Collection[Table] | None = None, lasting: bool = False
    ) -> None:
        """What `recall` would make of the rows of a question, known from another one: it is not asked for any more.

        `of`: only changes of these tables make it unknown; whoever changes another so that it matters calls `forget_all`.
        """
        key = (self.tenant, question.form, *question.values.items())
        self._kept(lasting).keep(key, question.form.tables if of is None else of, found)

    async def run(self, statement: Executable | Filled) -> int:
        """Executes a change; the number of rows it touched."""
        return (await self._ask(statement)).rowcount

    async def add(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Adds rows, all with the same columns, in one go."""
        if rows:
            await self._before((table,), rows[0] if len(rows) == 1 else None)
            await self.connection.execute(inserts(table), rows)

    async def put(self, table: Table, row: dict[str, Any], *, on: tuple[str, ...], change: tuple[str, ...] = ()) -> int:
        """Adds a row, or changes these columns of the one with the same `on`. How many rows were added or changed."""
        await self._before((table,), {name: row[name] for name in on} if change else row)
        statement = puts(table, self.connection.dialect.name, tuple(row), on, change)
        return (await self.connection.execute(statement, row)).rowcount

    async def put_new(self, table: Table, rows: list[dict[str, Any]], *, on: tuple[str, ...]) -> bool:
        """Adds those rows that have no other with the same `on`, in one go. Whether surely none was left out."""
        await self._before((table,))
        statement = puts(table, self.connection.dialect.name, tuple(rows[0]), on, ())
        return (await self.connection.execute(statement, rows)).rowcount == len(rows)

    async def put_back(
        self,
        table: Table,
        row: dict[str, Any],
        *,
        on: tuple[str, ...],
        change: tuple[str, ...],
        columns: tuple[str, ...],
    ) -> Row:
        """`put` with something to change, and these columns of the row as it stands then."""
        await self._before((table,))
        statement = puts(table, self.connection.dialect.name, tuple(row), on, change, columns)
        return (await self.connection.execute(statement, row))[0]

    async def add_new(
        self, table: Table, row: dict[str, Any], *, on: tuple[str, ...], columns: tuple[str, ...]
    ) -> Row | None:
        """Adds a row, and these columns of it; None, and nothing is changed, where one with the same `on` stands."""
        await self._before((table,))
        statement = puts(table, self.connection.dialect.name, tuple(row), on, (), columns)
        return (await self.connection.execute(statement, row)).first()

    async def alter(self, table: Table, where: dict[str, Any], /, **values: Any) -> int:
        """Changes columns of our rows in which every column of `where` has this value (None: is empty). How many."""
        empty = tuple([name for name, value in where.items() if value is None])
        statement = alters(table, tuple(where), empty, tuple(values))
        given = {f"w_{name}": value for name, value in where.items() if value is not None}
        given |= {f"v_{name}": value for name, value in values.items()}
        only = {name: value for name, value in where.items() if value is not None and name not in values}
        return (await self._ask(Filled(statement, given), only)).rowcount

    async def altered(
        self, table: Table, where: dict[str, Any], columns: tuple[str, ...], /, **values: Any
    ) -> Row | None:
        """`alter` of one row, and these columns as they stand then; None when there was no such row."""
        empty = tuple([name for name, value in where.items() if value is None])
        statement = alters(table, tuple(where), empty, tuple(values), columns)
        given = {f"w_{name}": value for name, value in where.items() if value is not None}
        given |= {f"v_{name}": value for name, value in values.items()}
        return (await self._ask(Filled(statement, given))).first()

    async def lock(self, table: Table, row_id: int) -> None:
        """Whoever else locks this row waits until this transaction ends. On SQLite nobody else writes meanwhile."""
        self.forget_all()
        await self._catch_up((table,))
        if self.connection.dialect.name != "sqlite":  # there nobody else writes, and what was read ahead stays
            self.ahead_of.pop(table, None)
            wanted = (table.c.tenant == self.tenant, table.c.id == row_id)
            await self.connection.execute(select(table.c.id).where(*wanted).with_for_update())

    async def one(self, statement: Executable | Filled) -> Row | None:
        """The first row, or None."""
        return (await self._ask(statement)).first()

    async def all(self, statement: Executable | Filled) -> list[Row]:
        """Every row."""
        return (await self._ask(statement)).all()

    def read_ahead(self, table: Table, columns: tuple[str, ...], rows: dict[tuple[Any, ...], list[Any]]) -> None:
        """Keeps what was read of a table by the values of these columns, for the pieces of work that follow in this
        transaction; an empty list where there is no such row. On PostgreSQL only what belongs to somebody who is held:
        what is decided by it is what they saw when they wrote.
        """
        self.ahead_of[table] = Ahead(columns, rows)

    def ahead(self, table: Table, *values: Any) -> list[Any] | None:
        """The rows that were read ahead for these values, given once; None when they were not, or one was changed."""
        found = self.ahead_of.get(table)
        return None if found is None else found.rows.pop(values, None)


def _name(table: Table) -> str:
    return table.name


class Watcher(Protocol):
    """Hears of transactions, for figures and logs. Must not fail and not wait."""

    def committed(self, tx: Tx) -> None:
        """It is saved."""
        ...

    def again(self) -> None:
        """It lost against another and is begun anew."""
        ...


class Store:
    """Opens transactions on one database for one tenant. `watcher` may be set once, before the first transaction."""

    def __init__(self, database: Database, ids: Ids, sealer: Sealer) -> None:
        self.database = database
        self.ids = ids
        self.sealer = sealer
        self.watcher: Watcher | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that may change rows. For short, single changes: what has to win a race goes through `run`."""
        async with self.database.change() as connection:
            tx = Tx(connection, self.database.tenant, self.ids, self.sealer)
            yield tx
            await tx.end()
            tx.is_complete = True
        for done in tx.afterwards:
            done()
        if self.watcher is not None:
            self.watcher.committed(tx)

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Does the work in one transaction and returns what it returns; saved when this returns, or not at all.

        On PostgreSQL work that lost against another transaction (deadlock, serialization) is done again from its
        beginning, after a short random pause: it must keep nothing outside its `Tx` that a second run would spoil.
        Raises `Unavailable` when the connection was lost before the commit, each time.
        """
        tries = 0
        while True:
            tx: Tx | None = None
            try:
                async with self.write() as tx:
                    return await work(tx)
            except SQLAlchemyError as error:
                tries += 1
                committing = tx is not None and tx.is_complete
                if self.database.is_sqlite or not may_run_again(error, committing=committing):
                    raise
                if tries >= TRIES:
                    raise _last(error) from error
                if self.watcher is not None:
                    self.watcher.again()
            await asyncio.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**tries)))  # noqa: S311

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A view that changes nothing."""
        return _Read(self, self.database.look())

    async def study(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """A view for questions that take long; they keep nobody waiting. `work` awaits nothing but its `Tx`."""

        def ask(connection: Link) -> Awaitable[Result]:
            return work(Tx(connection, self.database.tenant, self.ids, self.sealer))

        return await self.database.study(ask)


class _Read:
    """`Store.read`. A class because there are several for each update, and a generator costs as much as a statement."""

    __slots__ = ("_look", "_store")

    def __init__(self, store: Store, look: AbstractAsyncContextManager[Link]) -> None:
        self._store = store
        self._look = look

    async def __aenter__(self) -> Tx:
        return Tx(await self._look.__aenter__(), self._store.database.tenant, self._store.ids, self._store.sealer)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._look.__aexit__(kind, error, trace)


def _last(error: SQLAlchemyError) -> SQLAlchemyError:
    """What the caller sees of the last failure: a lost connection is an outage, not the fault of the work."""
    return Unavailable(str(error)) if getattr(error, "connection_invalidated", False) else error
