"""Who may act where: roles, and the one-time invitation codes that grant them. Codes are kept only as digests."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Select, String, Table, UniqueConstraint, select, update

from storage import people
from storage.plans import ME, form
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.rights import Grant, Role

roles = Table(
    "roles",
    metadata,
    tenant_column(),
    id_column(),
    Column("person_id", BigInteger, nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("granted_by", BigInteger),  # empty: the first administrator's start code
    Column("granted_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "tenant", "person_id"),
    Index(None, "tenant", "role", "scope"),
)

invitations = Table(
    "invitations",
    metadata,
    tenant_column(),
    id_column(),
    Column("digest", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(64), nullable=False),
    Column("created_by", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_by", BigInteger),
    Column("used_at", Moment),
    UniqueConstraint("tenant", "digest"),
)

login_links = Table(
    "login_links",
    metadata,
    tenant_column(),
    Column("digest", String(64), primary_key=True),
    Column("user_key", String(64), nullable=False),
    Column("expires_at", Moment, nullable=False),
)

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else


class Invitation(NamedTuple):
    """What a code grants."""

    id: int
    role: Role
    scope: str
    created_by: int | None
    expires_at: datetime
    used_by: int | None


def normalise_code(text: str) -> str:
    """A code as typed by a person: letters and digits only, capitals."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


@form
def _held_by(person_id: Any) -> Select[Any]:
    held = (roles.c.tenant == ME, roles.c.person_id == person_id, roles.c.ended_at.is_(None))
    return select(roles.c.role, roles.c.scope).where(*held)


async def grants_of(tx: Tx, person_id: int) -> list[Grant]:
    """The roles a person holds now."""
    held = await tx.recall(_held_by(person_id=person_id), _grants, lasting=True)
    return list(held)


def _grants(rows: Sequence[Any]) -> tuple[Grant, ...]:
    return tuple([Grant(Role(row.role), row.scope) for row in rows])


async def grant(tx: Tx, person_id: int, role: Role, scope: str, by: int | None, now: datetime) -> bool:
    """Gives a role. False when the person already holds it."""
    await people.lock_person(tx, person_id)
    if Grant(role, scope) in await grants_of(tx, person_id):
        return False
    await tx.run(
        roles.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            person_id=person_id,
            role=role,
            scope=scope,
            granted_by=by,
            granted_at=now,
        )
    )
    return True


async def end(tx: Tx, person_id: int, now: datetime, *, role: Role | None = None, scope: str | None = None) -> int:
    """Ends roles of a person: all, or those of a kind or scope. How many."""
    statement = update(roles).where(
        roles.c.tenant == tx.tenant, roles.c.person_id == person_id, roles.c.ended_at.is_(None)
    )
    if role is not None:
        statement = statement.where(roles.c.role == role)
    if scope is not None:
        statement = statement.where(roles.c.scope == scope)
    return await tx.run(statement.values(ended_at=now))


async def holders(tx: Tx, wanted: Sequence[Grant]) -> list[int]:
    """The people who hold any of some roles."""
    found: list[int] = []
    for role, scope in wanted:
        rows = await tx.all(
            select(roles.c.person_id).where(
                roles.c.tenant == tx.tenant,
                roles.c.role == role,
                roles.c.scope == scope,
                roles.c.ended_at.is_(None),
            )
        )
        found += [r.person_id for r in rows if r.person_id not in found]
    return found


async def anybody_holds(tx: Tx, role: Role) -> bool:
    """Whether a role is held by anyone at all."""
    row = await tx.one(
        select(roles.c.id).where(roles.c.tenant == tx.tenant, roles.c.role == role, roles.c.ended_at.is_(None)).limit(1)
    )
    return row is not None


async def invite(tx: Tx, role: Role, scope: str, by: int | None, now: datetime, expires_at: datetime) -> str:
    """A new one-time code such as `K7QM-2XPA`; only its digest is kept."""
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    await tx.run(
        invitations.insert().values(
            tenant=tx.tenant,
            id=tx.ids.new(),
            digest=tx.sealer.digest(plain),
            role=role,
            scope=scope,
            created_by=by,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return f"{plain[:4]}-{plain[4:]}"


async def find_invitation(tx: Tx, code: str) -> Invitation | None:
    """What a code grants, used or not."""
    row = await tx.one(
        select(invitations).where(
            invitations.c.tenant == tx.tenant, invitations.c.digest.in_(tx.sealer.digests(normalise_code(code)))
        )
    )
    if row is None:
        return None
    return Invitation(row.id, Role(row.role), row.scope, row.created_by, row.expires_at, row.used_by)


async def use_invitation(tx: Tx, invitation_id: int, person_id: int, now: datetime) -> bool:
    """Uses a code up. False when somebody was faster or it has expired."""
    changed = await tx.run(
        update(invitations)
        .where(
            invitations.c.tenant == tx.tenant,
            invitations.c.id == invitation_id,
            invitations.c.used_by.is_(None),
            invitations.c.expires_at > now,
        )
        .values(used_by=person_id, used_at=now)
    )
    return changed == 1


async def withdraw_invitations(tx: Tx, role: Role, now: datetime) -> int:
    """Unused codes for a role stop working."""
    return await tx.run(
        update(invitations)
        .where(invitations.c.tenant == tx.tenant, invitations.c.role == role, invitations.c.used_by.is_(None))
        .values(expires_at=now)
    )


async def add_login_link(tx: Tx, user_key: str, expires_at: datetime) -> str:
    """A token that signs a browser in as one web user until it expires."""
    token = secrets.token_urlsafe(18)
    await tx.run(
        login_links.insert().values(
            tenant=tx.tenant, digest=tx.sealer.digest(token), user_key=user_key, expires_at=expires_at
        )
    )
    return token


async def find_login(tx: Tx, token: str, now: datetime) -> str | None:
    """The web user a sign-in link stands for."""
    row = await tx.one(
        select(login_links.c.user_key, login_links.c.expires_at).where(
            login_links.c.tenant == tx.tenant, login_links.c.digest.in_(tx.sealer.digests(token))
        )
    )
    return row.user_key if row is not None and row.expires_at > now else None
