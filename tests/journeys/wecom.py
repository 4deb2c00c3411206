"""The program with WeCom beside the web chat: configured, started and reached as in production, on a turned clock."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.backend import ProgramBackend
from bot.catalogue import SHIPPED_STREET
from bot.config import Config, load_config
from bot.program import Program
from bot.web.app import create_app
from storage import people, roles
from tests.fakes.wecom import AES_KEY, AGENT, BOT, BOT_SECRET, CORP, SECRET, TOKEN, Group, Member, WecomServer
from tests.journeys.conftest import PATIENCE, TurnedClock
from workflow.rights import Role

QUEUE, GRID = "grid:yinxing-01", "yinxing-01"


def section(server: WecomServer, *, bot: bool = True) -> str:
    """[wecom] for this platform, with its real limits."""
    robot = f'bot_id = "{BOT}"\nbot_secret = "{BOT_SECRET}"\nbot_url = "{server.bot.url}"\n' if bot else ""
    return (
        f'[wecom]\ncorp_id = "{CORP}"\nagent_id = {AGENT}\nsecret = "{SECRET}"\n'
        f'token = "{TOKEN}"\naes_key = "{AES_KEY}"\nbase_url = "{server.base_url}"\n{robot}'
    )


def config_for(folder: Path, server: WecomServer, more: str = "", *, bot: bool = True) -> Config:
    """A configuration with the platform's real limits and none of ours."""
    path = folder / "config.toml"
    path.write_text(
        f'[street]\nfile = "{SHIPPED_STREET}"\n{section(server, bot=bot)}{more}'
        "[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0\n",
        encoding="utf-8",
    )
    return load_config(path)


class Company:
    """A started program with its platform, and residents on the web chat."""

    def __init__(
        self, program: Program, server: WecomServer, clock: TurnedClock, transport: httpx.AsyncBaseTransport
    ) -> None:
        self.program = program
        self.server = server
        self.clock = clock
        self.transport = transport
        self.browsers: list[httpx.AsyncClient] = []

    def turn(self, **span: float) -> None:
        """Both clocks go on together."""
        before = self.clock.ahead
        self.clock.turn(**span)
        self.server.world.clock.turn((self.clock.ahead - before).total_seconds())

    async def employ(self, member: Member, role: Role = Role.GRID_WORKER, scope: str = GRID) -> None:
        """Gives a role, and lets the rooms follow."""
        async with self.program.store.write() as tx:
            found = await people.find_by_identity(tx, "wecom", CORP, member.id)
            found = found or await people.add_person(tx, "wecom", CORP, member.id, member.name, self.clock.now())
            await roles.grant(tx, found.id, role, scope, None, self.clock.now())
        assert self.program.wecom is not None
        await self.program.wecom.rooms.follow()

    async def room(self, group: Group, queue: str = QUEUE) -> None:
        """Makes a group with the bot the room of a queue."""
        async with self.program.store.write() as tx:
            chat = await people.find_chat(tx, "wecom", CORP, f"g/{group.id}")
            chat = chat or await people.add_chat(
                tx,
                channel="wecom",
                account=CORP,
                chat=f"g/{group.id}",
                thread="",
                is_group=True,
                person_id=None,
                title=group.name,
                now=self.clock.now(),
            )
            await people.bind_room(tx, queue, chat.id, None, self.clock.now())
        group.met = True
        self.server.world.messages.setdefault(group.id, [])

    # ---------------------------------------------------------------- a resident on the web

    async def resident(self) -> Resident:
        """A browser of somebody who lives here."""
        client = httpx.AsyncClient(transport=self.transport, base_url="https://linli.test", headers={"X-Linli": "1"})
        self.browsers.append(client)
        (await client.post("/api/session")).raise_for_status()
        return Resident(client)


class Resident:
    """Somebody at a browser, over the web side's own HTTP."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def says(self, words: str) -> None:
        body = {"client_id": secrets.token_hex(8), "text": words}
        (await self._client.post("/api/chat/messages?wait=true", json=body)).raise_for_status()

    async def presses(self, label: str) -> None:
        """Presses the newest button with this label."""
        for post in reversed(await self.posts()):
            for key in [key for row in post.get("keys") or [] for key in row]:
                if key["label"] == label:
                    body = {"client_id": secrets.token_hex(8), "post": post["id"], "token": key["token"]}
                    (await self._client.post("/api/chat/presses?wait=true", json=body)).raise_for_status()
                    return
        raise AssertionError(f"no button {label!r}: {await self.posts()}")

    async def posts(self) -> list[dict[str, Any]]:
        """What the chat shows, oldest first."""
        found = (await self._client.get("/api/chat/messages?limit=200")).raise_for_status().json()
        return list(found["posts"])

    async def hears(self, part: str, within: float = PATIENCE) -> str:
        """Waits until the chat shows this, on a post or a button."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while True:
            posts = await self.posts()
            for post in reversed(posts):
                shown = " ".join([post["text"], *(key["label"] for row in post.get("keys") or [] for key in row)])
                if part in shown:
                    return shown
            if loop.time() > until:
                raise AssertionError(f"no {part!r}: {[post['text'] for post in posts]}")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def company(folder: Path, server: WecomServer, more: str = "", *, bot: bool = True) -> AsyncIterator[Company]:
    """Builds and starts the program; callbacks reach it through its own web side. Stops cleanly."""
    clock = TurnedClock()
    server.world.clock.ahead = clock.ahead.total_seconds()
    program = await Program.build(config_for(folder, server, more, bot=bot), clock=clock)
    app = create_app(ProgramBackend(program), program.web)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    server.callbacks.url, server.callbacks.transport = "https://linli.test/hooks/wecom", transport
    if program.wecom is not None:
        server.unhurried(program.wecom.channel)
    await program.start()
    running = Company(program, server, clock, transport)
    try:
        if program.wecom is not None and program.wecom.channel.bot is not None:
            await asyncio.wait_for(program.wecom.channel.bot.ready.wait(), PATIENCE)
        yield running
    finally:
        await server.callbacks.settle()
        for browser in running.browsers:
            await browser.aclose()
        await program.stop()
