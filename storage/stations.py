"""Stations (暖心驿站, 共享柜) and the things they lend: where they are, what there is, how many are there right now.

Who has what is `loans.py`. Words and places are public. Points on the map are WGS-84 degrees.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, UniqueConstraint, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset(
    {
        *("station.opened", "station.changed", "station.paused", "station.resumed", "station.closed"),
        *("thing.added", "thing.counted", "thing.closed"),
    }
)
"""What the ledger says about stations and their things."""

stations = Table(
    "stations",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("words", String(200), nullable=False),  # what one finds there
    Column("hours", String(60), nullable=False),
    Column("place_text", String(80), nullable=False),
    Column("community", String(64), nullable=False),
    Column("grid", String(64), nullable=False),
    Column("queue", String(80), nullable=False),  # who keeps it
    Column("lat", Float),
    Column("lon", Float),
    Column("code", String(24), nullable=False),
    Column("state", String(8), nullable=False),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "code"),
    Index(None, "tenant", "state", "id"),
)

things = Table(
    "things",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("station_id", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("stock", Integer, nullable=False),  # how many there are
    Column("lent", Integer, nullable=False),  # of them with somebody
    Column("aside", Integer, nullable=False),  # of them damaged, waiting for the keeper
    Column("hours", Integer, nullable=False),  # how long it is lent for
    Column("code", String(24), nullable=False),
    Column("open", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "code"),
    Index(None, "tenant", "station_id", "open"),
)


class StationState(StrEnum):
    """Whether somebody can go there."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Station(NamedTuple):
    """One station."""

    id: int
    number: int
    name: str
    words: str
    hours: str
    place_text: str
    community: str
    grid: str
    queue: str
    lat: float | None
    lon: float | None
    code: str
    state: StationState
    made_at: datetime


class Thing(NamedTuple):
    """One kind of thing that a station lends."""

    id: int
    number: int
    station_id: int
    name: str
    stock: int
    lent: int
    aside: int
    hours: int
    code: str
    open: int
    made_at: datetime

    @property
    def free(self) -> int:
        """How many can be borrowed now."""
        return max(0, self.stock - self.lent - self.aside)

    @property
    def span(self) -> timedelta:
        """How long it is lent for."""
        return timedelta(hours=self.hours)


_STATION = [stations.c[name] for name in Station._fields]
_THING = [things.c[name] for name in Thing._fields]
_MOVES = {
    "station.paused": ((StationState.OPEN,), StationState.PAUSED),
    "station.resumed": ((StationState.PAUSED,), StationState.OPEN),
    "station.closed": ((StationState.OPEN, StationState.PAUSED), StationState.CLOSED),
}


def _station(row: Any) -> Station:
    return Station(**{**row._mapping, "state": StationState(row.state)})


# -------------------------------------------------------------------- stations


async def open_station(tx: Tx, *, by: int, now: datetime, **values: Any) -> Station:
    """Keeps a new station, with a code for the sign at its door."""
    station_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {"tenant": tx.tenant, "id": station_id, "number": number, "state": StationState.OPEN, "made_at": now}
    await tx.run(stations.insert().values(**row, code=secrets.token_hex(8), **values))
    data = {"number": number, "queue": values["queue"]}
    await events.add(tx, "station", station_id, "station.opened", now, actor_id=by, data=data)
    return await get(tx, station_id)


async def _one(tx: Tx, condition: Any) -> Station | None:
    row = await tx.one(select(*_STATION).where(stations.c.tenant == tx.tenant, condition))
    return None if row is None else _station(row)


async def get(tx: Tx, station_id: int) -> Station:
    """Raises LookupError for an unknown id."""
    found = await _one(tx, stations.c.id == station_id)
    if found is None:
        raise LookupError(f"no station {station_id}")
    return found


async def find_by_number(tx: Tx, number: int) -> Station | None:
    """The station with the number people use."""
    return await _one(tx, stations.c.number == number)


async def find_by_code(tx: Tx, code: str) -> Station | None:
    """The station of the sign at a door."""
    return await _one(tx, stations.c.code == code)


async def listed(tx: Tx, states: Collection[StationState] = (StationState.OPEN,), limit: int = 1_000) -> list[Station]:
    """Stations in these states, oldest first."""
    wanted = [s.value for s in states]
    rows = await tx.all(
        select(*_STATION)
        .where(stations.c.tenant == tx.tenant, stations.c.state.in_(wanted))
        .order_by(stations.c.id)
        .limit(limit)
    )
    return [_station(r) for r in rows]


async def change(tx: Tx, station: Station, *, by: int, now: datetime, **values: Any) -> Station:
    """Writes other words, hours or another point; the ledger says which."""
    await tx.alter(stations, {"id": station.id}, **values)
    data = {"number": station.number, "changed": sorted(values)}
    await events.add(tx, "station", station.id, "station.changed", now, actor_id=by, data=data)
    return await get(tx, station.id)


async def move(tx: Tx, station: Station, event: str, *, by: int, now: datetime) -> bool:
    """Pauses, resumes or closes it. False when it stands otherwise by now."""
    origins, target = _MOVES[event]
    mine = (stations.c.tenant == tx.tenant) & (stations.c.id == station.id)
    allowed = stations.c.state.in_([s.value for s in origins])
    if await tx.run(update(stations).where(mine, allowed).values(state=target)) != 1:
        return False
    data = {"number": station.number}
    await events.add(tx, "station", station.id, event, now, actor_id=by, target=target, data=data)
    return True


# -------------------------------------------------------------------- things


async def add_thing(
    tx: Tx, station: Station, *, name: str, stock: int, span: timedelta, by: int, now: datetime
) -> Thing:
    """Puts something there to be lent; more of what is there already is added to it."""
    for known in await things_of(tx, (station.id,)):
        if known.name == name:
            await count(tx, known, known.stock + stock, by=by, now=now)
            return await get_thing(tx, known.id)
    thing_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {"tenant": tx.tenant, "id": thing_id, "number": number, "station_id": station.id, "name": name}
    more = {"stock": stock, "lent": 0, "aside": 0, "hours": span // timedelta(hours=1), "open": 1, "made_at": now}
    await tx.run(things.insert().values(**row, **more, code=secrets.token_hex(8)))
    data = {"number": number, "station": station.id, "stock": stock}
    await events.add(tx, "thing", thing_id, "thing.added", now, actor_id=by, data=data)
    return await get_thing(tx, thing_id)


async def _one_thing(tx: Tx, condition: Any) -> Thing | None:
    row = await tx.one(select(*_THING).where(things.c.tenant == tx.tenant, condition))
    return None if row is None else Thing(**row._mapping)


async def get_thing(tx: Tx, thing_id: int) -> Thing:
    """Raises LookupError for an unknown id."""
    found = await _one_thing(tx, things.c.id == thing_id)
    if found is None:
        raise LookupError(f"no thing {thing_id}")
    return found


async def find_thing(tx: Tx, number: int) -> Thing | None:
    """The thing with the number people use."""
    return await _one_thing(tx, things.c.number == number)


async def find_thing_by_code(tx: Tx, code: str) -> Thing | None:
    """The thing of a sticker."""
    return await _one_thing(tx, things.c.code == code)


async def things_of(tx: Tx, station_ids: Collection[int]) -> list[Thing]:
    """What these stations lend, in the order it was put there: one question for any number of stations."""
    if not station_ids:
        return []
    rows = await tx.all(
        select(*_THING)
        .where(things.c.tenant == tx.tenant, things.c.station_id.in_(list(station_ids)), things.c.open == 1)
        .order_by(things.c.id)
    )
    return [Thing(**r._mapping) for r in rows]


Lent = Mapping[int, list[Thing]]


async def by_station(tx: Tx, station_ids: Collection[int]) -> Lent:
    """What each of these stations lends."""
    found: dict[int, list[Thing]] = {station_id: [] for station_id in station_ids}
    for thing in await things_of(tx, station_ids):
        found[thing.station_id].append(thing)
    return found


async def count(tx: Tx, thing: Thing, stock: int, *, by: int, now: datetime) -> bool:
    """The keeper has counted how many there are. False when more than that are lent or set aside: nothing changes then."""
    mine = (things.c.tenant == tx.tenant) & (things.c.id == thing.id)
    if await tx.run(update(things).where(mine, things.c.lent + things.c.aside <= stock).values(stock=stock)) != 1:
        return False
    data = {"number": thing.number, "stock": stock}
    await events.add(tx, "thing", thing.id, "thing.counted", now, actor_id=by, data=data)
    return True


async def close_thing(tx: Tx, thing: Thing, *, by: int, now: datetime) -> bool:
    """It is not lent any more; who has one brings it back as before. False when it was closed already."""
    if await tx.alter(things, {"id": thing.id, "open": 1}, open=0) != 1:
        return False
    await events.add(tx, "thing", thing.id, "thing.closed", now, actor_id=by, data={"number": thing.number})
    return True
