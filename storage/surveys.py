"""Surveys (评议): a question, who was drawn to answer it, and each answer once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, func, select, update

from storage.requests import requests
from storage.roles import roles
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.panel import Member
from workflow.rights import Role

surveys = Table(
    "surveys",
    metadata,
    tenant_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),  # the number people use
    Column("question", Text, nullable=False),
    Column("audience", String(16), nullable=False),  # assessors, reporters
    Column("scope", String(80), nullable=False),  # the desk that asks
    Column("per_community", Integer, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Index(None, "tenant", "number"),
)

ballots = Table(
    "survey_ballots",
    metadata,
    tenant_column(),
    Column("survey_id", BigInteger, primary_key=True),
    Column("person_id", BigInteger, primary_key=True),
    Column("community", String(64), nullable=False),
    Column("grid", String(64), nullable=False),  # empty: somebody of the whole community
    Column("stars", Integer),
    Column("words", Text, nullable=False),  # masked
    Column("answered_at", Moment),
    Index(None, "tenant", "person_id"),
)


class Survey(NamedTuple):
    """One survey."""

    id: int
    number: int
    question: str
    audience: str
    scope: str
    per_community: int
    made_by: int
    opened_at: datetime
    closes_at: datetime


class Ballot(NamedTuple):
    """One person's part in it."""

    person_id: int
    community: str
    grid: str
    stars: int | None
    words: str
    answered_at: datetime | None


_SURVEY = [surveys.c[name] for name in Survey._fields]
_BALLOT = [ballots.c[name] for name in Ballot._fields]


async def add(
    tx: Tx,
    *,
    number: int,
    question: str,
    audience: str,
    scope: str,
    per_community: int,
    made_by: int,
    now: datetime,
    closes_at: datetime,
) -> Survey:
    """A survey that nobody has been asked yet. The number comes from `counters`."""
    survey_id = tx.ids.new()
    await tx.run(
        surveys.insert().values(
            tenant=tx.tenant,
            id=survey_id,
            number=number,
            question=question,
            audience=audience,
            scope=scope,
            per_community=per_community,
            made_by=made_by,
            opened_at=now,
            closes_at=closes_at,
        )
    )
    return await get(tx, survey_id)


async def get(tx: Tx, survey_id: int) -> Survey:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_SURVEY).where(surveys.c.tenant == tx.tenant, surveys.c.id == survey_id))
    if row is None:
        raise LookupError(f"no survey {survey_id}")
    return Survey(**row._mapping)


async def find_by_number(tx: Tx, number: int) -> Survey | None:
    """The survey with the number people use."""
    row = await tx.one(select(*_SURVEY).where(surveys.c.tenant == tx.tenant, surveys.c.number == number))
    return None if row is None else Survey(**row._mapping)


async def ask(tx: Tx, survey_id: int, drawn: Sequence[Member]) -> None:
    """These people are asked."""
    for member in drawn:
        await tx.run(
            ballots.insert().values(
                tenant=tx.tenant,
                survey_id=survey_id,
                person_id=member.person_id,
                community=member.community,
                grid=member.grid,
                words="",
            )
        )


async def find_ballot(tx: Tx, survey_id: int, person_id: int) -> Ballot | None:
    """The part of somebody who was asked."""
    row = await tx.one(
        select(*_BALLOT).where(
            ballots.c.tenant == tx.tenant, ballots.c.survey_id == survey_id, ballots.c.person_id == person_id
        )
    )
    return None if row is None else Ballot(**row._mapping)


async def ballots_of(tx: Tx, survey_id: int) -> list[Ballot]:
    """Everybody who was asked."""
    rows = await tx.all(
        select(*_BALLOT)
        .where(ballots.c.tenant == tx.tenant, ballots.c.survey_id == survey_id)
        .order_by(ballots.c.person_id)
    )
    return [Ballot(**r._mapping) for r in rows]


async def waiting(tx: Tx, survey_id: int, after: int, limit: int) -> list[int]:
    """Who was asked and has not answered, in the order of their ids after one."""
    rows = await tx.all(
        select(ballots.c.person_id)
        .where(
            ballots.c.tenant == tx.tenant,
            ballots.c.survey_id == survey_id,
            ballots.c.stars.is_(None),
            ballots.c.person_id > after,
        )
        .order_by(ballots.c.person_id)
        .limit(limit)
    )
    return [int(r.person_id) for r in rows]


async def answer(tx: Tx, survey_id: int, person_id: int, stars: int, now: datetime) -> bool:
    """Somebody's stars, once. False when they have answered, or were not asked."""
    changed = await tx.run(
        update(ballots)
        .where(
            ballots.c.tenant == tx.tenant,
            ballots.c.survey_id == survey_id,
            ballots.c.person_id == person_id,
            ballots.c.stars.is_(None),
        )
        .values(stars=stars, answered_at=now)
    )
    return changed == 1


async def add_words(tx: Tx, survey_id: int, person_id: int, words: str) -> None:
    """What they say with it, masked."""
    await tx.run(
        update(ballots)
        .where(ballots.c.tenant == tx.tenant, ballots.c.survey_id == survey_id, ballots.c.person_id == person_id)
        .values(words=words)
    )


async def assessors(tx: Tx, communities: Sequence[str]) -> list[Member]:
    """评议员 of these communities."""
    rows = await tx.all(
        select(roles.c.person_id, roles.c.scope).where(
            roles.c.tenant == tx.tenant,
            roles.c.role == Role.ASSESSOR,
            roles.c.scope.in_(list(communities)),
            roles.c.ended_at.is_(None),
        )
    )
    return [Member(r.person_id, r.scope) for r in rows]


async def reporters(tx: Tx, grids: dict[str, str], since: datetime) -> list[Member]:
    """Whose records in these grids (grid -> community) were closed since then; each with their last grid."""
    rows = await tx.all(
        select(requests.c.reporter_id, requests.c.grid, func.max(requests.c.closed_at))
        .where(
            requests.c.tenant == tx.tenant,
            requests.c.grid.in_(list(grids)),
            requests.c.state == "closed",
            requests.c.closed_at >= since,
        )
        .group_by(requests.c.reporter_id, requests.c.grid)
        .order_by(func.max(requests.c.closed_at), requests.c.reporter_id)
    )
    last: dict[int, Any] = {r.reporter_id: r for r in rows}
    return [Member(r.reporter_id, grids[r.grid], r.grid) for r in last.values()]
