"""What a statement must be like, so that the same schema runs on a PostgreSQL that is spread over machines by tenant.

Every table of ours in it is held to one tenant; nothing waits for, counts in, or tells another tenant's rows anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Alias, BinaryExpression, Delete, FromClause, Insert, Join, Select, Table, TextClause, Update
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BindParameter, BooleanClauseList, ColumnElement, Grouping

from storage import tables

NEVER = re.compile(r"pg_\w*advisory\w*|\bLISTEN\b|\bNOTIFY\b|pg_notify|\b(?:next|curr|set)val\b", re.IGNORECASE)
"""Locks and messages that reach across tenants, and sequences."""
SKIPS = "SKIP LOCKED"
MAY_SKIP = {tables.free_numbers, tables.counters}
"""Tables of which rows that others have locked may be passed over: each alone, and of one tenant. Work is never found so."""
_NAMES = re.compile(rf"\b({'|'.join(table.name for table in tables.ALL)})\b")


def broken(statement: Any, sql: str) -> list[str]:
    """Every rule that a statement breaks, in words; `sql` is what is sent to the database."""
    found = [f"uses {match[0]}" for match in NEVER.finditer(sql)]
    skips = sql.upper().count(SKIPS)
    if isinstance(statement, TextClause):
        found += [f"uses {SKIPS}"] * bool(skips)
        if _NAMES.search(sql) and "tenant" not in sql:
            found.append("is plain text without the tenant")
        return found
    for part in visitors.iterate(statement):
        if isinstance(part, Select):
            froms = part.get_final_froms()
            found += _loose(froms, [*part._where_criteria])
            skips -= len(froms) == 1 and froms[0] in MAY_SKIP and bool(getattr(part._for_update_arg, "skip_locked", 0))
        elif isinstance(part, Update | Delete):
            found += _loose([part.table], [*part._where_criteria])
        if isinstance(part, Update) and any(getattr(k, "name", k) == "tenant" for k in part._values or {}):
            found.append(f"moves rows of {part.table} to another tenant")
        if isinstance(part, Insert) and not re.search(r"INSERT INTO \w+ \(tenant,", sql):
            found.append(f"writes {part.table} without a tenant")
    found += [f"compares {table} with no tenant of ours" for table in _adrift(statement)]
    if skips > 0:
        found.append(f"uses {SKIPS}")
    if "ON CONFLICT" in sql and not re.search(r"ON CONFLICT \(tenant[,)]", sql):
        found.append("resolves a conflict without the tenant")
    return found


def _loose(froms: list[FromClause], conditions: list[Any]) -> list[str]:
    """The tables that no condition holds to a tenant."""
    sources: list[FromClause] = []
    held = {id(column.table) for condition in conditions for column in _held(condition)}
    for source in froms:
        _flatten(source, sources, held)
    ours = [s for s in sources if _table(s) is not None]
    return [f"reads or changes {s.description} of every tenant" for s in ours if id(s) not in held]


def _adrift(statement: Any) -> set[str]:
    """The tables whose tenant is only compared with tables that are held to none themselves."""
    equal: dict[FromClause, set[FromClause]] = {}
    held: set[FromClause] = set()
    for part in visitors.iterate(statement):
        if not isinstance(part, BinaryExpression) or part.operator is not operators.eq:
            continue
        for one, other in ((part.left, part.right), (part.right, part.left)):
            if _is_tenant(one) and isinstance(other, BindParameter):
                held.add(one.table)  # type: ignore[attr-defined]
            elif _is_tenant(one) and _is_tenant(other):
                equal.setdefault(one.table, set()).add(other.table)  # type: ignore[attr-defined]
    while more := {one for one, others in equal.items() if one not in held and others & held}:
        held |= more
    return {one.description for one in equal if one not in held and _table(one) is not None}


def _flatten(source: FromClause, sources: list[FromClause], held: set[int]) -> None:
    """The tables under joins; what an outer join is joined on holds only the side that may be missing."""
    if not isinstance(source, Join):
        sources.append(source)
        return
    _flatten(source.left, sources, held)
    left = {id(s) for s in sources}
    _flatten(source.right, sources, held)
    held |= {id(c.table) for c in _held(source.onclause) if not (source.isouter and id(c.table) in left)}


def _table(source: FromClause) -> Table | None:
    inner = source.element if isinstance(source, Alias) else source
    return inner if isinstance(inner, Table) else None


def _held(condition: Any) -> Iterator[ColumnElement[Any]]:
    """The tenant columns that an AND of comparisons sets equal to a value, or to another tenant column."""
    if isinstance(condition, Grouping):
        yield from _held(condition.element)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for clause in condition.clauses:
            yield from _held(clause)
    elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
        sides = (condition.left, condition.right)
        for one, other in (sides, sides[::-1]):
            if _is_tenant(one) and (isinstance(other, BindParameter) or _is_tenant(other)):
                yield one


def _is_tenant(side: Any) -> bool:
    return getattr(side, "name", "") == "tenant" and hasattr(side, "table")
