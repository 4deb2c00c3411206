"""Rows that a test needs but is not about; two changes that wait for each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from storage import counters, people, requests, wishes
from storage.requests import Original, Request
from storage.tx import Store, Tx
from storage.wishes import Wish


def of_tenant(tx: Tx, tenant: str) -> Tx:
    """The same transaction, for another body's books."""
    return replace(tx, tenant=tenant)


async def add_chat(tx: Tx, name: str, now: datetime, *, is_group: bool = False, person_id: int | None = None) -> int:
    chat = await people.add_chat(
        tx,
        channel="web",
        account="",
        chat=name,
        thread="",
        is_group=is_group,
        person_id=person_id,
        title=name,
        now=now,
    )
    return chat.id


async def add_request(tx: Tx, now: datetime, **values: Any) -> Request:
    """A record received now; the response is due in an hour, the result in a day."""
    given: dict[str, Any] = {
        "draft_id": tx.ids.new(),
        "reporter_id": 1,
        "chat_id": 2,
        "queue": "grid:g1",
        "intent": "request",
        "item": "facility.light",
        "grid": "g1",
        "place": {"estate": "翠湖苑"},
        "place_text": "翠湖苑3号楼",
        "text": "路灯不亮，电话139****1234",
        "original": Original("路灯不亮，电话13912341234", "翠湖苑3号楼502"),
        "summary": "路灯不亮",
        "urgent": False,
        "danger": "",
        "confidence": 0.93,
        "received_at": now,
        "respond_due_at": now + timedelta(hours=1),
        "resolve_due_at": now + timedelta(days=1),
        "now": now,
    }
    request, _ = await requests.file(tx, **{**given, **values})
    return request


async def fill_requests(tx: Tx, now: datetime, count: int) -> None:
    """Rows without events, of a hundred grids: only to look through."""
    row = {
        **{"tenant": tx.tenant, "reporter_id": 1, "chat_id": 2, "state": "queued", "intent": "request", "item": ""},
        **{"place": {}, "place_text": "", "text": "路灯不亮" * 20, "original_sealed": b"", "summary": "", "danger": ""},
        **{"urgent": False, "confidence": 0.5, "started_at": now, "respond_due_at": now, "resolve_due_at": now},
        **{"resolution": 0, "reopened": 0, "supervised": False, "parked": False},
    }
    places = [
        {
            **{"grid": f"g{n % 100}", "queue": f"grid:g{n % 100}", "house": f"翠湖苑/{n % 97}"},
            "received_at": now + timedelta(minutes=n),
        }
        for n in range(count)
    ]
    rows = [
        {**row, "id": tx.ids.new(), "number": 900_000 + n, "draft_id": n, **place} for n, place in enumerate(places)
    ]
    await tx.connection.execute(requests.requests.insert(), rows)


async def add_wish(tx: Tx, now: datetime, **values: Any) -> Wish:
    given: dict[str, Any] = {
        "draft_id": tx.ids.new(),
        "wisher_id": 1,
        "chat_id": 2,
        "item": "wish.wish.goods",
        "queue": "desk:c1",
        "community": "c1",
        "grid": "g1",
        "place_text": "翠湖苑",
        "text": "想要一把轮椅",
        "original": {"text": "想要一把轮椅", "place": "翠湖苑3号楼502"},
        "now": now,
    }
    wish, _ = await wishes.submit(tx, **{**given, **values})
    return wish


async def cross(one: Store, two: Store) -> int:
    """Two changes that wait for each other, both done in the end. How often they were begun."""
    begun, met, holding = {"a": 0, "b": 0}, asyncio.Barrier(2), set[str]()

    async def work(tx: Tx, first: str, second: str) -> None:
        begun[first] += 1
        await counters.set_setting(tx, first, first)
        if first not in holding:
            holding.add(first)
            await met.wait()  # each holds what the other wants
        await counters.set_setting(tx, second, first)

    await one.run(lambda tx: counters.set_setting(tx, "a", ""))
    await one.run(lambda tx: counters.set_setting(tx, "b", ""))
    await asyncio.gather(one.run(lambda tx: work(tx, "a", "b")), two.run(lambda tx: work(tx, "b", "a")))
    return sum(begun.values())
