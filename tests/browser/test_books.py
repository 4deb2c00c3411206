"""Bringing a book in Chromium: a file with a fault, the mended one, codes that are shown once; on a phone; not for others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nlp.street import parse_street
from tests.browser.conftest import PHONE
from tests.browser.office import DeskServer
from tests.browser.test_desk import check_axe, enter, shot
from tests.office.test_imports import FIRST_GRID, PLACES, STAFF, book
from workflow.rights import Role


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    with DeskServer(tmp_path_factory.mktemp("books")) as running:
        yield running


def brings(page: Page, kind: str, folder: Path, content: bytes) -> None:
    """Chooses a kind and a file, and looks at it."""
    path = folder / "book.xlsx"
    path.write_bytes(content)
    page.get_by_label(kind).check()
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="先看看").click()
    expect(page.locator("#result")).to_contain_text("核对结果")


def test_a_book_is_looked_at_mended_and_taken_in(
    chromium: Browser, server: DeskServer, errors: list[str], tmp_path: Path
) -> None:
    page = enter(chromium, server, errors, "街道老周")
    page.get_by_role("link", name="导入").click()
    expect(page.locator("body[data-ready]")).to_be_attached()
    check_axe(page)
    with page.expect_download() as template:
        page.get_by_role("link", name="下载模板").click()
    assert template.value.suggested_filename == "linli-residents.xlsx"
    brings(page, "工作人员名单", tmp_path, book(STAFF, ("王建国", "网格员", FIRST_GRID), ("孙敏", "站长", "银杏社区")))
    expect(page.locator("#result")).to_contain_text("没有这个角色")
    expect(page.locator("#result")).to_contain_text("B3")
    expect(page.locator("#result")).not_to_contain_text("null")
    expect(page.get_by_role("button", name="导入 1 行")).to_have_count(0)
    check_axe(page)
    shot(page, "books-faults")
    brings(
        page, "工作人员名单", tmp_path, book(STAFF, ("王建国", "网格员", FIRST_GRID), ("孙敏", "网格长", FIRST_GRID))
    )
    expect(page.locator("#result")).not_to_contain_text("王建国")
    page.get_by_role("button", name="导入 2 行").click()
    expect(page.locator("#result td.code")).to_have_count(2)
    expect(page.locator("#result")).to_contain_text("王建国")
    expect(page.locator("#recent")).to_contain_text("工作人员名单")
    check_axe(page)
    shot(page, "books-codes")
    page.reload()
    expect(page.locator("body[data-ready]")).to_be_attached()
    expect(page.locator("td.code")).to_have_count(0)
    page.context.close()


def test_places_on_a_phone_become_a_file_to_take_away(
    chromium: Browser, server: DeskServer, errors: list[str], tmp_path: Path
) -> None:
    page = enter(chromium, server, errors, "街道老周", PHONE)
    page.goto("/desk/import")
    expect(page.locator("body[data-ready]")).to_be_attached()
    brings(page, "小区道路地标", tmp_path, book(PLACES, (FIRST_GRID, "桂花苑", "桂苑", "1-6", "", "", "", "")))
    check_axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "books-phone")
    page.get_by_role("button", name="导入 1 行").click()
    with page.expect_download() as proposal:
        page.locator("#result").get_by_role("link", name="下载新的街道文件").click()
    made = parse_street(tomllib.loads(proposal.value.path().read_text(encoding="utf-8")))
    assert any(estate.name == "桂花苑" for estate in made.estates())
    page.context.close()


def test_a_community_desk_is_told_whose_it_is(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "刘书记", role=Role.DESK, scope="yinxing")
    expect(page.locator("#books")).to_be_hidden()
    page.goto("/desk/import")
    expect(page.locator("#bring")).to_contain_text("导入由街道工作台来做")
    page.context.close()
