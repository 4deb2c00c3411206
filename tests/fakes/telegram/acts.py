"""What the methods share: finding the chat, refusing, files, sending a message, changing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.telegram import limits
from tests.fakes.telegram.comings import ADMIN_RIGHTS
from tests.fakes.telegram.errors import bad, forbidden, migrated, wrong
from tests.fakes.telegram.pace import Pace
from tests.fakes.telegram.spec import Upload
from tests.fakes.telegram.updates import UpdateQueue
from tests.fakes.telegram.world import IN_GROUP, Group, Message, Person, StoredFile, World

Params = dict[str, Any]
CALLBACK_LIFE = 15.0
"""Seconds after a press in which it can be answered."""


class Acts:
    """Acts of the bot on the world, refused as Telegram refuses them."""

    def __init__(self, world: World, queue: UpdateQueue, pace: Pace) -> None:
        self.world = world
        self.queue = queue
        self.pace = pace
        self.callback_life = CALLBACK_LIFE

    def _member(self, user: int, status: str) -> Params:
        body: Params = {"user": self.world.get_account(user).as_json(), "status": status}
        if status == "kicked":
            body["until_date"] = 0
        return body | (dict.fromkeys(ADMIN_RIGHTS, False) if status == "administrator" else {})

    def _chat(self, params: Params) -> Person | Group:
        chat = params.get("chat_id")
        found = self.world.find_chat(chat) if isinstance(chat, int) else None
        if found is None:
            raise bad("chat not found")
        if isinstance(found, Group) and found.moved_to:
            raise migrated(found.moved_to)
        return found

    def _check_sendable(self, chat: Person | Group) -> None:
        if isinstance(chat, Group):
            if chat.bot_status == "kicked":
                raise forbidden(f"bot was kicked from the {chat.kind} chat")
            if chat.bot_status not in IN_GROUP:
                raise forbidden(f"bot is not a member of the {chat.kind} chat")
        elif chat.gone:
            raise forbidden("user is deactivated")
        elif chat.blocked:
            raise forbidden("bot was blocked by the user")
        elif not chat.started:
            raise forbidden("bot can't initiate conversation with a user")

    def _send(self, params: Params, content: Params) -> Params:
        chat = self._chat(params)
        self._check_sendable(chat)
        limits.check_markup(params.get("reply_markup"))
        thread, reply = self._thread(chat, params), self._reply(chat, params)
        self.pace.check(chat.id, is_group=isinstance(chat, Group))
        more: Params = {"markup": params.get("reply_markup"), "thread": thread, "reply_to": reply}
        return self.world.message_json(self.world.add_message(chat.id, self.world.bot.id, content, **more))

    def _thread(self, chat: Person | Group, params: Params) -> int | None:
        thread: int | None = params.get("message_thread_id")
        if thread and (isinstance(chat, Person) or thread not in chat.topics):
            raise bad("message thread not found")
        return thread

    def _reply(self, chat: Person | Group, params: Params) -> int | None:
        wanted = params.get("reply_parameters", {})
        number: int | None = wanted.get("message_id")
        if number and self.world.find_message(chat.id, number) is None:
            if not wanted.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
            return None
        return number

    def _file(self, kind: str, named: str, files: Mapping[str, Upload]) -> StoredFile:
        if named.startswith("attach://"):
            upload = files[named.removeprefix("attach://")]
            limits.check_upload(kind, upload)
            return self.world.add_file(kind, upload.content, upload.mime)
        if named.startswith(("http://", "https://")):
            raise wrong("failed to get HTTP URL content")
        stored = self.world.files.get(named)
        if stored is None:
            raise bad("wrong file identifier/HTTP URL specified")
        if stored.kind != kind:
            raise bad(f"can't use file of type {stored.kind.title()} as {kind.title()}")
        return stored

    def _part(self, part: Params, files: Mapping[str, Upload]) -> Params:
        stored = self._file(part["type"], part["media"], files)
        if part["type"] == "photo":
            return {"photo": self.world.photo_json(stored)}
        return {part["type"]: self._video(stored) if part["type"] == "video" else self.world.file_json(stored)}

    def _video(self, stored: StoredFile) -> Params:
        return self.world.file_json(stored, width=640, height=360, duration=1)

    def _caption(self, params: Params) -> Params:
        limits.check_caption(params.get("caption", ""))
        return {"caption": params["caption"]} if params.get("caption") else {}

    def _own_message(self, params: Params) -> Message:
        if "chat_id" not in params or "message_id" not in params:
            raise wrong("message identifier is not specified")
        chat = self._chat(params)
        self._check_sendable(chat)
        message = self.world.find_message(chat.id, params["message_id"])
        if message is None:
            raise bad("message to edit not found")
        if message.sender != self.world.bot.id or (message.markup and not message.keyboard):
            raise bad("message can't be edited")
        return message

    def _change(self, message: Message, content: Params, markup: Params | None) -> Params:
        limits.check_markup(markup)
        kept = markup if (markup or {}).get("inline_keyboard") else None
        if content == message.content and kept == message.markup:
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        self.pace.check(message.chat, is_group=message.chat < 0)
        message.content, message.markup, message.edited_at = content, kept, self.world.now()
        return self.world.message_json(message)
