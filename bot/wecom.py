"""WeCom in this deployment: the channel as configured, the rooms it brings, and who holds the bot's connection."""

from __future__ import annotations

from bot.channels.base import Receive
from bot.channels.wecom.cards import Words
from bot.channels.wecom.channel import Account, WecomChannel
from bot.channels.wecom.shapes import NAME, ChatKind, make_chat
from bot.clock import Clock
from bot.config import Config, ConfigError, WecomSection
from bot.member_rooms import MemberRooms
from bot.shares import Share
from handlers.city import City
from storage import people
from storage.tx import Store, Tx


def account_of(section: WecomSection) -> Account:
    """What the console of WeCom knows us by."""
    return Account(
        section.corp_id,
        section.agent_id,
        section.secret,
        section.token,
        section.aes_key,
        section.bot_id,
        section.bot_secret,
        section.base_url,
        section.bot_url,
        section.webhooks,
    )


class Wecom:
    """Starts and stops what belongs to WeCom, in the order that keeps everything."""

    def __init__(self, channel: WecomChannel, rooms: MemberRooms, store: Store, city: City, clock: Clock) -> None:
        self.channel = channel
        self.rooms = rooms
        self._store = store
        self._city = city
        self._clock = clock
        self._webhooks: tuple[str, ...] = ()

    @classmethod
    def build(cls, config: Config, store: Store, city: City, clock: Clock) -> Wecom | None:
        """None when it is not configured. Raises `ConfigError`."""
        section = config.wecom
        if not section.corp_id:
            return None
        if not (section.secret and section.agent_id):
            raise ConfigError("[wecom] corp_id needs agent_id and secret beside it; linli doctor says where they stand")
        unknown = [q for q in (*section.webhooks, *section.departments.values()) if not city.org.has_queue(q)]
        if unknown:
            raise ConfigError(f"[wecom] webhooks and departments name queues that this street does not have: {unknown}")
        text = city.texts.text
        words = Words(text("wecom.settled", clock.now()), text("wecom.in_app", clock.now(), choices="{choices}"))
        prefixes = make_chat(ChatKind.CARDS, ""), make_chat(ChatKind.GROUP, "")
        rooms = MemberRooms(store, city, clock, NAME, section.corp_id, *prefixes, section.member_cards)
        channel = WecomChannel(account_of(section), store, rooms.members, words, now=clock.now)
        found = cls(channel, rooms, store, city, clock)
        found._webhooks = tuple(section.webhooks)
        return found

    def follow(self, sends: Share) -> None:
        """The bot's connection is held by the process that sends with this account: there is one of each."""
        if self.channel.bot is not None:
            key = f"{NAME}/{self.channel.account}/0"
            self.channel.bot.may_connect = lambda: key in sends.held()

    async def start(self, receive: Receive, *, intake: bool, delivery: bool) -> None:
        """Opens the rooms, then receives: callbacks in every process with a web side, the bot where messages are sent."""
        if intake:
            await self._open_webhooks()
            await self.rooms.start()
        await self.channel.start(receive, with_bot=delivery)

    async def stop_receiving(self) -> None:
        """Nothing new comes in: what the bot hears now would find nobody, so its connection ends first of all."""
        await self.rooms.stop()
        if self.channel.bot is not None:
            await self.channel.bot.stop()

    async def stop(self) -> None:
        """Closes the connections for sending; call when nothing is to be sent any more."""
        await self.channel.stop()

    async def _open_webhooks(self) -> None:
        """Every group behind a webhook is a room of its queue."""
        async with self._store.write() as tx:
            for queue in self._webhooks:
                await self._open_webhook(tx, queue)

    async def _open_webhook(self, tx: Tx, queue: str) -> None:
        name, now = make_chat(ChatKind.WEBHOOK, queue), self._clock.now()
        chat = await people.find_chat(tx, NAME, self.channel.account, name)
        chat = chat or await people.add_chat(
            tx,
            channel=NAME,
            account=self.channel.account,
            chat=name,
            thread="",
            is_group=True,
            person_id=None,
            title=self._city.org.name_of(queue),
            now=now,
        )
        await people.bind_room(tx, queue, chat.id, None, now)
        await people.set_reachable(tx, chat.id, True)
