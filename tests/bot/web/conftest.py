"""An app with a small program behind it, and browsers that talk to it in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from bot.channels.webchat.channel import WebChannel
from bot.web.app import create_app
from bot.web.identity import COOKIE
from tests.bot.web.program import Program, open_channel

OWN = {"X-Linli": "1"}
Browser = httpx.AsyncClient
OpenBrowser = Callable[[], Awaitable[Browser]]


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[WebChannel]:
    db, channel = await open_channel(tmp_path)
    yield channel
    await channel.stop()
    await db.close()


@pytest.fixture
def program(channel: WebChannel) -> Program:
    return Program(channel)


@pytest.fixture
async def stranger(program: Program, channel: WebChannel) -> AsyncIterator[OpenBrowser]:
    """Opens browsers without a session."""
    app = create_app(program, channel, metrics_token="token-of-metrics")
    async with AsyncExitStack() as stack:

        async def open_browser() -> Browser:
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 5000))
            client = Browser(transport=transport, base_url="http://linli.test", headers=OWN)
            return await stack.enter_async_context(client)

        yield open_browser


@pytest.fixture
async def browser(stranger: OpenBrowser) -> OpenBrowser:
    """Opens browsers with a session."""

    async def open_browser() -> Browser:
        client = await stranger()
        assert (await client.post("/api/session")).status_code == 200
        return client

    return open_browser


@pytest.fixture
async def anna(browser: OpenBrowser) -> Browser:
    return await browser()


async def user_of(client: Browser) -> str:
    return str((await client.get("/api/me")).json()["user"])


__all__ = ["COOKIE", "OWN", "Browser", "OpenBrowser", "user_of"]
