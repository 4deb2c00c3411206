"""What points can be exchanged for, and who has asked for what. The points themselves are moved by events (`storage.points`)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, func, select, update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.points import REFUNDED, SPENT

EVENTS = frozenset({"reward.listed", "reward.closed", "reward.given", "reward.cancelled"})
"""What the ledger says about rewards; taking points for one is `points.spent`."""

rewards = Table(
    "rewards",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("title", String(60), nullable=False),  # public
    Column("cost", Integer, nullable=False),
    Column("stock", Integer, nullable=False),  # how many there were
    Column("used", Integer, nullable=False),
    Column("per_person", Integer),  # none: as many as wanted
    Column("queue", String(80), nullable=False),  # the desk that hands it out
    Column("open", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("tenant", "number"),
    Index(None, "tenant", "open", "cost"),
)

reward_orders = Table(
    "reward_orders",
    metadata,
    tenant_column(),
    id_column(),
    Column("reward_id", BigInteger, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("points", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "tenant", "person_id", "state"),
    Index(None, "tenant", "reward_id", "person_id"),
)


class OrderState(StrEnum):
    """Where an exchange stands."""

    WAITING = "waiting"
    GIVEN = "given"
    CANCELLED = "cancelled"


class Reward(NamedTuple):
    """One thing on the list."""

    id: int
    number: int
    title: str
    cost: int
    stock: int
    used: int
    per_person: int | None
    queue: str
    open: int
    made_at: datetime

    @property
    def left(self) -> int:
        """How many are left."""
        return max(0, self.stock - self.used)


class Order(NamedTuple):
    """One exchange."""

    id: int
    reward_id: int
    person_id: int
    points: int
    state: OrderState
    made_at: datetime


class Refused(Exception):
    """It cannot be exchanged; `why` is gone, limit or short. Nothing has changed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


_REWARD = [rewards.c[name] for name in Reward._fields]
_ORDER = [reward_orders.c[name] for name in Order._fields]


def _order(row: Any) -> Order:
    return Order(**{**row._mapping, "state": OrderState(row.state)})


async def add(
    tx: Tx, *, title: str, cost: int, stock: int, per_person: int | None, queue: str, by: int, now: datetime
) -> Reward:
    """Puts something on the list."""
    reward_id, number = tx.ids.new(), await counters.next_number(tx)
    await tx.run(
        rewards.insert().values(
            tenant=tx.tenant,
            id=reward_id,
            number=number,
            title=title,
            cost=cost,
            stock=stock,
            used=0,
            per_person=per_person,
            queue=queue,
            open=1,
            made_at=now,
        )
    )
    data = {"number": number, "cost": cost, "stock": stock}
    await events.add(tx, "reward", reward_id, "reward.listed", now, actor_id=by, data=data)
    return await get(tx, reward_id)


async def get(tx: Tx, reward_id: int) -> Reward:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_REWARD).where(rewards.c.tenant == tx.tenant, rewards.c.id == reward_id))
    if row is None:
        raise LookupError(f"no reward {reward_id}")
    return Reward(**row._mapping)


async def find_by_number(tx: Tx, number: int) -> Reward | None:
    """The reward with the number people use."""
    row = await tx.one(select(*_REWARD).where(rewards.c.tenant == tx.tenant, rewards.c.number == number))
    return None if row is None else Reward(**row._mapping)


async def listed(tx: Tx, limit: int = 20) -> list[Reward]:
    """What is on the list and not used up, the cheapest first."""
    rows = await tx.all(
        select(*_REWARD)
        .where(rewards.c.tenant == tx.tenant, rewards.c.open == 1, rewards.c.used < rewards.c.stock)
        .order_by(rewards.c.cost, rewards.c.id)
        .limit(limit)
    )
    return [Reward(**r._mapping) for r in rows]


async def close(tx: Tx, reward: Reward, by: int, now: datetime) -> bool:
    """Takes it off the list; what was exchanged stays exchanged. False when it was off already."""
    mine = (rewards.c.tenant == tx.tenant) & (rewards.c.id == reward.id) & (rewards.c.open == 1)
    if await tx.run(update(rewards).where(mine).values(open=0)) != 1:
        return False
    await events.add(tx, "reward", reward.id, "reward.closed", now, actor_id=by, data={"number": reward.number})
    return True


async def exchange(tx: Tx, reward: Reward, person_id: int, balance: int, now: datetime) -> Order:
    """Takes one for these points. `balance` is what the person has now, their account held by the caller's transaction.

    Raises `Refused`.
    """
    if balance < reward.cost:
        raise Refused("short")
    had = await tx.one(
        select(func.count())
        .select_from(reward_orders)
        .where(
            reward_orders.c.tenant == tx.tenant,
            reward_orders.c.reward_id == reward.id,
            reward_orders.c.person_id == person_id,
            reward_orders.c.state != OrderState.CANCELLED,
        )
    )
    if reward.per_person is not None and had is not None and int(had[0]) >= reward.per_person:
        raise Refused("limit")
    mine = (rewards.c.tenant == tx.tenant) & (rewards.c.id == reward.id) & (rewards.c.open == 1)
    if await tx.run(update(rewards).where(mine, rewards.c.used < rewards.c.stock).values(used=rewards.c.used + 1)) != 1:
        raise Refused("gone")
    order_id = tx.ids.new()
    await tx.run(
        reward_orders.insert().values(
            tenant=tx.tenant,
            id=order_id,
            reward_id=reward.id,
            person_id=person_id,
            points=reward.cost,
            state=OrderState.WAITING,
            made_at=now,
        )
    )
    data = {"person": person_id, "points": reward.cost, "order": order_id, "number": reward.number}
    await events.add(tx, "reward", reward.id, SPENT, now, actor_id=person_id, data=data)
    return await get_order(tx, order_id)


async def get_order(tx: Tx, order_id: int) -> Order:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_ORDER).where(reward_orders.c.tenant == tx.tenant, reward_orders.c.id == order_id))
    if row is None:
        raise LookupError(f"no order {order_id}")
    return _order(row)


async def orders_of(tx: Tx, person_id: int, limit: int = 10) -> list[Order]:
    """What somebody has asked for, newest first."""
    rows = await tx.all(
        select(*_ORDER)
        .where(reward_orders.c.tenant == tx.tenant, reward_orders.c.person_id == person_id)
        .order_by(reward_orders.c.id.desc())
        .limit(limit)
    )
    return [_order(r) for r in rows]


async def settle(tx: Tx, order: Order, *, given: bool, by: int, now: datetime) -> bool:
    """It was handed over, or it is off: then the points go back and one more is left. False when it was settled before."""
    waiting = reward_orders.c.state == OrderState.WAITING
    mine = (reward_orders.c.tenant == tx.tenant) & (reward_orders.c.id == order.id)
    target = OrderState.GIVEN if given else OrderState.CANCELLED
    if await tx.run(update(reward_orders).where(mine, waiting).values(state=target, ended_at=now)) != 1:
        return False
    name = "reward.given" if given else "reward.cancelled"
    await events.add(tx, "reward", order.reward_id, name, now, actor_id=by, data={"order": order.id})
    if not given:
        again = (rewards.c.tenant == tx.tenant) & (rewards.c.id == order.reward_id)
        await tx.run(update(rewards).where(again).values(used=rewards.c.used - 1))
        data = {"person": order.person_id, "points": order.points, "order": order.id}
        await events.add(tx, "reward", order.reward_id, REFUNDED, now, actor_id=by, data=data)
    return True
