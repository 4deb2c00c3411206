"""Two that serve and two that work on one PostgreSQL, one of each killed: small runs of `benchmarks.many`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import many
from tests.storage.conftest import Fresh


async def test_every_update_is_answered_once_though_two_are_killed(
    tmp_path: Path, fresh: Fresh, capsys: pytest.CaptureFixture[str]
) -> None:
    good = await many.updates(tmp_path, fresh("postgresql"), 36, 4, kill=True)
    shown = capsys.readouterr().out
    assert good, shown
    assert "2 killed" in shown


async def test_of_fifty_claims_over_two_processes_one_wins(
    tmp_path: Path, fresh: Fresh, capsys: pytest.CaptureFixture[str]
) -> None:
    good = await many.claims(tmp_path, fresh("postgresql"), 1, 4)
    assert good, capsys.readouterr().out


async def test_three_hundred_follow_ups_are_each_asked_once(
    tmp_path: Path, fresh: Fresh, capsys: pytest.CaptureFixture[str]
) -> None:
    good = await many.follow_ups(tmp_path, fresh("postgresql"), 300, 4, kill=True)
    assert good, capsys.readouterr().out
