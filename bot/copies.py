"""The work of `linli backup`, `restore` and `migrate-storage`: opens the databases the command names and closes them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy.engine import make_url

from bot import keys
from bot.catalogue import load_street
from bot.config import Config, ConfigError, check_url
from storage import backup as backups
from storage import migrate, moving
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store


async def back_up(config: Config, out: Path, tell: moving.Tell) -> None:
    """Copies the database into a file while the program runs, and checks the copy."""
    database = Database(config.storage.url, "backup")
    try:
        await backups.backup(database, out, tell)
    finally:
        await database.close()


async def restore(config: Config, source: Path, tell: moving.Tell, *, force: bool) -> str:
    """Puts such a file in the place of the database; `force` overwrites the records that are there.

    What has to be done about its keys before the program starts, if anything.
    """
    storage = config.storage
    if storage.url.startswith("sqlite:"):
        await asyncio.to_thread(backups.restore, source, storage.beside, force=force)
    database = Database(storage.url, load_street(config.street.file).id)
    try:
        if not database.is_sqlite:
            await backups.restore_into(database, source, force=force, tell=tell)
        if await migrate.current(database) == migrate.head():
            here = keys.path_of(config)
            if not config.privacy.keys and not await asyncio.to_thread(here.exists):
                return (
                    f"{here}: put the key file of this backup there; nobody can read names, phones and words without it"
                )
            await keys.check(config, Store(database, Ids(), Sealer(keys.configured(config))))
    except ConfigError as error:
        return str(error)
    finally:
        await database.close()
    return ""


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
