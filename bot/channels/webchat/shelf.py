"""What the program says in the web chat, written by the transaction that says it: nothing here can be refused later.

The outbox is for platforms, and for what the web chat cannot take at once: files, what has time, whatever comes after
something that waits (decision 0022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.channels.webchat import send
from bot.channels.webchat.answers import Answers
from bot.channels.webchat.hub import Hub, Toast
from bot.channels.webchat.shapes import chat_of
from bot.metrics import SENT
from handlers.messages import Outgoing
from storage import outbox, toasts
from storage.people import Chat
from storage.tx import Tx
from storage.webchat import Post, WebPosts

_CHANGES = ("text", "keys", "link", "asks", "name")
"""Columns of a post that a later version of its card replaces."""
_ENDING = "web posts"


class Shelf:
    """Satisfies `handlers.city.Shelf`. `passed` hears the numbers of toasts left for other processes; none without it."""

    def __init__(self, posts: WebPosts, hub: Hub, answers: Answers, passed: Callable[[int], None] | None) -> None:
        self._posts = posts
        self._hub = hub
        self._answers = answers
        self._passed = passed

    def handles(self, tx: Tx, update: str) -> None:
        """This transaction handles an update of the web chat."""
        self._laid(tx).handled.add(update)

    async def lay(self, tx: Tx, chat: Chat, out: Outgoing, now: datetime) -> bool:
        """Says it with the commit of this transaction, after all that was said there before. False: it has to wait in
        the outbox."""
        laid, there = self._laid(tx), chat_of(chat)
        if out.media or send.check(there, out):
            laid.held.add(there)
            return False
        if out.callback:
            laid.toast(there, out)
            return True
        post = await outbox.hold_place(tx, chat.id, out.slot, now) if out.slot else ""
        if await outbox.holds_up(tx, chat.id, anew=bool(out.slot)):
            laid.held.add(there)
            return False
        draft = send.to_post(there, "" if chat.is_group else chat.chat, out, [])
        laid.say(tx, draft, _Place(chat.id, out.slot, now), post)
        return True

    def _laid(self, tx: Tx) -> _Laid:
        """What this transaction has said so far."""
        known = tx.endings.get(_ENDING)
        if isinstance(known, _Laid):
            return known
        laid = tx.endings[_ENDING] = _Laid(self._posts, self._hub, self._answers, self._passed)
        tx.afterwards.append(laid.show)
        return laid


class _Place(NamedTuple):
    """Where a post stands for the handlers. Without a slot it stays as it is."""

    chat_id: int
    slot: str
    now: datetime


class _Laid:
    """The posts of one transaction, written at its end in the order in which they were said, each once."""

    def __init__(self, posts: WebPosts, hub: Hub, answers: Answers, passed: Callable[[int], None] | None) -> None:
        self._posts = posts
        self._hub = hub
        self._answers = answers
        self._passed = passed
        self._new: dict[int, tuple[Post, datetime]] = {}
        """Contents and time by post."""
        self._changed: dict[int, tuple[Post, _Place]] = {}
        """New contents by post."""
        self._toasts: list[tuple[str, str, Toast]] = []
        self._written: dict[str, list[Post]] = {}
        """By chat, as they stand after the commit."""
        self.handled: set[str] = set()
        """Updates."""
        self.held: set[str] = set()
        """Chats for which something has to wait in the outbox."""

    def say(self, tx: Tx, draft: Post, place: _Place, ref: str) -> None:
        """A new post, or what stands in its slot from now on; `ref` is what stood there."""
        at = int(ref) if ref.isdecimal() else 0
        if at and self._new.pop(at, None) is None:  # of two versions of a new card nobody has seen the first
            self._changed[at] = draft, place
        else:
            self._add(tx, draft, place)

    def toast(self, chat: str, out: Outgoing) -> None:
        """A line for the presser's screens."""
        user, _, press = out.callback.partition(":")
        self._toasts.append((chat, user, Toast(out.text, out.alert, press)))

    async def __call__(self, tx: Tx) -> None:
        """Before the commit: their cursors are made now, so that they grow in the order of commits."""
        now = datetime.now(UTC)
        contents: dict[int, dict[str, Any]] = {}
        for number, (draft, _) in sorted(self._changed.items()):
            values = {name: getattr(draft, name) for name in _CHANGES}
            contents[number] = values | {"chat": draft.chat, "changed": tx.ids.new(), "pressed": "", "edited_at": now}
        changed = {post.id: post for post in await self._posts.rewrite_with(tx, contents)}
        for number, (draft, place) in sorted(self._changed.items()):
            if number in changed:
                self._written.setdefault(draft.chat, []).append(changed[number])
            else:
                self._add(tx, draft, place)  # it was erased meanwhile
        new = [
            replace(draft, id=number, changed=tx.ids.new(), created_at=at) for number, (draft, at) in self._new.items()
        ]
        await self._posts.add_with(tx, new)
        for post in new:
            self._written.setdefault(post.chat, []).append(post)
        if self._passed is not None:
            for chat, user, toast in self._toasts:
                body = {"chat": chat, "user": user, "text": toast.text, "alert": toast.alert, "press": toast.press}
                self._passed(await toasts.put(tx, body))

    def show(self) -> None:
        """After the commit: open screens are told."""
        for chat, user, toast in self._toasts:
            self._hub.toast(chat, user, toast)
        handled = frozenset(self.handled)
        for chat, posts in self._written.items():
            if chat in self.held:
                self._answers.spoil(chat)
            else:
                self._answers.said(chat, posts, handled)
        self._hub.wake(self._written)
        SENT.labels("web").inc(len(self._new) + len(self._changed) + len(self._toasts))

    def _add(self, tx: Tx, draft: Post, place: _Place) -> None:
        number = tx.ids.new()
        self._new[number] = draft, datetime.now(UTC)
        if place.slot:
            outbox.take_place(tx, place.chat_id, place.slot, str(number), place.now)
