"""Results of sending: stored together, and kept until the database takes them, so that nothing is sent at every look."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import marks
from bot.clock import Clock
from storage import outbox
from storage.database import Unavailable
from tests.bot.test_sender import Wire, chat_of, queued, sending
from tests.town import Town


class Shut:
    """A database that takes no results for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tries = 0
        self.is_shut = True
        real = outbox.mark_sent

        async def mark(*given: Any) -> None:
            if self.is_shut:
                self.tries += 1
                raise Unavailable("disk full", "53100")
            await real(*given)

        monkeypatch.setattr(outbox, "mark_sent", mark)


async def test_a_result_that_cannot_be_stored_is_kept_and_nothing_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut(monkeypatch)
    async with sending(tmp_path) as (town, wire, sender):
        one, other = await chat_of(town, "one"), await chat_of(town, "other")
        await queued(town, one, "first", "second")
        await queued(town, other, "third")
        while shut.tries < 3:  # noqa: ASYNC110 - the database refuses three times
            await asyncio.sleep(0.02)
        assert len(wire.taken) == 1, "one is under way, and nothing new beside it"
        shut.is_shut = False
        while len(wire.taken) < 3:
            await sender.drained()
        await sender.drained()
        assert sorted(text for _, text, _ in wire.taken) == ["first", "second", "third"]


async def test_what_waits_is_stored_in_one_transaction(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        now = Clock().now()
        for number in range(8):
            await queued(town, await chat_of(town, f"c{number}"), "x")
        async with town.store.read() as tx:
            rows = await outbox.due(tx, now + timedelta(days=365), 20)
        commits = []

        class Counting:
            def committed(self, tx: Any) -> None:
                commits.append(tx)

            def again(self) -> None:
                raise AssertionError("nobody else writes here")

        town.store.watcher = Counting()
        kept = marks.Marks(town.store)
        await asyncio.gather(*[kept.sent(row, "", str(row.id), now) for row in rows])
        assert len(commits) == 1
        async with town.store.read() as tx:
            assert await outbox.backlog(tx) == (0, 0)


async def test_a_stop_does_not_wait_for_a_database_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = Shut(monkeypatch)
    async with sending(tmp_path) as (town, wire, sender):
        await queued(town, await chat_of(town, "c"), "x")
        while not shut.tries:  # noqa: ASYNC110 - it is under way
            await asyncio.sleep(0.02)
        monkeypatch.setattr("bot.sender.log.exception", lambda *_, **__: None, raising=False)
        with suppress(Unavailable):
            await asyncio.wait_for(sender.stop(), 60)  # without its patience it would wait for ever
        shut.is_shut = False
        async with town.store.read() as tx:
            assert await outbox.backlog(tx) == (1, 0), "the next start sends it again"
        assert isinstance(wire, Wire)
