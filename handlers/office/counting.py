"""Counting the columns of `storage.facts`: what each count means, as masks over all records, and counts by any scope.

It repeats with columns what `workflow.replay` says event by event and `storage.figures` in SQL; tests hold the three together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.facts import NONE, Facts
from workflow.indicators import Counts, Indicator, handling, indicators
from workflow.queues import Org, QueueKind, parse_queue
from workflow.states import OPEN, State

Mask = NDArray[np.bool_]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
_GONE = (State.WITHDRAWN, State.REFUSED, State.MERGED)
DIMENSIONS = ("grid", "community", "department", "item")


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


class Counted(NamedTuple):
    """Counts of one scope, with its indicators, and how many of its records are open and overdue now."""

    counts: Counts
    figures: tuple[Indicator, ...]
    open: int
    overdue: int


class Sheet:
    """All records as masks at one moment. Computed once for a page, read many times."""

    def __init__(self, facts: Facts, org: Org, now: datetime) -> None:
        self.facts, self.org, self.at = facts, org, micros(now)
        self._masks: dict[str, Mask] = {}

    def among(self, column: str, wanted: Iterable[str]) -> Mask:
        """The records whose word in this column is one of these."""
        codes = [code for word in wanted if (code := self.facts.code(column, word)) != NONE]
        return np.isin(self.facts[column], codes)

    def received_in(self, since: datetime, until: datetime) -> Mask:
        """The records that came in a period."""
        at = self.facts["received_at"]
        return np.asarray((at >= micros(since)) & (at < micros(until)), dtype=np.bool_)

    def mask(self, name: str) -> Mask:
        """The records that count under this name: a field of `Counts`, or open, overdue, again."""
        if name not in self._masks:
            self._masks[name] = np.asarray(self._made(name), dtype=np.bool_)
        return self._masks[name]

    def _made(self, name: str) -> Any:
        f, at = self.facts, self.at
        match name:
            case "received":
                return np.ones(f.size, dtype=np.bool_)
            case "alive":
                return ~self.among("state", _GONE)
            case "open":
                return self.among("state", OPEN)
            case "overdue":
                return self.among("state", OPEN - {State.RECEIVED}) & (f["resolve_due_at"] < at)
            case "responded":
                return f["responded_at"] != NONE
            case "due_for_response":
                return self.mask("alive") & (self.mask("responded") | (f["respond_due_at"] <= at))
            case "responded_in_time":
                return self.mask("alive") & self.mask("responded") & (f["responded_at"] <= f["respond_due_at"])
            case "resolved":
                return f["resolved_at"] != NONE
            case "settled":
                return self.mask("resolved") & (f["resolved_at"] >= f["started_at"])
            case "due_for_resolution":
                return self.mask("alive") & (self.mask("settled") | (f["resolve_due_at"] <= at))
            case "resolved_in_time":
                return self.mask("alive") & self.mask("settled") & (f["resolved_at"] <= f["resolve_due_at"])
            case "rated":
                return f["worst"] != NONE
            case "lasted":
                return self.among("state", (State.RESOLVED, State.CLOSED)) & (f["again"] == 0)
            case "solved" | "partly_solved":
                return self.mask("lasted") & (f["worst"] == (0 if name == "solved" else 1))
            case "five_stars" | "four_stars" | "three_stars":
                return f["stars"] == {"five_stars": 5, "four_stars": 4, "three_stars": 3}[name]
            case "reopened":
                return f["reopened"] > 0
            case "escalated":
                return f["supervised"] > 0
            case "merged":
                return self.among("state", (State.MERGED,))
            case "again":
                return f["again"] > 0
        raise ValueError(f"nothing is counted as {name!r}")

    # ---------------------------------------------------------------- scopes

    def keys(self, dimension: str) -> tuple[NDArray[np.int64], list[str]]:
        """Of each record the place of its scope in the list that comes with it; NONE for records of no such scope."""
        f = self.facts
        if dimension in ("grid", "item"):
            named = [word for word in f.words[dimension] if word]
            return self._placed(dimension, {word: word for word in named}), named
        if dimension == "department":
            queues = [q for q in f.words["queue"] if q.startswith("dept:")]
            return self._placed("queue", {q: q for q in queues}), queues
        if dimension == "community":
            return self._communities()
        raise ValueError(f"no such dimension: {dimension!r}")

    def _placed(self, column: str, scope_of: Mapping[str, str]) -> NDArray[np.int64]:
        order = {scope: place for place, scope in enumerate(dict.fromkeys(scope_of.values()))}
        table = [order[scope_of[w]] if w in scope_of else NONE for w in self.facts.words[column]]
        return np.asarray(np.array([*table, NONE], dtype=np.int64)[self.facts[column]])

    def _communities(self) -> tuple[NDArray[np.int64], list[str]]:
        """By the grid; without one by the desk that holds the record."""
        names = list(self.org.communities)
        place = {name: n for n, name in enumerate(names)}
        by_grid = [place.get(self.org.grids.get(g, ""), NONE) for g in self.facts.words["grid"]]
        by_queue = [self._desk_place(q, place) for q in self.facts.words["queue"]]
        grids = np.array([*by_grid, NONE], dtype=np.int64)[self.facts["grid"]]
        desks = np.array([*by_queue, NONE], dtype=np.int64)[self.facts["queue"]]
        return np.where(grids != NONE, grids, desks), names

    def _desk_place(self, queue: str, place: Mapping[str, int]) -> int:
        found = parse_queue(queue)
        return place.get(found.id, NONE) if found.kind is QueueKind.DESK else NONE

    # ---------------------------------------------------------------- counting

    def count(self, within: Mask) -> Counted:
        """One scope: the records of a mask."""
        keys = np.where(within, 0, NONE).astype(np.int64)
        return self.count_by(keys, 1)[0]

    def count_by(self, keys: NDArray[np.int64], scopes: int) -> list[Counted]:
        """Every scope: records whose key is its place."""
        inside = keys >= 0
        chosen = keys[inside]
        table = {
            name: np.bincount(chosen, weights=self.mask(name)[inside], minlength=scopes).astype(np.int64)
            for name in (*_COUNTED, "open", "overdue")
        }
        spans = self._spans(keys, scopes)
        return [self._counted(table, spans[place], place) for place in range(scopes)]

    def _counted(self, table: Mapping[str, Any], span: tuple[int, int, int | None], place: int) -> Counted:
        values: dict[str, Any] = {name: int(table[name][place]) for name in _COUNTED}
        counts = Counts(**values)
        figures = (*indicators(counts)[:-2], *handling(*span))
        return Counted(counts, figures, int(table["open"][place]), int(table["overdue"][place]))

    def _spans(self, keys: NDArray[np.int64], scopes: int) -> list[tuple[int, int, int | None]]:
        """(minutes together, how many, the nearest rank of nine in ten) from receipt to result."""
        done = (keys >= 0) & self.mask("resolved")
        minutes = (self.facts["resolved_at"][done] - self.facts["received_at"][done]) // MINUTE
        groups = keys[done]
        order = np.lexsort((minutes, groups))
        minutes, groups = minutes[order], groups[order]
        counts = np.bincount(groups, minlength=scopes) if len(groups) else np.zeros(scopes, dtype=np.int64)
        sums = np.bincount(groups, weights=minutes, minlength=scopes) if len(groups) else np.zeros(scopes)
        starts = np.concatenate(([0], np.cumsum(counts)))[:-1]
        found: list[tuple[int, int, int | None]] = []
        for place in range(scopes):
            count = int(counts[place])
            rank = int(minutes[int(starts[place]) + (9 * count + 9) // 10 - 1]) if count else None
            found.append((int(sums[place]), count, rank))
        return found


_COUNTED = tuple(name for name in Counts.__dataclass_fields__ if name != "handling_minutes")
COUNTED = (*_COUNTED, "open", "overdue", "again")
"""What a list of records can be asked for behind a figure."""
