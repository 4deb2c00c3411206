"""What units and members offer (资源) and carry out (项目): stock, calendar and bookings, without double booking.

What fits which wish or record is `workflow.matching`'s to say. The words are public: they hang on the list as they are.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint, or_, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx


class ResourceState(StrEnum):
    """Where an offer stands."""

    SUBMITTED = "submitted"
    PUBLISHED = "published"
    PAUSED = "paused"
    DECLINED = "declined"
    CLOSED = "closed"


class BookingState(StrEnum):
    """Where a booking stands."""

    PROPOSED = "proposed"  # the other side has been asked
    BOOKED = "booked"
    DONE = "done"
    DROPPED = "dropped"


_MOVES: dict[str, tuple[frozenset[ResourceState], ResourceState]] = {
    "resource.published": (frozenset({ResourceState.SUBMITTED}), ResourceState.PUBLISHED),
    "resource.declined": (frozenset({ResourceState.SUBMITTED, ResourceState.PUBLISHED}), ResourceState.DECLINED),
    "resource.paused": (frozenset({ResourceState.PUBLISHED}), ResourceState.PAUSED),
    "resource.resumed": (frozenset({ResourceState.PAUSED}), ResourceState.PUBLISHED),
    "resource.closed": (
        frozenset({ResourceState.SUBMITTED, ResourceState.PUBLISHED, ResourceState.PAUSED}),
        ResourceState.CLOSED,
    ),
}
EVENTS = frozenset(_MOVES) | {
    "resource.submitted",
    "resource.proposed",
    "resource.booked",
    "resource.done",
    "resource.dropped",
    "resource.disclosed",
}
"""What the ledger says about offers."""

resources = Table(
    "resources",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("draft_id", BigInteger, nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("owner_kind", String(10), nullable=False),  # unit, member, neighbour
    Column("owner_label", String(40), nullable=False),  # how a unit is called; empty for a person
    Column("form", String(10), nullable=False),  # resource, project
    Column("theme", String(16), nullable=False),
    Column("skills", String(120), nullable=False),
    Column("text", Text, nullable=False),  # public
    Column("community", String(64), nullable=False),  # empty: the whole street
    Column("grid", String(64), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("stock", Integer),  # none: as often as wanted
    Column("used", Integer, nullable=False),
    Column("slots", Integer, nullable=False),  # how many moments its calendar has; 0: at any time
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "draft_id"),
    Index(None, "tenant", "state", "id"),
    Index(None, "tenant", "owner_id", "id"),
)

slots = Table(
    "resource_slots",
    metadata,
    tenant_column(),
    id_column(),
    Column("resource_id", BigInteger, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    UniqueConstraint("tenant", "resource_id", "starts_at"),
    Index(None, "tenant", "resource_id", "ends_at"),
)

bookings = Table(
    "bookings",
    metadata,
    tenant_column(),
    id_column(),
    Column("resource_id", BigInteger, nullable=False),
    Column("slot_id", BigInteger),
    Column("subject", String(16), nullable=False),  # wish, request
    Column("subject_id", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("asked_by", String(8), nullable=False),  # who asked: owner, need, desk
    Column("made_at", Moment, nullable=False),
    Index(None, "tenant", "resource_id", "state"),
    Index(None, "tenant", "subject", "subject_id", "state"),
)


class Resource(NamedTuple):
    """One offer as it stands."""

    id: int
    number: int
    draft_id: int
    owner_id: int
    chat_id: int
    owner_kind: str
    owner_label: str
    form: str
    theme: str
    skills: str
    text: str
    community: str
    grid: str
    queue: str
    state: ResourceState
    stock: int | None
    used: int
    slots: int
    created_at: datetime

    @property
    def left(self) -> int | None:
        """How often it can still be given; None for as often as wanted."""
        return None if self.stock is None else max(0, self.stock - self.used)

    @property
    def skill_set(self) -> frozenset[str]:
        """The skills it brings."""
        return frozenset(self.skills.strip(",").split(",")) - {""}


class Slot(NamedTuple):
    """One moment of a calendar."""

    id: int
    resource_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int


class Booking(NamedTuple):
    """One offer given, or to be given, to one need."""

    id: int
    resource_id: int
    slot_id: int | None
    subject: str
    subject_id: int
    state: BookingState
    asked_by: str
    made_at: datetime


class Moved(Exception):
    """It stands otherwise by now; nothing has changed."""


class Full(Exception):
    """Nothing is left of it, or the moment is taken; nothing has changed."""


_COLUMNS = [resources.c[name] for name in Resource._fields]
_SLOT = [slots.c[name] for name in Slot._fields]
_BOOKING = [bookings.c[name] for name in Booking._fields]


def _resource(row: Any) -> Resource:
    return Resource(**{**row._mapping, "state": ResourceState(row.state)})


def _booking(row: Any) -> Booking:
    return Booking(**{**row._mapping, "state": BookingState(row.state)})


def joined(skills: Collection[str]) -> str:
    """Skills as the column holds them."""
    return f",{','.join(sorted(skills))}," if skills else ""


async def submit(tx: Tx, *, now: datetime, **values: Any) -> tuple[Resource, bool]:
    """Keeps an offer for the desk to check; (offer, False) for a draft that was submitted before."""
    found = await tx.one(
        select(*_COLUMNS).where(resources.c.tenant == tx.tenant, resources.c.draft_id == values["draft_id"])
    )
    if found is not None:
        return _resource(found), False
    resource_id, number = tx.ids.new(), await counters.next_number(tx)
    await tx.run(
        resources.insert().values(
            tenant=tx.tenant,
            id=resource_id,
            number=number,
            state=ResourceState.SUBMITTED,
            used=0,
            slots=0,
            created_at=now,
            **values,
        )
    )
    data = {"number": number, "theme": values["theme"]}
    await _note(tx, resource_id, "resource.submitted", now, values["owner_id"], "", ResourceState.SUBMITTED, data)
    return await get(tx, resource_id), True


async def _note(
    tx: Tx, resource_id: int, name: str, now: datetime, who: int | None, origin: str, target: str, data: dict[str, Any]
) -> None:
    await events.add(tx, "resource", resource_id, name, now, actor_id=who, origin=origin, target=target, data=data)


async def get(tx: Tx, resource_id: int) -> Resource:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(resources.c.tenant == tx.tenant, resources.c.id == resource_id))
    if row is None:
        raise LookupError(f"no resource {resource_id}")
    return _resource(row)


async def find_by_number(tx: Tx, number: int) -> Resource | None:
    """The offer with the number people use."""
    row = await tx.one(select(*_COLUMNS).where(resources.c.tenant == tx.tenant, resources.c.number == number))
    return None if row is None else _resource(row)


async def move(tx: Tx, resource: Resource, event: str, now: datetime, *, actor_id: int | None) -> Resource:
    """Moves an offer. Raises `Moved` when it is not where this begins."""
    origins, target = _MOVES[event]
    mine = (resources.c.tenant == tx.tenant) & (resources.c.id == resource.id)
    allowed = resources.c.state.in_([s.value for s in origins])
    if await tx.run(update(resources).where(mine, allowed).values(state=target)) != 1:
        raise Moved
    await _note(tx, resource.id, event, now, actor_id, resource.state, target, {"number": resource.number})
    return await get(tx, resource.id)


async def listed(
    tx: Tx,
    states: Collection[str] = ("published",),
    *,
    community: str = "",
    theme: str = "",
    owner_id: int | None = None,
    before: int = 0,
    limit: int = 20,
) -> list[Resource]:
    """Offers, newest first; those of one community with those for the whole street."""
    statement = select(*_COLUMNS).where(resources.c.tenant == tx.tenant, resources.c.state.in_(list(states)))
    if community:
        statement = statement.where(or_(resources.c.community == community, resources.c.community == ""))
    if theme:
        statement = statement.where(resources.c.theme == theme)
    if owner_id is not None:
        statement = statement.where(resources.c.owner_id == owner_id)
    if before:
        statement = statement.where(resources.c.id < before)
    rows = await tx.all(statement.order_by(resources.c.id.desc()).limit(limit))
    return [_resource(r) for r in rows]


# -------------------------------------------------------------------- calendar


async def add_slot(tx: Tx, resource: Resource, starts_at: datetime, ends_at: datetime, capacity: int) -> bool:
    """One more moment; False when the calendar has something that overlaps it. From now on it is given at moments only."""
    await tx.lock(resources, resource.id)
    clash = await tx.one(
        select(slots.c.id).where(
            slots.c.tenant == tx.tenant,
            slots.c.resource_id == resource.id,
            slots.c.starts_at < ends_at,
            slots.c.ends_at > starts_at,
        )
    )
    if clash is not None:
        return False
    await tx.run(
        slots.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            resource_id=resource.id,
            starts_at=starts_at,
            ends_at=ends_at,
            capacity=capacity,
            taken=0,
        )
    )
    mine = (resources.c.tenant == tx.tenant) & (resources.c.id == resource.id)
    await tx.run(update(resources).where(mine).values(slots=resources.c.slots + 1))
    return True


async def free_slots(tx: Tx, resource_id: int, after: datetime, limit: int = 20) -> list[Slot]:
    """Moments to come that are not taken yet, the next first."""
    rows = await tx.all(
        select(*_SLOT)
        .where(
            slots.c.tenant == tx.tenant,
            slots.c.resource_id == resource_id,
            slots.c.ends_at > after,
            slots.c.taken < slots.c.capacity,
        )
        .order_by(slots.c.starts_at)
        .limit(limit)
    )
    return [Slot(**r._mapping) for r in rows]


# -------------------------------------------------------------------- bookings


async def propose(
    tx: Tx, resource: Resource, subject: str, subject_id: int, by: str, now: datetime, *, actor_id: int | None
) -> Booking:
    """Asks the other side; nothing is held yet. The same question is not asked twice while it is open."""
    for booking in await of_need(tx, subject, subject_id, ("proposed", "booked")):
        if booking.resource_id == resource.id:
            return booking
    booking_id = tx.ids.new()
    await tx.run(
        bookings.insert().values(
            tenant=tx.tenant,
            id=booking_id,
            resource_id=resource.id,
            subject=subject,
            subject_id=subject_id,
            state=BookingState.PROPOSED,
            asked_by=by,
            made_at=now,
        )
    )
    data = {"number": resource.number, "subject": subject, "subject_id": subject_id, "by": by}
    await _note(tx, resource.id, "resource.proposed", now, actor_id, "", "", data)
    return await get_booking(tx, booking_id)


async def get_booking(tx: Tx, booking_id: int) -> Booking:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_BOOKING).where(bookings.c.tenant == tx.tenant, bookings.c.id == booking_id))
    if row is None:
        raise LookupError(f"no booking {booking_id}")
    return _booking(row)


async def of_need(
    tx: Tx, subject: str, subject_id: int, states: Collection[str] = ("proposed", "booked")
) -> list[Booking]:
    """What is given, or asked for, to one need."""
    rows = await tx.all(
        select(*_BOOKING)
        .where(
            bookings.c.tenant == tx.tenant,
            bookings.c.subject == subject,
            bookings.c.subject_id == subject_id,
            bookings.c.state.in_(list(states)),
        )
        .order_by(bookings.c.id)
    )
    return [_booking(r) for r in rows]


async def open_of(tx: Tx, resource_id: int) -> list[Booking]:
    """What an offer is asked for, or booked for, and not yet settled."""
    open_ = bookings.c.state.in_([BookingState.PROPOSED, BookingState.BOOKED])
    mine = (bookings.c.tenant == tx.tenant, bookings.c.resource_id == resource_id, open_)
    return [_booking(row) for row in await tx.all(select(*_BOOKING).where(*mine).order_by(bookings.c.id))]


async def book(tx: Tx, booking: Booking, now: datetime, *, slot_id: int | None = None, actor_id: int | None) -> Booking:
    """Both sides agree: stock and moment are held. Raises `Full` or `Moved`, and nothing has changed then."""
    resource = await get(tx, booking.resource_id)
    if resource.state is not ResourceState.PUBLISHED or (resource.slots and slot_id is None):
        raise Moved
    if slot_id is not None and not await _take_slot(tx, resource.id, slot_id, now):
        raise Full
    if not await _take_stock(tx, resource.id):
        await _free(tx, resource.id, slot_id, stock=False)
        raise Full
    mine = (bookings.c.tenant == tx.tenant) & (bookings.c.id == booking.id)
    asked = bookings.c.state == BookingState.PROPOSED
    if await tx.run(update(bookings).where(mine, asked).values(state=BookingState.BOOKED, slot_id=slot_id)) != 1:
        await _free(tx, resource.id, slot_id, stock=True)
        raise Moved
    data = {"number": resource.number, "owner": resource.owner_id, **_need(booking)}
    await _note(tx, resource.id, "resource.booked", now, actor_id, "", "", data)
    return await get_booking(tx, booking.id)


def _need(booking: Booking) -> dict[str, Any]:
    return {"subject": booking.subject, "subject_id": booking.subject_id}


async def _take_slot(tx: Tx, resource_id: int, slot_id: int, now: datetime) -> bool:
    moment = (slots.c.tenant == tx.tenant) & (slots.c.id == slot_id) & (slots.c.resource_id == resource_id)
    free = (slots.c.taken < slots.c.capacity) & (slots.c.ends_at > now)
    return await tx.run(update(slots).where(moment, free).values(taken=slots.c.taken + 1)) == 1


async def _take_stock(tx: Tx, resource_id: int) -> bool:
    stock = (resources.c.tenant == tx.tenant) & (resources.c.id == resource_id)
    enough = or_(resources.c.stock.is_(None), resources.c.used < resources.c.stock)
    return await tx.run(update(resources).where(stock, enough).values(used=resources.c.used + 1)) == 1


async def _free(tx: Tx, resource_id: int, slot_id: int | None, *, stock: bool) -> None:
    """Gives back a moment and, with `stock`, one of the stock."""
    if slot_id is not None:
        moment = (slots.c.tenant == tx.tenant) & (slots.c.id == slot_id)
        await tx.run(update(slots).where(moment).values(taken=slots.c.taken - 1))
    if stock:
        mine = (resources.c.tenant == tx.tenant) & (resources.c.id == resource_id)
        await tx.run(update(resources).where(mine).values(used=resources.c.used - 1))


async def settle(tx: Tx, booking: Booking, now: datetime, *, done: bool, actor_id: int | None) -> bool:
    """The need is met, or the booking is off: then stock and moment are free again. False when it was settled before."""
    target = BookingState.DONE if done else BookingState.DROPPED
    mine = (bookings.c.tenant == tx.tenant) & (bookings.c.id == booking.id)
    now_open = bookings.c.state == booking.state
    if booking.state not in (BookingState.PROPOSED, BookingState.BOOKED):
        return False
    if await tx.run(update(bookings).where(mine, now_open).values(state=target)) != 1:
        return False
    if booking.state is BookingState.BOOKED and not done:
        await _free(tx, booking.resource_id, booking.slot_id, stock=True)
    data = {"owner": (await get(tx, booking.resource_id)).owner_id, **_need(booking)}
    event = "resource.done" if done else "resource.dropped"
    await _note(tx, booking.resource_id, event, now, actor_id, "", "", data)
    return True


async def settle_all(
    tx: Tx,
    subject: str,
    subject_id: int,
    now: datetime,
    *,
    done: bool,
    actor_id: int | None,
    owner_id: int | None = None,
) -> None:
    """Settles what was booked or asked for a need; only what one owner gives, when one is named."""
    for booking in await of_need(tx, subject, subject_id):
        if owner_id is None or (await get(tx, booking.resource_id)).owner_id == owner_id:
            fulfilled = done and booking.state is BookingState.BOOKED
            await settle(tx, booking, now, done=fulfilled, actor_id=actor_id)
