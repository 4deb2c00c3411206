"""The command line: triage lines, exit codes, and errors that a person can act on."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.catalogue import SHIPPED_STREET
from bot.cli import app
from bot.config import load_config
from bot.program import sealing_keys


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[street]\nfile = "{SHIPPED_STREET}"\n[web]\nbase_url = "https://x.cn"\n', encoding="utf-8")
    return path


def run(*words: str, text: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), input=text)
    return result.exit_code, result.output


def test_triage_answers_every_line_in_order(config: Path) -> None:
    lines = [
        json.dumps({"id": "a", "text": "银杏苑三栋楼道灯坏了"}, ensure_ascii=False),
        "not json",
        '{"id": 7}',
        json.dumps({"id": "long", "text": "长" * 10_001}, ensure_ascii=False),
        json.dumps({"id": "b", "text": "你好"}, ensure_ascii=False),
    ]
    code, out = run("triage", "--config", str(config), text="\n".join(lines))
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [a["id"] for a in answers] == ["a", None, 7, "long", "b"]
    assert [("error" in a) for a in answers] == [False, True, True, True, False]
    first = answers[0]
    assert (first["item"], first["grid"], first["queue"]) == (
        "facility.building.corridor",
        "yinxing-01",
        "grid:yinxing-01",
    )
    assert (first["category"], first["subcategory"], first["urgent"]) == ("facility", "facility.building", False)
    assert first["evidence"]
    assert first["alternatives"][0][0] == first["item"]
    assert (answers[4]["intent"], answers[4]["item"], answers[4]["queue"]) == ("smalltalk", None, "desk")


@pytest.mark.parametrize("command", ["run", "serve", "worker", "triage", "doctor", "qr", "backup", "restore", "codes"])
def test_every_command_explains_itself(command: str) -> None:
    code, out = run(command, "--help")
    assert code == 0
    assert "Usage" in out


def test_a_wrong_file_is_one_line_and_exit_1(tmp_path: Path) -> None:
    code, out = run("qr", "--config", str(tmp_path / "none.toml"))
    assert code == 1
    assert "none.toml" in out
    assert "Traceback" not in out


def test_wrong_words_are_exit_2() -> None:
    assert run("nonsense")[0] == 2


def test_posters_and_codes(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.pdf"
    assert run("qr", "--config", str(config), "--out", str(out), "--only", "码头")[0] == 0
    assert out.read_bytes().startswith(b"%PDF")
    code, listed = run("codes", "--config", str(config))
    assert code == 0
    assert "yinxing-yuan-3\t银杏苑3幢" in listed


def test_doctor_says_what_is_wrong(config: Path, tmp_path: Path) -> None:
    assert run("doctor", "--config", str(config))[0] == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('[street]\nfile = "none.toml"\n[telegram]\ntoken = "nonsense"\n', encoding="utf-8")
    code, out = run("doctor", "--config", str(bad))
    assert code == 1
    assert "none.toml" in out
    assert "@BotFather" in out


def test_backup_of_nothing_is_refused(config: Path, tmp_path: Path) -> None:
    code, out = run("backup", "--config", str(config), "--out", str(tmp_path / "b.db"))
    assert code == 1
    assert "no such database" in out


def test_the_key_file_is_the_owners_only_and_kept(config: Path, tmp_path: Path) -> None:
    settings = load_config(config)
    first = sealing_keys(settings)
    key = tmp_path / "linli.db.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sealing_keys(settings) == first


def test_triage_loads_nothing_of_the_storage_and_stays_under_200_megabytes(config: Path) -> None:
    program = (
        "import sys; from bot.cli import app\n"
        "app(['triage', '--config', sys.argv[1]], standalone_mode=False)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} & {'storage', 'alembic', 'asyncpg', 'fastapi', 'sklearn'}\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(*sorted(loaded), peak.split()[1], file=sys.stderr)\n"
    )
    asked = json.dumps({"id": 1, "text": "翠竹园3栋2单元电梯坏了，老人上不去"}, ensure_ascii=False)
    ran = subprocess.run(
        [sys.executable, "-c", program, str(config)], input=asked, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["item"] == "facility.building.elevator"
    assert int(ran.stderr) < 200 * 1024
