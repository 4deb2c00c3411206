"""The work of `linli backup`, `restore` and `migrate-storage`: opens the databases the command names and closes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.config import Config, ConfigError, check_url
from storage import backup as backups
from storage import moving
from storage.database import Database


async def back_up(config: Config, out: Path, tell: moving.Tell) -> None:
    """Copies the database into a file while the program runs, and checks the copy."""
    database = Database(config.storage.url, "backup")
    try:
        await backups.backup(database, out, tell)
    finally:
        await database.close()


async def restore(config: Config, source: Path, tell: moving.Tell, *, force: bool) -> None:
    """Puts such a file in the place of the database; `force` overwrites the records that are there."""
    storage = config.storage
    if storage.url.startswith("sqlite:"):
        await asyncio.to_thread(backups.restore, source, storage.beside, force=force)
        return
    database = Database(storage.url, "restore")
    try:
        await backups.restore_into(database, source, force=force, tell=tell)
    finally:
        await database.close()


async def move(given: str, to: str, tell: moving.Tell) -> list[moving.Moved]:
    """Copies all records from one address into another and compares the two. ConfigError where they are the same."""
    if make_url(given) == make_url(check_url(to)):
        raise ConfigError("--from and --to are the same database")
    filled, empty = Database(given, "move"), Database(to, "move")
    try:
        return await moving.move(filled, empty, tell)
    finally:
        await filled.close()
        await empty.close()
