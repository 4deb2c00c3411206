"""The shipped steps make exactly the schema that the code describes, and refuse what they do not know."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Table, UniqueConstraint, update
from sqlalchemy.exc import IntegrityError

from storage import attachments, events, migrate, requests, supporters, tables
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.conftest import NOW
from tests.storage.samples import add_request


async def test_the_steps_make_the_schema_of_the_code(database: Database) -> None:
    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, tables.metadata))

    async with database.read() as connection:
        assert await connection.run_sync(difference) == []


def test_every_table_of_the_schema_is_listed() -> None:
    assert {table.name for table in tables.ALL} == set(tables.metadata.tables)


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_keys_and_indexes_start_with_the_tenant(table: Table) -> None:
    keys = [table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))]
    first = [next(iter(key.columns)).name for key in [*keys, *table.indexes]]
    assert set(first) == {"tenant"}


async def test_a_fresh_database_reaches_head_and_stays_there(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}", "street")
    assert await migrate.current(database) == ""
    assert await migrate.upgrade(database) == migrate.head()
    assert await migrate.current(database) == migrate.head()
    assert await migrate.upgrade(database) == migrate.head()
    await database.close()


async def test_at_head_no_step_is_even_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(migrate.command, "upgrade")
    assert await migrate.upgrade(database) == migrate.head()


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


async def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'odd.db'}", "street")
    async with database.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE wishes (id INTEGER)")  # what the first step makes last
    with pytest.raises(Exception, match="wishes"):
        await migrate.upgrade(database)
    async with database.read() as connection:
        names = (await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        assert set(names) == {"wishes"}
    await database.close()


def test_the_steps_are_plain_postgresql_too() -> None:
    script = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": script, "literal_binds": True}
    )
    with Operations.context(context):
        for step in ("0001_first", "0002_supporters"):
            importlib.import_module(f"storage.migrations.versions.{step}").upgrade()
    written = script.getvalue()
    assert all(f"CREATE TABLE {name} (" in written for name in tables.metadata.tables)
    assert "BEFORE UPDATE OR DELETE ON events" in written
    assert "ALTER TABLE attachments ADD COLUMN likeness" in written


async def test_a_filled_database_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    """Rows written by 0001 stay as they are, the ledger stays final, and what 0002 brings works on them."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    database = Database(url, "street")
    async with database.write() as connection:
        await connection.run_sync(_to, "0001")
    old = Store(database, Ids(), Sealer([new_key()]))
    async with old.write() as tx:
        await tx.connection.exec_driver_sql(
            "INSERT INTO attachments (tenant, id, person_id, chat_id, channel, account, ref, kind, mime, size, "
            "duration, stored, subject, created_at) "
            "VALUES ('street', 7, 1, 2, 'web', '', 'f', 'photo', 'image/png', 3, 0, 'sha', 'request', 5)"
        )
        request = await add_request(tx, NOW)
    assert await migrate.upgrade(database) == migrate.head()
    async with old.write() as tx:
        file = await attachments.find(tx, 7)
        assert file is not None
        assert file.stored == "sha"
        assert await attachments.likenesses_of(tx, [7]) == []
        assert [r.id for r in await requests.in_grid(tx, "g1", NOW)] == [request.id]
        assert await supporters.join(tx, request.id, 5, "我也是", "我也是", NOW)
        assert await supporters.followers(tx, request) == [5]
        with pytest.raises(IntegrityError, match="never changed"):
            await tx.run(update(events.events).values(name="other"))
    await database.close()


def _to(connection: Connection, revision: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
