"""双报到: who has registered to serve where they live, with unit, branch, skills and hours; the community confirms.

Members, units and volunteers without a party card are one kind of row; only `kind` differs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, String, Table, select, update

from storage import events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset({"member.registered", "member.confirmed", "member.declined", "member.left", "member.disclosed"})
"""What the ledger says about registrations."""

members = Table(
    "members",
    metadata,
    tenant_column(),
    id_column(),
    Column("person_id", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),  # member, unit, volunteer
    Column("unit", String(40), nullable=False),
    Column("branch", String(40), nullable=False),  # a branch of the party, or a team
    Column("skills", String(120), nullable=False),
    Column("words", String(300), nullable=False),  # skills, hours and places as they were said, masked
    Column("community", String(64), nullable=False),
    Column("grid", String(64), nullable=False),
    Column("queue", String(80), nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", Moment),
    Index(None, "tenant", "person_id", "state"),
    Index(None, "tenant", "state", "community"),
)


class MemberState(StrEnum):
    """Where a registration stands."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LEFT = "left"


class Member(NamedTuple):
    """One registration."""

    id: int
    person_id: int
    kind: str
    unit: str
    branch: str
    skills: str
    words: str
    community: str
    grid: str
    queue: str
    state: MemberState
    made_at: datetime


_COLUMNS = [members.c[name] for name in Member._fields]
_LIVE = (MemberState.ASKED, MemberState.CONFIRMED)


def _member(row: Any) -> Member:
    return Member(**{**row._mapping, "state": MemberState(row.state)})


async def register(tx: Tx, *, person_id: int, now: datetime, **values: str) -> Member:
    """Keeps a registration to be confirmed, in place of one that nobody has decided on yet."""
    await _end(tx, person_id, (MemberState.ASKED,), now)
    member_id = tx.ids.new()
    row = {"tenant": tx.tenant, "id": member_id, "person_id": person_id, "state": MemberState.ASKED, "made_at": now}
    await tx.run(members.insert().values(**row, **values))
    data = {"kind": values["kind"], "community": values["community"]}
    await events.add(tx, "member", member_id, "member.registered", now, actor_id=person_id, data=data)
    return await get(tx, member_id)


async def get(tx: Tx, member_id: int) -> Member:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(members.c.tenant == tx.tenant, members.c.id == member_id))
    if row is None:
        raise LookupError(f"no registration {member_id}")
    return _member(row)


async def find(tx: Tx, person_id: int, states: Collection[str] = _LIVE) -> Member | None:
    """Somebody's newest registration in these states."""
    row = await tx.one(
        select(*_COLUMNS)
        .where(members.c.tenant == tx.tenant, members.c.person_id == person_id, members.c.state.in_(list(states)))
        .order_by(members.c.id.desc())
        .limit(1)
    )
    return None if row is None else _member(row)


async def confirmed(tx: Tx, community: str = "") -> list[Member]:
    """Everybody who is confirmed, of one community or of all."""
    statement = select(*_COLUMNS).where(members.c.tenant == tx.tenant, members.c.state == MemberState.CONFIRMED)
    if community:
        statement = statement.where(members.c.community == community)
    return [_member(r) for r in await tx.all(statement.order_by(members.c.id))]


async def decide(tx: Tx, member: Member, *, yes: bool, by: int, now: datetime) -> bool:
    """Confirms or declines; an earlier registration of the person ends with a new one. False when it was decided before."""
    if yes and member.state is MemberState.ASKED:
        await _end(tx, member.person_id, (MemberState.CONFIRMED,), now)
    target = MemberState.CONFIRMED if yes else MemberState.DECLINED
    mine = (members.c.tenant == tx.tenant) & (members.c.id == member.id) & (members.c.state == MemberState.ASKED)
    if await tx.run(update(members).where(mine).values(state=target, decided_by=by, decided_at=now)) != 1:
        return False
    name = "member.confirmed" if yes else "member.declined"
    data = {"person": member.person_id, "kind": member.kind}
    await events.add(tx, "member", member.id, name, now, actor_id=by, data=data)
    return True


async def leave(tx: Tx, person_id: int, now: datetime) -> bool:
    """Somebody does not serve here any more. False when they were not registered."""
    return await _end(tx, person_id, _LIVE, now)


async def _end(tx: Tx, person_id: int, states: Collection[MemberState], now: datetime) -> bool:
    held = members.c.state.in_([s.value for s in states])
    mine = (members.c.tenant == tx.tenant) & (members.c.person_id == person_id) & held
    rows = await tx.all(select(members.c.id).where(mine))
    for row in rows:
        await events.add(tx, "member", row.id, "member.left", now, actor_id=person_id)
    await tx.run(update(members).where(mine).values(state=MemberState.LEFT))
    return bool(rows)
