"""Which chat a request speaks of: the caller's private one, or a room they have a role in, checked on every call."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Path, Request

from bot.channels.webchat.shapes import private_chat, room_chat
from bot.web.identity import User
from bot.web.problems import ProblemError
from bot.web.shapes import Queue
from bot.web.site import Site, TheSite


class Here(NamedTuple):
    """A chat as one person stands in it. `queue`, `title` and `name` are empty in the private chat."""

    user: str
    chat: str
    queue: str = ""
    title: str = ""
    name: str = ""


async def _here(request: Request, site: TheSite, user: User) -> Here:
    queue = request.path_params.get("queue", "")
    return await enter(site, user, queue) if queue else Here(user, private_chat(user))


async def enter(site: Site, user: str, queue: str) -> Here:
    """The room of a queue. Raises a 403 problem for whoever has no role in it."""
    if not await site.backend.may_enter(user, queue):
        raise ProblemError(403)
    room = next((room for room in await site.backend.rooms(user) if room.queue == queue), None)
    return Here(user, room_chat(queue), queue, room.title if room else "", room.member_name if room else "")


async def may_read(site: Site, here: Here) -> bool:
    """Whether the person still may see the chat; a role can end while a stream is open."""
    return not here.queue or await site.backend.may_enter(here.user, here.queue)


async def _queue_in_path(queue: Annotated[Queue, Path(description="A queue as GET /api/rooms names it.")]) -> None:
    """Says what the address holds; `_here` reads it."""


TheChat = Annotated[Here, Depends(_here)]
QUEUE_IN_PATH = Depends(_queue_in_path)
