"""`linli audit`: exit codes and one plain line for each finding, on a database as an operator has it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.catalogue import SHIPPED_STREET, load_street
from bot.cli import app
from storage import migrate
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import NOW
from tests.storage.samples import add_request, add_wish


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "linli.db"


@pytest.fixture
def config(tmp_path: Path, file: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[storage]\nurl = "sqlite:///{file}"\n', encoding="utf-8")
    return path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *words])
    return result.exit_code, result.output


def fill(file: Path, work: Callable[[Tx], Awaitable[Any]]) -> None:
    async def go() -> None:
        database = Database(f"sqlite:///{file}", load_street(SHIPPED_STREET).id)
        await migrate.upgrade(database)
        await Store(database, Ids(), Sealer([new_key()])).run(work)
        await database.close()

    asyncio.run(go())


@pytest.fixture
def filled(file: Path) -> None:
    async def work(tx: Tx) -> None:
        await add_request(tx, NOW)
        await add_wish(tx, NOW)

    fill(file, work)


def tamper(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.usefixtures("filled")
def test_a_sound_ledger_says_where_it_stands(config: Path) -> None:
    code, out = run("verify", "--config", str(config))
    assert code == 0
    assert out.startswith("sound: 3 events, head 3:")
    head = out.split()[-1]
    assert run("verify", "--config", str(config), "--head", head)[0] == 0


@pytest.mark.usefixtures("filled")
def test_a_changed_event_is_one_line_and_exit_1(config: Path, file: Path) -> None:
    tamper(file, "DROP TRIGGER events_no_update", "UPDATE events SET actor_id = 9 WHERE seq = 2")
    code, out = run("verify", "--config", str(config))
    assert code == 1
    (line,) = out.splitlines()
    assert line.startswith("changed: event 2 (id ")
    assert "request.queued, record 1001)" in line


@pytest.mark.usefixtures("filled")
def test_a_head_that_was_noted_is_held_against_the_chain(config: Path) -> None:
    code, out = run("verify", "--config", str(config), "--head", f"2:{'0' * 64}")
    assert code == 1
    assert "not the one that was noted" in out
    code, out = run("verify", "--config", str(config), "--head", "2")
    assert code == 1
    assert "NUMBER:HASH" in out


@pytest.mark.usefixtures("filled")
def test_the_books_are_compared_and_the_counter_written_anew(config: Path, file: Path) -> None:
    assert run("rebuild", "--check", "--config", str(config)) == (
        0,
        "the same: 1 requests, 1 wishes, counters, figures and points\n",
    )
    tamper(file, "UPDATE counters SET value = 1000", "UPDATE requests SET state = 'closed'")
    code, out = run("rebuild", "--check", "--config", str(config))
    assert code == 1
    assert out.splitlines() == [
        "counter record: 1000 is kept, 1002 by the events",
        "request 1001: state is kept as closed, queued by the events",
    ] + ["figures of grid:g1: overdue is 0, 1 by the events"] * (datetime.now(UTC) > NOW + timedelta(days=1))
    code, out = run("rebuild", "--config", str(config))
    assert (code, out) == (0, "counter record: 1000 was kept, 1002 by the events\n")
    code, out = run("rebuild", "--config", str(config))
    assert (code, out) == (0, "the counters stand as the events say\n")


def test_no_database_and_an_old_one_are_said_plainly(config: Path, file: Path) -> None:
    code, out = run("verify", "--config", str(config))
    assert (code, file.exists()) == (1, False)
    assert "no such database" in out
    tamper(file, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0002')")
    code, out = run("rebuild", "--check", "--config", str(config))
    assert code == 1
    assert "schema 0002" in out


def test_an_empty_ledger_is_sound(config: Path, file: Path) -> None:
    async def nothing(_tx: Tx) -> None:
        return

    fill(file, nothing)
    assert run("verify", "--config", str(config)) == (0, "sound: no events yet\n")
    assert run("rebuild", "--check", "--config", str(config))[0] == 0


@pytest.mark.parametrize("words", [(), ("verify",), ("rebuild",)])
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    code, out = run(*words, "--help")
    assert code == 0
    assert "Usage" in out
