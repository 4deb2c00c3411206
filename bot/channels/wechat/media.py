"""Files up and down: pictures drawn smaller until WeChat takes them, handles that live three days, bytes of what people sent."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

from PIL import Image

from bot.channels.base import OutFile
from bot.channels.wechat.client import Client
from bot.channels.wechat.refusals import BAD_MEDIA, WeChatError
from bot.channels.wechat.shapes import NAME
from bot.clock import Clock
from storage import platforms
from storage.tx import Store

# https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia.html
LIFE = timedelta(days=3)
SOONER = timedelta(hours=1)
"""A handle is not used in the last hour of its life."""
MOST_BYTES = {"image": 10 * 1024 * 1024, "voice": 2 * 1024 * 1024}
KINDS = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/gif": "image",
    "audio/amr": "voice",
    "audio/mpeg": "voice",
}
_QUALITIES = (85, 70, 55, 40)


class Files:
    """Uploads for one account; every process uses what one has uploaded."""

    def __init__(self, client: Client, store: Store, clock: Clock) -> None:
        self._client = client
        self._store = store
        self._clock = clock

    async def handle(self, file: OutFile, *, anew: bool = False) -> tuple[str, str] | None:
        """(kind, handle) of a file as WeChat takes it; None for what it takes not at all. Raises OSError, WeChatError."""
        kind = KINDS.get(file.mime, "")
        if not kind or file.path is None:
            return None
        ref, now = file.path.stem[:80], self._clock.now()
        async with self._store.read() as tx:
            known = None if anew else await platforms.find_upload(tx, NAME, self._client.app_id, ref, now + SOONER)
        if known is not None:
            return kind, known
        data, name, mime = await asyncio.to_thread(_fit, file.path, kind, file.mime)
        if not data:
            return None
        told = await self._client.upload("/cgi-bin/media/upload", kind, name, data, mime)
        handle = str(told.get("media_id", ""))
        until = now + LIFE
        await self._store.run(lambda tx: platforms.keep_upload(tx, NAME, self._client.app_id, ref, handle, until))
        return kind, handle

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and type of what a person sent: FileNotFoundError when its three days are over, ConnectionError when

        asking again may help.
        """
        try:
            return await self._client.download("/cgi-bin/media/get", {"media_id": ref})
        except WeChatError as error:
            if error.code in BAD_MEDIA:
                raise FileNotFoundError(str(error)) from error
            raise ConnectionError(str(error)) from error


def _fit(path: Path, kind: str, mime: str) -> tuple[bytes, str, str]:
    """The bytes, name and type to send; no bytes when they cannot be made small enough."""
    data = path.read_bytes()
    if len(data) <= MOST_BYTES[kind]:
        return data, path.name, mime
    if kind != "image":
        return b"", path.name, mime
    with Image.open(io.BytesIO(data)) as picture:
        plain = picture.convert("RGB")
    for quality in _QUALITIES:
        out = io.BytesIO()
        plain.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MOST_BYTES[kind]:
            return out.getvalue(), f"{path.stem}.jpg", "image/jpeg"
        plain.thumbnail((plain.width * 3 // 4, plain.height * 3 // 4))
    return b"", path.name, mime
