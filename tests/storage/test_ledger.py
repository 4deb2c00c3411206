"""Whatever is done to a ledger behind the program's back is found, and its place is named."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from handlers import audit
from storage import chain, events, ledger, migrate
from storage.database import Database
from storage.events import ledgers
from storage.ids import Ids
from storage.ledger import Finding, Head
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.conftest import NOW
from tests.storage.samples import add_request, of_tenant
from tests.storage.test_migrate import to_revision

TRIGGERS = ("events_no_update", "events_no_delete", "ledgers_no_return", "ledgers_no_delete")
OTHER: dict[str, Any] = {
    "tenant": "elsewhere",
    "id": 1,
    "subject": "room",
    "subject_id": 99,
    "name": "request.forged",
    "at": NOW + timedelta(hours=1),
    "actor_id": 4711,
    "origin": "nowhere",
    "target": "nowhere",
    "data": {"forged": [1, "二"]},
    "previous": "f" * 64,
    "hash": "e" * 64,
}
"""A value for each column that no event of these tests has."""
E = events.events


async def unprotect(tx: Tx) -> None:
    """What somebody with the rights of the database's owner can do."""
    if tx.connection.dialect.name == "sqlite":
        for name in TRIGGERS:
            await tx.run(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("events", "ledgers"):
            await tx.run(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


async def write(tx: Tx, count: int) -> None:
    for n in range(count):
        await events.add(tx, "request", n % 3, f"request.e{n}", NOW + timedelta(seconds=n), actor_id=n, data={"n": n})
    await events.flush(tx)


async def findings(tx: Tx, *, anchor: Head | None = None, batch: int = 3) -> list[Finding]:
    return [f async for f in ledger.verify(tx, anchor=anchor, batch=batch)]


def names(found: list[Finding], seq: int) -> bool:
    """Whether a place is named by something that is no mere warning."""
    return any(f.seqs[0] <= seq <= f.seqs[1] for f in found if not f.is_warning)


# -------------------------------------------------------------------- writing


async def test_an_untouched_ledger_has_no_finding(store: Store) -> None:
    heard: list[int] = []
    async with store.write() as tx:
        await write(tx, 5)
    async with store.write() as tx:
        await write(tx, 4)
        await write(of_tenant(tx, "elsewhere"), 2)
    async with store.read() as tx:
        assert [f async for f in ledger.verify(tx, batch=4, tell=heard.append)] == []
        assert heard == [4, 8, 9]
        assert await findings(of_tenant(tx, "elsewhere")) == []
        assert await findings(of_tenant(tx, "nobody")) == []
        found = [row async for row in ledger.rows(tx)]
    assert [r["seq"] for r in found] == list(range(1, 10))
    assert found[0]["previous"] == chain.START
    assert [r["previous"] for r in found[1:]] == [r["hash"] for r in found[:-1]]


def test_the_encoding_never_changes() -> None:
    """These bytes are in databases: a change here makes every ledger look forged."""
    row = {
        "tenant": "street",
        "seq": 7,
        "id": 42,
        "subject": "request",
        "subject_id": 9,
        "name": "request.noted",
        "at": NOW,
        "actor_id": None,
        "origin": "",
        "target": "",
        "data": {"二": [1, 0.93], "a": {"y": None, "x": True}},
        "previous": chain.START,
    }
    wanted = '["street",7,42,"request",9,"request.noted",1794794400000000,null,"","",{"a":{"x":true,"y":null},"二":[1,0.93]},"'
    assert chain.canonical(row) == f'{wanted}{chain.START}"]'.encode()
    assert chain.digest(row) == chain.digest({**row, "at": chain.micros(NOW)})


async def test_writers_at_once_make_one_chain(store: Store) -> None:
    async def one(n: int) -> None:
        async def work(tx: Tx) -> None:
            await events.add(tx, "request", n, "request.noted", NOW)
            await asyncio.sleep(0)
            await events.add(tx, "request", n, "request.urged", NOW)

        await store.run(work)

    await asyncio.gather(*(one(n) for n in range(12)))
    async with store.read() as tx:
        assert await findings(tx) == []
        assert await ledger.size(tx) == 24


# -------------------------------------------------------------------- protection


@pytest.mark.parametrize(
    "statement",
    [
        update(E).values(name="other"),
        delete(E),
        update(ledgers).values(seq=ledgers.c.seq - 1),
        update(ledgers).values(hash="0" * 64),
        delete(ledgers),
    ],
    ids=str,
)
async def test_the_database_refuses_to_change_what_was_written(store: Store, statement: Any) -> None:
    async with store.write() as tx:
        await write(tx, 2)
    with pytest.raises(DBAPIError, match="never"):
        async with store.write() as tx:
            await tx.run(statement)
    async with store.read() as tx:
        assert await findings(tx) == []


async def test_events_can_be_put_elsewhere_as_they_are(store: Store) -> None:
    """What moves a database or restores one inserts rows with their numbers and hashes."""
    async with store.write() as tx:
        await write(tx, 3)
        kept = [dict(r._mapping) for r in await tx.all(select(E))]
        last = await ledger.head(tx)
    assert last is not None
    async with store.write() as tx:
        moved = of_tenant(tx, "elsewhere")
        await tx.run(insert(E).values([{**r, "tenant": "elsewhere"} for r in kept]))
        await tx.run(insert(ledgers).values(tenant="elsewhere", seq=last.seq, hash=last.hash))
        assert {f.kind for f in await findings(moved)} == {"changed"}  # the community is part of the hash


# -------------------------------------------------------------------- what is found


async def test_a_finding_says_which_event_of_which_record(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        request = await add_request(tx, NOW)
        await events.flush(tx)
        await tx.run(update(E).where(E.c.name == "request.queued").values(data={"queue": "grid:other"}))
        (found,) = await findings(tx)
    assert str(found).startswith("changed: event 2 (id ")
    assert f"request.queued, record {request.number})" in str(found)


async def test_a_missing_event_is_named_by_its_neighbours(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        await write(tx, 5)
        await tx.run(delete(E).where(E.c.seq.in_([2, 3])))
        (found,) = await findings(tx)
    assert (found.kind, found.seqs) == ("missing", (2, 3))
    assert "request.e0" in found.why
    assert "request.e3" in found.why


async def test_two_events_in_each_other_s_place_are_told_from_changed_ones(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        await write(tx, 6)
        await swap(tx, 2, 3)
        found = await findings(tx)
    assert [(f.kind, f.seqs[0], f.name) for f in found] == [
        ("reordered", 2, "request.e2"),
        ("reordered", 3, "request.e1"),
    ]


async def test_an_event_squeezed_in_is_told_from_those_it_moved(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        await write(tx, 5)
        await squeeze_in(tx, 3, 5)
        found = await findings(tx)
    assert [(f.kind, f.name) for f in found if f.kind == "inserted"] == [("inserted", "request.forged")]
    assert [f.name for f in found if f.kind == "reordered"] == ["request.e2", "request.e3", "request.e4"]


async def test_a_chain_made_anew_is_found_by_a_head_that_was_noted(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        await write(tx, 4)
        noted = await ledger.head(tx)
        await tx.run(delete(E))
        await tx.run(delete(ledgers))
        await write(tx, 5)
        assert await findings(tx) == []
        assert [f.kind for f in await findings(tx, anchor=noted)] == ["changed"]
        assert [f.kind for f in await findings(tx, anchor=Head(9, "f" * 64))] == ["missing"]


async def test_a_moment_far_before_the_last_one_is_a_warning(store: Store) -> None:
    async with store.write() as tx:
        for minutes in (0, 5, 4.5, 1):
            await events.add(tx, "request", 1, "request.noted", NOW + timedelta(minutes=minutes))
        await events.flush(tx)
        (found,) = await findings(tx)
    assert found.is_warning
    assert found.seqs == (4, 4)
    assert "210 s" in found.why


async def test_data_that_is_no_json_any_more_is_a_change(store: Store) -> None:
    async with store.write() as tx:
        await unprotect(tx)
        await write(tx, 3)
        if tx.connection.dialect.name == "sqlite":
            await tx.run(text("UPDATE events SET data = '{' WHERE seq = 2"))
        else:
            await tx.run(text("UPDATE events SET data = '[]' WHERE seq = 2"))
        (found,) = await findings(tx)
    assert (found.kind, found.seqs) == ("changed", (2, 2))


async def swap(tx: Tx, one: int, other: int) -> None:
    for old, new in ((one, 1_000_000), (other, one), (1_000_000, other)):
        await tx.run(update(E).where(E.c.tenant == tx.tenant, E.c.seq == old).values(seq=new))


async def squeeze_in(tx: Tx, place: int, count: int) -> None:
    """A forged event with a right hash; every later one moves up, and so does the head."""
    for seq in range(count, place - 1, -1):
        await tx.run(update(E).where(E.c.tenant == tx.tenant, E.c.seq == seq).values(seq=seq + 1))
    before = await tx.one(select(E.c.hash).where(E.c.tenant == tx.tenant, E.c.seq == place - 1))
    await forge(tx, place, before.hash if before else chain.START)
    await tx.run(update(ledgers).where(ledgers.c.tenant == tx.tenant).values(seq=count + 1))


async def forge(tx: Tx, seq: int, previous: str) -> None:
    row = {**OTHER, "tenant": tx.tenant, "id": 5, "seq": seq, "previous": previous}
    await tx.run(insert(E).values({**row, "hash": chain.digest(row)}))


@asynccontextmanager
async def copied(template: Path, folder: Path) -> AsyncIterator[Tx]:
    file = folder / "ledger.db"
    shutil.copyfile(template, file)
    database = Database(f"sqlite:///{file}", "street")
    try:
        async with Store(database, Ids(), Sealer([new_key()])).write() as tx:
            await unprotect(tx)
            yield tx
    finally:
        await database.close()


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 12), data=st.data())
async def test_every_tampering_is_found_where_it_was_done(
    template: Path, tmp_path: Path, count: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, count), label="place")
    way = data.draw(st.sampled_from(["change", "delete", "append", "squeeze", "swap", "truncate", "head"]), label="way")
    async with copied(template, tmp_path) as tx:
        await write(tx, count)
        assert await findings(tx) == []
        at_place = E.c.seq == place
        expected = {place}
        if way == "change":
            column = data.draw(st.sampled_from(sorted(OTHER)), label="column")
            await tx.run(update(E).where(at_place).values({column: OTHER[column]}))
        elif way == "delete":
            await tx.run(delete(E).where(at_place))
        elif way == "append":
            last = await ledger.head(tx)
            assert last is not None
            await forge(tx, count + 1, last.hash)
            expected = {count + 1}
        elif way == "squeeze":
            await squeeze_in(tx, place, count)
        elif way == "swap":
            other = data.draw(st.integers(1, count), label="other")
            await swap(tx, place, other)
            expected = {place, other} if other != place else set()
        elif way == "truncate":
            await tx.run(delete(E).where(E.c.seq >= place))
            expected = set(range(place, count + 1))
        else:
            column, value = data.draw(st.sampled_from([("seq", count + 2), ("seq", count - 1), ("hash", "d" * 64)]))
            await tx.run(update(ledgers).values({column: value}))
            expected = {count}
        found = await findings(tx)
    if way == "head" and column == "seq" and value == count + 2:
        expected = {count + 1, count + 2}
    assert all(names(found, seq) for seq in expected), [str(f) for f in found]
    assert bool(expected) == any(not f.is_warning for f in found)


# -------------------------------------------------------------------- a database from before the chain


async def test_events_from_before_the_chain_are_chained(empty_url: str) -> None:
    """In the order of their ids, for each tenant; people's words leave the data; what stood is told by one event a record."""
    database = Database(empty_url, "street")
    async with database.write() as connection:
        await connection.run_sync(to_revision, "0002")
        for tenant in ("street", "elsewhere"):
            await connection.execute(text(OLD_REQUEST), {"tenant": tenant})
            for row in OLD_EVENTS:
                await connection.execute(text(OLD_EVENT), {**row, "tenant": tenant})
        await connection.execute(text(OLD_RATING))
    await migrate.upgrade(database)
    store = Store(database, Ids(), Sealer([new_key()]))
    async with store.write() as tx:
        for books in (tx, of_tenant(tx, "elsewhere")):
            assert await findings(books) == []
            told = await audit.rebuild(books)
            assert [line async for line in audit.differences(books, told, NOW)] == [
                "counter record: None is kept, 1001 by the events"
            ]
        history = await events.history(tx, "request", 8)
        assert [(e.name, e.words) for e in history] == [
            ("request.received", ""),
            ("request.resolved", "换了灯泡"),
            ("request.reopened", ""),
            ("request.carried", ""),
        ]
        assert history[1].data == {"photos": 1}
        assert history[2].data == {"why": "low_stars"}
        await write(tx, 2)
        assert [f for f in await findings(tx) if not f.is_warning] == []
    with pytest.raises(DBAPIError, match="never"):
        async with store.write() as tx:
            await tx.run(delete(E))
    await database.close()


OLD_REQUEST = (
    "INSERT INTO requests (tenant, id, number, draft_id, reporter_id, chat_id, state, queue, intent, item, grid, place, "
    "place_text, text, original_sealed, summary, urgent, danger, confidence, received_at, started_at, respond_due_at, "
    "resolve_due_at, resolved_at, resolution, reopened, supervised) VALUES (:tenant, 8, 1001, 3, 1, 2, 'resolved', "
    "'grid:g1', 'request', 'facility.light', 'g1', '{}', '翠湖苑', '灯', '', '灯', false, '', 0.9, 5, 5, 10, 20, 15, 1, 0, "
    "true)"
)
OLD_EVENT = (
    "INSERT INTO events (tenant, id, subject, subject_id, name, at, origin, target, data) "
    "VALUES (:tenant, :id, 'request', 8, :name, 5, '', :target, :data)"
)
OLD_EVENTS = [
    {"id": 30, "name": "request.reopened", "target": "queued", "data": '{"why": "low_stars"}'},
    {"id": 10, "name": "request.received", "target": "received", "data": '{"number": 1001}'},
    {"id": 20, "name": "request.resolved", "target": "resolved", "data": '{"words": "换了灯泡", "photos": 1}'},
]
OLD_RATING = (
    "INSERT INTO ratings (tenant, request_id, resolution, person_id, solved, stars, words, at) "
    "VALUES ('street', 8, 1, 1, 'yes', 4, '', 9)"
)
