"""What was taken in is known again, under any sealing key; old records and listed people in both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from storage import audit, counters, imports, ledger, people, requests
from storage.people import people as people_table
from storage.requests import Original, Request
from storage.seal import Sealer, new_key
from storage.tx import Store, Tx
from tests.storage.samples import add_chat
from workflow.replay import FACTS, Books, Step

DAY = timedelta(days=1)


async def test_a_content_is_taken_in_once_until_it_is_let_in_again(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        first = await imports.note(tx, "staff", "rows", 3, 1, now, since=now - DAY)
        assert first is not None
        assert await imports.note(tx, "staff", "rows", 3, 2, now, since=now - DAY) is None
        assert await imports.note(tx, "places", "rows", 3, 1, now, proposal="[street]", since=now - DAY) is not None
        assert await imports.find(tx, "staff", "other", now - DAY) is None
    later = now + 2 * DAY
    async with store.write() as tx:
        found = await imports.find(tx, "staff", "rows", now - DAY)
        assert found is not None
        assert (found.id, found.rows, found.person_id, found.at) == (first, 3, 1, now)
        assert await imports.find(tx, "staff", "rows", later - DAY) is None
        second = await imports.note(tx, "staff", "rows", 2, 5, later, since=later - DAY)
        assert second not in (None, first)
        assert [(one.kind, one.person_id, one.proposal) for one in await imports.latest(tx, 5)] == [
            ("staff", 5, ""),
            ("places", 1, "[street]"),
        ]


async def test_rows_are_known_by_any_key_and_kept_as_digests_only(store: Store, now: datetime) -> None:
    old, new = new_key(), new_key()
    before, after = (Store(store.database, store.ids, Sealer(keys)) for keys in ([old], [new, old]))
    async with before.write() as tx:
        await imports.keep_rows(tx, "staff", ["王建国|grid_worker|g1"], now)
    async with after.write() as tx:
        wanted = ["王建国|grid_worker|g1", "孙敏|desk|c1", *(f"row {n}" for n in range(600))]
        assert await imports.known_rows(tx, "staff", wanted, now) == {"王建国|grid_worker|g1"}
        assert await imports.known_rows(tx, "staff", wanted, now + DAY) == set()
        assert await imports.known_rows(tx, "other", wanted, now) == set()
        rows = await tx.all(select(imports.imported_rows).where(imports.imported_rows.c.tenant == tx.tenant))
        assert not any("王建国" in str(value) for row in rows for value in row)


async def test_listed_people_are_found_by_phone_before_those_who_come_later(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        listed = await people.add_known(tx, "residents", "李桂英", "13912341234", {"grid": "g1"}, now)
        await people.add_known(tx, "residents", "王芳", "13912341234", None, now)
        await people.add_known(tx, "records", "", "", None, now)
        phones = ["", "13912341234", "13700000000", *(f"138{n:08}" for n in range(600))]
        assert await people.with_phones(tx, phones) == {"13912341234": listed}
        person = await people.get_person(tx, listed)
        assert (person.name, person.phone, person.home_place) == ("李桂英", "13912341234", {"grid": "g1"})
        assert [channel for channel, *_ in await people.identities_of(tx, listed)] == ["book"]


async def carried(tx: Tx, now: datetime, reporter_id: int) -> Request:
    return await requests.carry(
        tx,
        reporter_id=reporter_id,
        queue="grid:g1",
        item="facility.light.corridor",
        grid="g1",
        place={"text": "银杏苑 3 幢"},
        place_text="银杏苑 3 幢",
        text="楼道灯坏了",
        original=Original("楼道灯坏了", "银杏苑3幢"),
        summary="楼道灯坏了",
        confidence=0.9,
        received_at=now - 500 * DAY,
        respond_due_at=now - 499 * DAY,
        resolve_due_at=now - 497 * DAY,
        responded_at=now - 500 * DAY,
        resolved_at=now - 498 * DAY,
        actor_id=7,
        words="换了灯",
        now=now,
    )


async def test_an_old_record_stands_in_the_ledger_as_it_stands_in_the_table(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        reporter = await people.add_known(tx, "records", "", "", None, now)
        one, other = await carried(tx, now, reporter), await carried(tx, now, reporter)
        assert (one.state.value, one.closed_at, one.started_at) == ("closed", now - 498 * DAY, now - 500 * DAY)
        assert (other.number, await counters.last_number(tx)) == (one.number + 1, one.number + 1)
    books = Books()
    async with store.read() as tx:
        async for row in ledger.rows(tx):
            books.read(Step(*(row[name] for name in ("subject", "subject_id", "name", "actor_id", "target", "data"))))
        assert [finding async for finding in ledger.verify(tx)] == []
        stored = {record["id"]: record async for record in audit.records(tx, "request")}
    for kept in (one, other):
        account = books.requests[kept.id]
        assert (account.number, account.state, account.ratings) == (kept.number, "closed", {})
        assert {n: getattr(account.facts, n) for n in FACTS} == {n: stored[kept.id][n] for n in FACTS}


async def test_phones_from_before_get_their_last_digits_in_parts(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for n in range(5):
            await people.add_known(tx, "residents", "甲", f"1390000000{n}", None, now)
        await people.add_known(tx, "residents", "乙", "", None, now)
        await add_chat(tx, "c", now, person_id=1)
        mine = people_table.c.tenant == tx.tenant
        await tx.run(update(people_table).where(mine).values(tail_digest=None))
        broken = (await tx.all(select(people_table.c.id).where(mine).order_by(people_table.c.id)))[1].id
        await tx.run(update(people_table).where(mine, people_table.c.id == broken).values(phone_sealed=b"no seal"))
    after, parts = 0, 0
    while True:
        async with store.write() as tx:
            last = await people.fill_tails(tx, after, 2)
        if last is None:
            break
        after, parts = last, parts + 1
    assert parts == 3
    async with store.read() as tx:
        assert [len(await people.with_tail(tx, f"000{n}")) for n in range(5)] == [1, 0, 1, 1, 1]
