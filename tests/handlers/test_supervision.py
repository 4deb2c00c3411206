"""督办 by hand: the mark, the demanded reply, its limit; and 六不办 with an appeal that is heard once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import DESK, ROOM, WHO, filed, ledger, record, waiting
from tests.handlers.test_climbing import staffed
from tests.handlers.test_clocks import said
from tests.handlers.test_waiting import claimed
from tests.town import Town
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_demanded_replied_and_told(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await claimed(town)
        await town.says("刘书记", "督办 1001 老人摔过一次，为什么还没去", room=DESK)
        assert (await record(town)).supervised
        assert said(town, "王师傅", "老人摔过一次") == 1
        if buttons:
            await town.presses("王师傅", "回复督办")
            await town.says("王师傅", "配件刚到，今天下午换")
        else:
            await town.says("王师傅", "回复督办 1001 配件刚到，今天下午换")
        assert said(town, DESK, "配件刚到，今天下午换") == 1
        replied = [e for e in await ledger(town) if e.name == "request.replied"]
        assert [e.data["late"] for e in replied] == [False]
        await town.passes(hours=5)
        assert said(town, "desk", "督办要回复") == 0


async def test_no_reply_climbs(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("刘书记", "督办 1001 为什么还没去", room=DESK)
        await town.passes(hours=4, minutes=1)
        assert said(town, DESK, "督办要回复") == 1
        assert said(town, ROOM, "督办要回复") == 1
        await town.passes(hours=1, minutes=1)
        assert said(town, "desk", "督办要回复") == 1


async def test_only_a_desk_demands_and_only_the_queue_answers(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("王师傅", "督办 1001 快点")
        assert "权限" in town.last("王师傅")
        await town.says("刘书记", "督办 1001 为什么还没去", room=DESK)
        await town.says("城管老赵", "回复督办 1001 不关我事")
        assert "权限" in town.last("城管老赵")
        assert "request.replied" not in [e.name for e in await ledger(town)]


REASONS = {
    "在打官司或仲裁": "court",
    "信访正在办": "petitioned",
    "举报、涉密": "discipline",
    "要求不合法": "unlawful",
    "买卖借贷的私事": "private",
    "该打急救报警": "emergency",
    "不归街道管": "outside",
}


async def test_every_reason_is_told_kindly(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        for index, reason in enumerate(REASONS):
            number = 1001 + index
            await filed(town, f"银杏苑{index + 1}幢楼道灯坏了")
            await town.says("刘书记", f"不予受理 {number}", room=DESK)
            await town.presses("刘书记", reason, room=DESK)
            assert (await record(town, number)).state is State.REFUSED
            told = town.last(WHO)
            assert "对不住" in told
            assert len(told) > 40
            given = [e.data["reason"] for e in await ledger(town, number) if e.name == "request.refused"]
            assert given == [REASONS[reason]]


@BOTH
async def test_an_appeal_is_heard_and_taken_up_with_the_time_that_was_left(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await staffed(town)
        await filed(town)
        before = await record(town)
        await town.passes(hours=1)
        await town.says("刘书记", "不予受理 1001", room=DESK)
        await town.presses("刘书记", "不归街道管", room=DESK)
        await town.passes(hours=3)
        await town.presses(WHO, "我不同意")
        await town.says(WHO, "楼道灯是公共的，怎么不归管")
        assert said(town, DESK, "怎么不归管") == 1 or said(town, "desk", "怎么不归管") == 1
        await town.presses("刘书记", "重新受理", room=DESK)
        back = await record(town)
        assert back.state is State.QUEUED
        assert back.resolve_due_at - before.resolve_due_at == back.started_at - before.started_at
        assert said(town, WHO, "给您受理") == 1
        assert "clock.resolve" in {t.name for t in await waiting(town)}


async def test_an_appeal_may_be_declined_and_comes_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("刘书记", "不予受理 1001 归物业，请找物业", room=DESK)
        await town.presses(WHO, "我不同意")
        await town.says(WHO, "物业说不管")
        await town.presses("刘书记", "维持不受理", room=DESK)
        await town.says("刘书记", "已经跟物业说好，今天就去，电话在门口", room=DESK)
        assert (await record(town)).state is State.REFUSED
        assert said(town, WHO, "电话在门口") == 1
        await town.presses(WHO, "我不同意")
        assert "申诉过一次" in town.toasts(WHO)[-1]


async def test_nobody_else_appeals_and_not_after_the_days_for_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("刘书记", "不予受理 1001 归物业，请找物业", room=DESK)
        token = [t for m in town.messages(WHO) for label, t in m.keys if label == "我不同意"][-1]
        await town.says("张三", "你好")
        await town.press_token("张三", token)
        assert "request.appealed" not in [e.name for e in await ledger(town)]
        await town.passes(days=16)
        await town.presses(WHO, "我不同意")
        assert "十五天" in town.toasts(WHO)[-1]
