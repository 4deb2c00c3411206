"""How often a person may still be written to where a platform counts it, and which notices they have agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Integer, String, Table, delete, select, update

from storage.schema import Moment, metadata, tenant_column
from storage.tx import Tx

windows = Table(
    "windows",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("user_key", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("left", Integer, nullable=False),
)

agreements = Table(
    "agreements",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("user_key", String(64), primary_key=True),
    Column("template", String(64), primary_key=True),
    Column("left", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

LASTING = 1_000_000
"""`left` of an agreement that holds until it is taken back."""


class Who(NamedTuple):
    """One user of one account of a platform."""

    channel: str
    account: str
    user_key: str


async def open_window(tx: Tx, who: Who, kind: str, opened_at: datetime, until: datetime, count: int) -> bool:
    """So many messages until then, whatever was left before. False when this very thing, or a later one, opened it."""
    new = {"opened_at": opened_at, "until": until, "left": count}
    statement = tx.insert(windows).values(tenant=tx.tenant, **who._asdict(), kind=kind, **new)
    keys = ["tenant", "channel", "account", "user_key", "kind"]
    later = windows.c.opened_at < opened_at
    return bool(await tx.run(statement.on_conflict_do_update(index_elements=keys, set_=new, where=later)))


async def spend(tx: Tx, who: Who, now: datetime) -> str | None:
    """Takes one message from the open window that shuts first: its kind, or None when there is none left."""
    open_ = (*_of(tx, who), windows.c.until > now, windows.c.left > 0)
    row = await tx.one(select(windows.c.kind).where(*open_).order_by(windows.c.until).limit(1))
    if row is None:
        return None
    taken = await tx.run(update(windows).where(*open_, windows.c.kind == row.kind).values(left=windows.c.left - 1))
    return str(row.kind) if taken else None


async def give_back(tx: Tx, who: Who, kind: str) -> None:
    """The message of this window was not taken by the platform."""
    await tx.run(update(windows).where(*_of(tx, who), windows.c.kind == kind).values(left=windows.c.left + 1))


async def shut(tx: Tx, who: Who) -> None:
    """The platform counts otherwise than we do: nothing is left until the person does something."""
    await tx.run(update(windows).where(*_of(tx, who)).values(left=0))


async def is_open(tx: Tx, who: Who, now: datetime) -> bool:
    """Whether a message could go out now."""
    row = await tx.one(select(windows.c.kind).where(*_of(tx, who), windows.c.until > now, windows.c.left > 0).limit(1))
    return row is not None


async def agree(tx: Tx, who: Who, template: str, now: datetime, *, lasting: bool = False) -> None:
    """The person wants this notice: once more, or until they take it back."""
    first = LASTING if lasting else 1
    statement = tx.insert(agreements).values(
        tenant=tx.tenant, **who._asdict(), template=template, left=first, changed_at=now
    )
    more = {"left": LASTING if lasting else agreements.c.left + 1, "changed_at": now}
    await tx.run(
        statement.on_conflict_do_update(
            index_elements=["tenant", "channel", "account", "user_key", "template"], set_=more
        )
    )


async def use_agreement(tx: Tx, who: Who, template: str) -> bool:
    """Uses one up, unless it is a lasting one. False when there is none."""
    mine = (*_agreement(tx, who, template), agreements.c.left > 0)
    if await tx.one(select(agreements.c.left).where(*mine, agreements.c.left >= LASTING)) is not None:
        return True
    return bool(await tx.run(update(agreements).where(*mine).values(left=agreements.c.left - 1)))


async def agreed(tx: Tx, who: Who) -> dict[str, int]:
    """template -> how many notices the person still wants of it; templates of which they want none are left out."""
    a = agreements.c
    mine = (a.tenant == tx.tenant, a.channel == who.channel, a.account == who.account, a.user_key == who.user_key)
    rows = await tx.all(select(a.template, a.left).where(*mine, a.left > 0))
    return {row.template: row.left for row in rows}


async def return_agreement(tx: Tx, who: Who, template: str) -> None:
    """What was used up was not needed: the platform did not take the notice for another reason."""
    mine = (*_agreement(tx, who, template), agreements.c.left < LASTING)
    await tx.run(update(agreements).where(*mine).values(left=agreements.c.left + 1))


async def disagree(tx: Tx, who: Who, template: str, now: datetime) -> None:
    """The person does not want this notice (any more)."""
    await tx.run(update(agreements).where(*_agreement(tx, who, template)).values(left=0, changed_at=now))


async def forget(tx: Tx, who: Who) -> None:
    """Nothing is known of this user any more."""
    await tx.run(delete(windows).where(*_of(tx, who)))
    await tx.run(
        delete(agreements).where(
            agreements.c.tenant == tx.tenant,
            agreements.c.channel == who.channel,
            agreements.c.account == who.account,
            agreements.c.user_key == who.user_key,
        )
    )


def _of(tx: Tx, who: Who) -> tuple[ColumnElement[bool], ...]:
    w = windows.c
    return w.tenant == tx.tenant, w.channel == who.channel, w.account == who.account, w.user_key == who.user_key


def _agreement(tx: Tx, who: Who, template: str) -> tuple[ColumnElement[bool], ...]:
    a = agreements.c
    mine = (a.tenant == tx.tenant, a.channel == who.channel, a.account == who.account, a.user_key == who.user_key)
    return (*mine, a.template == template)
