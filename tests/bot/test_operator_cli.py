"""What an operator types: dead letters listed and sent again without personal data, and keys replaced step by step."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import keys, letters
from bot.catalogue import SHIPPED_STREET
from bot.cli import app
from bot.config import Config, ConfigError, load_config
from bot.program import Program, sealing_keys
from storage import migrate, outbox, people
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store

NAME, PHONE, WORDS = "李秀英", "13912341234", "银杏苑三栋的李秀英家"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n', encoding="utf-8")
    return path


def linli(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


class Books:
    """The database of a configuration, opened for one piece of work."""

    def __init__(self, path: Path) -> None:
        self._config = load_config(path)

    async def __aenter__(self) -> Store:
        self._database = Database(self._config.storage.url, "linjiang")
        await migrate.upgrade(self._database)
        return Store(self._database, Ids(), Sealer(sealing_keys(self._config)))

    async def __aexit__(self, *_: object) -> None:
        await self._database.close()


def done(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def fill(path: Path, letters_: int) -> list[int]:
    now = datetime.now(UTC) - timedelta(hours=5)  # not when this module was read: that may be an hour ago
    async with Books(path) as store, store.write() as tx:
        person = await people.add_person(tx, "telegram", "7", "4711", NAME, now)
        await people.set_phone(tx, person.id, PHONE)
        chat = await people.add_chat(
            tx,
            channel="telegram",
            account="7",
            chat="4711",
            thread="",
            is_group=False,
            person_id=person.id,
            title=NAME,
            now=now,
        )
        ids = []
        for _ in range(letters_):
            ids.append(await outbox.put(tx, chat_id=chat.id, body={"text": WORDS}, lane=outbox.NOTICE, now=now))
            await outbox.bury(tx, ids[-1], f"Forbidden: bot was blocked by @lixiuying {PHONE} {NAME}")
        return [chat.id, person.id, *ids]


async def states(path: Path) -> tuple[int, int]:
    async with Books(path) as store, store.read() as tx:
        return await outbox.backlog(tx)


def test_dead_letters_are_shown_without_anybody_in_them(config: Path) -> None:
    chat, _, first, second = done(fill(config, 2))
    code, out = linli("outbox", "list", "-c", str(config))
    assert code == 0
    assert "2 dead letters" in out
    assert f"{first}\tchat {chat}\ttelegram private\t5 h\t0 tries\tForbidden: bot was blocked by" in out
    for secret in (NAME, PHONE, WORDS, "4711", "@lixiuying"):
        assert secret not in out.replace(str(chat), "").replace(str(first), "").replace(str(second), "")
    assert "no dead letters" in linli("outbox", "list", "-c", str(config), "--chat", "1")[1]


def test_dead_letters_are_sent_again(config: Path) -> None:
    chat, _, first, *_ = done(fill(config, 3))
    assert linli("outbox", "retry", "-c", str(config))[0] == 1
    assert linli("outbox", "retry", "-c", str(config), "--id", str(first), "--all")[0] == 1
    assert "1 sent again" in linli("outbox", "retry", "-c", str(config), "--id", str(first))[1]
    assert done(states(config)) == (1, 2)
    assert "no such dead letter" in linli("outbox", "retry", "-c", str(config), "--id", str(first))[1]
    assert "2 sent again" in linli("outbox", "retry", "-c", str(config), "--chat", str(chat))[1]
    assert done(states(config)) == (3, 0)
    assert linli("outbox", "retry", "-c", str(config), "--all")[0] == 1


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("", "no reason given"),
        ("Bad Request: chat not found", "Bad Request: chat not found"),
        ("李阿姨的消息", "…"),
        ("https://api.telegram.org/bot1:AAA/sendMessage", "…"),
    ],
)
def test_a_reason_names_nobody(reason: str, shown: str) -> None:
    assert letters.plain(reason) == shown


def test_a_key_is_replaced_in_three_steps(config: Path) -> None:
    _, person, *_ = done(fill(config, 1))
    file = keys.path_of(load_config(config))
    old = file.read_text().strip()
    for early in ("rotate", "drop"):
        assert linli("keys", early, "-c", str(config))[0] == 1
    assert linli("keys", "add", "-c", str(config))[0] == 0
    assert linli("keys", "add", "-c", str(config))[0] == 1
    assert sealing_keys(load_config(config))[0] == old, "the new key does not seal yet"
    assert linli("keys", "drop", "-c", str(config))[0] == 1
    code, out = linli("keys", "rotate", "-c", str(config))
    assert (code, "0 sealed anew" in out) == (0, False)
    assert sealing_keys(load_config(config))[1] == old
    assert "0 sealed anew" in linli("keys", "rotate", "-c", str(config))[1]
    assert linli("keys", "drop", "-c", str(config))[0] == 0
    assert old not in file.read_text()
    assert file.stat().st_mode & 0o77 == 0
    assert file.with_name(f"{file.name}.dropped").read_text().strip() == old

    async def name() -> str:
        async with Books(config) as store, store.read() as tx:
            return (await people.get_person(tx, person)).name

    assert done(name()) == NAME


def test_without_the_key_of_its_data_nothing_starts(config: Path, tmp_path: Path) -> None:
    """A lost key file was made anew at the next start, and nobody's words could be read: nothing said so."""
    done(fill(config, 1))
    assert linli("backup", "-c", str(config), "--out", str(tmp_path / "copy.db"))[0] == 0
    file = keys.path_of(load_config(config))
    kept = file.read_text()
    file.unlink()
    code, out = linli("restore", str(tmp_path / "copy.db"), "-c", str(config), "--force")
    assert (code, "restored" in out, "put the key file of this backup there" in out) == (0, True, True)
    for _ in range(2):  # the first start makes a key file
        with pytest.raises(ConfigError, match=r"sealed with a key that is not in .*put back the key"):
            done(Program.build(load_config(config)))
    assert "sealed with a key that is not in" in linli("doctor", "-c", str(config))[1]
    assert "sealed with a key" in linli("restore", str(tmp_path / "copy.db"), "-c", str(config), "--force")[1]
    file.write_text(kept)
    assert linli("restore", str(tmp_path / "copy.db"), "-c", str(config), "--force") == (0, "restored\n")
    code, out = linli("doctor", "-c", str(config))
    assert (code, "sealed with a key" in out) == (0, False), out
    assert done(build_and_end(load_config(config)))


def test_a_newer_database_is_said_plainly(config: Path) -> None:
    done(fill(config, 1))
    path = load_config(config).storage.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    code, out = linli("doctor", "-c", str(config))
    assert code == 1
    assert "the database has schema 9999" in out


async def build_and_end(config: Config) -> bool:
    program = await Program.build(config)
    await program.store.database.close()
    return True


def test_keys_of_the_environment_are_the_operators_to_change(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(fill(config, 1))
    old = keys.path_of(load_config(config)).read_text().strip()
    monkeypatch.setenv("LINLI_PRIVACY__KEYS", f'["{old}"]')
    new = linli("keys", "add", "-c", str(config))[1].splitlines()[0]
    monkeypatch.setenv("LINLI_PRIVACY__KEYS", f'["{new}", "{old}"]')
    assert "0 sealed anew" not in linli("keys", "rotate", "-c", str(config))[1]
    code, out = linli("keys", "drop", "-c", str(config))
    assert (code, "keep only the first one" in out) == (0, True)


def test_what_has_no_database_yet_has_nothing_to_change(config: Path) -> None:
    assert linli("outbox", "list", "-c", str(config))[0] == 1
    code, out = linli("keys", "rotate", "-c", str(config))
    assert code == 1
    assert "Traceback" not in out
