"""Pages for people. They are drawn by the server and brought to life by the scripts in static/."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.channels.webchat.shapes import private_chat
from bot.web import chat
from bot.web.here import Here, enter
from bot.web.identity import Visitor, sign_in
from bot.web.problems import ProblemError
from bot.web.shapes import NewMessage, NewPress, PostOut, Queue, Said, post_out
from bot.web.site import Site, TheSite

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_Scanned = Annotated[
    str | None, Query(description="A code that cannot be one is passed over: the page opens all the same.")
]
_SCENE = re.compile(r"[A-Za-z0-9_-]{1,62}")


@router.get("/")
async def resident_chat(
    request: Request,
    site: TheSite,
    visitor: Visitor,
    b: _Scanned = None,
    w: _Scanned = None,
    i: _Scanned = None,
    r: _Scanned = None,
    m: _Scanned = None,
    h: _Scanned = None,
    v: _Scanned = None,
    s: _Scanned = None,
    t: _Scanned = None,
) -> Response:
    """The resident's chat; `b` a door code, `w` a wish, `i` an invitation, `h` a hand-over, `r` a record, `m` my records.

    `v` is a sign at a place, `s` a station, `t` a thing to borrow.
    """
    given = (("b", b), ("w", w), ("i", i), ("h", h), ("r", r), ("m", m), ("v", v), ("s", s), ("t", t))
    scanned = {name: code for name, code in given if code and _SCENE.fullmatch(code)}
    scene = next((f"{name}_{code}" for name, code in scanned.items()), "")
    place = await site.backend.place_name(scanned["b"]) if "b" in scanned else None
    start = {"api": "/api/chat", "scene": scene, "room": False}
    staff = bool(visitor and await site.backend.rooms(visitor))
    posts = await _last_posts(site, visitor) if visitor else []
    more = {"place": place, "staff": staff, "posts": posts}
    return site.page(request, "chat.html", _chat_page(site, start) | more)


@router.post("/say")
async def say_without_script(
    request: Request, site: TheSite, visitor: Visitor, form: Annotated[Said, Form()]
) -> Response:
    """What the form of the chat page sends where scripts are off: a text, or a press."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ProblemError(403)
    answer = RedirectResponse("/", 303)
    user = visitor or await sign_in(site, request, answer)
    here = Here(user, private_chat(user))
    client_id = secrets.token_hex(12)
    if form.token and form.post:
        await chat.press(site, here, NewPress(token=form.token, post=form.post, client_id=client_id), wait=True)
    elif form.text.strip():
        await chat.say(site, here, NewMessage(text=form.text, client_id=client_id), wait=True)
    return answer


@router.get("/room/{queue}")
async def group_room(request: Request, site: TheSite, visitor: Visitor, queue: Annotated[Queue, Path()]) -> Response:
    """The chat of everybody who works on a queue."""
    if visitor is None:
        return RedirectResponse("/rooms", 303)
    here = await enter(site, visitor, queue)
    start = {"api": f"/api/rooms/{queue}", "scene": "", "room": True}
    return site.page(request, "room.html", _chat_page(site, start) | {"room": here})


@router.get("/rooms")
async def my_rooms(request: Request, site: TheSite, visitor: Visitor) -> Response:
    """My rooms, and the box for an invitation code."""
    rooms = await site.backend.rooms(visitor) if visitor else []
    start = {"api": "/api/chat"}
    return site.page(request, "rooms.html", {"rooms": rooms, "start": start, "script": _script(site)})


@router.get("/docs")
async def api_docs(request: Request, site: TheSite) -> Response:
    """The HTTP API, readable."""
    return site.page(request, "docs.html", {"api": request.app.openapi(), "problems": site.words.section("problem")})


async def _last_posts(site: Site, user: str) -> list[PostOut]:
    posts = await site.channel.posts.page(private_chat(user), limit=30)
    return [post_out(post, user) for post in posts]


def _chat_page(site: Site, start: dict[str, Any]) -> dict[str, Any]:
    return {"start": start, "script": _script(site)}


def _script(site: Site) -> dict[str, Any]:
    return {**site.words.section("script"), "problem": site.words.section("problem")}
