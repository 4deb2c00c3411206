"""The one place where everything is joined. Tests pass their own channels and clock through the same door."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import structlog

from bot import keys, logs, metrics, tails, upgrading, wechat
from bot.accounts import parts
from bot.articles import Articles
from bot.catalogue import build_city
from bot.channels.base import Channel, RawUpdate
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChannel
from bot.channels.webchat.shapes import room_chat
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wecom.channel import WecomChannel
from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.extras import media_store, open_traces
from bot.files import Files
from bot.hearing import Ears, engine_of
from bot.inbox import STREAMS, Inbox
from bot.media import MediaStore
from bot.passive import Answers
from bot.pictures import Pictures
from bot.scheduler import PARTS, Scheduler
from bot.sender import Sender
from bot.shares import Shares
from bot.texts import render
from bot.wecom import Wecom
from handlers import briefs, refused_files
from handlers.city import City, Manners
from handlers.messages import Capabilities
from storage import counters, migrate, people, roles
from storage.database import Database
from storage.ids import Ids
from storage.newest import newest_id
from storage.seal import Sealer, new_key
from storage.tx import Store
from workflow.indicators import Weights
from workflow.rating import Schedule
from workflow.rights import Role

log = structlog.get_logger()

COMMANDS = ("my_requests", "wish", "wall", "help")
"""The bot's menu on platforms that have one; the words are in the texts."""
_EPOCH = "clock.epoch"


@dataclass
class Program:
    """Everything that runs, built and not yet started. `intake` and `delivery` say which halves run in this process."""

    config: Config
    clock: Clock
    city: City
    store: Store
    web: WebChannel
    telegram: TelegramChannel | None
    wechat: WeChatChannel | None
    wecom: Wecom | None
    answers: Answers
    ears: Ears | None
    channels: dict[tuple[str, str], Channel]
    inbox: Inbox
    sender: Sender
    scheduler: Scheduler
    shares: Shares
    intake: bool = True
    delivery: bool = True
    start_code: str = ""
    tidying: asyncio.Task[int] | None = None

    @classmethod
    async def build(
        cls, config: Config, *, clock: Clock | None = None, intake: bool = True, delivery: bool = True
    ) -> Self:
        """Reads the data files, opens and migrates the database.

        Raises CatalogueError, TextError, SchemaNewer, and ConfigError when its keys are not here.
        """
        tz = ZoneInfo(config.clocks.tz)
        texts = render.load(tz)
        telegram = _telegram(config, texts)
        city = await asyncio.to_thread(city_of, config, texts, telegram)
        database = Database(config.storage.url, city.street.id, hurried=True)
        await migrate.upgrade(database, upgrading.Console())
        ids = Ids()
        store = Store(database, ids, Sealer(sealing_keys(config)))
        try:
            await keys.check(config, store)
        except ConfigError:
            await database.close()
            raise
        said = asyncio.Event()
        store.watcher = metrics.Watch(said)
        logs.bind(database.tenant)
        async with store.read() as tx:
            ids.go_on_after(await newest_id(tx))
        if not database.is_sqlite:
            ids.settle(await store.run(lambda tx: counters.next_number(tx, "node")))
        real = clock or await clock_of(config, store)
        media, traces = media_store(config), open_traces(config, database.tenant)
        alone = database.is_sqlite  # a file lock keeps others away; on PostgreSQL there may be any number
        shares = Shares(store, alone=alone)
        together = alone and intake and delivery
        web = _web(database, media, store, together=together)
        city = replace(city, shelves={web.name: web.shelf})
        service, wecom = wechat.build(config, store, real), Wecom.build(config, store, city, real)
        found: list[Channel | None] = [web, telegram, service, wecom.channel if wecom else None]
        channels = {(one.name, one.account): one for one in found if one is not None}
        takes, sends, fires = None, None, None
        if intake:
            takes = shares.want("updates", STREAMS)
            _share_polling(shares, telegram, config)
        if delivery:
            sends, fires = shares.want("send", list(parts(channels))), shares.want("timers", PARTS)
            if wecom is not None:
                wecom.follow(sends)
        engine = engine_of(config.hearing)
        ears = Ears(store, channels, engine) if engine is not None else None
        inbox = Inbox(store, city, channels, real, takes, hears=ears is not None, traces=traces, together=together)
        files = Files(store, media, channels, lambda tx, file, why: refused_files.tell(city, tx, file, why, real.now()))
        sender = Sender(store, city, channels, real, files, said, sends, traces)
        pictures = Pictures(store, city, real, media, files)
        chores: list[Callable[[], Awaitable[object]]] = [pictures.prepare]
        if service is not None:
            chores.append(Articles(store, city, real, service.client).bring)
        scheduler = Scheduler(store, city, real, files, said, fires, chores, traces)
        answers = Answers(store, real, inbox.receive, inbox.handled, said)
        joined = (web, telegram, service, wecom, answers, ears, channels, inbox, sender, scheduler, shares)
        return cls(config, real, city, store, *joined, intake, delivery)

    async def start(self) -> None:
        """Opens the web rooms, then receives, handles, sends and fires timers."""
        await self._open_rooms()
        self.start_code = await self._first_code()
        await self.shares.start()
        if self.delivery:
            await self.store.run(lambda tx: briefs.ensure(self.city, tx, self.clock.now()))
            await self.sender.start()
            await self.scheduler.start()
            self.tidying = asyncio.create_task(tails.fill(self.store), name="tails")
        if self.intake or self.wecom is not None:
            await self.inbox.start(handles=self.intake)
        if self.intake and self.ears is not None:
            await self.ears.start()
        await self.web.start(lambda updates: self.receive("web", "", updates))
        if self.intake and self.telegram is not None:
            account = self.telegram.account
            await self.telegram.start(lambda updates: self.receive("telegram", account, updates))
        if self.wecom is not None:
            receive = partial(self.receive, "wecom", self.wecom.channel.account)
            await self.wecom.start(receive, intake=self.intake, delivery=self.delivery)

    async def stop(self) -> None:
        """Stops receiving first, then handling, then sending; what is stored waits for the next start."""
        if self.wecom is not None:
            await self.wecom.stop_receiving()
        if self.intake and self.ears is not None:
            await self.ears.stop()
        if self.intake or self.wecom is not None:
            await self.inbox.stop()
        if self.tidying is not None:
            self.tidying.cancel()
            await asyncio.gather(self.tidying, return_exceptions=True)
        if self.delivery:
            await self.scheduler.stop()
            await self.sender.stop()
        if self.telegram is not None:
            await self.telegram.stop()
        if self.wechat is not None:
            await self.wechat.stop()
        if self.wecom is not None:
            await self.wecom.stop()
        await self.web.stop()
        await self.shares.stop()
        await self.store.database.close()
        await asyncio.to_thread(self.inbox.traces.close)

    async def receive(self, channel: str, account: str, updates: Sequence[RawUpdate]) -> None:
        """Stores updates; durable when it returns. Raises `bot.inbox.Full`."""
        await self.inbox.receive(channel, account, updates)

    async def _open_rooms(self) -> None:
        """Every queue has a room in the web chat."""
        async with self.store.write() as tx:
            for queue in self.city.org.queues():
                title = self.city.org.name_of(queue)
                chat = await people.find_chat(tx, "web", "", room_chat(queue))
                if chat is None:
                    chat = await people.add_chat(
                        tx,
                        channel="web",
                        account="",
                        chat=room_chat(queue),
                        thread="",
                        is_group=True,
                        person_id=None,
                        title=title,
                        now=self.clock.now(),
                    )
                await people.bind_room(tx, queue, chat.id, None, self.clock.now())

    async def _first_code(self) -> str:
        """A start code for the first administrator, as long as there is none; an earlier unused one stops working."""
        if not self.intake:
            return ""
        now = self.clock.now()
        async with self.store.write() as tx:
            if await roles.anybody_holds(tx, Role.ADMIN):
                return ""
            await roles.withdraw_invitations(tx, Role.ADMIN, now)
            life = now + timedelta(days=7)
            return await roles.invite(tx, Role.ADMIN, self.city.street.id, None, now, life)


def _telegram(config: Config, texts: render.Texts) -> TelegramChannel | None:
    section = config.telegram
    if not section.token:
        return None
    now = datetime.now(UTC)
    commands = [(texts.text(f"commands.{c}_command", now), texts.text(f"commands.{c}", now)) for c in COMMANDS]
    channel = TelegramChannel(
        section.token,
        section.base_url,
        commands=commands,
        mode=section.mode,
        webhook_url=f"{config.web.base_url.rstrip('/')}/hooks/telegram" if config.web.base_url else "",
        secret=section.secret,
    )
    channel.capabilities = channel.capabilities.model_copy(
        update={
            "per_second": section.per_second,
            "chat_interval": section.chat_interval,
            "group_per_minute": section.group_per_minute,
        }
    )
    return channel


def _web(database: Database, media: MediaStore, store: Store, *, together: bool) -> WebChannel:
    """The web chat; `together` when all the work is done in this process, so that nobody else's screens wait."""
    poll = 2.0 if together else 0.4
    return WebChannel(database, media, store.sealer, ids=store.ids, poll_seconds=poll, shared=not together)


def _capabilities(config: Config, telegram: TelegramChannel | None) -> dict[str, Capabilities]:
    """What each channel that is configured can do."""
    found = {"web": WebChannel.capabilities}
    if config.telegram.token:
        found["telegram"] = (telegram or TelegramChannel).capabilities
    if config.wechat.app_id:
        found["wechat"] = wechat.capabilities(config)
    if config.wecom.corp_id:
        found["wecom"] = WecomChannel.capabilities
    return found


def _share_polling(shares: Shares, telegram: TelegramChannel | None, config: Config) -> None:
    """Telegram lets one process ask for updates."""
    if telegram is not None and config.telegram.mode == "polling":
        polls = shares.want("poll", [f"telegram/{telegram.account}"])
        telegram.may_poll = lambda: bool(polls.held())


def _broadcast(config: Config) -> tuple[str, str, str]:
    """The public channel that hears of new wishes: channel, account, chat; empty for none."""
    section = config.telegram
    if not section.token or not section.channel:
        return "", "", ""
    return "telegram", section.token.partition(":")[0], section.channel


def _manners(config: Config, tz: ZoneInfo) -> Manners:
    rating = config.rating
    return Manners(
        tz=tz,
        quiet_from=config.clocks.quiet_from,
        quiet_until=config.clocks.quiet_until,
        brief_at=config.clocks.brief_at,
        sure=config.triage.sure,
        unsure=config.triage.unsure,
        web_base=config.web.base_url.rstrip("/"),
        office_base=config.web.base_url.rstrip("/") or _local_base(config),
        broadcast=_broadcast(config),
        per_person=config.limits.per_person,
        per_person_presses=config.limits.per_person_presses,
        per_group=config.limits.per_group,
        emergency={k: v for k, v in config.emergency.model_dump().items() if v},
        follow_up=Schedule(
            timedelta(hours=rating.ask_after_hours),
            tuple(timedelta(hours=h) for h in rating.remind_after_hours),
            timedelta(days=rating.close_after_days),
        ),
        weights=Weights(*rating.weights),
    )


def city_of(config: Config, texts: render.Texts, telegram: TelegramChannel | None = None) -> City:
    """The city as configured, with what each of its channels can do. Raises CatalogueError."""
    return build_city(
        street_file=config.street.file,
        taxonomy_file=config.taxonomy.file,
        channels=_capabilities(config, telegram),
        manners=_manners(config, ZoneInfo(config.clocks.tz)),
        lexicon=config.taxonomy.lexicon,
        texts=texts,
        calendar_file=config.clocks.calendar,
        points_file=config.points.file,
    )


async def clock_of(config: Config, store: Store) -> Clock:
    """The clock that every process of this deployment goes by."""
    return Clock(config.clocks.speed, await _epoch(store))


def _local_base(config: Config) -> str:
    """What people on this machine open when no address is set."""
    host = "127.0.0.1" if config.web.host in ("0.0.0.0", "") else config.web.host  # noqa: S104
    return f"http://{host}:{config.web.port}"


async def _epoch(store: Store) -> datetime:
    """The moment from which a fast clock counts; the same after every restart."""
    async with store.write() as tx:
        kept = await counters.keep_setting(tx, _EPOCH, datetime.now(UTC).isoformat())
    return datetime.fromisoformat(kept)


def sealing_keys(config: Config) -> list[str]:
    """The configured keys; else the one in the key file beside the data, made at the first start, for the owner only."""
    if config.privacy.keys:
        return list(config.privacy.keys)
    path = Path(f"{config.storage.beside}.key")
    with suppress(FileNotFoundError):
        return keys.read(path)
    if not config.storage.url.startswith("sqlite:"):
        raise ConfigError(
            "[privacy] keys: whoever works on a PostgreSQL database needs the same sealing key, so none is made here; "
            f"set LINLI_PRIVACY__KEYS='[\"…\"]' or put the key into {path}. Coming from SQLite it is the line in its .key "
            "file; a new one: openssl rand -base64 32 | tr '+/' '-_'"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    key = new_key()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{key}\n")
        file.flush()
        os.fsync(file.fileno())
    return [key]
