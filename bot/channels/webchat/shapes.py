"""The raw update of the web chat, as it is stored before it is handled, and the names of its chats."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from handlers.messages import Address, MediaKind
from storage.people import Chat


class SentFile(BaseModel):
    """A file of our media store, sent with a message."""

    model_config = ConfigDict(frozen=True)

    ref: str
    kind: MediaKind
    mime: str = ""
    size: int = 0
    duration: int = 0


class Point(BaseModel):
    """Where a browser says it is, WGS-84 degrees."""

    model_config = ConfigDict(frozen=True)

    lat: float
    lon: float


class WebUpdate(BaseModel):
    """What a person did in a browser. `queue` is the room's, or empty for the private chat."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["message", "press", "scan", "edit"]
    user: str
    client_id: str
    at: datetime
    queue: str = ""
    title: str = ""
    name: str = ""
    post: str = ""  # message, edit: the post itself; press: the post whose button it was
    text: str = ""
    media: tuple[SentFile, ...] = ()
    geo: Point | None = None
    reply_to: str = ""
    token: str = ""
    scene: str = ""

    @property
    def id(self) -> str:
        """The repeat guard: what a browser sends again under the same client id is the same update."""
        return update_id(self.user, self.client_id)

    def raw(self) -> dict[str, Any]:
        """The update as JSON; what was not said is left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


def update_id(user: str, client_id: str) -> str:
    """The id of an update of the web chat."""
    return f"{user}:{client_id}"


def private_chat(user: str) -> str:
    """The chat between one person and the program."""
    return f"u:{user}"


def room_chat(queue: str) -> str:
    """The chat of everybody who works on a queue."""
    return f"r:{queue}"


def chat_of(chat: Address | Chat) -> str:
    """The chat behind an address, or "" when it names none."""
    if chat.chat.startswith(("r:", "u:")):
        return chat.chat
    return private_chat(chat.chat) if chat.chat and not chat.is_group else ""
