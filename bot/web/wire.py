"""HTTP on the wire: the head of an answer goes out together with the beginning of its body.

The server writes the two one after the other, and the event loop sends each at once: a system call of its own, and a
wake-up of whoever reads, cost as much as a small answer itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


class Joining:
    """A transport that keeps back what looks like a head until the next write, or else until the loop's next turn.

    Everything goes out in the order in which it was written.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends, or keeps for a moment."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.writelines([head, data])
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._send_head)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """After everything that was written."""
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)


class Protocol(HttpToolsProtocol):
    """The server's own protocol over a `Joining` transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self.transport = cast(asyncio.Transport, Joining(transport, self.loop))
