"""A real server on a free port, in a thread of its own, for what an in-process client cannot show."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import uvicorn

from bot.web.app import create_app
from tests.bot.web.program import Program, open_channel
from tests.serving import KEEP_ALIVE, begun

T = TypeVar("T")


class LiveServer:
    """Serves a `Program`. `run` executes a coroutine in the server's loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: Future[Program] = Future()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._guarded()), daemon=True)

    def __enter__(self) -> LiveServer:
        self._thread.start()
        self.program = self._ready.result(120)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(120)
        assert not self._thread.is_alive(), "the server did not stop"

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(120)

    async def _guarded(self) -> None:
        try:
            await self._serve()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        db, channel = await open_channel(self._folder)
        program = Program(channel)

        async def receive(_updates: object) -> None:
            raise AssertionError("the routes hand over by themselves")

        await channel.start(receive)
        config = uvicorn.Config(
            create_app(program, channel), log_config=None, lifespan="off", ws="none", timeout_keep_alive=KEEP_ALIVE
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = await begun(server, self._socket)
        self._ready.set_result(program)
        await self._stopping.wait()
        await channel.stop()
        server.should_exit = True
        await serving
        await db.close()
