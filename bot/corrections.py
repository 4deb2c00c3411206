"""What `linli learn --from-database` asks the database for: the texts desks and residents corrected."""

from __future__ import annotations

import asyncio

from bot.catalogue import load_street
from bot.config import Config, ConfigError
from bot.program import sealing_keys
from storage import labels
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store


async def kept_corrections(config: Config) -> list[tuple[str, str]]:
    """The texts desks and residents corrected, with the item each is now. ConfigError where there is no database yet."""
    file = config.storage.beside
    if config.storage.url.startswith("sqlite:") and not await asyncio.to_thread(file.exists):
        raise ConfigError(f"no database yet at {file}: run Linli first, or leave --from-database out")
    street = load_street(config.street.file)
    database = Database(config.storage.url, street.id)
    try:
        async with Store(database, Ids(), Sealer(sealing_keys(config))).read() as tx:
            return await labels.corrections(tx)
    finally:
        await database.close()
