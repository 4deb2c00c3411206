"""A copy taken while the program writes is whole and complete; restoring overwrites only when told to."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from storage import backup, requests
from storage.backup import BackupFailed
from storage.database import Database
from storage.moving import MoveFailed
from storage.tx import Store
from tests.storage.conftest import DATABASES, Fresh
from tests.storage.samples import add_request
from tests.storage.test_migrate import to_revision


def names_in(folder: Path, pattern: str = "*") -> list[str]:
    return [file.name for file in folder.glob(pattern)]


async def file_some(store: Store, now: datetime, count: int) -> None:
    for _ in range(count):
        async with store.write() as tx:
            await add_request(tx, now)


async def test_a_copy_has_everything_that_was_committed(store: Store, now: datetime, tmp_path: Path) -> None:
    await file_some(store, now, 3)
    counts = await backup.backup(store.database, tmp_path / "copy.db")
    assert (counts["requests"], counts["events"]) == (3, 6)
    assert backup.verify(tmp_path / "copy.db") == counts
    assert names_in(tmp_path, "copy.db*") == ["copy.db"]


async def test_a_copy_taken_while_writing_is_of_one_moment(store: Store, now: datetime, tmp_path: Path) -> None:
    await file_some(store, now, 5)
    enough = asyncio.Event()

    async def write_on() -> None:
        while not enough.is_set():
            await file_some(store, now, 1)

    writing = asyncio.create_task(write_on())
    copies = [await backup.backup(store.database, tmp_path / f"{n}.db") for n in range(5)]
    enough.set()
    await writing
    assert copies[0]["requests"] < copies[-1]["requests"], "somebody wrote meanwhile"
    assert all(counts["events"] == 2 * counts["requests"] for counts in copies)
    assert [c["requests"] for c in copies] == sorted(c["requests"] for c in copies)
    async with store.read() as tx:
        assert sum((await requests.count_by(tx, "queue")).values()) >= copies[-1]["requests"]


@pytest.fixture(params=DATABASES)
def target_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def restored(copy: Path, url: str, *, force: bool = False) -> dict[str, int]:
    """As the command does it: a file for SQLite, rows for PostgreSQL."""
    if url.startswith("sqlite"):
        return backup.restore(copy, Path(url.removeprefix("sqlite:///")), force=force)
    database = Database(url, "street")
    try:
        return await backup.restore_into(database, copy, force=force)
    finally:
        await database.close()


async def test_a_restored_copy_is_the_database_again(
    store: Store, now: datetime, tmp_path: Path, fresh: Fresh, target_kind: str
) -> None:
    """From either kind into either kind; what was there before stays as a copy."""
    copy = tmp_path / "copy"
    await file_some(store, now, 2)
    await backup.backup(store.database, copy)
    url = fresh(target_kind)
    there = Store(Database(url, "street"), store.ids, store.sealer)
    await file_some(there, now, 5)
    await there.database.close()
    with pytest.raises(BackupFailed, match="--force"):
        await restored(copy, url)
    assert (await restored(copy, url, force=True))["requests"] == 2
    (former,) = names_in(tmp_path, "*.before-restore")
    assert backup.verify(tmp_path / former)["requests"] == 5
    again = Store(Database(url, "street"), store.ids, store.sealer)
    async with again.write() as tx:
        assert (await requests.get_original(tx, (await add_request(tx, now)).id)).place
        assert sum((await requests.count_by(tx, "queue")).values()) == 3
    await again.database.close()
    await there.database.close()


async def test_a_restore_that_fails_leaves_what_was_there(store: Store, now: datetime, tmp_path: Path) -> None:
    if store.database.is_sqlite:
        return  # a file is replaced in one step
    await file_some(store, now, 2)
    await backup.backup(store.database, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        copy.execute("UPDATE requests SET danger = ?", ("longer than PostgreSQL's column takes",))
        copy.commit()
    with pytest.raises(MoveFailed, match="requests: the target refuses a row"):
        await backup.restore_into(store.database, tmp_path / "copy", force=True)
    async with store.read() as tx:
        assert sum((await requests.count_by(tx, "queue")).values()) == 2


async def test_a_copy_of_an_older_version_is_brought_up(fresh: Fresh, tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}", "street")
    async with old.write() as connection:
        await connection.run_sync(to_revision, "0002")
    await old.close()
    assert (await restored(tmp_path / "old.db", fresh("postgresql")))["requests"] == 0


async def test_a_copy_goes_where_nothing_was(store: Store, now: datetime, tmp_path: Path) -> None:
    await backup.backup(store.database, tmp_path / "copy.db")
    assert backup.restore(tmp_path / "copy.db", tmp_path / "other.db")["requests"] == 0


async def test_an_earlier_copy_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(BackupFailed, match="exists already"):
        await backup.backup(store.database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


async def test_no_database_no_backup(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'none.db'}", "street")
    with pytest.raises(BackupFailed, match="no such database"):
        await backup.backup(database, tmp_path / "copy.db")
    await database.close()
    assert names_in(tmp_path) == []


async def test_a_damaged_or_foreign_file_is_never_restored(store: Store, now: datetime, tmp_path: Path) -> None:
    await file_some(store, now, 20)
    good, cut, foreign, empty = (tmp_path / name for name in ("good.db", "cut.db", "foreign.db", "empty.db"))
    await backup.backup(store.database, good)
    data = bytearray(good.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    cut.write_bytes(data)
    foreign.write_bytes(b"a letter, not a database" * 50)
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("CREATE TABLE other (id)")
    for source in (cut, foreign, empty):
        with pytest.raises(BackupFailed):
            backup.restore(source, tmp_path / "target.db")
    assert not (tmp_path / "target.db").exists()
