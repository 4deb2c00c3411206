"""What falls due: earliest first, done once, dropped with its subject, set aside after the last try."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import timers
from storage.tx import Store

MINUTE = timedelta(minutes=1)


async def test_what_is_due_comes_earliest_first(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for minutes in (3, 1, 2, 9):
            await timers.put(tx, now + minutes * MINUTE, f"in {minutes}", "request", 1, {"n": minutes})
        assert await timers.due(tx, now, 10) == []
        due = await timers.due(tx, now + 3 * MINUTE, 10)
        assert [t.name for t in due] == ["in 1", "in 2", "in 3"]
        assert [t.data["n"] for t in await timers.due(tx, now + 3 * MINUTE, 2)] == [1, 2]
        assert await timers.overdue(tx, now + 3 * MINUTE) == 3


async def test_it_is_done_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        timer = await timers.put(tx, now, "x", "request", 1)
        assert await timers.finish(tx, timer)
        assert not await timers.finish(tx, timer)
        assert await timers.due(tx, now, 10) == []
        assert await timers.overdue(tx, now) == 0


async def test_dropping_takes_only_what_waits_for_the_subject(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for name, subject, subject_id in (
            ("rate.ask", "request", 1),
            ("rate_ask", "request", 1),
            ("clock.respond", "request", 1),
            ("rate.ask", "request", 2),
            ("rate.ask", "wish", 1),
        ):
            await timers.put(tx, now, name, subject, subject_id)
        await timers.drop(tx, "request", 1, prefix="rate.")
        assert {t.name for t in await timers.waiting_for(tx, "request", 1)} == {"rate_ask", "clock.respond"}
        await timers.drop(tx, "request", 1)
        assert await timers.waiting_for(tx, "request", 1) == []
        assert len(await timers.due(tx, now, 10)) == 2


async def test_a_prefix_is_not_a_pattern(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await timers.put(tx, now, "rate.ask", "request", 1)
        await timers.drop(tx, "request", 1, prefix="%")
        await timers.drop(tx, "request", 1, prefix="____.")
        assert len(await timers.waiting_for(tx, "request", 1)) == 1


async def test_a_dropped_timer_is_not_done(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        timer = await timers.put(tx, now, "x", "request", 1)
        await timers.drop(tx, "request", 1)
        assert not await timers.finish(tx, timer)
        assert not await timers.fail(tx, timer, "late", now)


async def test_failed_tries_wait_and_the_last_is_set_aside(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        timer = await timers.put(tx, now, "x", "request", 1)
        assert not await timers.fail(tx, timer, "boom", now + MINUTE)
        assert await timers.due(tx, now, 10) == []
        assert [t.id for t in await timers.due(tx, now + MINUTE, 10)] == [timer]
        tries = [await timers.fail(tx, timer, "boom", now) for _ in range(timers.MAX_ATTEMPTS - 1)]
        assert tries == [False] * (timers.MAX_ATTEMPTS - 2) + [True]
        assert await timers.due(tx, now + MINUTE, 10) == []


async def test_the_ten_thousand_and_first_goes_off_like_any_other(store: Store, now: datetime) -> None:
    """Whoever fires them takes a page at a time; what stays behind of a page does not hide the rest."""
    many = 10_001
    async with store.write() as tx:
        first = await timers.put(tx, now, "clock.respond", "request", 0)
        row = {"tenant": tx.tenant, "due_at": now, "name": "clock.respond", "subject": "request", "data": {}}
        row |= {"state": timers.WAITING, "attempts": 0, "error": ""}
        await tx.add(timers.timers, [{**row, "id": tx.ids.new(), "subject_id": n} for n in range(1, many)])
    gone: list[int] = []
    async with store.write() as tx:
        await timers.fail(tx, first, "broken", now + MINUTE)
        while page := await timers.due(tx, now, 500):
            gone += [timer.subject_id for timer in page]
            done = timers.timers.c.id.in_([timer.id for timer in page])
            mine = timers.timers.c.tenant == tx.tenant
            await tx.run(timers.timers.update().where(mine, done).values(state=timers.DONE))
    assert len(gone) == len(set(gone)) == many - 1
    assert many - 1 in gone


async def test_an_occurrence_is_set_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        assert await timers.put_once(tx, 20261123_1, now, "brief.morning", "brief", 0)
        assert not await timers.put_once(tx, 20261123_1, now + MINUTE, "brief.morning", "brief", 0)
        [one] = await timers.due(tx, now, 10)
        assert await timers.finish(tx, one.id)
        assert not await timers.put_once(tx, 20261123_1, now, "brief.morning", "brief", 0)
