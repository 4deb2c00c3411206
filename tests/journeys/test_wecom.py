"""Journeys over WeCom's own ways: reports from the web, workers on WeCom, the clock turned by hand."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.wecom import WecomServer
from tests.journeys.wecom import company
from workflow.rights import Role

REPORT = "银杏苑三栋二单元楼道灯坏了，13900001234"


async def test_from_one_sentence_to_the_rating_and_again(tmp_path: Path) -> None:
    """报事、两人在企业微信抢单、办结、三天后评价、没好重办：卡片发到每个人的应用会话里。"""
    async with WecomServer() as server, company(tmp_path, server, bot=False) as town:
        wang, liu = server.member("wang", "王师傅"), server.member("liu", "小刘")
        await town.employ(wang)
        await town.employ(liu)
        aunt = await town.resident()

        await aunt.says(REPORT)
        await aunt.hears("对，就这样")
        await aunt.presses("对，就这样")
        await aunt.hears("已登记，单号 1001")
        for worker in (wang, liu):
            card = await server.wait_for(worker, "接单")
            assert "139****1234" in card.text
            assert "13900001234" not in card.text

        server.press(wang, "接单")
        server.press(liu, "接单")
        for worker in (wang, liu):
            await server.wait_for(worker, "填结果")
        names = [name for name in ("王师傅", "小刘") if any(name in seen.text for seen in server.seen(wang))]
        assert len(names) == 1
        winner, loser = (wang, liu) if names == ["王师傅"] else (liu, wang)
        assert names[0] in (await server.wait_for(loser, "接了")).text
        changes = [call for call in server.called("message/update_template_card") if not call.code]
        assert [call.body["atall"] for call in changes] == [1]

        server.press(winner, "填结果")
        await server.wait_for(winner, "怎么办的")
        server.text(winner, "灯泡换好了")
        await aunt.hears("灯泡换好了")

        town.turn(days=3)
        await aunt.hears("没好")
        await aunt.presses("没好")
        await aunt.hears("那不算完")
        again = await server.wait_for(wang, "返工")
        assert "接单" in again.buttons
        server.assert_clean()


async def test_in_a_grids_group_with_the_bot(tmp_path: Path) -> None:
    """网格群：机器人发卡片、在群里抢单、晚的人私下知道、@机器人填结果。"""
    async with WecomServer() as server, company(tmp_path, server) as town:
        wang, liu = server.member("wang", "王师傅"), server.member("liu", "小刘")
        group = server.group("第一网格", [wang, liu])
        await town.employ(wang, Role.GRID_CHIEF)
        await town.employ(liu)
        server.say(wang, "绑定 第一网格", group)
        await server.wait_for(group, "谁方便谁按")
        assert town.program.wecom is not None
        await town.program.wecom.rooms.follow()

        aunt = await town.resident()
        await aunt.says(REPORT)
        await aunt.presses("对，就这样")
        card = await server.wait_for(group, "1001")
        assert "13900001234" not in card.text
        assert not server.seen(liu), "the group has the card, so nobody gets one of their own"

        server.press(liu, "接单", group)
        server.press(wang, "接单", group)
        claimed = await server.wait_for(group, "填结果")
        assert claimed.task == card.task, "the pressed card itself was changed"
        names = [name for name in ("王师傅", "小刘") if name in claimed.text]
        winner, loser = (wang, liu) if names == ["王师傅"] else (liu, wang)
        await server.wait_for(loser, "接了")
        await server.wait_for(winner, "归您了")

        server.say_with_photo(winner, "办结 1001 灯泡换好了", group)
        await aunt.hears("灯泡换好了")
        done = await server.wait_for(group, "办结，等居民评价")
        assert not done.buttons
        server.assert_clean()


async def test_faults_of_the_platform_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """凭证过期、应答丢失、重复推送、先后颠倒、验证码用过：每件事都只发生一次。"""
    async with WecomServer() as server, company(tmp_path, server, bot=False) as town:
        wang = server.member("wang", "王师傅")
        await town.employ(wang)
        server.world.tokens.clear()
        server.callbacks.twice = True
        server.callbacks.lose_answers = 1
        server.text(wang, "我的单子")
        await server.wait_for(wang, "手里没有")
        await server.callbacks.settle()
        assert sum("手里没有" in seen.text for seen in server.seen(wang)) == 1
        assert {status for tried in server.callbacks.sent for status in tried.statuses} == {0, 200}

        aunt = await town.resident()
        await aunt.says(REPORT)
        await aunt.presses("对，就这样")
        card = await server.wait_for(wang, "接单")
        town.turn(hours=2, minutes=10)
        assert not [until for until in server.world.tokens.values() if until > server.world.clock.now()]
        server.press(wang, "接单")
        assert (await server.wait_for(wang, "填结果")).task
        await server.callbacks.settle()
        assert 42001 in {call.code for call in server.calls}, "the token was over, and nobody noticed but we"
        assert len(server.called("gettoken")) == 2

        server.callbacks.hold()
        server.text(wang, "进度 1001 材料到了")
        server.text(wang, "放回 1001")
        server.callbacks.let_go(backwards=True)
        await server.wait_until(
            lambda: "接单" in next(seen for seen in server.seen(wang) if seen.task == card.task).buttons,
            lambda: "it is not free again",
        )
        await server.callbacks.settle()
        server.assert_clean()


async def test_a_card_whose_codes_are_over_comes_again(tmp_path: Path) -> None:
    """发出三天没人按的卡片改不了了：有变化就再发一张。"""
    async with WecomServer() as server, company(tmp_path, server, bot=False) as town:
        wang = server.member("wang", "王师傅")
        await town.employ(wang)
        aunt = await town.resident()
        await aunt.says(REPORT)
        await aunt.presses("对，就这样")
        first = await server.wait_for(wang, "接单")
        town.turn(hours=73)
        server.text(wang, "接单 1001")
        again = await server.wait_for(wang, "王师傅 11:")
        assert first.task != again.task
        old = next(seen for seen in server.seen(wang) if seen.task == first.task)
        assert "接单" in old.buttons, "the old one stands as it was; pressing it tells how things are"
        server.press_key(wang, first.task, server.world.cards[first.task].shown["wang"]["button_list"][0]["key"])
        await server.wait_for(wang, "已经在您手里了")
        server.assert_clean()
