"""Neutral messages as Bot API calls: splitting, keyboards, files, edits. The table of errors is in refusals.py.

Order, pacing and retries are the caller's. Nothing here waits, and only a gone thread or file is worked round.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.channels.base import OutFile
from bot.channels.telegram.refusals import refusal, says
from bot.channels.telegram.shapes import make_ref, read_ref
from bot.channels.telegram.splitting import MAX_UNITS, split_text, units
from handlers.messages import Address, Outgoing, Receipt, Refusal, Refused

log = logging.getLogger(__name__)

MAX_CAPTION = 1024
MAX_TOAST = 200
ALBUM = 10

UNCHANGED = "message is not modified"
LOST_POSTS = ("message to edit not found", "can't be edited", "message_id_invalid")
WRONG_EDITS = ("there is no text in the message", "there is no caption in the message")
LOST_THREADS = ("thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")
LOST_FILES = ("file identifier", "file_id", "can't use file", "file reference", "file mismatch", "file_reference")

Sending = Callable[[int | None], Awaitable[Any]]


def keyboard(out: Outgoing) -> InlineKeyboardMarkup | None:
    """The inline keyboard of a message; the platform sees only labels and tokens."""
    rows = [[InlineKeyboardButton(key.label, callback_data=key.token) for key in row] for row in out.keys if row]
    return InlineKeyboardMarkup(rows) if rows else None


def chat_of(address: Address) -> int | str:
    """The chat as the Bot API takes it: a number, or the @name of a public channel."""
    return address.chat if address.chat.startswith("@") else int(address.chat)


class Sender:
    """Sends for one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, address: Address, out: Outgoing, files: Sequence[OutFile], post: str) -> Receipt | Refused:
        """Sends, answers a press, or changes `post` in place. A changed post keeps its picture; `files` stay unsent."""
        try:
            if out.callback:
                return await self._answer(out)
            receipt = await self._edit(address, out, post) if post else None
            return receipt or await self._send_new(address, out, files)
        except TelegramError as error:
            return refusal(error)
        except (OSError, ValueError) as error:
            return Refused(reason=Refusal.REJECTED, detail=f"{type(error).__name__}: {error}"[:500])

    async def _answer(self, out: Outgoing) -> Receipt:
        """A toast lives for seconds: one that comes too late is no failure of the work it reports."""
        text = out.text if units(out.text) <= MAX_TOAST else f"{split_text(out.text, MAX_TOAST - 1)[0]}…"
        try:
            await self._bot.answer_callback_query(out.callback, text or None, show_alert=out.alert or None)
        except TelegramError as error:
            log.info("telegram: a press was not answered: %s", error)
        return Receipt()

    # --- changing

    async def _edit(self, address: Address, out: Outgoing, post: str) -> Receipt | None:
        """None when the post cannot be changed any more and the message has to be sent anew."""
        number, captioned = read_ref(post)
        text = _whole_text(out)
        if not text or out.force_reply:
            return None
        for as_caption in (captioned, not captioned):
            if units(text) > (MAX_CAPTION if as_caption else MAX_UNITS):
                return None
            try:
                await self._change(chat_of(address), number, text, keyboard(out), as_caption=as_caption)
            except BadRequest as error:
                if says(error, (UNCHANGED,)):
                    return Receipt(ref=post)
                if says(error, LOST_POSTS):
                    return None
                if not says(error, WRONG_EDITS):
                    raise
            else:
                return Receipt(ref=f"{number}:p" if as_caption else str(number))
        return None

    async def _change(
        self, chat: int | str, number: int, text: str, keys: InlineKeyboardMarkup | None, *, as_caption: bool
    ) -> None:
        if as_caption:
            await self._bot.edit_message_caption(chat, number, caption=text, reply_markup=keys)
        else:
            preview = LinkPreviewOptions(is_disabled=True)
            await self._bot.edit_message_text(text, chat, number, reply_markup=keys, link_preview_options=preview)

    # --- sending

    async def _send_new(self, address: Address, out: Outgoing, files: Sequence[OutFile]) -> Receipt:
        text = _whole_text(out)
        markup = ForceReply(selective=True) if out.force_reply else keyboard(out)
        reply = ReplyParameters(read_ref(out.reply_to)[0], allow_sending_without_reply=True) if out.reply_to else None
        alone = files[0] if len(files) == 1 else None
        last: Message | None = None
        try:
            if alone and units(text) <= MAX_CAPTION:
                sent = await self._send_file(
                    address, alone, caption=text or None, reply_markup=markup, reply_parameters=reply
                )
                return Receipt(ref=make_ref(sent))
            last = await self._send_files(address, files, {"reply_parameters": reply})
        except (BadRequest, NetworkError, OSError, ValueError) as error:
            if not text or not _only_the_files(error):
                raise
            log.warning("telegram: files left out of a message: %s", error)
        parts = split_text(text)
        if not parts and last is None:
            raise ValueError("a message needs words or a file")
        for at, part in enumerate(parts):
            keys = markup if at == len(parts) - 1 else None
            last = await self._send_text(address, part, keys, reply if at == 0 and last is None else None)
        return Receipt(ref=make_ref(last) if last else "")

    async def _send_text(self, address: Address, text: str, markup: Any, reply: ReplyParameters | None) -> Message:
        async def sending(thread: int | None) -> Message:
            return await self._bot.send_message(
                chat_of(address),
                text,
                message_thread_id=thread,
                reply_markup=markup,
                reply_parameters=reply,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )

        sent: Message = await _in_thread(address, sending)
        return sent

    async def _send_files(self, address: Address, files: Sequence[OutFile], more: dict[str, Any]) -> Message | None:
        """Pictures and films as albums, everything else one by one. Gives the last message."""
        last: Message | None = None
        seen = [each for each in files if each.kind in ("photo", "video")]
        for start in range(0, len(seen), ALBUM):
            chunk = seen[start : start + ALBUM]
            if len(chunk) == 1:
                last = await self._send_file(address, chunk[0], **more)
            else:
                last = await self._send_album(address, chunk, more)
        for each in files:
            if each not in seen:
                last = await self._send_file(address, each, **more)
        return last

    async def _send_album(self, address: Address, files: Sequence[OutFile], more: dict[str, Any]) -> Message:
        async def sending(thread: int | None, *, upload: bool = False) -> Message:
            media = [await _album_part(each, upload=upload) for each in files]
            group = await self._bot.send_media_group(chat_of(address), media, message_thread_id=thread, **more)
            return group[-1]

        async def uploading(thread: int | None) -> Message:
            return await sending(thread, upload=True)

        return await self._by_ref_or_upload(address, files, sending, uploading)

    async def _send_file(self, address: Address, file: OutFile, **more: Any) -> Message:
        send: Any = {
            "photo": self._bot.send_photo,
            "video": self._bot.send_video,
            "voice": self._bot.send_voice,
            "file": self._bot.send_document,
        }[file.kind]

        async def sending(thread: int | None) -> Message:
            sent: Message = await send(
                chat_of(address), await _content(file, upload=False), message_thread_id=thread, **more
            )
            return sent

        async def uploading(thread: int | None) -> Message:
            sent: Message = await send(
                chat_of(address), await _content(file, upload=True), message_thread_id=thread, **more
            )
            return sent

        return await self._by_ref_or_upload(address, [file], sending, uploading)

    async def _by_ref_or_upload(
        self, address: Address, files: Sequence[OutFile], sending: Sending, uploading: Sending
    ) -> Message:
        """Handles may be of another account or another kind of file: then our own bytes are sent."""
        try:
            sent: Message = await _in_thread(address, sending)
        except BadRequest as error:
            if not says(error, LOST_FILES) or not all(each.path for each in files):
                raise
            sent = await _in_thread(address, uploading)
        return sent


def _only_the_files(error: Exception) -> bool:
    """Whether the words can still go out: the platform or the disk will never give us these files."""
    return not isinstance(error, TelegramError) or refusal(error).reason == Refusal.REJECTED


def _whole_text(out: Outgoing) -> str:
    missing = out.link and out.link not in out.text
    return f"{out.text}\n{out.link}".strip() if missing else out.text.strip()


async def _in_thread(address: Address, sending: Sending) -> Any:
    """Sends into the topic; into the group at large when the topic is closed or deleted."""
    thread = int(address.thread) if address.thread else None
    try:
        return await sending(thread)
    except BadRequest as error:
        if thread is None or not says(error, LOST_THREADS):
            raise
        return await sending(None)


async def _content(file: OutFile, *, upload: bool) -> str | InputFile:
    if file.ref and not upload:
        return file.ref
    if file.path is None:
        raise ValueError("a file has neither a handle nor bytes")
    return InputFile(await asyncio.to_thread(file.path.read_bytes), filename=file.path.name)


async def _album_part(file: OutFile, *, upload: bool) -> InputMediaPhoto | InputMediaVideo:
    content = await _content(file, upload=upload)
    if isinstance(content, InputFile):
        content = InputFile(content.input_file_content, filename=content.filename, attach=True)
    return InputMediaVideo(content) if file.kind == "video" else InputMediaPhoto(content)
