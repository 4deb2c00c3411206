"""Brings a database to the schema of this code, forward only, in one transaction; refuses one that is newer."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database

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
    """Runs the steps that are missing; the version reached. Raises `SchemaNewer` and changes nothing then."""
    target = head()
    async with database.write() as connection:
        await connection.run_sync(_to_head, target)
    return target


def _to_head(connection: Connection, target: str) -> None:
    found = _revision(connection)
    if found == target:
        return
    _check_known(found)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
