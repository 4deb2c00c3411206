"""Updates of many chats at once, on both databases: each chat in order and each update once; chats side by side where the
database has many writers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import inbox as module
from bot import shares
from bot.channels.base import RawUpdate
from bot.clock import Clock
from bot.inbox import STRANDS_TOGETHER, STREAMS, Inbox
from bot.shares import Share
from handlers import dispatch
from handlers.messages import Address, Incoming
from storage import events, receipts
from tests.storage.conftest import Fresh
from tests.town import Town


class Wire:
    """Parses {"who", "text"}."""

    name, account = "test", ""

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        address = Address(channel="test", user=raw["who"], chat=raw["who"])
        return [Incoming(id="1", kind="text", at=Clock().now(), address=address, text=raw["text"])]


@asynccontextmanager
async def taking(tmp_path: Path, url: str) -> AsyncIterator[tuple[Town, Inbox]]:
    """On PostgreSQL one process beside others, who holds every stream now."""
    async with Town.open(tmp_path, url=url) as town:
        share = Share("updates", STREAMS, alone=town.store.database.is_sqlite)
        if not share.alone:
            share.hold(set(STREAMS), len(STREAMS), shares._monotonic() + 600)
        channels: Any = {("test", ""): Wire()}
        inbox = Inbox(town.store, town.city, channels, Clock(), share)
        await inbox.start()
        try:
            yield town, inbox
        finally:
            await inbox.stop()


def update(number: int, who: str, text: str) -> RawUpdate:
    return RawUpdate(str(number), {"who": who, "text": text})


def strand_of(who: str) -> int:
    return receipts.stream_of("test", "", who) % STRANDS_TOGETHER


async def test_each_chat_is_answered_in_order_and_each_update_once(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def note(_city: Any, tx: Any, incoming: Incoming, now: Any) -> None:
        number, _, fails = incoming.text.partition(" ")
        who = int(incoming.address.user.removeprefix("p"))
        await events.add(tx, "test", who, "test.heard", now, data={"number": int(number)})
        if fails:
            raise RuntimeError("not this one")

    monkeypatch.setattr(dispatch, "handle", note)
    monkeypatch.setattr(dispatch, "give_up", note)
    people, each, bad = 24, 6, 7
    said = [(who, n) for n in range(each) for who in range(people)]
    async with taking(tmp_path, url) as (town, inbox):
        some = [update(i, f"p{who}", f"{n} x" if who == bad and n == 2 else str(n)) for i, (who, n) in enumerate(said)]
        await asyncio.gather(*[inbox.receive("test", "", [one], wait=True) for one in some])
        async with town.store.read() as tx:
            assert await receipts.count(tx, receipts.DONE) == people * each - 1
            assert await receipts.count(tx, receipts.FAILED) == 1, "given up after its tries"
            for who in range(people):
                heard = [event.data["number"] for event in await events.history(tx, "test", who)]
                assert heard == [n for n in range(each) if (who, n) != (bad, 2)]


async def test_a_chat_that_takes_long_does_not_keep_the_others_waiting(
    tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "p0"
    other = next(f"p{n}" for n in range(1, 100) if strand_of(f"p{n}") != strand_of(first))
    answered = asyncio.Event()

    async def handle(_city: Any, _tx: Any, incoming: Incoming, _now: Any) -> None:
        if incoming.address.user == first:
            await answered.wait()

    monkeypatch.setattr(module.dispatch, "handle", handle)
    async with taking(tmp_path, fresh("postgresql")) as (_, inbox), asyncio.timeout(60):
        slow = asyncio.create_task(inbox.receive("test", "", [update(1, first, "x")], wait=True))
        await asyncio.sleep(0)
        try:
            await inbox.receive("test", "", [update(2, other, "x")], wait=True)
        finally:
            answered.set()  # else the end would wait for the first one, for ever
        await slow
