"""Fresh words find their conversation: menu words, matters, questions, wishes; an empty message is answered too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import WHO, filed, how_many
from tests.town import Town


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("帮助", "说一句就行"),
        ("开始", "说一句就行"),
        ("我的诉求", "还没有报过事"),
        ("心愿墙", "心愿墙"),
        ("许心愿", "想要什么"),
        ("导出我的数据", "您在我这里的资料"),
        ("删除我的资料", "确定要删吗"),
        ("算了", "现在没有要办的"),
        ("低保怎么申请", "民政"),
        ("那个灯修得怎么样了", "没查到"),
        ("银杏苑3幢楼道灯坏了", "明白了"),
        ("银杏苑3幢着火了", "单号 1001"),
        ("银杏苑 想给老伴要个轮椅", "心愿墙上会这样写"),
    ],
)
async def test_where_words_go(tmp_path: Path, said: str, answered: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, said)
        assert answered in town.last(WHO)


async def test_an_empty_message_is_answered(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "   ")
        assert town.last(WHO)
        assert await how_many(town) == 0


async def test_a_group_hears_nothing_to_its_talk(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        before = len(town.room("grid:yinxing-01"))
        await town.says(WHO, "银杏苑3幢楼道灯坏了", room="grid:yinxing-01")
        await town.says(WHO, "谢谢", room="grid:yinxing-01")
        assert len(town.room("grid:yinxing-01")) == before


async def test_a_scan_without_a_code_says_hello(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.scans(WHO, "")
        assert "邻里" in town.last(WHO)


async def test_asking_about_one_of_two_places(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢楼道灯坏了")
        await filed(town, "金色家园7幢楼道灯坏了")
        await town.says(WHO, "金色家园那个灯修得怎么样了")
        assert town.last(WHO).startswith("1002")
