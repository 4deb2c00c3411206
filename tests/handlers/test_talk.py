"""Small talk gets a human answer, and never files anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import WHO, how_many, labels, original, record
from tests.town import Town


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("谢谢", "客气"),
        ("辛苦你们了", "客气"),
        ("你好", "您好"),
        ("早上好", "您好"),
        ("退订", "免打扰"),
        ("别再给我发消息了！", "免打扰"),
        ("我想反映个事", "您说"),
        ("有人管吗？", "您说"),
        ("你能干啥", "跟我说一句就行"),
        ("再见", "有事随时"),
        ("好的收到", "有事随时"),
        ("👍", "客气"),
        ("😂😂😂", "我在呢"),
        ("。。。", "我在呢"),
        ("阿巴阿巴阿巴", "没太明白"),
        ("你是机器人吗，转人工", "社区的人"),
    ],
)
async def test_answers(tmp_path: Path, said: str, answered: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, said)
        assert answered in town.last(WHO)
        assert len(town.screen(WHO)) == 1
        assert await how_many(town) == 0


async def test_what_is_not_understood_can_go_to_the_desk_as_it_is(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "阿巴阿巴阿巴")
        assert labels(town) == ["请社区的人看看"]
        await town.presses(WHO, "请社区的人看看")
        await town.presses(WHO, "不留电话，在这里回我")
        assert await original(town) == "阿巴阿巴阿巴"
        assert (await record(town)).queue == "desk"
