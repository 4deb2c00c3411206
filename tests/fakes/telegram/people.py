"""What people say on the platform, as a client would let them: write, press, edit. Each act becomes updates."""

from __future__ import annotations

import io
import re
import time
from typing import Any

from PIL import Image

from tests.fakes.telegram.comings import Chat, Comings, Someone, as_id
from tests.fakes.telegram.world import BOT_USERNAME, IN_GROUP, Message, Press


def picture(colour: str = "gray", size: tuple[int, int] = (320, 240)) -> bytes:
    """A small real JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


class People(Comings):
    """Acts of people. Sending methods give the message as the platform keeps it."""

    def start(self, who: Someone, payload: str = "") -> Message:
        """Presses Start, perhaps of a link `t.me/bot?start=payload`; opens a blocked bot again."""
        if payload and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise ValueError(f"no client sends this payload: {payload!r}")
        person = self._person(who)
        if person.blocked:
            self.unblock(person)
        person.started = True
        return self.text(person, f"/start {payload}".strip())

    def text(self, who: Someone, text: str, chat: Chat | None = None, **more: Any) -> Message:
        """`more`: thread, reply_to (message id), forwarded (bool), silent."""
        content: dict[str, Any] = {"text": text}
        command = re.match(r"/\w+(@\w+)?", text)
        if command:
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        return self._say(who, chat, content, **more)

    def forward(self, who: Someone, text: str, chat: Chat | None = None, **more: Any) -> Message:
        origin = {"type": "hidden_user", "sender_user_name": "别人", "date": self.world.now() - 60}
        return self._say(who, chat, {"text": text, "forward_origin": origin}, **more)

    def photo(
        self, who: Someone, chat: Chat | None = None, *, caption: str = "", content: bytes = b"", **more: Any
    ) -> Message:
        return self._say(who, chat, self._photo(content or picture()) | _caption(caption), **more)

    def album(
        self, who: Someone, chat: Chat | None = None, *, count: int = 2, caption: str = "", **more: Any
    ) -> list[Message]:
        """Several photos sent at once: several messages and updates with one media_group_id."""
        group = {"media_group_id": str(9_000_000 + self.world.next_id())}
        parts = [self._photo(picture(size=(320, 200 + at))) | group for at in range(count)]
        parts[0] |= _caption(caption)
        return [self._say(who, chat, part, **more) for part in parts]

    def voice(
        self, who: Someone, chat: Chat | None = None, *, content: bytes = b"OggS voice", duration: int = 3, **more: Any
    ) -> Message:
        stored = self.world.add_file("voice", content, "audio/ogg")
        voice = self.world.file_json(stored, duration=duration, mime_type="audio/ogg")
        return self._say(who, chat, {"voice": voice}, **more)

    def video(self, who: Someone, chat: Chat | None = None, *, caption: str = "", **more: Any) -> Message:
        stored = self.world.add_file("video", b"video", "video/mp4")
        video = self.world.file_json(stored, width=640, height=360, duration=5, mime_type="video/mp4")
        return self._say(who, chat, {"video": video} | _caption(caption), **more)

    def document(
        self,
        who: Someone,
        chat: Chat | None = None,
        *,
        name: str = "file.pdf",
        content: bytes = b"%PDF-1.4",
        mime: str = "application/pdf",
        size: int = 0,
        caption: str = "",
        **more: Any,
    ) -> Message:
        """`size` plays a file larger than its bytes."""
        stored = self.world.add_file("document", content, mime, size=size)
        document = self.world.file_json(stored, file_name=name, mime_type=mime)
        return self._say(who, chat, {"document": document} | _caption(caption), **more)

    def location(self, who: Someone, lat: float, lon: float, chat: Chat | None = None, **more: Any) -> Message:
        return self._say(who, chat, {"location": {"latitude": lat, "longitude": lon}}, **more)

    def venue(self, who: Someone, lat: float, lon: float, title: str, chat: Chat | None = None, **more: Any) -> Message:
        point = {"latitude": lat, "longitude": lon}
        venue = {"location": point, "title": title, "address": title}
        return self._say(who, chat, {"location": point, "venue": venue}, **more)

    def sticker(self, who: Someone, chat: Chat | None = None, *, emoji: str = "👍", **more: Any) -> Message:
        stored = self.world.add_file("sticker", b"RIFF webp", "image/webp")
        shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._say(who, chat, {"sticker": self.world.file_json(stored, emoji=emoji) | shape}, **more)

    def contact(self, who: Someone, phone: str, chat: Chat | None = None, **more: Any) -> Message:
        person = self._person(who)
        contact = {"phone_number": phone, "first_name": person.first_name, "user_id": person.id}
        return self._say(who, chat, {"contact": contact}, **more)

    def edit(self, who: Someone, message: Message | int, text: str, chat: Chat | None = None) -> Message:
        """Changes a message they sent earlier."""
        place = as_id(chat if chat is not None else who)
        number = message if isinstance(message, int) else message.id
        found = self.world.find_message(place, number)
        if found is None or found.sender != as_id(who):
            raise LookupError(f"{as_id(who)} has no message {number} in {place}")
        found.content["caption" if "caption" in found.content or "photo" in found.content else "text"] = text
        found.edited_at = self.world.now()
        if self._hears(found):
            self.queue.put("edited_message", self.world.message_json(found))
        return found

    def delete(self, chat: Chat, message: Message | int) -> None:
        """Deletes a message for everybody; bots are not told."""
        number = message if isinstance(message, int) else message.id
        found = self.world.find_message(as_id(chat), number)
        if found is None:
            raise LookupError(f"no message {number} in {as_id(chat)}")
        found.deleted = True

    def press(
        self, who: Someone, label: str, chat: Chat | None = None, *, message: int = 0, inaccessible: bool = False
    ) -> Press:
        """Presses the button labelled so, on the newest message that has it or on `message`."""
        place = as_id(chat if chat is not None else who)
        self._require_inside(as_id(who), place)
        shown = [each for each in reversed(self.world.messages.get(place, [])) if each.keyboard and not each.deleted]
        for each in shown:
            if message in (0, each.id):
                for button in (button for row in each.keyboard for button in row if button["text"] == label):
                    return self.press_data(who, button["callback_data"], each, inaccessible=inaccessible)
        labels = [button["text"] for each in shown for row in each.keyboard for button in row]
        raise LookupError(f"no button {label!r} in {place}; there are {labels}")

    def press_data(self, who: Someone, data: str, message: Message, *, inaccessible: bool = False) -> Press:
        """Presses with this data, as an old screen may still do after the keyboard has changed."""
        person = self._person(who)
        press = Press(str(4_000_000_000_000 + self.world.next_id()), person.id, message.chat, message.id, time.time())
        self.world.presses[press.id] = press
        shown = self.world.message_json(message)
        if inaccessible:
            shown = {"chat": shown["chat"], "message_id": message.id, "date": 0}
        body = {"id": press.id, "from": person.as_json(), "chat_instance": str(message.chat), "data": data}
        self.queue.put("callback_query", body | {"message": shown})
        return press

    # --- inside

    def _say(
        self,
        who: Someone,
        chat: Chat | None,
        content: dict[str, Any],
        *,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> Message:
        person = self._person(who)
        place = as_id(chat if chat is not None else person)
        if place == person.id:
            person.started = True
        self._require_inside(person.id, place)
        message = self.world.add_message(place, person.id, content, thread=thread, reply_to=reply_to)
        if self._hears(message):
            self.queue.put("message", self.world.message_json(message))
        return message

    def _hears(self, message: Message) -> bool:
        """Whether the bot is told: in groups with privacy mode only commands and replies to the bot."""
        group = self.world.groups.get(message.chat)
        if group is None:
            return True
        if group.bot_status not in IN_GROUP:
            return False
        if group.bot_status == "administrator" or not self.world.privacy:
            return True
        replied = self.world.find_message(message.chat, message.reply_to or 0)
        command = re.match(rf"/\w+(@{BOT_USERNAME})?(\s|$)", str(message.content.get("text", "")))
        return bool(command) or (replied is not None and replied.sender == self.world.bot.id)

    def _photo(self, content: bytes) -> dict[str, Any]:
        return {"photo": self.world.photo_json(self.world.add_file("photo", content, "image/jpeg"))}

    def _require_inside(self, person: int, chat: int) -> None:
        group = self.world.groups.get(chat)
        if group is not None and group.members.get(person) not in IN_GROUP:
            raise LookupError(f"{person} is not in the group {chat}")


def _caption(caption: str) -> dict[str, Any]:
    return {"caption": caption} if caption else {}
