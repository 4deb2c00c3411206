"""Answers that ride on the platform's own request: the update is stored and handled, and what was said goes back at once.

A repeat gets the same answer again, in whatever process it comes. What comes too late, or does not fit, goes out as usual.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.channels.base import AnswersOnRequest, RawUpdate
from bot.clock import Clock
from bot.metrics import SENT
from handlers.messages import Outgoing
from storage import outbox, passive, people
from storage.tx import Store, Tx

WITHIN = 4.0
"""Seconds from the request to the answer; the platform gives up after five."""

Take = Callable[[str, str, list[RawUpdate]], Awaitable[list[int]]]
"""Stores updates; their receipts."""
Handled = Callable[[int], Awaitable[None]]
"""Returns when a receipt was handled."""


class Answers:
    """One instance a process."""

    def __init__(self, store: Store, clock: Clock, take: Take, handled: Handled, said: asyncio.Event) -> None:
        self._store = store
        self._clock = clock
        self._take = take
        self._handled = handled
        self._said = said
        self.within = WITHIN

    async def answer(self, channel: AnswersOnRequest, update: RawUpdate, chat: str) -> str:
        """The answer to an update for one of its chats; empty when there is nothing to say, or not yet.

        Returns only when the update is durable. Raises what storing raises: then the platform has to come again.
        """
        until = asyncio.get_running_loop().time() + self.within
        async with self._store.read() as tx:
            known = await passive.find(tx, channel.name, channel.account, update.id)
        if known is not None:
            return known
        receipts = await self._take(channel.name, channel.account, [update])
        in_time = await self._wait(receipts, until)
        content = await self._store.run(lambda tx: self._settle(tx, channel, update, chat, in_time=in_time))
        self._said.set()
        return content

    async def _wait(self, receipts: list[int], until: float) -> bool:
        handled = asyncio.gather(*[self._handled(number) for number in receipts])
        try:
            await asyncio.wait_for(handled, max(0.01, until - asyncio.get_running_loop().time()))
        except TimeoutError:
            return False
        return True

    async def _settle(self, tx: Tx, channel: AnswersOnRequest, update: RawUpdate, chat: str, *, in_time: bool) -> str:
        """What is answered to this update, by whichever of its repeats comes first."""
        now = self._clock.now()
        found = await people.find_chat(tx, channel.name, channel.account, chat) if in_time and chat else None
        rows = await outbox.unsent_answers(tx, found.id, now) if found is not None else []
        said = channel.compose(update.raw, [Outgoing.model_validate(body) for _, _, body in rows])
        if not await passive.keep(tx, channel.name, channel.account, update.id, said.content, now):
            return await passive.find(tx, channel.name, channel.account, update.id) or ""
        if found is not None:
            for at, (row_id, slot, _) in enumerate(rows):
                whole = at < said.taken - (said.rest is not None)
                if whole and said.content:
                    await outbox.mark_sent(tx, row_id, found.id, slot, "", now)
                    SENT.labels(channel.name).inc()
                else:
                    left = said.rest if said.rest is not None and at == said.taken - 1 else None
                    await outbox.send_now(tx, row_id, now, left.model_dump(mode="json") if left else None)
        return said.content
