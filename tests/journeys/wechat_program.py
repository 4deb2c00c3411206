"""The whole program with a WeChat account: its pages served on loopback, the local WeChat server, a clock that tests turn."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from bot.backend import ProgramBackend
from bot.catalogue import SHIPPED_STREET
from bot.config import load_config
from bot.program import Program
from bot.web.app import create_app
from storage import people, receipts, roles, timers
from storage.tx import Tx
from tests.fakes.wechat import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, WeChatServer
from tests.fakes.wechat.world import Person
from tests.journeys.conftest import PATIENCE, TurnedClock
from tests.serving import KEEP_ALIVE, begun
from workflow.rights import Role

IN_TIME = 120.0
"""Seconds the program has for an answer here, and the platform a little more: whether it keeps to the platform's five is
judged where nothing else runs (benchmarks), and that it asks for less is the channels' contract."""


class Worker:
    """Somebody who works in the web chat: a browser that is signed in."""

    def __init__(self, client: httpx.AsyncClient, queue: str) -> None:
        self.client = client
        self.queue = queue

    async def posts(self) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/api/rooms/{self.queue}/messages?limit=200")
        answer.raise_for_status()
        return list(answer.json()["posts"])

    async def find(self, *parts: str) -> dict[str, Any]:
        """The newest post with all these words on it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for post in reversed(await self.posts()):
                shown = post.get("text", "") + "".join(k["label"] for row in post.get("keys", []) for k in row)
                if all(part in shown for part in parts):
                    return post
            await asyncio.sleep(0.05)
        raise AssertionError(f"no {parts}: {[p.get('text', '')[:60] for p in await self.posts()]}")

    async def press(self, label: str, *parts: str) -> None:
        post = await self.find(label, *parts)
        token = next(k["token"] for row in post["keys"] for k in row if k["label"] == label)
        body = {"post": post["id"], "token": token, "client_id": secrets.token_hex(8)}
        answer = await self.client.post(f"/api/rooms/{self.queue}/presses?wait=true", json=body)
        assert answer.status_code == 202, answer.text

    async def says(self, text: str) -> None:
        body = {"text": text, "client_id": secrets.token_hex(8)}
        answer = await self.client.post(f"/api/rooms/{self.queue}/messages?wait=true", json=body)
        assert answer.status_code == 202, answer.text


class Town:
    """A started program, its WeChat, its clock."""

    def __init__(self, program: Program, wechat: WeChatServer, clock: TurnedClock, base: str) -> None:
        self.program, self.wechat, self.clock, self.base = program, wechat, clock, base
        self._clients: list[httpx.AsyncClient] = []

    def browser(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=self.base, headers={"X-Linli": "1"}, trust_env=False, timeout=PATIENCE)
        self._clients.append(client)
        return client

    async def worker(self, name: str, queue: str, grid: str) -> Worker:
        """Gives somebody in a browser a role."""
        client = self.browser()
        user = (await client.post("/api/session")).json()["user"]

        async def employ(tx: Tx) -> None:
            person = await people.add_person(tx, "web", "", user, name, self.clock.now())
            await roles.grant(tx, person.id, Role.GRID_WORKER, grid, None, self.clock.now())

        await self.program.store.run(employ)
        return Worker(client, queue)

    async def opens(self, person: Person, path: str, client: httpx.AsyncClient | None = None) -> httpx.Response:
        """Opens one of our pages inside WeChat: there, to the silent sign-in, and back; the page that it ends on."""
        browser = client or self.browser()
        there = await browser.get(path)
        assert there.status_code == 303, there.text
        back = await browser.get(self.wechat.authorize(person, there.headers["location"]))
        if back.status_code != 303:
            return back
        return await browser.get(back.headers["location"])

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def turn(self, **span: float) -> None:
        """Time passes when nothing is left to do; what falls due is done and sent."""
        await self.settled()
        self.clock.turn(**span)
        await self.settled()

    async def settled(self) -> None:
        """Returns when what came in is handled, what is due has gone off, and what may be sent is sent."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if await self._works():
                    await asyncio.sleep(0.05)
                    continue
                await self.program.sender.drained()
                if not await self._works():
                    return

    async def _works(self) -> bool:
        async with self.program.store.read() as tx:
            due = await timers.due(tx, self.clock.now(), 1)
            return bool(due) or await receipts.count(tx, receipts.WAITING) > 0


@asynccontextmanager
async def town(folder: Path, more: str = "", wechat: str = "", url: str = "") -> AsyncIterator[Town]:
    """Starts everything. `more` are sections, `wechat` keys of [wechat]."""
    clock = TurnedClock()
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with WeChatServer(clock.now) as platform:
        platform.world.web_domain = base.removeprefix("http://")
        path = folder / "config.toml"
        path.write_text(
            f'[street]\nfile = "{SHIPPED_STREET}"\n[web]\nbase_url = "{base}"\n'
            f'[wechat]\napp_id = "{APP_ID}"\napp_secret = "{SECRET}"\ntoken = "{TOKEN}"\naes_key = "{AES_KEY}"\n'
            f'original_id = "{ORIGINAL_ID}"\nbase_url = "{platform.base_url}"\nsign_in_url = "{platform.base_url}"\n'
            f"{wechat}\n[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0\n"
            f"{more}\n{f'[storage]{chr(10)}url = {chr(34)}{url}{chr(34)}' if url else ''}\n",
            encoding="utf-8",
        )
        program = await Program.build(load_config(path), clock=clock)
        program.answers.within, platform.pusher.patience = IN_TIME, IN_TIME + 20
        assert program.wechat is not None  # an answer rides on the request as long as the program may take for it here
        program.city.channels["wechat"] = program.city.channels["wechat"].model_copy(  # type: ignore[index]
            update={"answers_for": IN_TIME + 10}
        )
        await program.start()
        site = create_app(ProgramBackend(program), program.web)
        server = uvicorn.Server(
            uvicorn.Config(site, log_config=None, lifespan="off", ws="none", timeout_keep_alive=KEEP_ALIVE)
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = await begun(server, listening)
        platform.pusher.url = f"{base}/hooks/wechat"
        running = Town(program, platform, clock, base)
        try:
            yield running
            platform.assert_clean()
        finally:
            await running.close()
            await program.web.stop()
            server.should_exit = True
            await serving
            await program.stop()
