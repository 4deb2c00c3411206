"""`linli partner`: other systems are added, listed and ended here, where only an operator is. Keys are shown once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from bot.audit import opened
from bot.config import Config, ConfigError
from bot.program import sealing_keys
from handlers.office import partners as records
from storage import partners
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store, Tx

Say = Callable[[str], None]
Result = TypeVar("Result")


async def add(config: Config, name: str, url: str, say: Say) -> None:
    """A new partner. Raises ConfigError for a name that is taken or an address that is none."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ConfigError(f"{url}: not an address; write https://host/path, or leave it out")
    made = await _work(config, lambda tx: records.add(tx, name, url, datetime.now(UTC)))
    if made is None:
        raise ConfigError(f"there is a partner called {name} already; end it first: linli partner end {name}")
    say(f"key: {made[0]}")
    say(f"secret: {made[1]}")
    say("they are not shown again")


async def listed(config: Config, say: Say) -> None:
    """One line for each partner."""
    for one in await _work(config, partners.current):
        say(f"{one.name}\t{one.url or '-'}\ttold up to event {one.seq}\t{one.tries} failed tries")


async def end(config: Config, name: str, say: Say) -> None:
    """Its key stops working. Raises ConfigError for an unknown name."""

    async def work(tx: Tx) -> bool:
        found = await partners.find_by_name(tx, name)
        return found is not None and await partners.end(tx, found.id, datetime.now(UTC))

    if not await _work(config, work):
        raise ConfigError(f"there is no partner called {name}; see linli partner list")
    say(f"{name} is no partner any more")


async def _work(config: Config, work: Callable[[Tx], Awaitable[Result]]) -> Result:
    async with opened(config) as database:
        return await Store(database, Ids(), Sealer(sealing_keys(config))).run(work)
