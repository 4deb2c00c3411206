"""What SQLite's planner is told about the sizes of tables; PostgreSQL counts for itself.

Without statistics SQLite takes a first column for selective. Ours is the tenant, the same in every row: a question for a
few rows then walks a million. Counted statistics (`ANALYZE`) mislead too, where a column is mostly empty. So the program
writes them itself, the same ten records after the start as with a million (https://sqlite.org/optoverview.html#manually_control_query_plans_using_sqlite_stat_tables).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, text

ROWS = 1_000_000
"""Of every table: it is the large ones that matter."""
SAME = 10
"""Rows that share an id, a moment, a digest."""
_FEW = frozenset(
    {"state", "kind", "channel", "account", "subject", "name", "origin", "outcome", "lane", "audience", "role"}
)
_SOME = frozenset({"queue", "grid", "item", "community", "scope", "desk"})


def _values(column: Column[object]) -> int:
    """How many different values a column has."""
    if column.name == "tenant":
        return 1
    if isinstance(column.type, Boolean):
        return 2
    if column.name in _FEW:
        return 10
    return 50 if column.name in _SOME else ROWS // SAME


def _sizes(columns: list[Column[object]], *, unique: bool) -> str:
    """As `sqlite_stat1` has them: all rows, then how many share the first column, the first two, …"""
    found, rows = [ROWS], ROWS
    for column in columns:
        rows = max(rows // _values(column), 2)
        found.append(rows)
    if unique:
        found[-1] = 1
    return " ".join(map(str, found))


def statistics(connection: Connection, table: Table) -> dict[str, str]:
    """The sizes for each index that the table has in this database, by the index's name."""
    listed = connection.execute(text('SELECT name, "unique" FROM pragma_index_list(:table)'), {"table": table.name})
    found = {}
    for name, unique in listed.all():
        inside = connection.execute(text("SELECT name FROM pragma_index_info(:name) ORDER BY seqno"), {"name": name})
        columns = [table.c[row.name] for row in inside if row.name in table.c]
        found[name] = _sizes(columns, unique=bool(unique))
    return found


def tell(connection: Connection, metadata: MetaData) -> bool:
    """Writes the sizes of every table of the metadata when they are not there; whether it did. On PostgreSQL nothing."""
    if connection.dialect.name != "sqlite" or _is_told(connection, metadata):
        return False
    rows = [
        {"tbl": table.name, "idx": index, "stat": sizes}
        for table in metadata.sorted_tables
        for index, sizes in statistics(connection, table).items()
    ]
    connection.execute(text("ANALYZE alembic_version"))  # makes the table where it is missing
    connection.execute(text("DELETE FROM sqlite_stat1"))
    connection.execute(text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"), rows)
    connection.execute(text("ANALYZE sqlite_schema"))  # the connections that are open read them
    return True


def _is_told(connection: Connection, metadata: MetaData) -> bool:
    """Whether the sizes are ours and of every index: an upgrade that makes a table anew loses them, ANALYZE changes them."""
    if connection.execute(text("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'")).first() is None:
        return False
    ours = {table.name for table in metadata.sorted_tables}
    indexes = connection.execute(text("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'")).all()
    kept = connection.execute(text("SELECT idx, stat FROM sqlite_stat1")).all()
    told = {row.idx for row in kept if row.stat.startswith(f"{ROWS} ")}
    return {row.name for row in indexes if row.tbl_name in ours} == told
