"""The company: members, groups, what each screen shows, cards with their one-use codes, files, the clock."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.fakes.wecom.errors import ApiError, wrong
from tests.fakes.wecom.rules import Counts

CORP, AGENT, SECRET = "ww0123456789abcdef", 1000002, "secret-of-the-application_0123456789"
BOT, BOT_SECRET = "aib-0123456789", "secret-of-the-bot_0123456789"
TOKEN_LASTS, CODE_LASTS, MEDIA_LASTS = 7200.0, 72 * 3600.0, 3 * 86400.0


class Clock:
    """Seconds since 1970: real ones plus what the test has added."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def turn(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class Member:
    """Somebody in the company's address book."""

    id: str
    name: str
    departments: list[int] = field(default_factory=lambda: [1])
    visible: bool = True


@dataclass
class Group:
    """A group of members, with or without the bot; `kind` is who made it possible: bot, appchat or webhook."""

    id: str
    name: str
    members: list[str]
    kind: str = "bot"
    met: bool = False  # somebody has spoken to the bot here


@dataclass
class Card:
    """A card, and what each of its receivers sees of it now."""

    task: str
    by: str  # app or bot
    receivers: list[str]
    shown: dict[str, dict[str, Any]]
    sent: dict[str, Any] = field(default_factory=dict)


@dataclass
class Code:
    """With this a card may be changed once."""

    card: str
    until: float
    used: bool = False


class Seen(NamedTuple):
    """One message as a person sees it now."""

    kind: str
    text: str
    buttons: tuple[str, ...] = ()
    task: str = ""
    grey: str = ""  # what stands on the button that cannot be pressed any more
    media: str = ""

    def has(self, part: str) -> bool:
        """Whether the text or a button that can be pressed contains it."""
        return part in self.text or any(part in label for label in self.buttons)


class Message(NamedTuple):
    """One message in a conversation: plain content, or the name of a card."""

    kind: str
    text: str = ""
    card: str = ""
    media: str = ""


class World:
    """Everything the platform knows. Conversations go by member id (the application), "bot:<id>" and group id."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.counts = Counts(self.clock.now)
        self.members: dict[str, Member] = {}
        self.groups: dict[str, Group] = {}
        self.departments: dict[int, str] = {1: "银杏街道"}
        self.webhooks: dict[str, str] = {}
        self.cards: dict[str, Card] = {}
        self.codes: dict[str, Code] = {}
        self.files: dict[str, tuple[bytes, str, float]] = {}
        self.messages: dict[str, list[Message]] = {}
        self.tokens: dict[str, float] = {}
        self.menu: dict[str, Any] = {}

    # ---------------------------------------------------------------- tokens and files

    def token(self) -> tuple[str, int]:
        """The application's token: the same one as long as it is valid (path/91039)."""
        now = self.clock.now()
        for token, until in self.tokens.items():
            if until > now:
                return token, int(until - now)
        token = secrets.token_urlsafe(48)
        self.tokens[token] = now + TOKEN_LASTS
        return token, int(TOKEN_LASTS)

    def check_token(self, token: str) -> None:
        if not token:
            raise wrong("access_token missing", 41001)
        if token not in self.tokens:
            raise ApiError(40014, "invalid access_token")
        if self.tokens[token] <= self.clock.now():
            raise ApiError(42001, "access_token expired")

    def keep_file(self, content: bytes, mime: str) -> str:
        name = f"media-{secrets.token_urlsafe(24)}"
        self.files[name] = (content, mime, self.clock.now() + MEDIA_LASTS)
        return name

    def find_file(self, name: str) -> tuple[bytes, str]:
        content, mime, until = self.files.get(name, (b"", "", 0.0))
        if until <= self.clock.now():
            raise ApiError(40007, "invalid media_id")
        return content, mime

    # ---------------------------------------------------------------- messages and cards

    def put(self, conversation: str, message: Message) -> None:
        self.messages.setdefault(conversation, []).append(message)

    def add_card(self, by: str, receivers: list[str], card: dict[str, Any]) -> Card:
        task = card.get("task_id", "") or secrets.token_hex(8)
        if task in self.cards:
            # the very same card again is what a program sends whose answer was lost; another one is its fault
            raise ApiError(42014, f"task_id {task} was used before", violation=self.cards[task].sent != card)
        made = self.cards[task] = Card(task, by, receivers, dict.fromkeys(receivers, card), card)
        for name in receivers:
            self.put(name, Message("card", card=task))
        return made

    def new_code(self, card: str) -> str:
        code = secrets.token_urlsafe(32)
        self.codes[code] = Code(card, self.clock.now() + CODE_LASTS)
        return code

    def use_code(self, code: str) -> Card:
        """The card that a code may change; once, and within 72 hours."""
        found = self.codes.get(code)
        if found is None:
            raise wrong("unknown response_code", 42023)
        if found.used:
            raise ApiError(42022, "code has been used")
        if found.until <= self.clock.now():
            raise ApiError(42023, "code expired")
        found.used = True
        return self.cards[found.card]

    def seen(self, conversation: str) -> list[Seen]:
        """A conversation as it is shown now, oldest first. Members of a group see the same."""
        return [self._shown(conversation, message) for message in self.messages.get(conversation, [])]

    def _shown(self, conversation: str, message: Message) -> Seen:
        if not message.card:
            return Seen(message.kind, message.text, media=message.media)
        card = self.cards[message.card].shown[conversation]
        quote = card.get("quote_area", {}).get("quote_text", "")
        lines = [card.get("main_title", {}).get("title", ""), quote, card.get("sub_title_text", "")]
        grey = card.get("replace_text", "")
        buttons = () if grey else tuple(button["text"] for button in card.get("button_list", []))
        return Seen("card", "\n".join(line for line in lines if line), buttons, message.card, grey)
