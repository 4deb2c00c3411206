"""JSON as it stands in columns and under seals: what is written, and what is read again. Hashes of the ledger are chain.py's."""

from __future__ import annotations

import json
from typing import Any

import orjson

_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
"""What the standard library refuses is refused: a moment in such a place would come back as a word."""


def written(value: Any) -> str:
    """The value as JSON without spaces. Raises TypeError for what JSON does not have. Whole numbers have 64 bits at most."""
    try:
        return orjson.dumps(value, option=_STRICT).decode()
    except TypeError:  # half a character, keys that are no words, named tuples: rare, and the slower library takes them
        return json.dumps(value, separators=(",", ":"))


def read(text: str | bytes) -> Any:
    """The value again. Raises ValueError for what is no JSON."""
    try:
        return orjson.loads(text)
    except ValueError:  # NaN and halves of characters, which the other library had written
        return json.loads(text)
