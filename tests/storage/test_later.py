"""Rows that are written late are there for whoever asks, in order, and only if the transaction is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage import dialogues, timers
from storage.timers import timers as table
from storage.tx import Store, Tx
from tests.storage.samples import add_chat


async def _armed(tx: Tx, now: datetime, *subjects: int) -> list[int]:
    return [await timers.put(tx, now + timedelta(minutes=n), "x", "request", n) for n in subjects]


async def test_a_question_in_the_same_transaction_finds_them(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = await _armed(tx, now, 1, 2, 3)
        assert [t.id for t in await timers.due(tx, now + timedelta(hours=1), 10)] == ids
        more = await _armed(tx, now, 4)
        assert len(await tx.all(select(table.c.id).where(table.c.tenant == tx.tenant))) == 4
        assert await timers.finish(tx, more[0])
        code = await dialogues.add_keyboard(tx, chat_id=1, person_id=None, presses=[("a", {}, "好")], expires_at=now)
        press = await dialogues.find_press(tx, f"{code}.0")
        assert press is not None
        assert press.label == "好"


async def test_what_changes_all_rows_changes_the_late_ones(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await _armed(tx, now, 1, 2)
        await timers.drop(tx, "request", 1)
        assert [t.subject_id for t in await timers.due(tx, now + timedelta(hours=1), 10)] == [2]
        await _armed(tx, now, 5)
        mine = update(table).where(table.c.tenant == tx.tenant, table.c.state == timers.WAITING)
        assert await tx.run(mine.values(attempts=3)) == 2
        await _armed(tx, now, 6)
        await tx.lock(table, 1)
        assert not tx.late


async def test_they_are_saved_with_the_rest_or_not_at_all(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await _armed(tx, now, 1, 2)

    async def fails(tx: Tx) -> None:
        await _armed(tx, now, 3)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.run(fails)
    async with store.read() as tx:
        assert [t.subject_id for t in await timers.due(tx, now + timedelta(hours=1), 10)] == [1, 2]


async def test_statements_are_one_for_each_table(store: Store, now: datetime) -> None:
    sent: list[str] = []
    async with store.write() as tx:
        store.database.plans.watch = lambda _, sql: sent.append(sql)
        await _armed(tx, now, 1, 2, 3)
        await dialogues.add_keyboard(tx, chat_id=1, person_id=None, presses=[("a", {}, "好")], expires_at=now)
        await dialogues.find(tx, 1, 1)
        assert len(sent) == 1  # the question, of another table
    store.database.plans.watch = None
    assert len(sent) == 3


async def test_what_collides_fails_before_the_commit(store: Store, now: datetime) -> None:
    row = {"tenant": "street", "id": 7, "due_at": now, "name": "x", "subject": "request", "subject_id": 1, "data": {}}
    row |= {"state": timers.WAITING, "attempts": 0, "error": ""}

    async def collides(tx: Tx) -> None:
        tx.later(table, row)
        tx.later(table, dict(row))

    with pytest.raises(IntegrityError):
        await store.run(collides)
    async with store.read() as tx:
        assert await timers.due(tx, now + timedelta(hours=1), 10) == []


async def test_what_is_called_off_late_was_there_before(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        stored, other = await _armed(tx, now, 1, 2)
    async with store.write() as tx:
        (early,) = await _armed(tx, now, 1)
        await timers.drop(tx, "request", 1)
        (after,) = await _armed(tx, now, 1)
        await timers.drop_these(tx, [other])
    async with store.read() as tx:
        states = dict(await tx.all(select(table.c.id, table.c.state).where(table.c.tenant == tx.tenant)))
    assert states == {
        stored: timers.DROPPED,
        early: timers.DROPPED,
        after: timers.WAITING,
        other: timers.DROPPED,
    }


async def test_of_what_is_said_of_one_row_the_last_counts(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for chat in (1, 2, 3, 4):
            await dialogues.save(tx, chat, 7, "report", "kind", {}, now)
    async with store.write() as tx:
        await dialogues.save(tx, 1, 7, "rate", "words", {}, now)
        await dialogues.close(tx, 1, 7)
        await dialogues.close(tx, 2, 7)
        await dialogues.save(tx, 2, 7, "rate", "solved", {}, now)
        await dialogues.save(tx, 3, 7, "rate", "words", {}, now)
        await dialogues.save(tx, 3, 7, "rate", "stars", {}, now)
    async with store.read() as tx:
        found = [await dialogues.find(tx, chat, 7) for chat in (1, 2, 3, 4)]
    assert [one and one.step for one in found] == [None, "solved", "stars", "kind"]


async def test_a_question_is_not_asked_into_another_conversation(store: Store, now: datetime) -> None:
    async def ask(tx: Tx, chat: int, step: str) -> None:
        await dialogues.save_unless_busy(tx, chat, 7, "rate", step, {}, now)

    async with store.write() as tx:
        await dialogues.save(tx, 1, 7, "report", "kind", {}, now)
        for chat in (2, 5, 6):
            await dialogues.save(tx, chat, 7, "rate", "solved", {}, now)
    async with store.write() as tx:
        for chat in (1, 2, 3):  # another is stored; the same; none
            await ask(tx, chat, "stars")
        await ask(tx, 3, "words")
        await dialogues.save(tx, 4, 7, "report", "kind", {}, now)
        await ask(tx, 4, "stars")
        await dialogues.close(tx, 5, 7)
        await ask(tx, 5, "stars")
        await ask(tx, 6, "stars")
        await dialogues.close(tx, 6, 7)
    async with store.read() as tx:
        found = [await dialogues.find(tx, chat, 7) for chat in range(1, 7)]
    assert [one and (one.flow, one.step) for one in found] == [
        ("report", "kind"),
        ("rate", "stars"),
        ("rate", "words"),
        ("report", "kind"),
        ("rate", "stars"),
        None,
    ]


async def test_a_conversation_that_is_closed_leaves_room_for_a_question(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await dialogues.save(tx, 1, 7, "report", "kind", {}, now)
    async with store.write() as tx:
        await dialogues.close(tx, 1, 7)
        await dialogues.save_unless_busy(tx, 1, 7, "rate", "solved", {}, now)
        await dialogues.save_unless_busy(tx, 1, 7, "rate", "stars", {}, now)
    async with store.read() as tx:
        found = await dialogues.find(tx, 1, 7)
    assert found is not None
    assert found.step == "stars"


async def test_a_question_of_one_chat_waits_for_nothing_of_the_others(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chats = [await add_chat(tx, name, now) for name in ("one", "two")]
    sent: list[str] = []
    async with store.write() as tx:
        for chat in chats:
            await dialogues.save(tx, chat, 7, "report", "kind", {}, now)
            code = await dialogues.add_keyboard(
                tx, chat_id=chat, person_id=7, presses=[("a", {}, "好")], expires_at=now
            )
            await dialogues.set_menu(tx, chat, code, now)
        store.database.plans.watch = lambda _, sql: sent.append(sql)
        assert await dialogues.find(tx, 9, 7) is None
        assert len(sent) == 1
        found = await dialogues.find_here(tx, chats[1], 7, "")
        assert found is not None
        assert found.step == "kind"
        assert await dialogues.find_menu(tx, chats[1]) == (code, ["好"], now)
        assert len(sent) == 5  # dialogues, keyboards, menus, and the question that was about them
        store.database.plans.watch = None
