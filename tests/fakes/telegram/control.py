"""The server's control over HTTP, for a bot in another process: the same acts and looks as the Python methods.

POST /control/<act> with a JSON object of arguments; people, groups and messages go by id.
GET /control/<look>?chat=<id>, GET /control/wait?chat=<id>&has=<text>&timeout=<seconds>.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.telegram.server import TelegramServer
from tests.fakes.telegram.world import Message

ACTS = [
    "person",
    "group",
    "topic",
    "close_topic",
    "start",
    "text",
    "forward",
    "photo",
    "album",
    "voice",
    "video",
    "document",
    "location",
    "venue",
    "sticker",
    "contact",
    "edit",
    "delete",
    "press",
    "press_data",
    "block",
    "unblock",
    "add_bot",
    "remove_bot",
    "join",
    "leave",
    "migrate",
    "fail",
    "heal",
    "limit_rates",
    "hold_updates",
    "repeat",
    "expire_presses",
]


def plain(value: Any) -> Any:
    """Dataclasses and named tuples as JSON objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return value


def routes(server: TelegramServer) -> tuple[Route, ...]:
    """The control routes, to be given to `TelegramServer.open`."""

    async def act(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ACTS:
            return JSONResponse({"error": f"no act {name!r}", "acts": ACTS}, 404)
        given = await request.body()
        arguments = await request.json() if given else {}
        try:
            return JSONResponse(plain(getattr(server, name)(**_arguments(server, name, arguments))))
        except (LookupError, ValueError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    async def look(request: Request) -> Response:
        name = request.path_params["name"]
        chat = int(request.query_params.get("chat", "0"))
        looks: dict[str, Callable[[], Any]] = {
            "seen": lambda: server.seen(chat),
            "chats": lambda: {each: server.seen(each) for each in server.world.messages},
            "toasts": lambda: server.toasts(chat or None),
            "calls": lambda: server.calls,
            "violations": lambda: server.violations,
            "pending": lambda: server.queue.pending,
            "sent": lambda: server.queue.sent,
            "commands": lambda: server.world.commands,
            "webhook": lambda: server.queue.webhook,
        }
        if name not in looks:
            return JSONResponse({"error": f"no look {name!r}", "looks": list(looks)}, 404)
        return JSONResponse(plain(looks[name]()))

    async def wait(request: Request) -> Response:
        """?chat=<id>&has=<text or label>&timeout=<seconds>: the message as soon as it is there, or 408."""
        asked = request.query_params
        try:
            seen = await server.wait_for(int(asked["chat"]), asked.get("has", ""), float(asked.get("timeout", "10")))
        except AssertionError as error:
            return JSONResponse({"error": str(error)}, 408)
        return JSONResponse(plain(seen))

    return (
        Route("/control/wait", wait, methods=["GET"]),
        Route("/control/{name}", act, methods=["POST"]),
        Route("/control/{name}", look, methods=["GET"]),
    )


def _arguments(server: TelegramServer, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """`content_base64` carries bytes; `press_data` names its message by chat and number."""
    arguments = dict(given)
    if "content_base64" in arguments:
        arguments["content"] = base64.b64decode(arguments.pop("content_base64"))
    if name == "press_data":
        found: Message | None = server.world.find_message(arguments.pop("chat"), arguments["message"])
        if found is None:
            raise LookupError("no such message")
        arguments["message"] = found
    return arguments
