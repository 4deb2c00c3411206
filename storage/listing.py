"""Lists of records for the web desk: filtered, within what somebody may see, a page at a time, and counted.

Open records come by what is due first, the others newest first. Which queues and grids somebody may see is the caller's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, false, func, or_, select, true

from storage import search
from storage.people import with_tail
from storage.requests import Request, columns, read, requests
from storage.tx import Tx
from workflow.states import OPEN, State

DUE_FIRST = frozenset({"open", "overdue", "today", "desk", "mine", "supervised"})
"""Lists of open records."""
BUCKETS = (*sorted(DUE_FIRST), "resolved", "closed", "ended", "all")
_STATES: dict[str, list[str]] = {
    "resolved": [State.RESOLVED],
    "closed": [State.CLOSED],
    "ended": [State.REFUSED, State.WITHDRAWN, State.MERGED],
}
_OPEN = [state.value for state in OPEN]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Scope(NamedTuple):
    """What somebody may see: records in these queues, and those of these grids wherever they are."""

    queues: tuple[str, ...]
    grids: tuple[str, ...]


@dataclass(frozen=True)
class Filters:
    """Which records are wanted. Empty values leave that side open; `scope` None is everything."""

    scope: Scope | None = None
    bucket: str = "open"
    queues: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    urgent: bool = False
    claimer_id: int | None = None
    number: int | None = None
    words: str = ""
    tail: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[int, ...] | None = None


class Page(NamedTuple):
    """Some records, and where the next ones begin; empty when there are none."""

    records: list[Request]
    after: str


async def page(tx: Tx, wanted: Filters, now: datetime, *, after: str = "", limit: int = 50) -> Page:
    """A page of a list. ValueError for a cursor that is none, or words that are too short to look for."""
    statement = select(*columns()).where(requests.c.tenant == tx.tenant, *await _conditions(tx, wanted, now))
    if wanted.words:
        beside, conditions = search.matches(tx, wanted.words, requests.c.id)
        statement = statement.select_from(requests, *beside).where(*conditions, *_holds(wanted.words))
    statement = _ordered(tx, statement, wanted, after)
    rows = await tx.all(statement.limit(limit + 1))
    found = [read(row) for row in rows[:limit]]
    return Page(found, _cursor(found[-1], wanted) if len(rows) > limit else "")


def _by_id(wanted: Filters) -> bool:
    """The full-text index gives records in the order of their ids, newest first, without sorting."""
    return bool(wanted.words)


def _is_due_first(wanted: Filters) -> bool:
    return wanted.bucket in DUE_FIRST and not _by_id(wanted)


def _ordered(tx: Tx, statement: Select[Any], wanted: Filters, after: str) -> Select[Any]:
    r = requests.c
    if _by_id(wanted):
        order = search.newest_first(tx, statement, r.id)
        return order if not after else order.where(r.id < _number(after))
    moment = r.resolve_due_at if _is_due_first(wanted) else r.received_at
    if after:
        text, _, last = after.partition(".")
        at, ident = _EPOCH + _number(text) * _MICROSECOND, _number(last)
        if _is_due_first(wanted):
            statement = statement.where(moment >= at, or_(moment > at, r.id > ident))
        else:
            statement = statement.where(moment <= at, or_(moment < at, r.id < ident))
    return statement.order_by(*((moment, r.id) if _is_due_first(wanted) else (moment.desc(), r.id.desc())))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18 + 1 or int(text) >= 1 << 62:
        raise ValueError(f"not a cursor: {text[:40]!r}")
    return int(text)


def _cursor(last: Request, wanted: Filters) -> str:
    if _by_id(wanted):
        return str(last.id)
    moment = last.resolve_due_at if _is_due_first(wanted) else last.received_at
    return f"{(moment - _EPOCH) // _MICROSECOND}.{last.id}"


def _holds(words: str) -> list[ColumnElement[bool]]:
    """The words themselves, each part that stands alone: pairs may meet by chance."""
    both = func.lower(requests.c.text + "\n" + requests.c.place_text)
    return [both.contains(part.lower(), autoescape=True) for part in words.split() if part]


async def _conditions(tx: Tx, wanted: Filters, now: datetime) -> list[ColumnElement[bool]]:
    r = requests.c
    found = [_seen(wanted.scope), *_bucket(wanted, now)]
    for column, values in ((r.queue, wanted.queues), (r.grid, wanted.grids), (r.item, wanted.items)):
        if values:
            found.append(column.in_(list(values)))
    if wanted.urgent:
        found.append(r.urgent)
    if wanted.claimer_id is not None:
        found.append(r.claimer_id == wanted.claimer_id)
    if wanted.number is not None:
        found.append(r.number == wanted.number)
    if wanted.tail:
        found.append(r.reporter_id.in_(await with_tail(tx, wanted.tail)))
    if wanted.since is not None:
        found.append(r.received_at >= wanted.since)
    if wanted.until is not None:
        found.append(r.received_at < wanted.until)
    if wanted.ids is not None:
        found.append(r.id.in_(list(wanted.ids)))
    return found


def _seen(scope: Scope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    return or_(false(), requests.c.queue.in_(list(scope.queues)), requests.c.grid.in_(list(scope.grids)))


def _bucket(wanted: Filters, now: datetime) -> list[ColumnElement[bool]]:
    r = requests.c
    if wanted.bucket in _STATES:
        return [r.state.in_(_STATES[wanted.bucket])]
    if wanted.bucket not in DUE_FIRST:
        return []
    found: list[ColumnElement[bool]] = [r.state.in_(_OPEN)]
    match wanted.bucket:
        case "overdue":
            found.append(r.resolve_due_at < now)
        case "today":
            found += [r.resolve_due_at >= now, r.resolve_due_at < now + timedelta(days=1)]
        case "desk":
            found += [r.state == State.QUEUED, r.queue.startswith("desk", autoescape=True)]
        case "supervised":
            found.append(r.supervised)
    return found


class Counted(NamedTuple):
    """How many open records there are of each kind that a desk looks at first."""

    open: int
    desk: int
    overdue: int
    today: int
    supervised: int
    mine: int


async def count_open(tx: Tx, scope: Scope | None, person_id: int, now: datetime) -> Counted:
    """What waits within a scope."""

    def of(bucket: str, *more: ColumnElement[bool]) -> Any:
        conditions = _bucket(Filters(bucket=bucket), now)
        return func.coalesce(func.sum(cast(and_(*conditions, *more), Integer)), 0).label(bucket)

    mine = requests.c.claimer_id == person_id
    columns_ = [of(b) for b in ("open", "desk", "overdue", "today", "supervised")]
    row = await tx.one(
        select(*columns_, of("mine", mine)).where(
            requests.c.tenant == tx.tenant, requests.c.state.in_(_OPEN), _seen(scope)
        )
    )
    return Counted(*(int(value) for value in row)) if row else Counted(0, 0, 0, 0, 0, 0)


async def walk(tx: Tx, wanted: Filters, now: datetime, batch: int = 500) -> AsyncIterator[list[Request]]:
    """Every record of a list, a batch at a time, newest first; whoever reads holds one batch in memory."""
    after = ""
    while True:
        found = await page(tx, wanted, now, after=after, limit=batch)
        if found.records:
            yield found.records
        if not found.after:
            return
        after = found.after
