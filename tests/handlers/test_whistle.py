"""吹哨报到: blown press by press or typed, answered, arrived with proof, late ones reported up, parts, the whole, both sides assess."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from storage import whistles
from storage.whistles import Part, Whistle
from tests.handlers.resident_steps import DESK, ROOM, WHO, filed, ledger, record
from tests.handlers.test_climbing import rungs
from tests.handlers.test_clocks import said
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
URBAN, HOUSING, WATER = "dept:urban", "dept:housing", "dept:water"


async def staffed(town: Town) -> None:
    for name, role, scope in (
        ("王师傅", Role.GRID_WORKER, "yinxing-01"),
        ("刘书记", Role.DESK, "yinxing"),
        ("街道老陈", Role.STREET, "linjiang"),
        ("城管老赵", Role.DEPT_STAFF, "urban"),
        ("住建小钱", Role.DEPT_STAFF, "housing"),
        ("水务老孙", Role.DEPT_STAFF, "water"),
        ("水务局长", Role.DEPT_HEAD, "water"),
    ):
        await town.employs(name, role, scope)


async def blown(town: Town, number: int = 1001) -> tuple[Whistle, dict[str, Part]]:
    request = await record(town, number)
    async with town.store.read() as tx:
        whistle = await whistles.find_latest(tx, request.id)
        assert whistle is not None
        return whistle, {p.queue: p for p in await whistles.parts_of(tx, whistle.id)}


async def typed(town: Town) -> None:
    """The community's desk calls three departments to a record of the grid."""
    await staffed(town)
    await filed(town)
    await town.says("刘书记", "吹哨 1001 城管 住建 水务 一楼违建压着管道，三家都要到", room=DESK)


@BOTH
async def test_three_departments_one_late_and_the_lead_resolves_the_whole(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await typed(town)
        joint = await record(town)
        assert (joint.state, joint.queue) == (State.JOINT, URBAN)
        for queue in (URBAN, HOUSING, WATER, DESK):
            assert any("一楼违建压着管道" in text and "城管（牵头）" in text for text, _ in town.room(queue))
        assert any("联办中，城管 牵头" in text for text, _ in town.room(URBAN)), "before anybody has checked in"
        assert "城管、住建、水务" in town.last(WHO)
        await town.passes(minutes=20)
        await town.presses("城管老赵", "收到" if buttons else "接哨 1001", room=URBAN)
        await town.passes(minutes=40)
        await town.presses("城管老赵", "报到", room=URBAN)
        assert (await record(town)).claimer_id is not None
        await town.presses("住建小钱", "报到", room=HOUSING)
        await town.passes(hours=3, minutes=1)  # four working hours after the whistle
        assert (await blown(town))[1][WATER].late
        assert "迟到" in town.room(DESK)[-1][0] + "".join(t for t, _ in town.room(DESK))
        assert said(town, "desk", "水务过了") == 1
        assert said(town, "水务局长", "迟到上报") == 1
        assert not [p for q, p in (await blown(town))[1].items() if p.late and q != WATER]
        await town.says("城管老赵", "办结 1001 违建拆了", room=URBAN)
        assert (await record(town)).state is State.JOINT  # others still owe their results
        await town.says("住建小钱", "办完 1001 结构看过，安全", room=HOUSING)
        await town.says("水务老孙", "报到 1001", room=WATER)
        await town.says("水务老孙", "办完 1001 管道换了两米", room=WATER)
        assert said(town, "城管老赵", "各家都齐了") == 1
        await town.says("城管老赵", "办结 1001 违建拆了，管道换了", room=URBAN)
        done = await record(town)
        assert done.state is State.RESOLVED
        assert said(town, WHO, "违建拆了，管道换了") >= 1
        whistle, parts = await blown(town)
        assert whistle.outcome == "resolved"
        for part in parts.values():
            assert part.answered_at is not None
            assert part.arrived_at is not None
            assert part.done_at is not None
            assert part.answered_at <= part.arrived_at <= part.done_at


async def test_both_sides_assess_each_other_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await typed(town)
        for worker, room in (("城管老赵", URBAN), ("住建小钱", HOUSING), ("水务老孙", WATER)):
            await town.presses(worker, "报到", room=room)
        for worker, room in (("住建小钱", HOUSING), ("水务老孙", WATER)):
            await town.says(worker, "办完 1001 好了", room=room)
        await town.says("城管老赵", "办结 1001 都好了", room=URBAN)
        asked = [(i, m) for i, m in enumerate(town.messages(DESK)) if "来得怎么样" in m.text]
        assert len(asked) == 3
        token = dict(asked[0][1].keys)["4★"]
        await town.press_token("刘书记", token, room=DESK)
        await town.press_token("刘书记", token, room=DESK)
        assert "已经评过" in town.toasts("刘书记")[-1]
        own = next(m for m in town.messages(WATER) if "配合顺不顺" in m.text)
        five = own.keys[4][1]
        await town.press_token("水务老孙", five, room=WATER)
        await town.press_token("住建小钱", five, room=WATER)
        assert "权限" in town.toasts("住建小钱")[-1]
        whistle, _ = await blown(town)
        async with town.store.read() as tx:
            given = whistles.assessments
            mine = (given.c.tenant == tx.tenant, given.c.whistle_id == whistle.id)
            found = await tx.all(select(given).where(*mine))
        assert sorted((a.of_caller, a.stars) for a in found) == [(False, 4), (True, 5)]


async def test_chosen_press_by_press_with_the_reasons(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town, "银杏苑北门有人占道摆摊卖菜，堵得走不动")
        await town.says("街道老陈", "吹哨 1001", room="desk")
        await town.presses("街道老陈", "联合执法", room="desk")
        assert "城管：这类事归他们" in town.room("desk")[-1][0]
        await town.presses("街道老陈", "公安", room="desk")
        await town.presses("街道老陈", "城管", room="desk")
        assert "牵头：公安" in town.room("desk")[-1][0]
        await town.presses("街道老陈", "公安", room="desk")
        await town.presses("街道老陈", "市场监管", room="desk")
        await town.presses("街道老陈", "报到：按一下就行", room="desk")
        await town.presses("街道老陈", "📣 吹哨", room="desk")
        whistle, parts = await blown(town)
        assert whistle.proof.value == "photo"
        assert {q: p.lead for q, p in parts.items()} == {URBAN: True, "dept:market": False}
        await filed(town, "银杏苑南门有人占道摆摊")
        await town.says("街道老陈", "吹哨 1002", room="desk")
        await town.presses("街道老陈", "一家解决不了", room="desk")
        assert "市场监管：同类事来过 1 次" in town.room("desk")[-1][0]


async def test_the_proof_that_was_asked_for(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("刘书记", "吹哨 1001", room=DESK)
        await town.presses("刘书记", "一家解决不了", room=DESK)
        for label in ("城管", "报到：按一下就行", "报到：要照片", "📣 吹哨"):
            await town.presses("刘书记", label, room=DESK)
        await town.presses("城管老赵", "报到", room=URBAN)
        assert (await blown(town))[1][URBAN].arrived_at is None
        await town.says("城管老赵", "我到了", room=URBAN)
        assert (await blown(town))[1][URBAN].arrived_at is None
        await town.says("城管老赵", geo=(32.2, 119.4), room=URBAN)
        assert (await blown(town))[1][URBAN].arrived_at is not None
        places = [e.data["place"] for e in await ledger(town) if e.name == "request.checked_in"]
        assert places == [[32.2, 119.4]]


async def test_who_may_blow_check_in_and_call_off(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "吹哨 1001 城管", room=ROOM)
        assert (await record(town)).state is State.QUEUED
        await town.says("刘书记", "吹哨 1001 城管 住建", room=DESK)
        token = next(t for m in town.messages(HOUSING) for label, t in m.keys if label == "报到")
        await town.press_token("王师傅", token, room=HOUSING)
        assert "权限" in town.toasts("王师傅")[-1]
        await town.says("水务老孙", "报到 1001", room=WATER)
        assert (await blown(town))[1][HOUSING].arrived_at is None
        await town.says("城管老赵", "撤哨 1001", room=URBAN)
        assert (await record(town)).state is State.JOINT
        await town.presses("刘书记", "不等住建", room=DESK)
        assert (await blown(town))[1][HOUSING].waived
        await town.presses("刘书记", "撤哨", room=DESK)
        back = await record(town)
        assert (back.state, back.queue) == (State.QUEUED, ROOM)
        await town.passes(hours=5)
        assert not [e for e in await ledger(town) if e.name == "request.part_late"]


async def test_from_several_records_at_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town, "银杏苑1幢楼道灯坏了")
        await filed(town, "银杏苑2幢楼道灯坏了", who="张阿姨")
        await town.says("刘书记", "吹哨 1001 1002 城管 住建 两幢一起办", room=DESK)
        assert (await record(town, 1002)).state is State.MERGED
        assert (await record(town, 1001)).state is State.JOINT
        assert said(town, "张阿姨", "城管、住建") == 1


async def test_a_joint_record_that_is_overdue_climbs_to_the_head_of_the_lead(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await town.employs("城管局长", Role.DEPT_HEAD, "urban")
        await filed(town)
        await town.says("刘书记", "吹哨 1001 城管 住建", room=DESK)
        await town.presses("城管老赵", "报到", room=URBAN)
        await town.presses("住建小钱", "报到", room=HOUSING)
        await town.passes(days=10)
        assert [r for c, r in await rungs(town) if c == "resolve"] == ["desk", "head:urban"]
        assert said(town, "城管局长", "逐级上报") == 1


async def test_an_emergency_is_called_at_night_in_natural_minutes(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await town.passes(hours=16)  # 02:00
        await town.says(WHO, "一楼好大煤气味 银杏苑5幢")
        await town.says("街道老陈", "吹哨 1001 城管 水务", room="desk")
        whistle, parts = await blown(town)
        assert whistle.kind.value == "emergency"
        assert (parts[WATER].due_at - whistle.blown_at).total_seconds() == 30 * 60
        await town.passes(minutes=31)
        assert said(town, "水务局长", "迟到上报") == 1
