"""A fake Telegram and a channel that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from bot.channels.telegram.channel import TelegramChannel
from handlers.messages import Address
from tests.fakes.telegram import TOKEN, Group, Person, TelegramServer

Place = Callable[..., Address]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest.fixture
async def channel(server: TelegramServer) -> AsyncIterator[TelegramChannel]:
    made = TelegramChannel(TOKEN, server.base_url, commands=[("start", "开始"), ("help", "怎么用")])
    yield made
    await made.stop()


@pytest.fixture
def li(server: TelegramServer) -> Person:
    return server.person("李阿姨", started=True)


@pytest.fixture
def group(server: TelegramServer, li: Person) -> Group:
    return server.group("第一网格", [li])


def private(who: Person) -> Address:
    return Address(channel="telegram", user=str(who.id), chat=str(who.id))


def whole(group: Group, thread: int = 0) -> Address:
    return Address(channel="telegram", chat=str(group.id), thread=str(thread or ""), is_group=True)
