"""Other systems: who they are, which record is theirs under which number, and how far each has been told the ledger.

A partner's key comes with every call; its secret signs what goes either way. The key is kept as a digest, the secret sealed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    UniqueConstraint,
    select,
    update,
)
from sqlalchemy import delete as sql_delete

from storage.events import events, ledgers
from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

partners = Table(
    "partners",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", String(40), nullable=False),
    Column("person_id", BigInteger, nullable=False),  # who reports what the partner brings
    Column("key_digest", String(64), nullable=False),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("url", String(500), nullable=False),  # where it hears of changes; empty: nowhere
    Column("seq", BigInteger, nullable=False),  # the last event of the ledger it was told of
    Column("tries", Integer, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("tenant", "name"),
    Index(None, "tenant", "key_digest"),
)

origins = Table(
    "origins",
    metadata,
    tenant_column(),
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("partner_id", BigInteger, nullable=False),
    Column("external_id", String(96), nullable=False),
    UniqueConstraint("tenant", "partner_id", "external_id"),
)

partner_calls = Table(
    "partner_calls",
    metadata,
    tenant_column(),
    Column("partner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("nonce", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "at"),
)


class Partner(NamedTuple):
    """Another system, opened from its seal."""

    id: int
    name: str
    person_id: int
    secret: str
    url: str
    seq: int
    tries: int
    not_before: datetime


class Told(NamedTuple):
    """One move of a record that a partner is to be told of."""

    seq: int
    event_id: int
    request_id: int
    name: str
    at: datetime
    target: str
    external_id: str


def _partner(tx: Tx, row: Any) -> Partner:
    secret = tx.sealer.open(row.secret_sealed)
    return Partner(row.id, row.name, row.person_id, secret, row.url, row.seq, row.tries, row.not_before)


async def add(tx: Tx, name: str, person_id: int, url: str, now: datetime) -> tuple[int, str, str]:
    """A new partner: (id, key, secret), shown once. It is told of what happens from now on."""
    key, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    partner_id = tx.ids.new()
    row = await tx.one(select(ledgers.c.seq).where(ledgers.c.tenant == tx.tenant))
    await tx.run(
        partners.insert().values(
            tenant=tx.tenant,
            id=partner_id,
            name=name,
            person_id=person_id,
            key_digest=tx.sealer.digest(key),
            secret_sealed=tx.sealer.seal(secret),
            url=url,
            seq=row.seq if row else 0,
            tries=0,
            not_before=now,
            created_at=now,
        )
    )
    return partner_id, key, secret


@form_with("digests")
def _with_key(digests: Any) -> Select[Any]:
    p = partners.c
    return select(partners).where(p.tenant == ME, p.key_digest.in_(digests), p.ended_at.is_(None))


async def find_by_key(tx: Tx, key: str) -> Partner | None:
    """The partner that a key belongs to, while it is one."""
    row = await tx.one(_with_key(digests=tx.sealer.digests(key)))
    return None if row is None else _partner(tx, row)


async def find_by_name(tx: Tx, name: str) -> Partner | None:
    """The partner of a name, while it is one."""
    p = partners.c
    row = await tx.one(select(partners).where(p.tenant == tx.tenant, p.name == name, p.ended_at.is_(None)))
    return None if row is None else _partner(tx, row)


async def current(tx: Tx) -> list[Partner]:
    """Every partner, in the order they came."""
    p = partners.c
    rows = await tx.all(select(partners).where(p.tenant == tx.tenant, p.ended_at.is_(None)).order_by(p.id))
    return [_partner(tx, row) for row in rows]


async def end(tx: Tx, partner_id: int, now: datetime) -> bool:
    """The key stops working and nothing more is told. False when it had ended."""
    p = partners.c
    there = (p.tenant == tx.tenant) & (p.id == partner_id) & p.ended_at.is_(None)
    name = f"ended-{partner_id}"  # its name is free again
    return await tx.run(update(partners).where(there).values(ended_at=now, name=name)) == 1


# -------------------------------------------------------------------- their records


async def own(tx: Tx, request_id: int, partner_id: int, external_id: str) -> bool:
    """Notes under which number a partner knows a record. False when the number is taken."""
    row = {"tenant": tx.tenant, "request_id": request_id, "partner_id": partner_id, "external_id": external_id}
    return await tx.put(origins, row, on=("tenant", "partner_id", "external_id")) == 1


@form
def _owned(partner_id: Any, external_id: Any) -> Select[Any]:
    o = origins.c
    return select(o.request_id).where(o.tenant == ME, o.partner_id == partner_id, o.external_id == external_id)


async def find_owned(tx: Tx, partner_id: int, external_id: str) -> int | None:
    """The record that a partner knows under this number."""
    row = await tx.one(_owned(partner_id=partner_id, external_id=external_id))
    return None if row is None else int(row.request_id)


async def external_ids(tx: Tx, request_ids: Collection[int]) -> dict[int, str]:
    """Under which number other systems know these records."""
    o = origins.c
    rows = await tx.all(
        select(o.request_id, o.external_id).where(o.tenant == tx.tenant, o.request_id.in_(list(request_ids)))
    )
    return {int(r.request_id): str(r.external_id) for r in rows}


# -------------------------------------------------------------------- telling them


async def due(tx: Tx, now: datetime) -> list[Partner]:
    """Partners that hear of changes and may be told now."""
    p = partners.c
    rows = await tx.all(
        select(partners)
        .where(p.tenant == tx.tenant, p.ended_at.is_(None), p.url != "", p.not_before <= now)
        .order_by(p.not_before, p.id)
    )
    return [_partner(tx, row) for row in rows]


async def news(tx: Tx, partner: Partner, limit: int) -> tuple[list[Told], int]:
    """Moves of the partner's own records since it was told last, in the order of the ledger; where the ledger stands."""
    e, o = events.c, origins.c
    row = await tx.one(select(ledgers.c.seq).where(ledgers.c.tenant == tx.tenant))
    rows = await tx.all(
        select(e.seq, e.id, e.subject_id, e.name, e.at, e.target, o.external_id)
        .join_from(events, origins, (o.tenant == e.tenant) & (o.request_id == e.subject_id))
        .where(
            e.tenant == tx.tenant,
            e.seq > partner.seq,
            e.subject == "request",
            e.target != "",
            o.partner_id == partner.id,
        )
        .order_by(e.seq)
        .limit(limit)
    )
    return [Told(*r) for r in rows], int(row.seq) if row else 0


async def told(tx: Tx, partner_id: int, seq: int, now: datetime) -> None:
    """It has heard of everything up to this event."""
    p = partners.c
    await tx.run(
        update(partners)
        .where(p.tenant == tx.tenant, p.id == partner_id, p.seq < seq)
        .values(seq=seq, tries=0, not_before=now)
    )


async def not_told(tx: Tx, partner_id: int, tries: int, not_before: datetime) -> None:
    """It could not be reached: again later."""
    p = partners.c
    await tx.run(
        update(partners).where(p.tenant == tx.tenant, p.id == partner_id).values(tries=tries, not_before=not_before)
    )


async def first_use(tx: Tx, partner_id: int, nonce: str, now: datetime, forget_before: datetime) -> bool:
    """Whether a signed call comes for the first time; calls from before a moment are forgotten."""
    c = partner_calls.c
    await tx.run(sql_delete(partner_calls).where(c.tenant == tx.tenant, c.at < forget_before))
    added = await tx.run(
        tx.insert(partner_calls)
        .values(tenant=tx.tenant, partner_id=partner_id, nonce=nonce, at=now)
        .on_conflict_do_nothing(index_elements=["tenant", "partner_id", "nonce"])
    )
    return added == 1


async def owned_by(tx: Tx, partner_id: int) -> list[tuple[int, str]]:
    """(record, the partner's number) of everything a partner has brought, oldest first."""
    o = origins.c
    rows = await tx.all(
        select(o.request_id, o.external_id)
        .where(o.tenant == tx.tenant, o.partner_id == partner_id)
        .order_by(o.request_id)
    )
    return [(int(r.request_id), str(r.external_id)) for r in rows]


async def owned_numbers(tx: Tx, partner_id: int, external_ids: Sequence[str]) -> set[str]:
    """Which of these numbers a partner has brought."""
    o, found = origins.c, set[str]()
    for start in range(0, len(external_ids), 500):
        part = list(external_ids[start : start + 500])
        rows = await tx.all(
            select(o.external_id).where(o.tenant == tx.tenant, o.partner_id == partner_id, o.external_id.in_(part))
        )
        found |= {str(row.external_id) for row in rows}
    return found
