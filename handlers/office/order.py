"""What somebody at the web desk wants done to a record. Which fields an act needs stands in `acts.ACTS`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """One wish; `other` is a record number, `queue` a queue, `kind` a reason or a kind of whistle."""

    act: str
    words: str = ""
    item: str = ""
    grid: str = ""
    queue: str = ""
    person: int | None = None
    other: int | None = None
    days: int | None = None
    kind: str = ""
    done: str = ""
    helpers: tuple[str, ...] = ()
