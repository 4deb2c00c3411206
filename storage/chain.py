"""How an event is hashed. Hashes stand in databases for ever: this encoding never changes; docs/decisions/0011-ledger.md.

Writing the chain is in events.py, checking it in ledger.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.jsontext import read, written

START = "0" * 64
"""What stands before a community's first event."""
FIELDS = (
    "tenant",
    "seq",
    "id",
    "subject",
    "subject_id",
    "name",
    "at",
    "actor_id",
    "origin",
    "target",
    "data",
    "previous",
)
"""What is hashed, in this order."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 of an aware moment."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(count: int) -> datetime:
    """The moment of `micros`."""
    return _EPOCH + timedelta(microseconds=count)


def plain(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """The data as it comes back from a database: words, numbers, lists and mappings with words for keys."""
    value: dict[str, Any] = read(written(data or {}))
    return value


def canonical(row: Mapping[str, Any]) -> bytes:
    """A JSON array of `FIELDS`, keys sorted, no spaces, UTF-8; `at` in whole microseconds since 1970."""
    at = row["at"]
    values = {**row, "at": micros(at) if isinstance(at, datetime) else at}
    return _encode([values[name] for name in FIELDS]).encode()


def digest(row: Mapping[str, Any]) -> str:
    """The SHA-256 of an event, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(row)).hexdigest()


def digest_of(values: list[Any]) -> str:
    """The same of the values of `FIELDS` in their order, `at` in microseconds: for walks over millions of events."""
    return hashlib.sha256(_encode(values).encode()).hexdigest()
