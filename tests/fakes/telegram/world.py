"""The platform's memory: people, groups, messages, files, toasts. Nothing here talks to a bot or judges it."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from PIL import Image

BOT_NAME = "邻里"
BOT_USERNAME = "linli_test_bot"
IN_GROUP = {"creator", "administrator", "member", "restricted"}


@dataclass
class Person:
    """One account. The private chat with the bot has the same id."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    is_bot: bool = False
    started: bool = False
    blocked: bool = False
    gone: bool = False

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.last_name:
            body["last_name"] = self.last_name
        if self.username:
            body["username"] = self.username
        if not self.is_bot:
            body["language_code"] = "zh-hans"
        return body

    def chat_json(self) -> dict[str, Any]:
        body = self.as_json()
        return {"type": "private"} | {key: body[key] for key in body if key not in ("is_bot", "language_code")}


@dataclass
class Group:
    """One group. `members` are statuses by person id; `topics` names by thread id; `moved_to` follows a migration."""

    id: int
    title: str
    kind: str = "supergroup"
    forum: bool = False
    members: dict[int, str] = field(default_factory=dict)
    bot_status: str = "member"
    topics: dict[int, str] = field(default_factory=dict)
    moved_to: int | None = None

    def chat_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"id": self.id, "type": self.kind, "title": self.title}
        return body | ({"is_forum": True} if self.forum else {})


@dataclass
class Message:
    """One message. `content` holds the fields of its kind as the Bot API writes them."""

    id: int
    chat: int
    sender: int
    at: int
    content: dict[str, Any]
    markup: dict[str, Any] | None = None
    reply_to: int | None = None
    thread: int | None = None
    edited_at: int | None = None
    deleted: bool = False

    @property
    def text(self) -> str:
        return str(self.content.get("text", self.content.get("caption", "")))

    @property
    def keyboard(self) -> list[list[dict[str, Any]]]:
        rows: list[list[dict[str, Any]]] = (self.markup or {}).get("inline_keyboard", [])
        return rows


class StoredFile(NamedTuple):
    """A file on the platform. `size` may be larger than the bytes kept, to play big files cheaply."""

    id: str
    kind: str
    content: bytes
    size: int
    mime: str
    path: str


@dataclass
class Toast:
    """The answer to one press, seen by the presser only."""

    person: int
    chat: int
    message: int
    text: str
    alert: bool


@dataclass
class Press:
    """One callback query and whether it can still be answered."""

    id: str
    person: int
    chat: int
    message: int
    at: float
    answered: bool = False


class Seen(NamedTuple):
    """One message as a person sees it now."""

    id: int
    sender: str
    text: str
    buttons: list[list[str]]
    media: list[str]
    edited: bool
    reply_to: int | None
    thread: int | None
    force_reply: bool
    mine: bool
    """Sent by the bot."""

    def has(self, *parts: str) -> bool:
        """Whether every part stands in the text or on a button."""
        shown = [self.text, *(label for row in self.buttons for label in row)]
        return all(any(part in each for each in shown) for part in parts)


class World:
    """All state of the platform for one bot."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.bot = Person(int(token.split(":")[0]), BOT_NAME, username=BOT_USERNAME, is_bot=True)
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.messages: dict[int, list[Message]] = {}
        self.files: dict[str, StoredFile] = {}
        self.presses: dict[str, Press] = {}
        self.toasts: list[Toast] = []
        self.commands: dict[str, list[dict[str, Any]]] = {}
        self.privacy = True
        self._ids = 0

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def now(self) -> int:
        return int(time.time())

    def find_chat(self, chat: int) -> Person | Group | None:
        return self.groups.get(chat) or self.people.get(chat)

    def get_account(self, person: int) -> Person:
        return self.bot if person == self.bot.id else self.people[person]

    def find_message(self, chat: int, message: int) -> Message | None:
        return next((each for each in self.messages.get(chat, ()) if each.id == message and not each.deleted), None)

    def add_message(self, chat: int, sender: int, content: dict[str, Any], **more: Any) -> Message:
        """Appends a message; ids count per chat, so that code which forgets the chat is caught."""
        kept = self.messages.setdefault(chat, [])
        message = Message(len(kept) + 1, chat, sender, self.now(), content, **more)
        kept.append(message)
        return message

    def add_file(self, kind: str, content: bytes, mime: str, *, size: int = 0) -> StoredFile:
        digest = hashlib.sha256(kind.encode() + content + str(size).encode()).hexdigest()[:40]
        folder = {"photo": "photos", "voice": "voice", "video": "videos"}.get(kind, "documents")
        ending = mime.rpartition("/")[2].replace("jpeg", "jpg").replace("ogg", "oga")
        stored = StoredFile(
            f"{kind}-{digest}", kind, content, size or len(content), mime, f"{folder}/{digest[:12]}.{ending}"
        )
        return self.files.setdefault(stored.id, stored)

    def file_json(self, stored: StoredFile, **more: Any) -> dict[str, Any]:
        unique = stored.id.rpartition("-")[2][:16]
        return {"file_id": stored.id, "file_unique_id": unique, "file_size": stored.size} | more

    def photo_json(self, stored: StoredFile) -> list[dict[str, Any]]:
        """A small and the full size, smallest first, as Telegram lists them."""
        with Image.open(io.BytesIO(stored.content)) as picture:
            width, height = picture.size
            picture.thumbnail((90, 90))
            small = io.BytesIO()
            picture.convert("RGB").save(small, "JPEG")
            thumb = self.add_file("photo", small.getvalue(), "image/jpeg")
            sizes = [self.file_json(thumb, width=picture.width, height=picture.height)]
        return [*sizes, self.file_json(stored, width=width, height=height)]

    def show_toast(self, press: Press, text: str, *, alert: bool) -> None:
        if text:
            self.toasts.append(Toast(press.person, press.chat, press.message, text, alert))

    def chat_json(self, chat: int) -> dict[str, Any]:
        found = self.find_chat(chat)
        if found is None:
            raise KeyError(chat)
        return found.chat_json()

    def message_json(self, message: Message, *, nested: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {
            "message_id": message.id,
            "date": message.at,
            "chat": self.chat_json(message.chat),
            "from": self.get_account(message.sender).as_json(),
            **message.content,
        }
        if message.thread:
            body |= {"message_thread_id": message.thread, "is_topic_message": True}
        if message.edited_at:
            body["edit_date"] = message.edited_at
        if message.keyboard:
            body["reply_markup"] = message.markup
        replied = self.find_message(message.chat, message.reply_to) if message.reply_to and not nested else None
        if replied:
            body["reply_to_message"] = self.message_json(replied, nested=True)
        return body

    def seen(self, chat: int) -> list[Seen]:
        return [self._seen(each) for each in self.messages.get(chat, ()) if not each.deleted]

    def _seen(self, message: Message) -> Seen:
        kinds = ("photo", "voice", "video", "audio", "document", "location", "sticker", "contact")
        return Seen(
            id=message.id,
            sender=self.get_account(message.sender).first_name,
            text=message.text,
            buttons=[[button["text"] for button in row] for row in message.keyboard],
            media=[kind for kind in kinds if kind in message.content],
            edited=message.edited_at is not None,
            reply_to=message.reply_to,
            thread=message.thread,
            force_reply=bool((message.markup or {}).get("force_reply")),
            mine=message.sender == self.bot.id,
        )
