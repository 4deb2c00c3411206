"""The web desk in Chromium: signing in, working with keys, on a phone, live between two people, readable by everybody."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import PATIENCE, PHONE
from tests.browser.office import DeskServer
from workflow.rights import Role

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SCREEN = {"width": 1440, "height": 900}
SHOTS = os.environ.get("LINLI_TEST_SHOTS", "")
"""A folder for pictures of the pages, for people to look at; empty: none are taken."""
REPORTS = [
    ("银杏苑三栋二单元楼道灯坏了好几天，我妈晚上不敢下楼，我电话13912341234", "李阿姨"),
    ("银杏苑5幢楼下垃圾桶满了没人收，味道很大", "赵大爷"),
    ("银杏苑三栋楼道灯又不亮了", "周婶"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    with DeskServer(tmp_path_factory.mktemp("desk")) as running:
        for text, by in REPORTS:
            running.files(text, by)
        running.files("老问题又来了，说了好几回都没人理，烦死了", "孙伯", to_desk=True)
        yield running


def enter(
    chromium: Browser, server: DeskServer, errors: list[str], name: str, size: dict[str, int] = SCREEN, **who: object
) -> Page:
    context = chromium.new_context(base_url=server.url, viewport=size, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Security Policy" in line.text else None)
    page.goto(server.door(name, who.get("role", Role.STREET), who.get("scope", "linjiang")))
    expect(page).to_have_url(server.url + "/desk")
    expect(page.locator("body[data-ready]")).to_be_attached()
    return page


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def check_axe(page: Page) -> None:
    """No finding of axe-core that is serious or worse."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(done => done.violations)")
    bad = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not bad, json.dumps([(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in bad], ensure_ascii=False)


def test_the_desk_is_worked_by_keys(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "街道老周")
    expect(page.locator(".row")).to_have_count(4)
    check_axe(page)
    page.get_by_role("button", name="待派").click()
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_contain_text("1004")
    shot(page, "desk-record")
    check_axe(page)
    page.keyboard.press("d")
    page.get_by_label("派给").select_option(label="银杏社区第一网格")
    page.get_by_label("附一句话").fill("请先去看看")
    shot(page, "desk-dispatch")
    check_axe(page)
    page.get_by_role("dialog").get_by_role("button", name="派单").click()
    expect(page.locator("#toast")).to_contain_text("已转给")
    expect(page.locator(".timeline")).to_contain_text("请先去看看")
    page.keyboard.press("Escape")
    expect(page.locator(".row")).to_have_count(0)
    page.context.close()


def test_words_are_found_and_lists_kept(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "街道老周")
    page.keyboard.press("/")
    page.keyboard.type("垃圾桶")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row")).to_contain_text("1002")
    page.get_by_role("button", name="存为常用").click()
    page.get_by_label("给这个列表起个名字").fill("垃圾")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".view")).to_contain_text("垃圾")
    page.get_by_label("搜单子").fill("尾号1234")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_contain_text("1001")
    expect(page.locator("#note")).to_contain_text("已留痕")
    page.context.close()


def test_the_same_matter_is_looked_at_side_by_side(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "街道老周")
    page.goto("/desk/1003")
    page.get_by_role("button", name="并排看").click()
    expect(page.locator(".side")).to_have_count(2)
    shot(page, "desk-pair")
    check_axe(page)
    page.get_by_role("button", name="把 1003 并到 1001").click()
    expect(page.locator(".state-mark")).to_have_text("已并案")
    page.get_by_role("button", name="拆开单办").click()
    expect(page.locator(".state-mark")).to_have_text("待接单")
    page.context.close()


def test_what_one_does_the_other_sees_and_a_phone_is_enough(
    chromium: Browser, server: DeskServer, errors: list[str]
) -> None:
    street = enter(chromium, server, errors, "街道老周")
    street.goto("/desk/1001")
    expect(street.locator(".state-mark")).to_have_text("待接单")
    worker = enter(chromium, server, errors, "王师傅", PHONE, role=Role.GRID_WORKER, scope="yinxing-01")
    shot(worker, "desk-phone-list")
    check_axe(worker)
    worker.locator(".row", has_text="1001").get_by_role("link").click()
    worker.get_by_role("button", name="我来接").click()
    expect(worker.locator(".state-mark")).to_have_text("已接单")
    shot(worker, "desk-phone-record")
    check_axe(worker)
    expect(street.locator(".state-mark")).to_have_text("已接单")
    worker.get_by_role("button", name="联系方式").click()
    expect(worker.get_by_role("dialog")).to_contain_text("13912341234")
    worker.get_by_role("button", name="关闭").click()
    assert worker.evaluate("document.documentElement.scrollWidth <= innerWidth")
    worker.get_by_role("button", name="回到列表").click()
    expect(worker.locator(".row").first).to_be_visible()
    for page in (street, worker):
        page.context.close()


def test_many_records_at_once_and_the_way_out(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    numbers = [server.files("老毛病了，没人管，怎么回事", who, to_desk=True) for who in ("钱一", "钱二")]
    page = enter(chromium, server, errors, "街道老周")
    page.get_by_role("button", name="待派").click()
    for number in numbers:
        page.get_by_label(f"勾选 {number}").check()
    shot(page, "desk-bulk")
    page.locator("#bulk").get_by_role("button", name="派单").click()
    page.get_by_label("派给").select_option(label="银杏社区第一网格")
    page.get_by_role("dialog").get_by_role("button", name="派单").click()
    expect(page.locator("#toast")).to_contain_text("2 单都办好了")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("heading", name="请先登录工作台")).to_be_visible()
    page.context.close()


def test_the_cockpit_fills_a_wall_and_a_phone(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    for n in range(12):
        grid = ("银杏苑", "银杏苑", "渡口新村")[n % 3]
        server.files(f"{grid}{n % 4 + 1}幢楼道灯坏了，第{n}回", f"邻居{n % 5}")
    server.whistles("dept:urban", "dept:water")
    page = enter(chromium, server, errors, "街道老周", {"width": 1920, "height": 1080})
    page.goto("/cockpit")
    expect(page.locator("body[data-ready]")).to_be_attached()
    received = page.get_by_role("button", name="受理").first
    before = int(received.locator("b").inner_text())
    called = page.get_by_role("region", name="吹哨联办").get_by_role("row", name="城管")
    expect(called).to_contain_text("1 / 1")
    expect(called).to_contain_text("4.0 星（1 次）")
    shot(page, "cockpit-1920")
    check_axe(page)
    server.files("银杏苑2幢楼道灯坏了，又来了", "邻居9")
    expect(received.locator("b")).to_have_text(str(before + 1))
    received.click()
    expect(page.get_by_role("dialog").locator(".row")).to_have_count(before + 1)
    page.get_by_role("button", name="关闭").click()
    page.get_by_role("row", name="银杏社区").get_by_role("button", name="银杏社区").click()
    expect(page.locator("#crumb")).to_contain_text("银杏社区")
    expect(page.get_by_role("heading", name="吹哨联办")).to_be_hidden()
    page.goto("/cockpit?screen=1")
    expect(page.locator("body[data-ready]")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shot(page, "cockpit-screen")
    page.context.close()
    phone = enter(chromium, server, errors, "街道老周", PHONE)
    phone.goto("/cockpit")
    expect(phone.locator("body[data-ready]")).to_be_attached()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(phone, "cockpit-phone")
    check_axe(phone)
    phone.goto("/cockpit/board")
    expect(phone.locator("body[data-ready]")).to_be_attached()
    check_axe(phone)
    shot(phone, "board-phone")
    phone.context.close()


def test_a_moment_of_another_year_says_so(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "街道老周")
    told = page.evaluate(
        """async () => {
            const src = document.querySelector('script[type=module]').src.replace('main.js', 'base.js');
            const { when } = await import(src);
            const now = new Date(), before = new Date(now);
            before.setUTCFullYear(now.getUTCFullYear() - 3);
            return [when(now.toISOString()), when(before.toISOString()), when('2023-11-21T16:30:00Z')];
        }"""
    )
    assert re.fullmatch(r"\d\d:\d\d", told[0])
    assert re.fullmatch(r"20\d\d/\d+/\d+ \d\d:\d\d", told[1])
    assert told[2] == "2023/11/22 00:30"


def test_a_press_counts_though_news_arrive_meanwhile(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    number = server.files("银杏苑三栋一单元门禁坏了", "吴叔")
    page = enter(chromium, server, errors, "街道老周")
    page.goto(f"/desk/{number}")
    expect(page.locator("#live")).to_have_class(re.compile(r"\bon\b"))
    held: list[Route] = []
    page.route(f"**/api/desk/records/{number}", lambda route: held.append(route))
    with page.expect_request(f"**/api/desk/records/{number}"):
        server.files("银杏苑三栋一单元门禁又坏了", "郑姨")
    page.locator("#detail").get_by_role("button", name="派单", exact=True).hover()
    page.mouse.down()
    with page.expect_response(f"**/api/desk/records/{number}"):
        held[0].continue_()
    page.wait_for_timeout(200)  # a page that draws at once has drawn by now
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.context.close()
