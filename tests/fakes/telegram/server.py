"""The local Bot API server: one bot, a loopback port, every call checked and recorded. HTTP control: control.py."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.telegram.errors import ApiError, wrong
from tests.fakes.telegram.looks import Call, Looks
from tests.fakes.telegram.methods import Methods
from tests.fakes.telegram.pace import Fault, FaultKind, Pace
from tests.fakes.telegram.people import People
from tests.fakes.telegram.spec import Decoded, Upload, decode, find_method
from tests.fakes.telegram.updates import UpdateQueue
from tests.fakes.telegram.world import World
from tests.serving import KEEP_ALIVE, begun

TOKEN = "7000000001:TEST-linli-token_0123456789abcdefghij"


class TelegramServer(People, Looks):
    """`async with TelegramServer() as server:`; people act through its methods, `assert_clean` judges the bot."""

    def __init__(self, token: str = TOKEN, *, port: int = 0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` carries webhook calls to an app in this process instead of a socket."""
        self.token = token
        self.port = port
        self.world = World(token)
        self.queue = UpdateQueue()
        self.queue.transport = transport
        self.pace = Pace()
        self.methods = Methods(self.world, self.queue, self.pace)
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._uvicorn: uvicorn.Server | None = None
        self._closing = asyncio.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def open(self, extra: tuple[Route, ...] = ()) -> None:
        """Listens; `port` is set when this returns."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        routes = [
            Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download, methods=["GET"]),
            *extra,
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._uvicorn = _QuietServer(config)
        self._tasks = [
            await begun(self._uvicorn, listener),
            asyncio.create_task(self.queue.deliver()),
        ]

    async def close(self) -> None:
        if self._uvicorn is None:
            return
        self._tasks[1].cancel()
        self._closing.set()
        self.queue.close()
        self._uvicorn.should_exit = True
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._uvicorn = None

    # --- what a test orders

    def fail(
        self,
        method: str,
        kind: FaultKind = "error",
        *,
        times: int = 1,
        retry_after: int = 1,
        status: int = 502,
        text: str = "Bad Gateway",
    ) -> None:
        """The next `times` calls of `method` ("*": any) fail so; below zero: until `heal`."""
        self.pace.faults.append(Fault(method, kind, times, retry_after, status, text))

    def heal(self) -> None:
        self.pace.faults.clear()

    def limit_rates(
        self, on: bool = True, *, overall: int = 30, per_chat: int = 1, per_group: int = 20, group_window: float = 60.0
    ) -> None:
        self.pace.on, self.pace.overall, self.pace.per_chat = on, overall, per_chat
        self.pace.per_group, self.pace.group_window = per_group, group_window

    def hold_updates(self, held: bool = True) -> None:
        self.queue.hold(held)

    def repeat(self, update_id: int = 0) -> None:
        """Sends an update again, the last one by default."""
        self.queue.repeat(update_id or self.queue.sent[-1]["update_id"])

    def expire_presses(self) -> None:
        """Every press made so far can no longer be answered."""
        for press in self.world.presses.values():
            press.at = 0.0

    # --- HTTP

    async def _answer(self, request: Request) -> Response:
        method = find_method(request.path_params["method"])
        decoded = Decoded({}, {}, [])
        lost = False
        try:
            self._check_token(request.path_params["token"])
            if method is None:
                raise ApiError(404, "Not Found", violation=True)
            decoded = await _read(request, method)
            fault = self.pace.find_fault(method)
            if fault is not None and fault.kind == "drop":
                return await self._never()
            if fault is not None and fault.kind != "lost":
                raise fault.as_error()
            lost = fault is not None
            result = await self._run(method, decoded)
        except ClientDisconnect:  # the bot died while it was calling: nobody is there to be answered
            return Response(status_code=499)
        except ApiError as error:
            self._record(method or request.path_params["method"], decoded, error)
            return JSONResponse(error.as_json(), error.code)
        self._record(method, decoded, None)
        return await self._never() if lost else JSONResponse({"ok": True, "result": result})

    async def _run(self, method: str, decoded: Decoded) -> Any:
        if decoded.problems:
            self.violations += decoded.problems
            raise ApiError(400, f"Bad Request: {decoded.problems[0]}")
        if any("parse_mode" in each for each in (decoded.params, *decoded.params.get("media", ()))):
            raise wrong("what people wrote would be read as markup")
        played = self.methods.find(method)
        if played is None:
            raise ApiError(501, f"{method} is not played by this server", violation=True)
        return await played(decoded.params, decoded.files)

    def _check_token(self, token: str) -> None:
        if token != self.token:
            raise ApiError(401, "Unauthorized") if ":" in token else ApiError(404, "Not Found")

    def _record(self, method: str, decoded: Decoded, error: ApiError | None) -> None:
        if error is not None and error.violation:
            self.violations.append(f"{method}: {error.description} ({str(decoded.params)[:200]})")
        self.calls.append(
            Call(
                method,
                decoded.params,
                error.code if error else 200,
                error.description if error else "",
                time.monotonic(),
            )
        )
        self._changed.set()
        self._changed = asyncio.Event()

    async def _never(self) -> Response:
        """An answer that does not come before the client gives up."""
        await self._closing.wait()
        return Response(status_code=504)

    async def _download(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return JSONResponse(ApiError(401, "Unauthorized").as_json(), 401)
        path = request.path_params["path"]
        for stored in self.world.files.values():
            if stored.path == path and stored.size == len(stored.content):
                return Response(stored.content, media_type="application/octet-stream")
        return JSONResponse(ApiError(404, "Not Found").as_json(), 404)


class _QuietServer(uvicorn.Server):
    """Leaves the signals of the test process alone."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def _read(request: Request, method: str) -> Decoded:
    raw: dict[str, Any] = dict(request.query_params)
    files: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        return decode(method, raw | await _json(request), files, as_text=False)
    async with request.form(max_part_size=60 * 1024 * 1024) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                mime = value.content_type or "application/octet-stream"
                files[name] = Upload(value.filename or "", mime, await value.read())
            else:
                raw[name] = value
    return decode(method, raw, files, as_text=True)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise ApiError(400, "Bad Request: can't parse JSON object", violation=True) from None
    if not isinstance(body, dict):
        raise ApiError(400, "Bad Request: object expected", violation=True)
    return body
