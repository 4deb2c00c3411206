"""Code nobody here wrote, as judge of ours: how tests run a script of this folder under node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node") or ""


def need_node() -> None:
    """Skips the test, in CI fails it, when node or its packages are not there; says how to get them."""
    packages = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    if NODE and all((HERE / "node_modules" / name).exists() for name in packages):
        return
    why = "needs node and its packages: install node 20 or newer, then run tests/prepare.sh"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def ask(script: str, questions: Sequence[dict[str, Any]]) -> list[Any]:
    """What a script of this folder answers: one JSON line for each JSON line."""
    need_node()
    lines = "".join(json.dumps(one) + "\n" for one in questions)
    done = subprocess.run(
        [NODE, "--no-deprecation", HERE / script], input=lines, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
