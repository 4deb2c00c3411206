"""One message to its platform, and what became of it: written down, tried again, or never to be sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence

import structlog

from bot.accounts import Accounts
from bot.channels.base import Channel, KnowsRepeats
from bot.clock import Clock
from bot.files import Files
from bot.gate import AT_ONCE
from bot.marks import Marks
from bot.metrics import REFUSED, SENT
from bot.traces import Traces
from handlers import groups, missed
from handlers.city import City
from handlers.messages import Address, Outgoing, Receipt, Refusal, Refused
from handlers.turn import Turn
from storage import outbox, people
from storage.outbox import Waiting
from storage.tx import Store, Tx

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
PUT_OFF = 1.25 * LONGEST_WAIT
"""Seconds; nothing that failed is put off for longer, but for a pause of the whole account, which its gate keeps."""
MAX_TRIES = 60


class Delivery:
    """One instance a sender."""

    def __init__(
        self,
        store: Store,
        city: City,
        channels: Mapping[tuple[str, str], Channel],
        clock: Clock,
        files: Files,
        accounts: Accounts,
        traces: Traces,
    ) -> None:
        self._store = store
        self._city = city
        self._channels = channels
        self._repeatable = {key: one for key, one in channels.items() if isinstance(one, KnowsRepeats)}
        self._clock = clock
        self._files = files
        self._accounts = accounts
        self._traces = traces
        self._marks = Marks(store)
        self._screens = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Ends after the results under way."""
        await self._marks.close()

    async def show(self, toasts: Sequence[Waiting]) -> None:
        """Answers to presses, all at once. What fails is late already and is dropped."""
        await asyncio.gather(*[self._toast(row) for row in toasts])
        await asyncio.gather(*[self._marks.sent(row, "", "", self._clock.now()) for row in toasts])

    async def _toast(self, row: Waiting) -> None:
        channel = self._channels.get((row.channel, row.account))
        if channel is None:
            return
        with self._traces.span("send", row.trace, channel=row.channel):
            async with self._screens:
                result = await channel.send(_address(row), Outgoing.model_validate(row.body))
        if isinstance(result, Refused):
            REFUSED.labels(row.channel, result.reason.value).inc()

    async def send(self, row: Waiting, term: int) -> bool:
        """Sends one message in its turn; False when the rest of the chat has to wait. Raises `bot.gate.Closed`."""
        channel = self._channels.get((row.channel, row.account))
        if channel is None:
            why = f"channel {row.channel} {row.account} is not configured"
            await self._store.run(lambda tx: outbox.bury(tx, row.id, why))
            return True
        await self._accounts.recall(row)
        gate = self._accounts.gates[row.channel, row.account]
        async with gate.turn(row.urgency, row.id, row.chat, is_group=row.is_group) as turn:
            if not term or self._accounts.term(row) != term:
                return False  # another process sends it
            post = await self._post(row) if row.slot else ""
            if post is None:
                return True  # a newer message took its place while it waited
            if post:
                gate.calm(turn)
            return await self._settle(row, await self._call(channel, row, post))

    async def _call(self, channel: Channel, row: Waiting, post: str) -> Receipt | Refused:
        with self._traces.span("send", row.trace, channel=row.channel):
            return await self._hand_over(channel, row, post)

    async def _hand_over(self, channel: Channel, row: Waiting, post: str) -> Receipt | Refused:
        out = Outgoing.model_validate(row.body)
        files = [] if post else await self._files.of(out.media, channel)
        repeatable = self._repeatable.get((row.channel, row.account))
        if repeatable is not None and not post:
            return await repeatable.send_once(f"out:{row.id}", _address(row), out, files=files)
        return await channel.send(_address(row), out, files=files, post=post)

    async def _post(self, row: Waiting) -> str | None:
        """The platform's message in the slot, or empty; None when this message is not to be sent any more."""
        async with self._store.read() as tx:
            post = await outbox.find_post(tx, row.chat_id, row.slot)
            return post if await outbox.is_waiting(tx, row.id) else None

    async def _settle(self, row: Waiting, result: Receipt | Refused) -> bool:
        if isinstance(result, Receipt):
            SENT.labels(row.channel).inc()
            if result.form:
                await self._store.run(lambda tx: self._form_only(tx, row))
            await self._marks.sent(row, row.slot, result.ref, self._clock.now())
            return True
        REFUSED.labels(row.channel, result.reason.value).inc()
        log.info(
            "sender.refused", channel=row.channel, message=row.id, reason=result.reason.value, detail=result.detail
        )
        if result.reason is Refusal.RATE:
            await self._accounts.pause(row, result.retry_for)
            return await self._again(row, result, result.retry_for)
        if result.reason is Refusal.TEMPORARY:
            return await self._again(row, result, result.retry_for or _backoff(row.attempts))
        await self._store.run(lambda tx: self._shut(tx, row, result))
        return result.reason in (Refusal.REJECTED, Refusal.MIGRATED, Refusal.WINDOW)

    async def _form_only(self, tx: Tx, row: Waiting) -> None:
        chat = await people.get_chat(tx, row.chat_id)
        turn = Turn(self._city, tx, self._clock.now(), chat=chat)
        await missed.form_only(turn, chat, Outgoing.model_validate(row.body))

    async def _again(self, row: Waiting, result: Refused, seconds: float) -> bool:
        why = result.detail or result.reason.value
        if row.attempts >= MAX_TRIES and result.reason is not Refusal.RATE:
            await self._store.run(lambda tx: outbox.bury(tx, row.id, why))
            return True
        at = self._clock.now() + self._clock.span(seconds)
        await self._store.run(lambda tx: outbox.postpone(tx, row.id, at, why))
        return False

    async def _shut(self, tx: Tx, row: Waiting, result: Refused) -> None:
        chat = await people.get_chat(tx, row.chat_id)
        if result.reason is Refusal.MIGRATED and result.new_chat:
            await people.migrate_chat(tx, row.channel, row.account, row.chat, result.new_chat)
            return
        if result.reason is Refusal.WINDOW:
            turn = Turn(self._city, tx, self._clock.now(), chat=chat)
            await missed.refused(turn, chat, row.id, Outgoing.model_validate(row.body), result.detail)
            return
        await outbox.bury(tx, row.id, result.detail or result.reason.value)
        if result.reason in (Refusal.BLOCKED, Refusal.GONE):
            turn = Turn(self._city, tx, self._clock.now(), chat=chat)
            await (groups.room_lost if chat.is_group else missed.lost)(turn, chat)


def _address(row: Waiting) -> Address:
    user = row.user_key if row.is_group else row.chat
    return Address(
        channel=row.channel,
        account=row.account,
        user=user,
        chat=row.chat,
        thread=row.thread,
        is_group=row.is_group,
    )


def _backoff(tries: int) -> float:
    """Twice as long each time, up to five minutes, with jitter so that many do not come back together."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10)) * random.uniform(0.75, PUT_OFF / LONGEST_WAIT))  # noqa: S311
