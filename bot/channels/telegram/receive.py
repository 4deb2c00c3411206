"""Taking updates from Telegram: our own long poll and the webhook body. Telegram is told only after `receive` returned.

What the updates mean is in shapes.py; storing them is the caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from typing import Any

import httpx

from bot.channels.base import RawUpdate, Receive
from bot.channels.telegram.shapes import ALLOWED_UPDATES

log = logging.getLogger(__name__)

POLL_FOR = 25
"""Seconds one getUpdates waits for news."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


class PollError(Exception):
    """Telegram refused a getUpdates call. `retry_for` is the pause it asks for, in seconds, or 0."""

    def __init__(self, code: int, description: str, retry_for: float = 0.0) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.retry_for = retry_for


class Pauses:
    """Growing pauses between failures; a success starts them over."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def again(self) -> float:
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE)
        return pause

    def reset(self) -> None:
        self._next = FIRST_PAUSE


class Poller:
    """One getUpdates consumer. The offset moves past updates only when `receive` has returned for them."""

    def __init__(self, url: str, receive: Receive, *, trust_env: bool = True) -> None:
        """`url` is that of the getUpdates method; it holds the token and is never logged."""
        self._url = url
        self._receive = receive
        self._trust_env = trust_env
        self._offset = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Receives until `stopping` is set; a batch given to `receive` is finished first."""
        pauses = Pauses()
        timeout = httpx.Timeout(10.0, read=POLL_FOR + 15)
        async with httpx.AsyncClient(timeout=timeout, trust_env=self._trust_env) as client:
            while not stopping.is_set():
                pause = await self._step(client, pauses, stopping)
                if pause:
                    await wait_for_stop(stopping, pause)

    async def _step(self, client: httpx.AsyncClient, pauses: Pauses, stopping: asyncio.Event) -> float:
        """One poll and its receipt. Gives the seconds to pause before the next."""
        try:
            updates = await self._poll_or_stop(client, stopping)
        except PollError as error:
            _log_refusal(error)
            return max(error.retry_for, pauses.again())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("telegram: getUpdates failed (%s), trying again", type(error))
            return pauses.again()
        try:
            await self._take(updates)
        except Exception:
            log.exception("telegram: %d updates could not be stored, asking for them again", len(updates))
            return pauses.again()
        pauses.reset()
        return 0.0

    async def _take(self, updates: list[RawUpdate]) -> None:
        """Stores a batch and moves the offset past it. When all is confirmed the offset is dropped: after a quiet week
        Telegram's numbers start anywhere, perhaps below it."""
        if updates:
            await self._receive(updates)
        self._offset = int(updates[-1].id) + 1 if updates else 0

    async def _poll_or_stop(self, client: httpx.AsyncClient, stopping: asyncio.Event) -> list[RawUpdate]:
        poll = asyncio.create_task(self._poll(client))
        stop = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({poll, stop}, return_when=asyncio.FIRST_COMPLETED)
            return poll.result() if poll.done() else []
        finally:
            for task in (poll, stop):
                task.cancel()
            await asyncio.gather(poll, stop, return_exceptions=True)

    async def _poll(self, client: httpx.AsyncClient) -> list[RawUpdate]:
        # https://core.telegram.org/bots/api#getupdates
        body = {"offset": self._offset, "timeout": POLL_FOR, "limit": 100, "allowed_updates": ALLOWED_UPDATES}
        answer = await client.post(self._url, json=body)
        told = answer.json()
        if not told["ok"]:
            retry_for = float(told.get("parameters", {}).get("retry_after", 0))
            raise PollError(answer.status_code, str(told.get("description", "")), retry_for)
        return [RawUpdate(str(int(each["update_id"])), each) for each in told["result"]]


def _log_refusal(error: PollError) -> None:
    if error.code == 409:
        log.error("telegram: another program receives with this token, or a webhook is set: %s", error)
    elif error.code in (401, 404):
        log.error("telegram: the token is not accepted: %s", error)
    else:
        log.warning("telegram: getUpdates refused: %s", error)


async def wait_for_stop(stopping: asyncio.Event, seconds: float) -> None:
    """Sleeps, but not longer than until `stopping` is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def accept_webhook(body: bytes, secret_header: str, secret: str, receive: Receive | None) -> int:
    """Stores one webhook body. The HTTP status to answer: Telegram repeats what did not get 200."""
    if not hmac.compare_digest(secret_header.encode(), secret.encode()):
        return 401
    update = _read_body(body)
    if update is None:
        return 400
    if receive is None:
        return 503
    try:
        await receive([update])
    except Exception:
        log.exception("telegram: update %s could not be stored, asking for it again", update.id)
        return 503
    return 200


def _read_body(body: bytes) -> RawUpdate | None:
    try:
        raw: dict[str, Any] = json.loads(body)
        number = raw["update_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return RawUpdate(str(number), raw) if isinstance(raw, dict) and type(number) is int else None
