"""What is to be said: messages waiting to be sent, and where each said message now stands on its platform."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from storage import queueing
from storage.late import OF
from storage.leases import part_number, part_of
from storage.lists import among
from storage.people import Chat, chats, rooms
from storage.plans import ME, form, form_of
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

WAITING, SENT, DEAD, REPLACED, HELD = "waiting", "sent", "dead", "replaced", "held"

PRESS, REPLY, NOTICE, LATER = queueing.PRESS, queueing.REPLY, queueing.NOTICE, queueing.LATER

outbox = Table(
    "outbox",
    metadata,
    tenant_column(),
    id_column(),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_key", String(64), nullable=False, default=""),  # whom a toast is for
    Column("lane", Integer, nullable=False),
    Column("slot", String(80), nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("ref", String(64), nullable=False, default=""),
    Column("error", String(500), nullable=False, default=""),
    Index(None, "tenant", "state", "lane", "id"),
    Index(None, "tenant", "state", "chat_id", "id"),
)

posts = Table(
    "posts",
    metadata,
    tenant_column(),
    Column("chat_id", BigInteger, primary_key=True),
    Column("slot", String(80), primary_key=True),
    Column("ref", String(64), nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(None, "tenant", "slot"),
    info={OF: "slot"},
)


class Waiting(NamedTuple):
    """One message to send, with the chat it goes to as columns of the row."""

    id: int
    chat_id: int
    channel: str
    account: str
    chat: str
    thread: str
    is_group: bool
    user_key: str
    lane: int
    slot: str
    body: dict[str, Any]
    attempts: int
    urgency: int = NOTICE
    """The lane it goes in: its own, or that of a later message of its chat, which it holds up."""
    trace: str = ""
    """The trace it belongs to, where there is one."""


class Share(NamedTuple):
    """What one process sends: the chats of an account, or some parts of them out of so many."""

    channel: str
    account: str
    parts: tuple[int, ...] = (0,)
    of: int = 1


FEW = 300
"""So many waiting messages are looked at one by one; of more the database chooses."""
HANDFUL = 20
"""While no more waits, it is known by chat for a whole transaction."""
_ROWS = select(outbox, chats.c.channel, chats.c.account, chats.c.chat, chats.c.thread, chats.c.is_group).join(
    chats, (chats.c.tenant == outbox.c.tenant) & (chats.c.id == outbox.c.chat_id)
)


async def put(
    tx: Tx,
    *,
    chat_id: int,
    body: dict[str, Any],
    lane: int,
    now: datetime,
    slot: str = "",
    user_key: str = "",
    not_before: datetime | None = None,
) -> int:
    """Queues a message. One in a slot replaces what still waits there for the same chat."""
    if slot:  # first of all: it makes whoever else writes to this slot wait, and then see our row
        await hold_place(tx, chat_id, slot, now)
        there = {"chat_id": chat_id, "slot": slot, "state": WAITING}
        await tx.alter(outbox, there, state=REPLACED, body_sealed=b"")
    row_id = tx.ids.new()
    row = {
        "tenant": tx.tenant,
        "id": row_id,
        "chat_id": chat_id,
        "user_key": user_key,
        "lane": lane,
        "slot": slot,
        "body_sealed": tx.sealer.seal_json(body | tx.carried),
        "state": WAITING,
        "not_before": not_before or now,
        "attempts": 0,
        "created_at": now,
        "ref": "",
        "error": "",
    }
    tx.later(outbox, row)
    tx.says = True
    return row_id


async def hold_place(tx: Tx, chat_id: int, slot: str, now: datetime) -> str:
    """The platform's message in this slot, empty when none was sent yet. Whoever else writes to the slot waits until
    this transaction ends: on SQLite nobody else writes anyhow."""
    if tx.connection.dialect.name == "sqlite":
        known = await tx.recall(_post(chat_id=chat_id, slot=slot), _ref)
        if known is None:
            take_place(tx, chat_id, slot, "", now)
        return known or ""
    place = {"tenant": tx.tenant, "chat_id": chat_id, "slot": slot, "ref": "", "updated_at": now}
    on = ("tenant", "chat_id", "slot")
    row = await tx.put_back(posts, place, on=on, change=("updated_at",), columns=("ref",))
    return str(row.ref)


def take_place(tx: Tx, chat_id: int, slot: str, ref: str, now: datetime) -> None:
    """The same for a slot that was held in this transaction; written late."""
    row = {"tenant": tx.tenant, "chat_id": chat_id, "slot": slot, "ref": ref[:64], "updated_at": now}
    tx.put_later(posts, row, on=("tenant", "chat_id", "slot"), change=("ref", "updated_at"))


async def set_place(tx: Tx, chat_id: int, slot: str, ref: str, now: datetime) -> None:
    """The slot of the chat now points at this message of the platform."""
    await tx.alter(posts, {"chat_id": chat_id, "slot": slot}, ref=ref[:64], updated_at=now)


async def due(
    tx: Tx,
    now: datetime,
    limit: int,
    *,
    skip_chats: Sequence[int] = (),
    shares: Collection[Share] | None = None,
    presses: bool = True,
    notices: bool = True,
) -> list[Waiting]:
    """Messages whose time has come, most urgent lane first, then oldest first; of these shares, or of all chats.

    A chat hears everything in the order it was said: a message waits for the earlier ones of its chat, even for a
    postponed one, and lends them its lane, so that an answer does not queue behind everybody's notices. Only toasts
    overtake. Answers to presses, and what nobody waits for, can be left out.
    """
    waiting = await tx.all(_some(limit=FEW + 1))
    if len(waiting) <= FEW:
        skipped = set(skip_chats)
        mine = [r for r in waiting if r.chat_id not in skipped and (shares is None or _is_in(r, shares))]
        chosen = queueing.choose(mine, now, limit, presses=presses, notices=notices)
        return [_waiting(tx, row, urgency) for row, urgency in chosen]
    return await _due_of_many(tx, now, limit, skip_chats, shares, presses=presses, notices=notices)


async def ready(
    tx: Tx,
    now: datetime,
    limit: int,
    *,
    skip: Collection[int] = (),
    skip_chats: Collection[int] = (),
    shares: Collection[Share] | None = None,
    room: int | None = None,
) -> tuple[list[Waiting], list[Waiting]]:
    """`due_presses` without those in `skip`, and `due` without presses; in one look where few wait.

    `room`: so many at most of what nobody waits for; without it as many as the limit.
    """
    waiting = await tx.all(_some(limit=FEW + 1))
    room = limit if room is None else max(0, room)
    notices = room > 0
    if len(waiting) > FEW:
        presses = await due_presses(tx, now, limit, skip=list(skip), shares=shares)
        many = _due_of_many(tx, now, limit, list(skip_chats), shares, presses=False, notices=notices, room=room)
        return presses, await many
    mine = [r for r in waiting if shares is None or _is_in(r, shares)]
    pressed = [r for r in mine if r.lane == PRESS and r.not_before <= now and r.id not in skip]
    presses = [_waiting(tx, row, PRESS) for row in sorted(pressed, key=lambda r: r.id)[:limit]]
    others = [r for r in mine if r.chat_id not in skip_chats]
    chosen = queueing.choose(others, now, limit, presses=False, notices=notices)
    awaited = sum(urgency < NOTICE for _, urgency in chosen)
    return presses, [_waiting(tx, row, urgency) for row, urgency in chosen[: awaited + room]]


async def _due_of_many(
    tx: Tx,
    now: datetime,
    limit: int,
    skip_chats: Sequence[int],
    shares: Collection[Share] | None,
    *,
    presses: bool,
    notices: bool,
    room: int | None = None,
) -> list[Waiting]:
    """The same chosen by the database: more waits than one wants to look at."""
    found = await _load(tx, _awaited(tx, now, skip_chats, shares, presses=presses).limit(limit))
    limit = limit if room is None else min(limit, len(found) + room)
    if notices and len(found) < limit:
        told = await _load(tx, _unawaited(tx, now, skip_chats, shares, NOTICE).limit(limit - len(found)))
        before = await _load(tx, _before(tx, {row.chat_id for row in told})) if told else []
        found += sorted([*told, *before], key=lambda row: row.id)[: limit - len(found)]
    if notices and len(found) < limit:  # then none of the more urgent is left out, and none is overtaken in its chat
        found += await _load(tx, _unawaited(tx, now, skip_chats, shares, LATER).limit(limit - len(found)))
    return found


async def due_presses(
    tx: Tx, now: datetime, limit: int, *, skip: Sequence[int] = (), shares: Collection[Share] | None = None
) -> list[Waiting]:
    """Answers to presses, oldest first, without those under way: they wait for nothing else in their chat."""
    if shares is None:
        skipped = set(skip)
        rows = await tx.all(_pressed(now=now, limit=limit + len(skipped)))
        return [_waiting(tx, row, PRESS) for row in rows if row.id not in skipped][:limit]
    row = outbox.c
    wanted = select(row.id, row.lane.label("urgency")).where(
        row.tenant == tx.tenant, row.state == WAITING, row.lane == PRESS, row.not_before <= now
    )
    if skip:
        wanted = wanted.where(row.id.not_in(list(skip)))
    return await _load(tx, _shared(tx, wanted, shares).order_by(row.id).limit(limit))


async def _load(tx: Tx, chosen: Select[tuple[int, int]]) -> list[Waiting]:
    wanted = chosen.subquery()
    rows = await tx.all(
        select(
            outbox, wanted.c.urgency, chats.c.channel, chats.c.account, chats.c.chat, chats.c.thread, chats.c.is_group
        )
        .select_from(wanted)
        .join(outbox, (outbox.c.tenant == tx.tenant) & (outbox.c.id == wanted.c.id))
        .join(chats, (chats.c.tenant == tx.tenant) & (chats.c.id == outbox.c.chat_id))
        .order_by(wanted.c.urgency, wanted.c.id)
    )
    return [_waiting(tx, row, row.urgency) for row in rows]


def _waiting(tx: Tx, r: Any, urgency: int) -> Waiting:
    body, trace = _unseal(tx, r.body_sealed)
    return Waiting(
        r.id,
        r.chat_id,
        r.channel,
        r.account,
        r.chat,
        r.thread,
        r.is_group,
        r.user_key,
        r.lane,
        r.slot,
        body,
        r.attempts,
        urgency,
        trace,
    )


@form
def _some(limit: Any) -> Select[Any]:
    """What waits, in no order: so the database need not look at all of it."""
    return _ROWS.where(outbox.c.tenant == ME, chats.c.tenant == ME, outbox.c.state == WAITING).limit(limit)


@form
def _pressed(now: Any, limit: Any) -> Select[Any]:
    mine = (outbox.c.tenant == ME, chats.c.tenant == ME)
    open_ = (outbox.c.state == WAITING, outbox.c.lane == PRESS, outbox.c.not_before <= now)
    return _ROWS.where(*mine, *open_).order_by(outbox.c.id).limit(limit)


def _is_in(row: Any, shares: Collection[Share]) -> bool:
    """Whether a row belongs to one of these shares."""
    return any(
        share.channel == row.channel
        and share.account == row.account
        and (share.of == 1 or part_number(row.chat_id, share.of) in share.parts)
        for share in shares
    )


def _unseal(tx: Tx, sealed: bytes) -> tuple[dict[str, Any], str]:
    """The message, and apart from it the trace it carries."""
    body: dict[str, Any] = tx.sealer.open_json(sealed)
    return body, str(body.pop("trace", ""))


def _awaited(
    tx: Tx, now: datetime, skip_chats: Sequence[int], shares: Collection[Share] | None, *, presses: bool
) -> Select[tuple[int, int]]:
    """(id, urgency) of what may go out now in the chats where somebody waits, in the order in which it should."""
    said = case((outbox.c.lane > PRESS, outbox.c.lane))
    ready_at = case((outbox.c.lane > PRESS, outbox.c.not_before), else_=0)
    chat = outbox.c.chat_id
    asked = outbox.alias("asked")
    open_ = (asked.c.tenant == tx.tenant, asked.c.state == WAITING, asked.c.lane.in_([PRESS, REPLY]))
    statement = select(
        outbox.c.id,
        outbox.c.lane,
        outbox.c.not_before,
        func.max(ready_at).over(partition_by=chat, order_by=outbox.c.id, rows=(None, 0)).label("free_at"),
        func.min(said).over(partition_by=chat, order_by=outbox.c.id, rows=(0, None)).label("said"),
    ).where(outbox.c.tenant == tx.tenant, outbox.c.state == WAITING, chat.in_(select(asked.c.chat_id).where(*open_)))
    if skip_chats:
        statement = statement.where(chat.not_in(list(skip_chats)))
    row = _shared(tx, statement, shares).subquery().c
    is_toast = row.lane == PRESS
    urgency = case((is_toast, PRESS), else_=row.said).label("urgency")
    may_go = case((is_toast, row.not_before), else_=row.free_at)
    first = PRESS if presses else REPLY
    return select(row.id, urgency).where(may_go <= now, urgency.between(first, REPLY)).order_by(urgency, row.id)


def _unawaited(
    tx: Tx, now: datetime, skip_chats: Sequence[int], shares: Collection[Share] | None, lane: int
) -> Select[tuple[int, int]]:
    """The same of one lane that nobody waits for, oldest first. It stops at the limit, however much waits."""
    row, other = outbox.c, outbox.alias("other")
    held_up = select(other.c.id).where(
        *_same_chat(tx, other), other.c.id < row.id, other.c.lane > PRESS, other.c.not_before > now
    )
    wanted = select(row.id, row.lane.label("urgency")).where(
        row.tenant == tx.tenant,
        row.state == WAITING,
        row.lane == lane,
        row.not_before <= now,
        ~held_up.exists(),
        ~_followed_by(tx, REPLY, lane - 1),
    )
    if skip_chats:
        wanted = wanted.where(row.chat_id.not_in(list(skip_chats)))
    return _shared(tx, wanted, shares).order_by(row.id)


def _before(tx: Tx, chat_ids: Collection[int]) -> Select[tuple[int, int]]:
    """What has time but stands before a notice in these chats: it goes with it, so that the chat's order is kept."""
    row = outbox.c
    return select(row.id, literal(NOTICE).label("urgency")).where(
        row.tenant == tx.tenant,
        row.state == WAITING,
        row.lane == LATER,
        row.chat_id.in_(list(chat_ids)),
        _followed_by(tx, NOTICE, NOTICE),
        ~_followed_by(tx, REPLY, REPLY),
    )


def _followed_by(tx: Tx, first: int, last: int) -> ColumnElement[bool]:
    """Whether a later message of the same chat is in one of these lanes."""
    other = outbox.alias()
    later = select(other.c.id).where(*_same_chat(tx, other), other.c.id > outbox.c.id)
    return later.where(other.c.lane.between(first, last)).exists()


def _same_chat(tx: Tx, other: FromClause) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.tenant == tx.tenant,
        other.c.tenant == tx.tenant,
        other.c.state == WAITING,
        other.c.chat_id == outbox.c.chat_id,
    )


def _shared(tx: Tx, statement: Select[Any], shares: Collection[Share] | None) -> Select[Any]:
    """Only the chats of these shares."""
    if shares is None:
        return statement
    mine = or_(*[_share(share) for share in shares])
    ours = (outbox.c.tenant == tx.tenant, chats.c.tenant == tx.tenant)
    found = select(chats.c.id).where(*ours, chats.c.id == outbox.c.chat_id, mine)
    return statement.where(found.exists())


def _share(share: Share) -> ColumnElement[bool]:
    ours = and_(chats.c.channel == share.channel, chats.c.account == share.account)
    return ours if share.of == 1 else ours & part_of(chats.c.id, share.of).in_(share.parts)


async def mark_sent(tx: Tx, row_id: int, chat_id: int, slot: str, ref: str, now: datetime) -> None:
    """The platform took it, and we keep no copy; the slot of the chat now points at the platform's message."""
    await tx.alter(outbox, {"id": row_id}, state=SENT, sent_at=now, ref=ref[:64], body_sealed=b"", user_key="")
    if slot and ref:
        await set_place(tx, chat_id, slot, ref, now)


async def last_sent(tx: Tx, chat_id: int, limit: int) -> list[datetime]:
    """When the last messages of a chat went out, answers to presses left aside: a chat's go out in order of their ids."""
    rows = await tx.all(
        select(outbox.c.sent_at)
        .where(outbox.c.tenant == tx.tenant, outbox.c.state == SENT, outbox.c.chat_id == chat_id, outbox.c.ref != "")
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [row.sent_at for row in rows if row.sent_at is not None]


async def postpone(tx: Tx, row_id: int, not_before: datetime, error: str) -> None:
    """Try again later."""
    await tx.run(
        update(outbox)
        .where(outbox.c.tenant == tx.tenant, outbox.c.id == row_id)
        .values(not_before=not_before, attempts=outbox.c.attempts + 1, error=error[:500])
    )


async def set_back(tx: Tx, now: datetime, beyond: datetime) -> int:
    """After our clock went back: what it said ahead of time, as `bring_back`; and what failed is tried again now when
    it was put off until later than `beyond`. How many."""
    moved = await bring_back(tx, now)
    failed = update(outbox).where(*_waits(tx), outbox.c.attempts > 0, outbox.c.not_before > beyond)
    return moved + await tx.run(failed.values(not_before=now))


async def bring_back(tx: Tx, now: datetime) -> int:
    """What was said at a moment that is yet to come waits as long as it should have, from now: its process had a clock
    ahead of ours, or ours went back. How many."""
    said, until = cast(outbox.c.created_at, BigInteger), cast(outbox.c.not_before, BigInteger)
    ahead = said - cast(bindparam("now", now, Moment()), BigInteger())
    early = update(outbox).where(*_waits(tx), outbox.c.created_at > now, outbox.c.attempts == 0)
    return await tx.run(early.values(not_before=until - ahead, created_at=now))


def _waits(tx: Tx) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.tenant == tx.tenant, outbox.c.state == WAITING


async def bury(tx: Tx, row_id: int, error: str) -> None:
    """This message can never be sent; it stays visible as a dead letter."""
    await tx.run(
        update(outbox).where(outbox.c.tenant == tx.tenant, outbox.c.id == row_id).values(state=DEAD, error=error[:500])
    )


async def hold(tx: Tx, row_id: int, error: str) -> None:
    """The platform lets nobody write to this person now: kept, to be said at their next contact."""
    await tx.run(
        update(outbox).where(outbox.c.tenant == tx.tenant, outbox.c.id == row_id).values(state=HELD, error=error[:500])
    )


async def held(tx: Tx, chat_id: int) -> list[tuple[int, datetime, dict[str, Any]]]:
    """(id, when it was said, body) of what a chat has not been told yet, oldest first."""
    rows = await tx.all(
        select(outbox.c.id, outbox.c.created_at, outbox.c.body_sealed)
        .where(
            outbox.c.tenant == tx.tenant,
            outbox.c.chat_id == chat_id,
            outbox.c.state == HELD,
            outbox.c.body_sealed != b"",
        )
        .order_by(outbox.c.id)
    )
    return [(r.id, r.created_at, _unseal(tx, r.body_sealed)[0]) for r in rows]


async def let_go(tx: Tx, ids: Collection[int]) -> None:
    """What was held is said in other words, or no more; we keep no copy."""
    if ids:
        await tx.run(
            update(outbox)
            .where(outbox.c.tenant == tx.tenant, outbox.c.id.in_(sorted(ids)))
            .values(state=REPLACED, body_sealed=b"")
        )


async def unsent_answers(tx: Tx, chat_id: int, now: datetime) -> list[tuple[int, str, dict[str, Any]]]:
    """(id, slot, body) of the answers of a chat that wait to ride on the platform's own request, in order.

    What is due already is the sender's.
    """
    o = outbox.c
    rows = await tx.all(
        select(o.id, o.slot, o.body_sealed)
        .where(o.tenant == tx.tenant, o.chat_id == chat_id, o.state == WAITING, o.lane <= REPLY)
        .where(o.attempts == 0, o.not_before > now)
        .order_by(o.id)
    )
    return [(r.id, r.slot, _unseal(tx, r.body_sealed)[0]) for r in rows]


async def send_now(tx: Tx, row_id: int, now: datetime, body: dict[str, Any] | None = None) -> None:
    """A message need not wait any longer; with `body`, it says this from now on."""
    new: dict[str, Any] = {"not_before": now}
    if body is not None:
        new["body_sealed"] = tx.sealer.seal_json(body)
    await tx.run(update(outbox).where(outbox.c.tenant == tx.tenant, outbox.c.id == row_id).values(**new))


async def revive(tx: Tx, chat_id: int, now: datetime) -> int:
    """Dead letters of a chat that is reachable again wait once more, unless their words were erased. How many."""
    return await tx.run(
        update(outbox)
        .where(
            outbox.c.tenant == tx.tenant,
            outbox.c.chat_id == chat_id,
            outbox.c.state == DEAD,
            outbox.c.body_sealed != b"",
        )
        .values(state=WAITING, not_before=now, attempts=0)
    )


@form_of("slot")
def _post(chat_id: Any, slot: Any) -> Select[Any]:
    return select(posts.c.ref).where(posts.c.tenant == ME, posts.c.chat_id == chat_id, posts.c.slot == slot)


def _ref(rows: Sequence[Any]) -> str | None:
    """What stands in a slot; None where nobody has held it yet."""
    return str(rows[0].ref) if rows else None


async def find_post(tx: Tx, chat_id: int, slot: str) -> str:
    """The platform's id of the message in a slot; empty when none was sent yet."""
    return _ref(await tx.all(_post(chat_id=chat_id, slot=slot))) or ""


@form_of("slot")
def _chats_with(slot: Any) -> Select[Any]:
    return select(posts.c.chat_id).where(posts.c.tenant == ME, posts.c.slot == slot)


async def chats_with_slot(tx: Tx, slot: str) -> list[int]:
    """Every chat where a message stands, or is about to stand, in this slot."""
    return [r.chat_id for r in await tx.all(_chats_with(slot=slot))]


_CHAT = [chats.c[name] for name in Chat._fields]


@form_of("slot")
def _rooms_and_slots(queue: Any, slot: Any) -> Select[Any]:
    own, had = rooms.c.queue == queue, posts.c.slot == slot
    found = select(rooms.c.chat_id).where(rooms.c.tenant == ME, own)
    found_too = select(posts.c.chat_id).where(posts.c.tenant == ME, had)
    is_own = exists().where(rooms.c.tenant == chats.c.tenant, own, rooms.c.chat_id == chats.c.id)
    ref = select(posts.c.ref).where(posts.c.tenant == chats.c.tenant, had, posts.c.chat_id == chats.c.id)
    asked = select(*_CHAT, is_own.label("own"), ref.scalar_subquery().label("ref"))
    return asked.where(chats.c.tenant == ME, among(chats.c.id, found.union_all(found_too))).order_by(chats.c.id)


async def rooms_and_slots(tx: Tx, queue: str, slot: str) -> tuple[list[Chat], list[Chat]]:
    """The rooms of a queue, and every chat where a message stands, or is about to stand, in this slot, oldest first."""
    rows = await tx.all(_rooms_and_slots(queue=queue, slot=slot))
    found = [(Chat._make(row[: len(_CHAT)]), row.own, row.ref) for row in rows]
    if tx.connection.dialect.name == "sqlite":  # elsewhere it is asked anew with the lock
        for chat, _, ref in found:
            tx.learn(_post(chat_id=chat.id, slot=slot), ref)
    return [chat for chat, own, _ in found if own], [chat for chat, _, ref in found if ref is not None]


async def backlog(tx: Tx) -> tuple[int, int]:
    """(messages waiting, dead letters)."""
    rows = await tx.all(
        select(outbox.c.state, func.count())
        .where(outbox.c.tenant == tx.tenant, outbox.c.state.in_([WAITING, DEAD]))
        .group_by(outbox.c.state)
    )
    counts = {r[0]: int(r[1]) for r in rows}
    return counts.get(WAITING, 0), counts.get(DEAD, 0)


@form
def _state(row_id: Any) -> Select[Any]:
    return select(outbox.c.state).where(outbox.c.tenant == ME, outbox.c.id == row_id)


async def is_waiting(tx: Tx, row_id: int) -> bool:
    """Whether a message is still to be sent."""
    row = await tx.one(_state(row_id=row_id))
    return row is not None and row.state == WAITING


@form
def _one_waiting(chat_id: Any) -> Select[Any]:
    mine = (outbox.c.tenant == ME, outbox.c.chat_id == chat_id)
    return select(outbox.c.id).where(*mine, outbox.c.state == WAITING).limit(1)


@form
def _first_waiting(channel: Any, account: Any, chat: Any) -> Select[Any]:
    there = (chats.c.tenant == ME, chats.c.channel == channel, chats.c.account == account, chats.c.chat == chat)
    mine = (outbox.c.tenant == ME, outbox.c.state == WAITING, outbox.c.chat_id.in_(select(chats.c.id).where(*there)))
    return select(outbox.c.chat_id).where(*mine).limit(1)


async def find_waiting(tx: Tx, channel: str, account: str, chat: str) -> int | None:
    """Our id of this chat of a platform while anything for it is still to be sent."""
    row = await tx.one(_first_waiting(channel=channel, account=account, chat=chat))
    return None if row is None else int(row.chat_id)


async def waits(tx: Tx, chat_id: int) -> bool:
    """Whether anything for this chat is still to be sent."""
    return await tx.one(_one_waiting(chat_id=chat_id)) is not None


@form
def _one_in_order(chat_id: Any) -> Select[Any]:
    mine = (outbox.c.tenant == ME, outbox.c.chat_id == chat_id, outbox.c.state == WAITING)
    return select(outbox.c.id).where(*mine, outbox.c.lane > PRESS).limit(1)


@form
def _some_in_order(limit: Any) -> Select[Any]:
    waits = (outbox.c.tenant == ME, outbox.c.state == WAITING)
    return select(outbox.c.chat_id).where(*waits, outbox.c.lane > PRESS).limit(limit)


def _chats_of(rows: Sequence[Any]) -> frozenset[int] | None:
    """The chats, if these are all that wait."""
    return frozenset([row.chat_id for row in rows]) if len(rows) <= HANDFUL else None


async def holds_up(tx: Tx, chat_id: int, *, anew: bool) -> bool:
    """Whether something waits for this chat after which all that is said now has to come.

    While little waits one question is enough for all chats: what others say meanwhile may come before or after. `anew`:
    not for a card, of which somebody may just have put another version there; on SQLite nobody can have.
    """
    if tx.connection.dialect.name == "sqlite" or not anew:
        chats_waiting = await tx.recall(_some_in_order(limit=HANDFUL + 1), _chats_of, lasting=True, stale=True)
        if chats_waiting is not None:
            return chat_id in chats_waiting
    question = _one_in_order(chat_id=chat_id)
    if anew and tx.connection.dialect.name != "sqlite":
        return bool(await tx.all(question))
    return await tx.recall(question, bool)
