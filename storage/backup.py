"""Copies the database while it runs and checks the copy; puts a copy back. Attachments and keys are other files.

A backup is one SQLite file, whatever it was made from, and can be put into either kind of database.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from storage import migrate, moving
from storage.database import Database
from storage.moving import MoveFailed, Tell, silent

_CHECKED = ("requests", "events", "wishes", "receipts")


class BackupFailed(ValueError):
    """The copy is not as it should be; the message says what to do. Nothing was overwritten."""


async def backup(database: Database, out: Path, tell: Tell = silent) -> dict[str, int]:
    """A copy as of one moment, verified. Rows of the main tables in the copy.

    Raises `BackupFailed`, `MoveFailed`, OSError, and `Unavailable` when PostgreSQL does not answer.
    """
    if await asyncio.to_thread(out.exists):
        raise BackupFailed(f"{out} exists already; choose another name")
    source = database.url.database
    if not database.is_sqlite or not source:
        return await _copy_rows(database, out, tell)
    if not await asyncio.to_thread(Path(source).exists):
        raise BackupFailed(f"{source}: no such database; start the program once, or check [storage] url")
    return await asyncio.to_thread(_copy, Path(source), out)


async def _copy_rows(database: Database, out: Path, tell: Tell) -> dict[str, int]:
    part = out.with_name(f"{out.name}.part")
    await asyncio.to_thread(part.unlink, missing_ok=True)
    copy = Database(f"sqlite:///{part}", database.tenant)
    try:
        await moving.move(database, copy, tell)
    finally:
        await copy.close()
    return await asyncio.to_thread(_finish, part, out)


def _finish(part: Path, out: Path) -> dict[str, int]:
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    counts = verify(part)
    _to_disk(part)
    part.replace(out)
    return counts


def _copy(source: Path, out: Path) -> dict[str, int]:
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    with (
        closing(_reading(source)) as live,
        closing(sqlite3.connect(part)) as copy,
    ):
        live.backup(copy)  # in one step: a copy in steps starts again whenever somebody writes
    return _finish(part, out)


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


async def restore_into(database: Database, source: Path, *, force: bool = False, tell: Tell = silent) -> dict[str, int]:
    """Puts a verified copy into a PostgreSQL database, all of it or nothing.

    What was there is written to a backup beside the source first, `….before-restore`. Raises `BackupFailed` when
    records are there and `force` is not given. The program must not be running.
    """
    counts = await asyncio.to_thread(verify, source)
    former = source.with_name(f"{source.name}.before-restore")
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".restore-") as folder:
        copy = Database(f"sqlite:///{await asyncio.to_thread(shutil.copyfile, source, Path(folder, 'copy.db'))}", "")
        try:
            await migrate.upgrade(copy)  # a backup may be older than this version
            if await _is_filled(database):
                if not force:
                    raise BackupFailed(
                        f"{database.shown} has records; stop the program and give --force to replace them"
                    )
                await backup(database, former)
            async with copy.snapshot() as reading, database.write() as writing:
                await moving.clear(writing)
                await writing.run_sync(migrate.to_head, migrate.head())
                await moving.copy_tables(reading, writing, tell)
        finally:
            await copy.close()
    return counts


async def _is_filled(database: Database) -> bool:
    if not await migrate.current(database):
        return False
    await migrate.upgrade(database)
    async with database.read() as connection:
        try:
            await moving.check_empty(connection, database)
        except MoveFailed:
            return True
    return False
