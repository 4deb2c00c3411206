"""Copies the database while it runs and checks the copy; puts a copy back. SQLite; attachments and keys are other files."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.database import Database

_CHECKED = ("requests", "events", "wishes", "receipts")


class BackupFailed(ValueError):
    """The copy is not as it should be; the message says what to do. Nothing was overwritten."""


async def backup(database: Database, out: Path) -> dict[str, int]:
    """A copy as of one moment, verified. Rows of the main tables in the copy. Raises `BackupFailed`, OSError."""
    source = database.url.database
    if not database.is_sqlite or not source:
        raise BackupFailed("only SQLite databases are copied; use pg_dump for PostgreSQL")
    if not await asyncio.to_thread(Path(source).exists):
        raise BackupFailed(f"{source}: no such database; start the program once, or check [storage] url")
    return await asyncio.to_thread(_copy, Path(source), out)


def _copy(source: Path, out: Path) -> dict[str, int]:
    if out.exists():
        raise BackupFailed(f"{out} exists already; choose another name")
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    with (
        closing(_reading(source)) as live,
        closing(sqlite3.connect(part)) as copy,
    ):
        live.backup(copy)  # in one step: a copy in steps starts again whenever somebody writes
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    counts = verify(part)
    _to_disk(part)
    part.replace(out)
    return counts


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)


def _to_disk(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def verify(file: Path) -> dict[str, int]:
    """Rows of the main tables of a sound copy. Raises `BackupFailed`."""
    try:
        with closing(_reading(file)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise BackupFailed(f"{file} is damaged: {found}; take another backup")
            return {name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _CHECKED}  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{file} is no backup of Linli: {error}") from None


def restore(source: Path, target: Path, *, force: bool = False) -> dict[str, int]:
    """Puts a verified copy in the place of the database. What was there stays beside it as `.before-restore`.

    Raises `BackupFailed` when records are there and `force` is not given. The program must not be running.
    """
    counts = verify(source)
    if target.exists() and not force:
        raise BackupFailed(f"{target} exists; stop the program and give --force to replace it")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    with closing(_reading(source)) as copy, closing(sqlite3.connect(part)) as fresh:
        copy.backup(fresh)
    _to_disk(part)
    for suffix in ("", "-wal", "-shm"):
        old = target.with_name(f"{target.name}{suffix}")
        if old.exists():
            old.replace(target.with_name(f"{target.name}.before-restore{suffix}"))
    part.replace(target)
    return counts
