"""Codes for changing a card: the newest first, each once, none after its time, a repeat is the same code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import update_codes
from storage.tx import Store

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
END = NOW + timedelta(hours=72)


async def test_the_newest_code_is_used_first_and_once(store: Store) -> None:
    async with store.write() as tx:
        assert await update_codes.add(tx, "ww1", "card", "of the sending", NOW, END)
        assert await update_codes.add(tx, "ww1", "card", "of a click", NOW + timedelta(minutes=5), END)
        first, second = await update_codes.unused(tx, "ww1", "card", NOW + timedelta(hours=1))
        assert (first.code, second.code) == ("of a click", "of the sending")
        await update_codes.spend(tx, "ww1", "card", first.digest, NOW)
        assert await update_codes.unused(tx, "ww1", "card", NOW) == [second]
        assert await update_codes.unused(tx, "ww1", "other", NOW) == []


async def test_a_repeated_callback_brings_no_second_life(store: Store) -> None:
    async with store.write() as tx:
        await update_codes.add(tx, "ww1", "card", "a", NOW, END)
        (code,) = await update_codes.unused(tx, "ww1", "card", NOW)
        await update_codes.spend(tx, "ww1", "card", code.digest, NOW)
        assert not await update_codes.add(tx, "ww1", "card", "a", NOW, END)
        assert await update_codes.unused(tx, "ww1", "card", NOW) == []


async def test_after_72_hours_it_is_forgotten(store: Store) -> None:
    async with store.write() as tx:
        await update_codes.add(tx, "ww1", "card", "a", NOW, END)
        assert await update_codes.forget_expired(tx, END - timedelta(seconds=1)) == 0
        assert await update_codes.unused(tx, "ww1", "card", END) == []
        assert await update_codes.forget_expired(tx, END) == 1
