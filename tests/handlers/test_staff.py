"""Roles: one-time codes from someone above, every way a code can fail, my roles, ending a role."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage import events, roles
from tests.handlers.staff_steps import GRID, ROOM, filed, heard, person, room_text, stored
from tests.town import Town
from workflow.rights import Grant, Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
_CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


async def held(town: Town, name: str) -> list[Grant]:
    """The roles somebody holds."""
    async with town.store.read() as tx:
        return await roles.grants_of(tx, (await person(tx, name)).id)


async def invited(town: Town) -> str:
    """A code for a grid worker of the first grid, made by the chief of the grid."""
    await town.employs("赵网格长", Role.GRID_CHIEF, GRID)
    await town.says("赵网格长", "邀请")
    await town.presses("赵网格长", "网格员")
    return _CODE.findall(heard(town, "赵网格长"))[-1]


@BOTH
async def test_invited_redeemed_and_named(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        code = await invited(town)
        await town.says("小李", code.lower())
        assert await held(town, "小李") == [Grant(Role.GRID_WORKER, GRID)]
        assert "欢迎您" in heard(town, "小李")
        assert "小李" in heard(town, "赵网格长")
        await town.says("小李", "叫我李师傅")
        assert await held(town, "李师傅") == [Grant(Role.GRID_WORKER, GRID)]
        await town.says("小李", "我的身份")
        assert "银杏社区第一网格 网格员" in town.screen("小李")[-1][0]


async def test_the_name_question_takes_no_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.scans("小李", f"i_{await invited(town)}")
        await town.says("小李", "银杏苑3幢楼道灯坏了")
        async with town.store.read() as tx:
            assert (await person(tx, "小李")).name == "小李"


async def test_a_code_works_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        code = await invited(town)
        await town.scans("小李", f"i_{code}")
        await town.says("小张", code)
        assert await held(town, "小张") == []
        assert "已经有人用过" in heard(town, "小张")
        await town.says("小李", code)
        assert "身份还在" in heard(town, "小李")


async def test_a_code_expires(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        code = await invited(town)
        await town.passes(days=8)
        await town.says("小李", code)
        assert await held(town, "小李") == []
        assert "过期" in heard(town, "小李")


async def test_a_code_dies_with_the_right_to_give_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        code = await invited(town)
        async with town.store.write() as tx:
            await roles.end(tx, (await person(tx, "赵网格长")).id, town.now)
        await town.says("小李", code)
        assert await held(town, "小李") == []


async def test_a_code_in_a_group_is_not_used(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        code = await invited(town)
        await town.says("小李", code, room=ROOM)
        assert "私聊" in room_text(town)
        await town.says("小李", code)
        assert await held(town, "小李") == [Grant(Role.GRID_WORKER, GRID)]


async def test_five_wrong_codes_and_then_a_rest(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        code = await invited(town)
        for i in range(2, 7):
            await town.says("小李", f"AAAA-BBB{i}")
        await town.says("小李", code)
        assert "歇一小时" in heard(town, "小李")
        assert await held(town, "小李") == []
        await town.passes(hours=2)
        await town.says("小李", code)
        assert await held(town, "小李") == [Grant(Role.GRID_WORKER, GRID)]


async def test_the_first_administrator(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        async with town.store.write() as tx:
            code = await roles.invite(tx, Role.ADMIN, "linjiang", None, town.now, town.now.replace(year=2099))
        await town.says("管理员", code)
        assert await held(town, "管理员") == [Grant(Role.ADMIN, "linjiang")]
        await town.says("管理员", "邀请")
        await town.presses("管理员", "社区工作台")
        await town.presses("管理员", "渡口社区")
        await town.says("周主任", _CODE.findall(heard(town, "管理员"))[-1])
        assert await held(town, "周主任") == [Grant(Role.DESK, "dukou")]


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.DEPT_STAFF, Role.MEMBER, None])
async def test_who_is_nobody_s_superior_invites_nobody(tmp_path: Path, role: Role | None) -> None:
    scopes = {Role.GRID_WORKER: GRID, Role.DEPT_STAFF: "gas", Role.MEMBER: "yinxing"}
    async with Town.open(tmp_path, buttons=True) as town:
        if role is not None:
            await town.employs("来人", role, scopes[role])
        await town.says("来人", "邀请")
        assert "不能邀请" in heard(town, "来人")


@BOTH
async def test_ending_a_role_frees_what_was_held(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("刘书记", "取消身份")
        await town.presses("刘书记", "网格员")
        await town.presses("刘书记", "王师傅")
        await town.presses("刘书记", "确定取消")
        assert await held(town, "王师傅") == []
        request = await stored(town)
        assert (request.state, request.claimer_id) == (State.QUEUED, None)
        assert "取消" in heard(town, "王师傅")
        await town.says("王师傅", "接单 1001", room=ROOM)
        assert (await stored(town)).state is State.QUEUED


async def test_colleagues_do_not_end_each_other(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await filed(town)
        await town.says("王师傅", "取消身份")
        said, labels = town.screen("王师傅")[-1]
        assert ("由上一级来办" in said, "邀请" in said, labels) == (True, False, [])
        await town.says("刘书记", "取消身份")
        await town.presses("刘书记", "网格员")
        token = next(token for label, token in town.messages("刘书记")[-1].keys if "小刘" in label)
        await town.press_token("王师傅", token)
        assert await held(town, "小刘") == [Grant(Role.GRID_WORKER, GRID)]


async def test_the_ledger_keeps_who_gave_what(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await town.says("小李", await invited(town))
        async with town.store.read() as tx:
            chief, worker = await person(tx, "赵网格长"), await person(tx, "小李")
            (granted,) = [e for e in await events.history(tx, "person", worker.id) if e.name == "role.granted"]
        assert granted.actor_id == chief.id
        assert (granted.data["role"], granted.data["scope"]) == ("grid_worker", GRID)
