"""Lists for the desk: whatever they are narrowed to, page after page they hold the records that plain code chooses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from storage import listing, requests
from storage.listing import DUE_FIRST, Filters, Scope
from storage.requests import Request
from storage.tx import Store
from tests.storage.conftest import NOW
from tests.storage.samples import add_request
from workflow.states import OPEN, State

QUEUES, GRIDS, ITEMS = ("grid:g1", "grid:g2", "dept:gas", "desk"), ("g1", "g2", ""), ("a.b.c", "a.b.d", "x.y.z")
STATES = ("queued", "claimed", "joint", "resolved", "closed", "closed", "refused", "withdrawn", "merged")
ENDED = {State.REFUSED, State.WITHDRAWN, State.MERGED}


async def filled(store: Store, count: int = 40) -> list[Request]:
    """Records of all kinds; several were received in the same moment, as those of old lists are."""
    made, found = random.Random(7), []
    async with store.write() as tx:
        for _ in range(count):
            one = await add_request(
                tx,
                NOW - timedelta(hours=made.randrange(12)),
                queue=made.choice(QUEUES),
                grid=made.choice(GRIDS),
                item=made.choice(ITEMS),
                urgent=made.random() < 0.3,
                text=made.choice(("楼道灯坏了", "垃圾桶满了")),
                place_text=f"银杏苑 {made.randrange(3)} 幢",
                resolve_due_at=NOW + timedelta(hours=made.randrange(-9, 40)),
            )
            stands = {"state": made.choice(STATES), "claimer_id": made.choice((None, 5, 6))}
            await tx.alter(requests.requests, {"id": one.id}, **stands)
            found.append(await requests.get(tx, one.id))
    return found


def wanted() -> Iterator[Filters]:
    """Filters of every bucket, narrowed in many ways."""
    made = random.Random(8)
    scopes = (None, Scope(("grid:g1",), ("g1",)), Scope(("dept:gas",), ()), Scope(("desk", "grid:g1"), ("g1", "g2")))
    for bucket in listing.BUCKETS:
        for scope in (*scopes, Scope((), ())):
            yield Filters(scope=scope, bucket=bucket)
            yield Filters(
                scope=scope,
                bucket=bucket,
                queues=made.choice(((), ("grid:g2",), ("desk", "dept:gas"))),
                grids=made.choice(((), ("g1",), ("g1", "g2"))),
                items=made.choice(((), ("a.b.c",))),
                urgent=made.random() < 0.3,
                since=made.choice((None, NOW - timedelta(hours=8))),
                until=made.choice((None, NOW - timedelta(hours=3))),
            )


def chosen(records: list[Request], one: Filters, now: datetime) -> list[Request]:
    """The same by plain code."""
    found = [r for r in records if _fits(r, one) and _stands(r, one.bucket, now)]
    if one.bucket in DUE_FIRST:
        return sorted(found, key=lambda r: (r.resolve_due_at, r.id))
    return sorted(found, key=lambda r: (r.received_at, r.id), reverse=True)


def _fits(r: Request, one: Filters) -> bool:
    seen = one.scope is None or r.queue in one.scope.queues or r.grid in one.scope.grids
    sides = ((one.queues, r.queue), (one.grids, r.grid), (one.items, r.item))
    within = (one.since is None or r.received_at >= one.since) and (one.until is None or r.received_at < one.until)
    return seen and within and all(value in given for given, value in sides if given) and (r.urgent or not one.urgent)


def _stands(r: Request, bucket: str, now: datetime) -> bool:
    is_open, day = r.state in OPEN, timedelta(days=1)
    return {
        "open": is_open,
        "mine": is_open,
        "overdue": is_open and r.resolve_due_at < now,
        "today": is_open and now <= r.resolve_due_at < now + day,
        "desk": r.state is State.QUEUED and r.queue.startswith("desk"),
        "supervised": is_open and r.supervised,
        "resolved": r.state is State.RESOLVED,
        "closed": r.state is State.CLOSED,
        "ended": r.state in ENDED,
        "all": True,
    }[bucket]


async def test_every_list_is_what_plain_code_chooses_page_after_page(store: Store) -> None:
    records = await filled(store)
    shown = 0
    async with store.read() as tx:
        for one in wanted():
            for limit in (3, 50):
                told: list[int] = []
                after = ""
                while True:
                    page = await listing.page(tx, one, NOW, after=after, limit=limit)
                    told += [r.number for r in page.records]
                    after = page.after
                    if not after:
                        break
                assert told == [r.number for r in chosen(records, one, NOW)], (one, limit)
                shown += len(told)
    assert shown > 500


@pytest.mark.parametrize("asked", ["银杏苑1幢", "银杏苑 1 幢", "楼道灯", "银杏苑1幢 楼道"])
async def test_words_are_found_whether_or_not_there_are_spaces(store: Store, asked: str) -> None:
    records = await filled(store)
    parts = [part for part in asked.replace("银杏苑 1 幢", "银杏苑1幢").split() if part]
    async with store.read() as tx:
        page = await listing.page(tx, Filters(bucket="all", words=asked), NOW, limit=200)
    plain = [r for r in records if all(p in f"{r.text}{r.place_text}".replace(" ", "") for p in parts)]
    assert plain
    assert [r.number for r in page.records] == sorted((r.number for r in plain), reverse=True)
