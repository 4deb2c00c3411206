"""The group bot's side of the long connection: subscribe, frames, answers, one connection a bot (path/101463)."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.fakes.wecom import rules
from tests.fakes.wecom.errors import ApiError, wrong
from tests.fakes.wecom.world import BOT, BOT_SECRET, Group, Member, Message, World

ANSWER_WITHIN = 5.0
"""Seconds in which a pressed card may be changed by answering the press."""
STREAM_LASTS = 600.0


class BotSide:
    """Listens on loopback. `changed` is called whenever something happened."""

    def __init__(self, world: World, changed: Callable[[], None]) -> None:
        self._world = world
        self._changed = changed
        self.secret = BOT_SECRET
        self.violations: list[str] = []
        self.calls: list[tuple[str, dict[str, Any], int]] = []
        self.connected = 0
        self.replaced = 0
        self.pings = 0
        self.mute_pings = False
        """Heartbeats get no answer."""
        self.answer_within = ANSWER_WITHIN
        self.base_url = ""
        """Where files of frames are fetched; set by the server."""
        self._server: Server | None = None
        self._socket: ServerConnection | None = None
        self._asked: dict[str, tuple[float, str, str]] = {}
        """req_id of a callback -> when, its conversation, the pressed card."""
        self._uploads: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}
        self._sealed: dict[str, bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, port: int = 0) -> None:
        self._server = await serve(self._serve, "127.0.0.1", port, ping_interval=None, max_size=2**21)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def live(self) -> bool:
        """Whether a bot is subscribed."""
        return self._socket is not None

    async def drop(self) -> None:
        """The connection breaks."""
        if self._socket is not None:
            await self._socket.close(1011)

    # ---------------------------------------------------------------- people

    def spoken(self, who: Member, group: Group | None, content: dict[str, Any]) -> None:
        """A message that the bot hears."""
        if group is not None:
            group.met = True
        self._callback("aibot_msg_callback", who, group, content)

    def pressed(self, who: Member, group: Group, task: str, key: str) -> None:
        """A press on one of the bot's cards. The documents nest what was pressed."""
        told = {"event_key": key, "task_id": task, "card_type": "button_interaction", "selected_items": {}}
        event = {"eventtype": "template_card_event", "template_card_event": told}
        self._callback("aibot_event_callback", who, group, {"msgtype": "event", "event": event}, task)

    def event(self, who: Member, kind: str) -> None:
        self._callback("aibot_event_callback", who, None, {"msgtype": "event", "event": {"eventtype": kind}})

    def sealed_file(self, content: bytes, key: bytes = b"") -> dict[str, str]:
        """A file as frames carry it: an address, and the key to what is there, of 32 bytes (by chance when not given)."""
        key, name = key or secrets.token_bytes(32), secrets.token_hex(12)
        pad = 32 - len(content) % 32
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        self._sealed[name] = encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()
        return {"url": f"{self.base_url}/bot-file/{name}?sign={'q' * 300}", "aeskey": base64.b64encode(key).decode()}

    def find_sealed(self, name: str) -> bytes | None:
        return self._sealed.get(name)

    def _callback(
        self, command: str, who: Member, group: Group | None, content: dict[str, Any], task: str = ""
    ) -> None:
        req_id = f"callback-{secrets.token_hex(8)}"
        conversation = group.id if group else f"bot:{who.id}"
        self._asked[req_id] = (self._world.clock.now(), conversation, task)
        body = {
            "msgid": secrets.token_hex(16),
            "aibotid": BOT,
            "chattype": "group" if group else "single",
            "from": {"userid": who.id},
            "create_time": int(self._world.clock.now()),
            **({"chatid": group.id} if group else {}),
            **content,
        }
        self._world.messages.setdefault(conversation, [])
        self._later({"cmd": command, "headers": {"req_id": req_id}, "body": body})

    def _later(self, frame: dict[str, Any]) -> None:
        task = asyncio.create_task(self._push(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame, ensure_ascii=False))

    # ---------------------------------------------------------------- the connection

    async def _serve(self, socket: ServerConnection) -> None:
        subscribed = False
        try:
            async for data in socket:
                frame = json.loads(data)
                command, req_id = frame.get("cmd", ""), frame.get("headers", {}).get("req_id", "")
                if command == "ping" and self.mute_pings:
                    continue
                told = self._answer(command, req_id, frame.get("body") or {}, subscribed=subscribed)
                await socket.send(json.dumps({"headers": {"req_id": req_id}, **told}, ensure_ascii=False))
                if command == "aibot_subscribe" and not told["errcode"]:
                    subscribed = True
                    await self._take_over(socket)
                self._changed()
        except ConnectionClosed:
            pass
        finally:
            if self._socket is socket:
                self._socket = None

    async def _take_over(self, socket: ServerConnection) -> None:
        """One connection a bot: the older one is told, and ended."""
        old, self._socket = self._socket, socket
        self.connected += 1
        if old is not None:
            self.replaced += 1
            event = {"msgid": secrets.token_hex(8), "aibotid": BOT, "msgtype": "event"}
            event |= {"from": {"userid": ""}, "event": {"eventtype": "disconnected_event"}}
            with suppress(ConnectionClosed):
                frame = {"cmd": "aibot_event_callback", "headers": {"req_id": secrets.token_hex(8)}, "body": event}
                await old.send(json.dumps(frame))
                await old.close()

    def _answer(self, command: str, req_id: str, body: dict[str, Any], *, subscribed: bool) -> dict[str, Any]:
        try:
            if not req_id:
                raise wrong("a frame without req_id")
            if command == "aibot_subscribe":
                result = self._subscribe(body)
            elif not subscribed:
                raise wrong("not subscribed", 853001)
            elif command == "ping":
                self.pings += 1
                result = {}
            else:
                played = getattr(self, f"_{command}", None)
                if played is None:
                    raise wrong(f"unknown command {command!r}")
                result = played(req_id, body)
        except ApiError as error:
            if error.violation:
                self.violations.append(f"{command}: {error.message} ({str(body)[:200]})")
            self.calls.append((command, body, error.code))
            return error.as_json()
        self.calls.append((command, body, 0))
        return {"errcode": 0, "errmsg": "ok", **({"body": result} if result else {})}

    def _subscribe(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("bot_id") != BOT or body.get("secret") != self.secret:
            raise ApiError(853000, "invalid bot_id or secret")
        return {}

    # ---------------------------------------------------------------- what the bot does

    def _aibot_send_msg(self, _req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        kind = str(body.get("msgtype"))
        if kind not in ("markdown", "template_card", "image", "file", "voice", "video"):
            raise wrong(f"msgtype {kind!r} cannot be pushed", 40008)
        rules.check_fields(body, {"chatid", "chat_type", "msgtype", kind})
        conversation = self._conversation(str(body.get("chatid", "")))
        self._world.counts.check(conversation, 30)
        self._show(conversation, kind, body[kind])
        return {}

    def _conversation(self, chat: str) -> str:
        group = self._world.groups.get(chat)
        if group is not None and group.kind == "bot":
            if not group.met:
                raise ApiError(93006, "the bot was never spoken to in this group")
            return chat
        if f"bot:{chat}" in self._world.messages:
            return f"bot:{chat}"
        raise ApiError(93006, "invalid chatid")

    def _show(self, conversation: str, kind: str, content: dict[str, Any]) -> None:
        if kind == "template_card":
            rules.check_card(content, bot=True)
            self._world.add_card("bot", [conversation], content)
        elif kind == "markdown":
            self._world.put(conversation, Message(kind, rules.check_text(content.get("content"), 20480)))
        else:
            found, _ = self._world.find_file(str(content.get("media_id", "")))
            self._world.put(conversation, Message(kind, media=str(len(found))))

    def _due(self, req_id: str, seconds: float) -> tuple[str, str]:
        at, conversation, task = self._asked.get(req_id, (0.0, "", ""))
        if not conversation:
            raise wrong("req_id of no callback", 846604)
        if self._world.clock.now() > at + seconds:
            raise ApiError(846605, "too late to answer this callback")
        return conversation, task

    def _aibot_respond_msg(self, req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        conversation, _ = self._due(req_id, STREAM_LASTS)
        kind = str(body.get("msgtype"))
        if kind == "stream":
            stream = body["stream"]
            if stream.get("finish"):
                text = rules.check_text(stream.get("content"), 20480)
                self._world.put(conversation, Message("stream", text))
            return {}
        self._show(conversation, kind, body.get(kind, {}))
        return {}

    def _aibot_respond_update_msg(self, req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        conversation, task = self._due(req_id, self.answer_within)
        if not task or body.get("response_type") != "update_template_card":
            raise wrong("only a press lets a card be changed")
        card = rules.check_card(body.get("template_card"), update=True, bot=True)
        if card.get("task_id") != task:
            raise wrong("the task_id of another card")
        self._asked.pop(req_id)
        self._world.cards[task].shown[conversation] = card
        return {}

    def _aibot_upload_media_init(self, _req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        rules.check_fields(body, {"type", "filename", "total_size", "total_chunks", "md5"})
        if not 1 <= body["total_chunks"] <= 100:
            raise wrong("one to a hundred parts")
        name = secrets.token_hex(8)
        self._uploads[name] = (body, {})
        return {"upload_id": name}

    def _aibot_upload_media_chunk(self, _req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        rules.check_fields(body, {"upload_id", "chunk_index", "base64_data"})
        part = base64.b64decode(body["base64_data"], validate=True)
        if len(part) > 512 * 1024:
            raise wrong("a part has at most 512 KiB")
        self._uploads[body["upload_id"]][1][body["chunk_index"]] = part
        return {}

    def _aibot_upload_media_finish(self, _req_id: str, body: dict[str, Any]) -> dict[str, Any]:
        about, parts = self._uploads.pop(body["upload_id"])
        content = b"".join(parts[n] for n in sorted(parts))
        if len(content) != about["total_size"] or len(parts) != about["total_chunks"]:
            raise wrong("parts are missing")
        return {"type": about["type"], "media_id": self._world.keep_file(content, ""), "created_at": "1"}
