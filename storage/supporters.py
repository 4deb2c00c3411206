"""Who else has the matter of a request: supporters, their own words and ratings; merged records; pairs told apart.

Followers of a record are its supporters, and the reporters and supporters of every record merged into it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    CompoundSelect,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    Text,
    delete,
    literal,
    or_,
    select,
    update,
)

from storage import requests as records
from storage.events import events
from storage.plans import ME, form, form_with
from storage.requests import Request, requests
from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx
from workflow.states import State

supporters = Table(
    "supporters",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True),
    Column("person_id", BigInteger, primary_key=True),
    Column("text", Text, nullable=False),  # masked: what they said of it themselves
    Column("original_sealed", LargeBinary, nullable=False),
    Column("joined_at", Moment, nullable=False),
    Index(None, "tenant", "person_id", "request_id"),
)

supporter_ratings = Table(
    "supporter_ratings",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True),
    Column("resolution", Integer, primary_key=True),
    Column("person_id", BigInteger, primary_key=True),
    Column("solved", String(8), nullable=False),
    Column("stars", Integer),
    Column("words", Text, nullable=False),  # masked
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "person_id"),
)

distinctions = Table(
    "distinctions",
    metadata,
    tenant_column(),
    Column("first_id", BigInteger, primary_key=True),  # the smaller id of the pair
    Column("second_id", BigInteger, primary_key=True),
    Column("person_id", BigInteger),  # who said that they differ
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "second_id"),
)

CROWDED = "request.crowded"
_DEEPEST = 20
"""Records merged into records merged into records: further down nobody looks."""


class Supporter(NamedTuple):
    """Somebody who has the same matter. `text` is masked."""

    person_id: int
    text: str
    joined_at: datetime


# -------------------------------------------------------------------- joining


async def join(tx: Tx, request_id: int, person_id: int, text: str, masked: str, now: datetime) -> bool:
    """Adds a supporter with what they said. False when they had joined before; then the words are added to theirs."""
    statement = tx.insert(supporters).values(
        tenant=tx.tenant,
        request_id=request_id,
        person_id=person_id,
        text=masked,
        original_sealed=tx.sealer.seal(text),
        joined_at=now,
    )
    joined = await tx.run(statement.on_conflict_do_nothing(index_elements=["tenant", "request_id", "person_id"])) == 1
    if not joined and text:
        await add_words(tx, request_id, person_id, text, masked)
    return joined


async def add_words(tx: Tx, request_id: int, person_id: int, text: str, masked: str) -> None:
    """Appends what a supporter says later. Raises LookupError for somebody who is none."""
    mine = _of(tx, request_id, person_id)
    row = await tx.one(select(supporters.c.text, supporters.c.original_sealed).where(mine).with_for_update())
    if row is None:
        raise LookupError(f"person {person_id} has not joined request {request_id}")
    joined = f"{tx.sealer.open(row.original_sealed)}\n{text}".strip()
    await tx.run(
        update(supporters)
        .where(mine)
        .values(text=f"{row.text}\n{masked}".strip(), original_sealed=tx.sealer.seal(joined))
    )


async def leave(tx: Tx, request_id: int, person_id: int) -> bool:
    """They are told nothing more, and their words go with them. False when they had not joined."""
    return await tx.run(delete(supporters).where(_of(tx, request_id, person_id))) == 1


def _of(tx: Tx, request_id: int, person_id: int) -> Any:
    return (
        (supporters.c.tenant == tx.tenant)
        & (supporters.c.request_id == request_id)
        & (supporters.c.person_id == person_id)
    )


async def of(tx: Tx, request_id: int) -> list[Supporter]:
    """The supporters of one record, the first to join first."""
    rows = await tx.all(
        select(supporters.c.person_id, supporters.c.text, supporters.c.joined_at)
        .where(supporters.c.tenant == tx.tenant, supporters.c.request_id == request_id)
        .order_by(supporters.c.joined_at, supporters.c.person_id)
    )
    return [Supporter(*row) for row in rows]


async def find_original(tx: Tx, request_id: int, person_id: int) -> str | None:
    """What a supporter said, unmasked: for themselves."""
    row = await tx.one(select(supporters.c.original_sealed).where(_of(tx, request_id, person_id)))
    return None if row is None else tx.sealer.open(row.original_sealed)


# -------------------------------------------------------------------- followers


async def merged_into(tx: Tx, request_id: int) -> list[Request]:
    """Every record that was merged into this one, and into those, oldest first."""
    found: dict[int, Request] = {}
    level: list[int] = [request_id]
    for _ in range(_DEEPEST):
        if not level:
            break
        under = await records.children_of(tx, level)
        level = [r.id for r in under if r.id not in found]
        found.update({r.id: r for r in under})
    return sorted(found.values(), key=lambda r: r.id)


@form
def _company(request_id: Any) -> CompoundSelect[Any]:
    """(whether it is a merged record, the record's or the supporter's id), the first to join first."""
    joined = select(literal(value=False).label("merged"), supporters.c.person_id.label("id"), supporters.c.joined_at)
    under = select(literal(value=True), requests.c.id, requests.c.received_at).where(
        requests.c.tenant == ME, requests.c.parent_id == request_id, requests.c.state == State.MERGED
    )
    mine = joined.where(supporters.c.tenant == ME, supporters.c.request_id == request_id)
    return mine.union_all(under).order_by("merged", "joined_at", "id")


@form_with("request_ids")
def _supporters_of(request_ids: Any) -> Select[Any]:
    return (
        select(supporters.c.person_id)
        .where(supporters.c.tenant == ME, supporters.c.request_id.in_(request_ids))
        .order_by(supporters.c.joined_at, supporters.c.person_id)
    )


async def followers(tx: Tx, request: Request) -> list[int]:
    """Everybody but the reporter who has the same matter, each once: they are told every step and may rate."""
    near = await tx.recall(_company(request_id=request.id), lambda rows: [(bool(row.merged), row.id) for row in rows])
    if any(is_merged for is_merged, _ in near):
        return await _all_followers(tx, request)
    return [person_id for _, person_id in near if person_id != request.reporter_id]


def learn_none(tx: Tx, request_id: int) -> None:
    """It is known that nobody else has the matter of a record; a record that joins it makes itself known."""
    tx.learn(_company(request_id=request_id), [], of=(supporters,), lasting=True)


async def _all_followers(tx: Tx, request: Request) -> list[int]:
    """The same where something was merged, and perhaps into that."""
    merged = await merged_into(tx, request.id)
    rows = await tx.all(_supporters_of(request_ids=[request.id, *(r.id for r in merged)]))
    everybody = [*(row.person_id for row in rows), *(r.reporter_id for r in merged)]
    return [p for p in dict.fromkeys(everybody) if p != request.reporter_id]


@form_with("request_ids")
def _joined_since(request_ids: Any, since: Any) -> Select[Any]:
    mine = (supporters.c.tenant == ME, supporters.c.request_id.in_(request_ids))
    return select(supporters.c.person_id).where(*mine, supporters.c.joined_at >= since)


async def joined_since(tx: Tx, request_ids: Collection[int], since: datetime) -> int:
    """How many supporters these records have won since then."""
    return len(await tx.all(_joined_since(request_ids=list(request_ids), since=since)))


@form
def _crowded_since(since: Any) -> Select[Any]:
    return select(events.c.subject_id).where(
        events.c.tenant == ME, events.c.name == CROWDED, events.c.at >= since, events.c.subject == "request"
    )


async def crowded_since(tx: Tx, since: datetime) -> set[int]:
    """The records with whose number the desk was alarmed since then, because their matter is many people's."""
    told = {row["subject_id"] for row in tx.pending if (row["tenant"], row["name"]) == (tx.tenant, CROWDED)}
    return told | {row.subject_id for row in await tx.all(_crowded_since(since=since))}


async def followed_by(tx: Tx, person_id: int, limit: int = 10) -> list[Request]:
    """A resident's own records and those they joined: open ones first, newest first."""
    joined = select(supporters.c.request_id).where(
        supporters.c.tenant == tx.tenant, supporters.c.person_id == person_id
    )
    mine = or_(requests.c.reporter_id == person_id, requests.c.id.in_(joined))
    return await records.newest_where(tx, mine, limit)


async def joined_by(tx: Tx, person_id: int) -> list[Request]:
    """The records a resident joined and did not report."""
    joined = select(supporters.c.request_id).where(
        supporters.c.tenant == tx.tenant, supporters.c.person_id == person_id
    )
    return await records.newest_where(tx, requests.c.id.in_(joined), 1_000)


# -------------------------------------------------------------------- ratings


async def rate(
    tx: Tx, request: Request, person_id: int, solved: str, stars: int | None, words: str, now: datetime
) -> bool:
    """Keeps a follower's rating of this resolution. False when they rated it before."""
    statement = tx.insert(supporter_ratings).values(
        tenant=tx.tenant,
        request_id=request.id,
        resolution=request.resolution,
        person_id=person_id,
        solved=solved,
        stars=stars,
        words=words,
        at=now,
    )
    keys = ["tenant", "request_id", "resolution", "person_id"]
    return await tx.run(statement.on_conflict_do_nothing(index_elements=keys)) == 1


async def find_rating(tx: Tx, request_id: int, resolution: int, person_id: int) -> Any | None:
    """A follower's rating of one resolution: solved, stars, words, at."""
    return await tx.one(select(supporter_ratings).where(_rating(tx, request_id, resolution, person_id)))


async def set_stars(tx: Tx, request_id: int, resolution: int, person_id: int, stars: int) -> bool:
    """Completes a follower's rating. False when the stars were given before."""
    mine = _rating(tx, request_id, resolution, person_id) & supporter_ratings.c.stars.is_(None)
    return await tx.run(update(supporter_ratings).where(mine).values(stars=stars)) == 1


async def complete_rating(tx: Tx, request_id: int, resolution: int, person_id: int, *, words: str) -> None:
    """Adds words to a follower's rating."""
    mine = _rating(tx, request_id, resolution, person_id)
    await tx.run(update(supporter_ratings).where(mine).values(words=words))


def _rating(tx: Tx, request_id: int, resolution: int, person_id: int) -> Any:
    rating = supporter_ratings.c
    return (
        (rating.tenant == tx.tenant)
        & (rating.request_id == request_id)
        & (rating.resolution == resolution)
        & (rating.person_id == person_id)
    )


# -------------------------------------------------------------------- pairs


async def tell_apart(tx: Tx, one_id: int, other_id: int, person_id: int | None, now: datetime) -> None:
    """A person said that two records are two matters: nobody is asked again."""
    first, second = sorted((one_id, other_id))
    await tx.run(
        tx.insert(distinctions)
        .values(tenant=tx.tenant, first_id=first, second_id=second, person_id=person_id, at=now)
        .on_conflict_do_nothing(index_elements=["tenant", "first_id", "second_id"])
    )


@form_with("wanted")
def _pairs(wanted: Any) -> Select[Any]:
    pair = distinctions.c
    either = or_(pair.first_id.in_(wanted), pair.second_id.in_(wanted))
    return select(pair.first_id, pair.second_id).where(pair.tenant == ME, either)


async def told_apart(tx: Tx, request_ids: Collection[int]) -> set[int]:
    """The records that somebody told apart from any of these."""
    wanted = list(request_ids)
    rows = await tx.all(_pairs(wanted=wanted))
    return {other for row in rows for other in row if other not in set(wanted)}
