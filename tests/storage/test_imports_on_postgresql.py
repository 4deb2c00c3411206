"""The imports of the web desk on PostgreSQL; every statement they send keeps the tenant rules, and a race has one winner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from storage.plans import Plans
from tests.office import test_imports as books
from tests.office.desk import DeskTown
from tests.storage import rules
from tests.storage.conftest import Fresh

JOURNEYS: list[Callable[[DeskTown], Awaitable[None]]] = [
    books.test_residents_come_in_sealed_once_and_are_found_by_their_number,
    books.test_one_fault_keeps_the_whole_book_out_and_names_its_cell,
    books.test_staff_become_invitations_and_nobody_a_worker_before_accepting,
    books.test_places_become_a_street_file_that_keeps_the_rules,
    books.test_old_records_end_as_they_ended_and_open_ones_begin_today,
]


@pytest.fixture
async def desk(fresh: Fresh, tmp_path: Path) -> AsyncIterator[DeskTown]:
    async with DeskTown.open(tmp_path, url=fresh("postgresql")) as opened:
        yield opened


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda j: j.__name__.removeprefix("test_"))
async def test_the_same_on_postgresql(
    journey: Callable[[DeskTown], Awaitable[None]], desk: DeskTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(Plans, "watch", staticmethod(lambda statement, sql: sent.setdefault(sql, statement)))
    await journey(desk)
    assert len(sent) > 10
    assert [(found, sql) for sql, made in sent.items() if (found := rules.broken(made, sql))] == []


async def test_the_same_file_from_two_browsers_comes_in_once(desk: DeskTown) -> None:
    one = await books.street(desk)
    file = books.book(books.RESIDENTS, *[(f"居民{n}", f"139{n:08}", "") for n in range(40)])
    before = await books.counted(desk, books.people_table)
    answers = await asyncio.gather(*[one.post(f"{books.API}/residents", content=file) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await books.counted(desk, books.people_table) == before + 40
