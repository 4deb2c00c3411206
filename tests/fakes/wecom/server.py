"""The local platform: HTTP interface and bot connection on loopback ports, every call checked and recorded."""

# ruff: noqa: ASYNC109 - waits are written for tests, which say how long

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.wecom.channel import WecomChannel
from tests.fakes.wecom.bot import BotSide
from tests.fakes.wecom.callbacks import Callbacks
from tests.fakes.wecom.errors import ApiError
from tests.fakes.wecom.interface import Interface
from tests.fakes.wecom.people import People
from tests.fakes.wecom.world import AGENT, CORP, Group, Member, Seen, World
from tests.serving import KEEP_ALIVE, begun

PATIENCE = 120.0
"""Seconds after which what a test waits for is taken for lost."""


class Call(NamedTuple):
    """One call of the program; `code` is 0 when it went well."""

    name: str
    body: dict[str, Any]
    code: int


class WecomServer(People):
    """`async with WecomServer() as server:`; people act through its methods, `assert_clean` judges the program."""

    def __init__(self) -> None:
        self.world = World()
        self.interface = Interface(self.world)
        self.callbacks = Callbacks(self.world.clock)
        self._news = asyncio.Event()
        self.bot = BotSide(self.world, self._tell)
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.fail_next: list[int] = []
        """HTTP statuses of the next calls, before they are looked at; 0: the answer is lost after the work is done."""
        self._uvicorn: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0
        self.holder = ""
        """The member who holds the phone of a browser that really goes through the sign-in."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        routes = [
            Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
            Route("/cgi-bin/media/get", self._download, methods=["GET"]),
            Route("/bot-file/{name}", self._bot_file, methods=["GET"]),
            Route("/connect/oauth2/authorize", self._authorize, methods=["GET"]),
            Route("/cgi-bin/{call:path}", self._answer, methods=["GET", "POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._uvicorn = _QuietServer(config)
        self._task = await begun(self._uvicorn, listener)
        await self.bot.open()
        self.bot.base_url = self.base_url
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.callbacks.settle()
        await self.bot.close()
        if self._uvicorn is not None and self._task is not None:
            self._uvicorn.should_exit = True
            await self._task

    # ---------------------------------------------------------------- HTTP

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["call"]
        try:
            raw = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        lost = False
        if self.fail_next:
            status = self.fail_next.pop(0)
            if status:
                self.calls.append(Call(name, {}, -status))
                return Response("upstream", status_code=status)
            lost = True
        body: dict[str, Any] = {}
        try:
            body = _json(raw)
            told = self.interface.answer(name, dict(request.query_params), body)
        except ApiError as error:
            self._record(name, body, error)
            return JSONResponse(error.as_json())
        self.calls.append(Call(name, body, 0))
        self._tell()
        return Response(status_code=504) if lost else JSONResponse(told)

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        right = (asked.get("appid"), asked.get("scope"), asked.get("agentid")) == (CORP, "snsapi_base", str(AGENT))
        if not right or not self.holder:
            return Response("redirect_uri 参数错误", status_code=400)
        back = urlencode({"code": f"code-of-{self.holder}", "state": asked.get("state", "")})
        return RedirectResponse(f"{asked.get('redirect_uri')}?{back}", 302)

    async def _upload(self, request: Request) -> Response:
        try:
            self.world.check_token(request.query_params.get("access_token", ""))
            async with request.form() as form:
                file = form.get("media")
                if not isinstance(file, UploadFile):
                    raise ApiError(44001, "empty media data", violation=True)
                told = self.interface.upload(
                    request.query_params.get("type", ""), await file.read(), file.content_type or ""
                )
        except ApiError as error:
            self._record("media/upload", {}, error)
            return JSONResponse(error.as_json())
        self.calls.append(Call("media/upload", {"type": request.query_params.get("type")}, 0))
        return JSONResponse(told)

    async def _download(self, request: Request) -> Response:
        if self.fail_next:
            return self._page()
        try:
            self.world.check_token(request.query_params.get("access_token", ""))
            content, mime = self.world.find_file(request.query_params.get("media_id", ""))
        except ApiError as error:
            self._record("media/get", {}, error)
            return JSONResponse(error.as_json())
        return Response(content, media_type=mime)

    async def _bot_file(self, request: Request) -> Response:
        if self.fail_next:
            return self._page()
        found = self.bot.find_sealed(request.path_params["name"])
        return Response(found or b"", 200 if found else 404, media_type="application/octet-stream")

    def _page(self) -> Response:
        """What something in front of the platform answers where a file was asked for."""
        return Response("<html>upstream</html>", status_code=self.fail_next.pop(0) or 504, media_type="text/html")

    def _record(self, name: str, body: dict[str, Any], error: ApiError) -> None:
        if error.violation:
            self.violations.append(f"{name}: {error.message} ({str(body)[:300]})")
        self.calls.append(Call(name, body, error.code))
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def unhurried(self, channel: WecomChannel) -> None:
        """Here and there a press can be answered for minutes: five seconds may be nothing on a machine with much to do."""
        channel._pressed.LASTS, self.bot.answer_within = PATIENCE, PATIENCE + 20

    # ---------------------------------------------------------------- looks

    def seen(self, where: Member | Group | str) -> list[Seen]:
        """A conversation as it is shown now: a member's with the application, or a group's."""
        return self.world.seen(where if isinstance(where, str) else where.id)

    def called(self, name: str) -> list[Call]:
        return [call for call in self.calls if call.name == name]

    async def wait_for(self, where: Member | Group | str, part: str, timeout: float = PATIENCE) -> Seen:
        """The newest message that shows this text, or a button with it."""

        def find() -> Seen | None:
            return next((seen for seen in reversed(self.seen(where)) if seen.has(part)), None)

        found: Seen = await self.wait_until(find, lambda: f"no {part!r}; there is {self.seen(where)}", timeout)
        return found

    async def wait_until(self, find: Callable[[], Any], describe: Callable[[], str], timeout: float = PATIENCE) -> Any:
        """What `find` gives as soon as it gives something; AssertionError after `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not (found := find()):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(describe())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 0.3))
        return found

    def assert_clean(self) -> None:
        """Fails when the program did what a correct one never does."""
        assert not [*self.violations, *self.bot.violations], "\n".join([*self.violations, *self.bot.violations])
        assert not self.world.counts.dropped, f"dropped without a word: {self.world.counts.dropped}"


class _QuietServer(uvicorn.Server):
    """Leaves the signals of the test process alone."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


def _json(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError(47001, "data format error", violation=True) from None
    if not isinstance(body, dict):
        raise ApiError(47001, "an object is expected", violation=True)
    return body
