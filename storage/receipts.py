"""Receipts: every platform update as it came, stored before anything else happens to it. The repeat guard.

The updates of one chat are one stream: one process at a time handles it, in order.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    UniqueConstraint,
    Update,
    func,
    select,
    update,
)

from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

WAITING, DONE, FAILED, UNHEARD = "waiting", "done", "failed", "unheard"
"""`unheard`: a voice message whose words are looked for before it is handled."""
MAX_ATTEMPTS = 3
STREAMS = 16
"""Between so many shares the chats are divided; more processes than this find nothing to handle."""

receipts = Table(
    "receipts",
    metadata,
    tenant_column(),
    id_column(),
    Column("channel", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("external_id", String(160), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("raw_sealed", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", String(500), nullable=False, default=""),
    Column("stream", Integer),  # empty before migration 0006: like 0
    UniqueConstraint("tenant", "channel", "account", "external_id"),
    Index(None, "tenant", "state", "id"),
)


class Arrived(NamedTuple):
    """One update as it came."""

    channel: str
    account: str
    external_id: str
    raw: dict[str, Any]
    stream: int = 0
    unheard: bool = False


class StoredReceipt(NamedTuple):
    """One update waiting to be handled."""

    id: int
    channel: str
    account: str
    external_id: str
    received_at: datetime
    raw: dict[str, Any]
    attempts: int


def _stored(tx: Tx, row: Any) -> StoredReceipt:
    raw = tx.sealer.open_json(row.raw_sealed)
    return StoredReceipt(row.id, row.channel, row.account, row.external_id, row.received_at, raw, row.attempts)


def stream_of(channel: str, account: str, chat: str) -> int:
    """The stream that a chat belongs to, the same in every process and version."""
    return zlib.crc32(f"{channel}/{account}/{chat}".encode()) % STREAMS


async def save(
    tx: Tx,
    channel: str,
    account: str,
    updates: Iterable[tuple[str, dict[str, Any]]],
    now: datetime,
    *,
    stream: int = 0,
    unheard: bool = False,
) -> list[int]:
    """Stores what is new. A repeat of (channel, account, external id) changes nothing; the ids of all are returned."""
    given = [Arrived(channel, account, external_id, raw, stream, unheard) for external_id, raw in updates]
    return [receipt_id for receipt_id, _ in await keep(tx, given, now)]


async def keep(tx: Tx, arrived: Sequence[Arrived], now: datetime) -> list[tuple[int, bool]]:
    """The same for updates of any accounts, in one go; with each id, whether it is new."""
    if not arrived:
        return []
    rows = [_row(tx, one, now) for one in arrived]
    ids = [int(row["id"]) for row in rows]
    if await tx.put_new(receipts, rows, on=("tenant", "channel", "account", "external_id")):
        return [(new_id, True) for new_id in ids]
    new = {int(row.id) for row in await tx.all(_there(ids=ids))}
    kept = []
    for new_id, one in zip(ids, arrived, strict=True):
        if new_id in new:
            kept.append((new_id, True))
            continue
        row = await tx.one(_known(channel=one.channel, account=one.account, external_id=one.external_id))
        if row is None:
            raise LookupError("a receipt that was known is gone")
        kept.append((int(row.id), False))
    return kept


def fresh(arrived: Sequence[Arrived], kept: Sequence[tuple[int, bool]], now: datetime) -> list[StoredReceipt]:
    """Those of what was kept at this moment that are new and may be handled, as `waiting` gives them."""
    return [
        StoredReceipt(new_id, one.channel, one.account, one.external_id, now, one.raw, attempts=0)
        for one, (new_id, is_new) in zip(arrived, kept, strict=True)
        if is_new and not one.unheard
    ]


def _row(tx: Tx, one: Arrived, now: datetime) -> dict[str, Any]:
    return {
        "tenant": tx.tenant,
        "id": tx.ids.new(),
        "channel": one.channel,
        "account": one.account,
        "external_id": one.external_id,
        "received_at": now,
        "raw_sealed": tx.sealer.seal_json(one.raw),
        "state": UNHEARD if one.unheard else WAITING,
        "attempts": 0,
        "error": "",
        "stream": one.stream,
    }


@form_with("ids")
def _there(ids: Any) -> Select[Any]:
    return select(receipts.c.id).where(receipts.c.tenant == ME, receipts.c.id.in_(ids))


@form
def _known(channel: Any, account: Any, external_id: Any) -> Select[Any]:
    one = (receipts.c.channel == channel, receipts.c.account == account, receipts.c.external_id == external_id)
    return select(receipts.c.id).where(receipts.c.tenant == ME, *one)


@form
def _oldest(limit: Any) -> Select[Any]:
    open_ = (receipts.c.tenant == ME, receipts.c.state == WAITING)
    return select(receipts).where(*open_).order_by(receipts.c.id).limit(limit)


@form_with("streams")
def _oldest_of(streams: Any, limit: Any) -> Select[Any]:
    open_ = (receipts.c.tenant == ME, receipts.c.state == WAITING)
    mine = select(receipts).where(*open_, func.coalesce(receipts.c.stream, 0).in_(streams))
    return mine.order_by(receipts.c.id).limit(limit)


async def waiting(tx: Tx, limit: int, streams: Collection[int] | None = None) -> list[StoredReceipt]:
    """The oldest unhandled updates, of these streams or of all, in order of arrival."""
    asked = _oldest(limit=limit) if streams is None else _oldest_of(streams=sorted(streams), limit=limit)
    return [_stored(tx, row) for row in await tx.all(asked)]


@form
def _with_waiting() -> Select[Any]:
    open_ = (receipts.c.tenant == ME, receipts.c.state == WAITING)
    return select(func.coalesce(receipts.c.stream, 0).label("stream")).where(*open_).distinct()


async def streams_waiting(tx: Tx) -> set[int]:
    """The streams in which something is still to be handled."""
    return {int(row.stream) for row in await tx.all(_with_waiting())}


async def unheard(tx: Tx, limit: int) -> list[StoredReceipt]:
    """The oldest voice messages whose words nobody has looked for yet."""
    wanted = select(receipts).where(receipts.c.tenant == tx.tenant, receipts.c.state == UNHEARD)
    return [_stored(tx, row) for row in await tx.all(wanted.order_by(receipts.c.id).limit(limit))]


async def set_heard(tx: Tx, receipt_id: int, raw: dict[str, Any]) -> None:
    """The update may be handled now, with what was heard. Nothing when another process was faster."""
    await tx.run(
        update(receipts)
        .where(receipts.c.tenant == tx.tenant, receipts.c.id == receipt_id, receipts.c.state == UNHEARD)
        .values(state=WAITING, raw_sealed=tx.sealer.seal_json(raw))
    )


async def finish(tx: Tx, receipt_id: int) -> bool:
    """Marks an update handled and forgets what it said: that lives in records now. False when it was not waiting."""
    return await tx.alter(receipts, {"id": receipt_id, "state": WAITING}, state=DONE, raw_sealed=b"") == 1


@form_with("ids")
def _finish(ids: Any) -> Update:
    open_ = (receipts.c.tenant == ME, receipts.c.id.in_(ids), receipts.c.state == WAITING)
    return update(receipts).where(*open_).values(state=DONE, raw_sealed=b"")


async def finish_all(tx: Tx, ids: Collection[int]) -> int:
    """`finish` of several updates in one statement. How many of them were waiting."""
    return await tx.run(_finish(ids=list(ids))) if ids else 0


async def fail(tx: Tx, receipt_id: int, error: str) -> bool:
    """Counts a failed try; True when it was the last one and the update is set aside for a person."""
    row = await tx.one(
        update(receipts)
        .where(receipts.c.tenant == tx.tenant, receipts.c.id == receipt_id, receipts.c.state == WAITING)
        .values(attempts=receipts.c.attempts + 1, error=error[:500])
        .returning(receipts.c.attempts)
    )
    if row is None or row.attempts < MAX_ATTEMPTS:
        return False
    await tx.run(
        update(receipts).where(receipts.c.tenant == tx.tenant, receipts.c.id == receipt_id).values(state=FAILED)
    )
    return True


async def count(tx: Tx, state: str) -> int:
    """How many receipts are in a state."""
    row = await tx.one(
        select(func.count()).select_from(receipts).where(receipts.c.tenant == tx.tenant, receipts.c.state == state)
    )
    return int(row[0]) if row else 0


@form
def _state(receipt_id: Any) -> Select[Any]:
    return select(receipts.c.state).where(receipts.c.tenant == ME, receipts.c.id == receipt_id)


async def is_waiting(tx: Tx, receipt_id: int) -> bool:
    """Whether an update has not been handled yet."""
    row = await tx.one(_state(receipt_id=receipt_id))
    return row is not None and row.state == WAITING


@form_with("ids")
def _open_of(ids: Any) -> Select[Any]:
    return select(receipts.c.id).where(receipts.c.tenant == ME, receipts.c.id.in_(ids), receipts.c.state == WAITING)


async def still_waiting(tx: Tx, ids: Collection[int]) -> set[int]:
    """Those of these updates that nobody has handled yet."""
    return {int(row.id) for row in await tx.all(_open_of(ids=list(ids)))}


async def set_aside(tx: Tx, receipt_id: int) -> None:
    """No more tries: the update stays as it came, for a person to look at."""
    await tx.run(
        update(receipts).where(receipts.c.tenant == tx.tenant, receipts.c.id == receipt_id).values(state=FAILED)
    )
