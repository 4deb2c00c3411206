"""The scripted journey where people really are: a resident on WeChat, workers on WeCom, both platforms enforcing their rules."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.fakes.wecom import WecomServer
from tests.journeys.wechat_program import town
from tests.journeys.wecom import Company, section


async def test_from_one_sentence_to_the_rating_with_the_window_shut(tmp_path: Path) -> None:
    """微信里报事、企业微信里两人抢单、三天后窗口关了、居民下次来先问评价、没好就重办。"""
    async with WecomServer() as wecom, town(tmp_path, section(wecom, bot=False)) as running:
        wecom.world.clock.ahead = running.clock.ahead.total_seconds()
        wecom.callbacks.url = f"{running.base}/hooks/wecom"
        staff = Company(running.program, wecom, running.clock, httpx.AsyncHTTPTransport())
        wechat, aunt = running.wechat, running.wechat.person("李阿姨")
        wang, liu = wecom.member("wang", "王师傅"), wecom.member("liu", "小刘")
        await staff.employ(wang)
        await staff.employ(liu)

        assert "1. " in await wechat.text(aunt, "银杏苑三栋二单元楼道灯坏了，13900001234")
        assert "已登记，单号 1001" in await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
        for worker in (wang, liu):
            assert "13900001234" not in (await wecom.wait_for(worker, "接单")).text
        wecom.press(wang, "接单")
        wecom.press(liu, "接单")
        told = await wechat.wait_for(aunt, "接了")
        winner, loser = (wang, liu) if "王师傅" in told.text else (liu, wang)
        assert winner.name in (await wecom.wait_for(loser, "接了")).text
        for worker in (wang, liu):
            await wecom.wait_for(worker, "填结果")

        staff.turn(hours=73)
        wecom.text(winner, "办结 1001 灯泡换好了")
        await wecom.wait_for(winner, "办结，等居民评价")
        staff.turn(hours=2, minutes=5)
        staff.turn(hours=24)
        await wecom.wait_for(winner, "打个电话")
        assert not any("真的好了吗" in one.text for one in wechat.seen(aunt)), "the window is shut"
        first = await wechat.text(aunt, "你好")
        assert "灯泡换好了" in first, "the news that were missed"
        assert "那不算完" in await wechat.text(aunt, wechat.choice(aunt, "没好"))
        assert "接单" in (await wecom.wait_for(wang, "返工")).buttons
        await wecom.callbacks.settle()
        wecom.assert_clean()
