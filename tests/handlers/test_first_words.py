"""What people type before they know how it works: calls, thanks, second thoughts, wishes with a place, numbers of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import LAMP, WHO, how_many, labels, record
from tests.town import Town

BOTH = pytest.mark.parametrize("buttons", [True, False])


@pytest.mark.parametrize(
    "words",
    [
        "喂 有人吗 我家水管爆了水一直喷",
        "在吗，楼道灯坏了",
        "你好有人在吗 垃圾桶满了没人清",
        "在不在，停水了",
        "社区的在吗？路灯不亮了",
    ],
)
async def test_a_call_before_the_matter_is_no_question_and_no_greeting(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, words)
        await town.says(WHO, "银杏苑3幢")
        await town.presses(WHO, "对，就这样")
        assert (await record(town)).intent == "request"


@pytest.mark.parametrize("words", ["在吗", "有人吗", "喂", "你好", "您好，在吗"])
async def test_a_call_alone_is_answered(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, words)
        assert await how_many(town) == 0
        assert labels(town) in ([], ["请人给我回电"])


@BOTH
@pytest.mark.parametrize("words", ["撤回", "不用修了，谢谢", "自己好了", "我要撤回"])
async def test_second_thoughts_end_the_draft(tmp_path: Path, buttons: bool, words: str) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, words)
        await town.says(WHO, "对")
        assert await how_many(town) == 0


async def test_words_that_only_hold_second_thoughts_are_part_of_the_story(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "有时候自己好了又坏")
        await town.says(WHO, "对")
        assert await how_many(town) == 1


@BOTH
async def test_none_of_these_asks_what_is_wrong(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "都不是")
        assert "地点不对" in labels(town)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("想要个轮椅给我爸 金色家园", "想要个轮椅给我爸"),
        ("孩子喜欢看书，想要几本旧的童话书，住在金色家园", "孩子喜欢看书，想要几本旧的童话书"),
        ("金色家园，想要个旧轮椅给我爸推出去晒太阳", "想要个旧轮椅给我爸推出去晒太阳"),
        ("想请人陪我爸在金色家园下下棋", "想请人陪我爸在金色家园下下棋"),
    ],
)
async def test_a_wish_does_not_say_its_place_twice(tmp_path: Path, said: str, shown: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, said)
        assert f"“{shown}”" in town.last(WHO)


@pytest.mark.parametrize("words", ["我要领一个心愿", "领心愿", "有什么心愿", "我想帮别人圆心愿"])
async def test_whoever_wants_to_adopt_sees_the_wall(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "心愿墙")
        wall = town.last(WHO)
        await town.says(WHO, words)
        assert town.last(WHO) == wall


@pytest.mark.parametrize("words", ["我想当志愿者", "志愿者怎么报名", "我是党员，想帮老人做点事"])
async def test_whoever_wants_to_help_is_asked_to_join(tmp_path: Path, words: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "双报到")
        asked = town.last(WHO)
        await town.says("赵老师", words)
        assert town.last("赵老师") == asked


@BOTH
async def test_a_number_of_others_tells_nothing(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, LAMP)
        await town.says(WHO, "对")
        number = (await record(town)).number
        await town.says("赵老师", f"帮我查下{number}")
        known = town.last("赵老师")
        await town.says("赵老师", f"帮我查下{number + 500}")
        assert town.last("赵老师") == known.replace(str(number), str(number + 500))
        await town.says(WHO, f"帮我查下{number}")
        assert "待接单" in town.last(WHO)


async def test_a_place_without_a_matter_asks_for_the_matter(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "3幢楼下")
        assert "什么事" in town.last(WHO)
