"""The program as the web side sees it: rooms, the wall, files, figures, health. Reads only; every change is a message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from bot import notes
from bot.callbacks import CallbackError, Query
from bot.channels.base import Beside, RawUpdate
from bot.channels.webchat.shapes import private_chat, room_chat
from bot.channels.wechat.channel import WeChatChannel
from bot.health import Doctor
from bot.inbox import Full
from bot.media import StoredFile
from bot.metrics import BUSY
from bot.papers import Papers
from bot.program import Program
from bot.web.ports import (
    Absent,
    Agreeing,
    Busy,
    Health,
    Ready,
    Room,
    StationLent,
    WallQuery,
    WallReport,
    WallSeason,
    WallWish,
    WebStation,
)
from bot.wechat_agreeing import WeChatAgreeing
from bot.wechat_pages import WeChatPages
from bot.wecom_here import CheckIn
from handlers import station_page, wall_page, wish_shown
from handlers.names import shown
from storage import attachments, events, loans, outbox, people, pictures, requests, roles, stations
from storage.database import Unavailable
from storage.people import Person
from storage.tx import Tx
from storage.wishes import Filter
from workflow.rights import Grant, may_act
from workflow.wish_rules import THEMES

_COUNT_EVERY = 3.0
"""Seconds for which the figures of the wall are good."""
_ANSWER_WITHIN = 5.0
"""Seconds that a waiting request waits for its answers to be shown."""


class ProgramBackend:
    """Satisfies `bot.web.ports.Backend`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._city = program.city
        self._doctor = Doctor(program.store, program.clock, program.config)
        self.street_name = self._city.street.name
        self.communities: Mapping[str, str] = {c.id: c.name for c in self._city.street.communities}
        self.wish_kinds: Mapping[str, str] = wish_shown.kinds(self._city)
        now, text = program.clock.now(), self._city.texts.text
        self.wish_themes: Mapping[str, str] = {t: text(f"wish.theme_{t}", now) for t in THEMES}
        self.web_base = self._city.manners.web_base
        self._notes = notes.Notes(program.store)
        self._papers = Papers(program.store, self._city, program.clock.now)
        self._wall_counted: tuple[float, dict[str, int]] = (0.0, {})

    async def receive(
        self, update: RawUpdate, *, channel: str = "web", wait: bool = False, beside: Beside | None = None
    ) -> bool:
        """Stores the update; with `wait`, returns when it was answered on the screen. False: `beside` said no.

        Raises `Busy`.
        """
        try:
            kept = await self._program.inbox.receive(channel, "", [update], wait=wait, beside=beside)
        except (Full, Unavailable):
            BUSY.inc()
            raise Busy from None
        if kept and wait and self._program.delivery:
            await self._shown(update)
        return bool(kept)

    async def _shown(self, update: RawUpdate) -> None:
        """Waits until nothing for this chat is left in the outbox."""
        queue, user = str(update.raw.get("queue", "")), str(update.raw.get("user", ""))
        if self._program.web.answers.knows(update.id, room_chat(queue) if queue else private_chat(user)):
            return
        async with self._store.read() as tx:
            chat_id = await outbox.find_waiting(tx, "web", "", room_chat(queue) if queue else user)
        if chat_id is not None:
            await self._program.sender.flushed(chat_id, _ANSWER_WITHIN)

    async def _person(self, tx: Tx, user: str) -> Person | None:
        return await people.find_by_identity(tx, "web", "", user)

    async def _grants(self, tx: Tx, user: str) -> list[Grant]:
        person = await self._person(tx, user)
        return await roles.grants_of(tx, person.id) if person else []

    async def rooms(self, user: str) -> list[Room]:
        """The rooms of every queue the person works in."""
        async with self._store.read() as tx:
            person = await self._person(tx, user)
            grants = await roles.grants_of(tx, person.id) if person else []
        org = self._city.org
        name = shown(person) if person else ""
        return [
            Room(queue, org.name_of(queue), name) for queue in org.queues() if may_act(grants, "view_room", queue, org)
        ]

    async def may_enter(self, user: str, queue: str) -> bool:
        """Whether the person has a role in the queue now."""
        if not self._city.org.has_queue(queue):
            return False
        async with self._store.read() as tx:
            return may_act(await self._grants(tx, user), "view_room", queue, self._city.org)

    async def login(self, token: str) -> str | None:
        """The user a sign-in link was made for."""
        async with self._store.read() as tx:
            return await roles.find_login(tx, token, self._program.clock.now())

    async def version(self) -> int:
        """Where the ledger stands."""
        async with self._store.read() as tx:
            return await events.last_seq(tx)

    async def wall(self, wanted: WallQuery, below: int, limit: int) -> list[WallWish]:
        """What hangs on the wall, in its order."""
        only = Filter(
            community=wanted.community,
            item=wanted.kind,
            theme=wanted.theme,
            skill=wanted.skill,
            most=wanted.most,
            only_open=wanted.only_open,
        )
        async with self._store.read() as tx:
            found = await wall_page.page(tx, self._city, only, below=below, limit=limit)
        return [WallWish(**w._asdict()) for w in found]

    async def wish(self, number: int) -> WallWish | None:
        """One wish, while the wall shows it."""
        async with self._store.read() as tx:
            found = await wall_page.one(tx, self._city, number)
        return None if found is None else WallWish(**found._asdict())

    async def wall_figures(self) -> dict[str, int]:
        """Open, helping, fulfilled: counted at most every few seconds, however many screens ask."""
        counted_at, known = self._wall_counted
        now = time.monotonic()
        if not known or now - counted_at > _COUNT_EVERY:
            async with self._store.read() as tx:
                known = await wall_page.figures(tx)
            self._wall_counted = now, known
        return known

    async def season(self) -> WallSeason | None:
        """The season that runs now."""
        async with self._store.read() as tx:
            found = await wall_page.current(tx)
        return None if found is None else WallSeason(*found)

    async def season_report(self, number: int) -> WallReport | None:
        """The report of a season, once it is public."""
        async with self._store.read() as tx:
            found = await wall_page.report(tx, number)
        return None if found is None else WallReport(WallSeason(*found.season), found.figures, found.pictures)

    async def season_reports(self) -> list[WallSeason]:
        """Every season with a public report."""
        async with self._store.read() as tx:
            return [WallSeason(*one) for one in await wall_page.reports(tx)]

    async def stations(self, point: tuple[float, float] | None, thing: str) -> list[WebStation]:
        """Open stations, the nearest to (longitude, latitude) first."""
        async with self._store.read() as tx:
            found = await station_page.page(tx, self._city, self._program.clock.now(), point, thing)
        return [WebStation(*one[:-1], tuple(StationLent(*t) for t in one.lent)) for one in found]

    async def public_picture(self, ref: str) -> StoredFile | None:
        """A photo that a person has confirmed for everybody."""
        async with self._store.read() as tx:
            if not await pictures.is_public(tx, ref):
                return None
        return await asyncio.to_thread(self._program.web.media.find, ref)

    async def media_for(self, user: str, media_id: str) -> StoredFile | None:
        """A file of a record, for its reporter, its claimer, and whoever works in the record's queue."""
        async with self._store.read() as tx:
            person = await self._person(tx, user)
            if person is None:
                return None
            grants = await roles.grants_of(tx, person.id)
            for file in await attachments.with_stored(tx, media_id):
                if file.person_id == person.id or await self._may_see(tx, person, grants, file):
                    return await asyncio.to_thread(self._program.web.media.find, media_id)
        return None

    async def _may_see(self, tx: Tx, person: Person, grants: list[Grant], file: attachments.Attachment) -> bool:
        if file.subject == "damage" and file.subject_id is not None:
            damage = await loans.get_damage(tx, file.subject_id)
            station = await stations.get(tx, damage.station_id)
            return may_act(grants, "keep_station", station.queue, self._city.org)
        if file.subject not in ("request", "result") or file.subject_id is None:
            return False
        request = await requests.get(tx, file.subject_id)
        if person.id in (request.reporter_id, request.claimer_id):
            return True
        return may_act(grants, "detail", request.queue, self._city.org)

    async def paper(self, token: str, base: str) -> bytes | None:
        """The PDF that a ticket opens; None for one that is unknown or too old. Codes on it open `base`."""
        return await self._papers.find(token, base)

    async def place_name(self, code: str) -> str | None:
        """What the code on a door stands for."""
        return self._city.place_codes.get(code)

    async def health(self) -> Health:
        """One word for each thing that is wrong."""
        return await self._doctor.health()

    async def measure(self) -> None:
        """Brings the figures of /metrics up to date."""
        await self._doctor.measure()

    def wechat_check(self, query: Query, echo: str) -> str:
        """What WeChat's console expects back. Raises `CallbackError`, `Absent`."""
        return self._wechat().check(query, echo)

    async def wechat_hook(self, body: bytes, query: Query) -> bytes:
        """Takes a WeChat callback; durable when it returns, with the answer. Raises `CallbackError`, `Absent`, `Busy`."""
        channel = self._wechat()
        try:
            update = channel.open(query, body)
        except CallbackError as error:
            await self._notes.keep(notes.WECHAT, error.fault.value)
            raise
        found = channel.parse(update.raw)
        try:
            content = await self._program.answers.answer(channel, update, found[0].address.chat if found else "")
        except Full:
            BUSY.inc()
            raise Busy from None
        await self._notes.keep(notes.WECHAT, notes.FINE)
        return channel.seal(content)

    async def wechat_way(self, to: str, ticket: str) -> tuple[str, str]:
        """(address, cookie) of the sign-in through WeChat. Raises `Absent`."""
        return await self._pages().begin(to, ticket)

    async def wechat_arrive(self, code: str, state: str, cookie: str) -> tuple[str, str] | None:
        """(web user, page) of whoever comes back from WeChat. Raises `Absent`."""
        return await self._pages().finish(code, state, cookie)

    async def wechat_agreeing(self, user: str | None, url: str) -> Agreeing:
        """What the page of notices needs. Raises `Absent`, `Busy`."""
        channel = self._wechat()
        agreeing = WeChatAgreeing(channel, self._store, self._program.clock)
        try:
            return await agreeing.open(user, url)
        except ConnectionError:
            raise Busy from None

    def wechat_proof(self) -> str:
        """The name of the file by which WeChat knows our domain."""
        return self._program.config.wechat.verify_file

    def _wechat(self) -> WeChatChannel:
        channel = self._program.wechat
        if channel is None:
            raise Absent
        return channel

    def _pages(self) -> WeChatPages:
        config = self._program.config
        base = config.web.base_url.rstrip("/")
        return WeChatPages(self._wechat(), self._store, self._program.clock, config.wechat.sign_in_url, base)

    async def telegram_hook(self, body: bytes, secret_header: str) -> int:
        """Takes a Telegram webhook call; 200 only when it is durable."""
        channel = self._program.telegram
        return 404 if channel is None else await channel.accept(body, secret_header)

    async def wecom_echo(self, query: Mapping[str, str]) -> tuple[int, str]:
        """Answers WeCom's check of the callback address."""
        wecom = self._program.wecom
        if wecom is None:
            return 404, ""
        answer = await wecom.channel.echo(query)
        return answer.status, answer.body

    async def wecom_hook(self, query: Mapping[str, str], body: bytes) -> int:
        """Takes a WeCom callback; 200 only when it is durable."""
        wecom = self._program.wecom
        return 404 if wecom is None else (await wecom.channel.accept(query, body)).status

    def _check_in(self) -> CheckIn:
        wecom, config = self._program.wecom, self._program.config
        if wecom is None or not config.web.base_url:
            raise Absent
        base = config.web.base_url.rstrip("/")
        section = config.wecom
        return CheckIn(wecom.channel, section.agent_id, self._store, self._program.clock, section.sign_in_url, base)

    async def wecom_way(self) -> tuple[str, str]:
        """(address, cookie) of the sign-in through WeCom. Raises `Absent`."""
        return await self._check_in().begin()

    async def wecom_arrive(self, code: str, state: str, cookie: str, url: str) -> Ready | None:
        """What the check-in page needs. Raises `Absent`."""
        return await self._check_in().arrive(code, state, cookie, url)

    async def wecom_here(self, token: str, lat: float, lon: float) -> bool:
        """Takes a position. Raises `Absent`, `Busy`."""
        try:
            return await self._check_in().take(token, lat, lon)
        except Full:
            BUSY.inc()
            raise Busy from None
