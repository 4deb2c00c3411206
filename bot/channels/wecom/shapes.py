"""WeCom callbacks as neutral messages, and the names of chats. No network, no state.

Raw updates are {"via": "app", "fields": …} (a decrypted callback), {"via": "bot", "body": …} (a frame of the group bot)
or {"via": "here", "body": …} (a position from our own page).
Sources: developer.work.weixin.qq.com/document/path/90239, 90240, 96458, 101463.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from bot.channels.base import BadUpdate, RawUpdate
from handlers.messages import Address, Geo, Incoming, Media

NAME = "wecom"

PRESSES = {"template_card_event", "template_card_menu_event"}

_MENTION = re.compile(r"^@\S+[\s\u2005]+")
"""How a message to a bot begins in a group. Clients write a space or U+2005 after the name."""


class ChatKind(StrEnum):
    """What kind of conversation a chat id names; each is written to in its own way."""

    MEMBER = ""  # a member and the application
    BOT_MEMBER = "b"  # a member and the group bot
    GROUP = "g"  # a group that the bot is in
    CARDS = "q"  # everybody who works in a queue: each has the card in their own chat with the application
    APPCHAT = "a"  # a group that the application has made
    WEBHOOK = "w"  # a group behind a webhook; nothing ever comes from there


class Chat(NamedTuple):
    """A chat id of ours, read."""

    kind: ChatKind
    key: str


def make_chat(kind: ChatKind, key: str) -> str:
    """The chat id under which we keep a conversation. A member's is their userid."""
    return f"{kind.value}/{key}" if kind.value else key


def read_chat(chat: str) -> Chat:
    """The kind and the platform's own key of a chat id of ours. ValueError for what is none."""
    kind, slash, key = chat.partition("/")
    if not slash:
        return Chat(ChatKind.MEMBER, chat)
    return Chat(ChatKind(kind), key)


def app_update(fields: dict[str, Any]) -> RawUpdate:
    """A decrypted callback of the application, with the id by which its repeats are known. Raises `BadUpdate`."""
    user, created = fields.get("FromUserName"), fields.get("CreateTime")
    if not isinstance(user, str) or not isinstance(created, str) or not created.isdecimal():
        raise BadUpdate("a callback without sender or time")
    number = fields.get("MsgId")
    if isinstance(number, str) and number:
        return RawUpdate(f"m:{number}"[:64], {"via": "app", "fields": fields})
    # events have no number; what is pressed is part of the name, for one member may press twice in a second
    told = [user, created, *(str(fields.get(key, "")) for key in ("Event", "EventKey", "TaskId", "ChangeType"))]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:40]
    return RawUpdate(f"e:{digest}", {"via": "app", "fields": fields})


def here_update(user: str, token: str, lat: float, lon: float, now: datetime) -> RawUpdate:
    """A position that a member's phone has told a page of ours. The same token again is the same update."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:40]
    body = {"user": user, "token": digest, "lat": lat, "lon": lon, "at": int(now.timestamp())}
    return RawUpdate(f"h:{digest}", {"via": "here", "body": body})


def bot_update(frame: dict[str, Any]) -> RawUpdate:
    """A frame of the group bot, with the id by which its repeats are known. Raises `BadUpdate`."""
    body, headers = frame.get("body"), frame.get("headers")
    if not isinstance(body, dict) or not isinstance(headers, dict) or not isinstance(body.get("msgid"), str):
        raise BadUpdate("a frame without message id")
    digest = hashlib.sha256(body["msgid"].encode()).hexdigest()[:40]
    return RawUpdate(f"b:{digest}", {"via": "bot", "body": body})


def parse_update(raw: dict[str, Any], account: str) -> list[Incoming]:
    """The update as neutral messages; empty when it concerns nobody. Raises `BadUpdate`."""
    try:
        if raw["via"] == "here":
            return [_read_here(raw["body"], account)]
        if raw["via"] == "bot":
            return _read_bot(bot_update({"body": raw["body"], "headers": {}}), account)
        return _read_app(app_update(raw["fields"]), account)
    except BadUpdate:
        raise
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise BadUpdate(f"{type(error).__name__}: {error}") from error


def pressed_card(raw: dict[str, Any]) -> tuple[str, str]:
    """(card, code) when the update is a press that brings a code to change the card with; else two empty strings."""
    fields = raw.get("fields", {})
    if raw.get("via") != "app" or str(fields.get("Event", "")).lower() not in PRESSES:
        return "", ""
    return str(fields.get("TaskId", "")), str(fields.get("ResponseCode", ""))


def _read_here(body: dict[str, Any], account: str) -> Incoming:
    address = Address(channel=NAME, account=account, user=body["user"], chat=body["user"])
    geo = Geo(lat=body["lat"], lon=body["lon"], system="gcj02")
    return Incoming(id=f"h:{body['token']}", kind="place", at=_moment(body["at"]), address=address, geo=geo)


# -------------------------------------------------------------------- the application


def _read_app(update: RawUpdate, account: str) -> list[Incoming]:
    fields = update.raw["fields"]
    user = fields["FromUserName"]
    if user.lower() == "sys":
        return []
    address = Address(channel=NAME, account=account, user=user, chat=user)
    body: dict[str, Any] = {"id": update.id, "at": _moment(fields["CreateTime"]), "address": address}
    if fields["MsgType"] == "event":
        return _read_app_event(fields, body)
    return [Incoming.model_validate(body | _content(fields) | {"message_ref": str(fields.get("MsgId", ""))})]


def _content(fields: dict[str, Any]) -> dict[str, Any]:
    kind = fields["MsgType"]
    if kind == "text":
        return {"kind": "text", "text": fields["Content"]}
    if kind == "image":
        return _file("photo", fields, "image/jpeg")
    if kind == "voice":
        return _file("voice", fields, "audio/amr")
    if kind == "video":
        return _file("video", fields, "video/mp4")
    if kind == "location":
        # WeCom tells places in the Chinese system, latitude first: path/90239
        geo = Geo(lat=fields["Location_X"], lon=fields["Location_Y"], system="gcj02", label=fields.get("Label", ""))
        if not (-90 <= geo.lat <= 90 and -180 <= geo.lon <= 180):  # nor what is no number at all
            raise BadUpdate("no place on earth")
        return {"kind": "place", "geo": geo}
    if kind == "link":
        return {"kind": "text", "text": f"{fields.get('Title', '')} {fields.get('Url', '')}".strip()}
    return {"kind": "unknown"}


def _file(kind: str, fields: dict[str, Any], mime: str) -> dict[str, Any]:
    media = Media.model_validate({"kind": kind, "ref": f"m:{fields['MediaId']}", "mime": mime})
    return {"kind": "media", "media": (media,)}


def _read_app_event(fields: dict[str, Any], body: dict[str, Any]) -> list[Incoming]:
    event = str(fields.get("Event", "")).lower()
    if event in PRESSES:
        # no callback: this chat is the presser's own, and the platform wants no answer, so a toast is a message here
        more = {"kind": "press", "token": fields["EventKey"]}
        return [Incoming.model_validate(body | more | {"message_ref": fields.get("TaskId", "")})]
    if event in ("subscribe", "unsubscribe"):
        return [Incoming.model_validate(body | {"kind": "join" if event == "subscribe" else "blocked"})]
    if event == "click":
        return [Incoming.model_validate(body | {"kind": "text", "text": fields["EventKey"]})]
    return []


# -------------------------------------------------------------------- the group bot


def _read_bot(update: RawUpdate, account: str) -> list[Incoming]:
    body = update.raw["body"]
    user = body["from"]["userid"]
    is_group = body.get("chattype") == "group" or bool(body.get("chatid") and body.get("chattype") != "single")
    chat = make_chat(ChatKind.GROUP, body["chatid"]) if is_group else make_chat(ChatKind.BOT_MEMBER, user)
    address = Address(channel=NAME, account=account, user=user, chat=chat, is_group=is_group)
    at = _moment(body["create_time"]) if body.get("create_time") else datetime.now(UTC)
    found: dict[str, Any] = {"id": update.id, "at": at, "address": address}
    if body["msgtype"] == "event":
        return _read_bot_event(body, user, found)
    return [Incoming.model_validate(found | _bot_content(body, is_group=is_group) | {"message_ref": update.id})]


def _bot_content(body: dict[str, Any], *, is_group: bool) -> dict[str, Any]:
    kind = body["msgtype"]
    if kind in ("text", "voice"):
        return {"kind": "text", "text": _spoken(body[kind]["content"], is_group=is_group)}
    if kind == "mixed":
        items = body["mixed"]["msg_item"]
        text = "\n".join(item["text"]["content"] for item in items if item["msgtype"] == "text")
        media = tuple(_sealed_file("photo", item["image"]) for item in items if item["msgtype"] == "image")
        return {"kind": "media" if media else "text", "text": _spoken(text, is_group=is_group), "media": media}
    if kind in ("image", "video", "file"):
        media = (_sealed_file({"image": "photo"}.get(kind, kind), body[kind]),)
        return {"kind": "media", "media": media}
    return {"kind": "unknown"}


def _spoken(text: str, *, is_group: bool) -> str:
    """Without the mention that made the bot hear it."""
    return _MENTION.sub("", text.strip()).strip() if is_group else text.strip()


def _sealed_file(kind: str, content: dict[str, Any]) -> Media:
    """The address holds for five minutes and the bytes are encrypted with a key of their own (path/101463)."""
    mime = {"photo": "image/jpeg", "video": "video/mp4"}.get(kind, "application/octet-stream")
    return Media.model_validate({"kind": kind, "ref": f"u:{content.get('aeskey', '')}:{content['url']}", "mime": mime})


def _read_bot_event(body: dict[str, Any], user: str, found: dict[str, Any]) -> list[Incoming]:
    event = body["event"]
    kind = event["eventtype"]
    if kind == "template_card_event":
        # the document nests what was pressed, the SDK's types do not: both are read
        told = event.get("template_card_event") or event
        more = {"kind": "press", "token": told["event_key"], "callback": user, "message_ref": told.get("task_id", "")}
        return [Incoming.model_validate(found | more)]
    if kind == "enter_chat":
        return [Incoming.model_validate(found | {"kind": "join"})]
    return []


def _moment(seconds: str | int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
