"""The platform's memory: followers with what they see, tokens, files, codes, menus, forms. Nothing here talks to anybody."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

APP_ID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"
TOKEN, AES_KEY = "linlitesttoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"

MESSAGE_WINDOW, MESSAGE_COUNT = timedelta(hours=48), 5
CLICK_WINDOW, CLICK_COUNT = timedelta(minutes=1), 3
TOKEN_LIFE, TOKEN_OVERLAP = timedelta(hours=2), timedelta(minutes=5)
MEDIA_LIFE = timedelta(days=3)
CODE_LIFE = timedelta(minutes=5)
FORCED_APART, FORCED_A_DAY = timedelta(seconds=30), 20


class Seen(NamedTuple):
    """One message on a person's screen. `way` is passive, custom, template or agreed."""

    way: str
    text: str
    at: datetime
    link: str = ""
    media: str = ""
    fields: dict[str, str] = {}  # noqa: RUF012 - never changed
    mine: bool = True


@dataclass
class Window:
    """A right to send service messages."""

    until: datetime
    left: int


@dataclass
class Person:
    """One follower, or somebody who has left."""

    name: str
    openid: str
    follows: bool = False
    blocks_notices: bool = False
    message: Window | None = None
    click: Window | None = None
    agreed: dict[str, int] = field(default_factory=dict)
    screen: list[Seen] = field(default_factory=list)


@dataclass
class Token:
    """An access token. `until` may be moved to now."""

    value: str
    until: datetime
    renewed: bool = False


class File(NamedTuple):
    """An uploaded or sent file."""

    kind: str
    content: bytes
    mime: str
    until: datetime


class World:
    """All state of one account on the platform."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.people: dict[str, Person] = {}
        self.stable: list[Token] = []
        self.plain: Token | None = None
        self.forced_at: list[datetime] = []
        self.files: dict[str, File] = {}
        self.templates: dict[str, str] = {}
        self.agreements: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.most_codes = 100_000
        self.menu: dict[str, Any] | None = None
        self.sign_ins: dict[str, tuple[str, datetime]] = {}
        self.web_domain = ""
        self.tickets: list[Token] = []
        """Those that pages are signed with."""
        self.denied: set[str] = set()
        self.allowed_ip = True
        self._count = 0

    def next_id(self) -> int:
        self._count += 1
        return 24_000_000_000_000 + self._count

    def person(self, name: str, *, follows: bool = True) -> Person:
        made = Person(name, "o" + secrets.token_urlsafe(21)[:27], follows)
        self.people[made.openid] = made
        return made

    def template(self, content: str) -> str:
        """A form whose content names its fields like {{thing1.DATA}}."""
        made = secrets.token_urlsafe(32)[:43]
        self.templates[made] = content
        return made

    def agreement(self, content: str) -> str:
        made = secrets.token_urlsafe(32)[:43]
        self.agreements[made] = content
        return made

    def add_file(self, kind: str, content: bytes, mime: str) -> str:
        made = secrets.token_urlsafe(48)
        self.files[made] = File(kind, content, mime, self.now() + MEDIA_LIFE)
        return made

    def opens_message(self, person: Person) -> None:
        person.message = Window(self.now() + MESSAGE_WINDOW, MESSAGE_COUNT)

    def opens_click(self, person: Person) -> None:
        person.click = Window(self.now() + CLICK_WINDOW, CLICK_COUNT)
