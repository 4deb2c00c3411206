"""Taking updates in: durable before it returns, repeats ignored, one bad update spoils nothing for the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot import shares
from bot.channels.base import BadUpdate, RawUpdate
from bot.clock import Clock
from bot.inbox import MOST_WAITING, STREAMS, Full, Inbox
from bot.reading import Reading
from bot.shares import Share
from handlers.messages import Address, Incoming
from storage import receipts
from storage.database import Unavailable
from storage.receipts import StoredReceipt
from storage.tx import Tx
from tests.town import Town


class Wire:
    """Parses {"who", "text"}; "bad" cannot be read, "boom" breaks the handler."""

    name, account = "test", ""

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        if raw["text"] == "bad":
            raise BadUpdate("bad")
        address = Address(channel="test" if raw["text"] != "boom" else "unknown", user=raw["who"], chat=raw["who"])
        return [Incoming(id="1", kind="text", at=Clock().now(), address=address, text=raw["text"])]


@asynccontextmanager
async def taking(tmp_path: Path, *, start: bool = True, together: bool = False) -> AsyncIterator[tuple[Town, Inbox]]:
    async with Town.open(tmp_path) as town:
        channels: Any = {("test", ""): Wire()}
        inbox = Inbox(town.store, town.city, channels, Clock(), together=together)
        if start:
            await inbox.start()
        try:
            yield town, inbox
        finally:
            if start:
                await inbox.stop()


def update(number: int, text: str, who: str = "") -> RawUpdate:
    return RawUpdate(str(number), {"who": who or f"p{number}", "text": text})


async def states(town: Town) -> dict[str, int]:
    async with town.store.read() as tx:
        return {state: await receipts.count(tx, state) for state in ("waiting", "done", "failed")}


async def test_what_was_taken_is_handled(tmp_path: Path) -> None:
    async with taking(tmp_path) as (town, inbox):
        await inbox.receive("test", "", [update(1, "你好")], wait=True)
        assert await states(town) == {"waiting": 0, "done": 1, "failed": 0}
        await inbox.receive("test", "", [update(2, "我的诉求")], wait=True)
        assert await states(town) == {"waiting": 0, "done": 2, "failed": 0}
        town.now = Clock().now()
        await town.deliver()
        assert town.last("p1")
        assert town.last("p2")


async def test_a_repeat_changes_nothing_and_is_answered_at_once(tmp_path: Path) -> None:
    async with taking(tmp_path) as (town, inbox):
        for _ in range(3):
            await inbox.receive("test", "", [update(1, "你好")], wait=True)
        assert (await states(town))["done"] == 1
        await inbox.receive("test", "", [update(2, "我的诉求")], wait=True)
        assert (await states(town))["done"] == 2


@pytest.mark.parametrize("poison", ["bad", "boom"])
async def test_one_bad_update_spoils_nothing(tmp_path: Path, poison: str) -> None:
    async with taking(tmp_path) as (town, inbox):
        batch = [update(1, "你好"), update(2, poison), update(3, "谢谢")]
        await asyncio.gather(*[inbox.receive("test", "", [one], wait=True) for one in batch])
        assert await states(town) == {"waiting": 0, "done": 2, "failed": 1}
        town.now = Clock().now()
        await town.deliver()
        assert town.last("p1")
        assert town.last("p3")


async def test_a_failing_report_of_a_failure_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with taking(tmp_path, start=False) as (town, inbox):
        broken = iter([True])

        def closed(*_: Any, **__: Any) -> None:
            if next(broken, False):
                raise ValueError("I/O operation on closed file")

        monkeypatch.setattr("bot.inbox.log.error", closed, raising=False)
        batch = [update(1, "你好"), update(2, "bad"), update(3, "谢谢")]
        waiting = asyncio.gather(*[inbox.receive("test", "", [one], wait=True) for one in batch])
        await inbox.start()
        await asyncio.wait_for(waiting, 120)
        await inbox.stop()
        assert await states(town) == {"waiting": 0, "done": 2, "failed": 1}


async def test_what_was_stored_before_a_stop_is_handled_after_the_start(tmp_path: Path) -> None:
    async with taking(tmp_path, start=False) as (town, _):
        async with town.store.write() as tx:
            await receipts.save(tx, "test", "", [("9", {"who": "p9", "text": "你好"})], Clock().now())
        later: Any = {("test", ""): Wire()}
        inbox = Inbox(town.store, town.city, later, Clock())
        await inbox.start()
        for _ in range(3000):
            if (await states(town))["done"]:
                break
            await asyncio.sleep(0.02)
        await inbox.stop()
        assert (await states(town))["done"] == 1


@pytest.mark.parametrize("read", [1, 3])
async def test_what_another_process_handled_since_it_was_read_is_not_handled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    async with taking(tmp_path, start=False) as (town, inbox):
        async with town.store.write() as tx:
            some = [(str(n), {"who": f"p{n}", "text": "你好"}) for n in range(read)]
            first, *_ = await receipts.save(tx, "test", "", some, Clock().now())
            known = await receipts.waiting(tx, 50)
        async with town.store.write() as tx:
            assert await receipts.finish(tx, first)
        reads = iter([known])

        async def before(*_: Any) -> list[StoredReceipt]:
            return next(reads, [])

        monkeypatch.setattr("bot.inbox.receipts.waiting", before)
        await inbox._handle_batch(inbox._strands[0])
        assert await states(town) == {"waiting": 0, "done": read, "failed": 0}
        town.now = Clock().now()
        await town.deliver()
        assert [bool(town.last(f"p{n}")) for n in range(read)] == [False, *[True] * (read - 1)]
        assert all(len(town.messages(f"p{n}")) < 2 for n in range(read))


async def test_too_much_at_once_is_refused(tmp_path: Path) -> None:
    async with taking(tmp_path, start=False) as (_, inbox):
        with pytest.raises(Full):
            await inbox.receive("test", "", [update(n, "x") for n in range(MOST_WAITING + 1)])


async def test_the_end_waits_for_one_update_not_for_all_that_were_read_with_it(tmp_path: Path) -> None:
    async with taking(tmp_path, start=False) as (town, inbox):
        ending: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()

        class Ending(Wire):
            def parse(self, raw: dict[str, Any]) -> list[Incoming]:
                ending.put_nowait(asyncio.create_task(inbox.stop()))
                return super().parse(raw)

        async with town.store.write() as tx:
            some = [(str(n), {"who": f"p{n}", "text": "你好"}) for n in range(20)]
            await receipts.save(tx, "test", "", some, Clock().now())
        inbox._reading = Reading({("test", ""): Ending()})  # type: ignore[dict-item]
        await inbox.start()
        await (await ending.get())
        left = await states(town)
        assert 1 <= left["done"] < 20
        assert left == {"waiting": 20 - left["done"], "done": left["done"], "failed": 0}


async def test_what_this_process_has_just_stored_is_not_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, real, opened = [0], receipts.waiting, receipts._stored

    async def looking(*given: Any) -> list[StoredReceipt]:
        looks[0] += 1
        return await real(*given)

    monkeypatch.setattr("bot.inbox.receipts.waiting", looking)
    monkeypatch.setattr("bot.strands.LOOK", 600.0)
    async with taking(tmp_path, together=True) as (town, inbox):
        await inbox.receive("test", "", [update(0, "你好")], wait=True)
        looks[0] = 0
        monkeypatch.setattr(receipts, "_stored", None)  # whatever is opened from its seal breaks
        for first in (1, 4, 7):
            await asyncio.gather(
                *[inbox.receive("test", "", [update(n, "你好")], wait=True) for n in range(first, first + 3)]
            )
        assert looks[0] == 0
        monkeypatch.setattr(receipts, "_stored", opened)
        assert await states(town) == {"waiting": 0, "done": 10, "failed": 0}
        await inbox.receive("test", "", [update(n, "bad" if n == 12 else "你好") for n in range(11, 14)], wait=True)
        await inbox.receive("test", "", [update(14, "你好")], wait=True)
        assert looks[0] > 0  # after a failure the database says what waits
        assert await states(town) == {"waiting": 0, "done": 13, "failed": 1}


async def test_what_others_have_stored_beside_it_is_found(tmp_path: Path) -> None:
    async with taking(tmp_path, together=True) as (town, inbox):
        await inbox.receive("test", "", [update(1, "你好")], wait=True)
        async with town.store.write() as tx:
            await receipts.save(tx, "test", "", [("2", {"who": "p2", "text": "你好"})], Clock().now())
        for _ in range(3000):
            if (await states(town))["done"] == 2:
                break
            await asyncio.sleep(0.02)
        assert (await states(town))["done"] == 2


async def test_those_of_one_person_that_come_together_are_answered_one_after_the_other(tmp_path: Path) -> None:
    async with taking(tmp_path, start=False) as (town, inbox):
        words = ["银杏苑3幢2单元楼道灯坏了", "对，就这样", "我的诉求"]
        batch = [update(n, text, "p1") for n, text in enumerate(words)] + [update(9, "你好")]
        waiting = asyncio.gather(*[inbox.receive("test", "", [one], wait=True) for one in batch])
        await inbox.start()
        await asyncio.wait_for(waiting, 120)
        await inbox.stop()
        town.now = Clock().now()
        await town.deliver()
        assert "1001" in town.last("p1")
        assert town.last("p9")


async def test_who_comes_while_the_database_is_busy_is_stored_with_whoever_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, real = [], receipts.keep

    async def keeping(tx: Tx, arrived: list[receipts.Arrived], now: datetime) -> list[tuple[int, bool]]:
        stored.append([one.external_id for one in arrived])
        return await real(tx, arrived, now)

    monkeypatch.setattr("bot.inbox.receipts.keep", keeping)
    async with taking(tmp_path) as (town, inbox):
        receiving = []
        async with town.store.write():
            for n in range(4):
                receiving.append(asyncio.create_task(inbox.receive("test", "", [update(n, "你好")], wait=True)))
                await asyncio.sleep(0.01)
        await asyncio.wait_for(asyncio.gather(*receiving), 120)
        assert stored == [["0", "1", "2", "3"]]
        assert await states(town) == {"waiting": 0, "done": 4, "failed": 0}


async def test_a_database_that_is_away_is_not_asked_twenty_times_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each failure is a line in the log, of every process."""
    asked: list[str] = []

    async def away(*_: Any) -> Any:
        asked.append("asked")
        raise Unavailable("no database")

    monkeypatch.setattr(receipts, "streams_waiting", away)
    async with Town.open(tmp_path) as town:
        share = Share("updates", STREAMS, alone=False)
        share.hold(set(STREAMS[1:]), len(STREAMS), shares._monotonic() + 600)
        inbox = Inbox(town.store, town.city, {}, Clock(), share)
        await inbox.start()
        await asyncio.sleep(2)
        await inbox.stop()
    assert 1 <= len(asked) <= 5
