"""WeChat messages and events as neutral messages, and what an update is called. No network, no state."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.callbacks import Fields, many
from bot.channels.base import BadUpdate
from handlers.messages import Address, Geo, Incoming, Kind, Media, MediaKind

NAME = "wechat"
SCENE_PREFIX = "qrscene_"

# https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
MEDIA: dict[str, tuple[MediaKind, str]] = {
    "image": ("photo", "image/jpeg"),
    "voice": ("voice", "audio/amr"),
    "video": ("video", "video/mp4"),
    "shortvideo": ("video", "video/mp4"),
}
# https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
SILENT = frozenset(
    {
        "LOCATION", "VIEW", "VIEW_MINIPROGRAM", "MASSSENDJOBFINISH", "subscribe_msg_popup_event",
        "subscribe_msg_change_event", "PUBLISHJOBFINISH", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
        "location_select", "user_authorize_invoice", "kf_create_session", "kf_close_session", "kf_switch_session",
    }
)  # fmt: skip
"""Events that ask nothing of anybody."""
INSIDE = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent", "ScanCodeInfo", "List")
"""Where events tell more of themselves than EventKey and MsgID."""
FOLLOWED = frozenset({"subscribe", "SCAN"})
CLICKED = frozenset({"CLICK", "scancode_push", "scancode_waitmsg"})


class Report(NamedTuple):
    """What became of a notice: the platform's id of it, its template, and whether it arrived."""

    ref: str
    template: str
    delivered: bool
    refused: bool


class Choice(NamedTuple):
    """What somebody chose for one notice."""

    template: str
    accepted: bool


def update_id(fields: Fields) -> str:
    """The repeat guard: MsgId; for events who, when and what. Raises `BadUpdate`."""
    who, when = _need(fields, "FromUserName"), _need(fields, "CreateTime")
    number = fields.get("MsgId") or ""
    if isinstance(number, str) and number:
        return number[:64]
    # one person may agree to two notices in one second, and hear of two: what stands inside is part of the name
    inside = {tag: fields[tag] for tag in INSIDE if fields.get(tag)}
    told = f"{fields.get('EventKey', '')}/{fields.get('MsgID', '')}{json.dumps(inside) if inside else ''}"
    key = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{who}:{when}:{fields.get('Event', '')}:{key}"[:160]


def person_of(fields: Fields) -> str:
    """The openid."""
    return _need(fields, "FromUserName")


def moment_of(fields: Fields) -> datetime:
    """When it happened, by the platform's clock. Raises `BadUpdate`."""
    try:
        return datetime.fromtimestamp(int(_need(fields, "CreateTime")), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadUpdate("CreateTime is no time") from error


def parse_update(fields: Fields, account: str) -> list[Incoming]:
    """The update as neutral messages; empty when it asks nothing of anybody. Raises `BadUpdate`."""
    name, who = update_id(fields), person_of(fields)
    base = {
        "id": name,
        "at": moment_of(fields),
        "address": Address(channel=NAME, account=account, user=who, chat=who),
        "message_ref": str(fields.get("MsgId") or ""),
    }
    kind = _need(fields, "MsgType")
    found = _event(fields) if kind == "event" else _message(kind, fields)
    return [
        Incoming(**{**base, "id": f"{name}:{at}" if at else name, **values}, kind=what)
        for at, (what, values) in enumerate(found)
    ]


def _message(kind: str, fields: Fields) -> list[tuple[Kind, dict[str, Any]]]:
    if kind == "text":
        return [_text(fields)]
    if kind in MEDIA:
        sort, mime = MEDIA[kind]
        media = Media(kind=sort, ref=_need(fields, "MediaId"), mime=mime)
        return [("media", {"media": (media,), "text": _plain(fields, "Recognition") if kind == "voice" else ""})]
    if kind == "location":
        return [("place", {"geo": _geo(fields)})]
    if kind == "link":
        words = [_plain(fields, tag) for tag in ("Title", "Description", "Url")]
        return [("text", {"text": "\n".join(word for word in words if word)})]
    return [("unknown", {})]


def _text(fields: Fields) -> tuple[Kind, dict[str, Any]]:
    tapped = _plain(fields, "bizmsgmenuid")
    if tapped and "." in tapped:
        return "press", {"token": tapped, "text": _plain(fields, "Content")}
    return "text", {"text": _plain(fields, "Content")}


def _event(fields: Fields) -> list[tuple[Kind, dict[str, Any]]]:
    event, key = _need(fields, "Event"), _plain(fields, "EventKey")
    if event == "subscribe":
        return [("join", {}), ("scan", {"scene": key.removeprefix(SCENE_PREFIX)})]
    if event == "unsubscribe":
        return [("blocked", {})]
    if event == "SCAN":
        return [("scan", {"scene": key})]
    if event == "CLICK":
        return [("text", {"text": key})]
    if event in ("scancode_push", "scancode_waitmsg"):
        info = fields.get("ScanCodeInfo")
        scanned = info.get("ScanResult", "") if isinstance(info, dict) else ""
        return [("scan", {"scene": _scene_in(str(scanned))})]
    if event in ("TEMPLATESENDJOBFINISH", "subscribe_msg_sent_event"):
        lost = [report for report in reports(fields) if not report.delivered]
        return [("undelivered", {"message_ref": report.ref}) for report in lost]
    return [] if event in SILENT else [("unknown", {})] if not event else []


def reports(fields: Fields) -> list[Report]:
    """What the platform tells of notices it has taken."""
    if fields.get("Event") == "TEMPLATESENDJOBFINISH":
        status = _plain(fields, "Status")
        return [Report(_plain(fields, "MsgID"), "", status == "success", "block" in status)]
    inside = fields.get("SubscribeMsgSentEvent")
    items = many(inside.get("List")) if isinstance(inside, dict) else []
    return [
        Report(
            str(one.get("MsgID", "")),
            str(one.get("TemplateId", "")),
            str(one.get("ErrorCode", "")) == "0",
            str(one.get("ErrorCode", "")) == "43101",
        )
        for one in items
        if isinstance(one, dict)
    ]


def choices(fields: Fields) -> list[Choice]:
    """What somebody has agreed to or taken back. The events name their inner tag otherwise than they should."""
    if fields.get("Event") not in ("subscribe_msg_popup_event", "subscribe_msg_change_event"):
        return []
    found = [fields.get(tag) for tag in ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent")]
    items = [one for inside in [*found, fields] if isinstance(inside, dict) for one in many(inside.get("List"))]
    return [
        Choice(str(one["TemplateId"]), one.get("SubscribeStatusString") == "accept")
        for one in items
        if isinstance(one, dict) and one.get("TemplateId")
    ]


def _geo(fields: Fields) -> Geo:
    try:
        lat, lon = float(_need(fields, "Location_X")), float(_need(fields, "Location_Y"))
    except ValueError as error:
        raise BadUpdate("no coordinates") from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadUpdate("no place on earth")
    return Geo(lat=lat, lon=lon, system="gcj02", label=_plain(fields, "Label"))


_OUR_CODES = frozenset("bwihrmvst")
"""The letters of codes that open the chat in a browser: doors, wishes, invitations, hand-overs, records, signs, things."""


def _scene_in(scanned: str) -> str:
    """The scene of one of our own codes for browsers: …/?b=code."""
    _, _, query = scanned.partition("?")
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in _OUR_CODES and value:
            return f"{name}_{value}"[:64]
    return ""


def _plain(fields: Fields, tag: str) -> str:
    value = fields.get(tag)
    return value if isinstance(value, str) else ""


def _need(fields: Fields, tag: str) -> str:
    value = _plain(fields, tag)
    if not value:
        raise BadUpdate(f"no {tag}")
    return value
