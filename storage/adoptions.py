"""Who has adopted which wish, alone or with others: shares, leaving, handing over, and who waits for a free one.

A wish with several shares stays on the wall until the last is taken. Every function here moves the wish and its
adoptions in one transaction; whoever calls holds the wish's lock first (`wishes.lock`) and then reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Select, String, Table, func, select, update

from storage import wishes as wish_rows
from storage.plans import ME, form
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from storage.wishes import Wish
from workflow.wish import HELD, Forbidden, WishState

HOLDING, ENDED = "holding", "ended"
WAITING, OFFERED, SETTLED = "waiting", "offered", "settled"

adoptions = Table(
    "adoptions",
    metadata,
    tenant_column(),
    id_column(),
    Column("wish_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("shares", Integer, nullable=False),
    Column("as_unit", Boolean, nullable=False),
    Column("state", String(8), nullable=False),
    Column("why", String(12), nullable=False),  # how it ended: given_up, lapsed, handed, withdrawn, closed
    Column("adopted_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "tenant", "wish_id", "state"),
    Index(None, "tenant", "person_id", "state"),
)

wish_waits = Table(
    "wish_waits",
    metadata,
    tenant_column(),
    id_column(),
    Column("wish_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("since", Moment, nullable=False),
    Index(None, "tenant", "wish_id", "state", "id"),
    Index(None, "tenant", "person_id", "state"),
)

FREE: dict[str, Any] = {
    "adopter_id": None,
    "adopter_chat_id": None,
    "adopted_at": None,
    "sign_at": None,
    "phone_shared": False,
}
"""The columns of a wish that nobody is fulfilling."""


class Adoption(NamedTuple):
    """One person's part in a wish."""

    id: int
    wish_id: int
    person_id: int
    chat_id: int
    shares: int
    as_unit: bool
    state: str
    why: str
    adopted_at: datetime
    ended_at: datetime | None


class Reserved(Exception):
    """The wish is kept for somebody who waited for it."""


class Holds(Exception):
    """The person has a part in this wish already."""


_COLUMNS = [adoptions.c[name] for name in Adoption._fields]


@form
def _holding(wish_id: Any) -> Select[Any]:
    held = (adoptions.c.tenant == ME, adoptions.c.wish_id == wish_id, adoptions.c.state == HOLDING)
    return select(*_COLUMNS).where(*held).order_by(adoptions.c.id)


@form
def _held(person_id: Any) -> Select[Any]:
    held = (adoptions.c.tenant == ME, adoptions.c.person_id == person_id, adoptions.c.state == HOLDING)
    return select(adoptions.c.wish_id).where(*held)


async def of_wish(tx: Tx, wish_id: int) -> list[Adoption]:
    """Who holds a part of a wish now, the longest first."""
    rows = await tx.all(_holding(wish_id=wish_id))
    return [Adoption(**r._mapping) for r in rows]


async def held_by(
    tx: Tx, person_id: int, in_states: Collection[str] = ("published", "adopted", "fulfilling")
) -> list[Wish]:
    """The wishes that somebody holds a part of, newest first."""
    parts = await tx.all(_held(person_id=person_id))
    found = [await wish_rows.get(tx, p.wish_id) for p in parts]
    return sorted((w for w in found if w.state in in_states), key=lambda w: -w.id)


async def find(tx: Tx, wish_id: int, person_id: int) -> Adoption | None:
    """The part that a person holds in a wish."""
    return next((a for a in await of_wish(tx, wish_id) if a.person_id == person_id), None)


async def of_wishes(tx: Tx, wish_ids: Sequence[int]) -> list[Adoption]:
    """Every part that anybody has or had in these wishes."""
    found: list[Adoption] = []
    for start in range(0, len(wish_ids), 500):
        some = list(wish_ids[start : start + 500])
        rows = await tx.all(select(*_COLUMNS).where(adoptions.c.tenant == tx.tenant, adoptions.c.wish_id.in_(some)))
        found += [Adoption(**r._mapping) for r in rows]
    return found


async def ended_of(tx: Tx, wish_id: int, why: str = "closed") -> list[Adoption]:
    """The parts that ended in one way, such as those of a wish that was fulfilled."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(
            adoptions.c.tenant == tx.tenant,
            adoptions.c.wish_id == wish_id,
            adoptions.c.state == ENDED,
            adoptions.c.why == why,
        )
        .order_by(adoptions.c.id)
    )
    return [Adoption(**r._mapping) for r in rows]


async def take(
    tx: Tx, wish: Wish, person_id: int, chat_id: int, now: datetime, *, shares: int = 1, as_unit: bool = False
) -> Wish:
    """Gives somebody a part of a wish, at most what is left of it; with the last part the wish is adopted.

    Raises `workflow.wish.Forbidden` when nothing is free, `Reserved`, `Holds`, `storage.wishes.Lost`.
    """
    if wish.state is not WishState.PUBLISHED:
        raise Forbidden(wish.state, "wish.adopted")
    if wish.reserved_for not in (None, person_id) and wish.reserved_until and wish.reserved_until > now:
        raise Reserved
    held = await of_wish(tx, wish.id)
    if any(a.person_id == person_id for a in held):
        raise Holds
    part = max(1, min(shares, wish.shares - wish.taken))
    taken = wish.taken + part
    values: dict[str, Any] = {"taken": taken, "reserved_for": None, "reserved_until": None}
    data: dict[str, Any] = {"shares": part, "of": wish.shares, "taken": taken, "unit": as_unit}
    if taken < wish.shares:
        moved = await wish_rows.move(tx, wish, "wish.joined", now, actor_id=person_id, data=data, **values)
    else:
        lead = held[0] if held else None
        values |= {
            "adopter_id": lead.person_id if lead else person_id,
            "adopter_chat_id": lead.chat_id if lead else chat_id,
            "adopted_at": now,
            "sign_at": now,
        }
        data |= {"people": [a.person_id for a in held] + [person_id]}
        moved = await wish_rows.move(tx, wish, "wish.adopted", now, actor_id=person_id, data=data, **values)
    await _add(tx, wish.id, person_id, chat_id, part, as_unit, now)
    await _settle(tx, wish.id, person_id)
    if wish.reserved_for is not None:
        await _settle(tx, wish.id, wish.reserved_for)
    return moved


async def _add(tx: Tx, wish_id: int, person_id: int, chat_id: int, shares: int, as_unit: bool, now: datetime) -> None:
    await tx.run(
        adoptions.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            wish_id=wish_id,
            person_id=person_id,
            chat_id=chat_id,
            shares=shares,
            as_unit=as_unit,
            state=HOLDING,
            why="",
            adopted_at=now,
        )
    )


async def leave(tx: Tx, wish: Wish, person_id: int, now: datetime) -> Wish:
    """Gives a part back; the others keep theirs. Raises LookupError without a part, `Forbidden`, `Lost`."""
    held = await of_wish(tx, wish.id)
    mine = next((a for a in held if a.person_id == person_id), None)
    if mine is None:
        raise LookupError(f"{person_id} has no part in wish {wish.number}")
    alone = len(held) == 1 and wish.state in HELD
    event = "wish.given_up" if alone else "wish.left"
    data = {"shares": mine.shares, "taken": wish.taken - mine.shares}
    moved = await wish_rows.move(
        tx, wish, event, now, actor_id=person_id, data=data, taken=wish.taken - mine.shares, **FREE
    )
    await _end(tx, [mine.id], "given_up", now)
    return moved


async def lapse(tx: Tx, wish: Wish, now: datetime) -> Wish:
    """Nobody was heard of: every part is free again. Raises `Forbidden`, `Lost`."""
    held = await of_wish(tx, wish.id)
    data = {"people": [a.person_id for a in held]}
    moved = await wish_rows.move(tx, wish, "wish.lapsed", now, actor_id=None, data=data, taken=0, **FREE)
    await _end(tx, [a.id for a in held], "lapsed", now)
    return moved


async def hand(tx: Tx, wish: Wish, person_id: int, to_id: int, chat_id: int, now: datetime) -> Wish:
    """Somebody goes on with another's part. Raises LookupError, `Holds`, `Forbidden`, `Lost`."""
    held = await of_wish(tx, wish.id)
    mine = next((a for a in held if a.person_id == person_id), None)
    if mine is None:
        raise LookupError(f"{person_id} has no part in wish {wish.number}")
    if any(a.person_id == to_id for a in held):
        raise Holds
    values: dict[str, Any] = {"sign_at": now}
    if wish.adopter_id == person_id:
        values |= {"adopter_id": to_id, "adopter_chat_id": chat_id, "phone_shared": False}
    data = {"to": to_id, "shares": mine.shares}
    moved = await wish_rows.move(tx, wish, "wish.handed", now, actor_id=person_id, data=data, **values)
    await _end(tx, [mine.id], "handed", now)
    await _add(tx, wish.id, to_id, chat_id, mine.shares, False, now)
    await _settle(tx, wish.id, to_id)
    return moved


async def end(tx: Tx, wish_id: int, why: str, now: datetime) -> list[Adoption]:
    """The wish is over: every part ends, nobody waits any more. Those who had a part."""
    held = await of_wish(tx, wish_id)
    await _end(tx, [a.id for a in held], why, now)
    await tx.run(
        update(wish_waits)
        .where(wish_waits.c.tenant == tx.tenant, wish_waits.c.wish_id == wish_id, wish_waits.c.state != SETTLED)
        .values(state=SETTLED)
    )
    return held


async def _end(tx: Tx, ids: Collection[int], why: str, now: datetime) -> None:
    if ids:
        await tx.run(
            update(adoptions)
            .where(adoptions.c.tenant == tx.tenant, adoptions.c.id.in_(list(ids)))
            .values(state=ENDED, why=why, ended_at=now)
        )


async def helped(tx: Tx, person_ids: Collection[int]) -> dict[int, int]:
    """How many wishes each of these people has fulfilled."""
    rows = await tx.all(
        select(adoptions.c.person_id, func.count().label("done"))
        .where(
            adoptions.c.tenant == tx.tenant,
            adoptions.c.person_id.in_(list(person_ids)),
            adoptions.c.state == ENDED,
            adoptions.c.why == "closed",
        )
        .group_by(adoptions.c.person_id)
    )
    return {r.person_id: int(r.done) for r in rows}


# -------------------------------------------------------------------- waiting for a free part


async def wait(tx: Tx, wish_id: int, person_id: int, now: datetime) -> int:
    """Joins the waiting list; the place in it, 0 for whom the wish is kept now. Whoever waits already keeps their place."""
    if (await wish_rows.get(tx, wish_id)).reserved_for == person_id:
        return 0
    queue = await waiting(tx, wish_id)
    if person_id in queue:
        return queue.index(person_id) + 1
    await tx.run(
        wish_waits.insert().values(
            tenant=tx.tenant, id=tx.ids.new(), wish_id=wish_id, person_id=person_id, state=WAITING, since=now
        )
    )
    return len(queue) + 1


async def waiting(tx: Tx, wish_id: int) -> list[int]:
    """Who waits for a wish, the first first."""
    rows = await tx.all(
        select(wish_waits.c.person_id)
        .where(wish_waits.c.tenant == tx.tenant, wish_waits.c.wish_id == wish_id, wish_waits.c.state == WAITING)
        .order_by(wish_waits.c.id)
    )
    return [r.person_id for r in rows]


async def offer_next(tx: Tx, wish: Wish, until: datetime) -> tuple[Wish, int | None]:
    """Keeps a free wish for the first who waits for it; whoever was offered it before has let it pass. (wish, whom)."""
    if wish.reserved_for is not None:
        await _settle(tx, wish.id, wish.reserved_for)
    queue = await waiting(tx, wish.id) if wish.state is WishState.PUBLISHED else []
    if not queue:
        return await wish_rows.change(tx, wish.id, reserved_for=None, reserved_until=None), None
    mine = (wish_waits.c.tenant == tx.tenant) & (wish_waits.c.wish_id == wish.id) & (wish_waits.c.person_id == queue[0])
    await tx.run(update(wish_waits).where(mine, wish_waits.c.state == WAITING).values(state=OFFERED))
    return await wish_rows.change(tx, wish.id, reserved_for=queue[0], reserved_until=until), queue[0]


async def stop_waiting(tx: Tx, wish_id: int, person_id: int) -> None:
    """Leaves the waiting list."""
    await _settle(tx, wish_id, person_id)


async def _settle(tx: Tx, wish_id: int, person_id: int) -> None:
    await tx.run(
        update(wish_waits)
        .where(
            wish_waits.c.tenant == tx.tenant,
            wish_waits.c.wish_id == wish_id,
            wish_waits.c.person_id == person_id,
            wish_waits.c.state != SETTLED,
        )
        .values(state=SETTLED)
    )


async def waited_by(tx: Tx, person_id: int) -> list[int]:
    """The wishes that somebody waits for."""
    rows = await tx.all(
        select(wish_waits.c.wish_id).where(
            wish_waits.c.tenant == tx.tenant,
            wish_waits.c.person_id == person_id,
            wish_waits.c.state.in_([WAITING, OFFERED]),
        )
    )
    return [r.wish_id for r in rows]


async def fulfilled_by(tx: Tx, person_id: int) -> list[Wish]:
    """The wishes that somebody has helped to fulfil, that the wisher or time has closed."""
    rows = await tx.all(
        select(adoptions.c.wish_id)
        .where(
            adoptions.c.tenant == tx.tenant,
            adoptions.c.person_id == person_id,
            adoptions.c.state == ENDED,
            adoptions.c.why == "closed",
        )
        .order_by(adoptions.c.id)
    )
    return [await wish_rows.get(tx, r.wish_id) for r in rows]
