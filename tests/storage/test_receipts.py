"""Updates are kept once, in order of arrival, and forgotten when they are handled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage import receipts
from storage.receipts import Arrived
from storage.tx import Store, Tx


async def sealed_of(tx: Tx, receipt_id: int) -> bytes:
    row = await tx.one(select(receipts.receipts.c.raw_sealed).where(receipts.receipts.c.id == receipt_id))
    assert row is not None
    return bytes(row.raw_sealed)


def update(text: str) -> dict[str, Any]:
    return {"text": text}


async def test_a_repeat_changes_nothing(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        first = await receipts.save(tx, "telegram", "bot", [("7", update("一")), ("8", update("二"))], now)
        again = await receipts.save(tx, "telegram", "bot", [("8", update("改")), ("9", update("三"))], now)
        assert again[0] == first[1]
        assert [r.raw["text"] for r in await receipts.waiting(tx, 10)] == ["一", "二", "三"]


async def test_many_in_one_go_each_say_whether_they_are_new(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        known = await receipts.save(tx, "telegram", "bot", [("7", update("一")), ("8", update("二"))], now)
        names = [
            ("telegram", "bot", "9"),
            ("telegram", "bot", "8"),
            ("web", "", "9"),
            ("web", "", "9"),
            ("web", "", "1"),
        ]
        kept = await receipts.keep(tx, [Arrived(*name, update("".join(name))) for name in names], now)
        (first, _), (again, _), (web, _), (twice, _), (last, _) = kept
        assert [is_new for _, is_new in kept] == [True, False, True, False, True]
        assert (again, twice) == (known[1], web)
        assert [r.id for r in await receipts.waiting(tx, 10)] == [*known, first, web, last]
        assert await receipts.keep(tx, [], now) == []


async def test_a_repeat_of_what_was_handled_is_not_handled_again(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        (kept,) = await receipts.save(tx, "telegram", "bot", [("7", update("一"))], now)
        assert await receipts.finish(tx, kept)
        assert await receipts.save(tx, "telegram", "bot", [("7", update("一"))], now) == [kept]
        assert await receipts.waiting(tx, 10) == []


async def test_the_same_number_of_another_account_is_another_update(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = set()
        for channel, account in (("telegram", "a"), ("telegram", "b"), ("web", "a")):
            ids |= set(await receipts.save(tx, channel, account, [("7", update("一"))], now))
        assert len(ids) == 3


async def test_what_was_handled_is_forgotten(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        done, open_ = await receipts.save(tx, "web", "", [("1", update("一")), ("2", update("二"))], now)
        assert "一".encode() not in await sealed_of(tx, done)
        assert await receipts.finish(tx, done)
        assert not await receipts.finish(tx, done)
        assert await sealed_of(tx, done) == b""
        assert await sealed_of(tx, open_) != b""
        assert not await receipts.is_waiting(tx, done)
        assert await receipts.is_waiting(tx, open_)
        assert await receipts.count(tx, receipts.DONE) == 1


async def test_after_the_last_try_it_is_set_aside_as_it_came(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        (broken,) = await receipts.save(tx, "web", "", [("1", update("一"))], now)
        tries = [await receipts.fail(tx, broken, "x" * 900) for _ in range(receipts.MAX_ATTEMPTS)]
        assert tries == [False] * (receipts.MAX_ATTEMPTS - 1) + [True]
        assert not await receipts.fail(tx, broken, "late")
        assert not await receipts.finish(tx, broken)
        assert await receipts.count(tx, receipts.FAILED) == 1
        assert tx.sealer.open_json(await sealed_of(tx, broken)) == {"text": "一"}


async def test_set_aside_at_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        (broken,) = await receipts.save(tx, "web", "", [("1", update("一"))], now)
        await receipts.set_aside(tx, broken)
        assert await receipts.waiting(tx, 10) == []
        assert await receipts.count(tx, receipts.FAILED) == 1


async def test_the_oldest_come_first_and_no_more_than_wanted(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await receipts.save(tx, "web", "", [(str(n), update(str(n))) for n in range(20)], now)
        assert [r.external_id for r in await receipts.waiting(tx, 5)] == ["0", "1", "2", "3", "4"]
