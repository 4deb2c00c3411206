"""Small runs of the benchmarks: `linli run` as a process of its own, driven over HTTP, killed, claimed from at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import claims, kill
from benchmarks.drive import drive_telegram, drive_web

MESSAGES = Path(__file__).parents[1] / "nlp" / "messages-dev.jsonl"
DRIVEN = 6


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Messages from all over the file, so that several kinds and queues take part."""
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[:: len(lines) // DRIVEN][:DRIVEN]]


async def test_web_from_the_messages_to_the_ratings(
    tmp_path: Path, texts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    good = await drive_web(texts, tmp_path, only_intake=False)
    shown = capsys.readouterr().out
    assert good, shown
    assert "left without a rating: 0" in shown
    assert "record closed" in shown


async def test_telegram_from_the_messages_to_the_ratings(
    tmp_path: Path, texts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    good = await drive_telegram(texts, tmp_path, only_intake=False)
    shown = capsys.readouterr().out
    assert good, shown
    assert "left without a rating: 0" in shown
    assert "record closed" in shown


async def test_killed_again_and_again_nothing_is_lost_or_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = await kill.run(24, 4, tmp_path)
    shown = capsys.readouterr()
    assert good, shown.out
    assert "kills 4" in shown.out
    assert "Traceback" not in shown.err


async def test_of_many_who_claim_at_once_one_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = await claims.run(3, 8, tmp_path)
    shown = capsys.readouterr().out
    assert good, shown
    assert "3 with exactly one winner" in shown
