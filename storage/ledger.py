"""Reads the ledger from its first event to its head, and finds what was changed, taken out, put in or moved.

How a hash is made is in chain.py; what follows from the events (states, figures) is in workflow/replay.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, select, type_coerce

from storage.chain import FIELDS, START, digest, digest_of
from storage.events import events, ledgers
from storage.requests import requests
from storage.tx import Tx
from storage.wishes import wishes

BATCH = 2_000
"""Events read at once."""
BACKWARDS = 60_000_000
"""Microseconds by which a moment may lie before the one of the event before: clocks of several machines differ."""
_HOMES = 50
"""For so many changed events their former place is looked for: each look reads the whole ledger."""

CHANGED, MISSING, INSERTED, REORDERED, HEAD, CLOCK = "changed", "missing", "inserted", "reordered", "head", "clock"
_RECORDS = {"request": requests, "wish": wishes}
_COLUMNS = (*FIELDS, "hash")
TOLD = ("seq", "id", "subject", "subject_id", "name", "actor_id", "target", "data")
"""What the books are made from."""
Values = Sequence[Any]
"""An event as the values of `_COLUMNS`: of millions, no more is made of each than has to be."""
_SEQ, _AT, _HASH = (_COLUMNS.index(name) for name in ("seq", "at", "hash"))
_BEFORE: Values = ("", 0, None, "", None, "", None, None, "", "", "{}", "", START)
"""What stands before the first event."""


class Finding(NamedTuple):
    """One thing that is not as it was written. `seqs` are the places in the chain, both included."""

    kind: str
    seqs: tuple[int, int]
    event_id: int | None
    name: str
    number: int | None
    why: str

    @property
    def is_warning(self) -> bool:
        """Whether the chain holds all the same."""
        return self.kind == CLOCK

    def __str__(self) -> str:
        first, last = self.seqs
        place = f"event {first}" if first == last else f"events {first} to {last}"
        known = [f"id {self.event_id}"] if self.event_id is not None else []
        known += [self.name] if self.name else []
        known += [f"record {self.number}"] if self.number is not None else []
        return f"{self.kind}: {place}{_brackets(known)}: {self.why}"


class Head(NamedTuple):
    """Where a ledger stands: the number of events and the hash of the last. Kept elsewhere, it proves later rewriting."""

    seq: int
    hash: str


def _brackets(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


async def head(tx: Tx) -> Head | None:
    """The head as it is kept."""
    row = await tx.one(select(ledgers.c.seq, ledgers.c.hash).where(ledgers.c.tenant == tx.tenant))
    return None if row is None else Head(row.seq, row.hash)


async def size(tx: Tx) -> int:
    """How many events there are."""
    row = await tx.one(select(func.count()).select_from(events).where(events.c.tenant == tx.tenant))
    return int(row[0]) if row else 0


async def rows(tx: Tx, batch: int = BATCH) -> AsyncIterator[dict[str, Any]]:
    """Every event in the order of the chain as plain values, moments in microseconds; data that cannot be read is None."""
    async for page in _pages(tx, batch):
        for values in page:
            yield _row(values)


async def told(tx: Tx, batch: int = BATCH) -> AsyncIterator[list[Values]]:
    """Every event in the order of the chain, so many at once, without what only the chain needs: the values of `TOLD`."""
    async for page in _pages(tx, batch, TOLD):
        yield [(*values[:-1], _data(values[-1])) for values in page]


async def _pages(tx: Tx, batch: int, columns: tuple[str, ...] = _COLUMNS) -> AsyncIterator[Sequence[Values]]:
    """Every event in the order of the chain, so many at once: the values of these columns, data as it is written."""
    e = events.c
    written: dict[str, ColumnElement[Any]] = {
        "at": type_coerce(e["at"], BigInteger),
        "data": cast(e["data"], Text).label("data"),
    }
    statement = select(*(written.get(name, e[name]) for name in columns)).order_by(e.seq, e.id).limit(batch)
    after: tuple[ColumnElement[bool], ...] = ()
    while True:
        page: Sequence[Any] = await tx.all(statement.where(e.tenant == tx.tenant, *after))
        yield page
        if len(page) < batch:
            return
        seq, ident = page[-1].seq, page[-1].id
        after = (e.seq >= seq, (e.seq > seq) | (e.id > ident))  # the first half is what the index is asked


def _row(values: Values) -> dict[str, Any]:
    row = dict(zip(_COLUMNS, values, strict=True))
    return {**row, "data": _data(row["data"])}


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def _hash(row: Mapping[str, Any]) -> str:
    try:
        return digest(row)
    except (TypeError, ValueError):
        return ""


@dataclass
class _Walk:
    """What the walk knows of the events behind it."""

    tx: Tx
    head: Head | None
    seen: int = 0
    top: int = 0
    behind: Values = _BEFORE
    real: str = START
    last_flagged: bool = False
    homes: int = 0

    @property
    def last(self) -> dict[str, Any]:
        """The event behind."""
        return _row(self.behind)

    def follows(self, values: Values) -> bool:
        """Takes the next event when it is plainly right, which nearly all are; otherwise it is for `step`."""
        tenant, seq, ident, subject, subject_id, name, at, actor, origin, target, text, previous, kept = values
        behind_at = self.behind[_AT]
        if seq != self.behind[_SEQ] + 1 or previous != self.behind[_HASH] or (self.head and seq > self.head.seq):
            return False
        if type(at) is not int or (behind_at is not None and behind_at - at > BACKWARDS):
            return False
        fields = [tenant, seq, ident, subject, subject_id, name, at, actor, origin, target, _data(text), previous]
        try:
            if digest_of(fields) != kept:
                return False
        except (TypeError, ValueError):
            return False
        self.seen, self.top, self.behind, self.real, self.last_flagged = self.seen + 1, seq, values, kept, False
        return True

    async def step(self, values: Values) -> list[Finding]:
        """What is wrong with the next event, if anything."""
        row = _row(values)
        self.seen += 1
        real, flagged, found = _hash(row), False, []
        seq, before = row["seq"], self.last["seq"]
        if seq < 1 or (seq == before and self.seen > 1):
            return [await self._finding(INSERTED, row, "its place belongs to another event")]
        self.top = seq
        if seq > before + 1:
            found.append(await self._gap(before + 1, seq - 1, row))
        if self.head is not None and seq > self.head.seq:
            flagged = True
            found.append(await self._finding(INSERTED, row, f"the head stands at {self.head.seq}"))
        elif real != row["hash"]:
            flagged = True
            found += await self._changed(row)
        elif seq == before + 1 and row["previous"] not in (self.last["hash"], self.real) and not self.last_flagged:
            found.append(await self._finding(INSERTED, row, f"it does not follow event {before}{self._of_last()}"))
        found += await self._clock(row)
        self.behind, self.real, self.last_flagged = values, real, flagged
        return found

    def _of_last(self) -> str:
        known = [f"id {self.last['id']}", self.last["name"]] if self.last["seq"] else []
        return f"{_brackets(known)}: one of the two was put in its place"

    async def _gap(self, first: int, last: int, row: Mapping[str, Any] | None) -> Finding:
        sides = [f"after id {self.last['id']}, {self.last['name']}"] if self.last["seq"] else []
        sides += [f"before id {row['id']}, {row['name']}"] if row is not None else []
        return Finding(MISSING, (first, last), None, "", None, " and ".join(sides) or "no event is there")

    async def _changed(self, row: dict[str, Any]) -> list[Finding]:
        home = await self._home(row)
        if home is None:
            return [await self._finding(CHANGED, row, "its fields do not give its hash")]
        found = [await self._finding(REORDERED, row, f"it was written as event {home}")]
        if home == self.last["seq"] and not self.last_flagged:
            found.append(await self._finding(INSERTED, self.last, f"its place was that of id {row['id']}"))
        return found

    async def _home(self, row: dict[str, Any]) -> int | None:
        """Where an event stood that is the same but for its number: near where it is, or near its old neighbours."""
        if self.homes >= _HOMES:
            return None
        self.homes += 1
        e = events.c
        neighbours = (e.previous == str(row["hash"])) | (e.hash == str(row["previous"]))
        found = await self.tx.all(select(e.seq).where(e.tenant == self.tx.tenant, neighbours))
        near = sorted({n.seq + by for n in found for by in range(-2, 3)} | {row["seq"] + by for by in range(-2, 3)})
        return next((seq for seq in near if _hash({**row, "seq": seq}) == row["hash"]), None)

    async def _clock(self, row: Mapping[str, Any]) -> list[Finding]:
        at, before = row["at"], self.last["at"]
        if not isinstance(at, int) or not isinstance(before, int) or before - at <= BACKWARDS:
            return []
        seconds = (before - at) // 1_000_000
        return [await self._finding(CLOCK, row, f"its moment is {seconds} s before that of event {self.last['seq']}")]

    async def end(self) -> list[Finding]:
        """What is wrong with the head, once the last event is known."""
        if self.head is None:
            return [Finding(HEAD, (self.top, self.top), None, "", None, "the ledger has no head")] if self.seen else []
        if self.top < self.head.seq:
            return [await self._gap(self.top + 1, self.head.seq, None)]
        if self.top > self.head.seq:
            why = f"the head stands at {self.head.seq}, the events go on to {self.top}"
            return [Finding(HEAD, (self.head.seq, self.top), None, "", None, why)]
        if self.head.hash not in (self.last["hash"], self.real):
            why = "the head names another hash: the head or this event was changed"
            return [await self._finding(HEAD, self.last, why)]
        return []

    async def _finding(self, kind: str, row: Mapping[str, Any], why: str) -> Finding:
        seq = int(row["seq"])
        return Finding(kind, (seq, seq), row.get("id"), row.get("name", ""), await _number(self.tx, row), why)


async def _number(tx: Tx, row: Mapping[str, Any]) -> int | None:
    """The number of the record an event is about, if it has one."""
    table = _RECORDS.get(str(row.get("subject")))
    if table is None or not isinstance(row["subject_id"], int):
        return None
    found = await tx.one(select(table.c.number).where(table.c.tenant == tx.tenant, table.c.id == row["subject_id"]))
    return None if found is None else int(found.number)


async def verify(
    tx: Tx, *, anchor: Head | None = None, batch: int = BATCH, tell: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Finding]:
    """Everything that is not as it was written, in the order of the chain. `tell` hears how many events are read.

    `anchor` is a head that was noted earlier and kept elsewhere: an event of that number with another hash is a finding
    even when the whole chain was made anew. Read it in a snapshot: events that arrive meanwhile are not there then.
    """
    walk = _Walk(tx, await head(tx))
    async for page in _pages(tx, batch):
        for values in page:
            if not walk.follows(values):
                for finding in await walk.step(values):
                    yield finding
            if anchor is not None and values[_SEQ] == anchor.seq and values[_HASH] != anchor.hash:
                yield await walk._finding(CHANGED, _row(values), "its hash is not the one that was noted")
        tell(walk.seen)
    for finding in await walk.end():
        yield finding
    if anchor is not None and walk.top < anchor.seq:
        why = f"event {anchor.seq} was noted"
        yield Finding(MISSING, (walk.top + 1, anchor.seq), None, "", None, why)
