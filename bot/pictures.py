"""Photos that a desk has chosen for the public: fetched, copied without faces, and laid before the desk. Publishes nothing."""

from __future__ import annotations

import asyncio
import threading

import structlog

from bot.clock import Clock
from bot.faces import without_faces
from bot.files import GONE, Files
from bot.media import MediaRefused, MediaStore, StoredFile
from handlers import wish_pictures
from handlers.city import City
from handlers.turn import Turn
from storage import attachments, pictures
from storage.attachments import Attachment
from storage.pictures import Picture
from storage.tx import Store, Tx

log = structlog.get_logger()


class Pictures:
    """One instance a process."""

    def __init__(self, store: Store, city: City, clock: Clock, media: MediaStore, files: Files) -> None:
        self._store = store
        self._city = city
        self._clock = clock
        self._media = media
        self._files = files
        self._one = threading.Lock()  # the cascades keep their own state while they look

    async def prepare(self, limit: int = 5) -> int:
        """Makes the copies that wait. How many were looked at."""
        async with self._store.read() as tx:
            waiting = await pictures.chosen(tx, limit)
        for picture in waiting:
            await self._prepare(picture)
        return len(waiting)

    async def _prepare(self, picture: Picture) -> None:
        async with self._store.read() as tx:
            photo = await attachments.find(tx, picture.attachment_id)
        if photo is None:
            return
        stored = photo.stored or await self._files.fetch(photo)
        if not stored:
            return  # the platform does not answer: next time
        if stored == GONE or stored.startswith(attachments.ERASED):
            await self._store.run(lambda tx: self._refuse(tx, picture))
            return
        try:
            copy, faces = await asyncio.to_thread(self._copy, stored)
        except (OSError, ValueError) as error:
            log.warning("pictures.unreadable", picture=picture.id, reason=type(error).__name__)
            await self._store.run(lambda tx: self._refuse(tx, picture))
            return
        await self._store.run(lambda tx: self._show(tx, picture, photo, copy, faces))

    def _copy(self, stored: str) -> tuple[StoredFile, int]:
        with self._one:
            data, faces = without_faces(self._media.read(stored))
        try:
            return self._media.save(data), faces
        except MediaRefused as refused:
            raise ValueError(refused.reason) from refused

    async def _show(self, tx: Tx, picture: Picture, photo: Attachment, copy: StoredFile, faces: int) -> None:
        """The copy becomes a file of the desk's message, and nothing is public yet."""
        now = self._clock.now()
        if not await pictures.ready(tx, picture.id, copy.ref, faces):
            return
        shown = await attachments.add(
            tx,
            person_id=photo.person_id,
            chat_id=photo.chat_id,
            channel=photo.channel,
            account=photo.account,
            ref="",
            kind="photo",
            mime=copy.mime,
            size=copy.size,
            duration=0,
            now=now,
        )
        await attachments.set_stored(tx, shown, copy.ref, copy.mime, copy.size)
        await attachments.attach(tx, [shown], "wish_copy", picture.wish_id)
        await wish_pictures.ready(Turn(self._city, tx, now), picture._replace(faces=faces, shown=copy.ref), shown)

    async def _refuse(self, tx: Tx, picture: Picture) -> None:
        now = self._clock.now()
        if await pictures.refuse(tx, picture.id, None, now):
            await wish_pictures.failed(Turn(self._city, tx, now), picture)
