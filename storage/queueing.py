"""Which of the waiting messages go out, and in which order: the rule of `outbox.due` on rows in memory. No SQL here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Protocol, TypeVar

PRESS, REPLY, NOTICE, LATER = 0, 1, 2, 3
"""Lanes, first first: answers on the presser's screen alone, answers to a message, what is not awaited, what goes to many and has time."""


class Queued(Protocol):
    """What the rule needs to know of a message."""

    @property
    def id(self) -> int: ...

    @property
    def chat_id(self) -> int: ...

    @property
    def lane(self) -> int: ...

    @property
    def not_before(self) -> datetime: ...


Row = TypeVar("Row", bound=Queued)


def choose(
    waiting: Iterable[Row], now: datetime, limit: int, *, presses: bool = True, notices: bool = True
) -> list[tuple[Row, int]]:
    """What may go out now with the lane it goes in, in the order in which it should; `waiting` is all that waits."""
    found: list[tuple[Row, int]] = []
    told: list[tuple[Row, int]] = []
    later: list[tuple[Row, int]] = []
    for _, rows in groupby(sorted(waiting, key=attrgetter("chat_id", "id")), key=attrgetter("chat_id")):
        _of_chat(list(rows), now, found, told, later)
    if not presses:
        found = [pair for pair in found if pair[1] != PRESS]
    found = sorted(found, key=lambda pair: (pair[1], pair[0].id))[:limit]
    for some in (told, later) if notices else ():
        found += sorted(some, key=lambda pair: pair[0].id)[: limit - len(found)]
    return found


def _of_chat(
    rows: Sequence[Row],
    now: datetime,
    found: list[tuple[Row, int]],
    told: list[tuple[Row, int]],
    later: list[tuple[Row, int]],
) -> None:
    """Adds a chat's messages, in order of their ids: each waits for the earlier ones and lends them its lane."""
    lent = LATER + 1
    lanes = []
    for row in reversed(rows):
        lent = min(lent, row.lane) if row.lane != PRESS else lent
        lanes.append(lent)
    free = True
    for row, lane in zip(rows, reversed(lanes), strict=True):
        if row.lane == PRESS:
            if row.not_before <= now:
                found.append((row, PRESS))
            continue
        free = free and row.not_before <= now
        if free:
            (found if lane == REPLY else told if lane == NOTICE else later).append((row, lane))
