"""What a stranger can read: every address of every module that answers without a session, and what is said in groups.

Names, phones and doors are seeded through stations, damage, activities, snaps, points and wishes, and looked for everywhere.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

import bot.web
from bot import wish_card
from bot.backend import ProgramBackend
from bot.config import load_config
from bot.office import Office
from bot.program import Program
from bot.web import routes_wall
from bot.web.app import create_app
from storage import people, roles, stations
from tests.bot.faces import as_jpeg, drawn_face
from tests.fakes.telegram import TelegramServer
from tests.journeys.conftest import TurnedClock, config_for
from tests.journeys.test_wishes import BASE, Phone
from workflow.rights import Role

SECRETS = (
    *("李秀兰", "秀兰", "13987654321", "139876543", "单元401", "2单元", "401室", "王大力", "大力", "13700001111"),
    *("赵铁柱", "铁柱", "13612345678"),
)
CLOSED = re.compile(r"/(?:api/(?:chat|rooms|me|media)|media|login|room|hooks|metrics|docs|openapi)")
"""Addresses that ask for a session or a key first; what they answer a stranger is read all the same, unless it waits."""
NEVER_ENDS = re.compile(r"/stream$")


def addresses(**values: str) -> list[str]:
    """Every address to read, of every module of the web side, as far as the values fill it."""
    found = []
    for module in pkgutil.iter_modules(bot.web.__path__):
        for router in vars(importlib.import_module(f"bot.web.{module.name}")).values():
            for route in router.routes if isinstance(router, APIRouter) else ():
                path, methods = getattr(route, "path", ""), getattr(route, "methods", None) or set()
                names = re.findall(r"\{(\w+)", path)
                if "GET" in methods and all(n in values for n in names) and not NEVER_ENDS.search(path):
                    found.append(re.sub(r"\{(\w+)[^}]*\}", lambda m: values[m[1]], path))
    return sorted(set(found))


async def _live(program: Program, young: Phone, old: Phone, desk: Phone) -> None:
    """A little of everything that ends on a page or in a group."""
    await old.say("我是李秀兰，电话13987654321，想给孙女要一个书包，银杏苑3幢2单元401室")
    await old.press("对")
    await desk.say("上墙 1001")
    await young.say("认领 1001")
    await young.say("13700001111")
    await young.say("心愿完成 1001 我是王大力，书包送到2单元401室了，陪了一个小时", as_jpeg(drawn_face()))
    await old.say("心愿 1001")
    await old.press("收到了")
    await desk.say("建驿站 北门驿站")
    await desk.say("银杏苑北门")
    await desk.say("8:00-18:00")
    await desk.say("热水、微波炉，有事找赵铁柱 13612345678")
    async with program.store.read() as tx:
        (station,) = await stations.listed(tx)
    await desk.say(f"放东西 {station.number} 雨伞 1把 3天")
    await _scan(young, f"s_{station.code}")
    await young.press("借雨伞")
    await _scan(young, f"s_{station.code}")
    await young.press("还雨伞")
    await young.press("有点坏了")
    await young.say("我是王大力，电话13700001111，住2单元401室，伞骨断了", as_jpeg(drawn_face()))
    await desk.say("发起活动 明天上午9点 2小时 5人 银杏社区广场扫楼道，联系赵铁柱13612345678")
    await old.say("我是李秀兰，13987654321，银杏苑3幢2单元401室门口楼道灯坏了")
    await old.press("对，就这样")
    await old.say("随手拍")
    await old.say("银杏苑3幢2单元401室门口堆物，我是李秀兰13987654321", as_jpeg(drawn_face()))


async def _scan(phone: Phone, scene: str) -> None:
    await phone._post("scan", {"scene": scene})


async def test_no_page_no_card_and_no_group_tells_who_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[wish_card.Card] = []

    def draw(card: wish_card.Card) -> bytes:
        drawn.append(card)
        return wish_card.draw(card)

    monkeypatch.setattr(routes_wall, "draw", draw)
    async with TelegramServer() as server:
        config_for(tmp_path, server)
        path = tmp_path / "config.toml"
        path.write_text(path.read_text(encoding="utf-8") + f'[web]\nbase_url = "{BASE}"\n', encoding="utf-8")
        program = await Program.build(load_config(path), clock=TurnedClock())
        await program.start()
        office = Office(program)
        try:
            app = create_app(ProgramBackend(program), program.web, office=office)
            young, old, desk = Phone(app), Phone(app), Phone(app)
            for phone, name in ((young, "王大力"), (old, "李秀兰"), (desk, "赵铁柱")):
                await phone.enter()
                await phone.say("帮助")
                user = (await phone.client.get("/api/me")).json()["user"]
                async with program.store.write() as tx:
                    person = await people.find_by_identity(tx, "web", "", user)
                    assert person is not None
                    await people.set_name(tx, person.id, name)
                    if phone is desk:
                        await roles.grant(tx, person.id, Role.DESK, "yinxing", None, program.clock.now())
            await _live(program, young, old, desk)
            said = {}
            for words in ("驿站", "附近哪里能借雨伞", "积分榜", "支部积分榜", "网格积分榜", "活动", "心愿墙", "岗位"):
                stranger = Phone(app)
                await stranger.enter()
                await stranger.say(words)
                said[words] = stranger.last
                await stranger.client.aclose()
            for queue in ("desk:yinxing", "grid:yinxing-01"):
                posts = (await desk.client.get(f"/api/rooms/{queue}/messages?limit=200")).json()["posts"]
                texts = "".join(post["text"] for post in posts)
                assert texts, queue
                found = [s for s in SECRETS if s != "2单元" and s in texts]  # a worker has to find the building
                assert not found, (queue, found)
            read = await _read(app, drawn)
            for phone in (young, old, desk):
                await phone.client.aclose()
        finally:
            office.close()
            await program.stop()
    assert {"/stations", "/api/stations", "/wall", "/wish/1001", "/wish/1001/card.png", "/api/echoes"} <= read.keys()
    assert read["/open311/v2/requests.json"].startswith("200")
    assert "楼道灯" in read["/open311/v2/requests.json"]
    assert read["/api/echoes"].startswith("200")
    assert "北门驿站" in read["/stations"]
    assert "雨伞" in read["/api/stations"]
    assert "书包" in read["/wish/1001/card.png"]
    assert "王**" in said["积分榜"]
    assert "扫楼道" in said["活动"]
    for where, text in {**read, **said}.items():
        found = [s for s in SECRETS if s in text]
        assert not found, (where, found)


async def _read(app: object, drawn: list[wish_card.Card]) -> dict[str, str]:
    """path -> what a stranger reads there; of a picture the words that were drawn."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    seen = {}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, timeout=30) as stranger:
        for path in addresses(number="1001", form="json", kind="xlsx", code="facility.road.streetlight"):
            answer = await stranger.get(path, headers={"Accept": "text/html"})
            assert answer.status_code < 500 or CLOSED.match(path), path
            text = "" if answer.headers.get("content-type", "").startswith("image/png") else answer.text
            seen[path] = f"{answer.status_code} {text}" + "".join(map(str, drawn))
            drawn.clear()
    return seen
