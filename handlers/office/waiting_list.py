"""What waits, from the columns in memory: the numbers of the tabs, which open records come first, the newest of a queue.

With a million records SQL would look at every open one for these, or at a whole queue for the few in it that somebody may
see. `storage.listing` says the same in SQL, for as long as the columns are not read in; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handlers.office.counting import micros
from storage.facts import Facts
from storage.listing import STATES, Counted, Filters, Scope, place
from workflow.states import OPEN, State

Rows = NDArray[np.int64]
"""Where the records stand in the columns."""


def counts(facts: Facts, scope: Scope | None, person_id: int, now: datetime) -> Counted:
    """What waits within a scope, for the tabs."""
    rows = _open(facts, scope)
    due, at = facts["resolve_due_at"][rows], micros(now)
    return Counted(
        open=len(rows),
        desk=len(_at_desk(facts, rows)),
        overdue=int((due < at).sum()),
        today=int(((due >= at) & (due < micros(now + timedelta(days=1)))).sum()),
        supervised=int((facts["supervised"][rows] > 0).sum()),
        mine=int((facts["claimer_id"][rows] == person_id).sum()),
    )


def first(facts: Facts, wanted: Filters, now: datetime, after: str, limit: int) -> tuple[tuple[int, ...], str]:
    """The ids of an open list's page, what is due first at the front, and where the next begins. ValueError for no cursor."""
    rows = _narrowed(facts, _open(facts, wanted.scope), wanted, now)
    return _page(facts, rows, "resolve_due_at", after, limit)


def newest(facts: Facts, wanted: Filters, now: datetime, after: str, limit: int) -> tuple[tuple[int, ...], str]:
    """The same of all records in the wanted queues, open or not, the newest at the front."""
    rows = _seen(facts, wanted.scope, np.flatnonzero(_among(facts, "queue", wanted.queues)))
    if wanted.bucket in STATES:
        rows = rows[_among(facts, "state", STATES[wanted.bucket], rows)]
    return _page(facts, _narrowed(facts, rows, wanted, now), "received_at", after, limit, way=-1)


def _page(facts: Facts, rows: Rows, column: str, after: str, limit: int, way: int = 1) -> tuple[tuple[int, ...], str]:
    """The first of these rows by a column, then by their ids, behind a cursor; `way` -1 puts the greatest first."""
    by, ids = facts[column][rows].astype(np.int64), facts["id"][rows].astype(np.int64)
    if after:
        moment, ident = place(after)
        at = micros(moment)
        rest = (way * by > way * at) | ((by == at) & (way * ids > way * ident))
        by, ids = by[rest], ids[rest]
    order = np.lexsort((way * ids, way * by))[: limit + 1]
    page = order[:limit]
    more = f"{by[page[-1]]}.{ids[page[-1]]}" if len(order) > limit else ""
    return tuple(int(ident) for ident in ids[page]), more


def _open(facts: Facts, scope: Scope | None) -> Rows:
    """The open records that somebody may see."""
    return _seen(facts, scope, np.flatnonzero(_among(facts, "state", OPEN)))


def _seen(facts: Facts, scope: Scope | None, rows: Rows) -> Rows:
    """What of these rows somebody may see."""
    if scope is None:
        return rows
    return rows[_among(facts, "queue", scope.queues, rows) | _among(facts, "grid", scope.grids, rows)]


def _among(facts: Facts, column: str, words: Iterable[str], rows: Any = slice(None)) -> NDArray[np.bool_]:
    """Whose word in this column is one of these."""
    codes = [facts.code(column, word) for word in words]
    return np.isin(facts[column][rows], [code for code in codes if code >= 0])


def _at_desk(facts: Facts, rows: Rows) -> Rows:
    """What waits for a desk to decide."""
    desks = [queue for queue in facts.words["queue"] if queue.startswith("desk")]
    return rows[_among(facts, "state", (State.QUEUED,), rows) & _among(facts, "queue", desks, rows)]


def _narrowed(facts: Facts, rows: Rows, wanted: Filters, now: datetime) -> Rows:
    """What is left of some records by a filter."""
    at, due = micros(now), facts["resolve_due_at"]
    match wanted.bucket:
        case "overdue":
            rows = rows[due[rows] < at]
        case "today":
            rows = rows[(due[rows] >= at) & (due[rows] < micros(now + timedelta(days=1)))]
        case "desk":
            rows = _at_desk(facts, rows)
        case "supervised":
            rows = rows[facts["supervised"][rows] > 0]
    for column, words in (("queue", wanted.queues), ("grid", wanted.grids), ("item", wanted.items)):
        if words:
            rows = rows[_among(facts, column, words, rows)]
    if wanted.urgent:
        rows = rows[facts["urgent"][rows] > 0]
    if wanted.claimer_id is not None:
        rows = rows[facts["claimer_id"][rows] == wanted.claimer_id]
    if wanted.since is not None:
        rows = rows[facts["received_at"][rows] >= micros(wanted.since)]
    if wanted.until is not None:
        rows = rows[facts["received_at"][rows] < micros(wanted.until)]
    return rows
