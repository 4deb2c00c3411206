"""A town with its web desk: people sign in by the link in their chat, and their browsers talk to the app in process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from bot.channels.webchat.channel import WebChannel
from bot.media import MediaStore
from bot.office import Office
from bot.web.app import create_app
from handlers import draft as drafts
from handlers import filing
from handlers.turn import Turn
from storage import counters, events, people, requests
from storage.events import Event
from storage.requests import Request
from tests.bot.web.conftest import OWN
from tests.bot.web.program import Program
from tests.town import Town
from workflow.rights import Role

GRID, DESK = "yinxing-01", "yinxing"
LAMP = "银杏苑三栋二单元楼道灯坏了好几天，我妈晚上不敢下楼，我电话13912341234"
VAGUE = "老问题又来了，说了好几回都没人理，烦死了"
STEPS = ("对，就这样", "登记", "不是一件", "交给社区")
_LINK = re.compile(r"/desk/in/([\w-]+)")
Browser = httpx.AsyncClient


class _Clock:
    """The town's time."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def now(self) -> datetime:
        return self._town.now


class _Inbox:
    """What is told when something is to be sent: the town sends by itself."""

    def __init__(self) -> None:
        self.said = asyncio.Event()


class _Program:
    """As much of the program as the web desk sees."""

    def __init__(self, town: Town) -> None:
        self.city, self.store, self.clock, self.inbox = town.city, town.store, _Clock(town), _Inbox()


@dataclass
class DeskTown:
    """A town, and browsers in it."""

    town: Town
    app: FastAPI
    office: Office
    media: MediaStore
    stack: AsyncExitStack
    browsers: dict[str, Browser] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, *, url: str = "") -> AsyncIterator[DeskTown]:
        async with Town.open(folder, url=url) as town, AsyncExitStack() as stack:
            media = MediaStore(folder / "media")
            channel = WebChannel(town.store.database, media, town.store.sealer)
            office = Office(_Program(town))  # type: ignore[arg-type]
            app = create_app(Program(channel), channel, office=office)
            yield cls(town, app, office, media, stack)
            await channel.stop()

    async def browser(self) -> Browser:
        """One that nobody is signed in on."""
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 5000))
        client = Browser(transport=transport, base_url="http://linli.test", headers=OWN)
        return await self.stack.enter_async_context(client)

    async def link(self, name: str) -> str:
        """The token of the link that this person gets when they ask in their chat."""
        await self.town.says(name, "工作台")
        found = _LINK.search(self.town.last(name))
        assert found, self.town.last(name)
        return found[1]

    async def sits(self, name: str, role: Role = Role.DESK, scope: str = DESK) -> Browser:
        """Gives a role, signs in, and returns the browser."""
        await self.town.employs(name, role, scope)
        client = await self.browser()
        answer = await client.post(f"/desk/in/{await self.link(name)}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
        self.browsers[name] = client
        return client

    async def reported(self, text: str = LAMP, by: str = "李阿姨") -> int:
        """Reports it in chat to the end; its number."""
        before = await self.newest()
        await self.town.says(by, text)
        for _ in range(5):
            if (now := await self.newest()) > before:
                return now
            labels = [label for _, row in self.town.screen(by)[-1:] for label in row]
            await self.town.presses(by, next((w for w in STEPS if any(w in label for label in labels)), labels[0]))
        raise AssertionError(self.town.screen(by)[-2:])

    async def at_desk(self, text: str = VAGUE, by: str = "李阿姨") -> int:
        """Files something nobody could place: it waits at the street's desk; its number."""
        return await self.filed(text, by, to_desk=True)

    async def filed(self, text: str = LAMP, by: str = "李阿姨", *, to_desk: bool = False) -> int:
        """Files it as a chat would, without asking the resident anything; its number."""
        await self.town.says(by, "帮助")
        async with self.town.store.write() as tx:
            person = await people.find_by_identity(tx, "test", "", by)
            assert person is not None
            turn = Turn(
                self.town.city, tx, self.town.now, chat=await people.find_private_chat(tx, person.id), person=person
            )
            draft = drafts.new(turn)
            draft.words.append(text)
            filed, _ = await filing.file(turn, draft, drafts.read(turn, draft), to_desk=to_desk, intent="request")
        await self.town.deliver()
        return filed.number

    async def newest(self) -> int:
        """The highest record number."""
        async with self.town.store.read() as tx:
            return int(await counters.last_number(tx))

    async def act(self, client: Browser, number: int, act: str, **values: Any) -> httpx.Response:
        answer = await client.post(f"/api/desk/records/{number}/acts", json={"act": act, **values})
        await self.town.deliver()
        return answer

    async def record(self, number: int) -> Request:
        async with self.town.store.read() as tx:
            found = await requests.find_by_number(tx, number)
        assert found is not None
        return found

    async def steps(self, number: int) -> list[str]:
        """What the ledger says about a record."""
        async with self.town.store.read() as tx:
            found = await requests.find_by_number(tx, number)
            assert found is not None
            return [e.name for e in await events.history(tx, "request", found.id)]

    async def history(self, name: str) -> list[Event]:
        """What the ledger says about a person."""
        async with self.town.store.write() as tx:
            person = await people.find_by_identity(tx, "test", "", name)
            assert person is not None
            return await events.history(tx, "person", person.id)
