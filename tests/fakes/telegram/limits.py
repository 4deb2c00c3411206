"""Lengths, counts and alphabets Telegram enforces beyond the published table: texts, keyboards, albums, uploads.

Characters are counted in UTF-16 units, the stricter reading of the documentation.
"""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image

from tests.fakes.telegram.errors import ApiError, wrong
from tests.fakes.telegram.spec import Upload

TEXT = 4096
CAPTION = 1024
TOAST = 200
PHOTO_BYTES = 10 * 1024 * 1024
FILE_BYTES = 50 * 1024 * 1024
DOWNLOAD_BYTES = 20 * 1024 * 1024
ROW_BUTTONS = 8
BUTTONS = 100
BUTTON_KINDS = {
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay", "disabled",
}  # fmt: skip


def units(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts entities."""
    return len(text.encode("utf-16-le")) // 2


def check_text(text: str) -> None:
    if not text.strip():
        raise wrong("message text is empty")
    if units(text) > TEXT:
        raise wrong("message is too long")


def check_caption(caption: str) -> None:
    if units(caption) > CAPTION:
        raise wrong("message caption is too long")


def check_toast(text: str) -> None:
    if units(text) > TOAST:
        raise wrong("MESSAGE_TOO_LONG")


def check_markup(markup: dict[str, Any] | None) -> None:
    """Refuses keyboards that Telegram would refuse or cut."""
    if not markup or "inline_keyboard" not in markup:
        return
    rows = markup["inline_keyboard"]
    if any(len(row) > ROW_BUTTONS for row in rows) or sum(len(row) for row in rows) > BUTTONS:
        raise wrong("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    if not button["text"].strip():
        raise wrong("can't parse inline keyboard button: Text must be non-empty")
    kinds = BUTTON_KINDS & button.keys()
    if len(kinds) != 1:
        raise wrong("Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise wrong("BUTTON_DATA_INVALID")


def check_album(media: list[dict[str, Any]]) -> None:
    if not 2 <= len(media) <= 10:
        raise wrong("there must be 2-10 media in a group")
    kinds = {each["type"] for each in media}
    if len(kinds) > 1 and kinds - {"photo", "video"}:
        raise wrong("documents and audio can't be mixed with other media in a group")


def check_upload(kind: str, upload: Upload) -> None:
    """Refuses files Telegram cannot use: empty, too big, or a photo that is no picture."""
    if not upload.content:
        raise wrong("file must be non-empty")
    if len(upload.content) > (PHOTO_BYTES if kind == "photo" else FILE_BYTES):
        raise ApiError(413, "Request Entity Too Large", violation=True)
    if kind == "photo":
        try:
            Image.open(io.BytesIO(upload.content)).verify()
        except Exception:
            raise wrong("IMAGE_PROCESS_FAILED") from None


def check_commands(commands: list[dict[str, Any]]) -> None:
    if len(commands) > 100:
        raise wrong("BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]):
            raise wrong("BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"]) <= 256:
            raise wrong("BOT_COMMAND_DESCRIPTION_INVALID")


def check_secret(secret: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise wrong("secret token contains unallowed characters")
