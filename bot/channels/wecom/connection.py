"""The group bot's long connection: subscribe, callbacks in, calls out, heartbeat, and coming back after a loss.

One connection per bot: a new one ends the old, and the old one must not fight for it. What frames mean is in shapes.py.
Protocol: developer.work.weixin.qq.com/document/path/101463.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bot.channels.wecom.refusals import HTTP, WecomError

log = logging.getLogger(__name__)

HEARTBEAT = 30.0
LOST_AFTER = 2
"""Heartbeats without an answer after which the connection is taken for dead."""
ANSWER_WITHIN = 8.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
REFUSED_PAUSE = 120.0
"""Seconds before another try when the secret was refused: more tries in a row lock the bot."""
REPLACED_PAUSE = 60.0
"""Seconds before another try when a newer connection took our place."""
LOOK = 0.5
MAX_FRAME = 2 * 1024 * 1024
CHUNK = 512 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

OnFrame = Callable[[dict[str, Any]], Awaitable[None]]
OnState = Callable[[str], Awaitable[None]]
"""Hears how the connection stands: empty when the bot is subscribed, else why not."""
REPLACED = "replaced"


async def tell_nobody(_said: str) -> None:
    """For whoever does not want to know how the connection stands."""


class BotConnection:
    """Keeps one connection as long as it may. `on_frame` gets every callback, in order; it must not raise."""

    def __init__(
        self,
        url: str,
        bot_id: str,
        secret: str,
        on_frame: OnFrame,
        on_state: OnState = tell_nobody,
        *,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._url = url
        self._bot_id = bot_id
        self._secret = secret
        self._on_frame = on_frame
        self._on_state = on_state
        self._heartbeat = heartbeat
        self._socket: ClientConnection | None = None
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._unanswered = 0
        self._pause = FIRST_PAUSE
        self.may_connect: Callable[[], bool] = lambda: True
        """Whether it is this process that holds the connection."""
        self.ready = asyncio.Event()

    async def start(self) -> None:
        """Begins to connect. Returns at once; `ready` is set while the bot is subscribed."""
        self._stopping.clear()
        self._running = asyncio.create_task(self._run(), name="wecom-bot")

    async def stop(self) -> None:
        """Closes the connection; the callback under way is finished."""
        self._stopping.set()
        if self._running is not None:
            await self._running
            self._running = None

    async def call(self, command: str, body: dict[str, Any], *, req_id: str = "") -> dict[str, Any]:
        """The answer to a command; `req_id` is that of the callback which is answered. Raises `WecomError`."""
        if not self.ready.is_set():
            raise WecomError(HTTP, "the bot is not connected", command)
        return await self._ask(command, body, req_id or f"{command}_{secrets.token_hex(8)}")

    async def upload(self, kind: str, name: str, content: bytes) -> str:
        """The handle of a file for the bot's own messages, for three days. Raises `WecomError`."""
        chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        about = {"type": kind, "filename": name, "total_size": len(content), "total_chunks": len(chunks), "md5": digest}
        begun = await self.call("aibot_upload_media_init", about)
        upload = {"upload_id": begun.get("body", {}).get("upload_id", "")}
        for at, chunk in enumerate(chunks):
            # counted from 0, as Tencent's SDK does it
            part = {**upload, "chunk_index": at, "base64_data": base64.b64encode(chunk).decode()}
            await self.call("aibot_upload_media_chunk", part)
        done = await self.call("aibot_upload_media_finish", upload)
        return str(done.get("body", {}).get("media_id", ""))

    # ------------------------------------------------------------ the connection

    async def _run(self) -> None:
        while not self._stopping.is_set():
            if not self.may_connect():
                await self._sleep(LOOK)
                continue
            pause = await self._hold()
            if pause and not self._stopping.is_set():
                await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _hold(self) -> float:
        """Connects and stays until the connection ends. Seconds to pause before the next try."""
        proxy: Literal[True] | None = None if urlsplit(self._url).hostname in LOOPBACK else True
        try:
            async with connect(
                self._url, proxy=proxy, ping_interval=None, max_size=MAX_FRAME, open_timeout=10, close_timeout=2
            ) as socket:
                self._socket = socket
                return await self._talk(socket)
        except (OSError, WebSocketException, TimeoutError) as error:
            log.warning("wecom: the bot's connection is lost (%s), coming back", type(error))
            await self._on_state(f"lost: {type(error).__name__}")
            return self._longer()
        finally:
            self._socket = None
            self.ready.clear()
            self._drop_answers()

    def _longer(self) -> float:
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause

    async def _talk(self, socket: ClientConnection) -> float:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1000)
        reading = asyncio.create_task(self._read(socket, queue))
        handling = asyncio.create_task(self._handle(queue))
        beating: asyncio.Task[None] | None = None
        try:
            await self._ask("aibot_subscribe", {"bot_id": self._bot_id, "secret": self._secret})
            self.ready.set()
            self._pause, self._unanswered = FIRST_PAUSE, 0
            await self._on_state("")
            beating = asyncio.create_task(self._beat())
            return await self._until_over(reading, beating)
        except WecomError as error:
            if error.code == HTTP:
                return self._longer()
            log.error("wecom: the bot is refused: %s; check bot_id and bot_secret, or run linli doctor", error)
            await self._on_state(f"refused: {error.code} {error.message}")
            return REFUSED_PAUSE
        finally:
            self.ready.clear()
            await socket.close()
            for task in (reading, beating):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*(t for t in (reading, beating) if t is not None), return_exceptions=True)
            await queue.put({})
            await handling

    async def _until_over(self, reading: asyncio.Task[float], beating: asyncio.Task[None]) -> float:
        stopping = asyncio.create_task(self._stopping.wait())
        waiting = {reading, beating, stopping}
        try:
            while self.may_connect() and not any(task.done() for task in waiting):
                await asyncio.wait(waiting, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        return reading.result() if reading.done() else 0.0

    async def _read(self, socket: ClientConnection, queue: asyncio.Queue[dict[str, Any]]) -> float:
        """Takes frames until the end. Seconds to pause before connecting again."""
        try:
            async for data in socket:
                frame = _decode(data)
                if _replaced(frame):
                    log.error("wecom: another program connects with this bot; waiting before we try again")
                    await self._on_state(REPLACED)
                    return REPLACED_PAUSE
                await self._take(frame, queue)
        except WebSocketException as error:
            log.info("wecom: the bot's connection ended (%s)", type(error))
        return self._longer()

    async def _take(self, frame: dict[str, Any], queue: asyncio.Queue[dict[str, Any]]) -> None:
        if frame.get("cmd"):
            await queue.put(frame)
            return
        headers = frame.get("headers")
        answer = self._answers.pop(str(headers.get("req_id")), None) if isinstance(headers, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(frame)

    async def _handle(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        while frame := await queue.get():
            await self._on_frame(frame)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            if self._unanswered >= LOST_AFTER:
                log.warning("wecom: no answer to %d heartbeats, connecting again", LOST_AFTER)
                return
            self._unanswered += 1
            with suppress(WecomError):
                await self._ask("ping", None, within=min(ANSWER_WITHIN, self._heartbeat))
                self._unanswered = 0

    async def _ask(
        self, command: str, body: dict[str, Any] | None, req_id: str = "", within: float = ANSWER_WITHIN
    ) -> dict[str, Any]:
        socket = self._socket
        if socket is None:
            raise WecomError(HTTP, "the bot is not connected", command)
        name = req_id or f"{command}_{secrets.token_hex(8)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        before = self._answers.get(name)
        if before is not None:  # one answer at a time for one callback
            await asyncio.wait({before}, timeout=within)
        self._answers[name] = answer
        frame: dict[str, Any] = {"cmd": command, "headers": {"req_id": name}}
        try:
            await socket.send(json.dumps(frame if body is None else {**frame, "body": body}, ensure_ascii=False))
            told = await asyncio.wait_for(answer, within)
        except (OSError, WebSocketException, TimeoutError) as error:
            raise WecomError(HTTP, type(error).__name__, command) from None
        finally:
            self._answers.pop(name, None)
        code = told.get("errcode", HTTP)
        if code:
            raise WecomError(int(code), str(told.get("errmsg", ""))[:200], command)
        return told

    def _drop_answers(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(WecomError(HTTP, "the connection is lost", "bot"))
        self._answers.clear()


class Pressed:
    """Presses of the last seconds: for so long the bot may change the pressed card, by answering the press."""

    LASTS = 4.5
    """Seconds; the platform gives five."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._of: dict[str, list[tuple[str, float]]] = {}

    def note(self, card: str, req_id: str) -> None:
        """A card was pressed just now."""
        now = self._monotonic()
        for name in [name for name, presses in self._of.items() if presses[-1][1] < now - self.LASTS]:
            del self._of[name]
        self._of.setdefault(card, []).append((req_id, now))

    def take(self, card: str) -> str:
        """The press that can still be answered, the first one first; each once. Empty when there is none."""
        now, presses = self._monotonic(), self._of.get(card, [])
        while presses:
            req_id, at = presses.pop(0)
            if not presses:
                self._of.pop(card, None)
            if at >= now - self.LASTS:
                return req_id
        return ""


def pressed_frame(frame: dict[str, Any]) -> tuple[str, str]:
    """(card as it hangs in its chat, req_id) of a frame that tells of a press; else two empty strings."""
    body, headers = frame.get("body"), frame.get("headers")
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(event, dict) or not isinstance(headers, dict):
        return "", ""
    if event.get("eventtype") != "template_card_event":
        return "", ""
    told, sender = event.get("template_card_event") or event, body.get("from")
    chat = body.get("chatid") or (sender.get("userid") if isinstance(sender, dict) else "")
    return hung(str(chat), str(told.get("task_id", ""))), str(headers.get("req_id", ""))


def hung(chat: str, card: str) -> str:
    """A card in one chat: one that was passed on hangs in two, and an answer changes only the one that was pressed."""
    return f"{chat}/{card}" if card else ""


def _decode(data: str | bytes) -> dict[str, Any]:
    try:
        frame = json.loads(data)
    except ValueError:
        frame = None
    return frame if isinstance(frame, dict) else {}


def _replaced(frame: dict[str, Any]) -> bool:
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return isinstance(event, dict) and event.get("eventtype") == "disconnected_event"
