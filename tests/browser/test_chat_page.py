"""The resident's chat in a real browser: talk, press, second tab, no network, keyboard, large text, photo, voice."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from bot.web.words import load_words
from handlers.messages import Address, Key, Outgoing
from tests.bot.web.live import LiveServer
from tests.browser.conftest import PATIENCE, OpenPage

SCRIPT = load_words().section("script")
ANSWER = "明白了，楼道灯坏了"


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()


def until(condition: Callable[[], object]) -> None:
    """Waits for what the page itself does not show."""
    end = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def user_of(page: Page) -> str:
    return str(page.evaluate("fetch('/api/me').then(answer => answer.json()).then(me => me.user)"))


def push(live: LiveServer, page: Page, out: Outgoing, post: str = "") -> str:
    user = user_of(page)
    receipt = live.run(live.program.channel.send(Address(channel="web", user=user, chat=user), out, post=post))
    return str(receipt.ref)  # type: ignore[union-attr]


def test_a_message_is_answered_and_a_button_pressed(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="您好，我是邻里")).to_be_visible()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    expect(page.get_by_role("heading", name="您好，我是邻里")).to_be_hidden()
    expect(page.locator(".post.mine")).to_have_count(1)
    button = page.get_by_role("button", name="对，就这样")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    button.click()
    expect(page.get_by_role("log")).to_contain_text("已登记，单号 1042")
    expect(page.get_by_role("button", name="对，就这样")).to_have_attribute("aria-pressed", "true")


def test_what_is_said_before_the_visit_has_begun_is_answered(
    open_page: OpenPage, live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow network: whoever writes at once is still one visitor, and sees the answer."""
    sessions, may_begin, begun = live.program.channel.sessions, asyncio.Event(), []
    begin = sessions.open

    async def slow(user: str, now: datetime) -> str:
        begun.append(user)
        await may_begin.wait()
        return await begin(user, now)

    async def go_on() -> None:
        may_begin.set()

    monkeypatch.setattr(sessions, "open", slow)
    page = open_page()
    with page.expect_response("**/messages") as refused:
        say(page, "楼道灯坏了")
    assert refused.value.status == 401
    page.wait_for_timeout(200)  # a page that begins a second visit has asked for it by now
    live.run(go_on())
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    expect(page.locator(".post.mine")).to_have_count(1)
    assert len(begun) == 1


def test_a_second_tab_sees_the_same_and_a_reload_keeps_it(open_page: OpenPage) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    other = open_page(beside=page)
    expect(other.get_by_role("log")).to_contain_text(ANSWER)
    say(other, "门也坏了")
    expect(page.get_by_role("log")).to_contain_text("明白了，门也坏了")
    page.reload()
    expect(page.locator(".post")).to_have_count(4)


def test_a_card_changes_in_place(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    card = push(live, page, Outgoing(text="等人接单", keys=((Key(label="撤回", token="w"),),)))
    expect(page.get_by_role("log")).to_contain_text("等人接单")
    push(live, page, Outgoing(text="王师傅已接单"), post=card)
    expect(page.get_by_role("log")).to_contain_text("王师傅已接单")
    expect(page.get_by_role("log")).not_to_contain_text("等人接单")
    expect(page.get_by_role("button", name="撤回")).to_have_count(0)


def test_what_was_written_without_network_is_sent_once_it_is_back(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    expect(page.get_by_role("textbox")).to_be_visible()
    page.context.set_offline(True)
    say(page, "楼道灯坏了")
    expect(page.locator("#network")).to_have_text(SCRIPT["offline"])
    expect(page.locator(".post.mine .under")).to_have_text(SCRIPT["waiting"])
    assert live.program.seen == {}
    page.context.set_offline(False)
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    expect(page.locator(".post.mine")).to_have_count(1)
    expect(page.locator("#network")).to_be_hidden()
    assert [one.text for one in live.program.seen.values()] == ["楼道灯坏了"]


def test_what_does_not_get_out_is_said_though_the_stream_still_lives(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    page.route("**/messages", lambda route: route.abort("internetdisconnected"))
    say(page, "门也坏了")
    expect(page.locator("#network")).to_have_text(SCRIPT["connecting"])
    page.unroute("**/messages")
    expect(page.get_by_role("log")).to_contain_text("明白了，门也坏了")
    expect(page.locator("#network")).to_be_hidden()
    assert len(live.program.seen) == 2


def test_an_unsent_message_outlives_the_page(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    expect(page.get_by_role("textbox")).to_be_visible()
    live.program.busy = True
    say(page, "楼道灯坏了")
    expect(page.locator(".post.mine .under")).to_have_text(SCRIPT["waiting"])
    live.program.busy = False
    page.reload()
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    expect(page.locator(".post.mine")).to_have_count(1)
    assert len(live.program.seen) == 1


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("textbox").focus()
    page.keyboard.type("楼道灯坏了")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("好几天")
    page.keyboard.press("Enter")
    expect(page.locator(".post.mine .text")).to_have_text("楼道灯坏了\n好几天")
    expect(page.get_by_role("log")).to_contain_text("明白了")
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "对，就这样":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("已登记，单号 1042")


def test_large_text_is_remembered(open_page: OpenPage) -> None:
    page = open_page()
    size = "parseFloat(getComputedStyle(document.getElementById('text')).fontSize)"
    small = page.evaluate(size)
    page.get_by_role("button", name="放大字体").click()
    large = page.evaluate(size)
    assert large >= small * 1.3
    page.reload()
    assert page.evaluate(size) == large
    expect(page.get_by_role("button", name="放大字体")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize("large", [False, True])
def test_nothing_sticks_out_and_everything_can_be_hit(open_page: OpenPage, width: int, large: bool) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    if large:
        page.get_by_role("button", name="放大字体").click()
    say(page, "楼道灯坏了" * 12)
    expect(page.get_by_role("button", name="再补充")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame = "document.getElementById('content')"
    assert page.evaluate(f"{frame}.scrollWidth <= {frame}.clientWidth")
    small = """[...document.querySelectorAll('button, a.tool, textarea')]
        .filter((one) => one.checkVisibility())
        .filter((one) => Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width) < 43.5)
        .map((one) => one.outerHTML)"""
    assert page.evaluate(small) == []


def test_a_door_code_is_scanned_once(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page("/?b=yx03")
    expect(page.get_by_role("banner")).to_contain_text("您在：银杏苑 3 幢")
    expect(page.get_by_role("log")).to_contain_text("您扫的码：b_yx03")
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("您扫的码：b_yx03")
    assert len(live.program.seen) == 1


def test_quick_words(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    page.get_by_role("button", name="我的诉求").click()
    expect(page.locator(".post.mine")).to_contain_text("我的诉求")
    expect(page.get_by_role("log")).to_contain_text("明白了，我的诉求")


def test_a_photo_is_sent_and_shown(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(out, "JPEG")
    page.locator("#picture").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    expect(page.get_by_role("log")).to_contain_text("收到 1 个文件")
    picture = page.get_by_role("img", name="我发的照片")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('.photos img').naturalWidth === 300")
    picture.click()
    expect(page.locator("#viewer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()


def test_a_place_is_sent(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page(geolocation={"latitude": 32.2, "longitude": 119.4}, permissions=["geolocation"])
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="位置").click()
    expect(page.get_by_role("log")).to_contain_text("位置收到了")
    (incoming,) = live.program.seen.values()
    assert incoming.geo is not None
    assert (incoming.geo.lat, incoming.geo.lon) == (32.2, 119.4)


def test_a_voice_message_is_recorded_and_sent(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page(permissions=["microphone"])
    button = page.get_by_role("button", name="按一下说话")
    button.click()
    expect(page.locator("#network")).to_contain_text(re.compile(r"正在录音 [1-9]\d* 秒"))
    button.click()
    expect(page.get_by_role("log")).to_contain_text("收到 1 个文件")
    (incoming,) = live.program.seen.values()
    (voice,) = incoming.media
    assert voice.kind == "voice"
    assert voice.duration >= 1


def test_the_last_words_can_be_corrected(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    page.get_by_role("button", name="修改").click()
    say(page, "楼道灯亮了")
    expect(page.get_by_role("log")).to_contain_text("改成了：楼道灯亮了")
    expect(page.locator(".post.mine .text")).to_have_text("楼道灯亮了")
    expect(page.locator(".post.mine")).to_contain_text("已修改")


def test_missed_answers_are_shown_on_return_below_a_line(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    user = user_of(page)
    live.run(live.program.channel.flush_seen())
    page.goto("/wall")
    until(lambda: not live.program.channel.hub.count_open(user))  # the server has seen the chat being left
    address = Address(channel="web", user=user, chat=user)
    live.run(live.program.channel.send(address, Outgoing(text="灯修好了")))
    page.goto("/")
    expect(page.get_by_role("log")).to_contain_text("以下是新消息")
    expect(page.get_by_role("log")).to_contain_text("灯修好了")


def test_an_alert_must_be_dismissed(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    say(page, "楼道灯坏了")
    expect(page.get_by_role("log")).to_contain_text(ANSWER)
    user = user_of(page)
    until(lambda: live.program.channel.hub.count_open(user))  # a toast is for screens that are open
    push(live, page, Outgoing(text="这个按钮过期了", callback=f"{user_of(page)}:x", alert=True))
    expect(page.get_by_role("dialog")).to_contain_text("这个按钮过期了")
    page.get_by_role("button", name=SCRIPT["close"]).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_people_write_is_text(open_page: OpenPage) -> None:
    page = open_page()
    say(page, "<img src=x onerror=alert(1)> https://example.org/a?b=1")
    expect(page.locator(".post.mine .text")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".post.mine .text a")).to_have_attribute("href", "https://example.org/a?b=1")
    assert page.locator(".log img[src='x']").count() == 0


def test_older_messages_are_loaded_on_demand(open_page: OpenPage, live: LiveServer) -> None:
    page = open_page()
    expect(page.get_by_role("textbox")).to_be_visible()
    expect(page.get_by_role("heading", name="您好，我是邻里")).to_be_visible()
    user = user_of(page)
    for number in range(60):
        live.run(
            live.program.channel.send(Address(channel="web", user=user, chat=user), Outgoing(text=f"第 {number} 条"))
        )
    page.reload()
    expect(page.locator(".post")).to_have_count(50)
    page.get_by_role("button", name="看更早的消息").click()
    expect(page.locator(".post")).to_have_count(60)
    texts = page.locator(".post .text").all_text_contents()
    assert [int(re.findall(r"\d+", text)[0]) for text in texts] == list(range(60))
