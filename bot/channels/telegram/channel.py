"""One Telegram bot as a `Channel`: joins receiving, sending and shapes, and knows the connection to the Bot API."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from collections.abc import Callable, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.base import OutFile, Receive
from bot.channels.telegram.receive import Pauses, Poller, accept_webhook, wait_for_stop
from bot.channels.telegram.request import Request
from bot.channels.telegram.send import Sender
from bot.channels.telegram.shapes import ALLOWED_UPDATES, NAME, Self, parse_update
from bot.channels.telegram.splitting import MAX_UNITS
from handlers.messages import Address, Capabilities, Incoming, Outgoing, Receipt, Refused

log = logging.getLogger(__name__)

_LOOK = 0.5
"""Seconds between two looks at whose turn it is to ask for updates."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
mimetypes.add_type("audio/ogg", ".oga")  # Telegram's name for a voice; Python alone does not know it


class TelegramChannel:
    """Sends without `start`; receives from `start` to `stop`. The token stands in no log line and no error."""

    name = NAME
    capabilities = Capabilities(max_chars=MAX_UNITS, max_bytes=4 * MAX_UNITS, label_bytes=64)

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.telegram.org",
        *,
        commands: Sequence[tuple[str, str]] = (),
        mode: Literal["polling", "webhook"] = "polling",
        webhook_url: str = "",
        secret: str = "",
    ) -> None:
        """`commands` are the bot's menu: name and description. ValueError for a token or webhook that cannot work."""
        account, _, rest = token.partition(":")
        if not account.isdigit() or not rest:
            raise ValueError("a Telegram token looks like 123456:letters")
        if mode == "webhook" and not (webhook_url and secret):
            raise ValueError("a webhook needs its address and a secret")
        _keep_tokens_out_of_logs()
        self.account = account
        self._token = token
        self._base = base_url.rstrip("/")
        self._trust_env = urlsplit(self._base).hostname not in LOOPBACK
        self._commands = list(commands)
        self._mode = mode
        self._webhook_url = webhook_url
        self._secret = secret
        self._me = Self(account)
        self._requests = self._build_requests()
        self._bot = Bot(
            token,
            f"{self._base}/bot",
            f"{self._base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._sender = Sender(self._bot)
        self._receive: Receive | None = None
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.may_poll: Callable[[], bool] = lambda: True
        """Whether it is this process that asks for updates; Telegram allows one."""

    @property
    def username(self) -> str:
        """The bot's name in links, `t.me/<username>`; empty until Telegram has told it."""
        return self._me.username

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        """The update as neutral messages; empty when it concerns nobody. Raises `BadUpdate`."""
        return parse_update(raw, self._me)

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[OutFile] = (), post: str = ""
    ) -> Receipt | Refused:
        """Sends, or changes the earlier message `post` in place. Never raises for what the platform says."""
        return await self._sender.send(address, out, files, post)

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and media type behind a `Media.ref`: FileNotFoundError when Telegram has it no more or will not
        give it (above 20 MB), ConnectionError when asking again may help."""
        try:
            file = await self._bot.get_file(ref)
            content = bytes(await file.download_as_bytearray())
        except (BadRequest, Forbidden) as error:
            raise FileNotFoundError(error.message) from error
        except TelegramError as error:
            raise ConnectionError(f"{type(error).__name__}: {self._clean(error)}") from None
        return content, mimetypes.guess_type(file.file_path or "")[0] or "application/octet-stream"

    async def start(self, receive: Receive) -> None:
        """Begins to receive. When Telegram cannot be reached, it is tried again until it can or `stop` is called."""
        self._receive = receive
        self._stopping = asyncio.Event()
        ready = await self._set_up()
        self._running = asyncio.create_task(self._run(receive, ready=ready), name="telegram")

    async def stop(self) -> None:
        """Stops receiving, what was handed to `receive` is finished first; then closes the connections for sending."""
        self._stopping.set()
        if self._running is not None:
            await self._running
            self._running = None
        self._receive = None
        await self._bot.shutdown()
        for request in self._requests:
            await request.shutdown()

    async def accept(self, body: bytes, secret_header: str) -> int:
        """Stores one webhook body. The HTTP status to answer: 200, 401 wrong secret, 400 no update, 503 try again."""
        if not self._secret:
            return 401
        return await accept_webhook(body, secret_header, self._secret, self._receive)

    def _build_requests(self) -> tuple[Request, Request]:
        # python-telegram-bot wants a second one for getUpdates, which goes through receive.py instead
        return Request(connections=16, trust_env=self._trust_env), Request(connections=1, trust_env=self._trust_env)

    async def _run(self, receive: Receive, *, ready: bool) -> None:
        pauses = Pauses()
        while not ready and not self._stopping.is_set():
            await wait_for_stop(self._stopping, pauses.again())
            ready = not self._stopping.is_set() and await self._set_up()
        while self._mode == "polling" and not self._stopping.is_set():
            if self.may_poll():
                await self._poll(receive)
            else:
                await wait_for_stop(self._stopping, _LOOK)

    async def _poll(self, receive: Receive) -> None:
        """Asks for updates until we stop, or until another process does it."""
        url, done = f"{self._base}/bot{self._token}/getUpdates", asyncio.Event()
        polling = asyncio.create_task(Poller(url, receive, trust_env=self._trust_env).run(done))
        try:
            while self.may_poll() and not self._stopping.is_set() and not polling.done():
                await wait_for_stop(self._stopping, _LOOK)
        finally:
            done.set()
            await polling

    async def _set_up(self) -> bool:
        """Tells Telegram how we receive. Whether it worked; a refusal is logged."""
        try:
            await self._bot.initialize()
            self._me = Self(self.account, self._bot.username)
            if self._commands:
                await self._bot.set_my_commands(self._commands)
            if self._mode == "polling":
                await self._bot.delete_webhook()
            else:
                await self._bot.set_webhook(
                    self._webhook_url, secret_token=self._secret, allowed_updates=list(ALLOWED_UPDATES)
                )
        except TelegramError as error:
            log.error("telegram: cannot start receiving, trying again: %s", self._clean(error))
            return False
        return True

    def _clean(self, error: TelegramError) -> TelegramError:
        error.message = error.message.replace(self._token, f"{self.account}:…")  # "the token … was rejected"
        return error


def _keep_tokens_out_of_logs() -> None:
    # https://core.telegram.org/bots/api#making-requests puts the token into the address, which httpx logs.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
