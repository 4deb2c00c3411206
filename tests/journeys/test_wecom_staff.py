"""What an operator does with the company's address book and groups while the program runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import wecom_desk, wecom_doctor
from bot.config import ConfigError, load_config
from storage import people, requests, roles
from tests.fakes.wecom import CORP, WecomServer
from tests.journeys.wecom import QUEUE, company
from workflow.rights import Grant, Role
from workflow.states import State

DEPARTMENTS = f'departments = {{ "12" = "{QUEUE}" }}\n'


async def test_the_address_book_invites_and_ends(tmp_path: Path) -> None:
    """通讯录里的人收到邀请码、领到身份、接单；调走的人身份取消，手里的单子回到网格。"""
    async with WecomServer() as server, company(tmp_path, server, DEPARTMENTS, bot=False) as town:
        server.world.departments[12] = "第一网格"
        wang = server.member("wang", "王师傅", departments=(12,))
        liu = server.member("liu", "小刘", departments=(12,))
        config, said = load_config(tmp_path / "config.toml"), []

        await wecom_desk.staff(config, said.append, invite=False, end=False, clock=town.clock)
        assert said[-1] == "2 listed, 2 without a role, 0 roles to end"
        assert not server.seen(wang), "without --invite nothing is sent"

        await wecom_desk.staff(config, said.append, invite=True, end=False, clock=town.clock)
        letter = await server.wait_for(wang, "请您来当")
        code = next(line for line in letter.text.splitlines() if len(line) == 9 and line[4] == "-")
        server.text(wang, code)
        await server.wait_for(wang, "欢迎您")
        await wecom_desk.staff(config, said.append, invite=True, end=False, clock=town.clock)
        assert "was invited before" in said[-2], "liu has a code that is still good"
        assert len(server.seen(liu)) == 1

        assert town.program.wecom is not None
        await town.program.wecom.rooms.follow()
        aunt = await town.resident()
        await aunt.says("银杏苑三栋二单元楼道灯坏了")
        await aunt.presses("对，就这样")
        await server.wait_for(wang, "1001")
        server.press(wang, "接单")
        await server.wait_for(wang, "归您了")

        wang.departments = [1]
        await wecom_desk.staff(config, said.append, invite=False, end=True, clock=town.clock)
        assert any("1 records back in their queue" in line for line in said)
        await server.wait_for(wang, "已经取消了")
        async with town.program.store.read() as tx:
            record = await requests.find_by_number(tx, 1001)
            person = await people.find_by_identity(tx, "wecom", CORP, "wang")
            assert person is not None
            assert Grant(Role.GRID_WORKER, "yinxing-01") not in await roles.grants_of(tx, person.id)
        assert record is not None
        assert record.state is State.QUEUED
        server.assert_clean()


async def test_a_group_of_everybody_who_works_in_a_grid(tmp_path: Path) -> None:
    """给网格建群：单子也发到群里，按钮还在各人的应用会话里。"""
    async with WecomServer() as server, company(tmp_path, server, bot=False) as town:
        wang, liu, sun = (server.member(name) for name in ("wang", "liu", "sun"))
        await town.employ(wang)
        config, said = load_config(tmp_path / "config.toml"), []
        with pytest.raises(ConfigError, match="two people"):
            await wecom_desk.group(config, QUEUE, said.append, clock=town.clock)
        await town.employ(liu)
        await wecom_desk.group(config, QUEUE, said.append, clock=town.clock)
        (group,) = server.world.groups.values()
        await server.wait_for(group, "回复：接单 单号")
        assert group.members == ["liu", "wang"]

        aunt = await town.resident()
        await aunt.says("银杏苑三栋二单元楼道灯坏了")
        await aunt.presses("对，就这样")
        told = await server.wait_for(group, "1001")
        assert "接单 1001" in told.text
        assert "接单" in (await server.wait_for(liu, "接单")).buttons

        await town.employ(sun)
        await wecom_desk.group(config, QUEUE, said.append, clock=town.clock)
        assert said[-1].endswith("1 came, 0 left")
        assert group.members == ["liu", "wang", "sun"]
        server.assert_clean()


async def test_the_menu_is_made_and_every_button_of_it_is_answered(tmp_path: Path) -> None:
    """菜单不用人去后台填：一条命令就有，每个按钮点了都有回应。"""
    web = '[web]\nbase_url = "https://linli.test"\n'
    async with WecomServer() as server, company(tmp_path, server, web, bot=False) as town:
        wang = server.member("wang", "王师傅")
        await town.employ(wang)
        config, said = load_config(tmp_path / "config.toml"), []
        before = await wecom_doctor.examine(config, None, None)
        assert [text for level, text in before if level == "warn" and "linli wecom menu" in text]
        await wecom_desk.menu(config, said.append, clock=town.clock)
        assert said == ["4 buttons"]
        assert not [text for _, text in await wecom_doctor.examine(config, None, None) if "menu" in text]
        top = server.world.menu["button"]
        for button in [one for each in top for one in each.get("sub_button", [each])]:
            if button["type"] == "click":
                seen = len(server.seen(wang))
                server.event(wang, "click", EventKey=button["key"])
                await server.wait_until(lambda seen=seen: len(server.seen(wang)) > seen, lambda b=button: f"{b}")
                assert not server.seen(wang)[-1].has("没太明白")
            else:
                assert button["url"] == "https://linli.test/wecom/here"
        server.assert_clean()


async def test_a_fault_is_told_with_the_place_to_mend_it(tmp_path: Path) -> None:
    async with WecomServer() as server, company(tmp_path, server, DEPARTMENTS, bot=False) as town:
        server.interface.forbidden["user/simplelist"] = 60011
        with pytest.raises(ConfigError, match="可见范围"):
            await wecom_desk.staff(
                load_config(tmp_path / "config.toml"), str, invite=False, end=False, clock=town.clock
            )
