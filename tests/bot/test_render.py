"""Sentences filled in: what is left out when there is nothing to say, how moments and spans read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.texts import render
from bot.texts.render import Texts

NOW = datetime(2026, 12, 30, 2, tzinfo=UTC)
"""Ten in the morning where the street is."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    sentences = {
        "card": '"""\n“{words}”{photos}\n{hint}\n{at} 前\n"""',
        "since": '"已经过了 {since}"',
        "clock": '"{at:clock}"',
    }
    (tmp_path / "some.toml").write_text("\n".join(f"{n} = {v}" for n, v in sentences.items()), encoding="utf-8")
    return render.load(ZoneInfo("Asia/Shanghai"), tmp_path)


@pytest.mark.parametrize(
    ("words", "photos", "first"),
    [
        ("灯坏了", "（2 张照片）", ["“灯坏了”（2 张照片）"]),
        ("灯坏了", "", ["“灯坏了”"]),
        ("", "（2 张照片）", ["（2 张照片）"]),
        ("", "", []),
    ],
)
def test_what_was_not_said_is_not_quoted(texts: Texts, words: str, photos: str, first: list[str]) -> None:
    said = texts.text("some.card", NOW, words=words, photos=photos, hint="", at=NOW)
    assert said.split("\n") == [*first, "今天 10:00 前"]


@pytest.mark.parametrize(
    ("later", "read"),
    [
        (HOUR, "今天 11:00"),
        (DAY, "明天 10:00"),
        (-DAY, "昨天 10:00"),
        (-3 * DAY, "27 日 10:00"),
        (-40 * DAY, "11 月 20 日 10:00"),
        (3 * DAY, "2027 年 1 月 2 日 10:00"),
    ],
)
def test_a_moment_reads_as_people_say_it(texts: Texts, later: timedelta, read: str) -> None:
    assert texts.text("some.card", NOW, words="", photos="", hint="", at=NOW + later) == f"{read} 前"
    assert texts.text("some.clock", NOW, at=NOW + later) == read.split()[-1]


@pytest.mark.parametrize(
    ("span", "read"),
    [
        (timedelta(seconds=20), "20 秒"),
        (timedelta(minutes=59), "59 分钟"),
        (HOUR, "1 小时"),
        (DAY, "1 天"),
        (30 * HOUR, "30 小时"),
        (30 * DAY, "30 天"),
    ],
)
def test_a_span_reads_as_people_say_it(texts: Texts, span: timedelta, read: str) -> None:
    assert texts.text("some.since", NOW, since=span) == f"已经过了 {read}"


def test_a_value_that_is_missing_is_a_fault_of_ours(texts: Texts) -> None:
    with pytest.raises(KeyError):
        texts.text("some.since", NOW)
