"""Articles for the public account: what a desk wants written there, and how far it has come. The words are public.

The platform keeps no key by which a repeated call is known, so each step is written down before the next one is asked for.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, select

from storage import events
from storage.schema import Moment, id_column, metadata, tenant_column
from storage.tx import Tx

EVENTS = frozenset({"article.asked", "article.drafted", "article.published", "article.failed"})
"""What the ledger says about articles."""

articles = Table(
    "articles",
    metadata,
    tenant_column(),
    id_column(),
    Column("title", String(32), nullable=False),
    Column("digest", String(120), nullable=False),
    Column("content", Text, nullable=False),  # HTML without scripts or pictures
    Column("source", String(200), nullable=False),  # where "read the original" leads
    Column("release", Integer, nullable=False),  # 1: published by itself; 0: left in the box of drafts
    Column("state", String(10), nullable=False),
    Column("draft", String(128), nullable=False),  # the platform's name for the draft, once there is one
    Column("person_id", BigInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index(None, "tenant", "state", "id"),
)


class ArticleState(StrEnum):
    """How far an article has come."""

    ASKED = "asked"
    WRITING = "writing"  # the draft is being asked for
    DRAFTED = "drafted"
    RELEASING = "releasing"  # publishing is being asked for
    PUBLISHED = "published"
    FAILED = "failed"


class Article(NamedTuple):
    """One article."""

    id: int
    title: str
    digest: str
    content: str
    source: str
    release: int
    state: ArticleState
    draft: str
    person_id: int
    made_at: datetime


_COLUMNS = [articles.c[name] for name in Article._fields]


def _article(row: Any) -> Article:
    return Article(**{**row._mapping, "state": ArticleState(row.state)})


async def ask(
    tx: Tx, *, title: str, digest: str, content: str, source: str, release: bool, by: int, now: datetime
) -> Article:
    """Keeps an article to be brought to the platform."""
    article_id = tx.ids.new()
    row = {"tenant": tx.tenant, "id": article_id, "title": title[:32], "digest": digest[:120], "content": content}
    more = {"source": source, "release": int(release), "state": ArticleState.ASKED, "draft": ""}
    await tx.run(articles.insert().values(**row, **more, person_id=by, made_at=now))
    await events.add(tx, "article", article_id, "article.asked", now, actor_id=by, data={"release": release})
    return await get(tx, article_id)


async def get(tx: Tx, article_id: int) -> Article:
    """Raises LookupError for an unknown id."""
    row = await tx.one(select(*_COLUMNS).where(articles.c.tenant == tx.tenant, articles.c.id == article_id))
    if row is None:
        raise LookupError(f"no article {article_id}")
    return _article(row)


async def waiting(tx: Tx, limit: int = 3) -> list[Article]:
    """What is still to be brought somewhere, oldest first: new ones, and drafts that are to be published."""
    a = articles.c
    to_do = (a.state == ArticleState.ASKED) | ((a.state == ArticleState.DRAFTED) & (a.release == 1))
    rows = await tx.all(select(*_COLUMNS).where(a.tenant == tx.tenant, to_do).order_by(a.id).limit(limit))
    return [_article(r) for r in rows]


async def last_by(tx: Tx, person_id: int) -> Article | None:
    """The newest that somebody has asked for."""
    a = articles.c
    row = await tx.one(
        select(*_COLUMNS).where(a.tenant == tx.tenant, a.person_id == person_id).order_by(a.id.desc()).limit(1)
    )
    return None if row is None else _article(row)


async def step(tx: Tx, article: Article, target: ArticleState, now: datetime, *, draft: str = "", why: int = 0) -> bool:
    """One step on; False when another process was faster. `why` is what the platform answered to a step that failed."""
    values: dict[str, Any] = {"state": target.value, **({"draft": draft} if draft else {})}
    if await tx.alter(articles, {"id": article.id, "state": article.state.value}, **values) != 1:
        return False
    name = {
        ArticleState.DRAFTED: "article.drafted",
        ArticleState.PUBLISHED: "article.published",
        ArticleState.FAILED: "article.failed",
    }.get(target)
    if name is not None:
        data = {"why": why} if why else {}
        await events.add(tx, "article", article.id, name, now, origin=article.state, target=target, data=data)
    return True
