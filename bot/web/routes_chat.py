"""Routes of a chat: messages, presses, the stream. The same ones serve the private chat and the rooms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from bot.web import chat
from bot.web.here import QUEUE_IN_PATH, TheChat
from bot.web.identity import OWN_REQUEST, User
from bot.web.problems import ProblemError
from bot.web.shapes import Accepted, NewMessage, NewPress, NewScan, NewText, Page, PostId, RoomOut
from bot.web.site import TheSite
from bot.web.stream import STREAMS_PER_USER, events

Wait = Annotated[bool, Query(description="Answer only after the program has answered in the chat.")]
Cursor = Annotated[PostId | None, Query()]

messages = APIRouter()
private = APIRouter(prefix="/api/chat", tags=["chat"])
rooms = APIRouter(prefix="/api/rooms", tags=["rooms"])


@messages.post("/messages", status_code=202, dependencies=[OWN_REQUEST])
async def send_message(body: NewMessage, site: TheSite, here: TheChat, wait: Wait = False) -> Accepted:
    """Says something. 202 means that it is stored and will be answered."""
    return Accepted(**await chat.say(site, here, body, wait=wait))


@messages.put("/messages/{post}", status_code=202, dependencies=[OWN_REQUEST])
async def edit_message(post: PostId, body: NewText, site: TheSite, here: TheChat, wait: Wait = False) -> Accepted:
    """Changes one's own last message."""
    return Accepted(**await chat.edit(site, here, post, body, wait=wait))


@messages.post("/presses", status_code=202, dependencies=[OWN_REQUEST])
async def press_button(body: NewPress, site: TheSite, here: TheChat, wait: Wait = False) -> Accepted:
    """Presses a button under a post."""
    return Accepted(**await chat.press(site, here, body, wait=wait))


@messages.get("/messages")
async def list_messages(
    site: TheSite,
    here: TheChat,
    after: Cursor = None,
    before: Cursor = None,
    changed_after: Annotated[PostId | None, Query(description="A cursor: only posts written or changed since.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """The newest posts; or those after or before a post; or those that changed since a cursor."""
    bounds = [None if one is None else int(one) for one in (after, before, changed_after)]
    return Page(**await chat.listed(site, here, chat.Wanted(bounds[0], bounds[1], bounds[2], limit)))


@messages.get("/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def follow(
    site: TheSite,
    here: TheChat,
    after: Annotated[PostId | None, Query(description="The cursor to go on from.")] = None,
    last_event_id: Annotated[PostId | None, Header(alias="Last-Event-ID")] = None,
) -> StreamingResponse:
    """Server-sent events: `post` (a PostOut), `toast` ({text, alert, press}), `gone` (the right to read has ended)."""
    if site.channel.hub.count_open(here.user) >= STREAMS_PER_USER:
        raise ProblemError(429)
    cursor = int(last_event_id or after or await site.channel.posts.newest(here.chat))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(site, here, cursor), media_type="text/event-stream", headers=headers)


@private.post("/scan", status_code=202, dependencies=[OWN_REQUEST])
async def scan_code(body: NewScan, site: TheSite, user: User, wait: Wait = False) -> Accepted:
    """Tells that a code was scanned or typed. The answer comes in the private chat."""
    return Accepted(**await chat.scan(site, user, body, wait=wait))


@rooms.get("")
async def list_rooms(site: TheSite, user: User) -> list[RoomOut]:
    """The rooms I may enter."""
    return [RoomOut(queue=room.queue, title=room.title) for room in await site.backend.rooms(user)]


private.include_router(messages)
rooms.include_router(messages, prefix="/{queue}", dependencies=[QUEUE_IN_PATH])
