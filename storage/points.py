"""The books of points: moves between accounts, made from the ledger in its order and never changed.

Every move names its event. `catch_up` brings the books to the end of the ledger; thrown away, they come back the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    case,
    func,
    select,
    update,
)

from storage import events as ledger
from storage.events import events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx
from workflow.points import EARNED, ISSUE, Books, Deed, Kind, Move, Rulebook, account, concerned

point_moves = Table(
    "point_moves",
    metadata,
    tenant_column(),
    id_column(),
    Column("event_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),  # of the event, in the ledger
    Column("leg", Integer, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("source", String(24), nullable=False),
    Column("target", String(24), nullable=False),
    Column("points", Integer, nullable=False),  # above nought
    Column("kind", String(8), nullable=False),
    Column("rule", String(24), nullable=False),
    Column("version", String(16), nullable=False),
    Column("matter", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("tenant", "event_id", "leg"),
    Index(None, "tenant", "person_id", "id"),
    Index(None, "tenant", "matter"),
    Index(None, "tenant", "at"),
)

point_books = Table(
    "point_books",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, nullable=False),  # how far of the ledger is in the books
)

BATCH = 2_000
_MOVE = [point_moves.c[name] for name in Move._fields]


def _move(row: Any) -> Move:
    return Move(**{**row._mapping, "kind": Kind(row.kind)})


# -------------------------------------------------------------------- making the books


async def catch_up(tx: Tx, book: Rulebook, tz: ZoneInfo) -> int:
    """Enters every event that is not in the books yet, those of this transaction too; how many moves that made.

    Whoever does this at the same time waits; nothing is entered twice.
    """
    await ledger.flush(tx)
    done, made = await _begin(tx), 0
    while rows := await _unread(tx, done, book.events):
        books = Books(book, tz)
        await _load(tx, books, rows)
        moves = [move for deed in rows for move in books.enter(deed)]
        await tx.add(point_moves, [_row(tx, m) for m in moves])
        done, made = rows[-1].seq, made + len(moves)
    last = max(done, await ledger.last_seq(tx))
    await tx.run(update(point_books).where(point_books.c.tenant == tx.tenant).values(seq=last))
    return made


async def _begin(tx: Tx) -> int:
    """How far the books are; they are ours until the commit."""
    first = tx.insert(point_books).values(tenant=tx.tenant, seq=0)
    await tx.run(first.on_conflict_do_nothing(index_elements=["tenant"]))
    row = await tx.one(select(point_books.c.seq).where(point_books.c.tenant == tx.tenant).with_for_update())
    return int(row.seq) if row else 0


async def _unread(tx: Tx, after: int, names: Collection[str]) -> list[Deed]:
    e = events.c
    rows = await tx.all(
        select(e.seq, e.id, e.subject, e.subject_id, e.name, e.at, e.actor_id, e.data)
        .where(e.tenant == tx.tenant, e.seq > after, e.name.in_(sorted(names)))
        .order_by(e.seq)
        .limit(BATCH)
    )
    return [Deed(*row) for row in rows]


async def _load(tx: Tx, books: Books, deeds: Sequence[Deed]) -> None:
    """What is known of the people and matters of these events: their caps and what may be taken back."""
    matters = {deed.matter for deed in deeds}
    people = {p for deed in deeds for p in concerned(deed, books.book)}
    people |= {m.person_id for m in await _where(tx, point_moves.c.matter, sorted(matters))}
    books.load(await _where(tx, point_moves.c.person_id, sorted(people)))


async def _where(tx: Tx, column: ColumnElement[Any], values: Sequence[Any]) -> list[Move]:
    found: list[Move] = []
    for start in range(0, len(values), 500):
        wanted = column.in_(values[start : start + 500])
        rows = await tx.all(select(*_MOVE).where(point_moves.c.tenant == tx.tenant, wanted))
        found += [_move(r) for r in rows]
    return found


def _row(tx: Tx, move: Move) -> dict[str, Any]:
    return {"tenant": tx.tenant, "id": tx.ids.new(), **move._asdict()}


async def differences(tx: Tx, book: Rulebook, tz: ZoneInfo) -> list[str]:
    """The books made anew from the ledger and compared with what is kept: a line for each move that differs."""
    row = await tx.one(select(point_books.c.seq).where(point_books.c.tenant == tx.tenant))
    until, books, told, after = int(row.seq) if row else 0, Books(book, tz), {}, 0
    while rows := await _unread(tx, after, book.events):
        for deed in rows:
            if deed.seq <= until:
                told.update({(m.event_id, m.leg): m for m in books.enter(deed)})
        after = rows[-1].seq
    kept = await tx.all(select(*_MOVE).where(point_moves.c.tenant == tx.tenant))
    stored = {(m.event_id, m.leg): m for m in map(_move, kept)}
    lines = []
    for key in sorted(told.keys() | stored.keys()):
        if told.get(key) != stored.get(key):
            event = (told.get(key) or stored[key]).seq
            lines.append(
                f"points of event {event}: {_said(stored.get(key))} kept, {_said(told.get(key))} by the events"
            )
    return lines


def _said(move: Move | None) -> str:
    return f"{move.points} {move.source} -> {move.target} ({move.rule or move.kind})" if move else "nothing"


# -------------------------------------------------------------------- reading them


async def balance(tx: Tx, person_id: int) -> int:
    """What somebody has to spend."""
    row = await tx.one(
        select(func.coalesce(func.sum(_signed(person_id)), 0)).where(
            point_moves.c.tenant == tx.tenant, point_moves.c.person_id == person_id
        )
    )
    return int(row[0]) if row else 0


def _signed(person_id: int) -> ColumnElement[int]:
    return case((point_moves.c.target == account(person_id), point_moves.c.points), else_=-point_moves.c.points)


async def sums(tx: Tx) -> dict[str, int]:
    """Every account's balance; together they are nought."""
    found: dict[str, int] = {}
    for column, sign in ((point_moves.c.source, -1), (point_moves.c.target, 1)):
        rows = await tx.all(
            select(column, func.sum(point_moves.c.points)).where(point_moves.c.tenant == tx.tenant).group_by(column)
        )
        for name, total in rows:
            found[name] = found.get(name, 0) + sign * int(total)
    return found


async def of_person(tx: Tx, person_id: int, *, limit: int = 10, before: int = 0) -> list[tuple[int, Move]]:
    """(id, move) of somebody's account, newest first."""
    statement = select(point_moves.c.id, *_MOVE).where(
        point_moves.c.tenant == tx.tenant, point_moves.c.person_id == person_id
    )
    if before:
        statement = statement.where(point_moves.c.id < before)
    rows = await tx.all(statement.order_by(point_moves.c.id.desc()).limit(limit))
    return [(r.id, Move(**{k: v for k, v in r._mapping.items() if k != "id"} | {"kind": Kind(r.kind)})) for r in rows]


async def find(tx: Tx, move_id: int) -> Move | None:
    """One move."""
    row = await tx.one(select(*_MOVE).where(point_moves.c.tenant == tx.tenant, point_moves.c.id == move_id))
    return None if row is None else _move(row)


class Earned(NamedTuple):
    """What somebody has earned in a period."""

    person_id: int
    points: int


async def earned(tx: Tx, since: datetime, until: datetime) -> list[Earned]:
    """What everybody has earned in [since, until), most first; spending does not count against it."""
    m = point_moves.c
    total = func.sum(case((m.source == ISSUE, m.points), else_=-m.points))
    rows = await tx.all(
        select(m.person_id, total.label("points"))
        .where(m.tenant == tx.tenant, m.at >= since, m.at < until, m.kind.in_([k.value for k in EARNED]))
        .group_by(m.person_id)
        .order_by(total.desc(), m.person_id)
    )
    return [Earned(r.person_id, int(r.points)) for r in rows if int(r.points) > 0]
