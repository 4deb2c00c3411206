"""The commands that touch PostgreSQL: moving, backup and restore, and what the doctor says of a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import doctor
from bot.catalogue import SHIPPED_STREET
from bot.cli import app
from bot.config import ConfigError, load_config
from bot.program import sealing_keys
from storage.seal import new_key
from tests.ports import free_port
from tests.storage.cluster import Cluster
from tests.storage.conftest import Fresh


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_PRIVACY__KEYS", f'["{new_key()}"]')


def configured(tmp_path: Path, url: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[storage]\nurl = "{url}"\n', encoding="utf-8")
    return str(path)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def database_line(tmp_path: Path, url: str) -> tuple[int, str]:
    code, out = run("doctor", "--config", configured(tmp_path, url))
    return code, next(line for line in out.splitlines() if "database:" in line)


def test_records_are_moved_and_moved_back(fresh: Fresh, tmp_path: Path) -> None:
    lite, postgresql = fresh("sqlite"), fresh("postgresql", migrated=False)
    code, out = run("migrate-storage", "--config", configured(tmp_path, lite), "--to", postgresql)
    assert code == 0, out
    assert "requests\t0\t" in out
    assert "the same on both sides" in out
    back = f"sqlite:///{tmp_path / 'back.db'}"
    assert run("migrate-storage", "--from", postgresql, "--to", back)[0] == 0
    code, out = run("migrate-storage", "--from", f"sqlite:///{tmp_path / 'none.db'}", "--to", back)
    assert (code, "no such database" in out) == (1, True)


@pytest.mark.parametrize("to", ["mysql://x/y", "postgresql://host", "postgresql://host/name?nonsense=1", "linli.db"])
def test_an_address_that_is_none_is_refused_in_words(to: str) -> None:
    code, out = run("migrate-storage", "--from", "sqlite:///a.db", "--to", to)
    assert code == 1
    assert "PostgreSQL address" in out or "write sqlite:///linli.db or postgresql://" in out


def test_the_same_database_twice_is_refused(fresh: Fresh) -> None:
    url = fresh("sqlite")
    code, out = run("migrate-storage", "--from", url, "--to", url)
    assert code == 1
    assert "are the same database" in out


def test_a_backup_of_postgresql_is_one_file_for_both(fresh: Fresh, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert run("backup", "--config", configured(tmp_path, fresh("postgresql")), "--out", str(copy)) == (
        0,
        f"{copy}: checked\n",
    )
    assert run("restore", str(copy), "--config", configured(tmp_path, f"sqlite:///{tmp_path / 'other.db'}"))[0] == 0
    assert run("restore", str(copy), "--config", configured(tmp_path, fresh("postgresql")))[0] == 0


def test_the_doctor_is_content_with_a_good_server(fresh: Fresh, tmp_path: Path) -> None:
    code, out = run("doctor", "--config", configured(tmp_path, fresh("postgresql")))
    assert code == 0, out
    assert "schema 0" in out
    assert "fsync, full_page_writes is off" in out  # as the tests' own server has it


def test_the_doctor_says_what_is_wrong_with_the_way_to_a_server(cluster: Cluster, fresh: Fresh, tmp_path: Path) -> None:
    url = fresh("postgresql")
    code, line = database_line(tmp_path, url.replace(cluster.password, "wrong"))
    assert code == 1
    assert "the password of linli is wrong" in line
    assert "wrong@" not in line
    code, line = database_line(tmp_path, cluster.url("nowhere"))
    assert code == 1
    assert "make it: createdb -O linli nowhere" in line
    code, line = database_line(tmp_path, f"postgresql://linli:x@127.0.0.1:{free_port()}/linli")
    assert code == 1
    assert "cannot be reached; is the server running" in line


def test_the_doctor_refuses_an_old_server(fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST_POSTGRESQL", 99)
    code, out = run("doctor", "--config", configured(tmp_path, fresh("postgresql")))
    assert code == 1
    assert "is too old; install 99 or newer" in out


def test_a_key_is_never_made_for_a_shared_database(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINLI_PRIVACY__KEYS")
    config = load_config(Path(configured(tmp_path, fresh("postgresql"))))
    with pytest.raises(ConfigError, match="same sealing key"):
        sealing_keys(config)
    (tmp_path / "linli.key").write_text("kept\n", encoding="ascii")
    assert sealing_keys(config) == ["kept"]
