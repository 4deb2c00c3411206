"""Brings a database to the schema of this code, forward only, in one transaction; refuses one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, select, table
from sqlalchemy.exc import DBAPIError

from storage.database import Database

_TRIES = 5
_MADE_MEANWHILE = {"23505", "42P07", "42723", "42710", "40P01"}
"""unique_violation, duplicate_table, duplicate_function, duplicate_object, deadlock_detected: two made the same schema."""
_FOLDER = Path(__file__).parent / "migrations"


class SchemaNewer(RuntimeError):
    """The database was made by a newer version of the program."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def head() -> str:
    """The schema version of this code."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise LookupError("no migration steps are shipped")
    return found


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


async def current(database: Database) -> str:
    """The schema version of a database; empty when it has none yet. Raises `SchemaNewer`."""
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
    _check_known(found)
    return found


def _check_known(found: str) -> None:
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found and found not in known:
        raise SchemaNewer(
            f"the database has schema {found}, which this version does not know: install the newer version of Linli, "
            "or restore a backup made before the update"
        )


async def upgrade(database: Database) -> str:
    """Runs the steps that are missing; the version reached. Raises `SchemaNewer` and changes nothing then.

    Of several processes that start together, one does it and the others find it done.
    """
    target = head()
    for tries_left in reversed(range(_TRIES)):
        try:
            async with database.write() as connection:
                await connection.run_sync(to_head, target)
            break
        except DBAPIError as error:
            if not tries_left or getattr(error.orig, "sqlstate", None) not in _MADE_MEANWHILE:
                raise
    return target


def to_head(connection: Connection, target: str) -> None:
    """The missing steps, in the transaction of this connection."""
    found = _revision(connection)
    if found == target:
        return
    if found and connection.dialect.name == "postgresql":
        version = table("alembic_version", column("version_num"))
        connection.execute(select(version).with_for_update())  # whoever came first has done it when this returns
        found = _revision(connection)
        if found == target:
            return
    _check_known(found)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
