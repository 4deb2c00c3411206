"""The queue of updates: offsets, long polling, one consumer at a time, webhook delivery with retries."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fakes.telegram.errors import conflict

UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
"""Kinds that are not delivered unless the bot lists them in allowed_updates."""
FIRST_ID = 700_000_001


@dataclass
class Webhook:
    """Where updates are posted and how that went."""

    url: str = ""
    secret: str = ""
    delivered: list[tuple[int, int]] = field(default_factory=list)
    """(update id, HTTP status) of each try; 0 when nobody answered."""
    last_error: str = ""


class UpdateQueue:
    """Updates not yet confirmed, in order."""

    def __init__(self) -> None:
        self.pending: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.allowed: list[str] = []
        self.webhook = Webhook()
        self.retry_delay = 0.05
        self.transport: httpx.AsyncBaseTransport | None = None
        self.held = False
        self._next = FIRST_ID
        self._changed = asyncio.Event()
        self.consumers = 0
        self._closed = False

    def put(self, kind: str, body: dict[str, Any]) -> int | None:
        """Queues an update and gives its id; None when the bot did not ask for this kind."""
        if (self.allowed and kind not in self.allowed) or (not self.allowed and kind in UNASKED):
            return None
        number = self._next
        self._next += 1
        update: dict[str, Any] = {"update_id": number, kind: body}
        self.sent.append(update)
        self._add(update)
        return number

    def repeat(self, update_id: int) -> None:
        """Delivers an update once more, whatever has been confirmed."""
        self._add(next(each for each in self.sent if each["update_id"] == update_id))

    def renumber(self, first: int) -> None:
        """The next update gets this number, as after a week without updates."""
        self._next = first

    def drop(self) -> None:
        self.pending.clear()

    def hold(self, held: bool) -> None:
        """While held, no update leaves: long polls wait, the webhook is not called."""
        self.held = held
        self._wake()

    def close(self) -> None:
        """Ends every waiting poll with nothing."""
        self._closed = True
        self._wake()

    def _add(self, update: dict[str, Any]) -> None:
        self.pending.append(update)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def poll(self, offset: int, limit: int, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """getUpdates: confirms what is below `offset`, then waits up to `timeout` seconds for more."""
        if self.webhook.url:
            raise conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete it first")
        self.consumers += 1
        mine = self.consumers
        self._wake()
        self._confirm(offset)
        deadline = asyncio.get_running_loop().time() + timeout
        while not self.pending or self.held:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or self._closed:
                return []
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
            if mine != self.consumers:
                raise conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running"
                )
        return list(self.pending[:limit])

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.pending = self.pending[offset:]
        self.pending = [each for each in self.pending if each["update_id"] >= offset]

    async def deliver(self) -> None:
        """Posts updates to the webhook one after another until cancelled; what is refused is tried again."""
        while True:
            changed = self._changed
            if not self.webhook.url or not self.pending or self.held:
                await changed.wait()
                continue
            update = self.pending[0]
            status = await self._post(update)
            self.webhook.delivered.append((update["update_id"], status))
            if 200 <= status < 300:
                if update in self.pending:
                    self.pending.remove(update)
            else:
                self.webhook.last_error = f"Wrong response from the webhook: {status}"
                await asyncio.sleep(self.retry_delay)

    async def _post(self, update: dict[str, Any]) -> int:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret} if self.webhook.secret else {}
        async with httpx.AsyncClient(transport=self.transport, timeout=30, trust_env=False) as client:
            try:
                return (await client.post(self.webhook.url, json=update, headers=headers)).status_code
            except httpx.HTTPError:
                return 0
