"""`linli audit`: the ledger checked, and the books made anew from it. What is right is storage's and handlers' to know."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bot.catalogue import load_points, load_street
from bot.config import Config, ConfigError
from handlers import audit
from storage import ledger, migrate, points
from storage.database import Database
from storage.ids import Ids
from storage.ledger import Head
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx

Say = Callable[[str], None]


async def verify(config: Config, noted: str, say: Say) -> bool:
    """Says every finding in a line and where the ledger stands; whether the chain holds. `noted`: an earlier head."""
    anchor, sound = _anchor(noted), True
    async with opened(config) as database, _snapshot(database) as tx:
        with _progress("events", await ledger.size(tx)) as tell:
            async for finding in ledger.verify(tx, anchor=anchor, tell=tell):
                say(f"warning: {finding}" if finding.is_warning else str(finding))
                sound = sound and finding.is_warning
        head = await ledger.head(tx)
    if sound:
        say(f"sound: {head.seq} events, head {head.seq}:{head.hash}" if head else "sound: no events yet")
    return sound


async def check(config: Config, say: Say) -> bool:
    """Says what is stored otherwise than the events say; whether there is nothing of the kind."""
    same = True
    async with opened(config) as database, _snapshot(database) as tx:
        with _progress("events", await ledger.size(tx)) as tell:
            books = await audit.rebuild(tx, tell)
        async for line in audit.differences(tx, books, datetime.now(UTC)):
            say(line)
            same = False
        for line in await points.differences(tx, load_points(config.points.file), ZoneInfo(config.clocks.tz)):
            say(line)
            same = False
    if same:
        say(f"the same: {len(books.requests)} requests, {len(books.wishes)} wishes, counters, figures and points")
    return same


async def rebuild(config: Config, say: Say) -> None:
    """Writes the counters anew, and says which stood otherwise."""
    async with opened(config) as database:
        store = Store(database, Ids(), Sealer([new_key()]))  # nothing sealed is opened or written here

        async def write(tx: Tx) -> list[str]:
            with _progress("events", await ledger.size(tx)) as tell:
                return await audit.write_counters(tx, await audit.rebuild(tx, tell))

        for line in await store.run(write) or ["the counters stand as the events say"]:
            say(line)


def _anchor(noted: str) -> Head | None:
    if not noted:
        return None
    seq, _, digest = noted.partition(":")
    if not seq.isascii() or not seq.isdigit() or len(digest) != 64:
        raise ValueError(f"--head must be NUMBER:HASH as an earlier audit said it, not {noted!r}")
    return Head(int(seq), digest)


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Database]:
    """The database, only if it is there and of this program's schema: an audit changes neither."""
    database = Database(config.storage.url, load_street(config.street.file).id)
    try:
        file = Path(database.url.database or "")
        if database.is_sqlite and not await asyncio.to_thread(file.is_file):
            raise ConfigError(f"{file}: no such database; start the program once, or check [storage] url")
        found = await migrate.current(database)
        if found != migrate.head():
            raise ConfigError(
                f"the database has schema {found or 'none'}; start the program once to bring it up to date"
            )
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[Tx]:
    """One moment of the database, however long the reading takes."""
    async with database.snapshot() as connection:
        yield Tx(connection, database.tenant, Ids(), Sealer([new_key()]))


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while somebody looks on."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    shown = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not sys.stderr.isatty())
    with shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.update(task, completed=done)
