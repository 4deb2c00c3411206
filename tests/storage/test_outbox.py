"""What waits to be said: order per chat, lanes, slots, dead letters, and nothing kept of what was said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage import outbox, people
from storage.outbox import LATER, NOTICE, PRESS, REPLY, SENT, WAITING
from storage.tx import Store, Tx
from tests.storage.samples import add_chat

MINUTE = timedelta(minutes=1)


async def say(tx: Tx, chat: int, text: str, now: datetime, *, lane: int = REPLY, **more: Any) -> int:
    return await outbox.put(tx, chat_id=chat, body={"text": text}, lane=lane, now=now, **more)


async def texts(tx: Tx, now: datetime, limit: int = 100, **more: Any) -> list[str]:
    return [row.body["text"] for row in await outbox.due(tx, now, limit, **more)]


async def row_of(tx: Tx, row_id: int) -> Any:
    return await tx.one(select(outbox.outbox).where(outbox.outbox.c.id == row_id))


async def test_answers_go_before_notices_to_others(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        one, other, third = [await add_chat(tx, name, now) for name in "abc"]
        await say(tx, one, "notice", now, lane=NOTICE)
        await say(tx, other, "reply", now, lane=REPLY)
        await say(tx, third, "toast", now, lane=PRESS)
        assert await texts(tx, now) == ["toast", "reply", "notice"]
        assert await texts(tx, now, 2) == ["toast", "reply"]


async def test_after_a_clock_went_back_nothing_waits_longer_than_it_should(store: Store, now: datetime) -> None:
    ahead, week = now + timedelta(hours=1), timedelta(days=7)
    async with store.write() as tx:
        chats = [await add_chat(tx, name, now) for name in "abcde"]
        await say(tx, chats[0], "at once", ahead)
        await say(tx, chats[1], "in a minute", ahead, not_before=ahead + MINUTE)
        await outbox.postpone(tx, await say(tx, chats[2], "failed", ahead), ahead + MINUTE, "500")
        await outbox.postpone(tx, await say(tx, chats[3], "failed a moment ago", now), now + MINUTE, "500")
        await say(tx, chats[4], "in a week", now, not_before=now + week)
        assert await texts(tx, now) == []
        assert await outbox.set_back(tx, now, now + timedelta(minutes=10)) == 3
        assert await texts(tx, now) == ["at once", "failed"]
        assert await texts(tx, now + MINUTE) == ["at once", "in a minute", "failed", "failed a moment ago"]
        assert len(await texts(tx, now + week)) == 5
        assert await outbox.set_back(tx, now, now + timedelta(minutes=10)) == 0


async def test_an_answer_waits_for_what_its_chat_heard_before_and_hurries_it(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        busy, asking = await add_chat(tx, "busy", now), await add_chat(tx, "asking", now)
        await say(tx, busy, "other notice", now, lane=NOTICE)
        await say(tx, asking, "notice", now, lane=NOTICE)
        await say(tx, asking, "reply", now, lane=REPLY)
        assert await texts(tx, now) == ["notice", "reply", "other notice"]
        assert await texts(tx, now, 1) == ["notice"]


async def test_nothing_overtakes_a_postponed_message_but_toasts(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat, other = await add_chat(tx, "a", now), await add_chat(tx, "b", now)
        first = await say(tx, chat, "first", now, lane=NOTICE)
        await say(tx, chat, "second", now, lane=REPLY)
        await say(tx, chat, "toast", now, lane=PRESS)
        await say(tx, other, "elsewhere", now)
        await outbox.postpone(tx, first, now + MINUTE, "refused")
        assert await texts(tx, now) == ["toast", "elsewhere"]
        assert await texts(tx, now + MINUTE) == ["toast", "first", "second", "elsewhere"]
        assert (await row_of(tx, first)).attempts == 1


async def test_a_postponed_toast_holds_nobody_up(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "a", now)
        await say(tx, chat, "toast", now, lane=PRESS, not_before=now + MINUTE)
        await say(tx, chat, "reply", now)
        assert await texts(tx, now) == ["reply"]


async def test_busy_chats_are_left_out(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chats = [await add_chat(tx, name, now) for name in "abc"]
        for chat in chats:
            await say(tx, chat, str(chats.index(chat)), now)
        assert await texts(tx, now, skip_chats=chats[:2]) == ["2"]


async def test_rooms_and_where_a_card_stood_are_told_in_one_look(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chats = [await add_chat(tx, name, now, is_group=True) for name in "abcd"]
        for chat in chats[:2]:
            await people.bind_room(tx, f"grid:{chat}", chat, None, now)
        await people.bind_room(tx, "grid:other", chats[3], None, now)
        for chat in chats[1:3]:
            await say(tx, chat, "old", now, slot="card:1")
        await say(tx, chats[0], "another", now, slot="card:2")
        for chat in chats[:2]:
            found, before = await outbox.rooms_and_slots(tx, f"grid:{chat}", "card:1")
            assert found == await people.rooms_of(tx, [f"grid:{chat}"]) == [await people.get_chat(tx, chat)]
            assert [one.id for one in before] == sorted(await outbox.chats_with_slot(tx, "card:1")) == chats[1:3]
        assert (await outbox.rooms_and_slots(tx, "grid:none", "card:3")) == ([], [])


async def test_a_slot_holds_one_message(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat, other = await add_chat(tx, "a", now), await add_chat(tx, "b", now)
        old = await say(tx, chat, "old", now, slot="card:1")
        await say(tx, other, "other chat", now, slot="card:1")
        new = await say(tx, chat, "new", now, slot="card:1")
        assert not await outbox.is_waiting(tx, old)
        assert (await row_of(tx, old)).body_sealed == b""
        assert await texts(tx, now) == ["other chat", "new"]
        assert sorted(await outbox.chats_with_slot(tx, "card:1")) == sorted([chat, other])
        assert await outbox.find_post(tx, chat, "card:1") == ""
        await outbox.mark_sent(tx, new, chat, "card:1", "m77", now)
        assert await outbox.find_post(tx, chat, "card:1") == "m77"


async def test_nothing_is_kept_of_what_was_said(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "a", now)
        row_id = await say(tx, chat, "电话13912341234", now, user_key="u1")
        assert b"13912341234" not in (await row_of(tx, row_id)).body_sealed
        await outbox.mark_sent(tx, row_id, chat, "", "m1", now)
        row = await row_of(tx, row_id)
        assert (row.state, row.body_sealed, row.user_key, row.sent_at, row.ref) == (SENT, b"", "", now, "m1")
        assert await texts(tx, now) == []
        assert not await outbox.waits(tx, chat)


async def test_a_dead_letter_keeps_its_words_and_can_be_revived(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "a", now)
        row_id = await say(tx, chat, "words", now)
        await say(tx, chat, "next", now)
        await outbox.bury(tx, row_id, "blocked by the user")
        assert await outbox.backlog(tx) == (1, 1)
        assert await texts(tx, now) == ["next"]
        assert await outbox.revive(tx, chat, now) == 1
        assert await texts(tx, now) == ["words", "next"]
        assert await outbox.backlog(tx) == (2, 0)


async def test_what_goes_to_many_lets_everything_else_pass_but_not_in_its_own_chat(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chats = [await add_chat(tx, f"c{n}", now) for n in range(4)]
        for chat in chats:
            await say(tx, chat, f"to all, {chats.index(chat)}", now, lane=LATER)
        await say(tx, chats[2], "notice", now, lane=NOTICE)
        await say(tx, chats[3], "reply", now, lane=REPLY)
        found = [row.body["text"] for row in await outbox.due(tx, now, 9)]
        assert found == ["to all, 3", "reply", "to all, 2", "notice", "to all, 0", "to all, 1"]
        assert [row.body["text"] for row in await outbox.due(tx, now, 3)] == ["to all, 3", "reply", "to all, 2"]


async def test_the_last_that_went_to_a_chat_are_known(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat, other = await add_chat(tx, "a", now), await add_chat(tx, "b", now)
        for n in range(4):
            row_id = await say(tx, chat, str(n), now)
            await outbox.mark_sent(tx, row_id, chat, "", f"m{n}", now + n * MINUTE)
        toast = await say(tx, chat, "toast", now, lane=PRESS)
        await outbox.mark_sent(tx, toast, chat, "", "", now + 9 * MINUTE)
        await say(tx, chat, "waits", now)
        assert await outbox.last_sent(tx, chat, 2) == [now + 3 * MINUTE, now + 2 * MINUTE]
        assert await outbox.last_sent(tx, other, 2) == []


async def test_what_is_carried_is_no_part_of_the_message(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "a", now)
        tx.carried["trace"] = "t1"
        await say(tx, chat, "said", now)
        (row,) = await outbox.due(tx, now, 9)
        assert (row.body, row.trace) == ({"text": "said"}, "t1")
        await tx.run(outbox.outbox.update().values(state=outbox.HELD))
        assert [body for _, _, body in await outbox.held(tx, chat)] == [{"text": "said"}]


async def test_an_erased_dead_letter_stays_dead(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "a", now)
        row_id = await say(tx, chat, "words", now)
        await outbox.bury(tx, row_id, "blocked by the user")
        await tx.run(outbox.outbox.update().values(body_sealed=b""))
        assert await outbox.revive(tx, chat, now) == 0
        assert await texts(tx, now) == []


async def test_a_row_names_its_chat(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "room", now, is_group=True)
        await say(tx, chat, "hello", now, user_key="u1", slot="s")
        (row,) = await outbox.due(tx, now, 1)
        assert (row.channel, row.chat, row.is_group, row.user_key, row.slot) == ("web", "room", True, "u1", "s")


@pytest.mark.parametrize("lane", [REPLY, NOTICE, LATER])
async def test_only_what_waits_is_read(store: Store, now: datetime, lane: int) -> None:
    """A million sent messages must not make the next one slower."""
    async with store.write() as tx:
        for n in range(1_000):
            row_id = await say(tx, n, "sent long ago", now)
            await outbox.mark_sent(tx, row_id, n, "", "", now)
        await say(tx, 1, "new", now)
        await tx.connection.exec_driver_sql("ANALYZE outbox")
    async with store.read() as tx:
        statement = (
            outbox._awaited(tx, now, (), None, presses=True)
            if lane == REPLY
            else outbox._unawaited(tx, now, (), None, lane).limit(9)
        )
        text = str(statement.compile(dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
        plan = [str(row[-1]).strip() for row in await tx.connection.exec_driver_sql(f"{explain} {text}")]
    assert WAITING in text
    if store.database.is_sqlite:
        assert not any(step.startswith("SCAN outbox") for step in plan)
        assert any("SEARCH outbox USING INDEX" in step and "(tenant=? AND state=?" in step for step in plan), plan
    else:
        assert not any("Seq Scan" in step for step in plan)
        assert any("ix_outbox_tenant_state" in step for step in plan), plan


@pytest.mark.parametrize("others", [0, 3, outbox.HANDFUL + 5])
async def test_who_waits_is_known_through_a_whole_transaction_and_never_wrongly(
    store: Store, now: datetime, others: int
) -> None:
    """However many wait elsewhere, and whatever the same transaction says or takes back."""
    async with store.write() as tx:
        here, there, *rest = [await add_chat(tx, f"c{n}", now) for n in range(2 + others)]
        for chat in rest:
            await outbox.put(tx, chat_id=chat, body={}, lane=outbox.NOTICE, now=now)

        async def held_up() -> list[bool]:
            found = []
            for anew in (False, True):
                found += [await outbox.holds_up(tx, chat, anew=anew) for chat in (here, there)]
            assert found[:2] == found[2:]
            assert all([await outbox.holds_up(tx, chat, anew=False) for chat in rest])
            return found[:2]

        assert await held_up() == [False, False]
        await outbox.put(tx, chat_id=here, body={}, lane=outbox.PRESS, now=now)  # a toast holds up nobody
        tx.forget()
        assert await held_up() == [False, False]
        first = await outbox.put(tx, chat_id=here, body={}, lane=outbox.REPLY, now=now)
        assert await held_up() == [True, False]
        tx.forget()
        second = await outbox.put(tx, chat_id=there, body={}, lane=outbox.LATER, now=now)
        assert await held_up() == [True, True]
        await outbox.mark_sent(tx, first, here, "", "1", now)
        assert await held_up() == [False, True]
        await outbox.let_go(tx, [second])
        tx.forget()
        assert await held_up() == [False, False]
