"""Brings a database to the schema of this code, forward only, in one transaction; refuses one that is newer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, select, table
from sqlalchemy.exc import DBAPIError

from storage import planner, tables
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


@cache
def _shipped() -> tuple[str, frozenset[str]]:
    """The newest step and all of them: read once, because everything waits meanwhile and they do not change."""
    scripts = ScriptDirectory.from_config(_config())
    newest = scripts.get_current_head()
    if newest is None:
        raise LookupError("no migration steps are shipped")
    return newest, frozenset(step.revision for step in scripts.walk_revisions())


def head() -> str:
    """The schema version of this code."""
    return _shipped()[0]


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


async def current(database: Database) -> str:
    """The schema version of a database; empty when it has none yet. Raises `SchemaNewer`."""
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
    _check_known(found)
    return found


def _check_known(found: str) -> None:
    if found and found not in _shipped()[1]:
        raise SchemaNewer(
            f"the database has schema {found}, which this version does not know: install the newer version of Linli, "
            "or restore a backup made before the update"
        )


class Step(NamedTuple):
    """Where an upgrade is: the step that runs now, what it is for, how many come after it, and how many rows it has read."""

    revision: str
    title: str
    left: int
    rows: int = 0


Tell = Callable[[Step], None]


def _nobody(_step: Step) -> None:
    """Who hears of an upgrade that nobody waits for."""


async def upgrade(database: Database, tell: Tell = _nobody) -> str:
    """Runs the steps that are missing; the version reached. Raises `SchemaNewer` and changes nothing then.

    Of several processes that start together, one does it and the others find it done. With many records it takes
    minutes: `tell` hears of each step before it begins, and from time to time of how far a long one is. A database
    that is made anew is no news.
    """
    target = head()
    for tries_left in reversed(range(_TRIES)):
        try:
            async with database.write() as connection:
                await connection.run_sync(to_head, target, tell)
                await connection.run_sync(planner.tell, tables.metadata)
            break
        except DBAPIError as error:
            is_busy = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY"  # another makes the file just now
            if not tries_left or not (is_busy or getattr(error.orig, "sqlstate", None) in _MADE_MEANWHILE):
                raise
            if is_busy:
                await asyncio.sleep(0.1)
    return target


def to_head(connection: Connection, target: str, tell: Tell = _nobody) -> None:
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
    if found:
        _announce(config, found, tell)
    command.upgrade(config, "head")


def _announce(config: Config, found: str, tell: Tell) -> None:
    """Lets `tell` hear of each step: the first at once, the others as the one before is done."""
    scripts = ScriptDirectory.from_config(config)
    coming = [Step(one.revision, one.doc, 0) for one in scripts.iterate_revisions("head", found)]
    steps = [one._replace(left=left) for left, one in enumerate(coming)][::-1]

    def applied(**_how: Any) -> None:
        steps.pop(0)
        if steps:
            tell(steps[0])

    config.attributes["applied"] = applied
    config.attributes["read"] = lambda rows: tell(steps[0]._replace(rows=rows))
    tell(steps[0])
