"""People by identity, sealed; chats by platform id; one room a queue's chat."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy import update as sql_update

from storage import labels, people
from storage.tx import Store
from tests.storage.samples import add_chat


async def test_a_person_is_known_by_identity_and_sealed(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王芳", now)
        await people.set_phone(tx, person.id, "13912341234")
        found = await people.find_by_identity(tx, "web", "", "u1")
        assert found is not None
        assert (found.id, found.name, found.phone) == (person.id, "王芳", "13912341234")
        assert await people.find_by_identity(tx, "telegram", "", "u1") is None
        assert await people.identities_of(tx, person.id) == [("web", "", "u1")]
        row = await tx.one(select(people.people))
        assert row is not None
        kept = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        assert not any(secret.encode() in kept for secret in ("王芳", "13912341234"))


async def test_an_erased_person_leaves_a_row_without_anything(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王芳", now)
        await people.set_phone(tx, person.id, "13912341234")
        home = sql_update(people.people).where(people.people.c.tenant == tx.tenant, people.people.c.id == person.id)
        await tx.run(home.values(home_place={"estate": "翠湖苑"}))
        await people.set_last_place(tx, person.id, {"estate": "翠湖苑"})
        await people.erase(tx, person.id, now)
        assert await people.get_person(tx, person.id) == (person.id, "", "", None, None, now)


async def test_the_private_chat_is_the_reachable_one_used_last(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        old = await add_chat(tx, "old", now, person_id=1)
        new = await add_chat(tx, "new", now, person_id=1)
        await add_chat(tx, "room", now, person_id=1, is_group=True)
        entered = await people.enter_chat(tx, "web", "", "new", "", now + timedelta(minutes=1))
        assert entered is not None
        assert entered.id == new
        assert await people.enter_chat(tx, "web", "", "nowhere", "", now) is None
        assert (await people.find_private_chat(tx, 1) or (0,))[0] == new
        await people.set_reachable(tx, new, False)
        assert (await people.find_private_chat(tx, 1) or (0,))[0] == old
        assert await people.find_private_chat(tx, 2) is None


async def test_who_stays_in_a_chat_is_not_noted_each_time_and_the_order_stays_right(
    store: Store, now: datetime
) -> None:
    async def enter(chat: str, seconds: int) -> bool:
        """Whether it was written, and it is where to write to the person."""
        asked: list[str] = []
        async with store.write() as tx:
            store.database.plans.watch = lambda _, sql: asked.append(sql)
            here = await people.enter_chat(tx, "web", "", chat, "", now + timedelta(seconds=seconds), person_id=1)
            store.database.plans.watch = None
            assert here is not None
            assert here.reachable
            tx.forget()
            assert await people.find_private_chat(tx, 1) == here
        return any("UPDATE" in sql for sql in asked)

    async with store.write() as tx:
        one = await add_chat(tx, "one", now, person_id=1)
        await add_chat(tx, "two", now - timedelta(hours=1), person_id=1)
        await add_chat(tx, "theirs", now + timedelta(hours=1), person_id=2)
    assert [await enter("one", at) for at in (1, 20, 59)] == [False] * 3
    assert await enter("two", 10)  # the clock of this process may be late
    assert await enter("one", 11)
    assert await enter("two", 12)
    assert not await enter("two", 71)
    assert await enter("two", 72)
    assert await enter("one", 73)
    assert not await enter("one", 74)
    async with store.write() as tx:
        await people.set_reachable(tx, one, False)
    assert await enter("one", 75)


async def test_a_chat_is_the_room_of_one_queue(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        room = await add_chat(tx, "room", now, is_group=True)
        assert await people.bind_room(tx, "grid:g1", room, None, now)
        assert not await people.bind_room(tx, "grid:g1", room, None, now)
        assert await people.bind_room(tx, "grid:g2", room, None, now)
        assert await people.queues_of_chat(tx, room) == ["grid:g2"]
        assert [c.id for c in await people.rooms_of(tx, ["grid:g1", "grid:g2"])] == [room]
        assert await people.unbind_chat(tx, room) == 1
        assert await people.rooms_of(tx, ["grid:g2"]) == []


async def test_a_group_that_moved_is_the_same_chat(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        room = await add_chat(tx, "-1", now, is_group=True)
        assert await people.migrate_chat(tx, "web", "", "-1", "-1001") == 1
        found = await people.find_chat(tx, "web", "", "-1001")
        assert found is not None
        assert found.id == room
        assert await people.find_chat(tx, "web", "", "-1") is None


async def test_corrections_are_kept(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await labels.add(
            tx,
            request_id=1,
            text="路灯不亮",
            source="desk",
            person_id=3,
            item_before="",
            item="facility.light",
            grid_before="g1",
            grid="g1",
            now=now,
        )
        assert await labels.count(tx) == 1
