"""A wish across both channels and a season: wished on Telegram, adopted in a browser, its photo on the public report.

Every public page is read for what was seeded as secret: names, phones, rooms, and a photo with a face.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot import wish_card
from bot.backend import ProgramBackend
from bot.config import load_config
from bot.program import Program
from bot.web import pages, pages_stations, pages_wall, routes_service, routes_stations, routes_wall
from bot.web.app import create_app
from storage import attachments, pictures, seasons, wishes
from tests.bot.faces import as_jpeg, drawn_face
from tests.fakes.telegram import TelegramServer
from tests.journeys.conftest import Running, TurnedClock, config_for
from workflow.rights import Role
from workflow.season import SeasonState

SECRETS = ("李秀兰", "秀兰", "13987654321", "139 8765", "单元401", "2单元", "苑3幢", "13700001111", "赵铁柱")
OPEN_MODULES = (pages, pages_stations, pages_wall, routes_service, routes_stations, routes_wall)
"""Where the addresses are that answer a stranger."""
WORDS = "我是李秀兰，电话13987654321，想给孙女要一个书包，银杏苑3幢2单元401"
BASE = "https://linli.test"


class Phone:
    """A browser's chat, as its script talks to the program."""

    def __init__(self, app: FastAPI) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=BASE, headers={"X-Linli": "1"}, timeout=30
        )
        self._count = 0
        self.posts: list[dict[str, Any]] = []

    async def enter(self) -> None:
        assert (await self.client.post("/api/session")).status_code == 200

    async def say(self, text: str, media: bytes = b"") -> None:
        body: dict[str, Any] = {"text": text}
        if media:
            sent = await self.client.post("/api/media", files={"file": ("a.jpg", media, "image/jpeg")})
            body["media"] = [sent.json()["ref"]]
        await self._post("messages", body)

    async def press(self, label: str) -> None:
        for post in reversed(self.posts):
            for row in post["keys"]:
                for key in row:
                    if label in key["label"]:
                        await self._post("presses", {"post": post["id"], "token": key["token"]})
                        return
        raise AssertionError(f"no button {label!r}")

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        self._count += 1
        answer = await self.client.post(
            f"/api/chat/{what}", params={"wait": "1"}, json=body | {"client_id": f"c{self._count}"}
        )
        assert answer.status_code < 300, answer.text
        self.posts = answer.json()["posts"]

    @property
    def last(self) -> str:
        return str(next(p["text"] for p in reversed(self.posts) if p["bot"]))


@asynccontextmanager
async def town(folder: Path, server: TelegramServer, channel: str) -> AsyncIterator[tuple[Running, FastAPI]]:
    """The program with its public channel and its web side."""
    config_for(folder, server, channel=channel)
    path = folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + f'[web]\nbase_url = "{BASE}"\n', encoding="utf-8")
    clock = TurnedClock()
    program = await Program.build(load_config(path), clock=clock)
    await program.start()
    try:
        yield Running(program, server, clock), create_app(ProgramBackend(program), program.web)
    finally:
        await program.stop()


def public_paths(**values: str) -> list[str]:
    """Every address that answers without a session: pages, data, pictures."""
    closed = ("/api/chat", "/api/rooms", "/api/me", "/api/media", "/media", "/login", "/room", "/cockpit", "/hooks")
    found = []
    for route in [route for module in OPEN_MODULES for route in module.router.routes]:
        path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or set()
        names = re.findall(r"\{(\w+)", path)
        if "GET" not in methods or path.startswith(closed) or path in ("/metrics", "/docs", "/openapi.json"):
            continue
        if all(name in values for name in names):
            found.append(re.sub(r"\{(\w+)[^}]*\}", lambda m: values[m[1]], path))
    return found


async def read_everything(app: FastAPI, monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, str]:
    """path -> what a stranger reads there; of a card's picture the words that were drawn."""
    drawn: list[wish_card.Card] = []

    def draw(card: wish_card.Card) -> bytes:
        drawn.append(card)
        return wish_card.draw(card)

    monkeypatch.setattr(routes_wall, "draw", draw)
    seen = {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=30) as stranger:
        for path in public_paths(**values):
            answer = await stranger.get(path, headers={"Accept": "text/html"})
            assert answer.status_code < 500, path
            text = "" if answer.headers["content-type"].startswith("image/png") else answer.text
            seen[path] = f"{answer.status_code} {text}" + "".join(map(str, drawn))
            drawn.clear()
    return seen


async def test_from_telegram_to_a_browser_and_to_the_public_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with TelegramServer() as server:
        aunt, liu, zhou = (server.person(name, started=True) for name in ("李秀兰", "刘书记", "老周"))
        desk = server.group("银杏社区", [liu])
        news = server.group("邻里心愿", [], kind="channel", bot="administrator")
        async with town(tmp_path, server, str(news.id)) as (running, app):
            await running.room(desk, "desk:yinxing")
            await running.employ(liu, Role.DESK, "yinxing", "刘书记")
            await running.employ(zhou, Role.STREET, "linjiang", "老周")
            await _open_season(server, zhou)
            server.text(aunt, WORDS)
            await server.wait_for(aunt, "这样行吗")
            server.press(aunt, "对")
            await server.wait_for(aunt, "心愿编号 1001")
            card = await server.wait_for(desk, "上墙")
            assert not [s for s in SECRETS if s in card.text]
            server.press(liu, "上墙", desk)
            await server.wait_for(aunt, "挂上心愿墙")

            young = Phone(app)
            await young.enter()
            await young.say("认领 1001")
            assert "到时候再来" in young.last
            running.clock.turn(days=4)
            posted = await server.wait_for(news, "开始认领啦")
            assert "1 个心愿" in posted.text
            await young.say("认领 1001")
            await young.say("13700001111")
            assert "交给您了" in young.last
            await server.wait_for(aunt, "一位邻居")
            await young.say("心愿完成 1001 书包送到了", as_jpeg(drawn_face()))
            assert "照片已经交给" in young.last
            await server.wait_for(aunt, "书包送到了")
            server.press(aunt, "收到了，谢谢")
            await _publish_photo(running, server, liu, desk)
            await _end_season(running, server, zhou)
            await young.say("心愿季报告 1")
            assert "1 个圆满" in young.last

            refs = await _refs(running)
            seen = await read_everything(app, monkeypatch, number="1001", ref=refs["public"])
            report = await read_everything(app, monkeypatch, number="1", ref=refs["private"])
            await young.client.aclose()
        server.assert_clean()
    everything = {**{f"1 {p}": t for p, t in report.items()}, **seen}
    assert {"/wall", "/wall/screen", "/wall/tree", "/wish/1001", "/wish/1001/card.png", "/api/wishes"} <= seen.keys()
    assert "书包" in seen["/wall"]
    assert "书包" in seen["/wish/1001/card.png"]
    assert refs["public"] in report["/wall/season/1"]
    assert seen[f"/pictures/{refs['public']}"].startswith("200")
    assert report[f"/pictures/{refs['private']}"].startswith("404")
    for path, text in everything.items():
        assert not [s for s in SECRETS if s in text], path
        assert refs["private"] not in text.replace(f"/pictures/{refs['private']}", ""), path


async def _open_season(server: TelegramServer, zhou: Any) -> None:
    server.text(zhou, "心愿季")
    await server.wait_for(zhou, "筹备新一季")
    server.press(zhou, "筹备新一季")
    for said, asked in (("暖冬心愿季", "什么时候开始"), ("11月19日上午10点", "哪天结束"), ("11月25日", "这样行吗")):
        server.text(zhou, said)
        await server.wait_for(zhou, asked)
    server.press(zhou, "对，开始征集")
    await server.wait_for(zhou, "开始征集了")


async def _publish_photo(running: Running, server: TelegramServer, liu: Any, desk: Any) -> None:
    """Chosen, made unrecognisable, looked at, confirmed."""
    await server.wait_for(desk, "选照片")
    server.press(liu, "选照片", desk)
    program = running.program
    await server.wait_for(desk, "可以公开")  # the chore of the program has made the copy
    async with program.store.read() as tx:
        wish = await wishes.find_by_number(tx, 1001)
        assert wish is not None
        (ready,) = await pictures.of_wish(tx, wish.id, pictures.READY)
        assert ready.faces == 1
        assert not await pictures.is_public(tx, ready.shown)
    server.press(liu, "都认不出来，可以公开", desk)
    await server.wait_toast(liu, "可以公开了")


async def _end_season(running: Running, server: TelegramServer, zhou: Any) -> None:
    running.clock.turn(days=10)
    for _ in range(1200):
        async with running.program.store.read() as tx:
            season = await seasons.find_current(tx)
        if season is not None and season.state is SeasonState.REVIEWED:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("the season is not reviewed")
    server.text(zhou, "心愿季")
    await server.wait_for(zhou, "公布报告")
    server.press(zhou, "公布报告")
    await server.wait_for(zhou, "谢谢 1 位好心人")


async def _refs(running: Running) -> dict[str, str]:
    """The reference of the confirmed copy, and of the photo as it was sent."""
    async with running.program.store.read() as tx:
        wish = await wishes.find_by_number(tx, 1001)
        assert wish is not None
        (picture,) = await pictures.of_wish(tx, wish.id)
        kept = (await attachments.of(tx, "wish_result", wish.id))[0].stored
    return {"public": picture.shown, "private": kept}
