"""The HTTP client of the Bot API: what it sends arrives whole, and what goes wrong is told in the library's words."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from telegram import InputFile
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter

from bot.channels.telegram.request import Request
from tests.fakes.telegram import TelegramServer


@pytest.fixture
async def request_() -> AsyncIterator[Request]:
    made = Request(connections=2, trust_env=False)
    yield made
    await made.shutdown()


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port that is taken, so that nobody else can open it, and at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


async def test_an_answer_comes_back(request_: Request, server: TelegramServer) -> None:
    url = f"{server.base_url}/bot{server.token}"
    status, body = await request_.do_request(f"{url}/getMe", "POST")
    assert status == 200
    assert b'"ok":true' in body.replace(b" ", b"")


async def test_a_file_goes_as_it_is_with_its_name_and_the_words_beside_it(request_: Request) -> None:
    taken: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        taken.append(await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()
        await writer.wait_closed()

    photo = InputFile(b"\x89PNG bytes", filename="灯.png")
    said = RequestData([RequestParameter("caption", "灯不亮", None), RequestParameter("photo", None, [photo])])
    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot1:a/sendPhoto"
        assert await request_.do_request(url, "POST", said) == (200, b"{}")
    for part in ('name="caption"', "灯不亮", 'name="photo"; filename="灯.png"', "Content-Type: image/png", "PNG bytes"):
        assert part.encode() in taken[0]


async def test_no_answer_in_time_and_nobody_there(request_: Request) -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the caller hangs up
        writer.close()
        left.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as quiet:
        url = f"http://127.0.0.1:{quiet.sockets[0].getsockname()[1]}/bot1:a/getMe"
        with pytest.raises(TimedOut):
            await request_.do_request(url, "POST", read_timeout=0.05)
        await left.wait()
    with deaf_port() as port, pytest.raises(NetworkError, match="aiohttp"):
        await request_.do_request(f"http://127.0.0.1:{port}/bot1:a/getMe", "POST")


async def test_closed_it_sends_nothing_until_it_is_opened_again(request_: Request, server: TelegramServer) -> None:
    url = f"{server.base_url}/bot{server.token}/getMe"
    await request_.shutdown()
    with pytest.raises(RuntimeError):
        await request_.do_request(url, "POST")
    await request_.initialize()
    assert (await request_.do_request(url, "POST"))[0] == 200
