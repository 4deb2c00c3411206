"""What the indicators are counted from, per queue: records, their due times, results and ratings. No figure is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Subquery, case, cast, func, select, type_coerce, union_all

from storage.requests import ratings, requests
from storage.supporters import supporter_ratings
from storage.tx import Tx
from workflow.indicators import RECURS_WITHIN, Counts

_GONE = ("withdrawn", "refused", "merged")
"""Records that ask for nothing any more are not due for anything."""
_RECURS_WITHIN = RECURS_WITHIN // timedelta(microseconds=1)


async def counts_by_scope(
    tx: Tx, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Counts]:
    """By queue, of what was received in [since, until), without them of everything.

    Due is what was answered, or should have been by now; unanswered ratings count in no rate. The clocks of a reopened
    record are those of its last round: its earlier result is not in time for the new one.
    """
    r = requests.c
    alive = r.state.not_in(_GONE)
    responded_in_time = alive & r.responded_at.is_not(None) & (r.responded_at <= r.respond_due_at)
    due_for_response = alive & (r.responded_at.is_not(None) | (r.respond_due_at <= now))
    resolved = r.resolved_at.is_not(None) & (r.resolved_at >= r.started_at)
    resolved_in_time = alive & resolved & (r.resolved_at <= r.resolve_due_at)
    due_for_resolution = alive & (resolved | (r.resolve_due_at <= now))
    rows = await tx.all(
        select(
            r.queue,
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
        .where(r.tenant == tx.tenant, *_received(since, until))
        .group_by(r.queue)
    )
    rated = await _rated(tx, since, until)
    minutes = await _minutes(tx, since, until)
    return {row.queue: _counts(row, rated.get(row.queue, {}), minutes.get(row.queue, ())) for row in rows}


def _received(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """The condition that a record was received in a period."""
    wanted = []
    if since is not None:
        wanted.append(requests.c.received_at >= since)
    if until is not None:
        wanted.append(requests.c.received_at < until)
    return wanted


def _counts(row: Any, rated: Mapping[str, Any], minutes: tuple[int, ...]) -> Counts:
    values: dict[str, Any] = {k: int(v or 0) for k, v in row._mapping.items() if k != "queue"}
    return Counts(**values, **rated, handling_minutes=minutes)


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


async def _rated(tx: Tx, since: datetime | None, until: datetime | None) -> dict[str, dict[str, int]]:
    """The rating of the last result of each record: an earlier result that was put right does not count twice.

    What came back is not solved: a record reopened since, or the same matter of the same reporter at the same place
    received again within `RECURS_WITHIN` after it was closed.
    """
    combined = combined_ratings(tx)
    r, rating = requests.c, combined.c
    lasted = r.state.in_(("resolved", "closed")) & ~((r.item != "") & came_again(tx))
    rows = await tx.all(
        select(
            r.queue,
            func.count().label("rated"),
            _sum((rating.worst == 0) & lasted).label("solved"),
            _sum((rating.worst == 1) & lasted).label("partly_solved"),
            _sum(rating.stars == 5).label("five_stars"),
            _sum(rating.stars == 4).label("four_stars"),
            _sum(rating.stars == 3).label("three_stars"),
        )
        .select_from(requests)
        .join(combined, (rating.tenant == r.tenant) & (rating.request_id == r.id) & (rating.resolution == r.resolution))
        .where(r.tenant == tx.tenant, *_received(since, until))
        .group_by(r.queue)
    )
    return {row.queue: {k: int(v or 0) for k, v in row._mapping.items() if k != "queue"} for row in rows}


def combined_ratings(tx: Tx, of: Collection[int] | None = None, within: tuple[int, int] | None = None) -> Subquery:
    """One rating a result, however many people gave one: as `workflow.rating.combine` says.

    `of`: these records only; `within`: those whose ids lie between these two, both included.
    """

    def wanted(request_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
        if of is not None:
            return [request_id.in_(list(of))]
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


async def _minutes(tx: Tx, since: datetime | None, until: datetime | None) -> dict[str, tuple[int, ...]]:
    r = requests.c
    rows = await tx.all(
        select(r.queue, r.received_at, r.resolved_at).where(
            r.tenant == tx.tenant, r.resolved_at.is_not(None), *_received(since, until)
        )
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.queue, []).append((row.resolved_at - row.received_at) // timedelta(minutes=1))
    return {queue: tuple(times) for queue, times in found.items()}
