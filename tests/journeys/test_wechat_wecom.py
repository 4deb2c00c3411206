"""The whole way with residents on WeChat and workers on WeCom: nobody opens a browser."""

from __future__ import annotations

from pathlib import Path

from storage import people, requests, roles
from tests.fakes.wecom import AES_KEY, AGENT, CORP, SECRET, TOKEN, Member, WecomServer
from tests.journeys.wechat_program import Town, town
from workflow.rights import Role

GRID = "yinxing-01"
LAMP = "银杏苑三栋二单元楼道灯坏了，13900001234"


async def employ(running: Town, member: Member) -> None:
    async with running.program.store.write() as tx:
        person = await people.add_person(tx, "wecom", CORP, member.id, member.name, running.clock.now())
        await roles.grant(tx, person.id, Role.GRID_WORKER, GRID, None, running.clock.now())
    assert running.program.wecom is not None
    await running.program.wecom.rooms.follow()


async def test_from_one_sentence_to_the_rating_and_again(tmp_path: Path) -> None:
    """微信报事、两人在企业微信抢单、三天后办结、窗口关了就请人打电话、居民再来先问评价、没好重办。"""
    async with WecomServer() as server:
        section = (
            f'[wecom]\ncorp_id = "{CORP}"\nagent_id = {AGENT}\nsecret = "{SECRET}"\n'
            f'token = "{TOKEN}"\naes_key = "{AES_KEY}"\nbase_url = "{server.base_url}"\n'
        )
        async with town(tmp_path, more=section) as running:
            wechat = running.wechat
            server.callbacks.url = f"{running.base}/hooks/wecom"

            def together() -> None:
                server.world.clock.ahead = running.clock.ahead.total_seconds()

            together()
            wang, liu = server.member("wang", "王师傅"), server.member("liu", "小刘")
            await employ(running, wang)
            await employ(running, liu)
            aunt = wechat.person("李阿姨", follows=False)
            await wechat.follow(aunt)
            await wechat.text(aunt, LAMP)
            assert "已登记，单号 1001" in await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
            for worker in (wang, liu):
                card = await server.wait_for(worker, "接单")
                assert "13900001234" not in card.text
            server.press(wang, "接单")
            server.press(liu, "接单")
            for worker in (wang, liu):
                await server.wait_for(worker, "填结果")
            names = [name for name in ("王师傅", "小刘") if any(name in seen.text for seen in server.seen(wang))]
            assert len(names) == 1
            winner = wang if names == ["王师傅"] else liu
            assert names[0] in (await wechat.wait_for(aunt, "接了")).text

            await running.turn(hours=73)
            together()
            server.text(winner, "办结 1001 灯泡换好了")
            await server.callbacks.settle()
            await running.turn(hours=2, minutes=5)
            together()
            await running.turn(hours=24)
            together()
            assert not any("灯泡换好了" in one.text for one in wechat.seen(aunt)), "the window is shut"
            await server.wait_for(winner, "打个电话")
            first = await wechat.text(aunt, "你好")
            assert "灯泡换好了" in first
            assert "那不算完" in await wechat.text(aunt, wechat.choice(aunt, "没好"))
            again = await server.wait_for(wang, "返工")
            assert "接单" in again.buttons
            async with running.program.store.read() as tx:
                found = await requests.find_by_number(tx, 1001)
            assert found is not None
            assert found.reopened == 1
            await server.callbacks.settle()
        server.assert_clean()
