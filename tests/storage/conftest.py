"""A migrated database for each test. Every promise of storage is tested on each kind of database in DATABASES."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import migrate
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store

DATABASES = ("sqlite",)
"""Kinds of database. A kind named here has to be available: nothing is left out silently."""

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file of the present schema, made by the migrations."""
    file = tmp_path_factory.mktemp("template") / "empty.db"

    async def make() -> None:
        database = Database(f"sqlite:///{file}", "street")
        await migrate.upgrade(database)
        await database.close()

    with ThreadPoolExecutor(1) as aside:  # a thread without a loop of its own
        aside.submit(asyncio.run, make()).result()
    return file


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a fresh, migrated database is."""
    if request.param != "sqlite":
        raise LookupError(f"no fixture for {request.param}")
    file = tmp_path / "linli.db"
    shutil.copyfile(request.getfixturevalue("template"), file)
    return f"sqlite:///{file}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url, "street")
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database, Ids(), Sealer([new_key()]))


@pytest.fixture
def now() -> datetime:
    return NOW
