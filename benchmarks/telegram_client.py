"""Sends over aiohttp (what the program uses) and over python-telegram-bot's own httpx, to the same server in one run.

    python -m benchmarks.telegram_client [--messages 400] [--at-once 1 8 64]

The server is a process of its own that answers at once. Read the processor time of the client: machines are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator

from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.telegram.request import Request

ANSWER = json.dumps(
    {"ok": True, "result": {"message_id": 7, "date": 1_790_000_000, "chat": {"id": 5, "type": "private"}, "text": "好"}}
).encode()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Every request of one connection."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
    try:
        while asked := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                (int(w.split(b":")[1]) for w in asked.split(b"\r\n") if w.lower().startswith(b"content-le")), 0
            )
            await reader.readexactly(length)
            writer.write(head + ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve() -> None:
    """Tells its port and answers until it is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(request: BaseRequest, port: int, messages: int, at_once: int) -> tuple[float, float]:
    """(messages a second, milliseconds of processor a message)."""
    bot = Bot("1:a", f"http://127.0.0.1:{port}/bot", request=request)
    left: Iterator[int] = iter(range(messages))

    async def some() -> None:
        for number in left:
            await bot.send_message(5, f"单号 {number}，已经有人接了。")

    await bot.send_message(5, "好")
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*[some() for _ in range(at_once)])
    seconds, used = time.perf_counter() - began, time.process_time() - used
    await request.shutdown()
    return messages / seconds, used / messages * 1000


async def run(given: argparse.Namespace) -> None:
    """Each client in turn, for each number of calls at once."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.telegram_client", "--serve", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        port = int(await server.stdout.readline())
        for at_once in given.at_once:
            httpx = HTTPXRequest(connection_pool_size=16, pool_timeout=60, httpx_kwargs={"trust_env": False})
            for name, one in (("httpx", httpx), ("aiohttp", Request(connections=16, trust_env=False))):
                rate, used = await measure(one, port, given.messages, at_once)
                print(f"{at_once:4} at once  {name:8} {rate:7.0f}/s  {used:6.2f} ms of processor a message")
    finally:
        server.terminate()
        await server.wait()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--serve", action="store_true", help="the server alone")
    given = parser.parse_args()
    asyncio.run(serve() if given.serve else run(given))


if __name__ == "__main__":
    main()
