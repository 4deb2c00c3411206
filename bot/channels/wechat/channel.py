"""One WeChat service account as a `Channel`: joins receiving, sending and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bot.callbacks import Crypt, Query
from bot.channels.base import OutFile, Passive, RawUpdate, Receive
from bot.channels.wechat import receive, send
from bot.channels.wechat.client import Client
from bot.channels.wechat.media import Files
from bot.channels.wechat.send import Forms, Sender
from bot.channels.wechat.shapes import NAME, parse_update
from bot.clock import Clock
from handlers.messages import Address, Capabilities, Edit, Incoming, Outgoing, Push, Receipt, Refused
from storage.tx import Store, Tx

ANSWERS_FOR = 6.0
"""Seconds that replies wait for the platform's own request to take them: it waits five."""


class Account(NamedTuple):
    """What the console says of the account; the four secrets among it stand in no log line."""

    app_id: str
    secret: str
    token: str
    aes_key: str
    original_id: str
    base_url: str


class WeChatChannel:
    """Sends without `start`; receives by the callback route. Nothing of it needs the platform to be up at the start."""

    name = NAME
    capabilities = Capabilities(
        max_bytes=send.MAX_BYTES,
        max_chars=send.MAX_BYTES,
        buttons=False,
        group_buttons=False,
        label_bytes=128,
        edit=Edit.NEVER,
        groups=False,
        toasts=False,
        push=Push.WINDOW,
        answers_for=ANSWERS_FOR,
    )

    def __init__(self, account: Account, store: Store, clock: Clock, forms: Forms) -> None:
        """Raises ValueError for a token or key that cannot work."""
        self.account = account.app_id
        self._original_id = account.original_id
        self._crypt = Crypt(account.token, account.aes_key, account.app_id)
        self._clock = clock
        self.agreed = forms.agreed
        self._lasting = frozenset(form.id for form in forms.agreed.values() if form.lasting)
        self.client = Client(account.app_id, account.secret, account.base_url, store, clock)
        self._files = Files(self.client, store, clock)
        self._sender = Sender(self.client, self._files, store, clock, forms)

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        """The update as neutral messages; empty when it asks nothing of anybody. Raises `BadUpdate`."""
        return parse_update(raw, self.account)

    async def keep(self, tx: Tx, raw: dict[str, Any], now: datetime) -> None:
        """What the update changes in the channel's own books."""
        await receive.keep_books(tx, raw, self.account, now, self._lasting)

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[OutFile] = (), post: str = ""
    ) -> Receipt | Refused:
        """Sends by the first way that is open. WeChat changes nothing in place: `post` is sent anew."""
        return await self._sender.send(address, out, files)

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and media type behind a `Media.ref`. Raises OSError when WeChat has it no more."""
        return await self._files.fetch(ref)

    async def start(self, receive: Receive) -> None:
        """Nothing to begin: updates come to the callback route, which stores them before it answers."""

    async def stop(self) -> None:
        """Closes the connections."""
        await self.client.close()

    # --- the callback route

    def check(self, query: Query, echo: str) -> str:
        """What the console expects back when it checks our address. Raises `CallbackError`."""
        self._crypt.check_plain(query, self._clock.now())
        return echo

    def open(self, query: Query, body: bytes) -> RawUpdate:
        """The update of one callback. Raises `CallbackError`; then nothing was stored and nobody is told."""
        return receive.open_update(
            self._crypt, query, body, self._clock.now(), original_id=self._original_id, account=self.account
        )

    def compose(self, raw: dict[str, Any], outs: Sequence[Outgoing]) -> Passive:
        """The answer to an update out of the first messages for that chat."""
        return send.answer(raw, outs, int(self._clock.now().timestamp()))

    def seal(self, content: str) -> bytes:
        """An answer as the platform takes it: encrypted and signed now."""
        return self._crypt.seal_xml(content.encode(), self._clock.now()) if content else b""
