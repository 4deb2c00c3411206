"""延期: asked by the handler with a reason, granted by the desk, read by the resident; never by oneself, never too late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.handlers.resident_steps import DESK, ROOM, WHO, ledger, record
from tests.handlers.test_clocks import said
from tests.handlers.test_waiting import claimed
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_asked_granted_and_told(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "更多 1001")
        await town.presses("王师傅", "申请延期")
        await town.presses("王师傅", "3 天")
        await town.says("王师傅", "灯具要从厂里调货")
        assert "灯具要从厂里调货" in town.room(DESK)[-1][0]
        await town.presses("刘书记", "同意", room=DESK)
        assert (await record(town)).resolve_due_at == due + timedelta(days=3)
        assert said(town, WHO, "灯具要从厂里调货") == 1
        assert said(town, "王师傅", "延期批了") == 1
        assert said(town, DESK, "同意延期") == 1


async def test_declined_the_promise_stays(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "延期 1001 3天 忙不过来")
        await town.presses("刘书记", "不同意", room=DESK)
        assert (await record(town)).resolve_due_at == due
        assert said(town, "王师傅", "延期没批") == 1
        assert said(town, WHO, "忙不过来") == 0


async def test_who_may_not_ask_or_grant(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.employs("小刘", Role.GRID_WORKER, "yinxing-01")
        await town.says("小刘", "延期 1001 3天 忙不过来")
        assert "只有接单的人" in town.last("小刘")
        await town.says("王师傅", "延期 1001 3天 忙不过来")
        await town.says("王师傅", "延期 1001 7天 还是忙")
        assert "已经问过了" in town.last("王师傅")
        await town.presses("小刘", "同意", room=DESK)
        assert "权限" in town.toasts("小刘")[-1]
        await town.employs("王师傅", Role.DESK, "yinxing")
        await town.presses("王师傅", "同意", room=DESK)
        assert "别人来批" in town.toasts("王师傅")[-1]
        assert "request.extension_granted" not in [e.name for e in await ledger(town)]


async def test_never_after_the_time_and_never_without_end(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        for _ in range(2):
            await town.says("王师傅", "延期 1001 1天 等货")
            await town.presses("刘书记", "同意", room=DESK)
        await town.says("王师傅", "延期 1001 1天 等货")
        assert "已经延过 2 次" in town.last("王师傅")
        await town.passes(days=6)
        await town.says("王师傅", "延期 1001 1天 等货")
        assert "来不及" in town.last("王师傅")


async def test_a_late_answer_climbs(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        await town.says("王师傅", "延期 1001 3天 等货")
        await town.passes(hours=4, minutes=1)
        assert said(town, DESK, "延期申请要批") == 1
        assert said(town, "desk", "延期申请要批") == 1
        await town.passes(hours=2)
        assert said(town, "街道老陈", "延期申请要批") == 1


async def test_an_extension_survives_a_pause_and_a_release(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await claimed(town)
        due = (await record(town)).resolve_due_at
        await town.says("王师傅", "延期 1001 3天 等货")
        await town.presses("刘书记", "同意", room=DESK)
        await town.says("王师傅", "暂停 1001")
        await town.presses("王师傅", "等天气")
        await town.presses("王师傅", "3 天")
        await town.passes(days=1)
        await town.says("王师傅", "恢复 1001")
        await town.says("王师傅", "放回 1001", room=ROOM)
        await town.says("王师傅", "接单 1001", room=ROOM)
        assert (await record(town)).resolve_due_at == due + timedelta(days=4)
