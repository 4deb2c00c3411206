"""Raw web updates to neutral messages. That the person may be in the room was checked before the update was stored."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from bot.channels.base import BadUpdate
from bot.channels.webchat.shapes import WebUpdate, room_chat
from handlers.messages import Address, Geo, Incoming, Kind, Media


def parse(raw: dict[str, Any]) -> list[Incoming]:
    """The update as one neutral message. Raises `BadUpdate`."""
    try:
        update = WebUpdate.model_validate(raw)
    except ValidationError as error:
        raise BadUpdate(str(error)) from error
    pressed = update.kind == "press"
    return [
        Incoming(
            id=update.id,
            kind=_kind(update),
            at=update.at,
            address=_address(update),
            name=update.name,
            text=update.text,
            media=tuple(Media(**file.model_dump()) for file in update.media),
            geo=Geo(lat=update.geo.lat, lon=update.geo.lon) if update.geo else None,
            token=update.token,
            callback=f"{update.user}:{update.client_id}" if pressed else "",
            message_ref=update.post,
            reply_to=update.reply_to,
            scene=update.scene,
            chat_title=update.title,
        )
    ]


def _address(update: WebUpdate) -> Address:
    if update.queue:
        return Address(channel="web", user=update.user, chat=room_chat(update.queue), is_group=True)
    return Address(channel="web", user=update.user, chat=update.user)


def _kind(update: WebUpdate) -> Kind:
    if update.kind != "message":
        return update.kind
    if update.media:
        return "media"
    return "place" if update.geo and not update.text else "text"
