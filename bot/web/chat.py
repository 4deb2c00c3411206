"""What a person does in a chat of the web: each step hands the update to the program, its post in the same transaction.

A client that got no answer sends the same client id again; every step leaves things as they are the second time.
Answers are plain values, as `Accepted` and `Page` describe them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.channels.base import Beside, RawUpdate
from bot.channels.webchat.shapes import private_chat, update_id
from bot.web.here import Here
from bot.web.problems import ProblemError
from bot.web.shapes import NewMessage, NewPress, NewScan, NewText, post_values
from bot.web.site import Site
from storage.tx import Tx
from storage.webchat import Post, WebFile

Values = dict[str, Any]


class _Unwanted(Exception):
    """What was to be written beside the update said no: nothing was stored."""


async def say(site: Site, here: Here, body: NewMessage, *, wait: bool) -> Values:
    """Posts a message and tells the program. The files must have been uploaded by the same person."""
    files = [await _own_file(site, here, ref) for ref in body.media]
    channel = site.channel
    if files and here.queue:
        await channel.files.grant(here.chat, files, datetime.now(UTC))
    draft = Post(
        chat=here.chat,
        direction="in",
        author=here.user,
        name=here.name[:80],
        text=body.text,
        media=[vars(file) for file in files],
        geo=body.geo.model_dump() if body.geo else {},
        reply_to=body.reply_to or "",
        client_id=body.client_id,
    )
    post = channel.posts.numbered(draft)
    update = _said(here, post)
    try:
        return await _told(
            site, here, update, wait=wait, since=post.changed, beside=lambda tx: channel.posts.add_once(tx, post)
        )
    except _Unwanted:
        post = await channel.posts.add(draft)  # the one that is there
    if post.chat != here.chat:
        raise ProblemError(409)
    return await _told(site, here, _said(here, post), wait=wait, since=post.changed)


async def press(site: Site, here: Here, body: NewPress, *, wait: bool) -> Values:
    """Presses a button. What it means, and whether this person may, is the program's to say."""
    posts = site.channel.posts
    update = _update(here, "press", body.client_id, post=body.post, token=body.token)
    known = posts.find_known(here.chat, int(body.post))
    if known is not None and _is_marked(here, known, body.token):  # most press what they have just been shown
        mark = posts.cursor()
        try:
            return await _told(
                site,
                here,
                update,
                wait=wait,
                since=posts.cursor(),
                beside=lambda tx: posts.change_known(tx, known, pressed=body.token, changed=mark),
            )
        except _Unwanted:  # it has been changed since
            pass
    post = await posts.find(here.chat, int(body.post))
    if post is None:
        raise ProblemError(404)
    marked, since = posts.cursor(), posts.cursor()

    async def mark_any(tx: Tx) -> bool:
        await posts.change_with(tx, here.chat, post.id, pressed=body.token, changed=marked)
        return True

    marks = _is_marked(here, post, body.token)
    return await _told(site, here, update, wait=wait, since=since, beside=mark_any if marks else None)


def _is_marked(here: Here, post: Post, token: str) -> bool:
    """Whether the post shows from now on that this button was pressed: only to one person, and once."""
    if here.queue or post.pressed == token:
        return False
    return any(key["token"] == token and bool(key["label"]) for row in post.keys for key in row)


async def scan(site: Site, user: str, body: NewScan, *, wait: bool) -> Values:
    """Hands a scanned or typed code to the program; the answer comes in the private chat."""
    here = Here(user, private_chat(user))
    since = site.channel.posts.cursor()
    return await _told(site, here, _update(here, "scan", body.client_id, scene=body.scene), wait=wait, since=since)


async def edit(site: Site, here: Here, post_id: str, body: NewText, *, wait: bool) -> Values:
    """Changes the text of the person's last message. Older ones stay: they have been acted on."""
    last = await site.channel.posts.last_by(here.chat, here.user)
    if last is None or last.id != int(post_id):
        known = await site.channel.posts.find(here.chat, int(post_id))
        raise ProblemError(409, "not_last") if known and known.author == here.user else ProblemError(404)
    now = datetime.now(UTC)
    if last.text != body.text:
        await site.channel.posts.change(here.chat, last.id, text=body.text, edited_at=now)
    since = site.channel.posts.cursor()
    update = _update(here, "edit", body.client_id, post=post_id, text=body.text)
    return await _told(site, here, update, wait=wait, since=since)


class Wanted(NamedTuple):
    """Which posts: the newest; or those after or before a post; or those that changed since a cursor."""

    after: int | None
    before: int | None
    changed_after: int | None
    limit: int


async def listed(site: Site, here: Here, wanted: Wanted) -> Values:
    """A page of the chat, and the cursor from which to follow it."""
    limit, since = wanted.limit, wanted.changed_after
    found, end = await site.channel.posts.page_and_end(
        here.chat, after=wanted.after or 0, before=wanted.before, changed_after=since, limit=limit + 1
    )
    more = len(found) > limit
    forward = since is not None or (wanted.after is not None and wanted.before is None)
    posts = (found[:limit] if forward else found[-limit:]) if more else found
    if more and since is not None:
        end = posts[-1].changed
    return {"posts": show(site, here, posts), "cursor": str(end), "more": more}


def show(site: Site, here: Here, posts: list[Post]) -> list[Values]:
    """Posts as this person sees them; in the private chat they count as seen from now on."""
    if not here.queue:
        site.channel.note_seen([post.id for post in posts if post.direction == "out" and post.seen_at is None])
    return [post_values(post, here.user) for post in posts]


def _update(here: Here, kind: str, client_id: str, at: datetime | None = None, **said: Any) -> RawUpdate:
    """What was done, as `WebUpdate` reads it again."""
    raw = {"kind": kind, "user": here.user, "client_id": client_id, "at": (at or datetime.now(UTC)).isoformat(), **said}
    if here.queue:
        raw |= {"queue": here.queue, "title": here.title, "name": here.name}
    return RawUpdate(update_id(here.user, client_id), raw)


def _said(here: Here, post: Post) -> RawUpdate:
    """The update that a post makes."""
    more = {"media": post.media, "geo": post.geo, "reply_to": post.reply_to}
    given = {name: value for name, value in more.items() if value}
    return _update(here, "message", post.client_id or "", post.created_at, post=str(post.id), text=post.text, **given)


async def _told(
    site: Site, here: Here, update: RawUpdate, *, wait: bool, since: int, beside: Beside | None = None
) -> Values:
    """Hands the update to the program; with `wait`, what it answered in this chat. Raises `_Unwanted`."""
    channel = site.channel
    with channel.answers.awaited(update.id, here.chat) as awaited:
        kept = await site.backend.receive(update, wait=wait, beside=beside)
        if not kept and beside is not None:
            raise _Unwanted
        channel.hub.wake([here.chat])
        posts = awaited.posts(since) if wait else []
        if posts is None:
            posts = await channel.posts.changes(here.chat, since)
    answers = [post for post in posts if post.direction == "out"]
    return {"id": update.raw.get("post") or update.id, "posts": show(site, here, answers)}


async def _own_file(site: Site, here: Here, ref: str) -> WebFile:
    file = await site.channel.files.find(private_chat(here.user), ref)
    if file is None:
        raise ProblemError(422, "unknown_file")
    return file
