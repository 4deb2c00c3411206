"""WeCom's HTTP interface: calls with the shared access token, one renewal of it, files up and down.

What a refusal means is in refusals.py; what to send is in send.py. Secrets and tokens stand in no error and no log line.
"""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from bot.channels.wecom.refusals import HTTP, TOKEN, WecomError

log = logging.getLogger(__name__)

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
EARLY = timedelta(minutes=5)
"""How long before its end a token is fetched anew."""


class Tokens(Protocol):
    """Where the token is kept for every process."""

    async def find(self, now: datetime) -> str | None:
        """The token that is valid now."""
        ...

    async def keep(self, token: str, expires_at: datetime) -> None:
        """Keeps a fetched one."""
        ...

    async def drop(self, token: str, now: datetime) -> None:
        """Forgets one that was refused."""
        ...


class Api:
    """One application of one company."""

    def __init__(self, base_url: str, corp_id: str, secret: str, tokens: Tokens) -> None:
        self._base = base_url.rstrip("/")
        self._corp_id = corp_id
        self._secret = secret
        self._tokens = tokens
        self._fetching = asyncio.Lock()
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, and in them stands the token
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        timeout = httpx.Timeout(8.0, connect=3.0, write=30.0)
        local = urlsplit(self._base).hostname in LOOPBACK
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=not local)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def call(
        self, path: str, body: dict[str, Any] | None = None, *, files: Any = None, **query: str
    ) -> dict[str, Any]:
        """The answer to a call with the access token. Raises `WecomError`, after one renewal of a refused token."""
        token = await self.token()
        try:
            return await self._once(path, body, files, {**query, "access_token": token})
        except WecomError as error:
            if error.code not in TOKEN:
                raise
        await self._tokens.drop(token, datetime.now(UTC))
        return await self._once(path, body, files, {**query, "access_token": await self.token()})

    async def post(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        """The answer to a call that needs no access token. Raises `WecomError`."""
        return await self._once(path, body, None, query)

    async def token(self) -> str:
        """The access token, fetched when there is none. Raises `WecomError`."""
        async with self._fetching:
            found = await self._tokens.find(datetime.now(UTC))
            return found or await self._fetch()

    async def _fetch(self) -> str:
        query = {"corpid": self._corp_id, "corpsecret": self._secret}
        told = await self._once("gettoken", None, None, query)
        token, lasts = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not isinstance(lasts, int):
            raise WecomError(HTTP, "no token in the answer", "gettoken")
        await self._tokens.keep(token, datetime.now(UTC) + timedelta(seconds=lasts) - EARLY)
        return token

    async def upload(self, kind: str, path: Path, mime: str) -> str:
        """The handle of a file on the platform for three days: image, voice, video or file. Raises `WecomError`."""
        content = await asyncio.to_thread(path.read_bytes)
        name = path.name if path.suffix else f"{path.name}{mimetypes.guess_extension(mime) or ''}"
        told = await self.call("media/upload", files={"media": (name, content, mime)}, type=kind)
        return str(told["media_id"])

    async def download(self, media_id: str) -> tuple[bytes, str]:
        """A file that was sent to the application. FileNotFoundError when it is gone, ConnectionError to try again."""
        try:
            return await self._get(media_id, await self.token())
        except WecomError as error:
            if error.code not in TOKEN:
                raise _lost(error) from None
        await self._tokens.drop(await self.token(), datetime.now(UTC))
        try:
            return await self._get(media_id, await self.token())
        except WecomError as error:
            raise _lost(error) from None

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """The bytes behind an address the platform gave us. FileNotFoundError or ConnectionError as above."""
        try:
            answer = await self._client.get(url)
        except httpx.HTTPError as error:
            raise ConnectionError(type(error).__name__) from None
        if answer.status_code >= 500 or answer.status_code in (408, 429):
            raise ConnectionError(f"answered {answer.status_code}")
        if answer.status_code != 200:
            raise FileNotFoundError(f"answered {answer.status_code}")
        return answer.content, answer.headers.get("content-type", "")

    async def _get(self, media_id: str, token: str) -> tuple[bytes, str]:
        query = {"access_token": token, "media_id": media_id}
        try:
            answer = await self._client.get(f"{self._base}/cgi-bin/media/get", params=query)
        except httpx.HTTPError as error:
            raise WecomError(HTTP, type(error).__name__, "media/get") from None
        mime = answer.headers.get("content-type", "").partition(";")[0]
        if mime in ("application/json", "text/plain"):
            _checked("media/get", answer)
        if answer.status_code != 200:  # a page of whatever stands in front of the platform is no file
            raise WecomError(HTTP, f"answered {answer.status_code}", "media/get")
        return answer.content, mime

    async def _once(self, path: str, body: Any, files: Any, query: dict[str, str]) -> dict[str, Any]:
        method = "GET" if body is None and files is None else "POST"
        url = f"{self._base}/cgi-bin/{path}"
        try:
            answer = await self._client.request(method, url, params=query, json=body, files=files)
        except httpx.HTTPError as error:
            raise WecomError(HTTP, type(error).__name__, path) from None  # its own words hold the address
        return _checked(path, answer)


def _checked(path: str, answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
        code = int(told.get("errcode", 0))
    except (ValueError, AttributeError, TypeError):
        raise WecomError(HTTP, f"answered {answer.status_code}", path) from None
    if code:
        raise WecomError(code, str(told.get("errmsg", ""))[:200], path)
    if answer.status_code >= 400:
        raise WecomError(HTTP, f"answered {answer.status_code}", path)
    return dict(told)


def _lost(error: WecomError) -> OSError:
    gone = error.code in (40007, 40058, 41006)  # media_id is not (any more) known
    return FileNotFoundError(str(error)) if gone else ConnectionError(str(error))
