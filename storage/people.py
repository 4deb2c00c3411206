"""People, how each is known on a channel, the chats they talk in, and the rooms that queues own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Select,
    String,
    Table,
    UniqueConstraint,
    Update,
    select,
)
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update

from storage.lists import among
from storage.plans import ME, form, form_with
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.seal import SealBroken
from storage.tx import Tx

TAIL = 4
"""Digits of a phone number that people remember and ask by."""
SEEN_EVERY = timedelta(minutes=1)
"""How late `chats.seen_at` may be while the person uses no other chat of theirs. Only the order of their chats is read."""

people = Table(
    "people",
    metadata,
    tenant_column(),
    id_column(),
    Column("created_at", Moment, nullable=False),
    Column("name_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_digest", String(64)),
    Column("tail_digest", String(64)),  # of the last digits of the phone number
    Column("last_place", JSON),
    Column("home_place", JSON),
    Column("erased_at", Moment),
    Index(None, "tenant", "phone_digest"),
    Index(None, "tenant", "tail_digest"),
)

identities = Table(
    "identities",
    metadata,
    tenant_column(),
    Column("channel", String(16), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("user_key", String(64), primary_key=True),
    Column("person_id", BigInteger, nullable=False),
    Index(None, "tenant", "person_id"),
)

chats = Table(
    "chats",
    metadata,
    tenant_column(),
    id_column(),
    Column("channel", String(16), nullable=False),
    Column("account", String(64), nullable=False),
    Column("chat", String(96), nullable=False),
    Column("thread", String(32), nullable=False),
    Column("is_group", Boolean, nullable=False),
    Column("person_id", BigInteger),  # whose private chat it is
    Column("title", String(200), nullable=False, default=""),
    Column("reachable", Boolean, nullable=False),
    Column("seen_at", Moment, nullable=False),
    UniqueConstraint("tenant", "channel", "account", "chat", "thread"),
    Index(None, "tenant", "person_id"),
)

rooms = Table(
    "rooms",
    metadata,
    tenant_column(),
    Column("queue", String(80), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True),
    Column("bound_by", BigInteger),
    Column("bound_at", Moment, nullable=False),
    Index(None, "tenant", "chat_id"),
)


class Person(NamedTuple):
    """Somebody who has written to us, opened from its seals."""

    id: int
    name: str
    phone: str
    last_place: dict[str, Any] | None
    home_place: dict[str, Any] | None
    erased_at: datetime | None


class Chat(NamedTuple):
    """A conversation on a channel: a private chat or a group."""

    id: int
    channel: str
    account: str
    chat: str
    thread: str
    is_group: bool
    person_id: int | None
    title: str
    reachable: bool


class _Mine(NamedTuple):
    """A private chat of somebody, and when they were there."""

    chat: Chat
    seen_at: datetime


def _person(tx: Tx, row: Any) -> Person:
    def opened(sealed: bytes | None) -> str:
        return tx.sealer.open(sealed) if sealed else ""

    return Person(
        row.id, opened(row.name_sealed), opened(row.phone_sealed), row.last_place, row.home_place, row.erased_at
    )


def _chat(row: Any) -> Chat:
    return Chat(
        row.id, row.channel, row.account, row.chat, row.thread, row.is_group, row.person_id, row.title, row.reachable
    )


@form
def _person_of(person_id: Any) -> Select[Any]:
    return select(people).where(people.c.tenant == ME, people.c.id == person_id)


async def get_person(tx: Tx, person_id: int) -> Person:
    """Raises LookupError for an unknown id."""
    found = await tx.recall(_person_of(person_id=person_id), lambda rows: [_person(tx, row) for row in rows])
    if not found:
        raise LookupError(f"no person {person_id}")
    return found[0]


def _known_as(channel: Any, account: Any, user_key: Any) -> Select[Any]:
    """Not a join: one that was planned while the tables were empty reads them whole, for each other's every row."""
    mine = (identities.c.tenant == ME, identities.c.channel == channel, identities.c.account == account)
    known = select(identities.c.person_id).where(*mine, identities.c.user_key == user_key)
    return select(people).where(people.c.tenant == ME, people.c.id == known.scalar_subquery())


_by_identity = form(_known_as)


@form
def _held_by_identity(channel: Any, account: Any, user_key: Any) -> Select[Any]:
    return _known_as(channel, account, user_key).with_for_update(of=people)


async def find_by_identity(tx: Tx, channel: str, account: str, user_key: str, *, lock: bool = False) -> Person | None:
    """Who this user of a channel is, if known. With `lock`, what they do waits for what they are doing elsewhere."""
    found = _met(tx, channel, account, user_key)
    if found is None:
        asked = _held_by_identity if lock else _by_identity
        row = await tx.one(asked(channel=channel, account=account, user_key=user_key))
        if row is None:
            return None
        found = _person(tx, row)
    tx.learn(_person_of(person_id=found.id), [found])
    return found


@form
def _ids_known_as(channel: Any, account: Any, user_keys: Any) -> Select[Any]:
    theirs = (identities.c.tenant == ME, identities.c.channel == channel, identities.c.account == account)
    return select(identities.c.user_key, identities.c.person_id).where(*theirs, among(identities.c.user_key, user_keys))


@form
def _held(person_ids: Any) -> Select[Any]:
    """In one order everywhere: two who hold the same people never wait for each other."""
    wanted = (people.c.tenant == ME, among(people.c.id, person_ids))
    return select(people).where(*wanted).order_by(people.c.id).with_for_update()


@form
def _chats_of(person_ids: Any) -> Select[Any]:
    theirs = (chats.c.tenant == ME, among(chats.c.person_id, person_ids), chats.c.is_group.is_(False))
    return select(chats).where(*theirs).order_by(chats.c.reachable.desc(), chats.c.seen_at.desc(), chats.c.id)


async def meet(tx: Tx, users: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], list[Chat]]:
    """Reads ahead who these (channel, account, user) are and their private chats, which are given by user. Each is held
    until the commit, as `find_by_identity` does with `lock`. Whoever is new is not among them.
    """
    by_account: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for channel, account, user_key in users:
        by_account[channel, account].add(user_key)
    ids: dict[tuple[str, str, str], int] = {}
    for (channel, account), keys in by_account.items():
        asked = _ids_known_as(channel=channel, account=account, user_keys=sorted(keys))
        ids |= {(channel, account, row.user_key): int(row.person_id) for row in await tx.all(asked)}
    if not ids:
        return {}
    wanted = sorted(set(ids.values()))
    known = {(row.id,): [_person(tx, row)] for row in await tx.all(_held(person_ids=wanted))}
    mine: dict[tuple[Any, ...], list[Any]] = {person_id: [] for person_id in known}
    for row in await tx.all(_chats_of(person_ids=wanted)):
        mine[row.person_id,].append(_Mine(_chat(row), row.seen_at))
    met = {user: person_id for user, person_id in ids.items() if (person_id,) in known}
    tx.read_ahead(identities, ("channel", "account", "user_key"), {user: [found] for user, found in met.items()})
    tx.read_ahead(people, ("id",), known)
    tx.read_ahead(chats, ("person_id",), mine)
    return {user: [one.chat for one in mine[person_id,]] for user, person_id in met.items()}


def _met(tx: Tx, channel: str, account: str, user_key: str) -> Person | None:
    """Somebody who was read ahead and is still as they were."""
    person_id = tx.ahead(identities, channel, account, user_key)
    found = tx.ahead(people, person_id[0]) if person_id else None
    return found[0] if found else None


async def lock_person(tx: Tx, person_id: int) -> None:
    """Whoever else locks this person waits until this transaction ends. SQLite has one writer anyway."""
    await tx.lock(people, person_id)


async def add_person(tx: Tx, channel: str, account: str, user_key: str, name: str, now: datetime) -> Person:
    """A new person known by one identity; the known one when somebody else has just added the same identity."""
    person_id = tx.ids.new()
    sealed = tx.sealer.seal(name) if name else None
    identity = {"tenant": tx.tenant, "channel": channel, "account": account, "user_key": user_key}
    if not await tx.put(identities, {**identity, "person_id": person_id}, on=tuple(identity)):
        known = await find_by_identity(tx, channel, account, user_key, lock=True)
        if known is None:
            raise LookupError(f"the person behind a known identity of {channel} is gone")
        return known
    await tx.add(people, [{"tenant": tx.tenant, "id": person_id, "created_at": now, "name_sealed": sealed}])
    tx.learn(_private_chats(person_id=person_id), [])
    return Person(person_id, name, "", None, None, None)


async def add_known(tx: Tx, book: str, name: str, phone: str, home: dict[str, Any] | None, now: datetime) -> int:
    """Somebody whom only a list names, with no chat of their own; their id. `book` says which list, as an identity.

    They are found by the phone number like everybody else. Without a number nothing tells two of them apart.
    """
    person_id = tx.ids.new()
    key = {"tenant": tx.tenant, "channel": "book", "account": book, "user_key": str(person_id)}
    await tx.put(identities, {**key, "person_id": person_id}, on=tuple(key))
    row = {
        "tenant": tx.tenant,
        "id": person_id,
        "created_at": now,
        "name_sealed": tx.sealer.seal(name) if name else None,
        "phone_sealed": tx.sealer.seal(phone) if phone else None,
        "phone_digest": tx.sealer.digest(phone) if phone else None,
        "tail_digest": tx.sealer.digest(tail_of(phone)) if phone else None,
        "home_place": home,
    }
    await tx.add(people, [row])
    return person_id


async def with_phones(tx: Tx, phones: Sequence[str]) -> dict[str, int]:
    """Who has which of these phone numbers; of several people the one who came first."""
    by_digest = {digest: phone for phone in phones if phone for digest in tx.sealer.digests(phone)}
    digests, found = list(by_digest), dict[str, int]()
    for start in range(0, len(digests), 500):
        asked = select(people.c.id, people.c.phone_digest).where(
            people.c.tenant == tx.tenant, people.c.phone_digest.in_(digests[start : start + 500])
        )
        for row in await tx.all(asked.order_by(people.c.id)):
            found.setdefault(by_digest[row.phone_digest], int(row.id))
    return found


async def fill_tails(tx: Tx, after: int, limit: int) -> int | None:
    """Gives the people after an id, who have a phone number but no digest of its last digits, that digest.

    The last id that was done; None when nobody is left. Whom nobody can open any more is passed over.
    """
    p = people.c
    lacking = (p.tenant == tx.tenant, p.id > after, p.phone_sealed.is_not(None), p.tail_digest.is_(None))
    rows = await tx.all(select(p.id, p.phone_sealed).where(*lacking).order_by(p.id).limit(limit).with_for_update())
    for row in rows:
        try:
            digest = tx.sealer.digest(tail_of(tx.sealer.open(row.phone_sealed)))
        except SealBroken:
            continue
        await tx.alter(people, {"id": row.id, "tail_digest": None}, tail_digest=digest)
    return int(rows[-1].id) if rows else None


async def add_identity(tx: Tx, channel: str, account: str, user_key: str, person_id: int) -> int:
    """The person is known by this account too. Whose it is from now on: theirs, or whoever had it before."""
    values = {"channel": channel, "account": account, "user_key": user_key}
    statement = tx.insert(identities).values(tenant=tx.tenant, person_id=person_id, **values)
    keys = ["tenant", "channel", "account", "user_key"]
    if await tx.run(statement.on_conflict_do_nothing(index_elements=keys)):
        return person_id
    known = await find_by_identity(tx, channel, account, user_key)
    return person_id if known is None else known.id


async def identities_of(tx: Tx, person_id: int) -> list[tuple[str, str, str]]:
    """Every (channel, account, user) a person is known by."""
    rows = await tx.all(select(identities).where(identities.c.tenant == tx.tenant, identities.c.person_id == person_id))
    return [(r.channel, r.account, r.user_key) for r in rows]


async def _set(tx: Tx, person_id: int, **values: Any) -> None:
    await tx.alter(people, {"id": person_id}, **values)


async def set_name(tx: Tx, person_id: int, name: str) -> None:
    """Keeps the name, sealed."""
    await _set(tx, person_id, name_sealed=tx.sealer.seal(name[:60]) if name else None)


async def set_phone(tx: Tx, person_id: int, phone: str) -> None:
    """Keeps the phone number, sealed, with a digest to find it by."""
    await _set(
        tx,
        person_id,
        phone_sealed=tx.sealer.seal(phone) if phone else None,
        phone_digest=tx.sealer.digest(phone) if phone else None,
        tail_digest=tx.sealer.digest(tail_of(phone)) if phone else None,
    )


def tail_of(phone: str) -> str:
    """What the digest of the last digits is made of; no whole number has such a form."""
    return f"tail:{phone[-TAIL:]}"


async def with_tail(tx: Tx, digits: str, limit: int = 200) -> list[int]:
    """The people whose phone number ends with these `TAIL` digits."""
    rows = await tx.all(
        select(people.c.id)
        .where(people.c.tenant == tx.tenant, people.c.tail_digest.in_(tx.sealer.digests(tail_of(digits))))
        .order_by(people.c.id)
        .limit(limit)
    )
    return [int(r.id) for r in rows]


async def set_last_place(tx: Tx, person_id: int, place: dict[str, Any]) -> None:
    """The place of the person's last report, offered next time."""
    person = await get_person(tx, person_id)
    if person.last_place != place:
        await _set(tx, person_id, last_place=place)
        tx.learn(_person_of(person_id=person_id), [person._replace(last_place=place)])


async def erase(tx: Tx, person_id: int, now: datetime) -> None:
    """Forgets everything that identifies a person; the row stays so that counts and the ledger still agree."""
    await _set(
        tx,
        person_id,
        name_sealed=None,
        phone_sealed=None,
        phone_digest=None,
        tail_digest=None,
        last_place=None,
        home_place=None,
        erased_at=now,
    )


@form
def _chat_at(channel: Any, account: Any, chat: Any, thread: Any) -> Select[Any]:
    return select(chats).where(
        chats.c.tenant == ME,
        chats.c.channel == channel,
        chats.c.account == account,
        chats.c.chat == chat,
        chats.c.thread == thread,
    )


async def find_chat(tx: Tx, channel: str, account: str, chat: str, thread: str = "") -> Chat | None:
    """The chat with this platform id."""
    row = await tx.one(_chat_at(channel=channel, account=account, chat=chat, thread=thread))
    return None if row is None else _chat(row)


@form
def _chat_of(chat_id: Any) -> Select[Any]:
    return select(chats).where(chats.c.tenant == ME, chats.c.id == chat_id)


async def get_chat(tx: Tx, chat_id: int) -> Chat:
    """Raises LookupError for an unknown id."""
    row = await tx.one(_chat_of(chat_id=chat_id))
    if row is None:
        raise LookupError(f"no chat {chat_id}")
    return _chat(row)


async def add_chat(
    tx: Tx,
    *,
    channel: str,
    account: str,
    chat: str,
    thread: str,
    is_group: bool,
    person_id: int | None,
    title: str,
    now: datetime,
) -> Chat:
    """A chat seen for the first time, reachable, because somebody is there; the known one when it was just added."""
    chat_id = tx.ids.new()
    row = {
        "tenant": tx.tenant,
        "id": chat_id,
        "channel": channel,
        "account": account,
        "chat": chat,
        "thread": thread,
        "is_group": is_group,
        "person_id": person_id,
        "title": title[:200],
        "reachable": True,
        "seen_at": now,
    }
    if not await tx.put(chats, row, on=("tenant", "channel", "account", "chat", "thread")):
        known = await find_chat(tx, channel, account, chat, thread)
        if known is None:
            raise LookupError(f"a known chat of {channel} is gone")
        return known
    return Chat(chat_id, channel, account, chat, thread, is_group, person_id, title[:200], True)


async def own_chat(tx: Tx, chat_id: int, person_id: int) -> None:
    """The private chat is this person's from now on: whoever had it before is forgotten."""
    await tx.run(
        sql_update(chats).where(chats.c.tenant == tx.tenant, chats.c.id == chat_id).values(person_id=person_id)
    )


@form
def _enter(channel: Any, account: Any, chat: Any, thread: Any, now: Any) -> Update:
    here = (chats.c.channel == channel, chats.c.account == account, chats.c.chat == chat, chats.c.thread == thread)
    seen = sql_update(chats).where(chats.c.tenant == ME, *here).values(reachable=True, seen_at=now)
    return seen.returning(*[chats.c[name] for name in Chat._fields])


async def enter_chat(
    tx: Tx, channel: str, account: str, chat: str, thread: str, now: datetime, *, person_id: int | None = None
) -> Chat | None:
    """`find_chat` when somebody wrote there: it is reachable, and the person's latest.

    With `person_id`, whoever writes in private and is held: while it is their latest anyway, that is not written again
    at each message.
    """
    mine = await _mine(tx, person_id) if person_id is not None else []
    here = next((one for one in mine if one.chat[1:5] == (channel, account, chat, thread)), None)
    if here is not None:
        if here is not mine[0] or not here.chat.reachable or not timedelta() <= now - here.seen_at < SEEN_EVERY:
            await touch_chat(tx, here.chat, now)
        return here.chat._replace(reachable=True)
    row = await tx.one(_enter(channel=channel, account=account, chat=chat, thread=thread, now=now))
    return None if row is None else _chat(row)


async def touch_chat(tx: Tx, chat: Chat, now: datetime) -> None:
    """Somebody is in their private chat now: it is reachable, and the one they used last."""
    await tx.alter(chats, {"id": chat.id, "person_id": chat.person_id}, reachable=True, seen_at=now)


async def set_reachable(tx: Tx, chat_id: int, reachable: bool) -> None:
    """What the platform last said about writing to this chat."""
    await tx.run(
        sql_update(chats).where(chats.c.tenant == tx.tenant, chats.c.id == chat_id).values(reachable=reachable)
    )


async def migrate_chat(tx: Tx, channel: str, account: str, old: str, new: str) -> int:
    """A group got a new platform id: every thread of it moves along. The number of chats moved."""
    return await tx.run(
        sql_update(chats)
        .where(
            chats.c.tenant == tx.tenant,
            chats.c.channel == channel,
            chats.c.account == account,
            chats.c.chat == old,
        )
        .values(chat=new, reachable=True)
    )


async def chats_with_platform_id(tx: Tx, channel: str, account: str, chat: str) -> list[Chat]:
    """A group and all its forum topics."""
    rows = await tx.all(
        select(chats).where(
            chats.c.tenant == tx.tenant, chats.c.channel == channel, chats.c.account == account, chats.c.chat == chat
        )
    )
    return [_chat(r) for r in rows]


@form
def _private_chats(person_id: Any) -> Select[Any]:
    mine = (chats.c.tenant == ME, chats.c.person_id == person_id, chats.c.is_group.is_(False))
    return select(chats).where(*mine).order_by(chats.c.reachable.desc(), chats.c.seen_at.desc(), chats.c.id)


async def find_private_chat(tx: Tx, person_id: int) -> Chat | None:
    """Where to write to a person: the reachable private chat used last, else the last one used at all."""
    found = await private_chats(tx, person_id)
    return found[0] if found else None


async def private_chats(tx: Tx, person_id: int) -> list[Chat]:
    """Every private chat of a person: reachable ones first, the one used last before the others."""
    return [one.chat for one in await _mine(tx, person_id)]


async def _mine(tx: Tx, person_id: int) -> list[_Mine]:
    asked = _private_chats(person_id=person_id)
    read_ahead = tx.ahead(chats, person_id)
    if read_ahead is not None:
        tx.learn(asked, read_ahead)
    return await tx.recall(asked, lambda rows: [_Mine(_chat(row), row.seen_at) for row in rows])


@form_with("person_ids")
def _all_of(person_ids: Any) -> Select[Any]:
    return select(people).where(people.c.tenant == ME, people.c.id.in_(person_ids))


@form_with("person_ids")
def _private_chats_of(person_ids: Any) -> Select[Any]:
    theirs = (chats.c.tenant == ME, chats.c.person_id.in_(person_ids), chats.c.is_group.is_(False))
    return select(chats).where(*theirs).order_by(chats.c.reachable.desc(), chats.c.seen_at.desc(), chats.c.id)


async def foresee(tx: Tx, person_ids: Collection[int], with_chats: Collection[int]) -> None:
    """`get_person` of these, and `private_chats` of those, asked together."""
    for row in await tx.all(_all_of(person_ids=list(person_ids))):
        tx.learn(_person_of(person_id=row.id), [_person(tx, row)], lasting=True)
    found: dict[int, list[_Mine]] = {person_id: [] for person_id in with_chats}
    for row in await tx.all(_private_chats_of(person_ids=list(with_chats))):
        found[row.person_id].append(_Mine(_chat(row), row.seen_at))
    for person_id, theirs in found.items():
        tx.learn(_private_chats(person_id=person_id), theirs, lasting=True)


async def bind_room(tx: Tx, queue: str, chat_id: int, by: int | None, now: datetime) -> bool:
    """Makes a chat a room of a queue. False when it already was. A chat serves one queue: a former one is unbound."""
    await tx.lock(chats, chat_id)
    if queue in await queues_of_chat(tx, chat_id):
        return False
    await unbind_chat(tx, chat_id)
    await tx.run(rooms.insert().values(tenant=tx.tenant, queue=queue, chat_id=chat_id, bound_by=by, bound_at=now))
    return True


async def unbind_chat(tx: Tx, chat_id: int) -> int:
    """The chat is nobody's room any more."""
    return await tx.run(sql_delete(rooms).where(rooms.c.tenant == tx.tenant, rooms.c.chat_id == chat_id))


@form
def _queues_of(chat_id: Any) -> Select[Any]:
    return select(rooms.c.queue).where(rooms.c.tenant == ME, rooms.c.chat_id == chat_id)


async def queues_of_chat(tx: Tx, chat_id: int) -> list[str]:
    """The queue a chat is the room of; empty or one."""
    return [r.queue for r in await tx.all(_queues_of(chat_id=chat_id))]


@form_with("queues")
def _rooms(queues: Any) -> Select[Any]:
    return (
        select(chats)
        .join(rooms, (rooms.c.tenant == chats.c.tenant) & (rooms.c.chat_id == chats.c.id))
        .where(rooms.c.tenant == ME, chats.c.tenant == ME, rooms.c.queue.in_(queues))
    )


async def rooms_of(tx: Tx, queues: Sequence[str]) -> list[Chat]:
    """The group chats of some queues, reachable or not, the oldest first."""
    rows = await tx.all(_rooms(queues=list(queues)))  # sorted here: for the order SQLite would read every chat
    return sorted([_chat(r) for r in rows], key=lambda chat: chat.id)
