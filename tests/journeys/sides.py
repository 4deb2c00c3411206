"""The same people on either channel: a journey says who says and presses what; a side says how that is done and read.

Telegram is the local Bot API server over HTTP, the web chat the program's own server on a free port; on WeChat and WeCom
residents are on the one and whoever works here on the other.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import uvicorn

from benchmarks.drivers import WebScreen
from bot.backend import ProgramBackend
from bot.catalogue import SHIPPED_STREET
from bot.config import Config, load_config
from bot.office import Office
from bot.program import Program
from bot.web.app import create_app
from storage import events, people, requests, roles
from storage.events import Event
from storage.requests import Request
from tests.fakes.telegram import TelegramServer
from tests.fakes.wechat import Person
from tests.fakes.wecom import CORP, Member, WecomServer
from tests.journeys.conftest import ACCOUNT, PATIENCE, Running, TurnedClock, config_for
from tests.journeys.wechat_program import Town, town
from tests.journeys.wecom import section
from tests.serving import KEEP_ALIVE, begun
from workflow.rights import Role

MONDAY = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


class Side(Protocol):
    """A running program, its clock, and people on one channel."""

    program: Program
    clock: TurnedClock
    base: str
    """Where the program's own pages are."""

    async def person(self, name: str, *grants: tuple[Role, str]) -> None:
        """Somebody with a private chat, and with roles."""
        ...

    async def room(self, queue: str, *names: str) -> None:
        """A group of a queue with these people."""
        ...

    async def say(self, who: str, text: str, room: str = "") -> None: ...

    async def press(self, who: str, label: str, room: str = "") -> None: ...

    async def photo(self, who: str, words: str) -> None:
        """A photo with words, in private."""
        ...

    async def scan(self, who: str, scene: str) -> None:
        """A code at a place."""
        ...

    async def texts(self, where: str) -> list[str]:
        """What the program has said to somebody, or in a room, as it stands now."""
        ...


async def sees(side: Side, where: str, part: str) -> str:
    """Waits until this is read there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for text in reversed(await side.texts(where)):
            if part in text:
                return text
        await asyncio.sleep(0.1)
    raise AssertionError(f"{part!r} is not seen by {where}: {(await side.texts(where))[-4:]}")


async def sits(side: Side, who: str, stack: AsyncExitStack) -> httpx.AsyncClient:
    """A browser at the web desk, signed in by the link that this person is sent in their chat; closed with the stack."""
    browser = httpx.AsyncClient(base_url=side.base, headers={"X-Linli": "1"}, timeout=60, trust_env=False)
    await stack.enter_async_context(browser)
    used = await _links(side, who)
    await side.say(who, "工作台")
    end = time.monotonic() + PATIENCE
    while not (fresh := [link for link in await _links(side, who) if link not in used]):
        assert time.monotonic() < end, f"no link for {who}: {(await side.texts(who))[-2:]}"
        await asyncio.sleep(0.1)
    answer = await browser.post(fresh[0])
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    return browser


async def _links(side: Side, who: str) -> list[str]:
    return re.findall(r"/desk/in/[\w-]+", "\n".join(await side.texts(who)))


async def stored(side: Side, number: int = 1001) -> Request:
    """The record as it is kept."""
    async with side.program.store.read() as tx:
        found = await requests.find_by_number(tx, number)
    assert found is not None
    return found


async def ledger(side: Side, number: int = 1001) -> list[Event]:
    """What happened to it."""
    request = await stored(side, number)
    async with side.program.store.read() as tx:
        return await events.history(tx, "request", request.id)


async def until(side: Side, event: str, count: int = 1, **data: Any) -> None:
    """Waits until the ledger has so many of an event with this data."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = [e for e in await ledger(side) if e.name == event and data.items() <= e.data.items()]
        if len(found) >= count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"no {event} {data}: {[(e.name, e.data) for e in await ledger(side)][-6:]}")


async def grant(
    side: Side, channel: str, account: str, user: str, name: str, held: tuple[tuple[Role, str], ...]
) -> None:
    async with side.program.store.write() as tx:
        found = await people.find_by_identity(tx, channel, account, user)
        found = found or await people.add_person(tx, channel, account, user, name, side.clock.now())
        await people.set_name(tx, found.id, name)
        for role, scope in held:
            await roles.grant(tx, found.id, role, scope, None, side.clock.now())


class TelegramSide:
    """On the local Bot API server."""

    def __init__(self, running: Running, base: str) -> None:
        self.program, self.clock, self._running, self.base = running.program, running.clock, running, base
        self._people: dict[str, Any] = {}
        self._rooms: dict[str, Any] = {}

    async def person(self, name: str, *grants: tuple[Role, str]) -> None:
        server = self._running.server
        self._people[name] = server.person(name, started=True)
        await grant(self, "telegram", ACCOUNT, str(self._people[name].id), name, grants)
        server.start(self._people[name])
        await sees(self, name, "")

    async def room(self, queue: str, *names: str) -> None:
        group = self._running.server.group(queue, [self._people[n] for n in names], bot="administrator")
        self._rooms[queue] = group
        await self._running.room(group, queue)

    async def say(self, who: str, text: str, room: str = "") -> None:
        where = [self._rooms[room]] if room else []
        self._running.server.text(self._people[who], text, *where)

    async def press(self, who: str, label: str, room: str = "") -> None:
        server, where = self._running.server, self._rooms[room] if room else self._people[who]
        await server.wait_for(where, lambda seen: label in seen.buttons or any(label in row for row in seen.buttons))
        server.press(self._people[who], label, *([where] if room else []))

    async def press_on(self, who: str, part: str, label: str) -> None:
        """The button under a message with these words in it, in private."""
        server, where = self._running.server, self._people[who]
        found = await server.wait_for(
            where, lambda seen: part in seen.text and any(label in row for row in seen.buttons)
        )
        server.press(where, label, message=found.id)

    async def photo(self, who: str, words: str) -> None:
        self._running.server.photo(self._people[who], caption=words)

    async def scan(self, who: str, scene: str) -> None:
        self._running.server.start(self._people[who], scene)

    async def texts(self, where: str) -> list[str]:
        chat = self._rooms.get(where) or self._people[where]
        return [seen.text for seen in self._running.server.seen(chat) if seen.mine]


class WebSide:
    """In browsers, through the program's own HTTP server."""

    def __init__(self, program: Program, clock: TurnedClock, base: str, stack: AsyncExitStack) -> None:
        self.program, self.clock, self.base, self._stack = program, clock, base, stack
        self._people: dict[str, WebScreen] = {}
        self._rooms: dict[str, dict[str, WebScreen]] = {}

    async def person(self, name: str, *grants: tuple[Role, str]) -> None:
        screen = await self._stack.enter_async_context(await WebScreen.open(self.base))
        self._people[name] = screen
        await grant(self, "web", "", await screen.who(), name, grants)
        await screen.say("你好")

    async def room(self, queue: str, *names: str) -> None:
        self._rooms[queue] = {n: WebScreen(self._people[n]._client, queue) for n in names}

    async def say(self, who: str, text: str, room: str = "") -> None:
        await (self._rooms[room][who] if room else self._people[who]).say(text)

    async def press(self, who: str, label: str, room: str = "") -> None:
        screen = self._rooms[room][who] if room else self._people[who]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            screen._answers = []
            if await screen.press(label):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no button {label!r} for {who}: {[s.labels for s in await screen.shown()][-3:]}")

    async def press_on(self, who: str, part: str, label: str) -> None:
        """The button under a message with these words in it."""
        await sees(self, who, part)
        for post in await self._people[who]._posts():
            token = next((k["token"] for row in post["keys"] for k in row if k["label"] == label), "")
            if part in post["text"] and token:
                await self._people[who].press_token(post["id"], token)
                return
        raise AssertionError(f"no button {label!r} under {part!r} for {who}")

    async def photo(self, who: str, words: str) -> None:
        await self._people[who].say(words, photo=True)

    async def scan(self, who: str, scene: str) -> None:
        await self._people[who].scan(scene)

    async def texts(self, where: str) -> list[str]:
        screen = next(iter(self._rooms[where].values())) if where in self._rooms else self._people[where]
        screen._answers = []
        return [shown.text for shown in await screen.shown()]


class AppsSide:
    """Where people really are: residents on WeChat, whoever works here on WeCom; both platforms enforce their rules."""

    def __init__(self, running: Town, wecom: WecomServer) -> None:
        self.program, self.clock = running.program, Together(running.clock, wecom)
        self._running, self._wecom, self.base = running, wecom, running.base
        self._members: dict[str, Member] = {}
        self._people: dict[str, Person] = {}
        self._rooms: dict[str, str] = {}

    async def person(self, name: str, *grants: tuple[Role, str]) -> None:
        if not grants:
            self._people[name] = self._running.wechat.person(name)
            return
        self._members[name] = self._wecom.member(f"m{len(self._members)}", name)
        await grant(self, "wecom", CORP, self._members[name].id, name, grants)
        assert self.program.wecom is not None
        await self.program.wecom.rooms.follow()

    async def room(self, queue: str, *names: str) -> None:
        self._rooms[queue] = names[0]  # everybody has the room's cards in their own chat

    async def say(self, who: str, text: str, room: str = "") -> None:
        if who in self._members:
            self._wecom.text(self._members[who], text)
        else:
            await self._running.wechat.text(self._people[who], text)

    async def press(self, who: str, label: str, room: str = "") -> None:
        if who in self._members:
            await self._wecom.wait_until(lambda: self._has(who, label), lambda: f"no {label!r}", PATIENCE)
            self._wecom.press(self._members[who], label)
            return
        for _ in range(int(PATIENCE / 0.1)):
            with suppress(AssertionError):
                number = self._running.wechat.choice(self._people[who], label)
                await self._running.wechat.text(self._people[who], number)
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"no choice {label!r} for {who}: {(await self.texts(who))[-2:]}")

    def _has(self, who: str, label: str) -> bool:
        return any(label in seen.buttons for seen in self._wecom.seen(self._members[who]))

    async def texts(self, where: str) -> list[str]:
        who = self._rooms.get(where, where)
        if who in self._members:
            return [seen.text for seen in self._wecom.seen(self._members[who])]
        return [seen.text for seen in self._running.wechat.seen(self._people[who])]


class Together(TurnedClock):
    """The program's clock and WeCom's, turned as one."""

    def __init__(self, clock: TurnedClock, wecom: WecomServer) -> None:
        super().__init__()
        self._clock, self._wecom = clock, wecom
        self.turn()

    def now(self) -> datetime:
        return self._clock.now()

    def turn(self, **span: float) -> None:
        self._clock.turn(**span)
        self._wecom.world.clock.ahead = self._clock.ahead.total_seconds()


@asynccontextmanager
async def on_apps(folder: Path, url: str, start: datetime = MONDAY) -> AsyncIterator[Side]:
    """A program on this database with both platforms of Tencent, over real HTTP both ways."""
    async with WecomServer() as wecom:
        keys = (
            "" if url.startswith("sqlite") else '[privacy]\nkeys = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]\n'
        )
        async with town(folder, f"{section(wecom, bot=False)}{keys}", url=url) as running:
            running.clock.ahead = start - datetime.now(UTC)
            wecom.callbacks.url = f"{running.base}/hooks/wecom"
            yield AppsSide(running, wecom)
            await wecom.callbacks.settle()
        wecom.assert_clean()


@asynccontextmanager
async def on_telegram(folder: Path, url: str, start: datetime = MONDAY) -> AsyncIterator[Side]:
    """A program on this database, and its Bot API server."""
    async with TelegramServer() as server:
        config = _at(config_for(folder, server), url)
        async with _started(config, start) as (program, clock), _pages(program) as base:
            yield TelegramSide(Running(program, server, clock), base)
        server.assert_clean()


@asynccontextmanager
async def on_web(folder: Path, url: str, start: datetime = MONDAY) -> AsyncIterator[Side]:
    """A program on this database, and its web server on a free port."""
    path = folder / "config.toml"
    path.write_text(
        f'[street]\nfile = "{SHIPPED_STREET}"\n[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0\n',
        encoding="utf-8",
    )
    async with (
        _started(_at(load_config(path), url), start) as (program, clock),
        _pages(program) as base,
        AsyncExitStack() as stack,
    ):
        yield WebSide(program, clock, base, stack)


@asynccontextmanager
async def _pages(program: Program) -> AsyncIterator[str]:
    """The program's web server on a free port, with the web desk; where it is."""
    listening, office = socket.create_server(("127.0.0.1", 0)), Office(program)
    app = create_app(ProgramBackend(program), program.web, office=office)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_keep_alive=KEEP_ALIVE)
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = await begun(server, listening)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        office.close()
        await program.web.stop()
        server.should_exit = True
        await serving


def _at(config: Config, url: str) -> Config:
    storage = config.storage.model_copy(update={"url": url})
    privacy = config.privacy
    if not url.startswith("sqlite"):
        privacy = privacy.model_copy(update={"keys": ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",)})
    return config.model_copy(update={"storage": storage, "privacy": privacy})


@asynccontextmanager
async def _started(config: Config, start: datetime) -> AsyncIterator[tuple[Program, TurnedClock]]:
    clock = TurnedClock()
    clock.ahead = start - datetime.now(UTC)
    program = await Program.build(config, clock=clock)
    await program.start()
    try:
        yield program, clock
    finally:
        await program.stop()


SIDES = {"telegram": on_telegram, "web": on_web, "apps": on_apps}
