"""What one transaction has still to write to one table: each row once, as it stands at the end.

The columns in a table's `info["of"]` says whose a row is: a question about somebody else need not wait for it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Executable, Table

OF = "of"
"""In `Table.info`: the column by which the rows of a table are divided."""

Key = tuple[Any, ...]


class Late:
    """Changes of rows that are stored, rows that go, rows that come or change, and new rows: written in this order."""

    __slots__ = ("_of", "_whose", "changes", "new", "put")

    def __init__(self, table: Table) -> None:
        self._of: str = table.info.get(OF, "")
        self._whose: set[Any] = set()
        self.changes: dict[Executable, dict[Key, dict[str, Any]]] = {}
        """Values by statement, each set of them once."""
        self.put: dict[Executable, dict[Key, dict[str, Any]]] = {}
        """Rows by statement and key."""
        self.new: list[dict[str, Any]] = []

    def concerns(self, of: str, whose: Any) -> bool:
        """Whether anything here may be what a question about `whose` asks for, if it asks of the column `of` alone."""
        return not of or of != self._of or whose in self._whose

    def add(self, row: dict[str, Any]) -> None:
        """A new row."""
        self.new.append(row)
        if self._of:
            self._whose.add(row[self._of])

    def change(self, statement: Executable, values: dict[str, Any], key: Key | None) -> None:
        """Rows that are stored by now are changed so, before anything else is written; the key is all values, or this."""
        self.changes.setdefault(statement, {})[tuple(values.values()) if key is None else key] = values
        if self._of:
            self._whose.add(values[self._of])

    def replace(self, statement: Executable, key: Key, row: dict[str, Any]) -> None:
        """The row with this key, for this statement alone: whatever any other was to do with it counts no more."""
        for rows in self.put.values():
            rows.pop(key, None)
        self.put.setdefault(statement, {})[key] = row
        if self._of:
            self._whose.add(row[self._of])

    def find(self, key: Key) -> tuple[Executable, dict[str, Any]] | None:
        """What is to be done with the row with this key, and its values."""
        return next(((statement, rows[key]) for statement, rows in self.put.items() if key in rows), None)

    def writes(self) -> list[tuple[Executable, list[dict[str, Any]]]]:
        """What is to be sent. Rows that others may lock as well come in the order of their keys: alike everywhere."""
        grouped = [*self.changes.items(), *self.put.items()]
        return [(statement, _in_order(rows)) for statement, rows in grouped if rows]


def _in_order(rows: dict[Key, dict[str, Any]]) -> list[dict[str, Any]]:
    return [rows[key] for key in sorted(rows)]


def in_the_way(late: dict[Table, Late], tables: Collection[Table], of: str, whose: Any) -> list[Table]:
    """The tables that have to be written before a question that names these."""
    return [table for table, waiting in late.items() if table in tables and waiting.concerns(of, whose)]
