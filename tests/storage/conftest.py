"""A migrated database for each test. Every promise of storage is tested on each kind of database in DATABASES."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage import migrate
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.cluster import Cluster, find_binaries

WITHOUT = "LINLI_TEST_NO_POSTGRES"
"""Set to 1 on a machine that cannot have PostgreSQL: only then its tests are left out."""
DATABASES = ("sqlite", "postgresql")
"""Kinds of database. A kind named here has to be available: nothing is left out silently."""

NOW = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


def aside(work: Coroutine[Any, Any, None]) -> None:
    """Runs it in a thread without a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    database = Database(url, "street")
    await migrate.upgrade(database)
    await database.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file of the present schema, made by the migrations."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    aside(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server with a template database of the present schema, made by the migrations."""
    if os.environ.get(WITHOUT) == "1":
        pytest.skip(f"{WITHOUT}=1: no PostgreSQL on this machine")
    binaries = find_binaries()
    if binaries is None:
        pytest.fail(f"no PostgreSQL server here: apt-get install postgresql, or set {WITHOUT}=1", pytrace=False)
    running = Cluster(binaries)
    try:
        aside(_migrate(running.url(running.template)))
        yield running
    finally:
        running.close()


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of database the test is run on."""
    return str(request.param)


Fresh = Callable[..., str]
"""(kind, migrated=True) -> where a new database is."""


@pytest.fixture
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fresh]:
    """Makes databases that are gone after the test."""
    made: list[str] = []
    numbers = itertools.count(1)

    def make(kind: str, *, migrated: bool = True) -> str:
        if kind == "sqlite":
            file = tmp_path / f"linli-{next(numbers)}.db"
            if migrated:
                shutil.copyfile(request.getfixturevalue("template"), file)
            return f"sqlite:///{file}"
        running: Cluster = request.getfixturevalue("cluster")
        made.append(running.clone() if migrated else running.empty())
        return running.url(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("cluster").drop(name)


@pytest.fixture
def url(fresh: Fresh, kind: str) -> str:
    """Where a fresh, migrated database is."""
    return fresh(kind)


@pytest.fixture
def empty_url(fresh: Fresh, kind: str) -> str:
    """Where a database without any schema is."""
    return fresh(kind, migrated=False)


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
