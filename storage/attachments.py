"""Attachments: files that belong to records and wishes. The bytes live in the media store or still on the platform."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, Select, String, Table, select, update

from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

ERASED = "-"
"""Before the reference in `stored`: the person is forgotten, and the bytes are still to be removed."""

attachments = Table(
    "attachments",
    metadata,
    tenant_column(),
    id_column(),
    Column("person_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("ref", String(2000), nullable=False),  # the platform's handle; an address with its key may be long
    Column("kind", String(8), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("stored", String(80), nullable=False),  # reference in the media store; empty: not fetched yet
    Column("subject", String(16), nullable=False),  # request, wish, result; empty: still of a draft
    Column("subject_id", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("likeness", String(16)),  # 64-bit hash of what a photo shows, hex; none: not a photo, or not looked at yet
    Index(None, "tenant", "subject", "subject_id"),
    Index(None, "tenant", "stored"),
)


class Attachment(NamedTuple):
    """One file."""

    id: int
    person_id: int
    chat_id: int
    channel: str
    account: str
    ref: str
    kind: str
    mime: str
    size: int
    duration: int
    stored: str
    subject: str
    subject_id: int | None


_COLUMNS = [attachments.c[name] for name in Attachment._fields]


def _attachment(row: Any) -> Attachment:
    return Attachment(**row._mapping)


async def add(
    tx: Tx,
    *,
    person_id: int,
    chat_id: int,
    channel: str,
    account: str,
    ref: str,
    kind: str,
    mime: str,
    size: int,
    duration: int,
    now: datetime,
) -> int:
    """Notes a file somebody sent; it belongs to nothing yet."""
    attachment_id = tx.ids.new()
    await tx.run(
        attachments.insert().values(
            tenant=tx.tenant,
            id=attachment_id,
            person_id=person_id,
            chat_id=chat_id,
            channel=channel,
            account=account,
            ref=ref[:2000],
            kind=kind,
            mime=mime[:100],
            size=size,
            duration=duration,
            stored="",
            subject="",
            created_at=now,
        )
    )
    return attachment_id


async def attach(tx: Tx, ids: Sequence[int], subject: str, subject_id: int) -> None:
    """The files belong to a record from now on."""
    if ids:
        await tx.run(
            update(attachments)
            .where(attachments.c.tenant == tx.tenant, attachments.c.id.in_(list(ids)))
            .values(subject=subject, subject_id=subject_id)
        )


@form
def _of(subject: Any, subject_id: Any) -> Select[Any]:
    file = attachments.c
    mine = (file.tenant == ME, file.subject == subject, file.subject_id == subject_id)
    return select(*_COLUMNS).where(*mine).order_by(file.id)


async def of(tx: Tx, subject: str, subject_id: int) -> list[Attachment]:
    """The files of a record, in order."""
    return list(await tx.recall(_of(subject=subject, subject_id=subject_id), _attachments))


def learn_none(tx: Tx, subject: str, subject_id: int) -> None:
    """It is known that a subject has no files."""
    tx.learn(_of(subject=subject, subject_id=subject_id), [], lasting=True)


def _attachments(rows: Sequence[Any]) -> list[Attachment]:
    return [_attachment(row) for row in rows]


async def find(tx: Tx, attachment_id: int) -> Attachment | None:
    """One file."""
    row = await tx.one(select(*_COLUMNS).where(attachments.c.tenant == tx.tenant, attachments.c.id == attachment_id))
    return None if row is None else _attachment(row)


async def with_stored(tx: Tx, stored: str) -> list[Attachment]:
    """Every file whose bytes have this reference."""
    rows = await tx.all(select(*_COLUMNS).where(attachments.c.tenant == tx.tenant, attachments.c.stored == stored))
    return [_attachment(r) for r in rows]


async def unfetched(tx: Tx, limit: int) -> list[Attachment]:
    """Files whose bytes are still only on the platform."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(attachments.c.tenant == tx.tenant, attachments.c.stored == "")
        .order_by(attachments.c.id)
        .limit(limit)
    )
    return [_attachment(r) for r in rows]


async def erased(tx: Tx, limit: int) -> list[Attachment]:
    """Files of people who are forgotten, whose bytes have not been removed yet."""
    begins = attachments.c.stored.startswith(ERASED, autoescape=True)
    if (
        tx.connection.dialect.name == "sqlite"
    ):  # there a range has the index and LIKE has not; elsewhere "-" may sort oddly
        begins = attachments.c.stored.between(ERASED, f"{ERASED}~")
    rows = await tx.all(select(*_COLUMNS).where(attachments.c.tenant == tx.tenant, begins).limit(limit))
    return [_attachment(r) for r in rows]


@form_with("subject_ids")
def _likenesses(subject: Any, subject_ids: Any) -> Select[Any]:
    file = attachments.c
    mine = (file.tenant == ME, file.subject == subject, file.subject_id.in_(subject_ids), file.likeness > "")
    return select(file.subject_id, file.likeness).where(*mine)


async def likenesses(tx: Tx, subject: str, subject_ids: Collection[int]) -> dict[int, list[int]]:
    """subject id -> the hashes of its photos; what was not looked at yet is left out."""
    if not subject_ids:
        return {}
    rows = await tx.all(_likenesses(subject=subject, subject_ids=list(subject_ids)))
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(int(row.likeness, 16))
    return found


async def likenesses_of(tx: Tx, ids: Collection[int]) -> list[int]:
    """The hashes of these photos, as far as they were looked at."""
    if not ids:
        return []
    rows = await tx.all(
        select(attachments.c.likeness).where(
            attachments.c.tenant == tx.tenant, attachments.c.id.in_(list(ids)), attachments.c.likeness > ""
        )
    )
    return [int(row.likeness, 16) for row in rows]


async def set_likeness(tx: Tx, attachment_id: int, likeness: int | None) -> None:
    """What a photo shows, as 64 bits; None for a picture of nothing."""
    kept = "" if likeness is None else f"{likeness:016x}"
    await tx.run(
        update(attachments)
        .where(attachments.c.tenant == tx.tenant, attachments.c.id == attachment_id)
        .values(likeness=kept)
    )


async def set_stored(tx: Tx, attachment_id: int, stored: str, mime: str, size: int) -> None:
    """The bytes are in the media store; `stored` "!" says that the platform has them no more or they were refused."""
    await tx.run(
        update(attachments)
        .where(attachments.c.tenant == tx.tenant, attachments.c.id == attachment_id)
        .values(stored=stored, mime=mime[:100], size=size)
    )
