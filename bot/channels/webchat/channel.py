"""The web chat as a channel: posts in, posts out, open screens woken. HTTP lives in bot/web."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import OutFile, RawUpdate, Receive
from bot.channels.webchat import receive, send
from bot.channels.webchat.answers import Answers
from bot.channels.webchat.hub import Hub, Toast
from bot.channels.webchat.shapes import chat_of, update_id
from bot.channels.webchat.shelf import Shelf
from bot.media import MediaRefused, MediaStore
from handlers.messages import Address, Incoming, Outgoing, Receipt, Refusal, Refused
from storage import toasts
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer
from storage.tx import Store, Tx
from storage.webchat import OVERLAP, WebFile, WebFiles, WebPosts, WebSessions

log = structlog.get_logger()

_FORGETS_EVERY = 30.0
"""Seconds."""


class WebChannel:
    """The built-in chat. One instance a process; several processes may share one database."""

    name = "web"
    account = ""
    capabilities = send.CAPABILITIES

    def __init__(
        self,
        db: Database,
        media: MediaStore,
        sealer: Sealer,
        *,
        ids: Ids | None = None,
        poll_seconds: float = 2.0,
        shared: bool = False,
    ) -> None:
        """`shared`: screens may be open at other processes, so toasts are left for them."""
        self._passing = Store(db, ids or Ids(), sealer) if shared else None
        self.posts = WebPosts(db, ids or Ids(), sealer)
        self.sessions = WebSessions(db)
        self.files = WebFiles(db)
        self.media = media
        self.sealer = sealer
        self.hub = Hub()
        self.answers = Answers()
        self.shelf = Shelf(self.posts, self.hub, self.answers, self._note_passed if shared else None)
        self._poll_seconds = poll_seconds
        self._seen: set[int] = set()
        self._flushing = asyncio.Lock()
        self._passed: set[int] = set()
        self._forgets_at = 0.0
        self._poller: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        """The stored update as neutral messages. Raises `BadUpdate`."""
        return receive.parse(raw)

    async def keep(self, tx: Tx, raw: dict[str, Any], now: datetime) -> None:
        """Notes which transaction handles the update: whoever waits for it here hears what that has said."""
        self.shelf.handles(tx, update_id(raw.get("user", ""), raw.get("client_id", "")))

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[OutFile] = (), post: str = ""
    ) -> Receipt | Refused:
        """Writes a post, changes one in place, or shows a toast, and wakes the open screens."""
        chat = chat_of(address)
        refused = send.check(chat, out)
        if refused:
            return refused
        if out.callback:
            user, _, press = out.callback.partition(":")
            if self._passing is None:
                self.hub.toast(chat, user, Toast(out.text, out.alert, press))
            else:
                body = {"chat": chat, "user": user, "text": out.text, "alert": out.alert, "press": press}
                await self._passing.run(lambda tx: toasts.put(tx, body))
                await self._pass_on()
            return Receipt()
        return await self._put(chat, address, out, files, post, None)

    async def send_once(
        self, key: str, address: Address, out: Outgoing, *, files: Sequence[OutFile] = ()
    ) -> Receipt | Refused:
        """Writes a post; the same key again is the post that stands there."""
        if out.callback:
            return await self.send(address, out)
        chat = chat_of(address)
        return send.check(chat, out) or await self._put(chat, address, out, files, "", key)

    async def _put(
        self, chat: str, address: Address, out: Outgoing, files: Sequence[OutFile], post: str, key: str | None
    ) -> Receipt | Refused:
        try:
            kept = [await self._keep(file) for file in files]
        except (OSError, MediaRefused) as error:
            return Refused(reason=Refusal.REJECTED, detail=f"file: {error}")
        ref = await self._write(address, out, kept, post, key)
        self.answers.spoil(chat)
        self.hub.wake([chat])
        return Receipt(ref=ref)

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and type of a file a browser sent. Raises OSError when it is kept no more."""
        found = await asyncio.to_thread(self.media.find, ref)
        if found is None:
            raise FileNotFoundError(ref)
        return await asyncio.to_thread(self.media.read, ref), found.mime

    async def start(self, receive: Receive) -> None:
        """Begins to watch for posts of other processes. Updates reach `receive` by the HTTP routes."""
        self._receive = receive
        self._stopping.clear()
        self._poller = asyncio.create_task(self._poll(), name="webchat-poll")

    async def stop(self) -> None:
        """Ends open streams and the watch."""
        self.hub.close()
        if self._poller:
            self._stopping.set()
            await self._poller  # never cancelled: a query cut short would leave its connection's thread behind
            self._poller = None
            await self.flush_seen()

    async def hand_over(self, update: RawUpdate) -> None:
        """Gives one update to the program; for callers that know only the channel."""
        await self._receive([update])

    def note_seen(self, posts: Sequence[int]) -> None:
        """These posts were shown; written down with the next poll."""
        self._seen.update(posts)

    async def flush_seen(self) -> None:
        """Writes down what was shown until now; when it returns, all of it is written.

        What could not be written waits for the next time, and the error is the caller's.
        """
        async with self._flushing:  # who comes second must not return before the first has written
            seen = frozenset(self._seen)
            await self.posts.mark_seen(seen, datetime.now(UTC))
            self._seen -= seen

    async def _write(self, address: Address, out: Outgoing, kept: list[WebFile], post: str, key: str | None) -> str:
        draft = replace(send.to_post(chat_of(address), address.user, out, kept), client_id=key)
        if kept:
            await self.files.grant(draft.chat, kept, datetime.now(UTC))
        if post.isdecimal():
            names = ["text", "keys", "link", "asks", "name"] + (["media"] if kept else [])
            new = {name: getattr(draft, name) for name in names}
            now = datetime.now(UTC)
            changed = await self.posts.change(draft.chat, int(post), **new, pressed="", edited_at=now)
            if changed:
                return str(changed.id)
        return str((await self.posts.add(draft)).id)

    async def _pass_on(self) -> None:
        """Shows what any process has left for the screens that are open here, each once."""
        if self._passing is None or not self.hub.listened():
            return
        since = self.posts.cursor() - OVERLAP
        async with self._passing.read() as tx:
            found = await toasts.after(tx, since)
        for number, body in found:
            if number not in self._passed:
                self.hub.toast(body["chat"], body["user"], Toast(body["text"], body["alert"], body["press"]))
        self._passed = {n for n in self._passed | {number for number, _ in found} if n > since}

    async def _keep(self, file: OutFile) -> WebFile:
        found = await asyncio.to_thread(self.media.find, file.ref)
        if found is None:
            if file.path is None:
                raise FileNotFoundError(file.ref)
            data = await asyncio.to_thread(file.path.read_bytes)
            found = await asyncio.to_thread(self.media.save, data, file.mime)
        return WebFile(found.ref, found.kind, found.mime, found.size)

    def _note_passed(self, number: int) -> None:
        """A toast that was shown here when it was left for the others."""
        self._passed.add(number)

    async def _forget_toasts(self) -> None:
        """Now and then: whoever was to be shown them has seen them."""
        if self._passing is not None and time.monotonic() >= self._forgets_at:
            self._forgets_at = time.monotonic() + _FORGETS_EVERY
            await self._passing.run(toasts.forget)

    async def _poll(self) -> None:
        cursor = self.posts.cursor()
        while not self._stopping.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._poll_seconds)
            try:
                await self.flush_seen()
                await self._forget_toasts()
                since, now = cursor - OVERLAP, self.posts.cursor()
                if self.hub.listened():
                    self.hub.wake(await self.posts.changed_chats(since))
                    await self._pass_on()
                cursor = now
            except SQLAlchemyError:
                log.exception("webchat.poll_failed")
