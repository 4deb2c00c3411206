"""The files an operator copies: units that systemd accepts, dashboards and alarms of figures that exist, explained."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from bot import metrics

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
NAME = re.compile(r"\blinli_[a-z_]+\b")
ALERT = re.compile(r"- alert: (\w+)")
PROMISES = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=",
)


def shown() -> set[str]:
    """Every name that /metrics can show."""
    assert metrics.READY
    families = re.findall(r"^# TYPE (\S+) (\w+)", generate_latest().decode(), re.MULTILINE)
    ends = {"histogram": ("", "_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
    return {name + end for name, kind in families for end in ends.get(kind, ("",))}


def expressions() -> str:
    board: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "linli.json").read_text(encoding="utf-8"))
    return "\n".join(target["expr"] for panel in board["panels"] for target in panel["targets"])


def test_the_dashboard_shows_figures_that_exist() -> None:
    used = set(NAME.findall(expressions()))
    assert len(used) > 15
    assert used <= shown()


def test_every_figure_of_ours_is_on_the_dashboard() -> None:
    families = {name for name in shown() if name.startswith("linli_")}
    bare = {n for n in families if not n.endswith(("_bucket", "_sum", "_count", "_created"))}
    used = set(NAME.findall(expressions()))
    left = {n for n in bare if n not in used and f"{n}_bucket" not in used}
    assert not left, "put them on the dashboard"


def test_every_alarm_asks_for_figures_that_exist_and_is_explained() -> None:
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    asked = set(NAME.findall(rules))
    assert asked <= shown()
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    names = ALERT.findall(rules)
    assert len(names) == len(set(names)) > 8
    assert [name for name in names if f"### {name}\n" not in page] == []


def test_the_units_are_found() -> None:
    assert len(UNITS) == 3


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_hardened(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert [promise for promise in PROMISES if promise not in text] == []
    assert "User=linli" in text
    stop = re.search(r"TimeoutStopSec=(\d+)", text)
    assert stop is not None
    assert int(stop[1]) > 10, "the program ends by itself within ten seconds"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_units(unit: Path, tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not here: apt-get install systemd")
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8").replace("/opt/linli/.venv/bin/linli", "/bin/true")
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run([tool, "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_runs_as_nobody_special_and_holds_every_package() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert text.count("\nFROM ") + text.startswith("FROM ") == 2
    assert "\nUSER linli\n" in text
    assert "HEALTHCHECK" in text
    for package in ("workflow", "nlp", "storage", "handlers", "bot"):
        assert f"\nCOPY {package} {package}\n" in text


def test_compose_names_the_keys_of_the_configuration() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert "image: postgres:" in text
    for name in ("LINLI_STORAGE__URL", "LINLI_PRIVACY__KEYS", "LINLI_WEB__HOST"):
        assert f"{name}: " in text


def test_the_rights_are_those_of_the_decision() -> None:
    text = (ROOT / "docs" / "decisions" / "0011-ledger.md").read_text(encoding="utf-8")
    page = [line.strip() for line in text.splitlines()]
    lines = (ROOT / "deploy" / "database-rights.sql").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert line.startswith("--") or line in page
