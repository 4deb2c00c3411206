"""The whole program as a process of its own, over HTTP: small runs of what `benchmarks/` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import claims, drive, kill

MESSAGES = [
    "银杏苑三栋二单元楼道灯坏了好几天",
    "一楼好大煤气味 金色家园7栋",
    "我们楼下的路灯不亮了",
    "医保卡丢了怎么补办",
    "想要一辆旧轮椅推老伴晒太阳，银杏苑6幢",
    "谢谢你们",
    "我报的那个事情办得怎么样了",
    "asdfgh",
    "纺织新村5幢电梯坏了，还有门口垃圾堆了好几天没人清",
]


@pytest.mark.parametrize("channel", ["web", "telegram"])
async def test_every_message_ends_somewhere(tmp_path: Path, channel: str) -> None:
    run = drive.drive_web if channel == "web" else drive.drive_telegram
    assert await run(MESSAGES, tmp_path, only_intake=False)


async def test_one_winner_a_round(tmp_path: Path) -> None:
    assert await claims.run(5, 20, tmp_path)


async def test_killed_in_the_middle_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    assert await kill.run(60, 5, tmp_path)
