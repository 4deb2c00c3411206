"""What the web side needs from the program. The program implements `Backend`; nothing here knows how."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bot.callbacks import Query
from bot.channels.base import Beside, RawUpdate
from bot.media import StoredFile


class Busy(Exception):
    """The program cannot take more now. Nothing was stored; the caller may try again after `retry_for` seconds."""

    def __init__(self, retry_for: float = 2.0) -> None:
        super().__init__(f"busy, retry in {retry_for} s")
        self.retry_for = retry_for


class Absent(Exception):
    """The program has no such account: the address leads nowhere."""


class Room(NamedTuple):
    """The chat of a queue, for somebody with a role in it. `member_name` is what colleagues call them there."""

    queue: str
    title: str
    member_name: str = ""


class WallWish(NamedTuple):
    """A wish as everybody may see it. `place` is no finer than an estate; `kind`, `theme` and `state` are ids.

    `adopters` are taken of `shares` parts; `cost` is yuan at most; `cursor` is its place on the wall; `early` says that
    adopting begins only with the launch hour of its season.
    """

    number: int
    text: str
    kind: str
    place: str
    state: str
    published_at: datetime
    adopters: int
    theme: str = ""
    shares: int = 1
    cost: int | None = None
    due_at: datetime | None = None
    pairs: bool = False
    carried: int = 0
    cursor: int = 0
    early: bool = False


class WallQuery(NamedTuple):
    """What somebody wants to see of the wall; empty fields mean anything. `most` is yuan."""

    community: str = ""
    kind: str = ""
    theme: str = ""
    skill: str = ""
    most: int | None = None
    only_open: bool = False


class WallSeason(NamedTuple):
    """A season as everybody may see it."""

    number: int
    title: str
    state: str
    launch_at: datetime
    closes_at: datetime


class StationLent(NamedTuple):
    """Something a station lends: how many are there now, and for how many hours."""

    name: str
    free: int
    hours: int


class WebStation(NamedTuple):
    """A station as everybody may see it. `open` is None where its hours do not say it, `metres` without a position."""

    number: int
    name: str
    place: str
    hours: str
    words: str
    open: bool | None
    metres: int | None
    lent: tuple[StationLent, ...]


class WallReport(NamedTuple):
    """The public report of a season: figures as they were published, references of confirmed photos."""

    season: WallSeason
    figures: dict[str, Any]
    pictures: list[str]


class Health(NamedTuple):
    """Whether the program can work now, and one word for each thing that is wrong."""

    ready: bool
    findings: list[str]


class Ready(NamedTuple):
    """What the check-in page needs: its token, and what WeCom's script is configured with."""

    token: str
    app_id: str
    timestamp: int
    nonce: str
    signature: str


class Notice(NamedTuple):
    """One notice that a person may agree to. `purpose` is rate or news; `left` of them will come, -1: all until taken back,

    None: nobody knows who asks.
    """

    form: str
    purpose: str
    lasting: bool
    left: int | None


class Agreeing(NamedTuple):
    """What the page of notices needs: what WeChat's script is configured with, and what there is to agree to."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str
    notices: list[Notice]


class Backend(Protocol):
    """The program behind the pages. `user` is always a user of the web channel."""

    street_name: str
    communities: Mapping[str, str]
    """Community ids and their names, in the order they are shown."""
    wish_kinds: Mapping[str, str]
    """Kinds of wishes and their names, in the order they are shown."""
    wish_themes: Mapping[str, str]
    """What help is asked for, finer than the kind, with names."""
    web_base: str
    """The address people open; empty when it is not configured."""

    async def receive(
        self, update: RawUpdate, *, channel: str = "web", wait: bool = False, beside: Beside | None = None
    ) -> bool:
        """Stores the update; durable when it returns. With `wait`, returns after it was handled and its answers were

        handed to the channel. A repeated id changes nothing. `beside` is written in the same transaction; False when it
        said no, and then nothing was stored. Raises `Busy`.
        """
        ...

    async def rooms(self, user: str) -> list[Room]:
        """The rooms the person may enter; empty for residents."""
        ...

    async def may_enter(self, user: str, queue: str) -> bool:
        """Whether the person has a role in the queue now."""
        ...

    async def login(self, token: str) -> str | None:
        """The user a sign-in link was made for; None when it is unknown, used or too old."""
        ...

    async def version(self) -> int:
        """A number that grows with everything that happens."""
        ...

    async def wall(self, wanted: WallQuery, below: int, limit: int) -> list[WallWish]:
        """What hangs on the wall, in its order, below a cursor (0: from the top)."""
        ...

    async def wish(self, number: int) -> WallWish | None:
        """One wish, while the wall shows it."""
        ...

    async def wall_figures(self) -> dict[str, int]:
        """How many wishes of the wall are open, helping and fulfilled."""
        ...

    async def season(self) -> WallSeason | None:
        """The season that runs now."""
        ...

    async def season_report(self, number: int) -> WallReport | None:
        """The report of a season, once it is public."""
        ...

    async def season_reports(self) -> list[WallSeason]:
        """Every season with a public report, newest first."""
        ...

    async def stations(self, point: tuple[float, float] | None, thing: str) -> list[WebStation]:
        """Open stations, the nearest to (longitude, latitude) first; with `thing` those that have it."""
        ...

    async def public_picture(self, ref: str) -> StoredFile | None:
        """A photo that a person has confirmed for everybody."""
        ...

    async def media_for(self, user: str, media_id: str) -> StoredFile | None:
        """A file of a record, if the person may see it."""
        ...

    async def paper(self, token: str, base: str) -> bytes | None:
        """The PDF that a ticket opens; None for one that is unknown or too old. Codes on it open `base`."""
        ...

    async def place_name(self, code: str) -> str | None:
        """What the code on a door stands for, in words; None when no such code was issued."""
        ...

    async def health(self) -> Health:
        """Database, migrations, backlog, disk."""
        ...

    async def measure(self) -> None:
        """Brings the figures of /metrics up to date."""
        ...

    def wechat_check(self, query: Query, echo: str) -> str:
        """What WeChat's console expects back. Raises `CallbackError`, `Absent`."""
        ...

    async def wechat_hook(self, body: bytes, query: Query) -> bytes:
        """Takes a WeChat callback; durable when it returns, with the answer. Raises `CallbackError`, `Absent`, `Busy`."""
        ...

    async def wechat_way(self, to: str, ticket: str) -> tuple[str, str]:
        """(address, cookie) of the sign-in through WeChat that leads to one of our pages. Raises `Absent`."""
        ...

    async def wechat_arrive(self, code: str, state: str, cookie: str) -> tuple[str, str] | None:
        """(web user, page) of whoever comes back from there; None when it is not to be trusted. Raises `Absent`."""
        ...

    async def wechat_agreeing(self, user: str | None, url: str) -> Agreeing:
        """What the page of notices at this address needs; `user` is who opens it, if known. Raises `Absent`, `Busy`."""
        ...

    def wechat_proof(self) -> str:
        """The name of the file by which WeChat knows our domain; empty when none is wanted."""
        ...

    async def telegram_hook(self, body: bytes, secret_header: str) -> int:
        """Takes a Telegram webhook call and returns the HTTP status to answer; 200 only when it is durable."""
        ...

    async def wecom_echo(self, query: Mapping[str, str]) -> tuple[int, str]:
        """Answers WeCom's check of the callback address: the HTTP status and the plain body."""
        ...

    async def wecom_hook(self, query: Mapping[str, str], body: bytes) -> int:
        """Takes a WeCom callback and returns the HTTP status to answer; 200 only when it is durable."""
        ...

    async def wecom_way(self) -> tuple[str, str]:
        """(address, cookie) of the sign-in through WeCom that leads to the check-in page. Raises `Absent`."""
        ...

    async def wecom_arrive(self, code: str, state: str, cookie: str, url: str) -> Ready | None:
        """What the page at this address needs; None when whoever comes is not to be trusted. Raises `Absent`."""
        ...

    async def wecom_here(self, token: str, lat: float, lon: float) -> bool:
        """Takes a position; durable when it returns. False: the token is used or too old. Raises `Absent`, `Busy`."""
        ...
