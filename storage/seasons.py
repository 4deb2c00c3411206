"""Seasons of wishes (心愿季): one row each, at most one of them current, moved by compare-and-set with its event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, Index, Integer, String, Table, UniqueConstraint, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.season import CURRENT, SeasonState, get_transition

seasons = Table(
    "seasons",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", Integer, nullable=False),
    Column("title", String(60), nullable=False),
    Column("state", String(12), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("launch_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("shown_at", Moment),
    Column("report", JSON, nullable=False),  # the figures as they were published: never a name or anybody's words
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "state"),
)


class Season(NamedTuple):
    """One season as it stands."""

    id: int
    number: int
    title: str
    state: SeasonState
    opened_at: datetime
    launch_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    shown_at: datetime | None
    report: dict[str, Any]


class Taken(Exception):
    """Another season is still current, or somebody else moved this one first."""


_COLUMNS = [seasons.c[name] for name in Season._fields]


def _season(row: Any) -> Season:
    return Season(**{**row._mapping, "state": SeasonState(row.state)})


async def open_one(
    tx: Tx, title: str, launch_at: datetime, closes_at: datetime, now: datetime, *, actor_id: int | None
) -> Season:
    """Begins a season that collects wishes. Raises `Taken` while another is current."""
    counted = await counters.next_number(tx, "season")  # the counter's row is held until the commit
    number = counted - counters.FIRST + 1
    if await find_current(tx) is not None:
        await counters.give_back(tx, counted, "season")
        raise Taken
    season_id = tx.ids.new()
    await tx.run(
        seasons.insert().values(
            tenant=tx.tenant,
            id=season_id,
            number=number,
            title=title[:60],
            state=SeasonState.COLLECTING,
            opened_at=now,
            launch_at=launch_at,
            closes_at=closes_at,
            report={},
        )
    )
    data = {"season": number}
    await events.add(
        tx, "season", season_id, "season.opened", now, actor_id=actor_id, target=SeasonState.COLLECTING, data=data
    )
    return await get(tx, season_id)


async def get(tx: Tx, season_id: int) -> Season:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(seasons.c.tenant == tx.tenant, seasons.c.id == season_id))
    if row is None:
        raise LookupError(f"no season {season_id}")
    return _season(row)


async def find_by_number(tx: Tx, number: int) -> Season | None:
    """The season with the number people use."""
    row = await tx.one(select(*_COLUMNS).where(seasons.c.tenant == tx.tenant, seasons.c.number == number))
    return None if row is None else _season(row)


async def find_current(tx: Tx) -> Season | None:
    """The season that runs now, if one does."""
    row = await tx.one(
        select(*_COLUMNS)
        .where(seasons.c.tenant == tx.tenant, seasons.c.state.in_([s.value for s in CURRENT]))
        .order_by(seasons.c.id.desc())
        .limit(1)
    )
    return None if row is None else _season(row)


async def shown(tx: Tx, limit: int = 20) -> list[Season]:
    """Seasons whose reports are public, newest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(seasons.c.tenant == tx.tenant, seasons.c.state == SeasonState.SHOWN.value)
        .order_by(seasons.c.number.desc())
        .limit(limit)
    )
    return [_season(r) for r in rows]


async def move(tx: Tx, season: Season, event: str, now: datetime, *, actor_id: int | None, **values: Any) -> Season:
    """Moves a season along one edge and writes its event. Raises `workflow.season.Forbidden` or `Taken`."""
    edge = get_transition(season.state, event)
    mine = (seasons.c.tenant == tx.tenant) & (seasons.c.id == season.id)
    if (
        await tx.run(update(seasons).where(mine, seasons.c.state == season.state).values(state=edge.target, **values))
        != 1
    ):
        raise Taken
    data = {"season": season.number}
    await events.add(
        tx, "season", season.id, event, now, actor_id=actor_id, origin=season.state, target=edge.target, data=data
    )
    return await get(tx, season.id)


async def postpone(
    tx: Tx, season: Season, launch_at: datetime, closes_at: datetime, now: datetime, *, actor_id: int | None
) -> Season:
    """Other hours for a season that is not launched, or another last day for one that is."""
    mine = (seasons.c.tenant == tx.tenant) & (seasons.c.id == season.id)
    await tx.run(update(seasons).where(mine).values(launch_at=launch_at, closes_at=closes_at))
    await events.add(tx, "season", season.id, "season.moved", now, actor_id=actor_id, data={"season": season.number})
    return await get(tx, season.id)
