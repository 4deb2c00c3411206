"""Rooms, the wall and the chat without scripts, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from bot.web.ports import StationLent, WebStation
from tests.bot.web.live import LiveServer
from tests.bot.web.program import QUEUE
from tests.browser.conftest import OpenPage


def enter(open_page: OpenPage, live: LiveServer, name: str) -> Page:
    page = open_page()
    expect(page.get_by_role("heading", name="您好，我是邻里")).to_be_visible()
    user = page.evaluate("fetch('/api/me').then(answer => answer.json()).then(me => me.user)")
    live.program.staff[user] = name
    page.goto("/rooms")
    page.get_by_role("link", name="银杏社区第一网格").click()
    expect(page.get_by_role("heading", name="银杏社区第一网格")).to_be_visible()
    return page


def test_one_claims_and_the_late_one_is_told(open_page: OpenPage, live: LiveServer) -> None:
    wang, li = enter(open_page, live, "王师傅"), enter(open_page, live, "李姐")
    live.run(live.program.post_card())
    expect(li.get_by_role("button", name="接单")).to_be_visible()
    li_button = li.get_by_role("button", name="接单").element_handle()
    wang.get_by_role("button", name="接单").click()
    for page in (wang, li):
        expect(page.get_by_role("log")).to_contain_text("✅ 1042 王师傅 10:45 接单")
    assert li_button is not None
    card = li.locator(".post.bot").get_attribute("data-id")
    late = {"token": "claim", "post": card, "client_id": "late"}
    li.evaluate(
        """body => fetch(location.pathname.replace('/room', '/api/rooms') + '/presses', {method: 'POST',
        body: JSON.stringify(body), headers: {'X-Linli': '1', 'Content-Type': 'application/json'}})""",
        late,
    )
    expect(li.locator("#toast")).to_have_text("王师傅 3 秒前接了。")
    expect(wang.locator("#toast")).to_be_hidden()


def test_colleagues_talk_and_answer_a_card(open_page: OpenPage, live: LiveServer) -> None:
    wang, li = enter(open_page, live, "王师傅"), enter(open_page, live, "李姐")
    card = live.run(live.program.post_card())
    li.get_by_role("button", name="回复").click()
    expect(li.locator("#context")).to_contain_text("1042 楼道灯")
    li.get_by_role("textbox").fill("我在附近")
    li.keyboard.press("Enter")
    expect(wang.locator(".post .who").last).to_have_text("李姐")
    expect(wang.locator(".post .quote")).to_contain_text("1042 楼道灯")
    (incoming,) = (one for one in live.program.seen.values() if one.text)
    assert (incoming.reply_to, incoming.address.chat) == (card, f"r:{QUEUE}")


def test_an_invitation_code_reaches_the_private_chat(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page("/rooms")
    page.get_by_label("邀请码").fill("AB-12")
    page.get_by_role("button", name="加入").click()
    expect(page.get_by_role("log")).to_contain_text("您扫的码：i_AB-12")


def test_a_wish_is_picked_from_the_wall(open_page: OpenPage, live: LiveServer) -> None:
    live.program.add_wishes(6)
    page = open_page("/wall")
    page.get_by_role("link", name="陪伴").click()
    expect(page.locator(".wish")).to_have_count(2)
    page.locator(".adopt").first.click()
    expect(page.get_by_role("log")).to_contain_text("您扫的码：w_")


def test_wall_and_chat_without_scripts(open_page: OpenPage, live: LiveServer) -> None:
    live.program.add_wishes(6)
    page = open_page("/wall", java_script_enabled=False)
    expect(page.locator(".wish")).to_have_count(6)
    page.goto("/")
    page.get_by_role("textbox").fill("楼道灯坏了")
    page.get_by_role("button", name="发送", exact=True).click()
    expect(page.locator(".post").last).to_contain_text("明白了，楼道灯坏了")
    page.get_by_role("button", name="对，就这样").click()
    expect(page.locator(".post").last).to_contain_text("已登记，单号 1042")


def test_stations_are_ordered_from_where_the_visitor_is(open_page: OpenPage, live: LiveServer) -> None:
    live.program.places = [
        WebStation(1, "北门驿站", "银杏苑北门", "8:00-18:00", "热水", True, None, (StationLent("雨伞", 2, 72),))
    ]
    here = {"latitude": 32.20456, "longitude": 119.40123}
    page = open_page("/stations", geolocation=here, permissions=["geolocation"])
    expect(page.get_by_role("heading", name="北门驿站")).to_be_visible()
    page.get_by_role("button", name="按我的位置排").click()
    page.wait_for_url("**/stations?lat=32.205&lon=119.401")
    expect(page.get_by_text("约 50 米")).to_be_visible()
    page.get_by_role("searchbox").fill("轮椅")
    page.get_by_role("button", name="找一找").click()
    expect(page.get_by_role("heading", name="眼下没有驿站有“轮椅”")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
