"""The web chat's own books: posts of each chat, browser sessions, and which files a chat may see.

It is a small chat platform beside the records: no request, wish or person of the core is kept here.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Label,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from storage import jsontext
from storage.database import Database
from storage.ids import Ids
from storage.plans import ME, Filled, form, form_with
from storage.rows import Row
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.seal import Sealer
from storage.tx import Store, Tx

OVERLAP = 5_000 << 22
"""Cursor distance of five seconds: a slower process may commit a lower cursor that much later."""

KNOWN_FOR = 5.0
"""Seconds for which this process goes by what it has read of a session."""
_MOST_KNOWN = 20_000

web_posts = Table(
    "web_posts",
    metadata,
    tenant_column(),
    id_column(),
    Column("chat", String(160), nullable=False),  # u:<user> or r:<queue>
    Column("direction", String(3), nullable=False),  # in: a person wrote it; out: the program did
    Column("author", String(80), nullable=False),
    Column("name", Text, nullable=False),  # sealed
    Column("text", Text, nullable=False),  # sealed
    Column("keys", JSON, nullable=False),  # sealed
    Column("media", JSON, nullable=False),
    Column("geo", JSON, nullable=False),  # sealed
    Column("reply_to", String(20), nullable=False),
    Column("link", Text, nullable=False),
    Column("asks", Boolean, nullable=False),
    Column("pressed", String(120), nullable=False),
    Column("client_id", String(64)),
    Column("changed", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("edited_at", Moment),
    Column("seen_at", Moment),
    UniqueConstraint("tenant", "author", "client_id"),
    Index(None, "tenant", "chat", "id"),
    Index(None, "tenant", "chat", "changed"),
    Index(None, "tenant", "changed"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    tenant_column(),
    Column("secret_hash", String(64), primary_key=True),
    Column("user", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index(None, "tenant", "user"),
)

web_files = Table(
    "web_files",
    metadata,
    tenant_column(),
    Column("ref", String(64), primary_key=True),
    Column("chat", String(160), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("mime", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
)


def private_chats(users: Iterable[str]) -> list[str]:
    """The chats that these users have to themselves, as `web_posts.chat` names them."""
    return [f"u:{user}" for user in users]


@dataclass(frozen=True)
class WebFile:
    """A kept file as a chat shows it. `duration` is seconds, voice only."""

    ref: str
    kind: str
    mime: str
    size: int
    duration: int = 0


@dataclass(frozen=True)
class Post:
    """One message in one chat. `changed` grows with every change: it is the cursor of whoever follows the chat."""

    chat: str
    direction: str
    author: str = ""
    name: str = ""
    text: str = ""
    keys: list[list[dict[str, str]]] = field(default_factory=list)
    media: list[dict[str, Any]] = field(default_factory=list)
    geo: dict[str, float] = field(default_factory=dict)
    reply_to: str = ""
    link: str = ""
    asks: bool = False
    pressed: str = ""
    client_id: str | None = None
    id: int = 0
    changed: int = 0
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    edited_at: datetime | None = None
    seen_at: datetime | None = None


_SEALED = frozenset({"text", "name", "keys", "geo"})
_VALUES = frozenset({"keys", "geo"})
"""Sealed as JSON values; an empty one stays as it is."""


_CONTENTS = ("text", "keys", "link", "asks", "name", "pressed", "changed", "edited_at")
"""What a new version of a post brings; the rest is as it was."""
_LASTING = tuple([c.name for c in web_posts.c if c.name not in ("tenant", "chat", "id", *_CONTENTS)])
_JSON = frozenset(column.name for column in web_posts.c if isinstance(column.type, JSON))
_END = (1 << 63) - 1
_OPENED = 2_000
"""Posts that a process keeps as it has opened or written them last."""
_WHOLE = select(
    *[type_coerce(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in web_posts.c if c.name != "tenant"]
)
"""Posts as they are stored: most are known and need not be read out again."""


def _end(chat: Any) -> Label[Any]:
    """The cursor of the last change in a chat."""
    there = web_posts.alias("there")
    newest = select(func.max(there.c.changed)).where(there.c.tenant == ME, there.c.chat == chat)
    return newest.scalar_subquery().label("end")


@form
def _found(chat: Any, post: Any) -> Select[Any]:
    return _WHOLE.where(web_posts.c.tenant == ME, web_posts.c.chat == chat, web_posts.c.id == post)


def _between(chat: Any, after: Any, before: Any) -> Select[Any]:
    here = (web_posts.c.tenant == ME, web_posts.c.chat == chat)
    return _WHOLE.add_columns(_end(chat)).where(*here, web_posts.c.id > after, web_posts.c.id < before)


@form
def _first(chat: Any, after: Any, before: Any, limit: Any) -> Select[Any]:
    return _between(chat, after, before).order_by(web_posts.c.id).limit(limit)


@form
def _last(chat: Any, after: Any, before: Any, limit: Any) -> Select[Any]:
    return _between(chat, after, before).order_by(web_posts.c.id.desc()).limit(limit)


@form
def _changes(chat: Any, cursor: Any, limit: Any) -> Select[Any]:
    news = (web_posts.c.tenant == ME, web_posts.c.chat == chat, web_posts.c.changed > cursor)
    return _WHOLE.where(*news).order_by(web_posts.c.changed).limit(limit)


@form
def _last_by(chat: Any, author: Any) -> Select[Any]:
    theirs = (web_posts.c.chat == chat, web_posts.c.author == author, web_posts.c.direction == "in")
    return _WHOLE.where(web_posts.c.tenant == ME, *theirs).order_by(web_posts.c.id.desc()).limit(1)


@form
def _sent(author: Any, client_id: Any) -> Select[Any]:
    return _WHOLE.where(web_posts.c.tenant == ME, web_posts.c.author == author, web_posts.c.client_id == client_id)


@form
def _newest(chat: Any) -> Select[Any]:
    return select(_end(chat))


@form
def _session(secret_hash: Any) -> Select[Any]:
    mine = (web_sessions.c.tenant == ME, web_sessions.c.secret_hash == secret_hash)
    return select(web_sessions.c.user, web_sessions.c.seen_at).where(*mine)


@form_with("posts")
def _held(posts: Any) -> Select[Any]:
    """What a new version keeps. Locked in the order of their ids, in which others mark them as seen."""
    kept = [web_posts.c[name] for name in ("id", "chat", *_LASTING)]
    mine = select(*kept).where(web_posts.c.tenant == ME, web_posts.c.id.in_(posts))
    return mine.order_by(web_posts.c.id).with_for_update()


_REWRITE = (
    update(web_posts)
    .where(web_posts.c.tenant == bindparam("own"), web_posts.c.id == bindparam("post"))
    .values({name: bindparam(f"v_{name}", type_=web_posts.c[name].type) for name in _CONTENTS})
)
_SEEN = (
    update(web_posts)
    .where(web_posts.c.tenant == bindparam("own"), web_posts.c.id == bindparam("post"), web_posts.c.seen_at.is_(None))
    .values(seen_at=bindparam("at"))
)


class WebPosts:
    """Posts of all chats of one tenant."""

    def __init__(self, db: Database, ids: Ids, sealer: Sealer) -> None:
        self._db = db
        self._store = Store(db, ids, sealer)
        self._ids = ids
        self._sealer = sealer
        self._mine = web_posts.c.tenant == db.tenant
        self._opened: OrderedDict[int, Post] = OrderedDict()
        """By id, the last written or read last; what is stored under another cursor is another version."""

    def cursor(self) -> int:
        """A cursor that lies after everything this process has written so far."""
        return self._ids.new()

    async def add(self, post: Post) -> Post:
        """Writes a new post and gives it id, cursor and time. The same author and client id again: the first post."""
        made = self.numbered(post)
        async with self._store.write() as tx:
            if await self.add_once(tx, made):
                return made
        known = await self._find_sent(post)
        if known is None:
            raise LookupError("a post that was known is gone")
        return known

    def numbered(self, post: Post) -> Post:
        """The post with id, cursor and time, not yet written."""
        number = self._ids.new()
        return replace(post, id=number, changed=number, created_at=datetime.now(UTC))

    async def add_once(self, tx: Tx, post: Post) -> bool:
        """Writes a numbered post with whatever else the transaction changes. False: this author has used its client id."""
        self._remember(post)
        row = {"tenant": tx.tenant, **self._sealed(vars(post))}
        return await tx.put(web_posts, row, on=("tenant", "author", "client_id")) > 0

    async def add_with(self, tx: Tx, posts: Sequence[Post]) -> None:
        """Writes new posts, which have their ids and times, with whatever else the transaction changes."""
        for post in posts:
            self._remember(post)
        await tx.add(web_posts, [{"tenant": tx.tenant, **self._sealed(vars(post))} for post in posts])

    async def change_with(self, tx: Tx, chat: str, post: int, **values: Any) -> bool:
        """`change` with whatever else the transaction changes; `changed` is among the values. False: no such post."""
        return await tx.alter(web_posts, {"chat": chat, "id": post}, **self._sealed(values)) > 0

    async def change_known(self, tx: Tx, known: Post, **values: Any) -> bool:
        """The same for a post as `known` has it. False: it stands there in another version, or not any more."""
        where = {"chat": known.chat, "id": known.id, "changed": known.changed}
        return await tx.alter(web_posts, where, **self._sealed(values)) > 0

    async def rewrite_with(self, tx: Tx, contents: Mapping[int, Mapping[str, Any]]) -> list[Post]:
        """New contents of posts by id, each with its chat and all of `_CONTENTS`, with whatever else the transaction
        changes; the posts as they stand then, without those that are there no more."""
        found = await tx.all(_held(posts=sorted(contents))) if contents else []
        made = []
        for row in found:
            new = contents[row.id]
            if new["chat"] != row.chat:
                continue
            given = {f"v_{name}": value for name, value in self._sealed({k: new[k] for k in _CONTENTS}).items()}
            tx.change_later(web_posts, _REWRITE, {"own": tx.tenant, "post": row.id, **given}, key=(row.id,))
            values = {k: getattr(row, k) for k in _LASTING}
            lasting = {k: self._open(k, v) if k in _SEALED and v else v for k, v in values.items()}
            made.append(Post(id=row.id, **lasting, **new))
            self._remember(made[-1])
        return made

    def find_known(self, chat: str, post: int) -> Post | None:
        """The post as this process has seen it last, which may be an earlier version of it."""
        known = self._opened.get(post)
        return known if known is not None and known.chat == chat else None

    async def change(self, chat: str, post: int, **values: Any) -> Post | None:
        """Replaces columns of a post and moves it to the end of the cursor. None: no such post in the chat."""
        async with self._store.write() as tx:
            new = {"changed": self._ids.new(), **self._sealed(values)}
            if not await tx.alter(web_posts, {"chat": chat, "id": post}, **new):
                return None
            row = await tx.one(_found(chat=chat, post=post))
        return self._post(row) if row else None

    async def find(self, chat: str, post: int) -> Post | None:
        """One post of one chat."""
        rows = await self._read(_found(chat=chat, post=post))
        return rows[0] if rows else None

    async def page(self, chat: str, *, after: int = 0, before: int | None = None, limit: int = 50) -> list[Post]:
        """Posts of a chat, oldest first: the first `limit` after an id, or else the last `limit` (before an id)."""
        async with self._store.read() as tx:
            return self._posts(await self._page(tx, chat, after, before, limit))

    async def page_and_end(
        self, chat: str, *, after: int, before: int | None, changed_after: int | None, limit: int
    ) -> tuple[list[Post], int]:
        """`page`, or `changes` where a cursor is given; and `newest`, as it was not later than that."""
        async with self._store.read() as tx:
            if changed_after is None:
                rows = await self._page(tx, chat, after, before, limit)
                if rows:
                    return self._posts(rows), rows[0].end
            end = await self._newest(tx, chat)
            if changed_after is not None:
                return await self._all(tx, _changes(chat=chat, cursor=changed_after, limit=limit)), end
            return self._posts(await self._page(tx, chat, after, before, limit)), end

    async def _page(self, tx: Tx, chat: str, after: int, before: int | None, limit: int) -> list[Row]:
        upper = before if before is not None else _END
        if after > 0 and before is None:
            return await tx.all(_first(chat=chat, after=after, before=upper, limit=limit))
        return (await tx.all(_last(chat=chat, after=after, before=upper, limit=limit)))[::-1]

    async def changes(self, chat: str, cursor: int, limit: int = 200) -> list[Post]:
        """Posts of a chat that were written or changed after the cursor, in that order."""
        return await self._read(_changes(chat=chat, cursor=cursor, limit=limit))

    async def newest(self, chat: str) -> int:
        """The cursor of the last change in a chat, 0 when nothing was written."""
        async with self._store.read() as tx:
            return await self._newest(tx, chat)

    async def _newest(self, tx: Tx, chat: str) -> int:
        row = await tx.one(_newest(chat=chat))
        return row[0] or 0 if row else 0

    async def last_by(self, chat: str, author: str) -> Post | None:
        """The newest post a person wrote in a chat."""
        rows = await self._read(_last_by(chat=chat, author=author))
        return rows[0] if rows else None

    async def changed_chats(self, cursor: int) -> set[str]:
        """The chats with anything newer than the cursor."""
        statement = select(web_posts.c.chat).where(self._mine, web_posts.c.changed > cursor).distinct()
        async with self._db.look() as connection:
            return {row[0] for row in (await connection.execute(statement)).all()}

    async def mark_seen(self, posts: Iterable[int], now: datetime) -> None:
        """Notes that the person has been shown these posts. What was seen before keeps its time."""
        wanted = [{"own": self._db.tenant, "post": post, "at": now} for post in sorted(posts)]
        if wanted:
            async with self._db.change() as connection:
                await connection.execute(
                    _SEEN, wanted
                )  # one by one in order: in another, two would wait for each other

    async def count_unseen(self, chat: str) -> int:
        """How many posts of the program nobody has fetched yet."""
        wanted = (web_posts.c.chat == chat, web_posts.c.direction == "out", web_posts.c.seen_at.is_(None))
        async with self._db.look() as connection:
            return int((await connection.execute(select(func.count()).where(self._mine, *wanted))).scalar_one())

    async def erase(self, user: str) -> None:
        """Removes the person's private chat, and empties what they wrote in rooms."""
        gone = {"text": "", "name": "", "media": [], "geo": {}, "changed": self._ids.new()}
        async with self._db.change() as connection:
            await connection.execute(delete(web_posts).where(self._mine, web_posts.c.chat == f"u:{user}"))
            await connection.execute(update(web_posts).where(self._mine, web_posts.c.author == user).values(**gone))
        self._opened.clear()

    def _sealed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The columns with what people said, where they are and what they are called, sealed."""
        return {k: self._seal(k, v) if k in _SEALED and v else v for k, v in values.items()}

    def _seal(self, column: str, value: Any) -> str:
        return (self._sealer.seal_json(value) if column in _VALUES else self._sealer.seal(value)).decode()

    def _open(self, column: str, sealed: str) -> Any:
        return self._sealer.open_json(sealed.encode()) if column in _VALUES else self._sealer.open(sealed.encode())

    def _post(self, row: Row) -> Post:
        """The post of a row of `_WHOLE`. What was seen is written without a new cursor."""
        known = self._opened.get(row.id)
        if known is None or known.changed != row.changed:
            known = Post(**{k: self._read_out(k, v) for k, v in row._mapping.items() if k != "end"})
        elif known.seen_at != row.seen_at:
            known = replace(known, seen_at=row.seen_at)
        self._remember(known)
        return known

    def _read_out(self, column: str, stored: Any) -> Any:
        is_text = column in _JSON and self._db.is_sqlite  # PostgreSQL's driver reads it itself
        value = jsontext.read(stored) if is_text else stored
        return self._open(column, value) if column in _SEALED and value else value

    def _remember(self, post: Post) -> None:
        self._opened[post.id] = post
        self._opened.move_to_end(post.id)
        if len(self._opened) > _OPENED:
            self._opened.popitem(last=False)

    async def _find_sent(self, post: Post) -> Post | None:
        if post.client_id is None:
            return None
        rows = await self._read(_sent(author=post.author, client_id=post.client_id))
        return rows[0] if rows else None

    async def _read(self, asked: Filled) -> list[Post]:
        async with self._store.read() as tx:
            return await self._all(tx, asked)

    async def _all(self, tx: Tx, asked: Filled) -> list[Post]:
        return self._posts(await tx.all(asked))

    def _posts(self, rows: list[Row]) -> list[Post]:
        return [self._post(row) for row in rows]


class WebSessions:
    """Browser sessions: only a hash of the secret is kept. One instance a process.

    Whose session it is, is known for `KNOWN_FOR` seconds without asking: what this process ends is over at once, what
    another one ends, within that time (decision 0022). That there is no such session is never remembered.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._mine = web_sessions.c.tenant == db.tenant
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """By the secret's hash: the user, and until when."""
        self._ended = 0

    async def open(self, user: str, now: datetime) -> str:
        """Starts a session for a person and returns its secret, 256 random bits."""
        secret = secrets.token_urlsafe(32)
        row = {"tenant": self._db.tenant, "secret_hash": _hash(secret), "user": user, "created_at": now, "seen_at": now}
        async with self._db.change() as connection:
            await connection.execute(insert(web_sessions).values(**row))
        return secret

    async def find_user(self, secret: str, now: datetime) -> str | None:
        """Whose session it is. The time it was last seen is noted once a day."""
        digest, ended = _hash(secret), self._ended
        user, until = self._known.get(digest, ("", 0.0))
        if time.monotonic() < until:
            return user
        asked = _session(secret_hash=digest)
        asked.values["me"] = self._db.tenant
        async with self._db.look() as connection:
            row = (await connection.run(asked)).one_or_none()
        if row is None:
            return None
        if now - row.seen_at > timedelta(days=1):
            where = (self._mine, web_sessions.c.secret_hash == digest)
            async with self._db.change() as connection:
                await connection.execute(update(web_sessions).where(*where).values(seen_at=now))
        if ended == self._ended:  # else it may have been ended while we looked
            self._remember(digest, str(row.user))
        return str(row.user)

    def _remember(self, digest: str, user: str) -> None:
        self._known[digest] = user, time.monotonic() + KNOWN_FOR
        self._known.move_to_end(digest)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def _forget_all(self) -> None:
        """Before a session is ended and after it: whoever looked in between has seen it still there."""
        self._ended += 1
        self._known.clear()

    async def close(self, secret: str) -> None:
        """Ends one session."""
        await self._end(web_sessions.c.secret_hash == _hash(secret))

    async def close_all(self, user: str) -> None:
        """Ends every session of a person."""
        await self._end(web_sessions.c.user == user)

    async def _end(self, which: ColumnElement[bool]) -> None:
        self._forget_all()
        async with self._db.change() as connection:
            await connection.execute(delete(web_sessions).where(self._mine, which))
        self._forget_all()


class WebFiles:
    """Which files may be seen in which chat."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._mine = web_files.c.tenant == db.tenant

    async def grant(self, chat: str, files: Sequence[WebFile], now: datetime) -> None:
        """Lets a chat see the files. What it may see already stays as it is."""
        for file in files:
            if await self.find(chat, file.ref):
                continue
            row = {"tenant": self._db.tenant, "chat": chat, "created_at": now, **vars(file)}
            with suppress(IntegrityError):  # granted by another request at the same moment
                async with self._db.change() as connection:
                    await connection.execute(insert(web_files).values(**row))

    async def find(self, chat: str, ref: str) -> WebFile | None:
        """The file, if this chat may see it."""
        where = (self._mine, web_files.c.chat == chat, web_files.c.ref == ref)
        columns = [web_files.c[name] for name in ("ref", "kind", "mime", "size", "duration")]
        async with self._db.look() as connection:
            row = (await connection.execute(select(*columns).where(*where))).one_or_none()
        return WebFile(*row) if row else None

    async def chats_of(self, ref: str) -> list[str]:
        """Every chat that may see the file."""
        async with self._db.look() as connection:
            rows = await connection.execute(select(web_files.c.chat).where(self._mine, web_files.c.ref == ref))
            return [row[0] for row in rows.all()]

    async def erase(self, user: str) -> None:
        """Forgets the files of the person's private chat. The bytes are the media store's."""
        async with self._db.change() as connection:
            await connection.execute(delete(web_files).where(self._mine, web_files.c.chat == f"u:{user}"))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
