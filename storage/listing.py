"""Lists of records for the web desk: filtered, within what somebody may see, a page at a time, and counted.

Open records come by what is due first, the others newest first. Which queues and grids somebody may see is the caller's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, false, func, or_, select, true, union

from storage import search
from storage.people import with_tail
from storage.requests import Request, columns, read, requests
from storage.tx import Tx
from workflow.states import OPEN, State

DUE_FIRST = frozenset({"open", "overdue", "today", "desk", "mine", "supervised"})
"""Lists of open records."""
BUCKETS = (*sorted(DUE_FIRST), "resolved", "closed", "ended", "all")
STATES: dict[str, list[str]] = {
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
    if wanted.words:
        statement = _found_by_words(tx, wanted, now, after)
    elif wanted.bucket in DUE_FIRST or wanted.ids is not None or wanted.number is not None or wanted.tail:
        statement = await _sorted(tx, wanted, now, after)
    else:
        statement = _merged(tx, wanted, after, limit + 1)
    rows = await tx.all(statement.limit(limit + 1))
    found = [read(row) for row in rows[:limit]]
    return Page(found, _cursor(found[-1], wanted) if len(rows) > limit else "")


def _found_by_words(tx: Tx, wanted: Filters, now: datetime, after: str) -> Select[Any]:
    """The full-text index gives records in the order of their ids, newest first, without sorting."""
    beside, conditions = search.matches(tx, wanted.words, requests.c.id)
    statement = select(*columns()).select_from(requests, *beside)
    statement = statement.where(requests.c.tenant == tx.tenant, *conditions, *_holds(wanted.words))
    statement = statement.where(*_bucket(wanted, now), *_narrowed(wanted))
    order = search.newest_first(tx, statement, requests.c.id)
    return order if not after else order.where(requests.c.id < _number(after))


async def _sorted(tx: Tx, wanted: Filters, now: datetime, after: str) -> Select[Any]:
    """Few records by themselves: what is open, what was asked for by its number, the records of some people."""
    r = requests.c
    conditions = [*_bucket(wanted, now), *_narrowed(wanted)]
    if wanted.number is not None:
        conditions.append(r.number == wanted.number)
    if wanted.tail:
        conditions.append(r.reporter_id.in_(await with_tail(tx, wanted.tail)))
    if wanted.ids is not None:
        conditions.append(r.id.in_(list(wanted.ids)))
    statement = select(*columns()).where(r.tenant == tx.tenant, *conditions)
    if wanted.bucket not in DUE_FIRST:
        return _newest(statement, after)
    if after:
        at, ident = place(after)
        statement = statement.where(r.resolve_due_at >= at, or_(r.resolve_due_at > at, r.id > ident))
    return statement.order_by(r.resolve_due_at, r.id)


def _newest(statement: Select[Any], after: str) -> Select[Any]:
    """By when they were received, newest first, from a place on."""
    r = requests.c
    if after:
        at, ident = place(after)
        statement = statement.where(r.received_at <= at, or_(r.received_at < at, r.id < ident))
    return statement.order_by(r.received_at.desc(), r.id.desc())


def _merged(tx: Tx, wanted: Filters, after: str, limit: int) -> Select[Any]:
    """Newest first among all there are: an index gives its first ones for each value, and of these the first are taken.

    So no list walks through all records for the few that it shows.
    """
    r = requests.c
    rest = _narrowed(wanted, plain=False)
    parts = []
    for column, value in _branches(wanted):
        condition = true() if column is None else column == value
        part = select(r.id).where(r.tenant == tx.tenant, condition, *rest)
        parts.append(_newest(part, after).limit(limit))
    if len(parts) == 1:
        return parts[0].with_only_columns(*columns())
    ids = union(*(select(part.subquery().c.id) for part in parts))
    return _newest(select(*columns()).where(r.tenant == tx.tenant, r.id.in_(ids)), "")


def _branches(wanted: Filters) -> Sequence[tuple[ColumnElement[Any] | None, Any]]:
    """The values of one indexed column between which the wanted records lie; (None, None): the index by time alone."""
    r = requests.c
    if wanted.bucket in ("resolved", "ended"):  # few of all, wherever they are
        return [(r.state, state) for state in STATES[wanted.bucket]]
    for column, values in ((r.queue, wanted.queues), (r.grid, wanted.grids), (r.item, wanted.items)):
        if values:
            return [(column, value) for value in values]
    scope = wanted.scope
    if scope is None:
        return [(None, None)]
    mine = [(r.queue, queue) for queue in scope.queues] + [(r.grid, grid) for grid in scope.grids]
    return mine or [(r.queue, "")]


def place(after: str) -> tuple[datetime, int]:
    """What a cursor says: a moment and an id. ValueError when it is none."""
    text, _, last = after.partition(".")
    return _EPOCH + _number(text) * _MICROSECOND, _number(last)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18 + 1 or int(text) >= 1 << 62:
        raise ValueError(f"not a cursor: {text[:40]!r}")
    return int(text)


def _cursor(last: Request, wanted: Filters) -> str:
    if wanted.words:
        return str(last.id)
    moment = last.resolve_due_at if wanted.bucket in DUE_FIRST else last.received_at
    return f"{(moment - _EPOCH) // _MICROSECOND}.{last.id}"


def _holds(words: str) -> list[ColumnElement[bool]]:
    """The words themselves, each part that stands alone: pairs may meet by chance. Spaces between them mean nothing."""
    both = func.replace(func.lower(requests.c.text + "\n" + requests.c.place_text), " ", "")
    return [both.contains(part.lower(), autoescape=True) for part in words.split() if part]


def _narrowed(wanted: Filters, *, plain: bool = True) -> list[ColumnElement[bool]]:
    """What is left out of a list. Unless `plain`, in words that no index is used for: another one gives the order."""
    r = requests.c
    queue, grid, item, state = ((c if plain else c.concat("")) for c in (r.queue, r.grid, r.item, r.state))
    found = []
    if wanted.scope is not None:
        found.append(or_(false(), queue.in_(list(wanted.scope.queues)), grid.in_(list(wanted.scope.grids))))
    for column, values in ((queue, wanted.queues), (grid, wanted.grids), (item, wanted.items)):
        if values:
            found.append(column.in_(list(values)))
    if not plain and wanted.bucket in STATES:
        found.append(state.in_(STATES[wanted.bucket]))
    if wanted.urgent:
        found.append(r.urgent)
    if wanted.claimer_id is not None:
        found.append(r.claimer_id == wanted.claimer_id)
    if wanted.since is not None:
        found.append(r.received_at >= wanted.since)
    if wanted.until is not None:
        found.append(r.received_at < wanted.until)
    return found


def _seen(scope: Scope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    return or_(false(), requests.c.queue.in_(list(scope.queues)), requests.c.grid.in_(list(scope.grids)))


def _bucket(wanted: Filters, now: datetime) -> list[ColumnElement[bool]]:
    r = requests.c
    if wanted.bucket in STATES:
        return [r.state.in_(STATES[wanted.bucket])]
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
