"""Waits: when the clock of a record stood still, why, and until when at most. Paused by its handler, or parked (挂账) by a desk.

The record's own row says until when it waits now (`requests.waits_until`); what that does to its due time is
`handlers.clocks`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Index, Select, String, Table, Text, bindparam, case, select, update

from storage.plans import ME, form
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

waits = Table(
    "waits",
    metadata,
    tenant_column(),
    id_column(),
    Column("request_id", BigInteger, nullable=False),
    Column("parked", Boolean, nullable=False),  # 挂账, else a pause
    Column("reason", String(16), nullable=False),
    Column("words", Text, nullable=False),  # masked
    Column("person_id", BigInteger, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("until_at", Moment, nullable=False),  # as planned
    Column("ended_at", Moment),  # as it was; empty: it still waits
    Index(None, "tenant", "request_id"),
)


class Wait(NamedTuple):
    """One time that a clock stood still."""

    id: int
    request_id: int
    parked: bool
    reason: str
    words: str
    person_id: int
    begun_at: datetime
    until_at: datetime
    ended_at: datetime | None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From its beginning to its end, or to its planned end while it lasts."""
        return self.begun_at, self.until_at if self.ended_at is None else self.ended_at


_COLUMNS = [waits.c[name] for name in Wait._fields]


async def begin(
    tx: Tx,
    request_id: int,
    *,
    parked: bool,
    reason: str,
    words: str,
    person_id: int,
    now: datetime,
    until_at: datetime,
) -> int:
    """A record waits from now on. The caller has made sure that it does not wait already."""
    wait_id = tx.ids.new()
    await tx.run(
        waits.insert().values(
            tenant=tx.tenant,
            id=wait_id,
            request_id=request_id,
            parked=parked,
            reason=reason,
            words=words,
            person_id=person_id,
            begun_at=now,
            until_at=until_at,
        )
    )
    return wait_id


def end(tx: Tx, request_id: int, now: datetime) -> None:
    """What a record waits for, if anything, is over; never later than was planned. Written late."""
    tx.change_later(waits, _END, {"own": tx.tenant, "record": request_id, "now": now})


_ENDED_AT = bindparam("now", type_=Moment)
_END = (
    update(waits)
    .where(waits.c.tenant == bindparam("own"), waits.c.request_id == bindparam("record"), waits.c.ended_at.is_(None))
    .values(ended_at=case((waits.c.until_at < _ENDED_AT, waits.c.until_at), else_=_ENDED_AT))
)


@form
def _open(request_id: Any) -> Select[Any]:
    mine = (waits.c.tenant == ME, waits.c.request_id == request_id, waits.c.ended_at.is_(None))
    return select(*_COLUMNS).where(*mine).order_by(waits.c.id.desc()).limit(1)


async def find_open(tx: Tx, request_id: int) -> Wait | None:
    """What a record is waiting for."""
    row = await tx.one(_open(request_id=request_id))
    return None if row is None else _wait(row)


async def of(tx: Tx, request_id: int, since: datetime) -> list[Wait]:
    """Every wait of a record that was not over before that moment, oldest first."""
    rows = await tx.all(
        select(*_COLUMNS)
        .where(
            waits.c.tenant == tx.tenant,
            waits.c.request_id == request_id,
            waits.c.ended_at.is_(None) | (waits.c.ended_at > since),
        )
        .order_by(waits.c.id)
    )
    return [_wait(r) for r in rows]


async def shift(tx: Tx, request_id: int, by: timedelta) -> None:
    """Moves every wait of a record along with the start of its clocks (see `workflow.clock.resume`)."""
    for wait in await of(tx, request_id, datetime.fromtimestamp(0, UTC)):
        moved = {"begun_at": wait.begun_at + by, "until_at": wait.until_at + by}
        if wait.ended_at is not None:
            moved["ended_at"] = wait.ended_at + by
        await tx.run(update(waits).where(waits.c.tenant == tx.tenant, waits.c.id == wait.id).values(**moved))


def _wait(row: Any) -> Wait:
    return Wait(**row._mapping)
