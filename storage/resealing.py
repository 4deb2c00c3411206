"""Every sealed value of a tenant sealed anew with the newest key, in batches, while the program runs.

Begun again after an interruption, it passes over what is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Column, LargeBinary, Table, func, select, tuple_, update

from storage.dialogues import keyboards
from storage.people import people, tail_of
from storage.rows import Row
from storage.seal import SealBroken
from storage.tables import ALL
from storage.timers import timers
from storage.tx import Store, Tx
from storage.webchat import web_posts

BATCH = 500
"""Rows of one transaction."""
NEWEST = 3
"""Rows of each table that tell whether the keys at hand are those of a database."""
INSIDE: tuple[Column[Any], ...] = (
    web_posts.c.name,
    web_posts.c.text,
    web_posts.c["keys"],
    web_posts.c.geo,
    keyboards.c.presses,
    timers.c.data,
)
"""Columns of text or JSON that hold sealed text, alone or among other values."""
Tell = Callable[[str, int, int], None]
"""(table, rows done, rows in all)."""


class Resealed(NamedTuple):
    """What one pass over a table found: rows looked at, and rows that were sealed anew."""

    table: str
    rows: int
    changed: int


def silent(_table: str, _done: int, _total: int) -> None:
    """Tells nobody."""


def sealed_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that hold sealed values."""
    return [c for c in table.c if isinstance(c.type, LargeBinary) or any(c is inside for inside in INSIDE)]


async def reseal(store: Store, tell: Tell = silent) -> list[Resealed]:
    """Seals everything with the store's first key. Raises SealBroken for a value that none of its keys opens."""
    return [await _table(store, table, tell) for table in ALL if sealed_columns(table)]


async def _table(store: Store, table: Table, tell: Tell) -> Resealed:
    async with store.read() as tx:
        counted = await tx.one(select(func.count()).select_from(table).where(table.c.tenant == tx.tenant))
    total = int(counted[0]) if counted else 0
    rows = changed = 0
    after: tuple[Any, ...] | None = None
    while True:
        last = after

        async def work(tx: Tx, last: tuple[Any, ...] | None = last) -> tuple[list[Row], int]:
            found = await _batch(tx, table, last)
            return found, sum([await _renew(tx, table, row) for row in found])

        found, renewed = await store.run(work)
        rows, changed = rows + len(found), changed + renewed
        tell(table.name, rows, max(total, rows))
        if len(found) < BATCH:
            return Resealed(table.name, rows, changed)
        after = tuple(found[-1]._mapping[c.name] for c in _key(table))


async def find_locked(store: Store) -> str:
    """The name of a table whose newest values none of the store's keys opens; empty when all of them open."""
    async with store.read() as tx:
        for table in ALL:
            columns = [c for c in table.c if isinstance(c.type, LargeBinary)]
            if not columns:
                continue
            newest = select(*columns).where(table.c.tenant == tx.tenant).order_by(*[c.desc() for c in _key(table)])
            for row in await tx.all(newest.limit(NEWEST)):
                try:
                    for value in filter(None, row):
                        tx.sealer.open(value)
                except SealBroken:
                    return table.name
    return ""


def _key(table: Table) -> list[Column[Any]]:
    return [c for c in table.primary_key if c.name != "tenant"]


async def _batch(tx: Tx, table: Table, after: tuple[Any, ...] | None) -> list[Row]:
    key = _key(table)
    digest = [people.c.phone_digest, people.c.tail_digest] if table is people else []
    statement = select(*key, *sealed_columns(table), *digest).where(table.c.tenant == tx.tenant)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    return await tx.all(statement.order_by(*key).limit(BATCH).with_for_update())


async def _renew(tx: Tx, table: Table, row: Row) -> int:
    """1 when the row was sealed anew; nobody else can have changed it since it was read."""
    values = row._mapping
    new = {c.name: renewed for c in sealed_columns(table) if (renewed := _renewed(tx, values[c.name])) is not None}
    if table is people and values["phone_sealed"]:
        phone = tx.sealer.open(values["phone_sealed"])
        found = {"phone_digest": tx.sealer.digest(phone), "tail_digest": tx.sealer.digest(tail_of(phone))}
        new |= {name: digest for name, digest in found.items() if digest != values[name]}
    if not new:
        return 0
    key = [c == values[c.name] for c in _key(table)]
    return await tx.run(update(table).where(table.c.tenant == tx.tenant, *key).values(**new))


def _renewed(tx: Tx, value: Any) -> Any | None:
    """The value sealed anew, or None when it stays as it is."""
    if not value:
        return None
    if isinstance(value, bytes):
        new: Any = tx.sealer.renew(value)
    elif isinstance(value, str):
        new = tx.sealer.renew_inside(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
        inside = tx.sealer.renew_inside(text)
        new = value if inside == text else json.loads(inside)
    return None if new == value else new
