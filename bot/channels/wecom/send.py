"""Neutral messages as WeCom calls: cards to members, to everybody of a queue, to groups; changes by one-use codes.

Order and retries are the caller's. What WeCom would drop without a word is held back here (pace.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.channels.base import OutFile
from bot.channels.wecom import cards
from bot.channels.wecom.api import Api
from bot.channels.wecom.cards import MAX_MARKDOWN, Card, Words, split_bytes, whole_text
from bot.channels.wecom.connection import BotConnection, Pressed, hung
from bot.channels.wecom.pace import BOT_CHAT, MEMBER, WEBHOOK, Budget, Limit
from bot.channels.wecom.refusals import CODE_USED, HTTP, REASONS, TASK_TAKEN, WecomError, refusal
from bot.channels.wecom.shapes import Chat, ChatKind, make_chat, read_chat
from handlers.messages import Address, Outgoing, Receipt, Refusal, Refused

log = logging.getLogger(__name__)

MOST_RECEIVERS = 1000
CODE_LASTS = timedelta(hours=72)
_TRANSIENT = {Refusal.TEMPORARY, Refusal.RATE}
_FILES = {"photo": "image", "voice": "voice", "video": "video", "file": "file"}
_MIMES = {"photo": ("image/jpeg", "image/png"), "voice": ("audio/amr",), "video": ("video/mp4",)}
"""What the platform shows as such; anything else goes as a file (path/90253)."""


class Codes(Protocol):
    """Where the one-use codes for changing cards are kept."""

    async def add(self, card: str, code: str, now: datetime, expires_at: datetime) -> None:
        """Keeps a code."""
        ...

    async def unused(self, card: str, now: datetime) -> list[tuple[str, str]]:
        """(name, code) of those that may be used, the newest first."""
        ...

    async def spend(self, card: str, name: str, now: datetime) -> None:
        """Never again."""
        ...


Members = Callable[[str], Awaitable[list[str]]]
"""The userids of everybody who works in a queue."""


class Empty(Exception):
    """There is nobody to send to."""


class Sender:
    """Sends for one application, its bot and its webhooks."""

    def __init__(
        self,
        api: Api,
        agent_id: int,
        codes: Codes,
        members: Members,
        words: Words,
        *,
        bot: BotConnection | None = None,
        pressed: Pressed | None = None,
        webhooks: dict[str, str] | None = None,
        budget: Budget | None = None,
        now: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._agent_id = agent_id
        self._codes = codes
        self._members = members
        self._words = words
        self._bot = bot
        self._pressed = pressed or Pressed()
        self._webhooks = webhooks or {}
        self._budget = budget or Budget()
        self._now = now
        self._tried: dict[str, dict[str, Any]] = {}
        """name of a code -> the change that was asked for with it, while its answer is open."""

    async def send(
        self, address: Address, out: Outgoing, files: Sequence[OutFile], post: str, key: str = ""
    ) -> Receipt | Refused:
        """Sends, tells a presser something, or changes `post` in place. Cards with the same `key` come once."""
        try:
            chat = read_chat(address.chat)
            if out.callback:
                return await self._toast(out)
            if not whole_text(out) and not files:
                return Refused(reason=Refusal.REJECTED, detail="a message needs words or a file")
            if chat.kind in (ChatKind.MEMBER, ChatKind.CARDS):
                return await self._to_members(chat, out, files, post, key)
            if chat.kind in (ChatKind.GROUP, ChatKind.BOT_MEMBER):
                return await self._by_bot(chat, out, files, post, key)
            return await self._to_deaf_group(chat, out, files)
        except WecomError as error:
            return refusal(error)
        except Empty:
            return Refused(reason=Refusal.BLOCKED, detail="nobody works in this queue here")
        except (OSError, ValueError) as error:
            return Refused(reason=Refusal.REJECTED, detail=f"{type(error).__name__}: {error}"[:500])

    async def _toast(self, out: Outgoing) -> Receipt | Refused:
        """Who pressed in a group reads it in their own chat with the application; the platform itself wants no answer."""
        text, user = out.text.strip(), out.callback
        if not text:
            return Receipt()
        try:
            return self._held([user], MEMBER, 1) or await self._texts({"touser": user}, split_bytes(text))
        except WecomError as error:
            if REASONS.get(error.code) is not Refusal.BLOCKED or self._bot is None:
                raise
        await self._push(user, {"msgtype": "markdown", "markdown": {"content": text.translate(cards.MARKDOWN)}})
        return Receipt()

    # ------------------------------------------------------------ the application

    async def _to_members(
        self, chat: Chat, out: Outgoing, files: Sequence[OutFile], post: str, key: str
    ) -> Receipt | Refused:
        users = [chat.key] if chat.kind is ChatKind.MEMBER else (await self._members(chat.key))[:MOST_RECEIVERS]
        if not users:
            raise Empty
        if post:
            changed = await self._change(out, post.split(","))
            if changed is not None:
                return changed
        text = cards.apart_text(out) if out.keys else whole_text(out)
        texts = split_bytes(text.translate(cards.TEXTS))
        made = cards.cards(out, cards.name_tasks(cards.count_cards(out), key)) if out.keys else []
        held = self._held(users, MEMBER, len(texts) + len(made) + len(files))
        if held:
            return held
        target = {"touser": "|".join(users)}
        await self._send_files(target, files)
        await self._texts(target, texts)
        for card in made:
            await self._send_card(target, card)
        return Receipt(ref=",".join(card.task for card in made))

    async def _send_card(self, target: dict[str, Any], card: Card) -> None:
        body = {**target, "agentid": self._agent_id, "msgtype": "template_card", "template_card": card.body}
        try:
            told = await self._api.call("message/send", body)
        except WecomError as error:
            if error.code != TASK_TAKEN:  # names are never given twice: this card has come before, its answer was lost
                raise
            return
        code = str(told.get("response_code", ""))
        if code:
            now = self._now()
            await self._codes.add(card.task, code, now, now + CODE_LASTS)

    async def _texts(self, target: dict[str, Any], texts: Sequence[str]) -> Receipt:
        for text in texts:
            content = {"content": text.translate(cards.TEXTS)}
            await self._api.call(
                "message/send", {**target, "agentid": self._agent_id, "msgtype": "text", "text": content}
            )
        return Receipt()

    async def _send_files(self, target: dict[str, Any], files: Sequence[OutFile]) -> None:
        for file in files:
            kind, handle = await self._handle(file)
            body = {**target, "agentid": self._agent_id, "msgtype": kind, kind: {"media_id": handle}}
            await self._api.call("message/send", body)

    async def _handle(self, file: OutFile) -> tuple[str, str]:
        """(message type, platform handle) of a file; handles of received files do not send, so bytes go up."""
        if file.path is None:
            raise ValueError("a file has no bytes here")
        shown = file.kind == "file" or file.mime in _MIMES[file.kind]
        kind = _FILES[file.kind] if shown else "file"
        return kind, await self._api.upload(kind, file.path, file.mime)

    # ------------------------------------------------------------ changing cards

    async def _change(self, out: Outgoing, tasks: list[str]) -> Receipt | None:
        """Changes every copy of the cards. None when they cannot be changed any more and are to be sent anew."""
        needed = cards.count_cards(out)
        if not out.keys:
            bodies = [cards.settled_card(out, self._words) for _ in tasks]
        elif needed > len(tasks):
            return None
        else:
            bodies = [cards.renewed(card) for card in cards.cards(out, tasks[:needed])]
            bodies += [cards.settled_card(out, self._words) for _ in tasks[needed:]]
        for task, body in zip(tasks, bodies, strict=True):
            if not await self._change_one(task, body):
                return None
        return Receipt(ref=",".join(tasks))

    async def _change_one(self, task: str, card: dict[str, Any]) -> bool:
        for name, code in await self._codes.unused(task, self._now()):
            body = {"atall": 1, "agentid": self._agent_id, "response_code": code, "template_card": card}
            same = self._tried.get(name) == card
            self._tried[name] = card
            try:
                await self._api.call("message/update_template_card", body)
            except WecomError as error:
                if REASONS.get(error.code) in _TRANSIENT:
                    raise
                self._tried.pop(name, None)
                await self._codes.spend(task, name, self._now())
                if same and error.code == CODE_USED:
                    return True  # by ourselves, for this very change: the answer was lost
                log.info("wecom: a card was not changed: %s", error)
                continue
            self._tried.pop(name, None)
            await self._codes.spend(task, name, self._now())
            return True
        return False

    # ------------------------------------------------------------ the group bot

    async def _by_bot(
        self, chat: Chat, out: Outgoing, files: Sequence[OutFile], post: str, key: str
    ) -> Receipt | Refused:
        if self._bot is None:
            return Refused(reason=Refusal.GONE, detail="no group bot is configured")
        changed = await self._answer_press(chat.key, out, post) if post and out.keys else None
        if changed is not None:
            return changed
        text = cards.apart_text(out) if out.keys else whole_text(out)
        texts = split_bytes(text.translate(cards.MARKDOWN), MAX_MARKDOWN)
        made = cards.cards(out, cards.name_tasks(cards.count_cards(out), key)) if out.keys else []
        held = self._held([make_chat(chat.kind, chat.key)], BOT_CHAT, len(texts) + len(made) + len(files))
        if held:
            return held
        for file in files:
            await self._push_file(chat.key, file)
        for part in texts:
            await self._push(chat.key, {"msgtype": "markdown", "markdown": {"content": part}})
        for card in made:
            await self._push_card(chat.key, card)
        return Receipt(ref=",".join(card.task for card in made))

    async def _push_card(self, key: str, card: Card) -> None:
        try:
            await self._push(key, {"msgtype": "template_card", "template_card": card.body})
        except WecomError as error:
            if error.code != TASK_TAKEN:  # as with the application's cards
                raise

    async def _answer_press(self, chat: str, out: Outgoing, post: str) -> Receipt | None:
        """Changes a card that was pressed within the last seconds; the platform allows it at no other time."""
        tasks = post.split(",")
        if len(tasks) > 1 or cards.count_cards(out) > 1 or self._bot is None:  # the press is on one of them only
            return None
        req_id = self._pressed.take(hung(chat, post))
        if not req_id:
            return None
        (card,) = cards.cards(out, tasks)
        body = {"response_type": "update_template_card", "template_card": card.body}
        try:
            await self._bot.call("aibot_respond_update_msg", body, req_id=req_id)
        except WecomError as error:
            log.info("wecom: a press was not answered: %s", error)
            return None
        return Receipt(ref=post)

    async def _push(self, key: str, content: dict[str, Any]) -> None:
        if self._bot is None:
            raise WecomError(HTTP, "no group bot is configured", "aibot_send_msg")
        await self._bot.call("aibot_send_msg", {"chatid": key, **content})

    async def _push_file(self, key: str, file: OutFile) -> None:
        if file.path is None or self._bot is None:
            raise ValueError("a file has no bytes here")
        shown = file.kind == "file" or file.mime in _MIMES[file.kind]
        kind = _FILES[file.kind] if shown else "file"
        handle = await self._bot.upload(kind, file.path.name, await asyncio.to_thread(file.path.read_bytes))
        await self._push(key, {"msgtype": kind, kind: {"media_id": handle}})

    # ------------------------------------------------------------ groups that hear nothing

    async def _to_deaf_group(self, chat: Chat, out: Outgoing, files: Sequence[OutFile]) -> Receipt | Refused:
        """Groups without buttons, where nothing said reaches us: the words, and what to type to the application."""
        choices = " / ".join(cards.typed_choices(out))
        text = "\n".join(filter(None, [whole_text(out), self._words.hint(choices) if choices else ""]))
        texts = split_bytes(text.translate(cards.TEXTS))
        name = make_chat(chat.kind, chat.key)
        if chat.kind is ChatKind.WEBHOOK:
            key = self._webhooks.get(chat.key)
            if not key:
                return Refused(reason=Refusal.GONE, detail=f"no webhook for {chat.key} is configured")
            held = self._held([name], WEBHOOK, len(texts))
            for text in [] if held else texts:
                await self._api.post("webhook/send", {"msgtype": "text", "text": {"content": text}}, key=key)
            return held or Receipt()
        held = self._held([name], MEMBER, len(texts) + len(files))
        if held:
            return held
        for file in files:
            kind, handle = await self._handle(file)
            await self._api.call(
                "appchat/send", {"chatid": chat.key, "msgtype": kind, kind: {"media_id": handle}, "safe": 0}
            )
        for text in texts:
            body = {"chatid": chat.key, "msgtype": "text", "text": {"content": text}, "safe": 0}
            await self._api.call("appchat/send", body)
        return Receipt()

    def _held(self, receivers: Sequence[str], limits: Sequence[Limit], messages: int) -> Refused | None:
        """Not now, when one of them would get more than the platform lets through."""
        wait = self._budget.wait_for(receivers, limits, messages)
        if not wait:
            return None
        return Refused(reason=Refusal.TEMPORARY, detail="enough for this minute", retry_for=wait)
