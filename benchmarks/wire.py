"""A small HTTP/1.1 client for load: one kept connection, JSON in and out, as little work per request as can be.

What it does not do is on purpose: the machine that is measured also runs this. Browsers are in `drivers.py`.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self


class Refused(RuntimeError):
    """The server answered with an error. `status` is its number."""

    def __init__(self, status: int, path: str, body: bytes) -> None:
        super().__init__(f"{path}: {status} {body[:300].decode(errors='replace')}")
        self.status = status


class Wire:
    """One connection, one request at a time. Keeps the session cookie it is given."""

    def __init__(self, host: str, port: int) -> None:
        self._at = (host, port)
        self._host = f"{host}:{port}"
        self.cookie = ""

    @classmethod
    async def open(cls, port: int, host: str = "127.0.0.1") -> Self:
        """Connects."""
        wire = cls(host, port)
        await wire._connect()
        return wire

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._at, limit=1 << 22)

    async def ask(self, method: str, path: str, body: Any = None, headers: str = "") -> Any:
        """The JSON of the answer, None when it has none. `body`: what becomes JSON, or a form as it is sent.

        Raises `Refused` from status 400 on.
        """
        is_form = isinstance(body, bytes)
        data = b"" if body is None else body if is_form else json.dumps(body, ensure_ascii=False).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nX-Linli: 1\r\nContent-Length: {len(data)}\r\n{headers}"
        )
        if data:
            head += f"Content-Type: application/{'x-www-form-urlencoded' if is_form else 'json'}\r\n"
        if self.cookie:
            head += f"Cookie: {self.cookie}\r\n"
        try:
            self._writer.write(head.encode() + b"\r\n" + data)
            status, answer = await self._answer()
        except (asyncio.IncompleteReadError, ConnectionError):  # the server closes what was quiet for some seconds
            self._writer.close()
            await self._connect()
            self._writer.write(head.encode() + b"\r\n" + data)
            status, answer = await self._answer()
        if status >= 400:
            raise Refused(status, path, answer)
        return json.loads(answer) if answer[:1] in b"{[" and answer else None

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        length, chunked = 0, False
        for line in lines[1:]:
            name, _, value = line.partition(":")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "transfer-encoding":
                    chunked = "chunked" in value
                case "set-cookie":
                    self.cookie = value.strip().partition(";")[0]
        body = await self._chunks() if chunked else await self._reader.readexactly(length)
        return int(lines[0].split(" ", 2)[1]), body

    async def _chunks(self) -> bytes:
        parts = []
        while True:
            size = int(await self._reader.readline(), 16)
            part = await self._reader.readexactly(size + 2)
            if not size:
                return b"".join(parts)
            parts.append(part[:-2])

    async def close(self) -> None:
        """Hangs up."""
        self._writer.close()
