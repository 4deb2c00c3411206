"""Pages: complete without scripts, nothing from elsewhere, and no markup from what people wrote."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from bot.web.ports import StationLent, WallWish, WebStation
from bot.web.words import load_words
from tests.bot.web.conftest import Browser, OpenBrowser, user_of
from tests.bot.web.program import QUEUE, Program

HTML = {"Accept": "text/html"}


async def test_the_chat_page_names_the_street_and_the_scanned_place(anna: Browser) -> None:
    page = (await anna.get("/?b=yx03")).text
    assert "<title>邻里 · 临江街道</title>" in page
    assert "您在：银杏苑 3 幢" in page
    start = json.loads(re.search(r'id="start">(.*?)</script>', page).group(1))
    assert start == {"api": "/api/chat", "scene": "b_yx03", "room": False}


@pytest.mark.parametrize(
    ("query", "scene"),
    [
        ("w=12", "w_12"),
        ("s=00ff00ff00ff00ff", "s_00ff00ff00ff00ff"),
        ("t=00ff00ff00ff00ff", "t_00ff00ff00ff00ff"),
        ("i=AB-3", "i_AB-3"),
        ("b=none", "b_none"),
        ("", ""),
        ("b=%3Cscript%3E", ""),
        ("b=&w=7&from=timeline", "w_7"),
    ],
)
async def test_scenes(anna: Browser, query: str, scene: str) -> None:
    assert f'"scene": "{scene}"' in (await anna.get(f"/?{query}")).text


async def test_the_room_page_is_for_members(anna: Browser, stranger: OpenBrowser, program: Program) -> None:
    assert (await (await stranger()).get(f"/room/{QUEUE}")).headers["location"] == "/rooms"
    refused = await anna.get(f"/room/{QUEUE}", headers=HTML)
    assert refused.status_code == 403
    assert "填邀请码" in refused.text
    program.staff[await user_of(anna)] = "王师傅"
    page = await anna.get(f"/room/{QUEUE}")
    assert "银杏社区第一网格" in page.text
    assert f'"/api/rooms/{QUEUE}"' in page.text
    assert f"/room/{QUEUE}" in (await anna.get("/rooms")).text


async def test_the_wall_is_readable_without_scripts_and_filtered(anna: Browser, program: Program) -> None:
    program.add_wishes(40)
    page = (await anna.get("/wall")).text
    assert page.count('class="wish ') == 30
    assert 'href="/?w=37"' in page
    assert 'href="/wall?before=11"' in page
    assert (await anna.get("/wall?before=11")).text.count('class="wish ') == 10
    filtered = (await anna.get("/wall?kind=company&community=yinxing")).text
    assert 'kind=company&amp;" aria-current="true"' in filtered.replace("community=yinxing&amp;", "")
    assert ">小物件<span" not in filtered


async def test_what_people_wrote_is_never_markup(anna: Browser, program: Program) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    at = datetime(2026, 11, 1, tzinfo=UTC)
    program.wishes.append(WallWish(1, evil, "goods", evil, "published", at, 0))
    await anna.post("/api/chat/messages", json={"text": evil, "client_id": "m1"})
    for path in ("/", "/wall"):
        page = (await anna.get(path)).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


async def test_a_missing_page_is_a_page_for_people_and_a_problem_for_programs(anna: Browser) -> None:
    page = await anna.get("/nope", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "没有找到这一页" in page.text
    assert (await anna.get("/nope")).json()["code"] == "not_found"


async def test_without_scripts_the_form_works(stranger: OpenBrowser, program: Program) -> None:
    client = await stranger()
    answer = await client.post("/say", data={"text": "楼道灯坏了"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = (await client.get("/")).text
    assert "明白了，楼道灯坏了" in page
    post = re.search(r'name="post" value="(\d+)"', page).group(1)
    await client.post("/say", data={"post": post, "token": "yes"})
    assert "已登记，单号 1042" in (await client.get("/")).text


async def test_the_form_of_a_foreign_page_is_refused(anna: Browser, program: Program) -> None:
    answer = await anna.post("/say", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert program.seen == {}


@pytest.mark.parametrize("path", ["/", "/rooms", "/wall", "/docs", "/nope"])
async def test_pages_take_nothing_from_elsewhere_and_run_no_inline_script(anna: Browser, path: str) -> None:
    page = (await anna.get(path, headers=HTML)).text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
    assert not re.findall(r"\son\w+=|style=|<style", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "src=" in script or "application/json" in script


async def test_every_asset_of_every_page_is_there(anna: Browser, program: Program) -> None:
    program.staff[await user_of(anna)] = "王师傅"
    for path in ("/", "/rooms", "/wall", f"/room/{QUEUE}"):
        found = re.findall(r'(?:src|href)="(/static/[^"#]+)', (await anna.get(path)).text)
        assert len(found) > 5, path
        for asset in found:
            assert (await anna.get(asset)).status_code == 200, asset


async def test_the_docs_page_lists_every_operation(anna: Browser) -> None:
    page = (await anna.get("/docs")).text
    for path in (await anna.get("/openapi.json")).json()["paths"]:
        assert f"<code>{path}</code>" in page


async def test_every_problem_has_its_sentence() -> None:
    words = load_words()
    assert set(words.section("problem_detail")) <= set(words.section("problem"))
    with pytest.raises(KeyError):
        words.get("problem", "no_such_problem")


def _station(number: int, name: str, free: int = 2) -> WebStation:
    lent = (StationLent("雨伞", free, 72), StationLent("充电宝", 0, 4))
    return WebStation(number, name, "银杏苑北门", "8:00-18:00", "热水、<b>微波炉</b>", True, None, lent)


async def test_stations_are_readable_without_scripts_and_found_by_what_they_have(
    anna: Browser, program: Program
) -> None:
    assert "还没有登记驿站" in (await anna.get("/stations")).text
    program.places = [_station(1, "北门驿站"), _station(2, "公园驿站")._replace(lent=())]
    page = (await anna.get("/stations")).text
    assert page.count('class="station"') == 2
    assert "还有 2" in page
    assert "借完了" in page
    assert "借 3 天" in page
    assert "借 4 小时" in page
    assert "&lt;b&gt;微波炉" in page
    only = (await anna.get("/stations?thing=雨伞")).text
    assert "北门驿站" in only
    assert "公园驿站" not in only
    near = (await anna.get("/stations?lat=32.2&lon=119.402")).text
    assert "约 1.0 公里" not in near
    assert "约 50 米" in near
    assert (await anna.get("/api/stations?lat=32.2&lon=119.402")).json()[0]["metres"] == 2
    assert (await anna.get("/api/stations?lat=91&lon=1")).status_code == 422
