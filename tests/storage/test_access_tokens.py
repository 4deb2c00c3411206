"""Access tokens: one for all processes, and a token that was refused is dropped only while it is still the one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import access_tokens
from storage.tx import Store
from tests.storage.samples import of_tenant

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


async def test_a_token_is_found_until_it_expires(store: Store) -> None:
    async with store.write() as tx:
        assert await access_tokens.find(tx, "wecom/ww1/7", NOW) is None
        await access_tokens.keep(tx, "wecom/ww1/7", "one", LATER)
        assert await access_tokens.find(tx, "wecom/ww1/7", NOW) == "one"
        assert await access_tokens.find(tx, "wecom/ww1/8", NOW) is None
        assert await access_tokens.find(of_tenant(tx, "other"), "wecom/ww1/7", NOW) is None
        assert await access_tokens.find(tx, "wecom/ww1/7", LATER) is None
        await access_tokens.keep(tx, "wecom/ww1/7", "two", LATER)
        assert await access_tokens.find(tx, "wecom/ww1/7", NOW) == "two"


async def test_what_another_process_fetched_meanwhile_stays(store: Store) -> None:
    async with store.write() as tx:
        await access_tokens.keep(tx, "a", "new", LATER)
        await access_tokens.drop(tx, "a", "old", NOW)
        assert await access_tokens.find(tx, "a", NOW) == "new"
        await access_tokens.drop(tx, "a", "new", NOW)
        assert await access_tokens.find(tx, "a", NOW) is None


async def test_the_token_is_not_readable_in_the_database(store: Store) -> None:
    async with store.write() as tx:
        await access_tokens.keep(tx, "a", "very-secret", LATER)
        row = await tx.one(
            access_tokens.access_tokens.select().where(access_tokens.access_tokens.c.tenant == tx.tenant)
        )
    assert row is not None
    assert b"very-secret" not in row.token_sealed
