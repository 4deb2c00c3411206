"""What is stored, in the plain values in which it can be compared with what the ledger tells. Comparing is not here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import BigInteger, Table, select, type_coerce

from storage.counters import counters
from storage.requests import FACTS, ratings, requests
from storage.schema import Moment
from storage.supporters import supporter_ratings
from storage.tx import Tx
from storage.wishes import wishes

BATCH = 2_000
"""Records read at once."""
_KINDS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "request": (requests, ("id", "number", "state", *FACTS)),
    "wish": (wishes, ("id", "number", "state")),
}


async def records(tx: Tx, kind: str) -> AsyncIterator[dict[str, Any]]:
    """Every request or wish, oldest first: id, number, state, and of a request its `FACTS`, moments in microseconds."""
    table, names = _KINDS[kind]
    columns = [type_coerce(c, BigInteger) if isinstance(c.type, Moment) else c for c in (table.c[n] for n in names)]
    page = select(*columns).order_by(table.c.id).limit(BATCH)
    after = 0
    while rows := await tx.all(page.where(table.c.tenant == tx.tenant, table.c.id > after)):
        for row in rows:
            yield dict(zip(names, row, strict=True))
        after = rows[-1].id


async def rated(tx: Tx) -> dict[int, dict[tuple[int, int], list[Any]]]:
    """Every rating, of reporters and of those who joined: request -> (result, person) -> [solved, stars]."""
    found: dict[int, dict[tuple[int, int], list[Any]]] = {}
    for table in (ratings, supporter_ratings):
        t = table.c
        columns = (t.request_id, t.resolution, t.person_id, t.solved, t.stars)
        for request_id, resolution, person_id, solved, stars in await tx.all(
            select(*columns).where(t.tenant == tx.tenant)
        ):
            found.setdefault(request_id, {})[resolution, person_id] = [solved, stars]
    return found


async def find_counter(tx: Tx, name: str) -> int | None:
    """Where a counter stands; None when it has given no number."""
    row = await tx.one(select(counters.c.value).where(counters.c.tenant == tx.tenant, counters.c.name == name))
    return None if row is None else int(row.value)


async def set_counter(tx: Tx, name: str, value: int) -> None:
    """Sets a counter: the next number is the one after this."""
    statement = tx.insert(counters).values(tenant=tx.tenant, name=name, value=value)
    await tx.run(statement.on_conflict_do_update(index_elements=["tenant", "name"], set_={"value": value}))
