"""Full-text search in Chinese: every record's masked words as pairs of characters, one interface over both databases.

Two characters are a word in Chinese more often than not, and three is what trigram indexes need: so pairs are indexed,
on SQLite by FTS5, on PostgreSQL by a GIN index over them. Numbers and phones have their own indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
    column,
    delete,
    event,
    func,
    literal_column,
    table,
    text,
)

from storage.schema import metadata, tenant_column
from storage.tx import Tx

search_texts = Table(
    "search_texts",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("terms", Text, nullable=False),
)

MAX_TERMS = 400
"""Pairs of one record that are indexed: some 400 characters."""
INDEX = "search_index"
"""The FTS5 table of SQLite; its shadows carry the name and an ending."""
_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+")
SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5"
    "(terms, content='search_texts', content_rowid='request_id', detail=none)",
    "CREATE TRIGGER search_added AFTER INSERT ON search_texts BEGIN "
    "INSERT INTO search_index(rowid, terms) VALUES (new.request_id, new.terms); END",
    "CREATE TRIGGER search_gone AFTER DELETE ON search_texts BEGIN "
    "INSERT INTO search_index(search_index, rowid, terms) VALUES ('delete', old.request_id, old.terms); END",
    "CREATE TRIGGER search_changed AFTER UPDATE ON search_texts BEGIN "
    "INSERT INTO search_index(search_index, rowid, terms) VALUES ('delete', old.request_id, old.terms); "
    "INSERT INTO search_index(rowid, terms) VALUES (new.request_id, new.terms); END",
)
"""What the migration runs on SQLite, and what a schema made from the metadata gets too."""
POSTGRESQL = ("CREATE INDEX search_terms ON search_texts USING gin (string_to_array(terms, ' '))",)

for _dialect, _statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for _statement in _statements:
        event.listen(search_texts, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]


def terms_of(words: str) -> list[str]:
    """The pairs of a text in the order they come, each once: 路灯坏了 → 路灯 灯坏 坏了. Latin words and numbers stay whole."""
    found: dict[str, None] = {}
    for run in _RUN.findall(words.lower()):
        if run[0].isascii():
            found[run[:24]] = None
        else:
            found.update(dict.fromkeys(run[i : i + 2] for i in range(max(1, len(run) - 1))))
    return list(found)[:MAX_TERMS]


def add(tx: Tx, request_id: int, *words: str) -> None:
    """Indexes what a new record says, at the end of the transaction or before somebody searches in it."""
    tx.later(search_texts, _row(tx, request_id, words))


async def keep(tx: Tx, request_id: int, *words: str) -> None:
    """Indexes what a record says now, in place of what it said."""
    row = _row(tx, request_id, words)
    await tx.put(search_texts, row, on=("tenant", "request_id"), change=("terms",))


def _row(tx: Tx, request_id: int, words: Iterable[str]) -> dict[str, Any]:
    return {"tenant": tx.tenant, "request_id": request_id, "terms": " ".join(terms_of("\n".join(words)))}


async def forget(tx: Tx, request_ids: Iterable[int]) -> None:
    """Takes records out of the index."""
    wanted = list(request_ids)
    if wanted:
        await tx.run(
            delete(search_texts).where(search_texts.c.tenant == tx.tenant, search_texts.c.request_id.in_(wanted))
        )


def newest_first(tx: Tx, statement: Select[Any], request_id: ColumnElement[int]) -> Select[Any]:
    """The order in which an index gives what it finds without sorting it."""
    if tx.connection.dialect.name == "sqlite":
        return statement.order_by(text("search_index.rowid DESC"))
    return statement.order_by(request_id.desc())


def matches(tx: Tx, words: str, request_id: ColumnElement[int]) -> tuple[list[Any], list[ColumnElement[bool]]]:
    """What to select from besides, and under which conditions, so that a record with `request_id` holds all the words.

    The conditions hold for every record with all pairs of the words: the caller compares the words themselves.
    ValueError when the words are too short to look for: one character, or none.
    """
    wanted = [t for t in terms_of(words) if len(t) > 1 or t.isascii()]
    if not wanted:
        raise ValueError("two characters at least")
    if tx.connection.dialect.name == "sqlite":
        index = table(INDEX, column("rowid"))
        match = text(f"{INDEX} MATCH :found").bindparams(bindparam("found", " AND ".join(f'"{t}"' for t in wanted)))
        return [index], [match, index.c.rowid == request_id]  # type: ignore[list-item]
    kept = func.string_to_array(search_texts.c.terms, literal_column("' '"))
    holds = kept.op("@>")(func.string_to_array(" ".join(wanted), literal_column("' '")))
    return [search_texts], [search_texts.c.tenant == tx.tenant, search_texts.c.request_id == request_id, holds]
