"""Files taken from the web desk: the list as it is filtered, and one record on paper; only who may export sees the first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.office import DeskServer
from tests.browser.test_desk import check_axe, enter, shot
from workflow.rights import Role


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    with DeskServer(tmp_path_factory.mktemp("desk")) as running:
        running.files("银杏苑三栋二单元楼道灯坏了好几天，我电话13912341234", "李阿姨")
        running.files("银杏苑5幢楼下垃圾桶满了没人收，味道很大", "赵大爷")
        yield running


def test_the_list_as_it_is_filtered_is_taken_away(
    chromium: Browser, server: DeskServer, errors: list[str], tmp_path: Path
) -> None:
    page = enter(chromium, server, errors, "街道老周")
    expect(page.locator(".row")).to_have_count(2)
    page.get_by_label("事项", exact=True).select_option(label="楼道灯、门禁、对讲")
    expect(page.locator(".row")).to_have_count(1)
    shot(page, "desk-take")
    check_axe(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Excel").click()
    kept = tmp_path / "list.xlsx"
    taken.value.save_as(kept)
    rows = list(openpyxl.load_workbook(io.BytesIO(kept.read_bytes())).active.iter_rows(values_only=True))
    assert len(rows) == 2
    assert 1001 in rows[1]
    assert "13912341234" not in repr(rows)
    page.locator('.row[data-number="1001"] a').click()
    paper = page.get_by_role("link", name="打印")
    expect(paper).to_have_attribute("href", "/api/desk/records/1001/print.pdf")
    answer = page.request.get("/api/desk/records/1001/print.pdf")
    assert answer.body().startswith(b"%PDF")
    shot(page, "desk-print")
    page.context.close()


def test_a_worker_is_not_offered_what_is_refused(chromium: Browser, server: DeskServer, errors: list[str]) -> None:
    page = enter(chromium, server, errors, "王师傅", role=Role.GRID_WORKER, scope="yinxing-01")
    expect(page.locator(".row")).to_have_count(2)
    expect(page.get_by_role("link", name="Excel")).to_have_count(0)
    page.context.close()
