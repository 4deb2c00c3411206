"""Activities: announced, signed up for with a waiting list, checked in at the place, hours recorded."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, UniqueConstraint, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset(
    {
        *("activity.announced", "activity.cancelled", "activity.closed", "activity.joined", "activity.waited"),
        *("activity.moved_up", "activity.left", "activity.arrived", "activity.served", "activity.unserved"),
    }
)
"""What the ledger says about activities."""

activities = Table(
    "activities",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("words", String(200), nullable=False),  # public: what it is and where
    Column("queue", String(80), nullable=False),
    Column("community", String(64), nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("places", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("code", String(24), nullable=False),  # of the sign at the place
    Column("state", String(10), nullable=False),
    Column("made_by", BigInteger, nullable=False),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "code"),
    Index(None, "tenant", "state", "starts_at"),
)

activity_people = Table(
    "activity_people",
    metadata,
    tenant_column(),
    id_column(),
    Column("activity_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("since", Moment, nullable=False),
    Column("arrived_at", Moment),
    Column("left_at", Moment),
    Column("hours", Float),
    UniqueConstraint("tenant", "activity_id", "person_id"),
    Index(None, "tenant", "person_id", "state"),
)


class ActivityState(StrEnum):
    """Where an activity stands."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Seat(StrEnum):
    """How somebody stands to an activity."""

    JOINED = "joined"
    WAITING = "waiting"
    LEFT = "left"
    PRESENT = "present"
    SERVED = "served"


class Activity(NamedTuple):
    """One activity."""

    id: int
    number: int
    words: str
    queue: str
    community: str
    starts_at: datetime
    ends_at: datetime
    places: int
    taken: int
    code: str
    state: ActivityState
    made_by: int

    @property
    def free(self) -> int:
        """Places left."""
        return max(0, self.places - self.taken)


class Part(NamedTuple):
    """One person and one activity."""

    id: int
    activity_id: int
    person_id: int
    state: Seat
    since: datetime
    arrived_at: datetime | None
    left_at: datetime | None
    hours: float | None


_COLUMNS = [activities.c[name] for name in Activity._fields]
_PART = [activity_people.c[name] for name in Part._fields]


def _activity(row: Any) -> Activity:
    return Activity(**{**row._mapping, "state": ActivityState(row.state)})


def _part(row: Any) -> Part:
    return Part(**{**row._mapping, "state": Seat(row.state)})


async def announce(tx: Tx, *, by: int, now: datetime, **values: Any) -> Activity:
    """Keeps a new activity, with a code for the sign at the place."""
    activity_id, number = tx.ids.new(), await counters.next_number(tx)
    row = {"tenant": tx.tenant, "id": activity_id, "number": number, "taken": 0, "made_by": by}
    code = secrets.token_hex(8)
    await tx.run(activities.insert().values(**row, code=code, state=ActivityState.OPEN, **values))
    data = {"number": number, "places": values["places"]}
    await events.add(tx, "activity", activity_id, "activity.announced", now, actor_id=by, data=data)
    return await get(tx, activity_id)


async def _one(tx: Tx, condition: Any) -> Activity | None:
    row = await tx.one(select(*_COLUMNS).where(activities.c.tenant == tx.tenant, condition))
    return None if row is None else _activity(row)


async def get(tx: Tx, activity_id: int) -> Activity:
    """Raises LookupError for an unknown id."""
    found = await _one(tx, activities.c.id == activity_id)
    if found is None:
        raise LookupError(f"no activity {activity_id}")
    return found


async def find_by_number(tx: Tx, number: int) -> Activity | None:
    """The activity with the number people use."""
    return await _one(tx, activities.c.number == number)


async def find_by_code(tx: Tx, code: str) -> Activity | None:
    """The activity of a sign."""
    return await _one(tx, activities.c.code == code)


async def coming(tx: Tx, after: datetime, limit: int = 8) -> list[Activity]:
    """Open activities that are not over, the next first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(activities.c.tenant == tx.tenant, activities.c.state == ActivityState.OPEN, activities.c.ends_at > after)
        .order_by(activities.c.starts_at, activities.c.id)
        .limit(limit)
    )
    return [_activity(r) for r in rows]


async def end(tx: Tx, activity: Activity, target: ActivityState, *, by: int | None, now: datetime) -> bool:
    """Closes or cancels it. False when it was not open any more."""
    mine = (activities.c.tenant == tx.tenant) & (activities.c.id == activity.id)
    if await tx.run(update(activities).where(mine, activities.c.state == ActivityState.OPEN).values(state=target)) != 1:
        return False
    name = "activity.cancelled" if target is ActivityState.CANCELLED else "activity.closed"
    await events.add(tx, "activity", activity.id, name, now, actor_id=by, data={"number": activity.number})
    return True


# -------------------------------------------------------------------- people


async def find_part(tx: Tx, activity_id: int, person_id: int) -> Part | None:
    """How somebody stands to an activity."""
    row = await tx.one(
        select(*_PART).where(
            activity_people.c.tenant == tx.tenant,
            activity_people.c.activity_id == activity_id,
            activity_people.c.person_id == person_id,
        )
    )
    return None if row is None else _part(row)


async def parts(tx: Tx, activity_id: int, states: Collection[Seat]) -> list[Part]:
    """The people of an activity in these states, the longest first."""
    rows = await tx.all(
        select(*_PART)
        .where(
            activity_people.c.tenant == tx.tenant,
            activity_people.c.activity_id == activity_id,
            activity_people.c.state.in_([s.value for s in states]),
        )
        .order_by(activity_people.c.since, activity_people.c.id)
    )
    return [_part(r) for r in rows]


async def of_person(tx: Tx, person_id: int, since: datetime, until: datetime) -> list[tuple[Activity, float]]:
    """What somebody has served in [since, until), with hours, oldest first."""
    both = (activities.c.tenant == activity_people.c.tenant) & (activities.c.id == activity_people.c.activity_id)
    rows = await tx.all(
        select(*_COLUMNS, activity_people.c.hours)
        .join_from(activities, activity_people, both)
        .where(
            activities.c.tenant == tx.tenant,
            activity_people.c.tenant == tx.tenant,
            activity_people.c.person_id == person_id,
            activity_people.c.state == Seat.SERVED,
            activities.c.starts_at >= since,
            activities.c.starts_at < until,
        )
        .order_by(activities.c.starts_at)
    )
    found = []
    for row in rows:
        values = dict(row._mapping)
        hours = float(values.pop("hours") or 0)
        found.append((Activity(**values | {"state": ActivityState(row.state)}), hours))
    return found


async def _take(tx: Tx, activity_id: int) -> bool:
    mine = (activities.c.tenant == tx.tenant) & (activities.c.id == activity_id)
    free = (activities.c.taken < activities.c.places) & (activities.c.state == ActivityState.OPEN)
    return await tx.run(update(activities).where(mine, free).values(taken=activities.c.taken + 1)) == 1


async def _stand(tx: Tx, activity_id: int, person_id: int, state: Seat, now: datetime, **more: Any) -> None:
    row = {"tenant": tx.tenant, "id": tx.ids.new(), "activity_id": activity_id, "person_id": person_id}
    values = {**row, "state": state, "since": now, **more}
    on = ("tenant", "activity_id", "person_id")
    await tx.put(activity_people, values, on=on, change=("state", "since", *more))


async def join(tx: Tx, activity: Activity, person_id: int, now: datetime) -> Seat:
    """Takes a place, else one on the waiting list; whoever is on either already stays as they are."""
    await tx.lock(activities, activity.id)  # who leaves at this moment leaves the place to us, not to nobody
    had = await find_part(tx, activity.id, person_id)
    if had is not None and had.state is not Seat.LEFT:
        return had.state
    waits = bool(await parts(tx, activity.id, (Seat.WAITING,)))
    seat = Seat.JOINED if not waits and await _take(tx, activity.id) else Seat.WAITING
    await _stand(tx, activity.id, person_id, seat, now)
    name = "activity.joined" if seat is Seat.JOINED else "activity.waited"
    await events.add(tx, "activity", activity.id, name, now, actor_id=person_id)
    return seat


async def leave(tx: Tx, activity: Activity, person_id: int, now: datetime) -> tuple[bool, int | None]:
    """Gives the place back: (whether there was one to give back, who moves up from the waiting list)."""
    await tx.lock(activities, activity.id)
    had = await find_part(tx, activity.id, person_id)
    if had is None or had.state not in (Seat.JOINED, Seat.WAITING):
        return False, None
    await tx.alter(activity_people, {"id": had.id}, state=Seat.LEFT.value)
    await events.add(tx, "activity", activity.id, "activity.left", now, actor_id=person_id)
    if had.state is Seat.WAITING:
        return True, None
    mine = (activities.c.tenant == tx.tenant) & (activities.c.id == activity.id)
    await tx.run(update(activities).where(mine).values(taken=activities.c.taken - 1))
    waiting = await parts(tx, activity.id, (Seat.WAITING,))
    if not waiting or not await _take(tx, activity.id):
        return True, None
    await tx.alter(activity_people, {"id": waiting[0].id}, state=Seat.JOINED.value)
    data = {"person": waiting[0].person_id}
    await events.add(tx, "activity", activity.id, "activity.moved_up", now, data=data)
    return True, waiting[0].person_id


async def arrive(tx: Tx, activity: Activity, person_id: int, now: datetime) -> bool:
    """Somebody is at the place. False when they were there already. Whoever had no place gets one: they came."""
    had = await find_part(tx, activity.id, person_id)
    if had is not None and had.state in (Seat.PRESENT, Seat.SERVED):
        return False
    await _stand(tx, activity.id, person_id, Seat.PRESENT, now, arrived_at=now)
    signed = had is not None and had.state is Seat.JOINED
    await events.add(
        tx, "activity", activity.id, "activity.arrived", now, actor_id=person_id, data={"signed_up": signed}
    )
    return True


async def serve(tx: Tx, activity: Activity, part: Part, hours: float, now: datetime, *, by: int | None) -> bool:
    """Records somebody's hours, once. False when they are recorded."""
    where = {"id": part.id, "state": Seat.PRESENT.value}
    if await tx.alter(activity_people, where, state=Seat.SERVED.value, left_at=now, hours=hours) != 1:
        return False
    data = {"person": part.person_id, "hours": hours, "number": activity.number}
    await events.add(tx, "activity", activity.id, "activity.served", now, actor_id=by, data=data)
    return True


async def unserve(tx: Tx, activity: Activity, part: Part, now: datetime, *, by: int) -> bool:
    """The desk says that somebody was not there after all; hours and points are taken back. False when nothing was recorded."""
    where = {"id": part.id, "state": Seat.SERVED.value}
    if await tx.alter(activity_people, where, state=Seat.LEFT.value, hours=0.0) != 1:
        return False
    data = {"person": part.person_id, "number": activity.number}
    await events.add(tx, "activity", activity.id, "activity.unserved", now, actor_id=by, data=data)
    return True
