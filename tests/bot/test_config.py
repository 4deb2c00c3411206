"""The configuration: the example equals the defaults, the environment wins, and every mistake names its key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bot.config import Config, ConfigError, check_url, load_config

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_holds_every_default(tmp_path: Path) -> None:
    example = load_config(written(tmp_path, EXAMPLE.read_text(encoding="utf-8")))
    assert example == load_config(written(tmp_path, ""))


def test_the_example_names_every_key() -> None:
    _, *parts = re.split(r"^\[(\w+)\]$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    written_of = dict(zip(parts[::2], parts[1::2], strict=True))
    for section, field in Config.model_fields.items():
        text = written_of[section]
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"[{section}] {key}"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, '[street]\nfile = "here/street.toml"\n[storage]\nurl = "sqlite:///a.db"\n'))
    assert config.street.file == tmp_path / "here" / "street.toml"
    assert config.storage.url == f"sqlite:///{tmp_path / 'a.db'}"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_TELEGRAM__TOKEN", "7:secret")
    config = load_config(written(tmp_path, '[telegram]\ntoken = "1:file"\nmode = "webhook"\n'))
    assert (config.telegram.token, config.telegram.mode) == ("7:secret", "webhook")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[telegrm]\n", "did you mean [telegram]?"),
        ("[web]\nprot = 1\n", "did you mean port (the port to listen on)?"),
        ('[web]\nport = "x"\n', "[web] port"),
        ('[clocks]\ntz = "Mars"\n', "write Asia/Shanghai"),
        ("[clocks]\nspeed = 0\n", "[clocks] speed"),
        ('[storage]\nurl = "mysql://x"\n', "sqlite:///linli.db"),
        ("[web\n", "not valid TOML"),
        ("[rating]\nweights = [30, 30, 30]\n", "add up to 100"),
        ("[rating]\nweights = [130, -15, -15]\n", "[rating] weights"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(written(tmp_path, text))
    assert said in str(error.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.example\.toml"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("sqlite:///linli.db", True),
        ("sqlite:////var/lib/linli.db", True),
        ("sqlite:///C:/linli/linli.db", True),
        ("sqlite://linli.db", False),
        ("sqlite+aiosqlite:///linli.db", False),
        ("postgresql://linli:word@db.example:5432/linli", True),
        ("postgres://linli@db/linli?sslmode=require&pooler=transaction", True),
        ("postgresql:///linli", True),
        ("postgresql://linli:a/b?c:d#e%40@[2001:db8::7]:5432/linli", True),
        ("postgresql://db:/linli", False),
        ("postgresql://linli:word@db:5432", False),
        ("postgresql://linli:word@db:5432/", False),
        ("postgresql://linli:word@db:port/linli", False),
        ("postgresql+asyncpg://linli:word@db/linli", False),
        ("postgresql:/linli", False),
        ("postgresql://db/linli?pooler=session", False),
        ("postgresql://db/linli?pooler=transaction&pooler=session", False),
        ("postgresql://db/linli?application_name=x", False),
        ("mysql://db/linli", False),
        ("linli.db", False),
        ("", False),
    ],
)
def test_an_address_of_a_database_is_known_or_said_how_to_write(url: str, known: bool, tmp_path: Path) -> None:
    if known:
        assert check_url(url) == url
        assert make_url(url).database, "the driver reads the same address"
        return
    with pytest.raises(ValueError, match=r"^(write sqlite:///linli\.db or postgresql://|after the \? of a PostgreSQL)"):
        check_url(url)
    with pytest.raises(ConfigError, match=r"\[storage\] url: (write sqlite|after the \?)"):
        load_config(written(tmp_path, f'[storage]\nurl = "{url}"\n'))
