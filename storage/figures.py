"""What the indicators are counted from, per queue: records, their due times, results and ratings. No figure is stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    select,
    type_coerce,
    union_all,
)

from storage.requests import ratings, requests
from storage.supporters import supporter_ratings
from storage.tx import Tx
from workflow.indicators import RECURS_WITHIN, Counts

_GONE = ("withdrawn", "refused", "merged")
"""Records that ask for nothing any more are not due for anything."""
_RECURS_WITHIN = RECURS_WITHIN // timedelta(microseconds=1)


class Where(NamedTuple):
    """Whose a record is: the queue that is responsible for it, and the grid it lies in (empty: in none)."""

    queue: str
    grid: str


async def counts_by_scope(tx: Tx, now: datetime) -> dict[str, Counts]:
    """By queue, of everything.

    Due is what was answered, or should have been by now; unanswered ratings count in no rate. The clocks of a reopened
    record are those of its last round: its earlier result is not in time for the new one.
    """
    return {queue: counts for (queue,), counts in (await _counted(tx, now, [requests.c.queue], [])).items()}


async def counts_by_place(
    tx: Tx, now: datetime, since: datetime, until: datetime, without: Collection[int] = ()
) -> dict[Where, Counts]:
    """By queue and grid, of what was received in [since, until); these records (by id) are left out."""
    r = requests.c
    within = [r.received_at >= since, r.received_at < until, *([r.id.not_in(list(without))] if without else [])]
    found = await _counted(tx, now, [r.queue, r.grid], within)
    return {Where(*keys): counts for keys, counts in found.items()}


Keys = tuple[str, ...]


async def _counted(
    tx: Tx, now: datetime, keys: list[Column[Any]], within: list[ColumnElement[bool]]
) -> dict[Keys, Counts]:
    r = requests.c
    alive = r.state.not_in(_GONE)
    responded_in_time = alive & r.responded_at.is_not(None) & (r.responded_at <= r.respond_due_at)
    due_for_response = alive & (r.responded_at.is_not(None) | (r.respond_due_at <= now))
    resolved = r.resolved_at.is_not(None) & (r.resolved_at >= r.started_at)
    resolved_in_time = alive & resolved & (r.resolved_at <= r.resolve_due_at)
    due_for_resolution = alive & (resolved | (r.resolve_due_at <= now))
    rows = await tx.all(
        select(
            *keys,
            func.count().label("received"),
            _sum(due_for_response).label("due_for_response"),
            _sum(responded_in_time).label("responded_in_time"),
            _sum(due_for_resolution).label("due_for_resolution"),
            _sum(resolved_in_time).label("resolved_in_time"),
            _sum(r.resolved_at.is_not(None)).label("resolved"),
            _sum(r.reopened > 0).label("reopened"),
            _sum(r.supervised).label("escalated"),
            _sum(r.state == "merged").label("merged"),
        )
        .where(r.tenant == tx.tenant, *within)
        .group_by(*keys)
    )
    rated = await _rated(tx, keys, within)
    minutes = await _minutes(tx, keys, within)
    by = len(keys)
    return {
        tuple(row[:by]): Counts(
            **_numbers(row, by), **rated.get(tuple(row[:by]), {}), handling_minutes=minutes.get(tuple(row[:by]), ())
        )
        for row in rows
    }


def _numbers(row: Any, by: int) -> dict[str, Any]:
    """The counts of a row, which begins with so many keys."""
    return {name: int(value or 0) for name, value in list(row._mapping.items())[by:]}


def _sum(condition: Any) -> Any:
    return func.sum(cast(condition, Integer))


def came_again(tx: Tx) -> Any:
    """Whether the same matter of the same reporter at the same place was received again soon after it was closed."""
    r, again = requests.c, requests.alias("again").c
    return (
        select(again.id)
        .where(
            again.tenant == tx.tenant,
            r.tenant == tx.tenant,
            again.reporter_id == r.reporter_id,
            again.id > r.id,
            again.item == r.item,
            again.grid == r.grid,
            again.spot_id == r.spot_id,
            again.state.not_in(("withdrawn", "refused")),
            again.received_at >= r.closed_at,
            type_coerce(again.received_at, BigInteger) <= type_coerce(r.closed_at, BigInteger) + _RECURS_WITHIN,
        )
        .correlate(requests)
        .exists()
    )


async def _rated(tx: Tx, keys: list[Column[Any]], within: list[ColumnElement[bool]]) -> dict[Keys, dict[str, int]]:
    """The rating of the last result of each record: an earlier result that was put right does not count twice.

    What came back is not solved: a record reopened since, or the same matter of the same reporter at the same place
    received again within `RECURS_WITHIN` after it was closed.
    """
    r = requests.c
    combined = combined_ratings(tx, of=select(r.id).where(r.tenant == tx.tenant, *within) if within else None)
    rating = combined.c
    lasted = r.state.in_(("resolved", "closed")) & ~((r.item != "") & came_again(tx))
    rows = await tx.all(
        select(
            *keys,
            func.count().label("rated"),
            _sum((rating.worst == 0) & lasted).label("solved"),
            _sum((rating.worst == 1) & lasted).label("partly_solved"),
            _sum(rating.stars == 5).label("five_stars"),
            _sum(rating.stars == 4).label("four_stars"),
            _sum(rating.stars == 3).label("three_stars"),
        )
        .select_from(requests)
        .join(combined, (rating.tenant == r.tenant) & (rating.request_id == r.id) & (rating.resolution == r.resolution))
        .where(r.tenant == tx.tenant, *within)
        .group_by(*keys)
    )
    return {tuple(row[: len(keys)]): _numbers(row, len(keys)) for row in rows}


def combined_ratings(
    tx: Tx, of: Collection[int] | Select[tuple[int]] | None = None, within: tuple[int, int] | None = None
) -> Subquery:
    """One rating a result, however many people gave one: as `workflow.rating.combine` says.

    `of`: these records only, by id or as a question for their ids; `within`: those whose ids lie between these two, both included.
    """

    def wanted(request_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
        if of is not None:
            return [request_id.in_(of if isinstance(of, Select) else list(of))]
        return [] if within is None else [request_id.between(*within)]

    every = union_all(
        *(
            select(t.c.tenant, t.c.request_id, t.c.resolution, t.c.solved, t.c.stars).where(
                t.c.tenant == tx.tenant, *wanted(t.c.request_id)
            )
            for t in (ratings, supporter_ratings)
        )
    ).subquery()
    worst = func.max(case((every.c.solved == "no", 2), (every.c.solved == "partly", 1), else_=0))
    total, given = cast(func.sum(every.c.stars), Integer), cast(func.count(every.c.stars), Integer)
    stars = case((given > 0, (2 * total + given - 1) // (2 * given)))
    return (
        select(every.c.tenant, every.c.request_id, every.c.resolution, worst.label("worst"), stars.label("stars"))
        .group_by(every.c.tenant, every.c.request_id, every.c.resolution)
        .subquery()
    )


async def _minutes(tx: Tx, keys: list[Column[Any]], within: list[ColumnElement[bool]]) -> dict[Keys, tuple[int, ...]]:
    r = requests.c
    rows = await tx.all(
        select(*keys, r.received_at, r.resolved_at).where(r.tenant == tx.tenant, r.resolved_at.is_not(None), *within)
    )
    found: dict[Keys, list[int]] = {}
    for row in rows:
        found.setdefault(tuple(row[: len(keys)]), []).append(
            (row.resolved_at - row.received_at) // timedelta(minutes=1)
        )
    return {place: tuple(times) for place, times in found.items()}
