"""One thing that `linli doctor` has looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One thing looked at. `fail` stops the program from working, `warn` will later."""

    level: Literal["ok", "warn", "fail"]
    text: str
