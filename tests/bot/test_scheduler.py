"""Timers that fall due together: many in one transaction, each once, and a bad one spoils nothing for the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import Clock
from bot.files import Files
from bot.media import MediaStore
from bot.scheduler import Scheduler
from handlers import routes
from handlers.turn import Turn
from storage import counters, timers
from storage.timers import Timer
from storage.tx import Tx
from tests.town import Town

RING = "test.ring"
MICROSECOND = timedelta(microseconds=1)
"""What the database keeps of a moment."""


class Leap(Clock):
    """Real time plus what a test has added: the wall clock of a machine that was set."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async def ring(turn: Turn, timer: Timer) -> None:
        if timer.data.get("broken"):
            raise RuntimeError("the bell is broken")
        before = await counters.find_setting(turn.tx, "rung") or ""
        await counters.set_setting(turn.tx, "rung", f"{before} {timer.subject_id}".strip())

    monkeypatch.setattr(routes, "TIMERS", {**routes.TIMERS, RING: ring})
    async with Town.open(tmp_path) as opened:
        yield opened


def scheduler(town: Town, tmp_path: Path, clock: Clock) -> Scheduler:
    channels: Any = {}
    files = Files(town.store, MediaStore(tmp_path / "media"), channels)
    return Scheduler(town.store, town.city, clock, files, asyncio.Event())


async def put(town: Town, numbers: range, due_at: datetime, **data: Any) -> None:
    async def many(tx: Tx) -> None:
        for number in numbers:
            await timers.put(tx, due_at, RING, "test", number, data)

    await town.store.run(many)


async def rung(town: Town) -> list[int]:
    async with town.store.read() as tx:
        return [int(n) for n in (await counters.find_setting(tx, "rung") or "").split()]


async def until_rung(town: Town, count: int) -> list[int]:
    for _ in range(6000):
        if len(found := await rung(town)) >= count:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(found)} of {count} went off")


async def test_many_at_once_go_off_in_few_transactions_each_once(town: Town, tmp_path: Path) -> None:
    clock, committed = Clock(), []

    class Counting:
        def committed(self, tx: Tx) -> None:
            committed.append(tx)

        def again(self) -> None:
            raise AssertionError("nobody else writes here")

    await put(town, range(200), clock.now() - timedelta(seconds=1))
    town.store.watcher = Counting()
    one = scheduler(town, tmp_path, clock)
    assert await one.fire_due() == 200
    assert await one.fire_due() == 0
    assert await rung(town) == list(range(200))
    assert len(committed) <= 5, "not one transaction for each"


async def test_a_bad_one_spoils_nothing_for_the_others(town: Town, tmp_path: Path) -> None:
    clock = Clock()
    past = clock.now() - timedelta(seconds=1)
    await put(town, range(10), past)
    await put(town, range(10, 11), past, broken=True)
    await put(town, range(11, 20), past)
    before = clock.now()
    await scheduler(town, tmp_path, clock).fire_due()
    after = clock.now()
    assert await rung(town) == [n for n in range(20) if n != 10]
    async with town.store.read() as tx:
        (left,) = await timers.waiting_for(tx, "test", 10)
    assert before - MICROSECOND <= left.due_at - timedelta(minutes=1) <= after


@pytest.mark.parametrize("hours", [1, -1])
async def test_the_wall_clock_jumps_an_hour_and_what_falls_due_goes_off_once(
    town: Town, tmp_path: Path, hours: int
) -> None:
    clock = Leap()
    one = scheduler(town, tmp_path, clock)
    await one.start()
    try:
        await put(town, range(1), clock.now())
        assert await until_rung(town, 1) == [0]
        clock.ahead = timedelta(hours=hours)
        await put(town, range(1, 2), clock.now() + timedelta(seconds=1))
        await put(town, range(2, 3), clock.now() + timedelta(minutes=30))
        assert await until_rung(town, 2) == [0, 1]
        await asyncio.sleep(0.7)  # more than one look
        assert await rung(town) == [0, 1], "half an hour has not passed on this clock"
        async with town.store.read() as tx:
            (left,) = await timers.waiting_for(tx, "test", 2)
        clock.ahead = timedelta()  # set right again; from here on it may go off at any moment
        assert (left.due_at <= clock.now()) == (hours < 0)
        assert await until_rung(town, 3 if hours < 0 else 2) == ([0, 1, 2] if hours < 0 else [0, 1])
    finally:
        await one.stop()
