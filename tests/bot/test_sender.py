"""Delivery: order per chat, limits, refusals. The channel is a list; the outbox and the store are real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import gate
from bot.clock import Clock
from bot.files import Files
from bot.gate import Pace
from bot.media import MediaStore
from bot.metrics import Watch
from bot.sender import Sender
from handlers import dispatch
from handlers.messages import Address, Capabilities, Outgoing, Receipt, Refusal, Refused
from storage import outbox, people
from storage.people import Chat
from storage.tx import Tx
from tests.handlers.resident_steps import LAMP, ROOM, WHO
from tests.town import Town
from workflow.rights import Role


class Wire:
    """A platform that answers as it is told and remembers what it took."""

    name, account = "test", ""
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str]] = []
        self.answers: list[Refused] = []
        self.asked = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[Any] = (), post: str = ""
    ) -> Receipt | Refused:
        self.asked.set()
        await (self.hold.wait() if self.hold else asyncio.sleep(0))
        if self.answers:
            return self.answers.pop(0)
        self.taken.append((address.chat, out.text, post))
        return Receipt(ref=post or str(len(self.taken)))


async def nothing(_town: Town) -> None:
    """For a town in which nothing has happened yet."""


@asynccontextmanager
async def sending(
    tmp_path: Path, lived: Callable[[Town], Awaitable[None]] = nothing
) -> AsyncIterator[tuple[Town, Wire, Sender]]:
    """A sender at work; what happened before it began, and was shown by the town, is `lived`."""
    async with Town.open(tmp_path) as town:
        await lived(town)
        wire = Wire()
        channels: Any = {("test", ""): wire}
        files = Files(town.store, MediaStore(tmp_path / "media"), channels)
        sender = Sender(town.store, town.city, channels, Clock(), files, asyncio.Event())
        await sender.start()
        try:
            yield town, wire, sender
        finally:
            await sender.stop()


async def chat_of(town: Town, name: str, *, is_group: bool = False) -> Chat:
    async with town.store.write() as tx:
        return await people.add_chat(
            tx,
            channel="test",
            account="",
            chat=name,
            thread="",
            is_group=is_group,
            person_id=None,
            title="",
            now=Clock().now(),
        )


async def queued(town: Town, chat: Chat, *texts: str, slot: str = "") -> None:
    async with town.store.write() as tx:
        for text in texts:
            body = Outgoing(text=text, slot=slot).model_dump(mode="json")
            await outbox.put(tx, chat_id=chat.id, body=body, lane=outbox.REPLY, now=Clock().now(), slot=slot)


async def test_order_is_kept_in_a_chat(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, wire, sender):
        chats = [await chat_of(town, f"c{i}") for i in range(5)]
        for chat in chats:
            await queued(town, chat, *[f"{i}" for i in range(10)])
        await sender.drained()
        for chat in chats:
            assert [t for c, t, _ in wire.taken if c == chat.chat] == [f"{i}" for i in range(10)]


async def test_a_slot_is_changed_in_place_and_stale_versions_are_not_sent(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, wire, sender):
        chat = await chat_of(town, "room")
        await queued(town, chat, "one", "two", "three", slot="card:1")
        await sender.drained()
        await queued(town, chat, "four", slot="card:1")
        await sender.drained()
        assert wire.taken == [("room", "three", ""), ("room", "four", "1")]


async def test_a_pause_of_the_platform_is_obeyed_and_nothing_is_lost(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, wire, sender):
        wire.answers = [Refused(reason=Refusal.RATE, retry_for=0.4)]
        chat = await chat_of(town, "c")
        started = time.monotonic()
        await queued(town, chat, "one", "two")
        while len(wire.taken) < 2:
            await sender.drained()
            await asyncio.sleep(0.05)
            assert time.monotonic() - started < 120
        assert [t for _, t, _ in wire.taken] == ["one", "two"]
        assert time.monotonic() - started >= 0.4


async def test_typed_words_are_answered_in_their_order_when_the_platform_refuses_one(tmp_path: Path) -> None:
    async def employed(town: Town) -> None:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "我的单子")

    async with sending(tmp_path, employed) as (town, wire, sender):
        wire.answers = [Refused(reason=Refusal.TEMPORARY, retry_for=0.3)]
        async with town.store.write() as tx:
            for number in (1001, 1002):
                typed = town._incoming("text", "王师傅", "", text=f"接单 {number}")
                await dispatch.handle(town.city, tx, typed, Clock().now())
        until = time.monotonic() + 120
        while len(wire.taken) < 2:
            await sender.drained()
            await asyncio.sleep(0.05)
            assert time.monotonic() < until
        assert ["1001" in text for _, text, _ in wire.taken] == [True, False], wire.taken


async def test_a_room_that_is_gone_is_marked_and_its_message_kept_as_dead(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, wire, sender):
        chat = await chat_of(town, "gone", is_group=True)
        wire.answers = [Refused(reason=Refusal.GONE)]
        await queued(town, chat, "one")
        await sender.drained()
        async with town.store.read() as tx:
            assert (await people.get_chat(tx, chat.id)).reachable is False
            assert (await outbox.backlog(tx))[1] == 1


async def test_of_a_resident_who_blocked_us_whoever_has_their_record_is_told_once(tmp_path: Path) -> None:
    async def reported(town: Town) -> None:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says(WHO, LAMP)
        await town.presses(WHO, "对，就这样")

    async with sending(tmp_path, reported) as (town, wire, sender):
        async with town.store.read() as tx:
            chat = await people.find_chat(tx, "test", "", WHO)
        assert chat is not None
        for reason in (Refusal.BLOCKED, Refusal.GONE):
            wire.answers = [Refused(reason=reason)]
            await queued(town, chat, "办好了")
            await sender.drained()
        told = [to for to, text, _ in wire.taken if "收不到" in text]
        assert told == [ROOM]
        async with town.store.read() as tx:
            assert (await people.get_chat(tx, chat.id)).reachable is False
            assert (await outbox.backlog(tx))[1] == 2, "what was not said stays as dead letters"


async def test_a_migrated_group_gets_its_message_under_the_new_id(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, wire, sender):
        chat = await chat_of(town, "old", is_group=True)
        wire.answers = [Refused(reason=Refusal.MIGRATED, new_chat="new")]
        await queued(town, chat, "one")
        await sender.drained()
        assert wire.taken == [("new", "one", "")]


async def test_what_was_sent_is_kept_nowhere(tmp_path: Path) -> None:
    async with sending(tmp_path) as (town, _, sender):
        chat = await chat_of(town, "c")
        await queued(town, chat, "my number is 13800000000")
        await sender.drained()
        async with town.store.read() as tx:
            rows = await tx.all(outbox.outbox.select().where(outbox.outbox.c.chat_id == chat.id))
        assert [r.body_sealed for r in rows] == [b""]


@pytest.mark.parametrize(
    ("limits", "group", "first", "then"),
    [
        (Capabilities(chat_interval=1.0), False, 1, "a second"),
        (Capabilities(group_per_minute=20), True, 20, "a minute"),
        (Capabilities(per_second=30), False, 30, "a second for all"),
    ],
)
def test_limits(limits: Capabilities, group: bool, first: int, then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch)
    pace = Pace(limits)
    one_chat = "all" not in then
    chats = ["c" if one_chat else f"c{i}" for i in range(first + 1)]
    assert all(pace.wait_for(c, is_group=group) == 0 for c in chats[:first])
    wait = pace.wait_for(chats[first], is_group=group)
    assert (50 < wait <= 60) if "minute" in then else (0 < wait <= 1)


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two questions to a pace no time passes, however busy this machine is."""
    monkeypatch.setattr(gate, "time", SimpleNamespace(monotonic=lambda: 1000.0))


def test_a_pause_is_never_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch)
    pace = Pace(Capabilities())
    pace.pause(30)
    pace.pause(1)
    assert pace.wait_for("c", is_group=False) > 29


async def test_whatever_is_put_into_the_outbox_wakes_the_sender_with_the_commit(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        chat, said = await chat_of(town, "c"), asyncio.Event()
        town.store.watcher = Watch(said)
        async with town.store.write() as tx:
            await people.set_reachable(tx, chat.id, True)
        assert not said.is_set(), "nothing was said"

        async def fails(tx: Tx) -> None:
            await outbox.put(tx, chat_id=chat.id, body={}, lane=outbox.REPLY, now=town.now)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await town.store.run(fails)
        assert not said.is_set(), "it was not saved"
        async with town.store.write() as tx:
            await outbox.put(tx, chat_id=chat.id, body={}, lane=outbox.NOTICE, now=town.now)
            assert not said.is_set()
        assert said.is_set()


async def test_what_is_being_sent_while_the_outbox_is_looked_at_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a result may be stored between the moment that a look shows and the moment it comes back."""
    real = outbox.ready

    async with sending(tmp_path) as (town, wire, sender):
        chat, met = await chat_of(town, "c"), asyncio.Event()

        async def late(tx: Tx, now: datetime, limit: int, *, skip_chats: Collection[int], **more: Any) -> Any:
            presses, rows = await real(tx, now, limit, skip_chats=(), **more)
            if chat.id in skip_chats:
                met.set()
                await asyncio.wait(sender._jobs, timeout=20)
            return presses, [row for row in rows if row.chat_id not in skip_chats]

        monkeypatch.setattr(outbox, "ready", late)
        wire.hold = asyncio.Event()
        await queued(town, chat, "one")
        await wire.asked.wait()
        sender._wake.set()
        await asyncio.wait_for(met.wait(), 60)
        wire.hold.set()
        await sender.drained()
        assert [text for _, text, _ in wire.taken] == ["one"]
