"""Chromium against a live server. Skipped by name where Chromium is not installed, unless CI says it must be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bot.web.live import LiveServer

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-ui-for-media-stream"]
FLAGS += ["--use-fake-device-for-media-stream"]
PHONE = {"width": 390, "height": 844}
OpenPage = Callable[..., Page]
PATIENCE = 60_000
"""Milliseconds after which what a page should do is taken for not done; what is done in time costs none of them."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: while Playwright's own loop runs in this thread, no asynchronous test can."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=3 * PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What scripts of the pages complain of; at the end it must be nothing."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path) as server:
        yield server


@pytest.fixture
def open_page(chromium: Browser, live: LiveServer) -> Iterator[OpenPage]:
    """Opens a path in a browser of its own, or in that of another page. Errors in scripts fail the test."""
    errors: list[str] = []
    contexts = []

    def open_one(path: str = "/", *, beside: Page | None = None, **options: object) -> Page:
        if beside:
            context = beside.context
        else:
            context = chromium.new_context(base_url=live.url, **{"viewport": PHONE, "locale": "zh-CN", **options})
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Security Policy" in line.text else None)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []
