"""What figures are counted from, held in memory as columns and kept up to date from the ledger: a record is some forty bytes.

Nothing here is a figure, and nothing is stored: the columns are read from the records, anew after every start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, case, cast, func, select, type_coerce

from storage import events as ledger
from storage.events import events
from storage.figures import came_again, combined_ratings
from storage.requests import requests
from storage.tx import Tx
from workflow.indicators import RECURS_WITHIN

Ints = NDArray[np.int64]
BATCH = 1_000
"""Rows read at once: everybody else waits, at least for the interpreter, while they are put into columns."""
NONE = -1
"""In a column: no such moment, rating or person."""
_MOMENTS = (
    "received_at",
    "started_at",
    "respond_due_at",
    "resolve_due_at",
    "responded_at",
    "resolved_at",
    "closed_at",
)
_WORDS = ("queue", "grid", "item", "state")
COLUMNS = (
    "id",
    "number",
    *_WORDS,
    *_MOMENTS,
    "reopened",
    "supervised",
    "urgent",
    "claimer_id",
    "worst",
    "stars",
    "again",
)
_SMALL = frozenset({*_WORDS, "reopened", "supervised", "urgent", "worst", "stars", "again"})


class Halted(Exception):
    """Whoever wanted the figures is gone: the reading was given up between two batches."""


@dataclass
class Facts:
    """One column for each of `COLUMNS`; moments in microseconds since 1970, words as places in `words[column]`."""

    seq: int = -1
    """How far of the ledger is in it; -1 before the first reading."""
    size: int = 0
    halted: bool = False
    """Set from any thread: a first reading under way ends with `Halted` before its next batch."""
    _since: int = -1
    """Where the ledger stood when the first reading began."""
    _last: int = 0
    """The last record that the first reading has come to."""
    words: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _WORDS})
    _codes: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in _WORDS})
    _columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column, the rows in the order of their ids."""
        return self._columns[name][: self.size] if name in self._columns else np.zeros(0, dtype=np.int64)

    def code(self, column: str, word: str) -> int:
        """The place of a word in its column's words; NONE for one that no record has."""
        return self._codes[column].get(word, NONE)

    @property
    def is_read(self) -> bool:
        """Whether the records are in it: nobody need wait for a first reading."""
        return self.seq >= 0

    # ---------------------------------------------------------------- keeping up

    async def refresh(self, tx: Tx) -> bool:
        """Reads what has happened since; whether anything had. The first time everything that is not read yet.

        Raises `Halted` while that is going on.
        """
        anew = not self.is_read
        while not self.is_read:
            await self.read_some(tx)
        seq = await ledger.last_seq(tx)
        if seq == self.seq:
            return anew
        touched = await _touched(tx, self.seq, seq)
        for start in range(0, len(touched), 500):
            part = touched[start : start + 500]
            self._put(await tx.all(_statement(tx, of=part)))
        self.seq = seq
        return True

    async def read_some(self, tx: Tx) -> None:
        """The next batch of the first reading. Each may be read in a transaction of its own: what changes meanwhile is in
        the ledger, and `refresh` goes on from where that stood at the beginning. Raises `Halted`.
        """
        if self.halted:
            raise Halted
        if self._since < 0:
            self._since = await ledger.last_seq(tx)
        part = await _next_ids(tx, self._last)
        if part is None:
            self.seq = self._since
            return
        statement = _statement(tx, within=part).where(requests.c.id.between(*part)).order_by(requests.c.id)
        self._append(self._coded(await tx.all(statement)))
        self._last = part[1]

    def _put(self, rows: Sequence[Any]) -> None:
        """Rows that are new, or in place of what they were."""
        if not rows:
            return
        coded = self._coded(sorted(rows, key=lambda row: row[0]))
        where = np.searchsorted(self["id"], coded["id"])
        known = (
            (where < self.size) & (self["id"][np.minimum(where, max(self.size - 1, 0))] == coded["id"])
            if self.size
            else where < 0
        )
        for name, values in coded.items():
            self._columns.setdefault(name, np.zeros(0, dtype=values.dtype))[where[known]] = values[known]
        fresh = {name: values[~known] for name, values in coded.items()}
        if len(fresh["id"]):
            in_order = not self.size or int(fresh["id"][0]) > int(self["id"][-1])
            self._append(fresh)
            if not in_order:  # an id of another process that was made before the last one here
                order = np.argsort(self["id"], kind="stable")
                for name in COLUMNS:
                    self._columns[name][: self.size] = self[name][order]

    def _append(self, coded: dict[str, NDArray[Any]]) -> None:
        count = len(coded["id"])
        for name, values in coded.items():
            kept = self._columns.get(name)
            if kept is None or len(kept) < self.size + count:
                grown = np.zeros(max(1024, (self.size + count) * 5 // 4), dtype=values.dtype)
                if kept is not None:
                    grown[: self.size] = kept[: self.size]
                self._columns[name] = kept = grown
            kept[self.size : self.size + count] = values
        self.size += count

    def _coded(self, rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {}
        for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=True):
            kind = np.int32 if name in _SMALL else np.int64
            coded: Iterable[int] = values
            if name in _WORDS:
                coded = map(self._encoded(name, values).__getitem__, values)
            elif None in values:
                coded = (NONE if value is None else value for value in values)
            found[name] = np.fromiter(coded, dtype=kind, count=len(values))
        return found

    def _encoded(self, column: str, words: Iterable[str]) -> dict[str, int]:
        """The places of the column's words, these among them."""
        codes = self._codes[column]
        for word in dict.fromkeys(words):
            if word not in codes:
                codes[word] = len(codes)
                self.words[column].append(word)
        return codes


async def _next_ids(tx: Tx, after: int) -> tuple[int, int] | None:
    """The first and last id of the next batch; None behind the last record."""
    page = select(requests.c.id).where(requests.c.tenant == tx.tenant, requests.c.id > after)
    ids = page.order_by(requests.c.id).limit(BATCH).subquery()
    row = await tx.one(select(func.min(ids.c.id), func.max(ids.c.id)))
    return None if row is None or row[0] is None else (int(row[0]), int(row[1]))


def _statement(tx: Tx, of: Collection[int] | None = None, within: tuple[int, int] | None = None) -> Select[Any]:
    """The columns of records; of their ratings, those of these records, or of ids between these two."""
    r, rating = requests.c, combined_ratings(tx, of, within).c
    source = requests.outerjoin(
        rating.request_id.table,
        and_(rating.tenant == r.tenant, rating.request_id == r.id, rating.resolution == r.resolution),
    )
    special: dict[str, ColumnElement[Any]] = {name: type_coerce(r[name], BigInteger) for name in _MOMENTS}
    may_come_again = and_(r.closed_at.is_not(None), r.item != "")
    special["again"] = case((may_come_again, cast(came_again(tx), Integer)), else_=0)
    special |= {name: cast(r[name], Integer) for name in ("supervised", "urgent")}
    special |= {"worst": rating.worst, "stars": rating.stars}
    columns = [special[name] if name in special else r[name] for name in COLUMNS]
    statement = select(*columns).select_from(source).where(r.tenant == tx.tenant)
    return statement if of is None else statement.where(r.id.in_(list(of)))


async def _touched(tx: Tx, after: int, until: int) -> list[int]:
    """The records of these events, and what the same people had closed shortly before: what comes again is not solved."""
    e, r = events.c, requests.c
    rows = await tx.all(
        select(e.subject_id)
        .where(e.tenant == tx.tenant, e.seq > after, e.seq <= until, e.subject == "request")
        .distinct()
    )
    found = [int(row.subject_id) for row in rows]
    wide: set[int] = set(found)
    for part in _parts(found, 500):
        rows = await tx.all(select(r.reporter_id, r.received_at).where(r.tenant == tx.tenant, r.id.in_(part)))
        if not rows:
            continue
        moments = [row.received_at for row in rows]
        lately = r.closed_at.between(min(moments) - RECURS_WITHIN, max(moments))
        reporters = sorted({int(row.reporter_id) for row in rows})
        rows = await tx.all(select(r.id).where(r.tenant == tx.tenant, r.reporter_id.in_(reporters), lately))
        wide.update(int(row.id) for row in rows)
    return sorted(wide)


def _parts(values: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (values[start : start + size] for start in range(0, len(values), size))
