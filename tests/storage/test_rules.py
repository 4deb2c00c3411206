"""The tenant is first in every key and in every statement: the rules of a database that is spread over machines."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, UniqueConstraint, bindparam, column, func, insert, or_, select, table, text, update
from sqlalchemy.dialects import postgresql

from storage import tables
from storage.counters import free_numbers
from storage.database import Database
from storage.outbox import outbox
from storage.people import chats, rooms
from storage.requests import requests
from storage.timers import timers
from tests.storage import rules
from tests.storage.conftest import Fresh

ME = bindparam("mine", "street")
GOOD = {
    "one table": select(requests).where(requests.c.tenant == ME, requests.c.id == 1),
    "the tenant inside an AND": select(requests.c.id).where((requests.c.tenant == ME) & (requests.c.id > 1)),
    "joined by tenant": select(chats)
    .join(rooms, (rooms.c.tenant == chats.c.tenant) & (rooms.c.chat_id == chats.c.id))
    .where(rooms.c.tenant == ME),
    "a change": update(timers).where(timers.c.tenant == ME, timers.c.id == 1).values(state="done"),
    "an insert": insert(rooms).values(tenant="street", queue="q", chat_id=1, bound_at=None),
    "numbers locked past others": select(free_numbers)
    .where(free_numbers.c.tenant == ME)
    .with_for_update(skip_locked=True),
    "nothing of ours": select(func.now()),
}
BAD = {
    "no tenant": select(requests).where(requests.c.id == 1),
    "a join on an id alone": select(chats).join(rooms, rooms.c.chat_id == chats.c.id).where(rooms.c.tenant == ME),
    "two tables whose tenants are only compared": select(requests).join(timers, timers.c.tenant == requests.c.tenant),
    "a tenant compared with itself": select(requests).where(requests.c.tenant == requests.c.tenant),
    "a tenant or anything": select(requests).where(or_(requests.c.tenant == ME, requests.c.id == 1)),
    "several tenants": select(requests).where(requests.c.tenant.in_(["a", "b"])),
    "another's tenant in an inner select": select(requests).where(
        requests.c.tenant == ME, requests.c.id.in_(select(timers.c.subject_id).where(timers.c.state == "waiting"))
    ),
    "a change of every tenant": update(timers).values(state="done"),
    "a row that changes its tenant": update(timers).where(timers.c.tenant == ME).values(tenant="other"),
    "rows locked past others": select(outbox).where(outbox.c.tenant == ME).with_for_update(skip_locked=True),
    "numbers of every tenant locked past others": select(free_numbers).with_for_update(skip_locked=True),
    "rows of two tables locked past others": select(chats)
    .join(rooms, (rooms.c.tenant == chats.c.tenant) & (rooms.c.chat_id == chats.c.id))
    .where(rooms.c.tenant == ME)
    .with_for_update(skip_locked=True),
    "rows locked past others in plain text": text(
        "SELECT 1 FROM outbox WHERE tenant = 'street' FOR UPDATE SKIP LOCKED"
    ),
    "an advisory lock": select(func.pg_advisory_xact_lock(1)),
    "a sequence": select(func.nextval("numbers")),
    "a call to everybody": text("NOTIFY outbox"),
    "plain text": text("SELECT * FROM requests WHERE id = 1"),
    "an insert without tenant": insert(table("rooms", column("queue"))).values(queue="q"),
    "a conflict without tenant": postgresql.insert(rooms)
    .values(tenant="street", queue="q", chat_id=1, bound_at=None)
    .on_conflict_do_nothing(index_elements=["queue", "chat_id"]),
}


def broken(statement: Any) -> list[str]:
    return rules.broken(statement, str(statement.compile(dialect=postgresql.dialect())))


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_let_through(name: str) -> None:
    assert broken(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_what_breaks_a_rule_is_caught(name: str) -> None:
    assert broken(BAD[name])


@pytest.mark.parametrize("of", tables.ALL, ids=lambda of: of.name)
def test_every_key_starts_with_the_tenant(of: Table) -> None:
    assert [c.name for c in of.primary_key][0] == "tenant"  # noqa: RUF015
    keys = [*(c for c in of.constraints if isinstance(c, UniqueConstraint)), *of.indexes]
    assert [key.name for key in keys if next(iter(key.columns)).name != "tenant"] == []
    for key in of.foreign_key_constraints:
        assert [(e.parent.name, e.column.name) for e in key.elements][0] == ("tenant", "tenant")  # noqa: RUF015
    assert not any(one.identity or one.autoincrement is True for one in of.c)
    assert not any(one.server_default for one in of.c)


async def test_the_database_has_no_other_keys_and_no_sequences(fresh: Fresh) -> None:
    """What migrations really made, whatever the code says."""
    database = Database(fresh("postgresql"), "street")
    async with database.read() as connection:
        first = await connection.execute(
            text(
                "SELECT i.relname, a.attname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
                "JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
                "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] "
                "WHERE n.nspname = 'public' AND t.relname <> 'alembic_version'"
            )
        )
        found = {row.relname: row.attname for row in first.all()}
        sequences = await connection.execute(text("SELECT relname FROM pg_class WHERE relkind = 'S'"))
        assert sequences.all() == []
        ties = await connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'f'"))
        assert ties.all() == []
    assert len(found) > len(tables.ALL)
    assert {name for name, column in found.items() if column != "tenant"} == set()
    await database.close()
