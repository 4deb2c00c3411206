"""What figures are counted from, held in memory as columns and kept up to date from the ledger: a record is some forty bytes.

Nothing here is a figure, and nothing is stored: the columns are read from the records, anew after every start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, case, cast, select, type_coerce

from storage import events as ledger
from storage.events import events
from storage.figures import came_again, combined_ratings
from storage.requests import requests
from storage.tx import Tx

Ints = NDArray[np.int64]
BATCH = 20_000
"""Rows read at once."""
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
COLUMNS = ("id", "number", *_WORDS, *_MOMENTS, "reopened", "supervised", "claimer_id", "worst", "stars", "again")
_SMALL = frozenset({*_WORDS, "reopened", "supervised", "worst", "stars", "again"})


@dataclass
class Facts:
    """One column for each of `COLUMNS`; moments in microseconds since 1970, words as places in `words[column]`."""

    seq: int = -1
    """How far of the ledger is in it; -1 before the first reading."""
    size: int = 0
    words: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _WORDS})
    _codes: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in _WORDS})
    _columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column, the rows in the order of their ids."""
        return self._columns[name][: self.size] if name in self._columns else np.zeros(0, dtype=np.int64)

    def code(self, column: str, word: str) -> int:
        """The place of a word in its column's words; NONE for one that no record has."""
        return self._codes[column].get(word, NONE)

    # ---------------------------------------------------------------- keeping up

    async def refresh(self, tx: Tx) -> bool:
        """Reads what has happened since; whether anything had. The first time everything."""
        seq = await ledger.last_seq(tx)
        if seq == self.seq:
            return False
        if self.seq < 0:
            await self._read_all(tx)
        else:
            touched = await _touched(tx, self.seq, seq)
            for start in range(0, len(touched), 500):
                part = touched[start : start + 500]
                self._put(await tx.all(_statement(tx, part)))
        self.seq = seq
        return True

    async def _read_all(self, tx: Tx) -> None:
        self.size, last = 0, 0
        while rows := await tx.all(
            _statement(tx, None).where(requests.c.id > last).order_by(requests.c.id).limit(BATCH)
        ):
            self._append(self._coded(rows))
            last = int(rows[-1][0])
            await asyncio.sleep(0)  # others have their turn between two batches

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
            if name in _WORDS:
                found[name] = np.fromiter((self._encode(name, v) for v in values), dtype=np.int32, count=len(values))
            else:
                kind = np.int32 if name in _SMALL else np.int64
                found[name] = np.fromiter(
                    (NONE if v is None else int(v) for v in values), dtype=kind, count=len(values)
                )
        return found

    def _encode(self, column: str, word: str) -> int:
        codes = self._codes[column]
        if word not in codes:
            codes[word] = len(codes)
            self.words[column].append(word)
        return codes[word]


def _statement(tx: Tx, of: Collection[int] | None) -> Select[Any]:
    """The columns of all records, or of these."""
    r, rating = requests.c, combined_ratings(tx, of).c
    source = requests.outerjoin(
        rating.request_id.table,
        and_(rating.tenant == r.tenant, rating.request_id == r.id, rating.resolution == r.resolution),
    )
    special: dict[str, ColumnElement[Any]] = {name: type_coerce(r[name], BigInteger) for name in _MOMENTS}
    may_come_again = and_(r.closed_at.is_not(None), r.item != "")
    special["again"] = case((may_come_again, cast(came_again(tx), Integer)), else_=0)
    special["supervised"] = cast(r.supervised, Integer)
    special |= {"worst": rating.worst, "stars": rating.stars}
    columns = [special[name] if name in special else r[name] for name in COLUMNS]
    statement = select(*columns).select_from(source).where(r.tenant == tx.tenant)
    return statement if of is None else statement.where(r.id.in_(list(of)))


async def _touched(tx: Tx, after: int, until: int) -> list[int]:
    """The records of these events, and the earlier ones of the same people: what comes again is not solved."""
    e, r = events.c, requests.c
    rows = await tx.all(
        select(e.subject_id)
        .where(e.tenant == tx.tenant, e.seq > after, e.seq <= until, e.subject == "request")
        .distinct()
    )
    found = [int(row.subject_id) for row in rows]
    wide: set[int] = set(found)
    for part in _parts(found, 500):
        reporters = select(r.reporter_id).where(r.tenant == tx.tenant, r.id.in_(part)).distinct()
        ids = [int(row.reporter_id) for row in await tx.all(reporters)]
        rows = await tx.all(select(r.id).where(r.tenant == tx.tenant, r.reporter_id.in_(ids), r.closed_at.is_not(None)))
        wide.update(int(row.id) for row in rows)
    return sorted(wide)


def _parts(values: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (values[start : start + size] for start in range(0, len(values), size))
