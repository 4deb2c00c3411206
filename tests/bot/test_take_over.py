"""A bot's account goes from one process to another: what the platform ordered and counted goes with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import gate
from bot.accounts import parts
from bot.clock import Clock
from bot.files import Files
from bot.media import MediaStore
from bot.sender import Sender
from bot.shares import Shares
from handlers.messages import Address, Capabilities, Outgoing, Receipt, Refusal, Refused
from storage import leases
from tests.bot.test_sender import Wire, chat_of, queued
from tests.town import Town

LIMIT = 5
WINDOW = 2.0


class Timed(Wire):
    """Remembers when each message was taken, and by which process."""

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__()
        self.capabilities = capabilities
        self.at: list[float] = []

    async def send(self, address: Address, out: Outgoing, **more: Any) -> Receipt | Refused:
        self.at.append(time.monotonic())
        return await super().send(address, out, **more)


@asynccontextmanager
async def process(town: Town, wire: Wire, folder: Path, *, alone: bool = False) -> AsyncIterator[Sender]:
    """A sender with leases of its own, as a process has them."""
    channels: Any = {("test", ""): wire}
    shares = Shares(town.store, alone=alone)
    share = shares.want("send", list(parts(channels)))
    files = Files(town.store, MediaStore(folder / "media"), channels)
    sender = Sender(town.store, town.city, channels, Clock(), files, asyncio.Event(), share)
    await shares.start()
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()
        await shares.stop()


async def paused(town: Town) -> float:
    async with town.store.read() as tx:
        return await leases.paused_for(tx, "test", "")


async def until_taken(wire: Wire, count: int) -> None:
    for _ in range(12_000):
        if len(wire.taken) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(wire.taken)} of {count} were sent")


@pytest.mark.parametrize("alone", [True, False])
async def test_a_pause_goes_with_the_account(tmp_path: Path, alone: bool) -> None:
    """Also past a restart of the only process; a shorter order that comes later takes nothing away."""
    wire = Timed(Capabilities())
    wire.answers = [Refused(reason=Refusal.RATE, retry_for=2.5), Refused(reason=Refusal.RATE, retry_for=0.1)]
    async with Town.open(tmp_path) as town:
        chat, other = await chat_of(town, "c"), await chat_of(town, "other")
        async with process(town, wire, tmp_path, alone=alone):
            await queued(town, chat, "one")
            while not wire.at:  # noqa: ASYNC110 - the platform refuses
                await asyncio.sleep(0.01)
            told = wire.at[0]
            while not await paused(town) and len(wire.at) < 2:  # noqa: ASYNC110 - the order is written down
                await asyncio.sleep(0.01)
        await queued(town, other, "two")
        async with process(town, wire, tmp_path, alone=alone):
            while len(wire.at) < 2:  # noqa: ASYNC110 - refused again
                await asyncio.sleep(0.01)
            assert wire.at[1] - told >= 2.5
            await until_taken(wire, 2)
        assert sorted(text for _, text, _ in wire.taken) == ["one", "two"]


@pytest.mark.parametrize("alone", [True, False])
async def test_a_groups_minute_goes_with_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """However often the account changes hands, no group gets more than its limit within the window."""
    monkeypatch.setattr(gate, "GROUP_WINDOW", WINDOW)
    monkeypatch.setattr("bot.accounts.GROUP_WINDOW", WINDOW)
    monkeypatch.setattr("bot.sender.PATIENCE", 120)  # what is under way at the end of a process is sent once
    wire = Timed(Capabilities(group_per_minute=LIMIT))
    async with Town.open(tmp_path) as town:
        group = await chat_of(town, "group", is_group=True)
        await queued(town, group, *[str(n) for n in range(12)])
        for stop_after in (3, 5, 12):
            async with process(town, wire, tmp_path, alone=alone):
                await until_taken(wire, stop_after)
    assert [text for _, text, _ in wire.taken] == [str(n) for n in range(12)]
    spans = [wire.at[n + LIMIT] - wire.at[n] for n in range(len(wire.at) - LIMIT)]
    assert min(spans) >= WINDOW - 0.05, "one too many within the window"  # the clock of the store ticks in ms


async def test_two_processes_never_send_for_one_account(tmp_path: Path) -> None:
    wire = Timed(Capabilities())
    async with Town.open(tmp_path) as town:
        chats = [await chat_of(town, f"c{n}") for n in range(10)]
        async with process(town, wire, tmp_path), process(town, wire, tmp_path):
            for chat in chats:
                await queued(town, chat, "a", "b", "c")
            await until_taken(wire, 30)
            await asyncio.sleep(0.2)
    assert len(wire.taken) == 30
    for chat in chats:
        assert [text for name, text, _ in wire.taken if name == chat.chat] == ["a", "b", "c"]
