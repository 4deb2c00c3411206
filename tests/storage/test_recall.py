"""What one piece of work has read is read once, and is never older than its own changes or a lock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from storage import people
from storage.people import Person
from storage.plans import ME, form
from storage.rows import Row
from storage.tx import Store, Tx
from tests.storage.samples import add_chat, of_tenant

_all_named = form(lambda name: update(people.people).where(people.people.c.tenant == "street").values(name_sealed=name))

_all_people = form(lambda: select(people.people.c.id).where(people.people.c.tenant == ME))


async def _by_setting(tx: Tx, person: Person) -> None:
    await people.set_name(tx, person.id, "李")


async def _by_statement(tx: Tx, person: Person) -> None:
    mine = (people.people.c.tenant == tx.tenant, people.people.c.id == person.id)
    await tx.run(update(people.people).where(*mine).values(name_sealed=tx.sealer.seal("李")))


async def _by_form(tx: Tx, person: Person) -> None:
    await tx.run(_all_named(name=tx.sealer.seal("李")))


async def _by_putting(tx: Tx, person: Person) -> None:
    row = {"tenant": tx.tenant, "id": person.id, "created_at": datetime.now(UTC), "name_sealed": tx.sealer.seal("李")}
    await tx.put(people.people, row, on=("tenant", "id"), change=("name_sealed",))


CHANGES = [_by_setting, _by_statement, _by_form, _by_putting]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_changed_is_read_again(
    store: Store, now: datetime, change: Callable[[Tx, Person], Awaitable[None]]
) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
        assert (await people.get_person(tx, person.id)).name == "王"
        await change(tx, person)
        assert (await people.get_person(tx, person.id)).name == "李"


async def test_what_nothing_changes_is_asked_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
        await add_chat(tx, "one", now, person_id=person.id)
    asked: list[str] = []
    async with store.write() as tx:
        store.database.plans.watch = lambda _, sql: asked.append(sql)
        for _ in range(3):
            await people.get_person(tx, person.id)
            found = await people.private_chats(tx, person.id)
            found.clear()  # whoever asked may do with the list what they like
        assert len(await people.private_chats(tx, person.id)) == 1
        assert len(asked) == 2
        await add_chat(tx, "two", now, person_id=person.id)
        asked.clear()
        await people.get_person(tx, person.id)
        assert asked == []
        assert len(await people.private_chats(tx, person.id)) == 2
        store.database.plans.watch = None


async def test_after_a_lock_and_in_the_next_piece_of_work_it_is_asked_again(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
    async with store.write() as tx:
        for again in (lambda: people.lock_person(tx, person.id), None):
            await people.get_person(tx, person.id)
            asked: list[str] = []
            if again is not None:
                await again()
            else:
                tx.forget()
            store.database.plans.watch = lambda _, sql, asked=asked: asked.append(sql)  # type: ignore[misc]
            await people.get_person(tx, person.id)
            store.database.plans.watch = None
            assert len(asked) == 1


async def test_two_people_are_not_mixed_up(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        one = await people.add_person(tx, "web", "", "u1", "王", now)
        other = await people.add_person(tx, "web", "", "u2", "李", now)
        names = [(await people.get_person(tx, p.id)).name for p in (one, other, one, other)]
        assert names == ["王", "李", "王", "李"]


async def test_what_is_known_of_one_tenant_says_nothing_of_another(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
        assert (await people.get_person(tx, person.id)).name == "王"
        with pytest.raises(LookupError):
            await people.get_person(of_tenant(tx, "next"), person.id)


async def test_what_is_lasting_lasts_only_where_nobody_else_writes(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "王", now)
        asked = []

        def made(rows: list[Row]) -> int:
            asked.append(len(rows))
            return len(rows)

        async def count() -> int:
            return await tx.recall(_all_people(), made, lasting=True)

        assert [await count(), await count(), len(asked)] == [1, 1, 1]
        tx.forget()
        assert await count() == 1
        assert len(asked) == (1 if store.database.is_sqlite else 2)
        await people.set_name(tx, person.id, "李")
        before = len(asked)
        assert await count() == 1
        assert len(asked) == before + 1
        tx.forget()
        await tx.lock(people.people, person.id)
        assert await count() == 1
        assert len(asked) == before + 2
