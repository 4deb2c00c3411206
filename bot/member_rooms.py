"""Rooms without a group: on a channel that writes to members, everybody who works in a queue has its cards in their own chat.

Who that is follows the roles. Which message goes out to them, and how cards are changed, is the channel's.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Literal

import structlog

from bot.clock import Clock
from handlers import groups
from handlers.city import City
from handlers.turn import Turn
from storage import people, roles
from storage.tx import Store, Tx
from workflow.queues import QueueKind, parse_queue
from workflow.rights import Grant, Role

log = structlog.get_logger()

LOOK = 15.0
"""Seconds between two looks at who works where."""
When = Literal["always", "without_group", "never"]


class MemberRooms:
    """One chat a queue on one account of a channel: `prefix` and the queue are its id."""

    def __init__(
        self,
        store: Store,
        city: City,
        clock: Clock,
        channel: str,
        account: str,
        prefix: str,
        group_prefix: str,
        when: When = "without_group",
    ) -> None:
        """`group_prefix` begins the ids of groups that have buttons: only such a group makes cards of one's own needless."""
        self._store = store
        self._city = city
        self._clock = clock
        self._channel = channel
        self._account = account
        self._prefix = prefix
        self._group_prefix = group_prefix
        self._when = when
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def members(self, queue: str) -> list[str]:
        """The users of the channel who work in the queue; empty when its cards go to a group instead."""
        async with self._store.read() as tx:
            return await self._members(tx, queue)

    async def start(self) -> None:
        """Opens the rooms, and from then on follows who works where."""
        await self.follow()
        self._task = asyncio.create_task(self._run(), name=f"{self._channel}-rooms")

    async def stop(self) -> None:
        """Ends after the look under way."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def follow(self) -> None:
        """Rooms somebody works in are open, the others shut; what waits is drawn in one that has just opened."""
        for queue in self._city.org.queues():
            await self._store.run(partial(self._follow, queue=queue))

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK)
            if self._stopping.is_set():
                return
            try:
                await self.follow()
            except Exception:
                log.exception("member_rooms.not_followed", channel=self._channel)

    async def _follow(self, tx: Tx, queue: str) -> None:
        now, name = self._clock.now(), f"{self._prefix}{queue}"
        has_members = bool(await self._members(tx, queue))
        chat = await people.find_chat(tx, self._channel, self._account, name)
        if chat is None and not has_members:
            return
        new = chat is None
        if chat is None:
            chat = await people.add_chat(
                tx,
                channel=self._channel,
                account=self._account,
                chat=name,
                thread="",
                is_group=True,
                person_id=None,
                title=self._city.org.name_of(queue),
                now=now,
            )
            await people.bind_room(tx, queue, chat.id, None, now)
        if not new and chat.reachable == has_members:
            return
        await people.set_reachable(tx, chat.id, has_members)
        if has_members:
            await groups.room_opened(Turn(self._city, tx, now, chat=chat._replace(reachable=True)), queue)

    async def _members(self, tx: Tx, queue: str) -> list[str]:
        if self._when == "never" or (self._when == "without_group" and await self._has_group(tx, queue)):
            return []
        found = []
        for person_id in await roles.holders(tx, who_works(queue, self._city.org.street_id)):
            known = await people.identities_of(tx, person_id)
            found += [user for channel, account, user in known if (channel, account) == (self._channel, self._account)]
        return sorted(set(found))

    async def _has_group(self, tx: Tx, queue: str) -> bool:
        """Whether a group on this account has the cards of the queue."""
        return any(
            (room.channel, room.account) == (self._channel, self._account)
            and room.reachable
            and room.chat.startswith(self._group_prefix)
            for room in await people.rooms_of(tx, [queue])
        )


def who_works(queue: str, street: str) -> list[Grant]:
    """The roles whose daily work a queue is; those above are told when it falls due, not of every card."""
    target = parse_queue(queue)
    if target.kind is QueueKind.GRID:
        return [Grant(Role.GRID_WORKER, target.id), Grant(Role.GRID_CHIEF, target.id)]
    if target.kind is QueueKind.DEPT:
        return [Grant(Role.DEPT_STAFF, target.id)]
    if target.id:
        return [Grant(Role.DESK, target.id)]
    return [Grant(Role.STREET, street), Grant(Role.ADMIN, street)]
