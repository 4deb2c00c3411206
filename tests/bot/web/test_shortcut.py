"""The short way of the chat's requests: it answers as the routes do, byte for byte, and leaves them what it cannot."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from bot.channels.webchat.channel import WebChannel
from bot.web import shortcut
from bot.web.app import create_app
from bot.web.guard import HEADERS
from bot.web.shortcut import Shortcut
from tests.bot.web.conftest import COOKIE, OWN, Browser, OpenBrowser, user_of
from tests.bot.web.program import QUEUE, Program

SAY = {"text": "灯坏了", "client_id": "m1"}
LARGE = 1 << 63
ODD: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/chat/messages", {"json": {"text": "灯"}}),
    ("POST", "/api/chat/messages", {"json": {"text": " ", "client_id": "m2"}}),
    ("POST", "/api/chat/messages", {"json": {**SAY, "client_id": "a b"}}),
    ("POST", "/api/chat/messages", {"json": {**SAY, "more": 1}}),
    ("POST", "/api/chat/messages", {"json": {**SAY, "geo": {"lat": 91, "lon": 0}}}),
    ("POST", "/api/chat/messages", {"json": {**SAY, "media": ["0" * 64]}}),
    ("POST", "/api/chat/messages", {"content": b"{"}),
    ("POST", "/api/chat/messages", {"content": b"\xff\xfe"}),
    ("POST", "/api/chat/messages", {"content": b""}),
    ("POST", "/api/chat/messages", {"content": b'{"text":"' + b"x" * 300_000}),
    ("POST", "/api/chat/messages", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
    ("POST", "/api/chat/messages", {"json": SAY, "headers": {"x-linli": "2"}}),
    ("POST", "/api/chat/messages?wait=perhaps", {"json": SAY}),
    ("POST", "/api/chat/presses", {"json": {"post": "7", "token": "yes", "client_id": "p1"}}),
    ("POST", "/api/chat/presses", {"json": {"post": str(LARGE), "token": "yes", "client_id": "p1"}}),
    ("POST", "/api/chat/presses", {"json": {"post": "-1", "token": "yes", "client_id": "p1"}}),
    ("PUT", "/api/chat/messages", {"json": SAY}),
    ("POST", "/api/chat/nothing", {"json": SAY}),
    ("GET", "/api/chat/messages?limit=0", {}),
    ("GET", "/api/chat/messages?limit=201", {}),
    ("GET", f"/api/chat/messages?after={LARGE}", {}),
    ("GET", "/api/chat/messages?after=", {}),
    ("GET", "/api/chat/messages?after=1&after=2", {}),
    ("GET", "/api/chat/messages?unknown=1", {}),
    ("GET", "/api/rooms/nowhere/messages", {}),
    ("GET", "/api/rooms/a%20b/messages", {}),
    ("HEAD", "/api/chat/messages", {}),
]
CLEAN: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/chat/messages", {}),
    ("GET", "/api/chat/messages?limit=2", {}),
    ("GET", "/api/chat/messages?after=1&limit=2", {}),
    ("GET", "/api/chat/messages?changed_after=1&limit=1", {}),
    ("GET", "/api/chat/messages?before=9000000000000000000", {}),
    ("GET", f"/api/rooms/{QUEUE}/messages?limit=3", {}),
    ("POST", "/api/chat/messages", {"json": SAY}),
    ("POST", f"/api/rooms/{QUEUE}/messages", {"json": {**SAY, "client_id": "r1"}}),
]


def _whole(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


async def _both(
    monkeypatch: pytest.MonkeyPatch, client: Browser, method: str, path: str, more: dict[str, Any]
) -> tuple[httpx.Response, httpx.Response]:
    """What the shortcut says, and what the routes say."""
    first = await client.request(method, path, **more)
    with monkeypatch.context() as patch:
        patch.setattr(shortcut, "_asked", lambda _scope: (None, ""))
        return first, await client.request(method, path, **more)


async def _worker(anna: Browser, program: Program, channel: WebChannel) -> None:
    """Somebody with a room and a few posts, all of them shown before."""
    program.staff[await user_of(anna)] = "王师傅"
    for number in range(3):
        said = {"text": f"第{number}句", "client_id": f"s{number}", "geo": {"lat": 31.2, "lon": 121.5}}
        assert (await anna.post("/api/chat/messages", json=said)).status_code == 202
    for path, body in (("/api/chat", SAY), (f"/api/rooms/{QUEUE}", {**SAY, "client_id": "r1"})):
        assert (await anna.post(f"{path}/messages", json=body)).status_code == 202
    await program.post_card()
    await anna.get("/api/chat/messages")
    await channel.flush_seen()


@pytest.mark.parametrize(("method", "path", "more"), CLEAN)
async def test_what_the_shortcut_takes_it_answers_as_the_routes_do(
    monkeypatch: pytest.MonkeyPatch,
    anna: Browser,
    program: Program,
    channel: WebChannel,
    method: str,
    path: str,
    more: dict[str, Any],
) -> None:
    await _worker(anna, program, channel)
    ours, theirs = await _both(monkeypatch, anna, method, path, more)
    assert ours.status_code in (200, 202)
    assert _whole(ours) == _whole(theirs)


async def test_what_is_odd_is_refused_as_the_routes_do(
    monkeypatch: pytest.MonkeyPatch, anna: Browser, stranger: OpenBrowser
) -> None:
    for method, path, more in ODD:
        ours, theirs = await _both(monkeypatch, anna, method, path, more)
        assert _whole(ours) == _whole(theirs), (method, path, more)
    nobody = await stranger()
    for method, path, more in CLEAN:
        ours, theirs = await _both(monkeypatch, nobody, method, path, more)
        assert ours.status_code == 401
        assert _whole(ours) == _whole(theirs), (method, path, more)


async def test_busy_and_a_stranger_in_a_room_hear_the_same(
    monkeypatch: pytest.MonkeyPatch, anna: Browser, program: Program
) -> None:
    for status, path in ((503, "/api/chat"), (403, f"/api/rooms/{QUEUE}")):
        program.busy = status == 503
        ours, theirs = await _both(monkeypatch, anna, "POST", f"{path}/messages", {"json": SAY})
        assert ours.status_code == status
        assert _whole(ours) == _whole(theirs)


async def test_the_shortcut_needs_no_route(program: Program, channel: WebChannel, anna: Browser) -> None:
    await _worker(anna, program, channel)
    app, passed = create_app(program, channel), []

    async def route(scope: Scope, _receive: Receive, send: Send) -> None:
        passed.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def alone(scope: Scope, receive: Receive, send: Send) -> None:
        await Shortcut(route)({**scope, "app": app}, receive, send)

    transport, cookies = httpx.ASGITransport(app=alone), {COOKIE: anna.cookies[COOKIE]}
    async with Browser(transport=transport, base_url="http://linli.test", headers=OWN, cookies=cookies) as client:
        for method, path, more in CLEAN:
            assert (await client.request(method, path, **more)).status_code in (200, 202)
        assert passed == []
        for path in ("/api/me", "/api/chat/stream", "/"):
            await client.get(path)
        assert passed == ["/api/me", "/api/chat/stream", "/"]


@pytest.mark.parametrize("path", ["/api/chat/messages", "/readyz"])
async def test_an_error_of_ours_is_said_and_guarded_like_every_answer(
    monkeypatch: pytest.MonkeyPatch, anna: Browser, program: Program, channel: WebChannel, path: str
) -> None:
    async def broken(*_given: Any, **_more: Any) -> Any:
        raise RuntimeError("inside")

    monkeypatch.setattr(program, "health", broken)
    monkeypatch.setattr(channel.posts, "page_and_end", broken)
    app, cookies = create_app(program, channel), {COOKIE: anna.cookies[COOKIE]}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with Browser(transport=transport, base_url="http://linli.test", headers=OWN, cookies=cookies) as client:
        ours, theirs = await _both(monkeypatch, client, "GET", path, {})
    assert (ours.status_code, ours.json()["code"]) == (500, "failed")
    assert "inside" not in ours.text
    assert ours.headers.items() >= {name.lower(): value for name, value in HEADERS.items()}.items()
    assert _whole(ours) == _whole(theirs)
    with pytest.raises(RuntimeError, match="inside"):  # the server hears of it as well
        await app(*_asking(path, anna))


def _asking(path: str, anna: Browser) -> tuple[Scope, Receive, Send]:
    headers = [(b"cookie", f"{COOKIE}={anna.cookies[COOKIE]}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers, "root_path": ""}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        pass

    return scope, receive, send


async def test_only_a_known_proxy_is_believed(program: Program, channel: WebChannel) -> None:
    for proxies, secure in (("10.0.0.7", True), ("10.0.0.8", False), ("", False)):
        app = create_app(program, channel, proxies=proxies)
        transport = httpx.ASGITransport(app=app, client=("10.0.0.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://linli.test", headers=OWN) as client:
            answer = await client.post("/api/session", headers={"X-Forwarded-Proto": "https"})
        assert ("secure" in answer.headers["set-cookie"].lower()) is secure
