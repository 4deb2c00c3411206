"""Questions about the service itself get an answer at once, file nothing, and leave a report under way as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.about import TOPICS
from tests.handlers.resident_steps import WHO, how_many, labels
from tests.handlers.staff_steps import ROOM
from tests.nlp.test_about import SAID
from tests.town import Town
from workflow.rights import Role

ANSWERED = {
    "privacy": "打了码",
    "nameless": "打了码",
    "input": "怎么方便怎么来",
    "free": "不要钱",
    "hours": "08:30 到 18:00",
    "danger": "119",
    "robot": "我是机器人",
    "reach": "话我都能带到",
    "office": "我请社区的人回您",
    "number": "号码",
    "moved": "新地址",
    "mistake": "没关系",
    "slow": "让您着急了",
    "complaint": "您说",
    "how": "我的诉求",
    "survey": "评议",
    "erase": "确定要删吗",
    "give": "谢谢您的心意",
    "test": "我在",
    "chat": "身边的事",
    "scold": "对不住",
    "festive": "平平安安",
    "lonely": "我听着",
}
AT_WORK = {"overview", "steps", "reports", "leaver"}
REPORT = "楼道灯坏了"
WHOLE = "银杏苑三栋二单元楼道灯坏了"


@pytest.mark.parametrize("topic", sorted(TOPICS - AT_WORK))
async def test_each_is_answered_and_nothing_is_filed(tmp_path: Path, topic: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, SAID[topic][0])
        assert ANSWERED[topic] in town.last(WHO)
        assert len(town.screen(WHO)) == 1
        assert await how_many(town) == 0


@pytest.mark.parametrize(
    "topic", ["privacy", "nameless", "input", "free", "hours", "danger", "robot", "reach", "office", "how"]
)
async def test_in_the_middle_of_a_report_it_goes_on_after_the_answer(tmp_path: Path, topic: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, REPORT)
        assert "在哪" in town.last(WHO)
        await town.says(WHO, SAID[topic][0])
        assert ANSWERED[topic] in town.last(WHO)
        await town.says(WHO, "银杏苑三栋二单元")
        assert "银杏苑 3 幢 2 单元" in town.last(WHO)
        await town.presses(WHO, "对，就这样")
        assert await how_many(town) == 1


async def test_a_new_number_is_kept_and_shown_masked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "我换手机号了")
        assert "发给我" in town.last(WHO)
        await town.says(WHO, "13812345678")
        assert "138****5678" in town.last(WHO)
        await town.says(WHO, "我的电话是13900001111")
        assert "139****1111" in town.last(WHO)
        await town.says(WHO, "导出我的资料")
        assert "13900001111" in town.last(WHO)


async def test_of_a_new_number_whoever_comes_hears_too(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, WHOLE)
        await town.presses(WHO, "对，就这样")
        await town.says(WHO, "我电话换了13900001111")
        assert any("1001" in label for label in labels(town))
        await town.says(WHO, "导出我的资料")
        assert "13900001111" in town.last(WHO)


async def test_slow_shows_what_is_waited_for(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, WHOLE)
        await town.presses(WHO, "对，就这样")
        await town.says(WHO, "你们太慢了")
        assert "1001" in town.last(WHO)
        assert await how_many(town) == 1


async def test_a_department_whose_number_is_known_is_named(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        police = next(d for d in town.city.taxonomy.departments if d.name == "公安")
        known = police.model_copy(update={"phone": "0510-1234567"})
        others = tuple(known if d is police else d for d in town.city.taxonomy.departments)
        taxonomy = town.city.taxonomy.model_copy(update={"departments": others})
        object.__setattr__(town.city, "taxonomy", taxonomy)
        await town.says(WHO, "派出所电话")
        assert "公安：0510-1234567" in town.last(WHO)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("我要报到", "欢迎到社区报到"),
        ("有什么活动？", "活动"),
        ("我的积分。", "积分"),
        ("积分能换什么", "能换的"),
        ("借个梯子", "驿站有“梯子”"),
        ("我要还东西", "没有借着的东西"),
        ("我能帮什么忙", "心愿墙"),
    ],
)
async def test_plain_words_do_what_the_command_does(tmp_path: Path, said: str, answered: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, said)
        assert answered in town.last(WHO)
        assert await how_many(town) == 0


async def test_who_offers_something_can_look_or_put_it_down(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "我想捐点旧衣服")
        assert labels(town) == ["看看心愿墙", "登记我能给的"]
        await town.presses(WHO, "登记我能给的")
        assert "您能拿出什么" in town.last(WHO)


@pytest.mark.parametrize("said", SAID["overview"])
async def test_a_desk_hears_how_it_stands(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.says("刘书记", said)
        assert town.last("刘书记") == "银杏社区眼下没有等着办的。"
        await town.says(WHO, WHOLE)
        await town.presses(WHO, "对，就这样")
        await town.passes(days=9)
        await town.says("刘书记", said)
        assert "📊 银杏社区，眼下" in town.last("刘书记")
        assert "· 银杏社区第一网格：超时 1 件" in town.last("刘书记")
        assert await how_many(town) == 1


async def test_the_street_hears_of_everything_and_a_chief_of_one_grid(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("街道老陈", Role.STREET, "linjiang")
        await town.employs("赵网格长", Role.GRID_CHIEF, "yinxing-01")
        await town.employs("钱网格长", Role.GRID_CHIEF, "yinxing-02")
        await town.says(WHO, WHOLE)
        await town.presses(WHO, "对，就这样")
        await town.says("街道老陈", "今天情况怎么样")
        assert "📊 临江街道，眼下\n今天新来 1 件" in town.last("街道老陈")
        await town.says("赵网格长", "今天情况怎么样")
        assert "没人接 1 件" in town.last("赵网格长")
        await town.says("钱网格长", "今天情况怎么样")
        assert town.last("钱网格长") == "银杏社区第二网格眼下没有等着办的。"


async def test_how_to_is_told_to_a_desk_and_to_who_goes_there(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("刘书记", Role.DESK, "yinxing")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("刘书记", "怎么吹哨")
        assert "“吹哨 1051" in town.last("刘书记")
        await town.says("王师傅", "怎么接单")
        assert "按“接单”就归您" in town.last("王师傅")
        await town.says(WHO, "怎么派单")
        assert "吹哨" not in town.last(WHO)
        await town.says("刘书记", "导出今天的单子")
        assert "“Excel”" in town.last("刘书记")
        await town.says("刘书记", "小王离职了")
        assert "取消身份" in town.last("刘书记")
        for said in ("导出今天的单子", "小王离职了"):
            await town.says("王师傅", said)
            assert "按“接单”就归您" in town.last("王师傅")
            await town.says(WHO, said)
            assert "Excel" not in town.last(WHO)
            assert "取消身份" not in town.last(WHO)


async def test_in_a_group_it_stays_talk(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        before = list(town.screen(ROOM))
        for said in ("社区几点上班", "测试", "我能帮什么忙", "13812345678"):
            await town.says("王师傅", said, room=ROOM)
        assert town.screen(ROOM) == before


@pytest.mark.parametrize("said", ["刚才说错了", "我刚才说错了", "刚才写错了", "刚才打错了", "不小心点错了"])
async def test_a_slip_is_no_danger(tmp_path: Path, said: str) -> None:
    async with Town.open(tmp_path) as town:
        assert not town.city.read(said).urgent
        await town.says(WHO, said)
        assert await how_many(town) == 0
