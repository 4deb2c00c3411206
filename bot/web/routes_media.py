"""Routes of files: upload, and download for those who may see the chat or record they belong to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import FileResponse

from bot.channels.webchat.shapes import private_chat
from bot.media import MediaRefused, StoredFile
from bot.web.identity import OWN_REQUEST, User
from bot.web.problems import ProblemError
from bot.web.shapes import FileOut
from bot.web.site import Site, TheSite
from storage.webchat import WebFile

router = APIRouter(tags=["media"])
_REFUSALS = {"too_large": 413, "wrong_type": 415, "empty": 422, "broken": 422}


@router.post("/api/media", status_code=201, dependencies=[OWN_REQUEST])
async def upload(
    site: TheSite,
    user: User,
    file: Annotated[UploadFile, File(description="A picture, a voice message or a PDF, at most 20 MiB.")],
    duration: Annotated[int, Form(ge=0, le=3600, description="Seconds, for voice.")] = 0,
) -> FileOut:
    """Keeps a file, ready to be sent with a message. Pictures lose their camera data."""
    data = await file.read()
    try:
        async with site.drawing:
            stored = await asyncio.to_thread(site.channel.media.save, data, file.content_type or "")
    except MediaRefused as refused:
        raise ProblemError(_REFUSALS[refused.reason], f"file_{refused.reason}") from refused
    except OSError as error:  # the disk is full, or the bucket cannot be reached
        raise ProblemError(503, headers={"Retry-After": "5"}) from error
    length = duration if stored.kind == "voice" else 0
    kept = WebFile(stored.ref, stored.kind, stored.mime, stored.size, length)
    await site.channel.files.grant(private_chat(user), [kept], datetime.now(UTC))
    return FileOut(**vars(kept), url=f"/media/{kept.ref}")


@router.get("/media/{ref}", response_class=FileResponse, responses={200: {"content": {"*/*": {}}}})
async def download(
    site: TheSite, user: User, ref: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
) -> FileResponse:
    """The file, if it was sent in a chat I may read or belongs to a record I may see."""
    found = await _find_allowed(site, user, ref)
    if found is None:
        raise ProblemError(404)
    try:
        path = await asyncio.to_thread(site.channel.media.path, found.ref)
    except FileNotFoundError as error:
        raise ProblemError(404) from error
    headers = {"Cache-Control": "private, max-age=86400, immutable", "Content-Security-Policy": "sandbox"}
    shown = "attachment" if found.mime == "application/pdf" else "inline"
    return FileResponse(
        path, media_type=found.mime, filename=path.name, headers=headers, content_disposition_type=shown
    )


async def _find_allowed(site: Site, user: str, ref: str) -> StoredFile | None:
    for chat in await site.channel.files.chats_of(ref):
        room = chat.removeprefix("r:") if chat.startswith("r:") else ""
        if chat == private_chat(user) or (room and await site.backend.may_enter(user, room)):
            return await asyncio.to_thread(site.channel.media.find, ref)
    return await site.backend.media_for(user, ref)
