"""How people come to the web desk and what they keep there: sign-in links, sessions, answer templates, saved views.

Links and sessions are kept as digests only: whoever reads the database cannot sign in with what is in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table, Text, delete, select, update

from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

office_links = Table(
    "office_links",
    metadata,
    tenant_column(),
    Column("digest", String(64), primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "tenant", "person_id"),
)

office_sessions = Table(
    "office_sessions",
    metadata,
    tenant_column(),
    Column("digest", String(64), primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "tenant", "person_id"),
)

office_templates = Table(
    "office_templates",
    metadata,
    tenant_column(),
    id_column(),
    Column("owner_id", BigInteger, nullable=False),
    Column("desk", String(80), nullable=False),  # the desk that shares it; empty: the owner's own
    Column("kind", String(16), nullable=False),  # what it is an answer in: note, resolve, refuse, return
    Column("title", String(40), nullable=False),
    Column("words", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "owner_id"),
    Index(None, "tenant", "desk"),
)

office_views = Table(
    "office_views",
    metadata,
    tenant_column(),
    id_column(),
    Column("owner_id", BigInteger, nullable=False),
    Column("name", String(40), nullable=False),
    Column("filters", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "tenant", "owner_id"),
)


class Session(NamedTuple):
    """An open session. `seen_at` is noted at most once a minute."""

    person_id: int
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime


class Template(NamedTuple):
    """An answer that is written once. `desk` is empty for the owner's own."""

    id: int
    owner_id: int
    desk: str
    kind: str
    title: str
    words: str


class View(NamedTuple):
    """A list that somebody has given a name."""

    id: int
    name: str
    filters: dict[str, Any]


# -------------------------------------------------------------------- coming in


async def add_link(tx: Tx, person_id: int, expires_at: datetime) -> str:
    """A token that signs one browser in, once, until it expires. Earlier unused links of the person stop working."""
    await tx.run(
        delete(office_links).where(
            office_links.c.tenant == tx.tenant, office_links.c.person_id == person_id, office_links.c.used_at.is_(None)
        )
    )
    token = secrets.token_urlsafe(24)
    await tx.run(
        office_links.insert().values(
            tenant=tx.tenant, digest=tx.sealer.digest(token), person_id=person_id, expires_at=expires_at
        )
    )
    return token


async def use_link(tx: Tx, token: str, now: datetime) -> int | None:
    """Uses a link up: whose it was. None when it is unknown, expired, or was used before."""
    digests = tx.sealer.digests(token)
    row = await tx.one(
        select(office_links.c.digest, office_links.c.person_id).where(
            office_links.c.tenant == tx.tenant, office_links.c.digest.in_(digests)
        )
    )
    if row is None:
        return None
    used = await tx.run(
        update(office_links)
        .where(
            office_links.c.tenant == tx.tenant,
            office_links.c.digest == row.digest,
            office_links.c.used_at.is_(None),
            office_links.c.expires_at > now,
        )
        .values(used_at=now)
    )
    return int(row.person_id) if used == 1 else None


async def open_session(tx: Tx, person_id: int, now: datetime, ends_at: datetime) -> str:
    """Starts a session; its secret, 256 random bits."""
    secret = secrets.token_urlsafe(32)
    await tx.run(
        office_sessions.insert().values(
            tenant=tx.tenant,
            digest=tx.sealer.digest(secret),
            person_id=person_id,
            opened_at=now,
            seen_at=now,
            ends_at=ends_at,
        )
    )
    return secret


async def find_session(tx: Tx, secret: str, now: datetime) -> Session | None:
    """The session of a secret while it lasts. How long it may lie idle is the caller's rule."""
    row = await tx.one(
        select(office_sessions).where(
            office_sessions.c.tenant == tx.tenant, office_sessions.c.digest.in_(tx.sealer.digests(secret))
        )
    )
    if row is None or row.ended_at is not None or row.ends_at <= now:
        return None
    return Session(row.person_id, row.opened_at, row.seen_at, row.ends_at)


async def touch_session(tx: Tx, secret: str, now: datetime) -> None:
    """Notes that it is in use."""
    await tx.run(
        update(office_sessions)
        .where(office_sessions.c.tenant == tx.tenant, office_sessions.c.digest.in_(tx.sealer.digests(secret)))
        .values(seen_at=now)
    )


async def end_session(tx: Tx, secret: str, now: datetime) -> int | None:
    """Ends one session: whose it was; None when it had ended."""
    session = await find_session(tx, secret, now)
    if session is None:
        return None
    await tx.run(
        update(office_sessions)
        .where(office_sessions.c.tenant == tx.tenant, office_sessions.c.digest.in_(tx.sealer.digests(secret)))
        .values(ended_at=now)
    )
    return session.person_id


async def end_sessions(tx: Tx, person_id: int, now: datetime) -> int:
    """Ends every session of a person and makes every link useless. How many sessions."""
    await tx.run(delete(office_links).where(office_links.c.tenant == tx.tenant, office_links.c.person_id == person_id))
    return await tx.run(
        update(office_sessions)
        .where(
            office_sessions.c.tenant == tx.tenant,
            office_sessions.c.person_id == person_id,
            office_sessions.c.ended_at.is_(None),
            office_sessions.c.ends_at > now,
        )
        .values(ended_at=now)
    )


# -------------------------------------------------------------------- templates


async def templates_of(tx: Tx, person_id: int, desks: Collection[str]) -> list[Template]:
    """The person's own and those that their desks share, by title."""
    t = office_templates.c
    mine = (t.owner_id == person_id) & (t.desk == "")
    rows = await tx.all(
        select(office_templates).where(t.tenant == tx.tenant, mine | t.desk.in_(list(desks))).order_by(t.title, t.id)
    )
    return [Template(r.id, r.owner_id, r.desk, r.kind, r.title, r.words) for r in rows]


async def find_template(tx: Tx, template_id: int) -> Template | None:
    """One template."""
    t = office_templates.c
    row = await tx.one(select(office_templates).where(t.tenant == tx.tenant, t.id == template_id))
    return None if row is None else Template(row.id, row.owner_id, row.desk, row.kind, row.title, row.words)


async def add_template(tx: Tx, owner_id: int, desk: str, kind: str, title: str, words: str, now: datetime) -> int:
    """Keeps an answer; its id."""
    template_id = tx.ids.new()
    await tx.run(
        office_templates.insert().values(
            tenant=tx.tenant, id=template_id, owner_id=owner_id, desk=desk, kind=kind, title=title, words=words, at=now
        )
    )
    return template_id


async def drop_template(tx: Tx, template_id: int) -> None:
    """Forgets an answer."""
    t = office_templates.c
    await tx.run(delete(office_templates).where(t.tenant == tx.tenant, t.id == template_id))


# -------------------------------------------------------------------- views


async def views_of(tx: Tx, person_id: int) -> list[View]:
    """A person's saved lists, by name."""
    v = office_views.c
    rows = await tx.all(
        select(office_views).where(v.tenant == tx.tenant, v.owner_id == person_id).order_by(v.name, v.id)
    )
    return [View(r.id, r.name, r.filters) for r in rows]


async def add_view(tx: Tx, person_id: int, name: str, filters: dict[str, Any], now: datetime) -> int:
    """Keeps a list under a name, in place of one of the same name; its id."""
    v = office_views.c
    await tx.run(delete(office_views).where(v.tenant == tx.tenant, v.owner_id == person_id, v.name == name))
    view_id = tx.ids.new()
    await tx.run(
        office_views.insert().values(
            tenant=tx.tenant, id=view_id, owner_id=person_id, name=name, filters=filters, at=now
        )
    )
    return view_id


async def drop_view(tx: Tx, person_id: int, view_id: int) -> bool:
    """Forgets a person's saved list. False when they have no such one."""
    v = office_views.c
    return (
        await tx.run(delete(office_views).where(v.tenant == tx.tenant, v.owner_id == person_id, v.id == view_id)) == 1
    )
