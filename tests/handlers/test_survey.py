"""评议: drawn by rule, invited in private, answered once, results by place with response rates, few answers without a mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import surveys
from tests.handlers.resident_steps import DESK, WHO, resolved
from tests.handlers.test_climbing import staffed
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])


async def panel(town: Town, count: int = 7) -> list[str]:
    await staffed(town)
    names = [f"评议员{n}" for n in range(count)]
    for name in names:
        await town.employs(name, Role.ASSESSOR, "yinxing")
    await town.employs("渡口评议员", Role.ASSESSOR, "dukou")
    return names


@BOTH
async def test_asked_answered_once_and_reported(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        names = await panel(town)
        await town.says("街道老陈", "发起评议 这个月楼道卫生怎么样？")
        await town.presses("街道老陈", "评议员 每社区 10")
        assert "请了 8 位" in town.last("街道老陈")
        await town.passes(minutes=1)
        for name in names[:6]:
            assert "楼道卫生" in town.last(name)
            await town.presses(name, "5★" if name != names[0] else "2★")
        await town.says(names[0], "三单元一直没人扫")
        assert "记下了" in town.last(names[0])
        await town.says("街道老陈", "评议结果 1001")
        shown = town.last("街道老陈")
        assert "银杏社区：请 7 位，回 6（86 %），平均 4.5 星，满意 5 位" in shown
        assert "渡口社区：请 1 位，回 0（0 %），人数太少" in shown
        await town.passes(days=8)
        assert said(town, "desk", "评议 1001") == 1
        await town.presses(names[6], "5★")
        assert "截止" in "\n".join([*town.toasts(names[6]), town.last(names[6])])


async def test_nobody_answers_twice_or_for_somebody_else(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        names = await panel(town)
        await town.says("刘书记", "发起评议 网格服务怎么样？")
        await town.presses("刘书记", "评议员 每社区 5")
        await town.passes(minutes=1)
        asked = [n for n in names if town.messages(n) and "网格服务" in town.last(n)]
        assert len(asked) == 5
        assert said(town, "渡口评议员", "网格服务") == 0
        first = town.messages(asked[0])[-1]
        await town.press_token(asked[0], first.keys[4][1])
        await town.press_token(asked[0], first.keys[0][1])
        assert "已经评过" in town.toasts(asked[0])[-1]
        await town.press_token("王师傅", first.keys[0][1])
        async with town.store.read() as tx:
            found = await surveys.find_by_number(tx, 1001)
            assert found is not None
            ballots = await surveys.ballots_of(tx, found.id)
        assert sorted(b.stars or 0 for b in ballots) == [0, 0, 0, 0, 5]


async def test_residents_with_closed_records_are_asked_by_grid(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await resolved(town)
        await town.passes(hours=3)
        await town.presses(WHO, "好了")
        await town.presses(WHO, "5★")
        await town.says("街道老陈", "发起评议 楼道维修满意吗？")
        await town.presses("街道老陈", "办过事的居民 5")
        await town.passes(minutes=1)
        await town.presses(WHO, "4★")
        await town.says("街道老陈", "评议结果 1001")
        assert "银杏社区第一网格：请 1 位，回 1（100 %）" in town.last("街道老陈")
        await town.says(WHO, "银杏苑3幢又漏水了")
        assert "漏水" in town.last(WHO)
        assert "记下了" not in town.last(WHO)


async def test_only_a_desk_asks_and_reads(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await panel(town)
        await town.says("王师傅", "发起评议 随便问问？")
        assert "工作台的身份" in town.last("王师傅")
        await town.says("街道老陈", "发起评议 网格服务怎么样？")
        await town.presses("街道老陈", "评议员 每社区 5")
        await town.says("刘书记", "评议结果 1001", room=DESK)
        assert said(town, DESK, "工作台的身份") == 1
