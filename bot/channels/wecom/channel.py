"""One company's application on WeCom as a `Channel`: joins callbacks, the bot's connection, sending, and what is kept."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.callbacks import Crypt
from bot.channels.base import BadUpdate, OutFile, RawUpdate, Receive
from bot.channels.wecom.api import Api
from bot.channels.wecom.cards import Words
from bot.channels.wecom.connection import BotConnection, Pressed, pressed_frame
from bot.channels.wecom.pace import Budget
from bot.channels.wecom.receive import Answer, Callbacks
from bot.channels.wecom.send import CODE_LASTS, Members, Sender
from bot.channels.wecom.shapes import NAME, bot_update, parse_update, pressed_card
from bot.notes import BOT, CALLBACK, FINE, Notes
from handlers.messages import Address, Capabilities, Edit, Incoming, Outgoing, Receipt, Refused
from storage import platforms, update_codes
from storage.tx import Store, Tx

log = logging.getLogger(__name__)

_TRIES, _BETWEEN = 40, 0.5
"""How often, and at what distance in seconds, a frame of the bot is offered for storing: it does not come again."""


class Account(NamedTuple):
    """What the console of WeCom knows us by. `token` and `aes_key` are the callback's; empty `bot_id`: no group bot."""

    corp_id: str
    agent_id: int
    secret: str
    token: str = ""
    aes_key: str = ""
    bot_id: str = ""
    bot_secret: str = ""
    base_url: str = "https://qyapi.weixin.qq.com"
    bot_url: str = "wss://openws.work.weixin.qq.com"
    webhooks: Mapping[str, str] = {}


class WecomChannel:
    """Sends without `start`. `members` names the people of a queue who get its cards in their own chats."""

    name = NAME
    capabilities = Capabilities(
        max_bytes=30_000,
        max_chars=10_000,
        label_bytes=200,
        edit=Edit.FOR_A_TIME,
        toasts=True,
        opens=True,
        per_second=20.0,
    )

    def __init__(
        self,
        account: Account,
        store: Store,
        members: Members,
        words: Words,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        budget: Budget | None = None,
    ) -> None:
        """ValueError for a callback key that cannot be one."""
        self.account = account.corp_id
        self._store = store
        self._now = now
        self.api = Api(account.base_url, account.corp_id, account.secret, _Tokens(store, account))
        crypt = Crypt(account.token, account.aes_key, account.corp_id) if account.token and account.aes_key else None
        self._callbacks = Callbacks(crypt, account.corp_id, account.agent_id) if crypt else None
        self._pressed = Pressed()
        self._notes = Notes(store)
        self.bot = (
            BotConnection(account.bot_url, account.bot_id, account.bot_secret, self._take_frame, self._note_bot)
            if account.bot_id
            else None
        )
        self._codes = _Codes(store, account.corp_id)
        self._sender = Sender(
            self.api,
            account.agent_id,
            self._codes,
            members,
            words,
            bot=self.bot,
            pressed=self._pressed,
            webhooks=dict(account.webhooks),
            budget=budget,
            now=now,
        )
        self._receive: Receive | None = None

    def parse(self, raw: dict[str, Any]) -> list[Incoming]:
        """The update as neutral messages; empty when it concerns nobody. Raises `BadUpdate`."""
        return parse_update(raw, self.account)

    async def send(
        self, address: Address, out: Outgoing, *, files: Sequence[OutFile] = (), post: str = ""
    ) -> Receipt | Refused:
        """Sends, or changes the earlier cards `post` in place. Never raises for what the platform says."""
        return await self._sender.send(address, out, files, post)

    async def send_once(
        self, key: str, address: Address, out: Outgoing, *, files: Sequence[OutFile] = ()
    ) -> Receipt | Refused:
        """Sends; cards with the same key are the same cards and come once. Words and files have no name on WeCom."""
        return await self._sender.send(address, out, files, "", key)

    async def fetch(self, ref: str) -> tuple[bytes, str]:
        """The bytes and media type behind a `Media.ref`: FileNotFoundError when WeCom has it no more, ConnectionError
        when asking again may help."""
        how, _, rest = ref.partition(":")
        if how == "m":
            return await self.api.download(rest)
        if how != "u":
            raise FileNotFoundError("no handle of ours")
        key, _, url = rest.partition(":")
        content, mime = await self.api.fetch(url)
        return (await asyncio.to_thread(_opened, content, key), "") if key else (content, mime)

    async def start(self, receive: Receive, *, with_bot: bool = True) -> None:
        """Begins to receive: callbacks through `accept`, and the bot's frames from its connection."""
        self._receive = receive
        if self.bot is not None and with_bot:
            await self.bot.start()

    async def stop(self) -> None:
        """Stops receiving, what was handed to `receive` is finished first; then closes the connections for sending."""
        if self.bot is not None:
            await self.bot.stop()
        self._receive = None
        await self.api.close()

    async def echo(self, query: Mapping[str, str]) -> Answer:
        """Answers the console's check of the callback address."""
        if self._callbacks is None:
            return Answer(404)
        answer = self._callbacks.echo(query)
        await self._notes.keep(CALLBACK, answer.fault)
        return answer

    async def accept(self, query: Mapping[str, str], body: bytes) -> Answer:
        """Stores one callback. 200 only when it is durable; 4xx for what is not from WeCom, 503 to come again."""
        if self._callbacks is None:
            return Answer(404)
        update = self._callbacks.read(query, body)
        if isinstance(update, Answer):
            await self._notes.keep(CALLBACK, update.fault)
            return update
        if self._receive is None:
            return Answer(503)
        try:
            card, code = pressed_card(update.raw)
            if card and code:
                now = self._now()
                await self._codes.add(card[:128], code, now, now + CODE_LASTS)
            await self._receive([update])
            await self._notes.keep(CALLBACK, FINE)
        except Exception:
            log.exception("wecom: a callback could not be stored, it will come again")
            return Answer(503)
        return Answer(200)

    async def hand_over(self, update: RawUpdate) -> None:
        """Gives the program one update of our own page. Raises ConnectionError before the start."""
        if self._receive is None:
            raise ConnectionError("not started")
        await self._receive([update])

    async def _note_bot(self, said: str) -> None:
        await self._notes.keep(BOT, said)

    async def _take_frame(self, frame: dict[str, Any]) -> None:
        """Stores one frame of the bot. It comes only once: a store that is busy is asked again for a while."""
        try:
            update = bot_update(frame)
        except BadUpdate as error:
            log.warning("wecom: a frame of the bot was not understood (%s)", error)
            return
        card, req_id = pressed_frame(frame)
        if card:
            self._pressed.note(card, req_id)
        for _ in range(_TRIES):
            if self._receive is None:
                break
            try:
                await self._receive([update])
            except Exception:
                log.exception("wecom: a frame of the bot could not be stored, trying again")
                await asyncio.sleep(_BETWEEN)
            else:
                return
        log.error("wecom: a frame of the bot is lost")


class _Tokens:
    """Satisfies `api.Tokens`: sealed in the database, for every process."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = f"{account.corp_id}/{account.agent_id}"

    async def find(self, now: datetime) -> str | None:
        """The token that is valid now."""
        async with self._store.read() as tx:
            kept = await platforms.find_token(tx, NAME, self._account)
        return kept.token if kept is not None and kept.expires_at > now else None

    async def keep(self, token: str, expires_at: datetime) -> None:
        """Keeps a fetched one."""
        await self._store.run(lambda tx: platforms.keep_token(tx, NAME, self._account, token, expires_at))

    async def drop(self, token: str, now: datetime) -> None:
        """It is good no more; what another process has fetched meanwhile stays."""

        async def drop(tx: Tx) -> None:
            kept = await platforms.find_token(tx, NAME, self._account)
            if kept is not None and kept.token == token:
                await platforms.keep_token(tx, NAME, self._account, token, now)

        await self._store.run(drop)


class _Codes:
    """Satisfies `send.Codes`."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account

    async def add(self, card: str, code: str, now: datetime, expires_at: datetime) -> None:
        """Keeps a code; those that are over are forgotten on the way."""

        async def add(tx: Tx) -> None:
            await update_codes.forget_expired(tx, now)
            await update_codes.add(tx, self._account, card, code, now, expires_at)

        await self._store.run(add)

    async def unused(self, card: str, now: datetime) -> list[tuple[str, str]]:
        """(name, code) of those that may be used, the newest first."""
        async with self._store.read() as tx:
            return [(found.digest, found.code) for found in await update_codes.unused(tx, self._account, card, now)]

    async def spend(self, card: str, name: str, now: datetime) -> None:
        """Never again."""
        await self._store.run(lambda tx: update_codes.spend(tx, self._account, card, name, now))


def _opened(content: bytes, key: str) -> bytes:
    """A file of the bot, decrypted: AES-256-CBC, the vector is the key's beginning, padded to 32 bytes (path/101463)."""
    try:
        secret = base64.b64decode(key + "=" * (-len(key) % 4))
    except ValueError:
        secret = b""
    if len(secret) != 32 or not content or len(content) % 16:
        raise FileNotFoundError("damaged")
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    plain = decryptor.update(content) + decryptor.finalize()
    pad = plain[-1]
    if not 1 <= pad <= 32 or plain[-pad:] != bytes([pad]) * pad:
        raise FileNotFoundError("wrong key")
    return plain[:-pad]
