"""HTTP to the Bot API over aiohttp: python-telegram-bot's own client is httpx, several times slower with many calls at once.

What is sent, how often, and what an answer means is elsewhere; this hands over one request and returns one answer.
"""

from __future__ import annotations

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT, READ, WRITE, WRITE_MEDIA, POOL = 10.0, 20.0, 20.0, 60.0, 20.0
"""Seconds that each part of a call may take when nobody says otherwise."""


class Request(BaseRequest):
    """Up to `connections` calls at the same time. Opens at the first call, also after `initialize` has opened it again."""

    def __init__(self, *, connections: int, trust_env: bool) -> None:
        self._connections = connections
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def read_timeout(self) -> float | None:
        """Seconds that an answer may take."""
        return READ

    async def initialize(self) -> None:
        """Makes it usable again after `shutdown`."""
        self._closed = False

    async def shutdown(self) -> None:
        """Closes the connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. Raises `TimedOut` and `NetworkError`, RuntimeError when it is closed."""
        files = bool(request_data and request_data.multipart_data)
        timeout = _timeout(
            _or(read_timeout, READ),
            _or(write_timeout, WRITE_MEDIA if files else WRITE),
            _or(connect_timeout, CONNECT),
            _or(pool_timeout, POOL),
        )
        try:
            async with self._open().request(method, url, data=_form(request_data), timeout=timeout) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"aiohttp.{type(error).__name__}: {error}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("this request is shut down")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                trust_env=self._trust_env,
            )
        return self._session


def _or(given: ODVInput[float], usual: float) -> float | None:
    return usual if isinstance(given, DefaultValue) else given


def _timeout(
    read: float | None, write: float | None, connect: float | None, pool: float | None
) -> aiohttp.ClientTimeout:
    """The library has no limit for writing alone: it lies in that for the whole call."""
    parts = [read, write, connect, pool]
    whole = None if None in parts else sum(part or 0.0 for part in parts)
    waiting = None if connect is None or pool is None else connect + pool
    return aiohttp.ClientTimeout(total=whole, connect=waiting, sock_connect=connect, sock_read=read)


def _form(data: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    if data is None:
        return None
    if not data.multipart_data:
        return data.json_parameters or None
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form
