"""Statements that change rows by the names of their columns, built once for each table and set of columns."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Delete, Insert, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.plans import ME, Form


@cache
def inserts(table: Table) -> Insert:
    """An insert of whole rows."""
    return table.insert()


@cache
def deletes(table: Table, key: tuple[str, ...]) -> Delete:
    """The rows with these values go."""
    return delete(table).where(*[table.c[name] == bindparam(name, type_=table.c[name].type) for name in key])


@cache
def puts(
    table: Table,
    dialect: str,
    columns: tuple[str, ...],
    on: tuple[str, ...],
    change: tuple[str, ...],
    back: tuple[str, ...] = (),
    alike: str = "",
) -> Any:
    """An insert that changes these columns of a row with the same `on`, where both have the same value of `alike`."""
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    made = made.values({name: bindparam(name, type_=table.c[name].type) for name in columns})
    if change:
        set_ = {name: made.excluded[name] for name in change}
        where = table.c[alike] == made.excluded[alike] if alike else None
        made = made.on_conflict_do_update(index_elements=list(on), set_=set_, where=where)
    else:
        made = made.on_conflict_do_nothing(index_elements=list(on))
    return made.returning(*[table.c[name] for name in back]) if back else made


@cache
def alters(
    table: Table, where: tuple[str, ...], empty: tuple[str, ...], values: tuple[str, ...], back: tuple[str, ...] = ()
) -> Form:
    """An update of our rows in which these columns have the values of `where`, or are empty."""
    held = [
        table.c[name].is_(None) if name in empty else table.c[name] == bindparam(f"w_{name}", type_=table.c[name].type)
        for name in where
    ]
    set_ = {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in values}
    made = update(table).where(table.c.tenant == ME, *held).values(set_)
    return Form(lambda: made.returning(*[table.c[name] for name in back]) if back else made, ())
