"""The metadata that every table hangs on, and the column types they share. Tables live beside their queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, MetaData, String, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since 1970 so that both databases compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return from_micros(value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def to_micros(value: datetime | None) -> int | None:
    """A moment as it is kept. Raises ValueError for one without a zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive datetime reached the database")
    return (value - _EPOCH) // _MICRO


@lru_cache(8192)  # the same rows are read again and again
def from_micros(value: int | None) -> datetime | None:
    """A moment as it was kept."""
    return None if value is None else _EPOCH + timedelta(0, 0, value)


def tenant_column() -> Column[str]:
    """The first column of every primary key and every query: whose books a row is kept in."""
    return Column("tenant", String(64), primary_key=True)


def id_column(name: str = "id") -> Column[int]:
    """A 63-bit time-ordered id made by the program (`storage.ids`)."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)
