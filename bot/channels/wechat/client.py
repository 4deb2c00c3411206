"""Calls to WeChat's server: the access token, shared by all processes, and one retry when it is refused.

What the calls are for is in send.py, media.py and console.py. Neither tokens nor secrets stand in an error or a log line.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels.wechat.refusals import TOKEN_ENDED, WeChatError
from bot.channels.wechat.shapes import NAME
from bot.clock import Clock
from storage import platforms
from storage.platforms import PlatformToken
from storage.tx import Store

TIMEOUT = httpx.Timeout(8.0, connect=3.0)
EARLY = timedelta(minutes=5)
"""A token is renewed so long before its end; the platform takes both meanwhile."""
# https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html
FORCED_APART = timedelta(seconds=30)
FORCED_A_DAY = 20
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Client:
    """One account. Raises `WeChatError` for what the platform refuses, ConnectionError when it cannot be asked."""

    def __init__(self, app_id: str, secret: str, base_url: str, store: Store, clock: Clock) -> None:
        for name in ("httpx", "httpcore"):  # they log addresses, and the token stands in those
            logging.getLogger(name).setLevel(logging.WARNING)
        self.app_id = app_id
        self._secret = secret
        self._base = base_url.rstrip("/")
        self._store = store
        self._clock = clock
        self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=urlsplit(self._base).hostname not in LOOPBACK)
        self._renewing = asyncio.Lock()
        self._ticketing = asyncio.Lock()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A call with a JSON body."""
        # plain UTF-8: the platform shows escapes as they stand in some kinds of messages
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self._read(await self._call("POST", path, content=content))

    async def get(self, path: str) -> dict[str, Any]:
        """A call without a body."""
        return self._read(await self._call("GET", path))

    async def upload(self, path: str, kind: str, name: str, data: bytes, mime: str) -> dict[str, Any]:
        """Sends a file."""
        return self._read(await self._call("POST", path, params={"type": kind}, files={"media": (name, data, mime)}))

    async def download(self, path: str, params: Mapping[str, str]) -> tuple[bytes, str]:
        """A file and its type."""
        answer = await self._call("GET", path, params=params)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind in ("application/json", "text/plain"):
            self._read(answer)  # a refusal comes as JSON where a file was asked for
        return answer.content, kind

    async def whose_code(self, code: str) -> str:
        """The openid behind the code of a sign-in; the code is used up."""
        # https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
        told = self._read(
            await self._request(
                "GET",
                "/sns/oauth2/access_token",
                params={"appid": self.app_id, "secret": self._secret, "code": code, "grant_type": "authorization_code"},
            )
        )
        return str(told.get("openid", ""))

    async def page_ticket(self) -> str:
        """What pages of ours are signed with for WeChat's script; shared by all processes, as it is counted strictly."""
        # https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
        name = f"{self.app_id}/js"
        async with self._ticketing:
            kept = await self._kept(name)
            if kept is not None and kept.expires_at - EARLY > self._clock.now():
                return kept.token
            told = self._read(await self._call("GET", "/cgi-bin/ticket/getticket", params={"type": "jsapi"}))
            return await self._keep(name, told.get("ticket"), told.get("expires_in"))

    async def token(self) -> str:
        """A good access token, fetched anew when the kept one is near its end."""
        kept = await self._kept()
        if kept is not None and kept.expires_at - EARLY > self._clock.now():
            return kept.token
        async with self._renewing:
            kept = await self._kept()
            if kept is not None and kept.expires_at - EARLY > self._clock.now():
                return kept.token
            return await self._fetch(force=False)

    async def _renewed(self, refused: str) -> str:
        """Another token than the refused one, if the platform gives one."""
        async with self._renewing:
            kept = await self._kept()
            if kept is not None and kept.token != refused:
                return kept.token  # another process, or another call, was faster
            token = await self._fetch(force=False)
            if token == refused and await self._may_force():
                token = await self._fetch(force=True)
            return token

    async def _may_force(self) -> bool:
        """Asking by force ends the token of everybody else and is counted by the platform: seldom, and never in a loop."""
        now = self._clock.now()

        async def note(tx: Any) -> bool:
            kept = await platforms.find_token(tx, NAME, self.app_id)
            if kept is None:
                return True
            today = kept.forced if kept.forced_at is not None and kept.forced_at.date() == now.date() else 0
            if (kept.forced_at is not None and now - kept.forced_at < FORCED_APART) or today >= FORCED_A_DAY:
                return False
            await platforms.note_forced(tx, NAME, self.app_id, now, today + 1)
            return True

        return await self._store.run(note)

    async def _fetch(self, *, force: bool) -> str:
        body = {"grant_type": "client_credential", "appid": self.app_id, "secret": self._secret, "force_refresh": force}
        told = self._read(await self._request("POST", "/cgi-bin/stable_token", content=json.dumps(body).encode()))
        return await self._keep(self.app_id, told.get("access_token"), told.get("expires_in"))

    async def _keep(self, name: str, given: Any, life: Any) -> str:
        """Keeps for every process what the platform gave."""
        if not isinstance(given, str) or not given or not isinstance(life, int):
            raise WeChatError(-1, "no token in the answer")
        until = self._clock.now() + timedelta(seconds=life)
        await self._store.run(lambda tx: platforms.keep_token(tx, NAME, name, given, until))
        return given

    async def _kept(self, name: str = "") -> PlatformToken | None:
        async with self._store.read() as tx:
            return await platforms.find_token(tx, NAME, name or self.app_id)

    async def _call(self, method: str, path: str, **values: Any) -> httpx.Response:
        token = await self.token()
        answer = await self._with(token, method, path, values)
        if _code(answer) in TOKEN_ENDED:
            answer = await self._with(await self._renewed(token), method, path, values)
        return answer

    async def _with(self, token: str, method: str, path: str, values: dict[str, Any]) -> httpx.Response:
        params = {**values.get("params", {}), "access_token": token}
        return await self._request(method, path, **{**values, "params": params})

    async def _request(self, method: str, path: str, **values: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, f"{self._base}{path}", **values)
        except httpx.HTTPError as error:
            raise ConnectionError(f"{path}: {type(error).__name__}") from None
        if answer.status_code != 200:
            raise ConnectionError(f"{path}: HTTP {answer.status_code}")
        return answer

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        told = _json(answer)
        if told is None:
            raise ConnectionError("the answer is not JSON")
        code = told.get("errcode", 0)
        if code:
            said = str(told.get("errmsg", "")).replace(self._secret, "…") if self._secret else str(told.get("errmsg"))
            raise WeChatError(int(code), said)
        return told


def _code(answer: httpx.Response) -> int:
    if answer.headers.get("content-type", "").partition(";")[0].strip() not in ("application/json", "text/plain"):
        return 0
    told = _json(answer)
    code = told.get("errcode", 0) if told else 0
    return code if isinstance(code, int) else 0


def _json(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        told = answer.json()
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
