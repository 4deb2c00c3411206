"""Neutral messages to posts of the web chat. Pure: what is written and who is woken is the channel's."""

from __future__ import annotations

from handlers.messages import Capabilities, Edit, Outgoing, Refusal, Refused
from storage.webchat import Post, WebFile

CAPABILITIES = Capabilities(max_bytes=30_000, max_chars=10_000, label_bytes=200, edit=Edit.ALWAYS, keeps=True)


def check(chat: str, out: Outgoing) -> Refused | None:
    """Why this chat cannot take the message; None when it can."""
    if not chat:
        return Refused(reason=Refusal.GONE, detail="no such chat")
    too_long = len(out.text) > CAPABILITIES.max_chars or len(out.text.encode()) > CAPABILITIES.max_bytes
    return Refused(reason=Refusal.REJECTED, detail="text too long") if too_long else None


def to_post(chat: str, user: str, out: Outgoing, files: list[WebFile]) -> Post:
    """The message as a post of its chat; `user` is who is to answer when the message asks."""
    return Post(
        chat=chat,
        direction="out",
        text=out.text,
        keys=[[{"label": key.label, "token": key.token, "typed": key.typed} for key in row] for row in out.keys],
        media=[vars(file) for file in files],
        reply_to=out.reply_to,
        link=out.link,
        asks=out.force_reply,
        author="",
        name=user if out.force_reply else "",
    )
