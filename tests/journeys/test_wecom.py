"""Journeys over WeCom's own ways: reports from the web, workers on WeCom, the clock turned by hand."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.wecom import WecomServer
from tests.journeys.wecom import company

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
