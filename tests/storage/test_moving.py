"""From SQLite to PostgreSQL and back: everything arrives, or nothing; a target that holds something is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from storage import labels, moving, outbox, people, receipts, requests, roles, tables, timers
from storage.database import Database
from storage.ids import Ids
from storage.moving import MoveFailed
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.conftest import DATABASES, Fresh
from tests.storage.samples import add_chat, add_request, add_wish, of_tenant
from workflow.rights import Role


@pytest.fixture(params=DATABASES)
def other(request: pytest.FixtureRequest, fresh: Fresh) -> str:
    """Where to."""
    return fresh(str(request.param))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 50)


async def fill(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        person = await people.add_person(tx, "web", "", "u1", "李阿姨", now)
        await people.set_last_place(tx, person.id, {"estate": "翠湖苑", "building": 3, "near": 0.1 + 0.2, "unit": None})
        chat = await add_chat(tx, "u1", now, person_id=person.id)
        await receipts.save(tx, "web", "", [("1", {"text": "路灯\u0000不亮 😀"})], now)
        for n in range(moving.BATCH + 7):
            await timers.put(tx, now + timedelta(microseconds=n), "rate.ask", "request", n, {"n": [n, str(n)]})
        request = await add_request(tx, now)
        await requests.move(tx, request, "request.claimed", now, actor_id=5, claimer_id=5, claimed_at=now)
        await add_wish(tx, now)
        await add_request(of_tenant(tx, "elsewhere"), now)
        await roles.grant(tx, person.id, Role.GRID_WORKER, "g1", None, now)
        await outbox.put(tx, chat_id=chat, body={"text": "已受理"}, lane=1, now=now, slot="s")
        await labels.add(
            tx,
            **{
                "request_id": request.id,
                "text": "路灯",
                "source": "desk",
                "person_id": 1,
                "item_before": "",
                "item": "a",
            },
            **{"grid_before": "", "grid": "g1", "now": now},
        )


async def rows(database: Database) -> dict[str, list[Any]]:
    async with database.read() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in (await connection.execute(select(table))).all())
            for table in tables.ALL
        }


async def test_everything_arrives_as_it_was(store: Store, other: str, now: datetime) -> None:
    await fill(store, now)
    target = Database(other, "street")
    told: list[tuple[str, int, int]] = []
    moved = await moving.move(store.database, target, lambda *said: told.append(said))
    assert await rows(target) == await rows(store.database)
    assert {m.table: m.rows for m in moved} == {name: len(found) for name, found in (await rows(target)).items()}
    assert ("timers", moving.BATCH, moving.BATCH + 7) in told
    there = Store(target, Ids(), store.sealer)
    async with there.write() as tx:
        (waiting,) = await receipts.waiting(tx, 9)
        assert waiting.raw == {"text": "路灯\u0000不亮 😀"}
        assert (await add_request(tx, now)).number == 1003
    await target.close()


async def test_what_is_moved_there_and_back_is_the_same(fresh: Fresh, now: datetime) -> None:
    one, two, three = (
        Database(fresh(kind, migrated=migrated), "street")
        for kind, migrated in (("sqlite", True), ("postgresql", False), ("sqlite", False))
    )
    await fill(Store(one, Ids(), Sealer([new_key()])), now)
    there, back = await moving.move(one, two), await moving.move(two, three)
    assert there == back
    assert await rows(three) == await rows(one)
    for database in (one, two, three):
        await database.close()


async def test_a_target_that_holds_something_is_refused(store: Store, other: str, now: datetime) -> None:
    await fill(store, now)
    target = Database(other, "street")
    async with Store(target, Ids(), store.sealer).write() as tx:
        await receipts.save(tx, "web", "", [("9", {})], now)
    before = await rows(target)
    with pytest.raises(MoveFailed, match="is not empty"):
        await moving.move(store.database, target)
    assert await rows(target) == before
    await target.close()


async def test_what_the_target_refuses_is_named_and_nothing_stays(fresh: Fresh, now: datetime) -> None:
    source, target = Database(fresh("sqlite"), "street"), Database(fresh("postgresql"), "street")
    store = Store(source, Ids(), Sealer([new_key()]))
    await fill(store, now)
    async with store.write() as tx:
        await tx.run(update(requests.requests).values(queue="q" * 200))
    with pytest.raises(MoveFailed, match=r"requests: .*too long"):
        await moving.move(source, target)
    assert not any((await rows(target)).values())
    await source.close()
    await target.close()


async def test_what_arrives_changed_is_found(store: Store, other: str, now: datetime) -> None:
    """A guard against a driver or a column that alters what it keeps."""
    await fill(store, now)
    target = Database(other, "street")
    async with target.write() as connection:
        for statement in _ALTERING[target.is_sqlite]:
            await connection.exec_driver_sql(statement)
    with pytest.raises(MoveFailed, match="labels"):
        await moving.move(store.database, target)
    await target.close()


_ALTERING = {
    True: (
        "CREATE TRIGGER alter_it AFTER INSERT ON labels BEGIN UPDATE labels SET text = 'other' WHERE id = NEW.id; END",
    ),
    False: (
        "CREATE FUNCTION alter_it() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.text := 'other'; RETURN NEW; END $$",
        "CREATE TRIGGER alter_it BEFORE INSERT ON labels FOR EACH ROW EXECUTE FUNCTION alter_it()",
    ),
}


async def test_an_old_or_missing_source_is_refused(fresh: Fresh, kind: str) -> None:
    old, target = Database(fresh(kind, migrated=False), "street"), Database(fresh(kind), "street")
    with pytest.raises(MoveFailed, match="no such database" if old.is_sqlite else "has schema none"):
        await moving.move(old, target)
    await old.close()
    await target.close()
