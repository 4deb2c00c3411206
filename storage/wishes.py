"""Wishes (微心愿): one row each, moved by compare-and-set along the wish workflow, each move with its event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Table, Text, UniqueConstraint, select
from sqlalchemy import update as sql_update

from storage import counters, events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow import wish as rules

wishes = Table(
    "wishes",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    Column("draft_id", BigInteger, nullable=False),
    Column("wisher_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("item", String(80), nullable=False),  # wish.wish.goods | wish.wish.service, or what the taxonomy has
    Column("queue", String(80), nullable=False),  # the desk that checks it
    Column("community", String(64), nullable=False),
    Column("grid", String(64), nullable=False),
    Column("place_text", String(200), nullable=False),  # community or estate only
    Column("text", Text, nullable=False),  # for the wall: masked, without place of home
    Column("original_sealed", LargeBinary, nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("adopter_id", BigInteger),
    Column("adopter_chat_id", BigInteger),
    Column("adopted_at", Moment),
    Column("sign_at", Moment),  # the adopter's last sign of life
    Column("fulfilled_at", Moment),
    Column("closed_at", Moment),
    Column("phone_shared", Boolean, nullable=False),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "draft_id"),
    Index(None, "tenant", "state", "published_at"),
    Index(None, "tenant", "wisher_id", "id"),
    Index(None, "tenant", "adopter_id", "state"),
)


class Wish(NamedTuple):
    """One wish as it stands."""

    id: int
    number: int
    draft_id: int
    wisher_id: int
    chat_id: int
    state: rules.WishState
    item: str
    queue: str
    community: str
    grid: str
    place_text: str
    text: str
    submitted_at: datetime
    published_at: datetime | None
    adopter_id: int | None
    adopter_chat_id: int | None
    adopted_at: datetime | None
    sign_at: datetime | None
    fulfilled_at: datetime | None
    closed_at: datetime | None
    phone_shared: bool


class Lost(Exception):
    """Somebody else moved the wish first. `wish` is how it stands now."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(f"wish {wish.number} is {wish.state}")
        self.wish = wish


_COLUMNS = [wishes.c[name] for name in Wish._fields]


def _wish(row: Any) -> Wish:
    return Wish(**{**row._mapping, "state": rules.WishState(row.state)})


async def submit(
    tx: Tx,
    *,
    draft_id: int,
    wisher_id: int,
    chat_id: int,
    item: str,
    queue: str,
    community: str,
    grid: str,
    place_text: str,
    text: str,
    original: dict[str, Any],
    now: datetime,
) -> tuple[Wish, bool]:
    """Keeps a wish in state `submitted`; (wish, True), or (the earlier one, False) for a draft already submitted."""
    found = await tx.one(select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.draft_id == draft_id))
    if found is not None:
        return _wish(found), False
    wish_id = tx.ids.new()
    number = await counters.next_number(tx)
    added = await tx.run(
        tx.insert(wishes)
        .values(
            tenant=tx.tenant,
            id=wish_id,
            number=number,
            draft_id=draft_id,
            wisher_id=wisher_id,
            chat_id=chat_id,
            state=rules.WishState.SUBMITTED,
            item=item,
            queue=queue,
            community=community,
            grid=grid,
            place_text=place_text,
            text=text,
            original_sealed=tx.sealer.seal_json(original),
            submitted_at=now,
            phone_shared=False,
        )
        .on_conflict_do_nothing(index_elements=["tenant", "draft_id"])
    )
    if not added:  # submitted by another process since we looked
        await counters.give_back(tx)
        return await _get_by_draft(tx, draft_id), False
    await events.add(
        tx,
        "wish",
        wish_id,
        "wish.submitted",
        now,
        actor_id=wisher_id,
        origin="draft",
        target="submitted",
        data={"number": number, "item": item},
    )
    return await get(tx, wish_id), True


async def _get_by_draft(tx: Tx, draft_id: int) -> Wish:
    row = await tx.one(select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.draft_id == draft_id))
    if row is None:
        raise LookupError(f"no wish of draft {draft_id}")
    return _wish(row)


async def lock(tx: Tx, wish_id: int) -> None:
    """Whoever else locks or moves this wish waits until this transaction ends: then read it, and decide."""
    await tx.lock(wishes, wish_id)


async def get(tx: Tx, wish_id: int) -> Wish:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.id == wish_id))
    if row is None:
        raise LookupError(f"no wish {wish_id}")
    return _wish(row)


async def find_by_number(tx: Tx, number: int) -> Wish | None:
    """The wish with the number people use."""
    row = await tx.one(select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.number == number))
    return None if row is None else _wish(row)


async def get_original(tx: Tx, wish_id: int) -> dict[str, Any]:
    """What was said, unmasked: {"text", "place"}. Whoever calls this records the disclosure."""
    row = await tx.one(select(wishes.c.original_sealed).where(wishes.c.tenant == tx.tenant, wishes.c.id == wish_id))
    if row is None:
        raise LookupError(f"no wish {wish_id}")
    opened: dict[str, Any] = tx.sealer.open_json(row.original_sealed)
    return opened


async def move(
    tx: Tx,
    wish: Wish,
    event: str,
    now: datetime,
    *,
    actor_id: int | None,
    data: dict[str, Any] | None = None,
    **values: Any,
) -> Wish:
    """Moves a wish along one edge and writes its event. Raises `workflow.wish.Forbidden` or `Lost`."""
    edge = rules.get_transition(wish.state, event)
    adopter = wishes.c.adopter_id == wish.adopter_id if wish.adopter_id else wishes.c.adopter_id.is_(None)
    statement = sql_update(wishes).where(
        wishes.c.tenant == tx.tenant, wishes.c.id == wish.id, wishes.c.state == wish.state, adopter
    )
    if await tx.run(statement.values(state=edge.target, **values)) != 1:
        raise Lost(await get(tx, wish.id))
    await events.add(
        tx, "wish", wish.id, event, now, actor_id=actor_id, origin=wish.state, target=edge.target, data=data
    )
    return await get(tx, wish.id)


async def change(tx: Tx, wish_id: int, **values: Any) -> Wish:
    """Changes columns that are not part of the workflow's state."""
    if "state" in values or "adopter_id" in values:
        raise ValueError("state and adopter change only by move()")
    await tx.run(sql_update(wishes).where(wishes.c.tenant == tx.tenant, wishes.c.id == wish_id).values(**values))
    return await get(tx, wish_id)


async def on_wall(
    tx: Tx,
    *,
    community: str = "",
    item: str = "",
    in_states: Collection[str] = ("published",),
    before: int = 0,
    limit: int = 20,
) -> list[Wish]:
    """Published wishes, newest first, as a keyset page before an id."""
    statement = select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.state.in_(list(in_states)))
    if community:
        statement = statement.where(wishes.c.community == community)
    if item:
        statement = statement.where(wishes.c.item == item)
    if before:
        statement = statement.where(wishes.c.id < before)
    rows = await tx.all(statement.order_by(wishes.c.id.desc()).limit(limit))
    return [_wish(r) for r in rows]


async def of_wisher(tx: Tx, person_id: int, limit: int = 10) -> list[Wish]:
    """A resident's wishes, newest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(wishes.c.tenant == tx.tenant, wishes.c.wisher_id == person_id)
        .order_by(wishes.c.id.desc())
        .limit(limit)
    )
    return [_wish(r) for r in rows]


async def of_adopter(tx: Tx, person_id: int, in_states: Collection[str] = ("adopted", "fulfilling")) -> list[Wish]:
    """What somebody has adopted."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(wishes.c.tenant == tx.tenant, wishes.c.adopter_id == person_id, wishes.c.state.in_(list(in_states)))
        .order_by(wishes.c.id.desc())
    )
    return [_wish(r) for r in rows]
