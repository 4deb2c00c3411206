"""Whether a column has one of many values, in one statement for lists of any length: on both databases one value is sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, String, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.jsontext import written


class _List(TypeDecorator[list[Any]]):
    """A JSON text on SQLite, an array of what the column holds on PostgreSQL."""

    impl = String
    cache_ok = True

    def __init__(self, member: TypeEngine[Any]) -> None:
        super().__init__()
        self.member = member

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return String() if dialect.name == "sqlite" else ARRAY(self.member)

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name == "sqlite" or value is None:
            return written(value)
        return [one.replace("\0", "") if isinstance(one, str) else one for one in value]  # no text there keeps that one


class among(ColumnElement[bool]):
    """`column` has one of the `values`: a list, or what a question of one column finds.

    Never a join: PostgreSQL would choose which table it reads first, and chooses wrongly as long as it knows nothing of
    them, which is a community's first minutes.
    """

    inherit_cache = False
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy declares it so
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: Any, values: Any) -> None:
        self.column = column
        self.values = values if isinstance(values, SelectBase) else type_coerce(values, _List(column.type))

    def self_group(self, against: Any = None) -> Any:
        """It stands as it is between others: it is no column that SQLite would have to compare with 1."""
        return self


@compiles(among, "sqlite")
def _on_sqlite(one: among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(one.column, **more), compiler.process(one.values, **more)
    if not isinstance(one.values, SelectBase):
        values = f"SELECT value FROM json_each({values})"  # noqa: S608
    return f"{column} IN ({values})"


@compiles(among)
def _on_postgresql(one: among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = compiler.process(one.column, **more), compiler.process(one.values, **more)
    if isinstance(one.values, SelectBase):
        values = f"ARRAY({values})"
    return f"{column} = ANY ({values})"
