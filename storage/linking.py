"""Two accounts turn out to be one person: everything of the one is the other's from now on, and counts once.

Events keep the actor they were written with; what changes in a record is an event of its own (`handlers.link`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, UniqueConstraint, delete, select, update

from storage import supporters as joined
from storage.people import erase, people
from storage.pictures import pictures
from storage.requests import ratings, requests
from storage.resources import resources
from storage.roles import roles
from storage.schema import metadata
from storage.supporters import supporter_ratings, supporters
from storage.tx import Tx
from storage.wishes import wishes

APART: tuple[Table, ...] = (ratings, supporters, supporter_ratings, roles)
"""Tables whose rows are joined by a rule of their own. Roles stay: whoever holds one is not linked."""
OTHERS: tuple[Column[Any], ...] = (
    wishes.c.wisher_id,
    wishes.c.adopter_id,
    wishes.c.reserved_for,
    resources.c.owner_id,
    pictures.c.chosen_by,
    pictures.c.confirmed_by,
)
"""Columns that name a person otherwise than `person_id`, apart from those of staff."""


class Moved(NamedTuple):
    """What became of one record: whether the reporter is another row now, and ratings that count no more."""

    request_id: int
    reporter: bool
    dropped: list[tuple[int, int]]


async def link(tx: Tx, kept: int, gone: int, now: datetime) -> list[Moved]:
    """Joins `gone` into `kept`, whose roles and accounts stay; both are locked. The records that are touched."""
    moved = [await _record(tx, request_id, kept, gone) for request_id in await _records(tx, gone)]
    for table in metadata.sorted_tables:
        if "person_id" in table.c and table not in APART:
            await _move(tx, table, kept, gone)
    for column in OTHERS:
        await _set(tx, column, kept, gone)
    await _name(tx, kept, gone)
    await erase(tx, gone, now)
    return moved


async def _records(tx: Tx, person_id: int) -> list[int]:
    """Every record the person reported, joined or rated."""
    found: set[int] = set()
    for id_, who in (
        (requests.c.id, requests.c.reporter_id),
        (supporters.c.request_id, supporters.c.person_id),
        (supporter_ratings.c.request_id, supporter_ratings.c.person_id),
        (ratings.c.request_id, ratings.c.person_id),
    ):
        rows = await tx.all(select(id_.label("id")).where(id_.table.c.tenant == tx.tenant, who == person_id))
        found |= {row.id for row in rows}
    return sorted(found)


async def _record(tx: Tx, request_id: int, kept: int, gone: int) -> Moved:
    row = await tx.one(
        select(requests.c.reporter_id).where(requests.c.tenant == tx.tenant, requests.c.id == request_id)
    )
    reporter_id = row.reporter_id if row is not None else 0
    dropped: list[tuple[int, int]] = []
    if reporter_id in (kept, gone):
        dropped = await _only_reporter(tx, request_id, kept, gone)
    else:
        dropped = await _one_supporter(tx, request_id, kept, gone)
    if reporter_id == gone:
        where = (requests.c.tenant == tx.tenant, requests.c.id == request_id)
        await tx.run(update(requests).where(*where).values(reporter_id=kept))
    given = (ratings.c.tenant == tx.tenant, ratings.c.request_id == request_id, ratings.c.person_id == gone)
    await tx.run(update(ratings).where(*given).values(person_id=kept))
    return Moved(request_id, reporter_id == gone, dropped)


async def _only_reporter(tx: Tx, request_id: int, kept: int, gone: int) -> list[tuple[int, int]]:
    """Whoever reported it has not also joined it: the reporter's rating is the one that counts."""
    both, s, r = [kept, gone], supporters.c, supporter_ratings.c
    await tx.run(delete(supporters).where(s.tenant == tx.tenant, s.request_id == request_id, s.person_id.in_(both)))
    rows = await tx.all(
        delete(supporter_ratings)
        .where(r.tenant == tx.tenant, r.request_id == request_id, r.person_id.in_(both))
        .returning(r.resolution, r.person_id)
    )
    return [(row.resolution, row.person_id) for row in rows]


async def _one_supporter(tx: Tx, request_id: int, kept: int, gone: int) -> list[tuple[int, int]]:
    """What both have said is one person's words; of two ratings the kept one's counts."""
    s, r = supporters.c, supporter_ratings.c
    mine = (s.tenant == tx.tenant, s.request_id == request_id)
    if await joined.find_original(tx, request_id, kept) is not None:
        words = await joined.find_original(tx, request_id, gone)
        row = await tx.one(select(s.text).where(*mine, s.person_id == gone))
        if words and row is not None:
            await joined.add_words(tx, request_id, kept, words, row.text)
        await tx.run(delete(supporters).where(*mine, s.person_id == gone))
    else:
        await tx.run(update(supporters).where(*mine, s.person_id == gone).values(person_id=kept))
    rated = (r.tenant == tx.tenant, r.request_id == request_id)
    known = [row.resolution for row in await tx.all(select(r.resolution).where(*rated, r.person_id == kept))]
    rows = await tx.all(
        delete(supporter_ratings)
        .where(*rated, r.person_id == gone, r.resolution.in_(known))
        .returning(r.resolution, r.person_id)
    )
    await tx.run(update(supporter_ratings).where(*rated, r.person_id == gone).values(person_id=kept))
    return [(row.resolution, row.person_id) for row in rows]


async def _move(tx: Tx, table: Table, kept: int, gone: int) -> None:
    """Rows of a table; where a person may have one only, the kept one's stays."""
    for key in _keys(table):
        same = table.alias("same")
        others = [table.c[name] == same.c[name] for name in key]
        twin = select(same.c.person_id).where(same.c.tenant == tx.tenant, same.c.person_id == kept, *others)
        await tx.run(delete(table).where(table.c.tenant == tx.tenant, table.c.person_id == gone, twin.exists()))
    await _set(tx, table.c.person_id, kept, gone)


def _keys(table: Table) -> list[list[str]]:
    """The other columns of every key that a person is part of, the tenant left out."""
    keys = [list(table.primary_key.columns)]
    keys += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    named = [[column.name for column in key] for key in keys]
    return [[n for n in key if n not in ("person_id", "tenant")] for key in named if "person_id" in key]


async def _set(tx: Tx, column: Column[Any], kept: int, gone: int) -> None:
    table = column.table
    await tx.run(update(table).where(table.c.tenant == tx.tenant, column == gone).values({column.name: kept}))


async def _name(tx: Tx, kept: int, gone: int) -> None:
    """What is known of the one and not of the other."""
    names = ("name_sealed", "phone_sealed", "phone_digest", "last_place", "home_place")
    columns = [people.c[name] for name in names]
    one = await tx.one(select(*columns).where(people.c.tenant == tx.tenant, people.c.id == kept))
    other = await tx.one(select(*columns).where(people.c.tenant == tx.tenant, people.c.id == gone))
    if one is None or other is None:
        raise LookupError(f"no person {kept} or {gone}")
    new = {name: getattr(other, name) for name in names if getattr(one, name) is None and getattr(other, name)}
    if new:
        await tx.run(update(people).where(people.c.tenant == tx.tenant, people.c.id == kept).values(**new))
