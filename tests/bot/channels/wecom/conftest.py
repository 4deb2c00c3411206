"""A channel on a small database, in front of the local platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.base import RawUpdate
from bot.channels.wecom.cards import Words
from bot.channels.wecom.channel import Account, WecomChannel
from bot.channels.wecom.pace import Budget
from handlers.messages import Address, Key, Outgoing
from storage.database import Database
from storage.ids import Ids
from storage.schema import metadata
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.fakes.wecom import AES_KEY, AGENT, BOT, BOT_SECRET, CORP, SECRET, TOKEN, WecomServer
from tests.fakes.wecom.server import PATIENCE

WORDS = Words("已处理", "在应用里回复：{choices}")


class Wired:
    """The channel, its platform, who is in the queues, and what was received."""

    def __init__(self, server: WecomServer, store: Store, **account: Any) -> None:
        self.server = server
        self.store = store
        self.members: dict[str, list[str]] = {}
        self.received: list[RawUpdate] = []
        self.fails = 0
        values: dict[str, Any] = {
            "token": TOKEN,
            "aes_key": AES_KEY,
            "bot_id": BOT,
            "bot_secret": BOT_SECRET,
            "base_url": server.base_url,
            "bot_url": server.bot.url,
            **account,
        }
        self.channel = WecomChannel(
            Account(CORP, AGENT, SECRET, **values),
            store,
            self.of,
            WORDS,
            budget=Budget(server.world.clock.now),
        )
        self.channel.api._client.timeout = httpx.Timeout(PATIENCE)

    async def of(self, queue: str) -> list[str]:
        return self.members.get(queue, [])

    async def take(self, updates: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the database is away")
        self.received += updates


Wire = Callable[..., Any]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'linli.db'}", "test")
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    yield Store(database, Ids(), Sealer([new_key()]))
    await database.close()


@pytest.fixture
async def server() -> AsyncIterator[WecomServer]:
    async with WecomServer() as one:
        yield one


@pytest.fixture
async def wired(server: WecomServer, store: Store) -> AsyncIterator[Wired]:
    one = Wired(server, store)
    server.unhurried(one.channel)
    yield one
    await one.channel.stop()


def to(chat: str, *, group: bool = False) -> Address:
    return Address(channel="wecom", account=CORP, user="" if group else chat, chat=chat, is_group=group)


def keyed(text: str, *labels: str, slot: str = "", typed: bool = False) -> Outgoing:
    """A message with one button a label."""
    keys = tuple(Key(label=label, token=f"code.{n}", typed=label if typed else "") for n, label in enumerate(labels))
    return Outgoing(text=text, keys=(keys,) if keys else (), slot=slot)
