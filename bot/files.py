"""Brings the bytes of attachments into the media store, and finds what a channel needs to send one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import cast

import structlog

from bot.channels.base import Channel, OutFile
from bot.likeness import likeness
from bot.media import MediaRefused, MediaStore, StoredFile
from handlers.messages import MediaKind
from storage import attachments
from storage.attachments import Attachment
from storage.tx import Store, Tx

log = structlog.get_logger()

GONE = "!"
"""`stored` of a file whose platform has it no more, or which was refused."""


Tell = Callable[[Tx, Attachment, str], Awaitable[None]]
"""Tells the sender of a file that it was not kept, and why, in the transaction that notes it."""


class Files:
    """One instance a process."""

    def __init__(
        self, store: Store, media: MediaStore, channels: dict[tuple[str, str], Channel], tell: Tell | None = None
    ) -> None:
        self._store = store
        self._tell = tell
        self._media = media
        self._channels = channels

    async def of(self, ids: Sequence[str], channel: Channel) -> list[OutFile]:
        """What a channel needs to send these attachments. One that cannot be had is left out; the text still goes."""
        found = []
        for attachment_id in ids:
            async with self._store.read() as tx:
                attachment = await attachments.find(tx, int(attachment_id))
            if attachment is None:
                continue
            own = (attachment.channel, attachment.account) == (channel.name, channel.account)
            stored = attachment.stored or ("" if own and channel.name != "web" else await self.fetch(attachment))
            path = None
            if stored and stored != GONE and not stored.startswith(attachments.ERASED):
                with suppress(OSError):  # gone, or the store cannot be reached now
                    path = await asyncio.to_thread(self._media.path, stored)
            if path is None and not (own and attachment.ref):
                continue
            ref = stored if channel.name == "web" else (attachment.ref if own else "")
            found.append(OutFile(cast(MediaKind, attachment.kind), path, attachment.mime, ref))
        return found

    async def fetch(self, attachment: Attachment) -> str:
        """The reference in the media store; `GONE` when the bytes cannot be had, "" when it is worth another try."""
        channel = self._channels.get((attachment.channel, attachment.account))
        if channel is None or not attachment.ref:
            return ""
        try:
            data, mime = await channel.fetch(attachment.ref)
        except ConnectionError:
            return ""
        except OSError as error:
            return await self._refuse(attachment, type(error).__name__)
        try:
            kept, shown = await asyncio.to_thread(self._keep, data, mime or attachment.mime)
        except MediaRefused as error:
            return await self._refuse(attachment, error.reason)
        except OSError as error:  # our own folder: full, or not there
            log.warning("files.no_room", attachment=attachment.id, reason=type(error).__name__)
            return ""
        async with self._store.write() as tx:
            await attachments.set_stored(tx, attachment.id, kept.ref, kept.mime, kept.size)
            if kept.kind == "photo":
                await attachments.set_likeness(tx, attachment.id, shown)
        return kept.ref

    async def _refuse(self, attachment: Attachment, reason: str) -> str:
        log.warning("files.not_kept", attachment=attachment.id, reason=reason)
        await self._store.run(lambda tx: self._note_refused(tx, attachment, reason))
        return GONE

    async def _note_refused(self, tx: Tx, attachment: Attachment, reason: str) -> None:
        if self._tell is not None:
            await self._tell(tx, attachment, reason)
        await attachments.set_stored(tx, attachment.id, GONE, attachment.mime, attachment.size)

    def _keep(self, data: bytes, mime: str) -> tuple[StoredFile, int | None]:
        """The bytes on disk, and what a photo shows. Raises `MediaRefused`, OSError."""
        kept = self._media.save(data, mime)
        return kept, likeness(self._media.path(kept.ref)) if kept.kind == "photo" else None

    async def fetch_waiting(self, limit: int = 20) -> int:
        """Fetches files that are still only on their platform. How many were tried."""
        async with self._store.read() as tx:
            waiting = await attachments.unfetched(tx, limit)
        for attachment in waiting:
            await self.fetch(attachment)
        await self._remove_erased(limit)
        return len(waiting)

    async def _remove_erased(self, limit: int) -> None:
        """Removes the bytes that only forgotten people's files refer to."""
        async with self._store.write() as tx:
            gone = await attachments.erased(tx, limit)
            for attachment in gone:
                ref = attachment.stored.removeprefix(attachments.ERASED)
                if ref and not await attachments.with_stored(tx, ref):
                    await asyncio.to_thread(self._media.delete, ref)
                await attachments.set_stored(tx, attachment.id, GONE, attachment.mime, 0)
