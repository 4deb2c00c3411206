"""What people and platforms should not do and do: forged taps, forwarded cards, forms that changed, emoji, long answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import events, receipts, requests
from storage.requests import Request
from tests.fakes.wecom import WecomServer
from tests.journeys.test_wechat import FIELDS, LAMP, RATE, reported
from tests.journeys.wechat_program import Town, town
from tests.journeys.wecom import Company, company
from workflow.rights import Role

CUSTOM, TEMPLATE = "/cgi-bin/message/custom/send", "/cgi-bin/message/template/send"


async def record(running: Town | Company, number: int = 1001) -> Request:
    async with running.program.store.read() as tx:
        found = await requests.find_by_number(tx, number)
    assert found is not None
    return found


async def test_taps_of_menus_that_are_not_theirs_change_nothing(tmp_path: Path) -> None:
    """菜单消息的编号是伪造的、是别人的、是旧的：什么都不会发生，话说得客气。"""
    async with town(tmp_path) as running:
        wechat = running.wechat
        aunt, stranger = wechat.person("李阿姨"), wechat.person("👻🏮")
        await reported(running, aunt)
        for forged in ("zzzzzz.0", "1.1", f"{'a' * 64}.9", ".", "x.-1", "x.y", "101"):
            assert await wechat.tap(stranger, "撤回", forged), forged
            assert await wechat.tap(aunt, "撤回", forged), forged
        assert "1001" in await wechat.text(aunt, "1001")
        menu = wechat.choice(aunt, "撤回")
        assert "1001" not in await wechat.text(stranger, menu), "a number means what stands on one's own screen"
        assert "楼道灯" not in await wechat.text(stranger, "1001")
        assert (await record(running)).state.value == "claimed"


async def test_a_form_that_changed_in_the_console_loses_nothing(tmp_path: Path) -> None:
    """47003：模板的字段在后台改过了。同意过的那一次还在，模板也发不出，就等居民下次来先问。"""
    rate, agreed = "t" * 43, "a" * 43
    keys = f'template_rate = {{id = "{rate}", {FIELDS}}}\nagreed_rate = {{id = "{agreed}", {FIELDS}}}\n'
    async with town(tmp_path, wechat=keys) as running:
        wechat, aunt = running.wechat, running.wechat.person("李阿姨")
        wechat.world.templates[rate] = wechat.world.agreements[agreed] = RATE
        wang = await reported(running, aunt)
        await wechat.agree(aunt, agreed)
        wechat.world.templates[rate] = wechat.world.agreements[agreed] = f"{RATE}\n{{{{thing9.DATA}}}}"
        await running.turn(hours=73)
        await wang.says("办结 1001 灯泡换好了")
        await running.turn(hours=2, minutes=5)
        codes = {call.path.rpartition("/")[2]: call.code for call in wechat.calls if call.code}
        assert codes == {"bizsend": 47003, "send": 47003}
        assert [call.code for call in wechat.calls if call.path == TEMPLATE] == [47003]
        assert aunt.agreed[agreed] == 1
        wechat.world.agreements[agreed] = RATE
        wechat.violations.clear()
        await running.turn(hours=24)
        assert wechat.seen(aunt)[-1].way == "agreed", "once it is mended, the agreement is still there"


async def test_a_rating_tapped_after_the_window_has_shut_and_twice(tmp_path: Path) -> None:
    """窗口关了再点、点两遍、问题过期了再点：算一次，多的说一声。"""
    async with town(tmp_path) as running:
        wechat, aunt = running.wechat, running.wechat.person("李阿姨")
        wang = await reported(running, aunt)
        await wang.says("办结 1001 灯泡换好了")
        await running.turn(hours=2, minutes=5)
        await wechat.wait_for(aunt, "真的好了吗")
        number = wechat.choice(aunt, "好了")
        await running.turn(hours=50)
        asked = await wechat.text(aunt, number)
        assert "1. 好了" in asked, "the number of an old question does nothing, it is asked anew"
        assert "没太明白" not in asked
        assert "5★" in await wechat.text(aunt, wechat.choice(aunt, "好了"))
        five = wechat.choice(aunt, "5★")
        await wechat.text(aunt, five)
        again = await wechat.text(aunt, five)
        assert again
        async with running.program.store.read() as tx:
            told = [e.name for e in await events.history(tx, "request", (await record(running)).id)]
        assert told.count("request.rated") == 1


async def test_a_long_answer_with_emoji_is_cut_between_characters(tmp_path: Path) -> None:
    """名字、描述全是表情，回答超过 2048 字节：一个字都不会断成两半。"""
    async with town(tmp_path) as running:
        wechat, aunt = running.wechat, running.wechat.person("🏮👵🏻")
        for n in range(4):
            await wechat.text(aunt, f"银杏苑{n + 1}幢楼道灯坏了{'🏮' * 200}")
            await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
        await wechat.text(aunt, "1001")
        await wechat.text(aunt, "我的诉求")
        for one in wechat.seen(aunt):
            assert len(one.text.encode()) <= 2048
            assert "\ufffd" not in one.text
        assert len(wechat.seen(aunt)) >= 8


async def test_a_card_forwarded_to_another_group_gives_nobody_a_right(tmp_path: Path) -> None:
    """网格群的卡片被转到别的群：没有身份的人按了没用，话说得清楚；有身份的人按了照样算，本群的卡片也跟着变。"""
    async with WecomServer() as server, company(tmp_path, server) as town_:
        wang, liu, guest = (server.member(name) for name in ("wang", "liu", "guest"))
        group, other = server.group("第一网格", [wang, liu]), server.group("闲聊群", [liu, guest])
        await town_.employ(wang, Role.GRID_CHIEF)
        await town_.employ(liu)
        await town_.room(group)
        server.say(guest, "你好", other)
        aunt = await town_.resident()
        await aunt.says(LAMP)
        await aunt.presses("对，就这样")
        card = await server.wait_for(group, "接单")
        key = server.world.cards[card.task].shown[group.id]["button_list"][0]["key"]
        server.press_key(guest, card.task, key, other)
        await server.wait_until(lambda: server.seen(guest), lambda: "the guest is told nothing")
        assert (await record(town_)).state.value == "queued"
        server.press_key(guest, card.task, "forged.0", other)
        server.press_key(liu, card.task, key, other)
        claimed = await server.wait_for(group, "填结果")
        assert "liu" in claimed.text
        assert claimed.task != card.task, "an answer to that press would have changed the other group's card only"
        assert (await record(town_)).state.value == "claimed"


@pytest.mark.parametrize("broken", ["Location_X", "MediaId"])
async def test_what_a_platform_sends_broken_stops_nobody(tmp_path: Path, broken: str) -> None:
    """平台推来的一条读不懂：这一条留着，别的照常。"""
    async with WecomServer() as server, company(tmp_path, server, bot=False) as town_:
        wang = server.member("wang")
        await town_.employ(wang)
        if broken == "Location_X":
            server.location(wang, float("nan"), 120.0)
        else:
            server._message(wang, "image", PicUrl="http://127.0.0.1/nothing")
        await server.callbacks.settle()
        server.text(wang, "我的单子")
        await server.wait_for(wang, "手里没有")
        await server.callbacks.settle()
        assert [tried.statuses for tried in server.callbacks.sent] == [[200], [200]]
        async with town_.program.store.read() as tx:
            assert await receipts.count(tx, receipts.FAILED) == 1
        server.assert_clean()
