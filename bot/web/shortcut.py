"""In front of the routes and all layers around them: what chats and partners ask most, answered without looking for a route or solving its
dependencies.

It takes only requests it understands wholly. Anything else, and whatever is wrong with a request, goes on to
routes_chat.py and routes_open311.py, which describe the same operations and have the last word on every refusal.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.webchat.shapes import private_chat
from bot.web import chat, problems
from bot.web.guard import API_ANSWER, SMALL_BODY, Limited, guarded
from bot.web.here import Here, enter
from bot.web.identity import COOKIE, find_user
from bot.web.ports import Busy
from bot.web.problems import ProblemError
from bot.web.routes_open311 import LONGEST, Said, file_request
from bot.web.shapes import NewMessage, NewPress
from bot.web.site import Site, get_site
from storage.database import Unavailable

_FILE = {"/open311/v2/requests.json": "json", "/open311/v2/requests.xml": "xml"}
_FORM = {b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded; charset=utf-8"}
_FIELDS = 50
"""Fields of a form that are read here."""
_ROOM = re.compile(r"/api/rooms/([A-Za-z0-9_.:-]{1,100})(/(?:messages|presses))")
_NUMBER = re.compile(r"[0-9]{1,19}")
_WAITS = {b"": False, b"wait=1": True, b"wait=0": False, b"wait=true": True, b"wait=false": False}
_JSON = {b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"}
_ONCE = {b"cookie", b"content-type", b"x-linli", b"host"}
_MOST, _USUAL = 200, 50
"""Posts on one page, as the route says."""
_LARGEST = 1 << 63
_HEAD = [(b"content-type", b"application/json"), *API_ANSWER]
_REFUSALS: dict[type[Exception], problems.Handler] = {
    HTTPException: problems.on_http,
    ProblemError: problems.on_problem,
    Busy: problems.on_busy,
    Unavailable: problems.on_outage,
}

Work = Callable[[Scope, Receive, Send], Awaitable[Receive | None]]


class Asked(NamedTuple):
    """A request that the shortcut understands: how to answer it, and what its body must be."""

    do: Callable[[Site, Here, Any], Awaitable[chat.Values]]
    body: type[BaseModel] | None
    given: Any
    """`wait` of a post; the bounds of a page."""
    status: int


class Shortcut:
    """ASGI: answers, or passes the request on as it came. `scope["app"]` is the app whose site it answers for."""

    def __init__(self, further: ASGIApp) -> None:
        self._further = further

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._further(scope, receive, send)
            return
        if scope["path"] in _FILE:
            await self._try(self._file, scope, scope["path"], receive, send)
            return
        asked, queue = _asked(scope)
        secret = None if asked is None else _secret(scope["headers"], writes=asked.body is not None)
        if asked is None or secret is None:
            await self._further(scope, receive, send)
            return
        route = scope["path"] if not queue else scope["path"].replace(queue, "{queue}")
        await self._try(partial(self._answer, asked, secret, queue), scope, route, receive, send)

    async def _try(self, work: Work, scope: Scope, route: str, receive: Receive, send: Send) -> None:
        """Answers, says what went wrong, or passes the request on. What nobody expected is the server's to hear of too."""
        try:
            passed = await work(scope, receive, send)
        except Exception as error:
            await _refuse(scope, route, receive, send, error)
            if not isinstance(error, tuple(_REFUSALS)):
                raise
        else:
            if passed is not None:
                await self._further(scope, passed, send)

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """A partner's report: None once it is answered."""
        site = get_site(scope["app"])
        if site.desk is None or not _is_plain_form(scope):
            return receive
        messages = await _messages(receive)
        said = None if _is_cut_off(messages) else _said(b"".join([m.get("body", b"") for m in messages]))
        if said is None:
            return _replayed(messages, receive)
        answer = await file_request(site, _FILE[scope["path"]], said)
        await answer(scope, receive, guarded(scope, send))
        return None

    async def _answer(
        self, asked: Asked, secret: str, queue: str, scope: Scope, receive: Receive, send: Send
    ) -> Receive | None:
        """None once it is answered; else how the routes receive the request from its beginning."""
        site, given, again = get_site(scope["app"]), asked.given, receive
        if asked.body is not None:
            messages = await _messages(receive)
            again = _replayed(messages, receive)
            try:
                given = asked.body.model_validate_json(b"".join([m.get("body", b"") for m in messages])), asked.given
            except ValidationError:
                return again
        user = await find_user(site, secret)
        if user is None:
            return again
        here = await enter(site, user, queue) if queue else Here(user, private_chat(user))
        body = orjson.dumps(await asked.do(site, here, given), option=orjson.OPT_UTC_Z)
        headers = [(b"content-length", b"%d" % len(body)), *_HEAD]
        await send({"type": "http.response.start", "status": asked.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return None


class _Route(NamedTuple):
    """What log lines call the place of an error."""

    path_format: str


async def _say(site: Site, here: Here, given: tuple[NewMessage, bool]) -> chat.Values:
    return await chat.say(site, here, given[0], wait=given[1])


async def _press(site: Site, here: Here, given: tuple[NewPress, bool]) -> chat.Values:
    return await chat.press(site, here, given[0], wait=given[1])


async def _list(site: Site, here: Here, wanted: chat.Wanted) -> chat.Values:
    return await chat.listed(site, here, wanted)


def _asked(scope: Scope) -> tuple[Asked | None, str]:
    """(what is asked, queue of the room); None for what the routes have to see."""
    path, queue = scope["path"], ""
    if scope.get("root_path"):
        return None, ""
    if path.startswith("/api/chat/"):
        what = path[len("/api/chat") :]
    elif found := _ROOM.fullmatch(path):
        queue, what = found[1], found[2]
    else:
        return None, ""
    if scope["method"] == "GET" and what == "/messages":
        wanted = _wanted(scope["query_string"])
        return (None if wanted is None else Asked(_list, None, wanted, 200)), queue
    wait = _WAITS.get(scope["query_string"])
    if scope["method"] != "POST" or wait is None:
        return None, ""
    if what == "/messages":
        return Asked(_say, NewMessage, wait, 202), queue
    return (Asked(_press, NewPress, wait, 202) if what == "/presses" else None), queue


def _secret(headers: Iterable[tuple[bytes, bytes]], *, writes: bool) -> str | None:
    """The session's secret of a request that was made by our own page; None when anything about it is unusual."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _ONCE and name in found:
            return None
        found[name] = value
    if writes and (found.get(b"x-linli") != b"1" or found.get(b"content-type") not in _JSON):
        return None
    return cookie_parser(found.get(b"cookie", b"").decode("latin-1")).get(COOKIE) or None


def _is_plain_form(scope: Scope) -> bool:
    """Whether it is a form in the one way in which nearly all are sent."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    plain = len(kinds) == 1 and kinds[0].lower() in _FORM
    return plain and scope["method"] == "POST" and not scope["query_string"] and not scope.get("root_path")


def _said(body: bytes) -> Said | None:
    """What a form says; None for what has to be read more closely."""
    if not body.isascii() or b";" in body or any(b"=" not in part for part in body.split(b"&")):
        return None
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return None
    given = dict(pairs)
    known = {name: value for name, value in given.items() if name in Said._fields}
    if len(given) != len(pairs) or any(len(value) > LONGEST for value in known.values()):
        return None
    return Said(**known)


def _wanted(query: bytes) -> chat.Wanted | None:
    """The bounds of a page, each given at most once and well formed."""
    if not query:
        return chat.Wanted(None, None, None, _USUAL)
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs) or not given.keys() <= {"after", "before", "changed_after", "limit"}:
        return None
    if not all(_NUMBER.fullmatch(value) and int(value) < _LARGEST for value in given.values()):
        return None
    limit = int(given.pop("limit", _USUAL))
    bounds = {name: int(value) for name, value in given.items()}
    if not 1 <= limit <= _MOST:
        return None
    return chat.Wanted(bounds.get("after"), bounds.get("before"), bounds.get("changed_after"), limit)


async def _messages(receive: Receive) -> list[Message]:
    """The request as it came in, to its end. Raises HTTPException when it is too long."""
    receive = Limited(receive, SMALL_BODY)
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body", False):
        messages.append(await receive())
    return messages


def _is_cut_off(messages: list[Message]) -> bool:
    """Whether the client went away before the end: half a form looks like a whole one."""
    return messages[-1]["type"] != "http.request"


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    """The same messages once more, and then whatever comes."""
    left = iter(messages)

    async def again() -> Message:
        for message in left:
            return message
        return await receive()

    return again


async def _refuse(scope: Scope, route: str, receive: Receive, send: Send, error: Exception) -> None:
    """The app's own words for an error."""
    say = next((say for kind, say in _REFUSALS.items() if isinstance(error, kind)), problems.on_bug)
    answer = await say(Request({**scope, "route": _Route(route)}, receive), error)
    await answer(scope, receive, guarded(scope, send))
