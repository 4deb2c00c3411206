"""A change of keys: everything sealed is sealed anew, in batches, even after an interruption, and the old key can go."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, select

from storage import outbox, people, platforms, receipts, requests, resealing, roles, tables, timers, wishes
from storage.people import people as people_table
from storage.resealing import reseal
from storage.seal import SealBroken, Sealer, new_key
from storage.tx import Store
from storage.webchat import Post, WebPosts
from tests.storage.conftest import NOW
from tests.storage.samples import add_chat, add_request, add_wish
from workflow.rights import Role

OLD, NEW = new_key(), new_key()
PHONE = "13912341234"


@pytest.fixture
def store(store: Store) -> Store:
    return Store(store.database, store.ids, Sealer([OLD]))


def with_keys(store: Store, *keys: str) -> Store:
    return Store(store.database, store.ids, Sealer(keys))


async def fill(store: Store, count: int) -> list[int]:
    ids = []
    async with store.write() as tx:
        for n in range(count):
            person = await people.add_person(tx, "web", "", f"w{n}", f"居民{n}", NOW)
            await people.set_phone(tx, person.id, PHONE)
            ids.append(person.id)
    return ids


async def test_everything_is_sealed_anew_and_the_old_key_can_go(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 3)
    ids = await fill(store, 10)
    both = with_keys(store, NEW, OLD)
    told: list[tuple[str, int, int]] = []
    done = await reseal(both, lambda *said: told.append(said))
    assert {t.table: (t.rows, t.changed) for t in done}["people"] == (10, 10)
    assert ("people", 10, 10) in told
    assert sum(t.changed for t in await reseal(both)) == 0
    async with with_keys(store, NEW).read() as tx:
        found = await people.get_person(tx, ids[4])
        assert (found.name, found.phone) == ("居民4", PHONE)
        rows = await tx.all(select(people_table.c.phone_digest).where(people_table.c.tenant == tx.tenant))
        assert {r.phone_digest for r in rows} == {Sealer([NEW]).digest(PHONE)}


async def test_rows_of_every_kind_are_read_with_the_new_key_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of bytes, keys of several columns, and tokens inside texts and values."""
    monkeypatch.setattr(resealing, "BATCH", 2)
    keys, geo = [[{"t": "对", "k": "x"}]], {"lat": 30.28, "lon": 120.13}
    for n in range(3):
        post = Post("u:1", "in", author="1", name="王芳", text=f"银杏苑{n}", keys=keys, geo=geo)
        await WebPosts(store.database, store.ids, store.sealer).add(post)
    async with store.write() as tx:
        chat = await add_chat(tx, "u1", NOW)
        inside = {"phone": tx.sealer.seal(PHONE).decode()}
        for n in range(3):
            await receipts.save(tx, "web", "", [(str(n), {"text": f"银杏苑{n}"})], NOW)
            await outbox.put(tx, chat_id=chat, body={"text": f"您好{n}"}, lane=outbox.REPLY, now=NOW)
            await platforms.keep_token(tx, "wecom", f"a{n}", f"token{n}", NOW)
            await timers.put(tx, NOW, "test.some", "test", n, data=inside)
            request, wish = await add_request(tx, NOW), await add_wish(tx, NOW)
    await reseal(with_keys(store, NEW, OLD))
    only = with_keys(store, NEW)
    assert await resealing.find_locked(only) == ""
    async with only.read() as tx:
        assert [r.raw["text"] for r in await receipts.waiting(tx, 9)] == ["银杏苑0", "银杏苑1", "银杏苑2"]
        assert [r.body["text"] for r in await outbox.due(tx, NOW, 9)] == ["您好0", "您好1", "您好2"]
        assert (await requests.get_original(tx, request.id)).text
        assert (await wishes.get_original(tx, wish.id))["text"] == "想要一把轮椅"
        tokens = [await platforms.find_token(tx, "wecom", f"a{n}") for n in range(3)]
        assert [token.token for token in tokens if token] == ["token0", "token1", "token2"]
        rows = await tx.all(select(timers.timers.c.data).where(timers.timers.c.tenant == tx.tenant))
        assert [tx.sealer.open(row.data["phone"].encode()) for row in rows] == [PHONE] * 3
    found = await WebPosts(store.database, store.ids, only.sealer).page("u:1")
    assert [(p.name, p.text, p.keys, p.geo) for p in found] == [("王芳", f"银杏苑{n}", keys, geo) for n in range(3)]


async def test_interrupted_it_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "BATCH", 3)
    await fill(store, 10)
    both = with_keys(store, NEW, OLD)

    def stop(table: str, done: int, _total: int) -> None:
        if table == "people" and done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await reseal(both, stop)
    again = {t.table: t.changed for t in await reseal(both)}
    assert again["people"] == 4
    with pytest.raises(SealBroken):
        await reseal(with_keys(store, new_key()))


async def test_codes_and_links_made_before_work_while_both_keys_are_there(store: Store) -> None:
    later = NOW.replace(year=2030)
    async with store.write() as tx:
        code = await roles.invite(tx, Role.ADMIN, "street", None, NOW, later)
        link = await roles.add_login_link(tx, "w1", later)
    async with with_keys(store, NEW, OLD).read() as tx:
        assert await roles.find_invitation(tx, code) is not None
        assert await roles.find_login(tx, link, NOW) == "w1"


def test_what_is_sealed_inside_is_renewed_too() -> None:
    old, both = Sealer([OLD]), Sealer([NEW, OLD])
    inner = old.seal("银杏苑三栋").decode()
    outer = Sealer([NEW]).seal_json({"words": inner, "n": 1})
    renewed = both.renew(outer)
    assert renewed != outer
    only = Sealer([NEW])
    assert only.open(only.open_json(renewed)["words"].encode()) == "银杏苑三栋"
    assert both.renew(renewed) == renewed
    strange = "gAAAAA" + "x" * 100
    assert both.renew_inside(f"a {strange} b") == f"a {strange} b"


def test_every_binary_column_is_a_sealed_one() -> None:
    for table in tables.ALL:
        for column in table.c:
            if isinstance(column.type, LargeBinary):
                assert column.name.endswith("_sealed"), f"{table.name}.{column.name}"
                assert any(column is one for one in resealing.sealed_columns(table))
