"""What a transaction has read and need not ask for again, until one of the tables it was read from changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table

Question = tuple[Any, ...]


class Known(dict[Question, tuple[Any]]):
    """Answers by question, each alone in a tuple: an answer may be None. They come by `keep` and go by their tables."""

    __slots__ = ("_of",)

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[Table, list[Question]] = {}

    def keep(self, question: Question, tables: Collection[Table], answer: Any) -> None:
        """An answer that counts until one of these tables changes."""
        self[question] = (answer,)
        for table in tables:
            self._of.setdefault(table, []).append(question)

    def change(self, tables: Collection[Table]) -> None:
        """These tables change: what was read from them is not known any more."""
        for table in tables:
            for question in self._of.pop(table, ()):
                self.pop(question, None)

    def clear(self) -> None:
        """Nothing is known any more."""
        super().clear()
        self._of.clear()


class Ahead(NamedTuple):
    """Rows of a table by the values of some columns."""

    columns: tuple[str, ...]
    rows: dict[tuple[Any, ...], list[Any]]

    def change(self, only: Mapping[str, Any] | None) -> bool:
        """A row with these values changes. False when they do not say which: then nothing here counts any more."""
        if only is None or not only.keys() >= set(self.columns):
            return False
        self.rows.pop(tuple([only[name] for name in self.columns]), None)
        return True
