"""The program in this process, on a clock that tests turn, against the local Bot API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import SHIPPED_STREET
from bot.clock import Clock
from bot.config import Config, load_config
from bot.program import Program
from storage import people, receipts, roles
from tests.fakes.telegram import TOKEN, TelegramServer
from workflow.rights import Role

ACCOUNT = TOKEN.partition(":")[0]
PATIENCE = 120.0
"""Seconds after which what a journey waits for is taken for lost; what comes in time costs none of them."""


class TurnedClock(Clock):
    """Real time plus what the test has added, starting on a Monday morning."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = datetime(2026, 11, 16, 2, 0, tzinfo=UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def turn(self, **span: float) -> None:
        self.ahead += timedelta(**span)


class Running:
    """A started program with its server and clock."""

    def __init__(self, program: Program, server: TelegramServer, clock: TurnedClock) -> None:
        self.program = program
        self.server = server
        self.clock = clock

    async def employ(self, person: Any, role: Role, scope: str, name: str) -> None:
        """Gives a role to somebody on Telegram."""
        async with self.program.store.write() as tx:
            found = await people.find_by_identity(tx, "telegram", ACCOUNT, str(person.id))
            found = found or await people.add_person(tx, "telegram", ACCOUNT, str(person.id), name, self.clock.now())
            await roles.grant(tx, found.id, role, scope, None, self.clock.now())

    async def settled(self) -> None:
        """Returns when every update was taken, what was taken is handled, and what may be sent is sent."""
        await self.server.wait_confirmed()
        async with asyncio.timeout(PATIENCE):
            while await self._handles():  # noqa: ASYNC110 - whoever handles them tells nobody
                await asyncio.sleep(0.02)
            await self.program.sender.drained()

    async def _handles(self) -> bool:
        async with self.program.store.read() as tx:
            return await receipts.count(tx, receipts.WAITING) > 0

    async def room(self, group: Any, queue: str, thread: str = "") -> None:
        """Makes a group the room of a queue."""
        async with self.program.store.write() as tx:
            chat = await people.find_chat(tx, "telegram", ACCOUNT, str(group.id), thread)
            chat = chat or await people.add_chat(
                tx,
                channel="telegram",
                account=ACCOUNT,
                chat=str(group.id),
                thread=thread,
                is_group=True,
                person_id=None,
                title=queue,
                now=self.clock.now(),
            )
            await people.bind_room(tx, queue, chat.id, None, self.clock.now())


def config_for(folder: Path, server: TelegramServer, **telegram: Any) -> Config:
    """A configuration with the limits off, so that a journey takes seconds."""
    path = folder / "config.toml"
    values = {"per_second": 1000.0, "chat_interval": 0.0, "group_per_minute": 100000, **telegram}
    lines = "\n".join(f"{key} = {value!r}".replace("'", '"') for key, value in values.items())
    path.write_text(
        f'[street]\nfile = "{SHIPPED_STREET}"\n[telegram]\ntoken = "{TOKEN}"\nbase_url = "{server.base_url}"\n{lines}\n'
        "[limits]\nper_person = 0\nper_person_presses = 0\nper_group = 0\n",
        encoding="utf-8",
    )
    return load_config(path)


Starter = Callable[..., Any]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with TelegramServer() as server, started(tmp_path, server) as one:
        server.methods.callback_life = PATIENCE
        yield one
        server.assert_clean()


@asynccontextmanager
async def started(folder: Path, server: TelegramServer, clock: TurnedClock | None = None) -> AsyncIterator[Running]:
    """Builds and starts; stops cleanly."""
    turned = clock or TurnedClock()
    program = await Program.build(config_for(folder, server), clock=turned)
    await program.start()
    try:
        yield Running(program, server, turned)
    finally:
        await program.stop()
