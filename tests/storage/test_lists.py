"""One value for a list of any length: the same rows as with as many comparisons, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Select, select

from storage.lists import among
from storage.people import chats, rooms
from storage.plans import ME, form
from storage.tx import Store
from tests.storage.samples import add_chat


@form
def _named(names: Any) -> Select[Any]:
    return select(chats.c.chat).where(chats.c.tenant == ME, among(chats.c.chat, names)).order_by(chats.c.chat)


@form
def _by_id(ids: Any) -> Select[Any]:
    return select(chats.c.chat).where(chats.c.tenant == ME, among(chats.c.id, ids)).order_by(chats.c.chat)


@form
def _rooms_of(queue: Any) -> Select[Any]:
    bound = select(rooms.c.chat_id).where(rooms.c.tenant == ME, rooms.c.queue == queue)
    return select(chats.c.chat).where(chats.c.tenant == ME, among(chats.c.id, bound)).order_by(chats.c.chat)


@pytest.mark.parametrize("wanted", [[], ["a"], ["a", "c", "nobody"], ['"', "张\u0000三", "a', 'b", "{b}"]])
async def test_the_rows_that_are_named(store: Store, now: datetime, wanted: list[str]) -> None:
    async with store.write() as tx:
        for name in ("a", "b", "c", '"', "a', 'b", "{b}"):
            await add_chat(tx, name, now)
    async with store.read() as tx:
        found = [row.chat for row in await tx.all(_named(names=wanted))]
    assert set(found) == {"a", "b", "c", '"', "a', 'b", "{b}"} & set(wanted)


async def test_numbers_and_a_question_in_place_of_a_list(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = {name: await add_chat(tx, name, now, is_group=True) for name in "abc"}
        row = {"tenant": tx.tenant, "bound_by": None, "bound_at": now}
        await tx.add(rooms, [{**row, "queue": "desk", "chat_id": ids[name]} for name in "ac"])
        assert [row.chat for row in await tx.all(_by_id(ids=[ids["b"], ids["c"], 2**62]))] == ["b", "c"]
        assert [row.chat for row in await tx.all(_rooms_of(queue="desk"))] == ["a", "c"]
        assert await tx.all(_rooms_of(queue="other")) == []


def test_late_rows_of_a_table_inside_are_seen() -> None:
    """Whoever asks has them written first: the form knows every table it reads."""
    assert _rooms_of.tables == {chats, rooms}
