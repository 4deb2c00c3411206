"""What a person does in a chat of the web: each step hands the update to the program, its post in the same transaction.

A client that got no answer sends the same client id again; every step leaves things as they are the second time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from bot.channels.base import Beside, RawUpdate
from bot.channels.webchat.shapes import Point, WebUpdate, private_chat, sent_file
from bot.web.here import Here
from bot.web.problems import ProblemError
from bot.web.shapes import Accepted, NewMessage, NewPress, NewScan, NewText, Page, PostOut, post_out
from bot.web.site import Site
from storage.tx import Tx
from storage.webchat import Post, WebFile


async def say(site: Site, here: Here, body: NewMessage, *, wait: bool) -> Accepted:
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
    update = _said(here, post, files)
    if not await _receive(site, here, update, wait=wait, beside=lambda tx: channel.posts.add_once(tx, post)):
        post = await channel.posts.add(draft)  # the one that is there
        if post.chat != here.chat:
            raise ProblemError(409)
        update = _said(here, post, files)
        await _receive(site, here, update, wait=wait)
    return await _accepted(site, here, update, wait=wait, since=post.changed)


async def press(site: Site, here: Here, body: NewPress, *, wait: bool) -> Accepted:
    """Presses a button. What it means, and whether this person may, is the program's to say."""
    post = await site.channel.posts.find(here.chat, int(body.post))
    if post is None:
        raise ProblemError(404)
    label = next((key["label"] for row in post.keys for key in row if key["token"] == body.token), "")
    marks = label and not here.queue and post.pressed != body.token
    marked, since = site.channel.posts.cursor(), site.channel.posts.cursor()

    async def mark(tx: Tx) -> bool:
        await site.channel.posts.change_with(tx, here.chat, post.id, pressed=body.token, changed=marked)
        return True

    update = _update(here, "press", body.client_id).model_copy(update={"post": body.post, "token": body.token})
    await _receive(site, here, update, wait=wait, beside=mark if marks else None)
    return await _accepted(site, here, update, wait=wait, since=since)


async def scan(site: Site, user: str, body: NewScan, *, wait: bool) -> Accepted:
    """Hands a scanned or typed code to the program; the answer comes in the private chat."""
    here = Here(user, private_chat(user))
    since = site.channel.posts.cursor()
    update = _update(here, "scan", body.client_id).model_copy(update={"scene": body.scene})
    await _receive(site, here, update, wait=wait)
    return await _accepted(site, here, update, wait=wait, since=since)


async def edit(site: Site, here: Here, post_id: str, body: NewText, *, wait: bool) -> Accepted:
    """Changes the text of the person's last message. Older ones stay: they have been acted on."""
    last = await site.channel.posts.last_by(here.chat, here.user)
    if last is None or last.id != int(post_id):
        known = await site.channel.posts.find(here.chat, int(post_id))
        raise ProblemError(409, "not_last") if known and known.author == here.user else ProblemError(404)
    now = datetime.now(UTC)
    if last.text != body.text:
        await site.channel.posts.change(here.chat, last.id, text=body.text, edited_at=now)
    since = site.channel.posts.cursor()
    update = _update(here, "edit", body.client_id).model_copy(update={"post": post_id, "text": body.text})
    await _receive(site, here, update, wait=wait)
    return await _accepted(site, here, update, wait=wait, since=since)


class Wanted(NamedTuple):
    """Which posts: the newest; or those after or before a post; or those that changed since a cursor."""

    after: int | None
    before: int | None
    changed_after: int | None
    limit: int


async def listed(site: Site, here: Here, wanted: Wanted) -> Page:
    """A page of the chat, and the cursor from which to follow it."""
    limit, since = wanted.limit, wanted.changed_after
    end = await site.channel.posts.newest(here.chat)
    if since is not None:
        found = await site.channel.posts.changes(here.chat, since, limit + 1)
    else:
        found = await site.channel.posts.page(here.chat, after=wanted.after or 0, before=wanted.before, limit=limit + 1)
    more = len(found) > limit
    forward = since is not None or (wanted.after is not None and wanted.before is None)
    posts = (found[:limit] if forward else found[-limit:]) if more else found
    if more and since is not None:
        end = posts[-1].changed
    return Page(posts=show(site, here, posts), cursor=str(end), more=more)


def show(site: Site, here: Here, posts: list[Post]) -> list[PostOut]:
    """Posts as this person sees them; in the private chat they count as seen from now on."""
    if not here.queue:
        site.channel.note_seen([post.id for post in posts if post.direction == "out" and post.seen_at is None])
    return [post_out(post, here.user) for post in posts]


def _update(here: Here, kind: str, client_id: str) -> WebUpdate:
    values = {"kind": kind, "user": here.user, "client_id": client_id, "at": datetime.now(UTC)}
    return WebUpdate.model_validate({**values, "queue": here.queue, "title": here.title, "name": here.name})


def _said(here: Here, post: Post, files: list[WebFile]) -> WebUpdate:
    """The update that a post makes."""
    return _update(here, "message", post.client_id or "").model_copy(
        update={
            "post": str(post.id),
            "at": post.created_at,
            "text": post.text,
            "media": tuple(sent_file(file) for file in files),
            "geo": Point(**post.geo) if post.geo else None,
            "reply_to": post.reply_to,
        }
    )


async def _receive(site: Site, here: Here, update: WebUpdate, *, wait: bool, beside: Beside | None = None) -> bool:
    """Hands the update to the program; False when `beside` said no."""
    kept = await site.backend.receive(RawUpdate(update.id, update.raw()), wait=wait, beside=beside)
    if kept:
        site.channel.hub.wake([here.chat])
    return kept


async def _accepted(site: Site, here: Here, update: WebUpdate, *, wait: bool, since: int) -> Accepted:
    if not wait:
        return Accepted(id=update.post or update.id)
    news = await site.channel.posts.changes(here.chat, since)
    answers = [post for post in news if post.direction == "out"]
    return Accepted(id=update.post or update.id, posts=show(site, here, answers))


async def _own_file(site: Site, here: Here, ref: str) -> WebFile:
    file = await site.channel.files.find(private_chat(here.user), ref)
    if file is None:
        raise ProblemError(422, "unknown_file")
    return file
