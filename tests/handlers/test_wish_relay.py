"""Words between wisher and adopter: no name, no phone, until the wisher agrees; none after the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.wish_steps import adopted, happened, heard, last, published, stored, told
from tests.town import Town

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_words_go_both_ways_without_names_and_numbers(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.presses("李阿姨", "捎句话")
        await town.says("李阿姨", "周六上午在家，打我 139-0000-6691")
        assert "周六上午在家" in last(town, "小王")
        assert "6691" not in heard(town, "小王")
        assert "李阿姨" not in heard(town, "小王")
        assert "遮住" in last(town, "李阿姨")
        await town.presses("小王", "回一句")
        await town.says("小王", "好的，周六见")
        assert "周六见" in last(town, "李阿姨")
        assert "小王" not in heard(town, "李阿姨")


@BOTH
async def test_the_phone_is_told_when_the_wisher_agrees(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await adopted(town)
        await town.presses("李阿姨", "同意把电话告诉对方")
        assert "13900006691" not in heard(town, "小王")
        await town.says("李阿姨", "139 0000 6691")
        assert "13900006691" in last(town, "小王")
        assert (await stored(town)).phone_shared
        assert (await happened(town)).count("wish.disclosed") == 1


async def test_only_the_wisher_agrees_and_only_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        token = next(t for m in town.messages("李阿姨") for label, t in m.keys if label == "同意把电话告诉对方")
        await town.press_token("小王", token)
        assert "wish.disclosed" not in await happened(town)
        await town.presses("李阿姨", "同意把电话告诉对方")
        await town.says("李阿姨", "13900006691")
        await town.presses("李阿姨", "同意把电话告诉对方")
        assert (await happened(town)).count("wish.disclosed") == 1


async def test_nobody_else_joins_the_talk(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("小赵", "捎话 1001 我也想帮忙")
        assert "我也想帮忙" not in heard(town, "李阿姨")
        assert "我也想帮忙" not in heard(town, "小王")
        assert "不是您的" in told(town, "小赵")


async def test_there_is_nobody_to_talk_to_before_the_adoption(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await published(town)
        await town.says("李阿姨", "捎话 1001 有人吗")
        assert "没有人认领" in told(town, "李阿姨")


async def test_no_words_after_the_end(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.says("小王", "心愿完成 1001 送到了", media=1)
        await town.presses("李阿姨", "收到了")
        await town.presses("李阿姨", "不用了")
        await town.says("李阿姨", "捎话 1001 再帮我个忙吧")
        await town.says("小王", "捎话 1001 在吗")
        assert "再帮我个忙吧" not in heard(town, "小王")
        assert "在吗" not in heard(town, "李阿姨")
        assert "不再捎话" in told(town, "李阿姨")


async def test_never_mind(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.presses("李阿姨", "捎句话")
        await town.presses("李阿姨", "先不说了")
        await town.says("李阿姨", "今天天气真好")
        assert "今天天气真好" not in heard(town, "小王")


async def test_an_old_question_passes_nothing_on(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.presses("李阿姨", "捎句话")
        await town.passes(hours=1)
        await town.says("李阿姨", "想要一副老花镜，金色家园5幢")
        assert "老花镜" not in heard(town, "小王")
        assert "心愿墙上会这样写" in last(town, "李阿姨")


async def test_danger_is_never_taken_for_words_to_pass_on(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await adopted(town)
        await town.presses("李阿姨", "捎句话")
        await town.says("李阿姨", "金色家园7幢一楼好大煤气味，快来人")
        assert "煤气" not in heard(town, "小王")
