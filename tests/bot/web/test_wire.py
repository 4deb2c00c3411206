"""Heads of answers go out with their bodies, in order, and never wait for a body that does not come yet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from bot.web.wire import Joining, Protocol
from tests.serving import KEEP_ALIVE, begun


class Line:
    """A transport that only notes what is written, call by call."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.sent.append(b"".join(parts))

    def close(self) -> None:
        self.sent.append(b"closed")

    def is_closing(self) -> bool:
        return b"closed" in self.sent


@pytest.fixture
async def joined() -> tuple[Line, Joining]:
    line = Line()
    return line, Joining(line, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_a_head_and_its_body_are_one_call(joined: tuple[Line, Joining]) -> None:
    line, transport = joined
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    transport.write(b"body")
    transport.write(b"more")
    await asyncio.sleep(0)
    assert line.sent == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"more"]


async def test_a_head_alone_waits_for_one_turn_of_the_loop(joined: tuple[Line, Joining]) -> None:
    line, transport = joined
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert line.sent == []
    await asyncio.sleep(0)
    assert line.sent == [b"HTTP/1.1 200 OK\r\n\r\n"]


async def test_what_looks_like_a_head_keeps_its_place(joined: tuple[Line, Joining]) -> None:
    line, transport = joined
    for part in (b"a", b"HTTP/1.1 one ", b"HTTP/1.1 two ", b"HTTP/1.1 three "):
        transport.write(part)
    transport.close()
    assert b"".join(line.sent) == b"aHTTP/1.1 one HTTP/1.1 two HTTP/1.1 three closed"
    assert transport.is_closing()


class Stage:
    """An app that says its head, and its body when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-length", b"4")] if scope["path"] != "/stream" else []
        start: Message = {"type": "http.response.start", "status": 200, "headers": length}
        await send(start)
        if scope["path"] == "/stream":
            await self.go_on.wait()
        await send({"type": "http.response.body", "body": b"body"})


@pytest.fixture
async def served() -> AsyncIterator[tuple[Stage, int]]:
    app, listening = Stage(), socket.create_server(("127.0.0.1", 0))
    settings: Any = {"http": Protocol, "log_config": None, "lifespan": "off", "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(app, **settings, timeout_keep_alive=KEEP_ALIVE))
    serving = await begun(server, listening)
    yield app, listening.getsockname()[1]
    server.should_exit = True
    await serving


async def test_over_a_socket(served: tuple[Stage, int]) -> None:
    app, port = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for method, path in (("GET", "/"), ("HEAD", "/"), ("GET", "/"), ("GET", "/stream")):
        writer.write(f"{method} {path} HTTP/1.1\r\nhost: here\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        if path == "/stream":
            app.go_on.set()
            assert await reader.readexactly(14) == b"4\r\nbody\r\n0\r\n\r\n"
        elif method == "GET":
            assert await reader.readexactly(4) == b"body"
    writer.close()
    await writer.wait_closed()
