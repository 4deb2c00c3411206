"""`linli wecom`: what an operator does with the company's address book and groups. The program may be running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.audit import opened
from bot.channels.wecom.refusals import WecomError
from bot.channels.wecom.shapes import NAME, ChatKind, make_chat
from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.member_rooms import who_works
from bot.program import city_of, clock_of, sealing_keys
from bot.texts import render
from bot.wecom import Wecom
from bot.wecom_doctor import why
from handlers import roster
from handlers.city import City
from handlers.roster import Compared, Listed
from handlers.turn import Turn
from storage import people, roles
from storage.ids import Ids
from storage.people import Chat
from storage.seal import Sealer
from storage.tx import Store, Tx

Say = Callable[[str], None]


class Desk:
    """One configured company, its books open."""

    def __init__(self, config: Config, city: City, store: Store, wecom: Wecom, clock: Clock) -> None:
        self.config = config
        self.city = city
        self.store = store
        self.wecom = wecom
        self.account = wecom.channel.account
        self.clock = clock


@asynccontextmanager
async def desk_of(config: Config, clock: Clock | None = None) -> AsyncIterator[Desk]:
    """Raises `ConfigError` when WeCom is not configured or refuses a call, with what to do."""
    if not config.wecom.corp_id:
        raise ConfigError("[wecom] corp_id is empty; docs/wecom-first-day.md says where to begin")
    city = city_of(config, render.load(ZoneInfo(config.clocks.tz)))
    async with opened(config) as database:
        store = Store(database, Ids(), Sealer(sealing_keys(config)))
        now = clock or await clock_of(config, store)
        wecom = Wecom.build(config, store, city, now)
        if wecom is None:
            raise ConfigError("[wecom] is not configured")
        try:
            yield Desk(config, city, store, wecom, now)
        except WecomError as error:
            raise ConfigError(f"wecom: {why(error)}") from None
        finally:
            await wecom.channel.stop()


async def menu(config: Config, say: Say, *, clock: Clock | None = None) -> None:
    """Puts the menu under the chat with the application."""
    async with desk_of(config, clock) as desk:
        made = menu_of(desk.city, config.web.base_url.rstrip("/"), desk.clock.now())
        # https://developer.work.weixin.qq.com/document/path/90231
        await desk.wecom.channel.api.call("menu/create", made, agentid=str(config.wecom.agent_id))
        say(f"{sum(len(top.get('sub_button', [top])) for top in made['button'])} buttons")


def menu_of(city: City, web_base: str, now: datetime) -> dict[str, Any]:
    """The buttons: words are said in the chat, checking in at a place is a page and needs an address."""

    def text(key: str) -> str:
        return city.texts.text(f"wecom.{key}", now)

    def says(key: str) -> dict[str, Any]:
        return {"type": "click", "name": text(f"menu_{key}"), "key": text(f"menu_{key}_says")}

    here = {"type": "view", "name": text("menu_here_page"), "url": f"{web_base}/wecom/here"}
    work = {"name": text("menu_work"), "sub_button": [says("mine"), says("desk")]}
    return {"button": [work, *([here] if web_base else []), says("how")]}


async def staff(config: Config, say: Say, *, invite: bool, end: bool, clock: Clock | None = None) -> None:
    """Says who is listed without a role and whose role is over; with `invite` and `end`, does something about it."""
    async with desk_of(config, clock) as desk:
        listed = await _listed(desk)
        queues = sorted(set(config.wecom.departments.values()))
        async with desk.store.read() as tx:
            found = await roster.compare(desk.city, tx, NAME, desk.account, listed, queues)
        await _tell(desk, found, say, invite=invite, end=end)
        say(f"{len(listed)} listed, {len(found.missing)} without a role, {len(found.gone)} roles to end")


async def _listed(desk: Desk) -> list[Listed]:
    found: dict[tuple[str, str], Listed] = {}
    for number, queue in desk.config.wecom.departments.items():
        told = await desk.wecom.channel.api.call("user/simplelist", department_id=number)
        for one in told.get("userlist", []):
            found[one["userid"], queue] = Listed(one["userid"], one.get("name", ""), queue)
    if not desk.config.wecom.departments:
        raise ConfigError(
            '[wecom] departments is empty; write which department works in which queue, such as { "12" = … }'
        )
    return list(found.values())


async def _tell(desk: Desk, found: Compared, say: Say, *, invite: bool, end: bool) -> None:
    now = desk.clock.now()
    for one in found.missing:
        done = "no role yet; --invite sends a code"
        if invite:
            new = await desk.store.run(lambda tx, one=one: roster.invite(desk.city, tx, NAME, desk.account, one, now))
            done = "invited" if new else "was invited before, the code is still good"
        say(f"{one.user}\t{one.queue}\t{done}")
    for over in found.gone:
        done = "not listed any more; --end ends the role"
        if end:
            freed = await desk.store.run(lambda tx, over=over: roster.end(desk.city, tx, over, now))
            done = f"ended, {freed} records back in their queue"
        say(f"{over.user}\t{over.grant.role.value} {over.grant.scope}\t{done}")


async def group(config: Config, queue: str, say: Say, *, clock: Clock | None = None) -> None:
    """Makes a group of everybody who works in the queue, or brings the one that was made up to date."""
    async with desk_of(config, clock) as desk:
        if not desk.city.org.has_queue(queue):
            raise ConfigError(f"this street has no queue {queue!r}; they are {', '.join(desk.city.org.queues())}")
        async with desk.store.read() as tx:
            users = await _workers(desk, tx, queue)
            room = await _made_before(desk, tx, queue)
        if room is not None:
            await _renew(desk, room, users, say)
        elif len(users) < 2:
            raise ConfigError(f"{queue}: a group needs two people with a role and WeCom; there are {len(users)}")
        else:
            await _make(desk, queue, users, say)


async def _workers(desk: Desk, tx: Tx, queue: str) -> list[str]:
    found: set[str] = set()
    for person_id in await roles.holders(tx, who_works(queue, desk.city.org.street_id)):
        known = await people.identities_of(tx, person_id)
        found |= {user for channel, account, user in known if (channel, account) == (NAME, desk.account)}
    return sorted(found)


async def _made_before(desk: Desk, tx: Tx, queue: str) -> Chat | None:
    prefix = make_chat(ChatKind.APPCHAT, "")
    rooms = await people.rooms_of(tx, [queue])
    return next((r for r in rooms if r.account == desk.account and r.chat.startswith(prefix) and r.reachable), None)


async def _renew(desk: Desk, room: Chat, users: list[str], say: Say) -> None:
    api, chat = desk.wecom.channel.api, room.chat.partition("/")[2]
    now = set((await api.call("appchat/get", chatid=chat))["chat_info"]["userlist"])
    come, go = sorted(set(users) - now), sorted(now - set(users))
    if come or go:
        await api.call("appchat/update", {"chatid": chat, "add_user_list": come, "del_user_list": go})
    say(f"the group {room.title} is up to date: {len(come)} came, {len(go)} left")


async def _make(desk: Desk, queue: str, users: list[str], say: Say) -> None:
    name = desk.city.org.name_of(queue)
    turn_now = desk.clock.now()
    title = desk.city.texts.text("wecom.group_name", turn_now, queue=name)[:50]
    made = await desk.wecom.channel.api.call("appchat/create", {"name": title, "userlist": users})

    async def keep(tx: Tx) -> None:
        chat = await people.add_chat(
            tx,
            channel=NAME,
            account=desk.account,
            chat=make_chat(ChatKind.APPCHAT, made["chatid"]),
            thread="",
            is_group=True,
            person_id=None,
            title=title,
            now=turn_now,
        )
        await people.bind_room(tx, queue, chat.id, None, turn_now)
        # the group is shown to nobody before something is said in it: path/90245
        turn = Turn(desk.city, tx, turn_now, chat=chat)
        await turn.send(chat, turn.text("wecom.group_hello", queue=name))

    await desk.store.run(keep)
    say(f"the group {title} with {len(users)} people is the room of {queue}")
