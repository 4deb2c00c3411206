"""The shipped steps make exactly the schema that the code describes, and refuse what they do not know."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Connection, Table, TextClause, UniqueConstraint, bindparam, inspect, text, update
from sqlalchemy.exc import DBAPIError

from storage import attachments, events, migrate, requests, search, supporters, tables
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.conftest import NOW, Fresh

ROOT = Path(__file__).parents[2]


async def test_the_steps_make_the_schema_of_the_code(database: Database) -> None:
    def difference(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tables.metadata))

    async with database.read() as connection:
        assert await connection.run_sync(difference) == []


def _is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    """Full-text search keeps tables of its own on SQLite and an index over an expression on PostgreSQL."""
    return not (name or "").startswith((search.INDEX, "search_terms"))


def test_every_table_of_the_schema_is_listed() -> None:
    assert {table.name for table in tables.ALL} == set(tables.metadata.tables)


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_keys_and_indexes_start_with_the_tenant(table: Table) -> None:
    keys = [table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))]
    first = [next(iter(key.columns)).name for key in [*keys, *table.indexes]]
    assert set(first) == {"tenant"}


async def test_a_fresh_database_reaches_head_and_stays_there(empty_url: str) -> None:
    database = Database(empty_url, "street")
    assert await migrate.current(database) == ""
    assert await migrate.upgrade(database) == migrate.head()
    assert await migrate.current(database) == migrate.head()
    assert await migrate.upgrade(database) == migrate.head()
    await database.close()


def test_of_processes_that_start_together_one_makes_the_schema(empty_url: str) -> None:
    program = (
        "import asyncio, sys; from storage import migrate; from storage.database import Database; "
        "print(asyncio.run(migrate.upgrade(Database(sys.argv[1], 'street'))))"
    )
    command = [sys.executable, "-c", program, empty_url]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=600)[0].strip() for process in started]
    assert said == [migrate.head()] * 3


async def test_a_file_that_another_makes_just_now_is_waited_for(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite asks nobody to wait while a new file is made ready: whoever comes second tries again."""
    database, real, struck = Database(fresh("sqlite", migrated=False), "street"), Database.write, []

    def write(self: Database) -> Any:
        if not struck:
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorname = "SQLITE_BUSY"
            struck.append(busy)
            raise DBAPIError("PRAGMA journal_mode=WAL", {}, busy)
        return real(self)

    monkeypatch.setattr(Database, "write", write)
    assert await migrate.upgrade(database) == migrate.head()
    assert struck
    await database.close()


async def test_at_head_no_step_is_even_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(migrate.command, "upgrade")
    assert await migrate.upgrade(database) == migrate.head()


async def test_the_steps_are_read_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the schema is ours is asked every few seconds, and reading them all would keep every chat waiting."""
    newest = migrate.head()
    monkeypatch.delattr(migrate, "ScriptDirectory")
    assert await migrate.current(database) == migrate.head() == newest


async def test_a_newer_database_is_refused_untouched(database: Database) -> None:
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrate.SchemaNewer, match="install the newer version"):
        await migrate.upgrade(database)
    with pytest.raises(migrate.SchemaNewer, match="9999"):
        await migrate.current(database)
    async with database.read() as connection:
        found = (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar_one()
    assert found == "9999"


async def test_a_step_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    database = Database(empty_url, "street")
    async with database.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE wishes (id INTEGER)")  # what the first step makes last
    with pytest.raises(Exception, match="wishes"):
        await migrate.upgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(lambda c: inspect(c).get_table_names()) == ["wishes"]
    await database.close()


async def test_a_filled_database_of_the_first_version_is_brought_up(empty_url: str) -> None:
    """Rows written by 0001 stay as they are, the ledger stays final, and what came later works on them."""
    database = Database(empty_url, "street")
    async with database.write() as connection:
        await connection.run_sync(to_revision, "0001")
        await connection.execute(_old("attachments", OLD_FILE))
        await connection.execute(_old("requests", OLD_REQUEST))
        await connection.execute(_old("events", OLD_EVENT))
    assert await migrate.upgrade(database) == migrate.head()
    old = Store(database, Ids(), Sealer([new_key()]))
    async with old.write() as tx:
        file = await attachments.find(tx, 7)
        assert file is not None
        assert file.stored == "sha"
        assert await attachments.likenesses_of(tx, [7]) == []
        request = await requests.get(tx, 8)
        assert [r.id for r in await requests.in_grid(tx, "g1", EPOCH)] == [request.id]
        assert await supporters.join(tx, request.id, 5, "我也是", "我也是", NOW)
        assert await supporters.followers(tx, request) == [5]
        assert next(e.name for e in await events.history(tx, "request", 8)) == "request.received"
    with pytest.raises(DBAPIError, match="never changed"):
        async with old.write() as tx:
            await tx.run(update(events.events).values(name="other"))
    await database.close()


async def test_old_records_are_found_by_their_houses(empty_url: str) -> None:
    database = Database(empty_url, "street")
    places: list[dict[str, Any]] = [{}, {"estate": "", "building": "3"}, {"estate": "银杏苑", "building": "3"}]
    places.append({"estate": "银杏苑"})
    async with database.write() as connection:
        await connection.run_sync(to_revision, "0031")
        for ident, place in enumerate(places):
            row = {**OLD_REQUEST, "id": ident, "number": ident, "draft_id": ident, "place": place, "parked": False}
            await connection.execute(_old("requests", row))
    await migrate.upgrade(database)
    async with database.read() as connection:
        found = await connection.exec_driver_sql("SELECT house FROM requests ORDER BY id")
        assert found.scalars().all() == ["", "", "银杏苑/3", "银杏苑/"] == [requests.house_of(p) for p in places]
    await database.close()


async def test_what_waits_before_its_turn_waits_in_its_turn(empty_url: str) -> None:
    """Answers to typed words stood in the lane of presses; those on somebody's own screen stay in it."""
    database = Database(empty_url, "street")
    kinds = [(0, "", "waiting"), (0, "u", "waiting"), (0, "", "sent"), (2, "", "waiting")]
    async with database.write() as connection:
        await connection.run_sync(to_revision, "0033")
        for ident, (lane, user, state) in enumerate(kinds):
            row = {**OLD_MESSAGE, "id": ident, "lane": lane, "user_key": user, "state": state}
            await connection.execute(_old("outbox", row))
    await migrate.upgrade(database)
    async with database.read() as connection:
        lanes = await connection.exec_driver_sql("SELECT lane FROM outbox ORDER BY id")
        assert lanes.scalars().all() == [1, 0, 0, 2]
    await database.close()


async def test_an_upgrade_says_what_it_is_at(empty_url: str) -> None:
    database = Database(empty_url, "street")
    told: list[migrate.Step] = []
    async with database.write() as connection:
        await connection.run_sync(to_revision, "0001")
        for ident in (8, 9):
            await connection.execute(_old("requests", {**OLD_REQUEST, "id": ident, "number": ident, "draft_id": ident}))
    await migrate.upgrade(database, told.append)
    begun = [step for step in told if not step.rows]
    assert [step.left for step in begun] == list(reversed(range(len(begun))))
    assert (begun[0].revision, begun[-1].revision) == ("0002", migrate.head())
    assert all(step.title for step in begun)
    assert [(step.revision, step.rows) for step in told if step.rows] == [("0012", 2)]
    told.clear()
    await migrate.upgrade(database, told.append)
    assert told == []
    await database.close()


async def test_a_new_database_is_no_upgrade(empty_url: str) -> None:
    database, told = Database(empty_url, "street"), list[migrate.Step]()
    await migrate.upgrade(database, told.append)
    assert told == []
    await database.close()


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OLD_FILE: dict[str, Any] = {
    **{"tenant": "street", "id": 7, "person_id": 1, "chat_id": 2, "channel": "web", "account": "", "ref": "f"},
    **{"kind": "photo", "mime": "image/png", "size": 3, "duration": 0, "stored": "sha", "subject": "request"},
    "created_at": 5,
}
OLD_REQUEST: dict[str, Any] = {
    **{"tenant": "street", "id": 8, "number": 1001, "draft_id": 1, "reporter_id": 1, "chat_id": 2, "state": "queued"},
    **{"queue": "grid:g1", "intent": "request", "item": "", "grid": "g1", "place": {}, "place_text": "", "text": ""},
    **{"original_sealed": b"", "summary": "", "urgent": False, "danger": "", "confidence": 0.5, "received_at": 5},
    **{"started_at": 5, "respond_due_at": 6, "resolve_due_at": 7, "resolution": 0, "reopened": 0, "supervised": False},
}
OLD_MESSAGE: dict[str, Any] = {
    **{"tenant": "street", "chat_id": 2, "slot": "", "body_sealed": b"", "not_before": 5, "attempts": 0},
    **{"created_at": 5, "ref": "", "error": ""},
}
OLD_EVENT: dict[str, Any] = {
    **{"tenant": "street", "id": 9, "subject": "request", "subject_id": 8, "name": "request.received", "at": 5},
    **{"origin": "", "target": "received", "data": {"number": 1001}},
}


def _old(name: str, row: dict[str, Any]) -> TextClause:
    """The row as SQL of both databases: the metadata of today would name columns that an old table has not."""
    statement = text(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join(f':{k}' for k in row)})")
    return statement.bindparams(*(bindparam(k, v, type_=JSON if isinstance(v, dict) else None) for k, v in row.items()))


def to_revision(connection: Connection, revision: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
