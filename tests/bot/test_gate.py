"""Who goes next: the most urgent that the limits allow; one new message at a time; an answer is not held up by notices."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bot import gate as gates
from bot.gate import Closed, Gate
from handlers.messages import Capabilities
from storage.outbox import NOTICE, REPLY


async def go(gate: Gate, order: list[int], urgency: int, number: int, chat: str = "") -> None:
    async with gate.turn(urgency, number, chat or f"c{number}", is_group=False):
        order.append(number)
        await asyncio.sleep(0)


async def test_an_answer_overtakes_every_notice_that_waits() -> None:
    gate, order = Gate(Capabilities()), []
    async with gate.turn(NOTICE, 0, "c0", is_group=False):
        notices = [asyncio.create_task(go(gate, order, NOTICE, n)) for n in range(1, 51)]
        await asyncio.sleep(0)
        answer = asyncio.create_task(go(gate, order, REPLY, 99))
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(answer, *notices)
    assert order == [99, *range(1, 51)]


async def test_one_new_message_at_a_time_and_changes_beside_it() -> None:
    gate, order = Gate(Capabilities()), []
    async with gate.turn(REPLY, 1, "a", is_group=False) as turn:
        other = asyncio.create_task(go(gate, order, REPLY, 2))
        await asyncio.sleep(0.01)
        assert order == []
        gate.calm(turn)
        await other
    assert order == [2]


async def test_a_platform_that_knows_repeats_takes_many_at_once() -> None:
    gate, order = Gate(Capabilities(), at_risk=0), []
    async with gate.turn(REPLY, 1, "a", is_group=False):
        await go(gate, order, REPLY, 2)
    assert order == [2]


async def test_notices_leave_room_for_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "time", SimpleNamespace(monotonic=lambda: 1000.0))  # all within one second
    gate, order = Gate(Capabilities(per_second=10)), []
    notices = [asyncio.create_task(go(gate, order, NOTICE, n)) for n in range(30)]
    await asyncio.wait_for(asyncio.gather(*notices[:8]), 60)
    for _ in range(20):
        await asyncio.sleep(0)
    assert order == list(range(8))
    await go(gate, order, REPLY, 99)
    assert order == [*range(8), 99]
    gate.close()
    assert all(isinstance(e, Closed) for e in (await asyncio.gather(*notices, return_exceptions=True))[8:])


async def test_a_chat_that_must_wait_holds_up_no_other() -> None:
    gate, order = Gate(Capabilities(chat_interval=60.0)), []
    await go(gate, order, NOTICE, 1, "same")
    waiting = asyncio.create_task(go(gate, order, REPLY, 2, "same"))
    await asyncio.sleep(0)
    await go(gate, order, NOTICE, 3)
    assert order == [1, 3]
    gate.close()
    with pytest.raises(Closed):
        await waiting
    with pytest.raises(Closed):
        await go(gate, order, REPLY, 4)


async def test_the_window_of_a_group_opens_when_the_message_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long one was on its way, no more than the limit reach the group within a window."""
    now = 1000.0
    monkeypatch.setattr(gates, "time", SimpleNamespace(monotonic=lambda: now))
    gate = Gate(Capabilities(group_per_minute=1))
    async with gate.turn(REPLY, 1, "g", is_group=True):
        now += 50.0
    assert gate._pace.wait_for("g", is_group=True) == gates.GROUP_WINDOW
    now += gates.GROUP_WINDOW + 0.001
    assert gate._pace.wait_for("g", is_group=True) == 0
