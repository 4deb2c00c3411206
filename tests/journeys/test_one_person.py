"""One resident in WeChat, on Telegram and at a browser: one list of records after linking, and one rating."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any

import httpx

from storage import events, people, requests, supporters
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.wechat import APP_ID
from tests.journeys.conftest import PATIENCE
from tests.journeys.wechat_program import Town, town

QUEUE, GRID = "grid:yinxing-01", "yinxing-01"
LAMP = "银杏苑三栋二单元楼道灯坏了"


class Browser:
    """The web chat of somebody."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def says(self, words: str) -> str:
        body = {"text": words, "client_id": secrets.token_hex(8)}
        answer = await self._client.post("/api/chat/messages?wait=true", json=body)
        return str(answer.raise_for_status().json()["posts"])

    async def presses(self, label: str) -> str:
        for post in reversed(await self._posts()):
            for key in [key for row in post.get("keys") or [] for key in row]:
                if key["label"] == label:
                    body = {"post": post["id"], "token": key["token"], "client_id": secrets.token_hex(8)}
                    answer = await self._client.post("/api/chat/presses?wait=true", json=body)
                    return str(answer.raise_for_status().json()["posts"])
        raise AssertionError(f"no button {label!r}")

    async def _posts(self) -> list[dict[str, Any]]:
        found = await self._client.get("/api/chat/messages?limit=100")
        return list(found.raise_for_status().json()["posts"])


async def browser(running: Town) -> Browser:
    client = running.browser()
    (await client.post("/api/session")).raise_for_status()
    return Browser(client)


async def stands_behind(running: Town, number: int) -> None:
    """Returns when somebody else has joined a record."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with running.program.store.read() as tx:
                request = await requests.find_by_number(tx, number)
                if request is not None and await supporters.of(tx, request.id):
                    return
            await asyncio.sleep(0.05)


async def test_three_channels_are_one_resident_who_counts_and_rates_once(tmp_path: Path) -> None:
    """微信报的事，电报上“我也遇到”，网页里看：关联以后是一个人、一张单子、一次评价。"""
    async with TelegramServer() as telegram:
        section = f'[telegram]\ntoken = "{TOKEN}"\nbase_url = "{telegram.base_url}"\n'
        async with town(tmp_path, section) as running:
            wechat, aunt = running.wechat, running.wechat.person("李阿姨")
            wang = await running.worker("王师傅", QUEUE, GRID)
            await wechat.text(aunt, LAMP)
            await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
            phone = telegram.person("李阿姨", started=True)
            telegram.start(phone)
            telegram.text(phone, LAMP)
            await telegram.wait_for(phone, lambda seen: any("我也遇到" in row for row in seen.buttons))
            telegram.press(phone, "我也遇到")
            await stands_behind(running, 1001)
            page = await browser(running)
            assert "还没有报过" in await page.says("我的诉求")

            for link in ("telegram", "web"):
                code = re.search(r"关联码：(\S+)", await wechat.text(aunt, "关联"))
                assert code
                if link == "web":
                    await page.says(f"关联 {code[1]}")
                    assert "关联好了" in await page.presses("是我要的，关联")
                else:
                    telegram.text(phone, f"关联 {code[1]}")
                    await telegram.wait_for(phone, lambda seen: any("是我要的，关联" in row for row in seen.buttons))
                    telegram.press(phone, "是我要的，关联")
                    await telegram.wait_for(phone, lambda seen: seen.mine and "关联好了" in seen.text)
            async with running.program.store.read() as tx:
                person = await people.find_by_identity(tx, "wechat", APP_ID, aunt.openid)
                assert person is not None
                known = await people.identities_of(tx, person.id)
                request = await requests.find_by_number(tx, 1001)
                assert request is not None
                assert sorted(channel for channel, _, _ in known) == ["telegram", "web", "wechat"]
                assert not await supporters.of(tx, request.id), "nobody stands behind their own matter"
            assert "1001" in await page.says("我的诉求")
            assert "1001" in await wechat.text(aunt, "我的诉求")

            await wang.press("接单", "1001")
            await wang.says("办结 1001 灯泡换好了")
            await running.turn(hours=2, minutes=5)
            asked = await wechat.wait_for(aunt, "真的好了吗")
            number = wechat.choice(aunt, "好了")
            await page.says("1001")
            await page.presses("评一评")
            await page.presses("好了")
            await page.presses("5★")
            await wang.find("已销号")
            again = await wechat.text(aunt, number)
            assert "5★" not in again, f"asked anew although it was rated on the web: {asked.text}"
            telegram.text(phone, "1001")
            await telegram.wait_for(phone, lambda seen: seen.mine and "已销号" in seen.text)
            await asyncio.sleep(0)
            async with running.program.store.read() as tx:
                told = [e.name for e in await events.history(tx, "request", request.id)]
            assert told.count("request.rated") == 1
        telegram.assert_clean()
