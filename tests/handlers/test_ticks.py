"""Time passing: a timer acts once, in the transaction in which it is done, and not at all when it was dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import routes, ticks
from handlers.turn import Turn
from storage import counters, timers
from storage.timers import Timer
from storage.tx import Tx
from tests.town import Town

RING = "test.ring"


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async def ring(turn: Turn, timer: Timer) -> None:
        before = int(await counters.find_setting(turn.tx, "rung") or 0)
        await counters.set_setting(turn.tx, "rung", str(before + timer.data["by"]))
        so_far = await counters.find_setting(turn.tx, "order") or ""
        await counters.set_setting(turn.tx, "order", f"{so_far}{timer.data['by']}")
        if timer.data["by"] == 0:
            raise RuntimeError("the bell is broken")

    monkeypatch.setattr(routes, "TIMERS", {**routes.TIMERS, RING: ring})
    async with Town.open(tmp_path) as opened:
        yield opened


async def put(town: Town, name: str = RING, by: int = 1, **after: float) -> Timer:
    async with town.store.write() as tx:
        await timers.put(tx, town.now + timedelta(**after), name, "test", 1, {"by": by})
        return (await timers.waiting_for(tx, "test", 1))[-1]


async def fire(town: Town, timer: Timer) -> None:
    async with town.store.write() as tx:
        await ticks.fire(town.city, tx, timer, town.now)


async def rung(town: Town) -> Any:
    async with town.store.read() as tx:
        return await counters.find_setting(tx, "rung")


async def order(town: Town) -> Any:
    async with town.store.read() as tx:
        return await counters.find_setting(tx, "order")


async def waiting(town: Town) -> list[str]:
    async def names(tx: Tx) -> list[str]:
        return [t.name for t in await timers.waiting_for(tx, "test", 1)]

    async with town.store.read() as tx:
        return await names(tx)


async def test_it_acts_once_however_often_it_is_claimed(town: Town) -> None:
    timer = await put(town)
    await fire(town, timer)
    await fire(town, timer)
    assert await rung(town) == "1"
    assert await waiting(town) == []


async def test_a_dropped_timer_does_nothing(town: Town) -> None:
    timer = await put(town)
    async with town.store.write() as tx:
        await timers.drop(tx, "test", 1)
    await fire(town, timer)
    assert await rung(town) is None


async def test_what_fails_leaves_no_trace_and_still_waits(town: Town) -> None:
    timer = await put(town, by=0)
    with pytest.raises(RuntimeError, match="broken"):
        await fire(town, timer)
    assert await rung(town) is None
    assert await waiting(town) == [RING]


async def test_a_timer_that_nobody_knows_is_refused_and_kept(town: Town) -> None:
    timer = await put(town, name="test.unknown")
    with pytest.raises(KeyError, match="unknown"):
        await fire(town, timer)
    assert await waiting(town) == ["test.unknown"]


async def test_what_falls_due_on_the_way_happens_in_its_order(town: Town) -> None:
    for hours in (3, 1, 2):
        await put(town, by=hours, hours=hours)
    await town.passes(hours=2)
    assert await order(town) == "12"
    await town.passes(hours=1)
    assert await order(town) == "123"


async def test_whatever_a_report_sets_going_is_known_and_comes_to_an_end(town: Town) -> None:
    await town.says("王芳", "翠湖苑3号楼的路灯不亮了")
    async with town.store.read() as tx:
        due = await timers.due(tx, town.now + timedelta(days=60), 100)
    assert due
    assert {timer.name for timer in due} <= set(routes.TIMERS)
    await town.passes(days=60)
    async with town.store.read() as tx:
        assert await timers.due(tx, town.now + timedelta(days=3650), 1) == []
