"""Statements straight on the driver: forms, rows, errors; and changes that share a commit on SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import Select, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import counters
from storage.counters import settings
from storage.database import finished
from storage.plans import ME, form, form_with
from storage.tx import Store, Tx


@form_with("names")
def _kept(names: Any, least: Any) -> Select[Any]:
    return select(settings.c.name, settings.c.value).where(
        settings.c.tenant == ME, settings.c.name.in_(names), settings.c.value >= least
    )


@form
def _named(name: Any) -> Select[Any]:
    return select(settings).where(settings.c.tenant == ME, settings.c.name == name)


async def test_a_form_is_filled_again_and_again(store: Store) -> None:
    async with store.write() as tx:
        for name in "abc":
            await counters.set_setting(tx, name, name.upper())
        for names, least, wanted in (["a", "b"], "A", "AB"), (["a", "b", "c"], "B", "BC"), ([], "A", ""):
            found = await tx.all(_kept(names=names, least=least))
            assert "".join(sorted(row.value for row in found)) == wanted
        row = await tx.one(_named(name="b"))
        assert row is not None
        assert (row.name, row.value, row._mapping["tenant"]) == ("b", "B", "street")
        assert await tx.one(_named(name="z")) is None


async def test_rows_are_put_altered_and_counted(store: Store) -> None:
    async with store.write() as tx:
        row = {"tenant": tx.tenant, "name": "colour", "value": "red"}
        key = ("tenant", "name")
        assert await tx.put(settings, row, on=key) == 1
        assert await tx.put(settings, {**row, "value": "blue"}, on=key) == 0
        assert await counters.find_setting(tx, "colour") == "red"
        assert await tx.put(settings, {**row, "value": "blue"}, on=key, change=("value",)) == 1
        assert await tx.alter(settings, {"name": "colour", "value": "red"}, value="green") == 0
        changed = await tx.altered(settings, {"name": "colour", "value": "blue"}, ("value",), value="green")
        assert changed is not None
        assert changed.value == await counters.find_setting(tx, "colour") == "green"
        assert await tx.altered(settings, {"name": "shape"}, ("value",), value="round") is None


async def test_an_error_names_the_statement_and_nobodys_words(store: Store) -> None:
    async def twice(tx: Tx) -> None:
        await tx.add(settings, [{"tenant": tx.tenant, "name": "x", "value": "secret words"}] * 2)

    with pytest.raises(IntegrityError) as caught:
        await store.run(twice)
    assert "INSERT INTO settings" in str(caught.value)
    assert "secret" not in str(caught.value)
    with pytest.raises(DBAPIError):
        async with store.read() as tx:
            await tx.connection.execute(text("SELECT * FROM nowhere"))


async def test_one_that_fails_spoils_nothing_for_those_who_share_its_commit(store: Store) -> None:
    async def keep(number: int) -> None:
        async with store.write() as tx:
            await counters.set_setting(tx, f"n{number}", "kept")
            if number % 3 == 0:
                raise LookupError(number)

    results = await asyncio.gather(*[keep(n) for n in range(30)], return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, LookupError)] == list(range(0, 30, 3))
    async with store.read() as tx:
        row = await tx.one(select(func.count()).select_from(settings).where(settings.c.tenant == tx.tenant))
    assert row is not None
    assert row[0] == 20


async def test_who_comes_back_is_on_disk(store: Store) -> None:
    """A reader of its own connection sees what a writer was told is saved, however many write at once."""

    async def keep_and_look(number: int) -> bool:
        await store.run(lambda tx: counters.set_setting(tx, f"n{number}", "kept"))
        async with store.read() as tx:
            return await counters.find_setting(tx, f"n{number}") == "kept"

    assert all(await asyncio.gather(*[keep_and_look(n) for n in range(40)]))


async def test_those_who_wait_at_the_same_time_share_a_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if not store.database.is_sqlite:
        return  # PostgreSQL has many writers, each with a commit of its own
    commits = 0
    commit = store.database._commit_group

    async def counted() -> None:
        nonlocal commits
        commits += 1
        await commit()

    monkeypatch.setattr(store.database, "_commit_group", counted)
    await asyncio.gather(*[store.run(lambda tx, n=n: counters.set_setting(tx, f"n{n}", "x")) for n in range(50)])  # type: ignore[misc]
    assert 1 <= commits <= 3


async def test_who_is_called_off_leaves_the_others_alone(store: Store) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with store.write() as tx:
            await counters.set_setting(tx, "slow", "x")
            begun.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(slow())
    await begun.wait()
    other = asyncio.create_task(store.run(lambda tx: counters.set_setting(tx, "other", "kept")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await other
    async with store.read() as tx:
        assert await counters.find_setting(tx, "slow") is None
        assert await counters.find_setting(tx, "other") == "kept"


async def test_a_long_look_is_not_in_the_way(store: Store) -> None:
    await store.run(lambda tx: counters.set_setting(tx, "colour", "red"))
    assert await store.study(lambda tx: counters.find_setting(tx, "colour")) == "red"
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        await store.study(lambda tx: counters.set_setting(tx, "colour", "blue"))


def test_work_on_sqlite_waits_for_nothing_else() -> None:
    class Never:
        def __await__(self) -> Generator[object, None, None]:
            yield object()

    async def lets_others_go_first() -> str:
        await asyncio.sleep(0)
        return "done"

    with pytest.raises(RuntimeError, match="waited"):
        finished(Never())
    assert finished(lets_others_go_first()) == "done"
