"""Pages that only open inside WeChat and WeCom, in a browser that plays the app around the platform's own script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from storage import windows
from storage.windows import Who
from tests.browser.conftest import PATIENCE, PHONE
from tests.browser.inside import AGENT, Beside, play
from tests.fakes.wechat import APP_ID, Person
from tests.fakes.wechat.rules import JSAPI, check_page
from tests.fakes.wecom import CORP, WecomServer
from tests.journeys.wechat_program import Town, town
from tests.journeys.wecom import section

ONCE, LASTS = "a" * 43, "b" * 43
FORM = "{{character_string1.DATA}}{{thing2.DATA}}{{phrase3.DATA}}{{time4.DATA}}"
FIELDS = 'fields = {number = "character_string1", item = "thing2", state = "phrase3", at = "time4"}'
KEYS = f'agreed_rate = {{id = "{ONCE}", {FIELDS}}}\nagreed_news = {{id = "{LASTS}", {FIELDS}, lasting = true}}\n'


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside[Town]]:
    with Beside(lambda: town(tmp_path, wechat=KEYS)) as one:
        for form in (ONCE, LASTS):
            one.held.wechat.world.agreements[form] = FORM
        yield one


class Phone:
    """One person's WeChat: its browser, and what they choose when WeChat asks."""

    def __init__(self, beside: Beside[Town], page: Page, person: Person) -> None:
        self.beside, self.page, self.person = beside, page, person
        self.choice = "accept"
        self.fault = 0
        self.verdicts: list[str] = []

    def verified(self, url: str, asked: dict[str, Any]) -> str:
        verdict = check_page(self.beside.held.wechat.world, url, asked)
        self.verdicts.append(verdict)
        return verdict

    def asked(self, templates: str) -> tuple[str, dict[str, Any]]:
        """The box that WeChat shows: its answer goes to the page, and as an event to the account."""
        if self.fault:
            return "error", {"errMsg": "subscribe:fail", "errCode": self.fault}
        wechat = self.beside.held.wechat
        for one in templates.split(","):
            self.beside.run(wechat.agree(self.person, one, accepts=self.choice == "accept"))
        told = {one: json.dumps({"status": self.choice}) for one in templates.split(",")}
        return "success", {"errMsg": "subscribe:ok", "subscribeDetails": json.dumps(told)}

    def opens(self, path: str) -> None:
        """Opens a page of the account; WeChat's own page in between is passed by its rules."""
        running = self.beside.held
        running.wechat.holder = self.person
        self.page.goto(f"{running.base}{path}")


@contextmanager
def phone(chromium: Browser, beside: Beside[Town], person: Person) -> Iterator[Phone]:
    errors: list[str] = []
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", user_agent=AGENT)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Security Policy" in line.text else None)
    mine = Phone(beside, page, person)
    play(context, mine.verified, mine.asked)
    yield mine
    context.close()
    assert errors == []


def test_a_resident_agrees_on_our_page_and_is_told_after_days(chromium: Browser, beside: Beside[Town]) -> None:
    running = beside.held
    aunt = running.wechat.person("李阿姨")
    with phone(chromium, beside, aunt) as mine:
        page = mine.page
        mine.opens("/wechat/notices")
        once = page.locator(".agree-group").nth(0)
        lasting = page.locator(".agree-group").nth(1)
        expect(once.get_by_role("button", name="好，到时候告诉我")).to_be_visible()
        assert mine.verdicts == ["preVerifyJSAPI:ok"], "the signature is the one wechatpy makes"
        assert page.url.partition("#")[0] == f"{running.base}/wechat/notices"
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        size = once.get_by_role("button").bounding_box()
        assert size is not None
        assert size["height"] >= 44

        once.get_by_role("button").click()
        expect(page.locator("#told")).to_have_text("记下了，到时候微信里告诉您。")
        page.evaluate("document.getElementById('told').textContent = ''")
        lasting.get_by_role("button").click()
        expect(page.locator("#told")).to_have_text("记下了，到时候微信里告诉您。")
        mine.choice = "reject"
        page.reload()
        expect(once).to_contain_text("还会提醒您 1 次")
        expect(lasting).to_contain_text("已经开了")
        lasting.get_by_role("button").click()
        expect(page.locator("#told")).to_contain_text("那就不提醒")
        mine.fault = 20004
        once.get_by_role("button").click()
        expect(page.locator("#told")).to_contain_text("您在微信里关掉了这个号的提醒")
        mine.fault = 10002
        once.get_by_role("button").click()
        expect(page.locator("#told")).to_contain_text("过一会儿再按一次")
    kept = beside.run(agreed(running, aunt))
    assert kept == {ONCE: 1}, "one notice, and the lasting one was taken back"
    asked = [call for call in running.wechat.calls if "ticket" in call.path]
    assert len(asked) == 1, "the ticket is kept"


def test_a_page_that_wechat_does_not_trust_says_so(chromium: Browser, beside: Beside[Town]) -> None:
    running = beside.held
    with phone(chromium, beside, running.wechat.person("李阿姨")) as mine:
        mine.opens("/wechat/notices")
        expect(mine.page.get_by_role("button", name="好，到时候告诉我").first).to_be_visible()
        running.wechat.world.tickets.clear()
        mine.page.reload()
        expect(mine.page.locator("#told")).to_have_text("没开成，过一会儿再按一次。")
        assert mine.verdicts[-1] == "preVerifyJSAPI:fail invalid signature"
        mine.page.evaluate(
            "document.dispatchEvent(new CustomEvent('WeixinOpenTagsError', { detail: { errMsg: 'x' } }))"
        )
        expect(mine.page.locator("#told")).to_contain_text("更新以后就能按了")


def test_in_another_browser_the_page_says_where_it_works(chromium: Browser, beside: Beside[Town]) -> None:
    context = chromium.new_context(viewport=PHONE, locale="zh-CN")
    context.route("https://res.wx.qq.com/**", lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{beside.held.base}/wechat/notices")
    expect(page.locator("#told")).to_have_text("请在手机微信里打开这一页。")
    expect(page.locator("wx-open-subscribe").first).to_be_hidden()
    context.close()


def test_a_member_checks_in_where_the_phone_is(chromium: Browser, tmp_path: Path) -> None:
    with Beside(lambda: staffed(tmp_path)) as beside:
        server, running = beside.held
        wang = server.member("wang", "王师傅")
        told: list[str] = []
        errors: list[str] = []

        def verified(url: str, asked: dict[str, Any]) -> str:
            page, ticket = url.partition("#")[0], server.interface.tickets[-1]
            right = JSAPI.get_jsapi_signature(asked["verifyNonceStr"], ticket, asked["verifyTimestamp"], page)
            told.append("ok" if (asked["verifyAppId"], asked["verifySignature"]) == (CORP, right) else "wrong")
            return f"preVerifyJSAPI:{told[-1]}"

        context = chromium.new_context(viewport=PHONE, locale="zh-CN", user_agent=AGENT.replace("Mozilla", "wxwork"))
        play(context, verified, lambda _: ("", {}))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Security Policy" in line.text else None)
        server.holder = "wang"
        page.goto(f"{running.base}/wecom/here")
        expect(page.get_by_role("heading", name="到场签到")).to_be_visible()
        button = page.get_by_role("button", name="我到了")
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.evaluate("window.here = null")
        button.click()
        expect(page.locator("#told")).to_contain_text("没拿到位置")
        page.evaluate("window.here = { latitude: '30.28', longitude: '120.16' }")
        button.click()
        expect(page.locator("#told")).to_have_text("记好了，回聊天里接着办吧。")
        expect(button).to_be_disabled()
        assert told == ["ok"], "the signature is the one wechatpy makes"
        beside.run(server.wait_for(wang, "位置收到了"))
        page.reload()
        expect(page.get_by_role("heading", name="这一页过期了")).to_be_visible()
        assert errors == []
        context.close()


@asynccontextmanager
async def staffed(folder: Path) -> AsyncIterator[tuple[WecomServer, Town]]:
    """A program with WeCom beside, over real HTTP."""
    async with WecomServer() as server:
        keys = f'{section(server, bot=False)}sign_in_url = "{server.base_url}"\n'
        async with town(folder, keys) as running:
            yield server, running
        server.assert_clean()


async def agreed(running: Town, person: Person) -> dict[str, int]:
    who = Who("wechat", APP_ID, person.openid)
    async with running.program.store.read() as tx:
        return await windows.agreed(tx, who)
