"""The channel-neutral message model: what comes in, what goes out, and what a channel can do.

Adapters translate platform messages to `Incoming` and `Outgoing` to platform calls. Nothing here knows a platform.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 10_000
"""Characters of one incoming text that are read; the rest is kept in the raw receipt and the person is told."""


class Value(BaseModel):
    """A frozen value that survives a round trip through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Value):
    """Enough to push a message later: one person in one chat of one account of one channel.

    `user` is empty for a whole group; `chat` equals `user` in a private chat; `thread` is a forum topic or empty.
    """

    channel: str
    account: str = ""
    user: str = ""
    chat: str
    thread: str = ""
    is_group: bool = False


MediaKind = Literal["photo", "voice", "video", "file"]


class Media(Value):
    """A file somebody sent. `ref` is the platform's own handle; the bytes are fetched later by the channel."""

    kind: MediaKind
    ref: str
    mime: str = ""
    size: int = 0
    album: str = ""  # media_group_id: the parts of one album share it
    duration: int = 0  # seconds, voice only


class Geo(Value):
    """A point on the map. `system` is "wgs84" (Telegram, browsers) or "gcj02" (WeChat)."""

    lat: float
    lon: float
    system: Literal["wgs84", "gcj02"] = "wgs84"
    label: str = ""


Kind = Literal[
    "text", "media", "place", "press", "scan", "edit", "join", "leave", "migrate", "blocked", "undelivered", "unknown"
]


class Incoming(Value):
    """One thing that happened on a channel. `id` is the repeat guard, unique per channel and account."""

    id: str
    kind: Kind
    at: datetime
    address: Address
    name: str = ""  # what the person is called on the platform, if told
    text: str = ""  # text, caption, or the typed part of a command
    media: tuple[Media, ...] = ()
    geo: Geo | None = None
    token: str = ""  # press: the opaque button token
    callback: str = ""  # press: the platform's handle for answering the press at once
    message_ref: str = (
        ""  # the platform id of this message (edit: the edited one; press: the pressed; undelivered: ours)
    )
    reply_to: str = ""  # the platform id of the message this one answers
    replied: str = ""  # the words of that message when it is ours
    scene: str = ""  # scan: the place code or invitation carried by the link
    new_chat: str = ""  # migrate: the chat id that replaces address.chat
    chat_title: str = ""


class Button(NamedTuple):
    """One choice. `action` and `args` stay in the database; the platform sees only a token. `typed` is the same by text."""

    label: str
    action: str
    args: dict[str, Any] = {}  # noqa: RUF012 - never mutated: the tuple is built per message
    typed: str = ""


class Key(Value):
    """A button as a channel sees it: what stands on it, and the token that comes back."""

    label: str
    token: str
    typed: str = ""


class About(Value):
    """What a message is about, for platforms that take only filled-in forms after some time (templates), and to say it
    again later. The values are short plain words without personal data.
    """

    purpose: Literal["rate", "news"]
    request_id: int
    resolution: int = 0
    number: int
    item: str
    place: str
    state: str


class Outgoing(Value):
    """One message to send. With `slot`, a later message in the same slot of the same chat replaces this one in place."""

    text: str
    keys: tuple[tuple[Key, ...], ...] = ()
    media: tuple[str, ...] = ()  # our own media ids
    slot: str = ""
    callback: str = ""  # answer this press (a toast on the presser's screen) instead of sending a message
    alert: bool = False  # the toast must be dismissed by hand
    force_reply: bool = False  # ask the client to open a reply box (needed in groups with privacy mode)
    reply_to: str = ""
    link: str = ""  # an address the text refers to, for channels that show it apart
    bare: str = ""  # the text without its numbered menu, to say it when those numbers mean nothing any more
    menu: str = ""  # the keyboard that the numbers of this text stand for
    about: About | None = None


class Edit(StrEnum):
    """How a channel can change a message it has sent."""

    ALWAYS = "always"
    FOR_A_TIME = "for a time"  # cards, while the platform gives leave; after that a change comes as a new message
    NEVER = "never"


class Push(StrEnum):
    """When a channel takes a message that answers nothing."""

    ALWAYS = "always"  # once the person has written
    WINDOW = "window"  # some messages within some time after the person did something; then forms they agreed to


class Capabilities(Value):
    """What a channel can do. The core asks this and never which platform it is."""

    max_bytes: int = 4096  # of one text, UTF-8
    max_chars: int = 4096
    buttons: bool = True
    group_buttons: bool = True
    label_bytes: int = 64
    edit: Edit = Edit.ALWAYS
    groups: bool = True
    toasts: bool = True  # can answer a press without a message
    media: bool = True
    menu_items: int = 9  # most choices in a numbered menu
    per_second: float = 0.0  # messages to all chats together; 0: no limit
    chat_interval: float = 0.0  # seconds between two messages to one chat
    group_per_minute: int = 0  # messages to one group; 0: no limit
    opens: bool = False  # may write first to anybody it knows; their private chat has the id of the user
    push: Push = Push.ALWAYS
    agree_link: str = ""  # where a person agrees to forms; empty: nowhere, or no form wants it
    agree_forms: tuple[str, ...] = ()  # what they can agree to there
    answers_for: float = 0.0  # seconds in which an answer rides on the platform's own request; 0: it never does
    keeps: bool = False  # what is sent waits there until somebody looks, so a chat is never out of reach


class Refusal(StrEnum):
    """Why a platform would not take a message."""

    BLOCKED = "blocked"  # the person or group does not want us: never again until they write
    GONE = "gone"  # the chat does not exist any more
    MIGRATED = "migrated"  # the chat has a new id
    WINDOW = "window"  # not before the person does something
    RATE = "rate"  # later
    TEMPORARY = "temporary"  # later
    REJECTED = "rejected"  # this message can never be sent (too long, bad media)


class Receipt(Value):
    """The platform took it. `ref` is the platform's message id, for later edits; empty for toasts."""

    ref: str = ""
    form: bool = False  # only a filled-in form went out: neither the words nor the choices were shown


class Refused(Value):
    """The platform did not take it."""

    reason: Refusal
    detail: str = Field(default="", max_length=500)
    retry_for: float = 0.0  # seconds to wait before the next try, when the platform says so
    new_chat: str = ""  # with MIGRATED
