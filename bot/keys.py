"""Sealing keys: the key file beside the data, and `linli keys`, which replaces a key while the program runs.

A key file has one key a line: the first seals, all open. A line that begins with `next:` opens only, until `rotate`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bot.catalogue import load_street
from bot.config import Config, ConfigError
from storage import migrate, resealing
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store

Say = Callable[[str], None]
NEXT = "next:"


def path_of(config: Config) -> Path:
    """Where the key file is, if there is one."""
    return Path(f"{config.storage.beside}.key")


def read(path: Path) -> list[str]:
    """The keys of a file, the one that seals first. Raises FileNotFoundError."""
    return [line.removeprefix(NEXT) for line in _lines(path)]


def write(path: Path, lines: list[str]) -> None:
    """Replaces the file whole or not at all; only the owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def add(config: Config, say: Say) -> None:
    """Makes a new key that opens and does not seal yet: first every process must know it."""
    if config.privacy.keys:
        say(new_key())
        say("put it SECOND into LINLI_PRIVACY__KEYS on every machine and restart every process, then put it FIRST,")
        say("restart again, and run `linli keys rotate`")
        return
    path = path_of(config)
    lines = _lines(path)
    if any(line.startswith(NEXT) for line in lines):
        raise ConfigError(f"{path}: a new key is there already; restart every process, then run `linli keys rotate`")
    write(path, [*lines, NEXT + new_key()])
    say(f"{path}: a new key was added; restart every process, then run `linli keys rotate`")


async def rotate(config: Config, say: Say, tell: resealing.Tell = resealing.silent) -> None:
    """Seals with the newest key from now on, and everything that is stored as well. May be interrupted and begun again."""
    if not config.privacy.keys:
        _promote(path_of(config))
    keys = configured(config)
    if len(keys) < 2:
        raise ConfigError("there is only one key; run `linli keys add` first")
    await _reseal(config, keys, say, tell)
    say("everything is sealed with the newest key; restart every process, then run `linli keys drop`")


async def drop(config: Config, say: Say, tell: resealing.Tell = resealing.silent) -> None:
    """Takes the old keys away once nothing needs them. In a key file's place they stay beside it, to be destroyed."""
    keys = configured(config)
    if len(keys) < 2:
        raise ConfigError("there is only one key, and it is in use")
    if not config.privacy.keys and any(line.startswith(NEXT) for line in _lines(path_of(config))):
        raise ConfigError("the new key seals nothing yet; run `linli keys rotate` first")
    await _reseal(config, keys, say, tell)
    if await _reseal(config, keys, say, tell):
        raise ConfigError(
            "something still seals with an old key: restart every process, then run `linli keys drop` again"
        )
    if config.privacy.keys:
        say("nothing needs the old keys: keep only the first one in LINLI_PRIVACY__KEYS, and restart every process")
        return
    path = path_of(config)
    write(path.with_name(f"{path.name}.dropped"), keys[1:])
    write(path, keys[:1])
    say(
        f"{path} holds the newest key only; the old ones are in {path.name}.dropped: destroy it, and back up the new key"
    )


async def check(config: Config, store: Store) -> None:
    """Raises ConfigError when what is stored was sealed with a key that is not at hand: a lost or exchanged key file."""
    locked = await resealing.find_locked(store)
    if locked:
        where = "LINLI_PRIVACY__KEYS" if config.privacy.keys else str(path_of(config))
        raise ConfigError(
            f"[privacy] keys: what is stored ({locked}) was sealed with a key that is not in {where}; put back the key "
            "that belongs to this database: nobody can read names, phones and words without it"
        )


def configured(config: Config) -> list[str]:
    """The keys in use, the one that seals first. Raises ConfigError when there are none yet."""
    try:
        return list(config.privacy.keys) or read(path_of(config))
    except FileNotFoundError:
        raise ConfigError(f"{path_of(config)}: no key file yet; it is made at the first start") from None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: this is no key file") from None


def _promote(path: Path) -> None:
    """The new key comes first and seals from the next start on; done already when no line is marked."""
    lines = _lines(path) if path.exists() else []
    new = [line.removeprefix(NEXT) for line in lines if line.startswith(NEXT)]
    if new:
        write(path, [*new, *(line for line in lines if not line.startswith(NEXT))])


async def _reseal(config: Config, keys: list[str], say: Say, tell: resealing.Tell) -> int:
    """One pass over the database; how many rows were sealed anew."""
    database = Database(config.storage.url, load_street(config.street.file).id)
    try:
        if await migrate.current(database) != migrate.head():
            raise ConfigError("the database has another schema; start the program once to bring it up to date")
        done = await resealing.reseal(Store(database, Ids(), Sealer(keys)), tell)
    finally:
        await database.close()
    changed = sum(table.changed for table in done)
    say(f"{sum(table.rows for table in done)} rows read, {changed} sealed anew")
    return changed
