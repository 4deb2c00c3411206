"""The Bot API methods this server plays, over the world: results and refusals as Telegram gives them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.fakes.telegram import limits
from tests.fakes.telegram.acts import Acts, Params
from tests.fakes.telegram.errors import bad, wrong
from tests.fakes.telegram.spec import Upload
from tests.fakes.telegram.world import IN_GROUP, Group, Person


class Methods(Acts):
    """Each public method below is a Bot API method in snake case."""

    def find(self, name: str) -> Callable[[Params, Mapping[str, Upload]], Awaitable[Any]] | None:
        snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in name)
        found: Callable[[Params, Mapping[str, Upload]], Awaitable[Any]] | None = getattr(self, f"do_{snake}", None)
        return found

    # --- the bot itself

    async def do_get_me(self, _params: Params, _files: Mapping[str, Upload]) -> Any:
        flags = {"can_join_groups": True, "can_read_all_group_messages": not self.world.privacy}
        return self.world.bot.as_json() | flags | {"supports_inline_queries": False}

    async def do_set_my_commands(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        limits.check_commands(params["commands"])
        scope = params.get("scope", {"type": "default"})["type"]
        self.world.commands[scope] = params["commands"]
        return True

    async def do_get_my_commands(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        return self.world.commands.get(params.get("scope", {"type": "default"})["type"], [])

    async def do_delete_my_commands(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        self.world.commands.pop(params.get("scope", {"type": "default"})["type"], None)
        return True

    # --- updates

    async def do_get_updates(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        limit = params.get("limit", 100)
        if not 1 <= limit <= 100:
            raise wrong("limit must be between 1 and 100")
        if "allowed_updates" in params:
            self.queue.allowed = params["allowed_updates"]
        return await self.queue.poll(params.get("offset", 0), limit, params.get("timeout", 0))

    async def do_set_webhook(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        url = params["url"]
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://testserver")):
            raise wrong("bad webhook: An HTTPS URL must be provided for webhook")
        if "secret_token" in params:
            limits.check_secret(params["secret_token"])
        if params.get("drop_pending_updates"):
            self.queue.drop()
        if "allowed_updates" in params:
            self.queue.allowed = params["allowed_updates"]
        self.queue.webhook.url, self.queue.webhook.secret = url, params.get("secret_token", "")
        self.queue.hold(self.queue.held)
        return True

    async def do_delete_webhook(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        if params.get("drop_pending_updates"):
            self.queue.drop()
        self.queue.webhook.url = self.queue.webhook.secret = ""
        return True

    async def do_get_webhook_info(self, _params: Params, _files: Mapping[str, Upload]) -> Any:
        info = {"url": self.queue.webhook.url, "has_custom_certificate": False}
        return info | {"pending_update_count": len(self.queue.pending)}

    # --- chats and files

    async def do_get_chat(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        chat = self._chat(params)
        gifts = dict.fromkeys(("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"), False)
        more = {"accent_color_id": 0, "max_reaction_count": 11}
        return chat.chat_json() | more | {"accepted_gift_types": gifts | {"gifts_from_channels": False}}

    async def do_get_chat_member(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        group, user = self._chat(params), params["user_id"]
        if isinstance(group, Person):
            raise bad("there are no members in the private chat")
        status = group.bot_status if user == self.world.bot.id else group.members.get(user, "left")
        if user != self.world.bot.id and user not in self.world.people:
            raise bad("PARTICIPANT_ID_INVALID")
        return self._member(user, status)

    async def do_get_chat_administrators(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        group = self._chat(params)
        if isinstance(group, Person):
            raise bad("there are no administrators in the private chat")
        chiefs = {each: status for each, status in group.members.items() if status in ("creator", "administrator")}
        return [self._member(each, status) for each, status in chiefs.items()]

    async def do_get_chat_member_count(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        group = self._chat(params)
        return 2 if isinstance(group, Person) else 1 + sum(each in IN_GROUP for each in group.members.values())

    async def do_leave_chat(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        group = self._chat(params)
        if isinstance(group, Person):
            raise bad("chat member status can't be changed in private chats")
        group.bot_status = "left"
        return True

    async def do_get_file(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        stored = self.world.files.get(params["file_id"])
        if stored is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if stored.size > limits.DOWNLOAD_BYTES:
            raise bad("file is too big")
        return self.world.file_json(stored, file_path=stored.path)

    # --- sending

    async def do_send_message(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        limits.check_text(params["text"])
        return self._send(params, {"text": params["text"].strip()})

    async def do_send_chat_action(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        self._check_sendable(self._chat(params))
        return True

    async def do_send_location(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        return self._send(params, {"location": {name: params[name] for name in ("latitude", "longitude")}})

    async def do_send_photo(self, params: Params, files: Mapping[str, Upload]) -> Any:
        stored = self._file("photo", params["photo"], files)
        return self._send(params, {"photo": self.world.photo_json(stored)} | self._caption(params))

    async def do_send_voice(self, params: Params, files: Mapping[str, Upload]) -> Any:
        stored = self._file("voice", params["voice"], files)
        voice = self.world.file_json(stored, duration=params.get("duration", 0), mime_type=stored.mime)
        return self._send(params, {"voice": voice} | self._caption(params))

    async def do_send_video(self, params: Params, files: Mapping[str, Upload]) -> Any:
        stored = self._file("video", params["video"], files)
        return self._send(params, {"video": self._video(stored)} | self._caption(params))

    async def do_send_document(self, params: Params, files: Mapping[str, Upload]) -> Any:
        stored = self._file("document", params["document"], files)
        return self._send(params, {"document": self.world.file_json(stored)} | self._caption(params))

    async def do_send_media_group(self, params: Params, files: Mapping[str, Upload]) -> Any:
        limits.check_album(params["media"])
        chat = self._chat(params)
        self._check_sendable(chat)
        group = {"media_group_id": str(9_000_000 + self.world.next_id())}
        contents = [self._part(each, files) | self._caption(each) | group for each in params["media"]]
        thread, reply = self._thread(chat, params), self._reply(chat, params)
        self.pace.check(chat.id, is_group=isinstance(chat, Group), count=len(contents))
        bot = self.world.bot.id
        sent = [self.world.add_message(chat.id, bot, each, thread=thread, reply_to=reply) for each in contents]
        return [self.world.message_json(each) for each in sent]

    # --- changing

    async def do_edit_message_text(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        limits.check_text(params.get("text", ""))
        message = self._own_message(params)
        if "text" not in message.content:
            raise bad("there is no text in the message to edit")
        return self._change(message, message.content | {"text": params["text"].strip()}, params.get("reply_markup"))

    async def do_edit_message_caption(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        message = self._own_message(params)
        if "text" in message.content:
            raise bad("there is no caption in the message to edit")
        content = {name: value for name, value in message.content.items() if name != "caption"}
        return self._change(message, content | self._caption(params), params.get("reply_markup"))

    async def do_edit_message_reply_markup(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        message = self._own_message(params)
        return self._change(message, message.content, params.get("reply_markup"))

    async def do_delete_message(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        message = self.world.find_message(self._chat(params).id, params["message_id"])
        if message is None:
            raise bad("message to delete not found")
        if self.world.now() - message.at > 48 * 3600:
            raise bad("message can't be deleted for everyone")
        message.deleted = True
        return True

    async def do_answer_callback_query(self, params: Params, _files: Mapping[str, Upload]) -> Any:
        limits.check_toast(params.get("text", ""))
        press = self.world.presses.get(params["callback_query_id"])
        if press is None or press.answered or time.time() - press.at > self.callback_life:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        press.answered = True
        self.world.show_toast(press, params.get("text", ""), alert=params.get("show_alert", False))
        return True
