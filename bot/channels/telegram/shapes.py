"""Telegram updates as neutral messages, and message references. No network, no state beyond who the bot is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update, User

from bot.channels.base import BadUpdate
from handlers.messages import Address, Geo, Incoming, Media

NAME = "telegram"

# https://core.telegram.org/bots/api#update
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member")

REPLIED = 200
"""Characters of our own message that an answer to it brings back: enough to tell which record it is about."""
GROUPS = {Chat.GROUP, Chat.SUPERGROUP}

# https://core.telegram.org/bots/api#message: notices about the chat itself, which ask nothing of anybody
SERVICE = (
    "group_chat_created", "supergroup_chat_created", "channel_chat_created", "migrate_from_chat_id", "pinned_message",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "message_auto_delete_timer_changed", "chat_background_set",
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "boost_added",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "video_chat_scheduled", "video_chat_started",
    "video_chat_ended", "video_chat_participants_invited", "write_access_allowed", "proximity_alert_triggered",
)  # fmt: skip

COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?\s*", re.DOTALL)


class Self(NamedTuple):
    """Who the bot is: its id, and its username once Telegram has told it."""

    account: str
    username: str = ""


def make_ref(message: Message) -> str:
    """Our reference of a message the bot sent: its number, and ":p" when its words are a caption."""
    return f"{message.message_id}:p" if message.effective_attachment else str(message.message_id)


def read_ref(ref: str) -> tuple[int, bool]:
    """The message number, and whether its words are a caption. ValueError for what is no reference of ours."""
    number, _, mark = ref.partition(":")
    return int(number), mark == "p"


def parse_update(raw: dict[str, Any], me: Self) -> list[Incoming]:
    """The update as neutral messages; empty when it concerns nobody. Raises `BadUpdate`."""
    try:
        update = Update.de_json(raw, None)
        found = _read(update, me)
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise BadUpdate(f"{type(error).__name__}: {error}") from error
    ids = (f"{update.update_id}:{at}" if at else str(update.update_id) for at in range(len(found)))
    return [each.model_copy(update={"id": name}) for each, name in zip(found, ids, strict=True)]


def _read(update: Update, me: Self) -> list[Incoming]:
    if update.message:
        return _read_message(update.message, me)
    if update.edited_message:
        return _read_edit(update.edited_message, me)
    if update.callback_query:
        return _read_press(update.callback_query, me)
    if update.my_chat_member:
        return _read_own_status(update.my_chat_member, me)
    if update.chat_member:
        return _read_member_status(update.chat_member, me)
    if update.channel_post:
        return [_incoming("unknown", update.channel_post, me, user=None)]
    return []


def _read_message(message: Message, me: Self) -> list[Incoming]:
    if message.migrate_to_chat_id:
        return [_incoming("migrate", message, me, user=None, new_chat=str(message.migrate_to_chat_id))]
    if message.new_chat_members:
        return [_incoming("join", message, me, user=each) for each in message.new_chat_members if not each.is_bot]
    if message.left_chat_member:
        left = message.left_chat_member
        return [] if left.is_bot else [_incoming("leave", message, me, user=left)]
    if any(getattr(message, name, None) for name in SERVICE):
        return []
    if message.sender_chat:  # an anonymous administrator or a channel: nobody we could answer for
        return [_incoming("unknown", message, me, user=None)]
    if message.from_user is None or message.from_user.is_bot:
        return []
    return _read_content(message, me)


def _read_content(message: Message, me: Self) -> list[Incoming]:
    user = message.from_user
    if message.text:
        return _read_text(message, me)
    if message.contact:
        return [_incoming("text", message, me, user=user, text=message.contact.phone_number)]
    geo = _geo(message)
    if geo:
        return [_incoming("place", message, me, user=user, geo=geo)]
    media = _media(message)
    if media:
        return [_incoming("media", message, me, user=user, text=message.caption or "", media=(media,))]
    return [_incoming("unknown", message, me, user=user, text=message.caption or "")]


def _read_text(message: Message, me: Self) -> list[Incoming]:
    text = message.text or ""
    command = COMMAND.fullmatch(text)
    if command is None:
        return [_incoming("text", message, me, user=message.from_user, text=text)]
    bot, rest = command["bot"] or "", (command["rest"] or "").strip()
    if bot and me.username and bot.lower() != me.username.lower():
        return []  # spoken to another bot
    if command["name"] == "start" and rest:
        return [_incoming("scan", message, me, user=message.from_user, scene=rest)]
    return [_incoming("text", message, me, user=message.from_user, text=f"/{command['name']} {rest}".strip())]


def _read_edit(message: Message, me: Self) -> list[Incoming]:
    text = message.text or message.caption or ""
    if message.sender_chat or message.from_user is None or message.from_user.is_bot or not text:
        return []
    media = _media(message)
    at = message.edit_date or message.date
    return [_incoming("edit", message, me, user=message.from_user, text=text, media=(media,) if media else (), at=at)]


def _read_press(query: CallbackQuery, me: Self) -> list[Incoming]:
    message = query.message
    if message is None or not query.data:
        return []
    thread = _thread(message) if isinstance(message, Message) else ""
    ref = make_ref(message) if isinstance(message, Message) else str(message.message_id)
    return [
        Incoming(
            id="",
            kind="press",
            at=datetime.now(UTC),
            address=_address(message.chat, query.from_user, me, thread),
            name=query.from_user.full_name,
            token=query.data,
            callback=query.id,
            message_ref=ref,
            chat_title=message.chat.title or "",
        )
    ]


def _read_own_status(change: ChatMemberUpdated, me: Self) -> list[Incoming]:
    was, now = _inside(change.old_chat_member), _inside(change.new_chat_member)
    if was == now or change.chat.type == Chat.CHANNEL:
        return []
    if change.chat.type == Chat.PRIVATE:
        return [_status("join" if now else "blocked", change, change.from_user, me)]
    return [_status("join" if now else "leave", change, None, me)]


def _read_member_status(change: ChatMemberUpdated, me: Self) -> list[Incoming]:
    was, now = _inside(change.old_chat_member), _inside(change.new_chat_member)
    member = change.new_chat_member.user
    if was == now or member.is_bot or change.chat.type not in GROUPS:
        return []
    return [_status("join" if now else "leave", change, member, me)]


def _inside(member: ChatMember) -> bool:
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", False))
    return member.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)


def _status(kind: str, change: ChatMemberUpdated, user: User | None, me: Self) -> Incoming:
    who = user or change.from_user
    return Incoming.model_validate(
        {
            "id": "",
            "kind": kind,
            "at": change.date,
            "address": _address(change.chat, user, me),
            "name": who.full_name,
            "chat_title": change.chat.title or "",
        }
    )


def _incoming(kind: str, message: Message, me: Self, *, user: User | None, **more: Any) -> Incoming:
    replied = message.reply_to_message
    opens_topic = replied is not None and replied.forum_topic_created is not None
    body: dict[str, Any] = {
        "id": "",
        "kind": kind,
        "at": message.date,
        "address": _address(message.chat, user, me, _thread(message)),
        "name": user.full_name if user else "",
        "message_ref": str(message.message_id),
        "reply_to": _reply_ref(replied, me) if replied and not opens_topic else "",
        "replied": _words_of_ours(replied, me) if replied else "",
        "chat_title": message.chat.title or "",
    }
    return Incoming.model_validate(body | more)


def _reply_ref(replied: Message, me: Self) -> str:
    return make_ref(replied) if _is_ours(replied, me) else str(replied.message_id)


def _words_of_ours(replied: Message, me: Self) -> str:
    return (replied.text or replied.caption or "")[:REPLIED] if _is_ours(replied, me) else ""


def _is_ours(message: Message, me: Self) -> bool:
    return message.from_user is not None and str(message.from_user.id) == me.account


def _thread(message: Message) -> str:
    # The General topic has no number of its own: https://core.telegram.org/api/forum#forum-topics
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _address(chat: Chat, user: User | None, me: Self, thread: str = "") -> Address:
    return Address(
        channel=NAME,
        account=me.account,
        user=str(user.id) if user else "",
        chat=str(chat.id),
        thread=thread,
        is_group=chat.type != Chat.PRIVATE,
    )


def _geo(message: Message) -> Geo | None:
    point = message.venue.location if message.venue else message.location
    if point is None:
        return None
    label = message.venue.title if message.venue else ""
    return Geo(lat=point.latitude, lon=point.longitude, system="wgs84", label=label)


def _media(message: Message) -> Media | None:
    album = message.media_group_id or ""
    if message.photo:
        best = max(message.photo, key=lambda size: size.width * size.height)
        return Media(kind="photo", ref=best.file_id, mime="image/jpeg", size=best.file_size or 0, album=album)
    if message.voice:
        return _file("voice", message.voice, "audio/ogg", album, message.voice.duration)
    if message.audio:
        return _file("voice", message.audio, "audio/mpeg", album, message.audio.duration)
    if message.video:
        return _file("video", message.video, "video/mp4", album)
    if message.video_note:
        return _file("video", message.video_note, "video/mp4", album)
    if message.document:
        return _file("file", message.document, "application/octet-stream", album)
    return None


def _file(kind: str, found: Any, mime: str, album: str, duration: int | timedelta = 0) -> Media:
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    return Media.model_validate(
        {
            "kind": kind,
            "ref": found.file_id,
            "mime": getattr(found, "mime_type", None) or mime,
            "size": found.file_size or 0,
            "album": album,
            "duration": int(seconds),
        }
    )
