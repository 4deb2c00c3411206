"""Wishes (微心愿): one row each, moved by compare-and-set along the wish workflow, each move with its event."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    or_,
    select,
)
from sqlalchemy import update as sql_update

from storage import counters, events
from storage.plans import ME, form
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
    Column("theme", String(16), nullable=False),  # workflow.wish_rules.THEMES; empty: not said
    Column("size", String(8), nullable=False),  # small, medium, large; empty: not said
    Column("for_whom", String(12), nullable=False),  # for the desk and for matching, never on the wall
    Column("skills", String(120), nullable=False),  # ",repair,english,"
    Column("due_at", Moment),  # wished for by then
    Column("cost", Integer),  # yuan at most, as a guide; none: not said
    Column("shares", Integer, nullable=False),  # how many adopters, or parts of a larger wish
    Column("taken", Integer, nullable=False),
    Column("hours", Float),  # that were given to it, as the adopter said
    Column("pairs", Boolean, nullable=False),  # to be visited by two
    Column("filed_by", BigInteger),  # a grid worker who asked for it in a neighbour's name
    Column("consent", String(10), nullable=False),  # how the neighbour agreed: spoken, signed, family
    Column("request_id", BigInteger),  # the record it was made of, or was turned into
    Column("season_id", BigInteger),
    Column("kept_in", BigInteger),  # the season whose desk wants it to hang on
    Column("carried", Integer, nullable=False),  # seasons that it has seen without an adopter
    Column("rank", BigInteger),  # its place on the wall, highest first; none: not on it
    Column("reserved_for", BigInteger),  # the first who waited for it may adopt it
    Column("reserved_until", Moment),
    UniqueConstraint("tenant", "number"),
    UniqueConstraint("tenant", "draft_id"),
    Index(None, "tenant", "rank"),
    Index(None, "tenant", "season_id", "state"),
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
    theme: str = ""
    size: str = ""
    for_whom: str = ""
    skills: str = ""
    due_at: datetime | None = None
    cost: int | None = None
    shares: int = 1
    taken: int = 0
    hours: float | None = None
    pairs: bool = False
    filed_by: int | None = None
    consent: str = ""
    request_id: int | None = None
    season_id: int | None = None
    kept_in: int | None = None
    carried: int = 0
    rank: int | None = None
    reserved_for: int | None = None
    reserved_until: datetime | None = None

    @property
    def skill_set(self) -> frozenset[str]:
        """The skills it needs."""
        return frozenset(self.skills.strip(",").split(",")) - {""}


class Traits(NamedTuple):
    """What is known of a wish beside its words; `shares` is how many adopters it needs."""

    theme: str = ""
    size: str = ""
    for_whom: str = ""
    skills: tuple[str, ...] = ()
    due_at: datetime | None = None
    cost: int | None = None
    shares: int = 1
    pairs: bool = False


NO_TRAITS = Traits()
CARRIED = 10**12
"""A wish left over from one season stands before every wish of the next: numbers stay far below this."""
ON_WALL = frozenset({"published", "adopted", "fulfilling", "fulfilled", "closed"})
"""States that the wall shows."""


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
    traits: Traits = NO_TRAITS,
    filed_by: int | None = None,
    consent: str = "",
    request_id: int | None = None,
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
            taken=0,
            carried=0,
            filed_by=filed_by,
            consent=consent,
            request_id=request_id,
            **traits._asdict() | {"skills": joined(traits.skills)},
        )
        .on_conflict_do_nothing(index_elements=["tenant", "draft_id"])
    )
    if not added:  # submitted by another process since we looked
        await counters.give_back(tx, number)
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
        data={"number": number, "item": item, **({"consent": consent} if consent else {})},
    )
    return await get(tx, wish_id), True


def joined(skills: Collection[str]) -> str:
    """Skills as the column holds them."""
    return f",{','.join(sorted(skills))}," if skills else ""


async def _get_by_draft(tx: Tx, draft_id: int) -> Wish:
    row = await tx.one(select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.draft_id == draft_id))
    if row is None:
        raise LookupError(f"no wish of draft {draft_id}")
    return _wish(row)


async def lock(tx: Tx, wish_id: int) -> None:
    """Whoever else locks or moves this wish waits until this transaction ends: then read it, and decide."""
    await tx.lock(wishes, wish_id)


@form
def _by_id(wish_id: Any) -> Select[Any]:
    return select(*_COLUMNS).where(wishes.c.tenant == ME, wishes.c.id == wish_id)


@form
def _by_number(number: Any) -> Select[Any]:
    return select(*_COLUMNS).where(wishes.c.tenant == ME, wishes.c.number == number)


async def get(tx: Tx, wish_id: int) -> Wish:
    """Raises LookupError for an unknown id."""
    row = await tx.one(_by_id(wish_id=wish_id))
    if row is None:
        raise LookupError(f"no wish {wish_id}")
    return _wish(row)


async def find_by_number(tx: Tx, number: int) -> Wish | None:
    """The wish with the number people use."""
    row = await tx.one(_by_number(number=number))
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
        wishes.c.tenant == tx.tenant,
        wishes.c.id == wish.id,
        wishes.c.state == wish.state,
        wishes.c.taken == wish.taken,
        adopter,
    )
    rank = (wish.rank or place_on_wall(wish.number, wish.carried)) if edge.target in ON_WALL else None
    if await tx.run(statement.values(state=edge.target, rank=rank, **values)) != 1:
        raise Lost(await get(tx, wish.id))
    await events.add(
        tx, "wish", wish.id, event, now, actor_id=actor_id, origin=wish.state, target=edge.target, data=data
    )
    return await get(tx, wish.id)


async def change(tx: Tx, wish_id: int, **values: Any) -> Wish:
    """Changes columns that are not part of the workflow's state."""
    if {"state", "adopter_id", "taken"} & values.keys():
        raise ValueError("state, adopter and parts change only by move()")
    await tx.run(sql_update(wishes).where(wishes.c.tenant == tx.tenant, wishes.c.id == wish_id).values(**values))
    return await get(tx, wish_id)


def place_on_wall(number: int, carried: int) -> int:
    """Where a wish stands on the wall, highest first: what waited longest over seasons, then the newest."""
    return carried * CARRIED + number


class Filter(NamedTuple):
    """What somebody wants to see of the wall. Empty fields mean anything; `most` is yuan, `skill` one skill."""

    community: str = ""
    item: str = ""
    theme: str = ""
    skill: str = ""
    most: int | None = None
    season_id: int | None = None
    only_open: bool = False


EVERYTHING = Filter()


def _wanted(statement: Select[Any], only: Filter) -> Select[Any]:
    found = [
        wishes.c[name] == value
        for name, value in (("community", only.community), ("item", only.item), ("theme", only.theme))
        if value
    ]
    if only.skill:
        found.append(wishes.c.skills.contains(f",{only.skill},", autoescape=True))
    if only.most is not None:
        found.append(wishes.c.cost <= only.most)
    if only.season_id is not None:
        found.append(wishes.c.season_id == only.season_id)
    if only.only_open:
        found.append(wishes.c.state == rules.WishState.PUBLISHED.value)
    return statement.where(*found) if found else statement


async def wall(tx: Tx, only: Filter = EVERYTHING, *, below: int = 0, limit: int = 20) -> list[Wish]:
    """What hangs on the wall, in its order, as a keyset page below a rank."""
    statement = select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.rank.is_not(None))
    if below:
        statement = statement.where(wishes.c.rank < below)
    rows = await tx.all(_wanted(statement, only).order_by(wishes.c.rank.desc()).limit(limit))
    return [_wish(r) for r in rows]


async def counted(tx: Tx, only: Filter = EVERYTHING) -> dict[str, int]:
    """How many wishes of the wall are in each state."""
    statement = select(wishes.c.state, func.count().label("many")).where(
        wishes.c.tenant == tx.tenant, wishes.c.rank.is_not(None)
    )
    return {r.state: int(r.many) for r in await tx.all(_wanted(statement, only).group_by(wishes.c.state))}


async def submitted_to(tx: Tx, queue: str, limit: int) -> list[Wish]:
    """What waits for a desk's look, the longest first."""
    waiting = (wishes.c.state == rules.WishState.SUBMITTED.value) & (wishes.c.queue == queue)
    rows = await tx.all(
        select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, waiting).order_by(wishes.c.id).limit(limit)
    )
    return [_wish(r) for r in rows]


async def of_season(tx: Tx, season_id: int) -> list[Wish]:
    """Every wish of a season, oldest first."""
    rows = await tx.all(
        select(*_COLUMNS).where(wishes.c.tenant == tx.tenant, wishes.c.season_id == season_id).order_by(wishes.c.id)
    )
    return [_wish(r) for r in rows]


async def waiting_longest(tx: Tx, limit: int) -> list[Wish]:
    """Open wishes, those that have hung on the wall the longest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(wishes.c.tenant == tx.tenant, wishes.c.state == rules.WishState.PUBLISHED.value)
        .order_by(wishes.c.published_at, wishes.c.id)
        .limit(limit)
    )
    return [_wish(r) for r in rows]


async def left_over(tx: Tx, season_id: int, *, community: str | None = None, limit: int = 1_000) -> list[Wish]:
    """Wishes of a season that nobody has fully adopted and no desk has looked at yet, oldest first."""
    statement = select(*_COLUMNS).where(
        wishes.c.tenant == tx.tenant,
        wishes.c.season_id == season_id,
        wishes.c.state == rules.WishState.PUBLISHED.value,
        or_(wishes.c.kept_in.is_(None), wishes.c.kept_in != season_id),
    )
    if community is not None:
        statement = statement.where(wishes.c.community == community)
    return [_wish(r) for r in await tx.all(statement.order_by(wishes.c.id).limit(limit))]


async def enter_season(tx: Tx, season_id: int) -> int:
    """What waits for the desk or an adopter belongs to this season from now on; what an earlier one left goes first.

    How many wishes of earlier seasons that are.
    """
    mine = (wishes.c.tenant == tx.tenant) & wishes.c.state.in_(["submitted", "published"])
    fresh = wishes.c.season_id.is_(None)
    await tx.run(sql_update(wishes).where(mine, fresh).values(season_id=season_id))
    left = wishes.c.season_id != season_id
    return await tx.run(
        sql_update(wishes)
        .where(mine, left)
        .values(season_id=season_id, carried=wishes.c.carried + 1, rank=wishes.c.rank + CARRIED)
    )


async def of_wisher(tx: Tx, person_id: int, limit: int = 10) -> list[Wish]:
    """A resident's wishes, newest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(wishes.c.tenant == tx.tenant, wishes.c.wisher_id == person_id)
        .order_by(wishes.c.id.desc())
        .limit(limit)
    )
    return [_wish(r) for r in rows]
