"""What waits, from the columns in memory: the numbers of the tabs, and which open records come first.

With a million records SQL would look at every open one for either. `storage.listing` says the same in SQL, for as long as
the columns are not read in; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handlers.office.counting import micros
from storage.facts import Facts
from storage.listing import Counted, Filters, Scope, place
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
    due, ids = facts["resolve_due_at"][rows], facts["id"][rows]
    if after:
        at, ident = place(after)
        rest = (due > micros(at)) | ((due == micros(at)) & (ids > ident))
        due, ids = due[rest], ids[rest]
    order = np.lexsort((ids, due))[: limit + 1]
    page = order[:limit]
    more = f"{due[page[-1]]}.{ids[page[-1]]}" if len(order) > limit else ""
    return tuple(int(ident) for ident in ids[page]), more


def _open(facts: Facts, scope: Scope | None) -> Rows:
    """The open records that somebody may see."""
    rows = np.flatnonzero(_among(facts, "state", OPEN))
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
    """What is left of open records by a filter."""
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
