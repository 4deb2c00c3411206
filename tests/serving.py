"""How servers of the tests serve: they are there when they say so, and keep connections longer than any client does."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

KEEP_ALIVE = 300
"""Seconds for which a connection that nobody uses is kept. A server that ends it before its client may do so at the very moment
at which the client uses it again, and no answer comes."""


async def begun(server: uvicorn.Server, listening: socket.socket) -> asyncio.Task[None]:
    """The task that serves; it has started. One that is told to end before that leaves its sockets open."""
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    return serving
