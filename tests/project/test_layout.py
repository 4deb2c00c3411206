"""The house rules: who may import whom, which files a channel has, that every file says what lives in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import source
from tests.project.source import ROOT

CHANNEL_FILES = {"receive.py", "send.py", "shapes.py", "channel.py"}
NEVER = ("TODO", "FIXME", "XXX", "for now", "zh" + "zw", "/wo" + "rk/", ".." + "/shared")
"""What no file of the program may hold."""
CHANNELS = sorted(p for p in (ROOT / "bot" / "channels").iterdir() if p.is_dir() and p.name != "__pycache__")
LONGEST = 60
"""Lines of the body of one function; a migration lists tables and may be longer."""
DECISIONS = ROOT / "docs" / "decisions"


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("folder", CHANNELS, ids=lambda p: p.name)
def test_every_channel_has_the_same_files(folder: Path) -> None:
    assert {p.name for p in folder.iterdir()} >= CHANNEL_FILES


def test_every_channel_is_held_apart_by_a_contract() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for folder in CHANNELS:
        assert f'"bot.channels.{folder.name}"' in settings


@pytest.mark.parametrize("path", source.files(*source.PACKAGES), ids=source.name)
def test_every_file_says_what_lives_in_it(path: Path) -> None:
    if not path.read_text(encoding="utf-8").strip():
        return
    words = ast.get_docstring(source.tree(path))
    assert words
    assert 1 <= len(words.splitlines()) <= 6, "one to five lines, and no more than that"


@pytest.mark.parametrize("path", source.files(*source.PACKAGES), ids=source.name)
def test_no_file_holds_what_it_must_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [word for word in NEVER if word in text]


@pytest.mark.parametrize("path", source.files(*source.PACKAGES), ids=source.name)
def test_imports_stand_at_the_top(path: Path) -> None:
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inside, f"line {node.lineno}"


@pytest.mark.parametrize("path", source.files(*source.PACKAGES), ids=source.name)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.body[0].lineno + 1
            assert lines <= LONGEST or path.parts[-2] == "versions", f"{node.name}, line {node.lineno}"


@pytest.mark.parametrize(
    "folder",
    sorted({p.parent for p in (ROOT / "tests").rglob("*.py") if "node_modules" not in p.parts}),  # no cache of Python's
    ids=source.name,
)
def test_every_test_folder_is_a_package(folder: Path) -> None:
    assert (folder / "__init__.py").exists()


def test_the_index_lists_every_decision_in_order() -> None:
    found = sorted(p.name for p in DECISIONS.glob("[0-9]*.md"))
    assert found, "docs/decisions holds the decisions"
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\(([0-9]{4}-[^)]+\.md)\)", index) == found


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(p.name[:4]) for p in sorted(DECISIONS.glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{source.name(page)} -> {target}"
