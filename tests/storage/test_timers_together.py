"""Many timers at once through the scheduler, on both databases: each once, in order for one subject, and what one of
them calls off does not go off with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import shares
from bot.clock import Clock
from bot.files import Files
from bot.media import MediaStore
from bot.scheduler import PARTS, Scheduler
from bot.shares import Share
from handlers import routes
from handlers.turn import Turn
from storage import events, timers
from storage.timers import Timer
from storage.tx import Tx
from tests.town import Town

RING, STOP, BREAK = "test.ring", "test.stop", "test.break"


@pytest.fixture
async def town(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async def ring(turn: Turn, timer: Timer) -> None:
        await events.add(turn.tx, "test", timer.subject_id, "test.rung", turn.now, data=timer.data)

    async def stop(turn: Turn, timer: Timer) -> None:
        await ring(turn, timer)
        await timers.drop(turn.tx, "test", timer.data["other"], prefix=timer.data["prefix"])

    async def fail(_turn: Turn, _timer: Timer) -> None:
        raise RuntimeError("the bell is broken")

    mine = {RING: ring, STOP: stop, BREAK: fail}
    monkeypatch.setattr(routes, "TIMERS", {**routes.TIMERS, **mine})
    async with Town.open(tmp_path, url=url) as opened:
        yield opened


def scheduler(town: Town, tmp_path: Path) -> Scheduler:
    """On PostgreSQL one beside others, who holds every part now."""
    channels: Any = {}
    share = Share("timers", PARTS, alone=town.store.database.is_sqlite)
    if not share.alone:
        share.hold(set(PARTS), len(PARTS), shares._monotonic() + 600)
    files = Files(town.store, MediaStore(tmp_path / "media"), channels)
    return Scheduler(town.store, town.city, Clock(), files, asyncio.Event(), share)


async def put(town: Town, *wanted: tuple[int, str, dict[str, Any]]) -> list[int]:
    """All due, in this order."""
    past = Clock().now() - timedelta(hours=1)

    async def many(tx: Tx) -> list[int]:
        return [
            await timers.put(tx, past + timedelta(seconds=n), name, "test", subject, data)
            for n, (subject, name, data) in enumerate(wanted)
        ]

    return await town.store.run(many)


async def rung(town: Town, subject: int) -> list[dict[str, Any]]:
    async with town.store.read() as tx:
        return [event.data for event in await events.history(tx, "test", subject)]


async def states(town: Town, ids: list[int]) -> list[str]:
    async with town.store.read() as tx:
        rows = await tx.all(timers.timers.select().where(timers.timers.c.tenant == tx.tenant))
    found = {row.id: row.state for row in rows}
    return [found[one] for one in ids]


async def test_those_of_one_subject_go_off_in_order_and_each_once(town: Town, tmp_path: Path) -> None:
    subjects = [n << 22 for n in range(40)]
    ids = await put(town, *[(s, RING, {"turn": turn}) for turn in range(5) for s in subjects])
    one = scheduler(town, tmp_path)
    assert await one.fire_due() == len(ids)
    assert await one.fire_due() == 0
    for subject in subjects:
        assert [data["turn"] for data in await rung(town, subject)] == list(range(5))
    assert set(await states(town, ids)) == {timers.DONE}


async def test_two_that_fire_the_same_at_the_same_moment_fire_it_once(town: Town, tmp_path: Path) -> None:
    """As when a share changes hands: both believe that it is theirs."""
    subjects = [n << 22 for n in range(60)]
    ids = await put(town, *[(s, RING, {}) for s in subjects])
    one, other = scheduler(town, tmp_path), scheduler(town, tmp_path)
    await asyncio.gather(one.fire_due(), other.fire_due())
    assert [len(await rung(town, s)) for s in subjects] == [1] * len(subjects)
    assert set(await states(town, ids)) == {timers.DONE}


@pytest.mark.parametrize(("prefix", "rings"), [("", 0), ("test.r", 0), ("test.x", 1)])
async def test_what_the_one_before_calls_off_does_not_go_off_with_it(
    town: Town, tmp_path: Path, prefix: str, rings: int
) -> None:
    ids = await put(
        town, (1, RING, {}), (2, STOP, {"other": 1, "prefix": prefix}), (1, RING, {}), (3, RING, {}), (2, RING, {})
    )
    assert await scheduler(town, tmp_path).fire_due() == 5
    assert [len(await rung(town, subject)) for subject in (1, 2, 3)] == [1 + rings, 2, 1]
    last = timers.DONE if rings else timers.DROPPED
    assert await states(town, ids) == [timers.DONE, timers.DONE, last, timers.DONE, timers.DONE]


async def test_a_bad_one_waits_for_a_minute_and_the_others_go_off(town: Town, tmp_path: Path) -> None:
    subjects = [n << 22 for n in range(30)]
    ids = await put(town, *[(s, BREAK if s == subjects[7] else RING, {}) for s in subjects])
    await scheduler(town, tmp_path).fire_due()
    assert [len(await rung(town, s)) for s in subjects] == [int(s != subjects[7]) for s in subjects]
    assert [state for state in await states(town, ids) if state != timers.DONE] == [timers.WAITING]
    async with town.store.read() as tx:
        (left,) = await timers.waiting_for(tx, "test", subjects[7])
    assert left.due_at > Clock().now()
