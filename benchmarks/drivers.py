"""A person at a screen, on either channel: says words, sends a photo, presses a label, reads what is shown.

A screen is an async context manager: leaving it closes what it holds.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import httpx
from PIL import Image

from tests.fakes.telegram import TelegramServer

QUIET = 0.12
"""Seconds without anything new after which a chat counts as answered."""

PATIENCE = 90.0
"""Seconds for which a browser comes again when the program is busy, and for which a phone waits for an answer."""


def silent(_chat: str) -> bool:
    """For whoever does not know what the program still has to say: it is silent when nothing comes."""
    return True


@dataclass(frozen=True)
class Shown:
    """One message of the program on a screen."""

    ref: str
    text: str
    labels: tuple[str, ...]


class Screen(Protocol):
    """One person in one chat."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def say(self, text: str, *, photo: bool = False) -> None:
        """Says words, perhaps with a photo, and waits for the answer."""
        ...

    async def press(self, label: str) -> bool:
        """Presses the newest button with this label; False when there is none."""
        ...

    async def shown(self) -> list[Shown]:
        """What the program has said here, oldest first."""
        ...


def picture() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "#88aa66").save(out, "JPEG")
    return out.getvalue()


class WebScreen:
    """A browser, through the web chat's HTTP API. `queue` is a room's."""

    _ids = itertools.count()

    def __init__(self, client: httpx.AsyncClient, queue: str = "") -> None:
        self._client = client
        self._path = f"/api/rooms/{queue}" if queue else "/api/chat"
        self._photo = ""
        self._answers: list[dict[str, Any]] = []  # private chat: what the last step was answered

    @classmethod
    async def open(cls, base: str, *, link: str = "", queue: str = "") -> Self:
        """A new browser: a resident, or whoever a sign-in link stands for. Raises RuntimeError when it may not in."""
        # a connection that the server may be closing just now is not used again: it closes idle ones after 5 s
        limits = httpx.Limits(keepalive_expiry=2.0)
        client = httpx.AsyncClient(base_url=base, headers={"X-Linli": "1"}, timeout=60, trust_env=False, limits=limits)
        try:
            answer = await client.get(f"/login/{link}") if link else await client.post("/api/session")
            if answer.status_code >= 400:
                raise RuntimeError(f"cannot sign in: {answer.status_code} {answer.text[:200]}")
        except BaseException:
            await client.aclose()
            raise
        return cls(client, queue)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def who(self) -> str:
        """The user behind this browser."""
        answer = await self._client.get("/api/me")
        answer.raise_for_status()
        return str(answer.json()["user"])

    async def say(self, text: str, *, photo: bool = False) -> None:
        body: dict[str, Any] = {"text": text, "client_id": f"c{next(self._ids)}"}
        if photo:
            body["media"] = [await self._upload()]
        await self._post("messages", body)

    async def scan(self, scene: str) -> None:
        """Opens the link of a code at a place."""
        await self._post("scan", {"scene": scene, "client_id": f"c{next(self._ids)}"})

    async def press(self, label: str) -> bool:
        found = await self.button(label)
        if found is None:
            return False
        await self.press_token(*found)
        return True

    async def button(self, label: str) -> tuple[str, str] | None:
        """(post, token) of the newest button with this label."""
        for post in reversed(await self._posts()):
            for row in post["keys"]:
                for key in row:
                    if key["label"] == label:
                        return post["id"], key["token"]
        return None

    async def press_token(self, post: str, token: str) -> None:
        await self._post("presses", {"post": post, "token": token, "client_id": f"c{next(self._ids)}"})

    async def shown(self) -> list[Shown]:
        return [
            Shown(p["id"], p["text"], tuple(k["label"] for row in p["keys"] for k in row))
            for p in await self._posts()
            if p["bot"]
        ]

    async def _posts(self) -> list[dict[str, Any]]:
        if self._answers:
            return self._answers
        answer = await self._ask("GET", "messages", params={"limit": 30})
        answer.raise_for_status()
        posts: list[dict[str, Any]] = answer.json()["posts"]
        return posts

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        answer = await self._ask("POST", what, params={"wait": "1"}, json=body)
        if answer.status_code >= 400:
            raise RuntimeError(f"{what}: {answer.status_code} {answer.text[:300]}")
        if self._path == "/api/chat":
            self._answers = answer.json()["posts"]

    async def _ask(self, method: str, what: str, **more: Any) -> httpx.Response:
        """As a browser does: "busy" has kept nothing, and asks to come again with the same a little later."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = await self._client.request(method, f"{self._path}/{what}", **more)
            if answer.status_code != 503 or time.monotonic() > until:
                return answer
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def _upload(self) -> str:
        if not self._photo:
            answer = await self._client.post("/api/media", files={"file": ("a.jpg", picture(), "image/jpeg")})
            answer.raise_for_status()
            self._photo = answer.json()["ref"]
        return self._photo


class TelegramScreen:
    """A phone with Telegram, on the local Bot API server. `chat` is a group's id; none: the private chat.

    `is_silent` says of a chat whether the program has nothing left to say there: a slow one pauses between two messages.
    """

    def __init__(
        self,
        server: TelegramServer,
        person: Any,
        chat: int | None = None,
        is_silent: Callable[[str], bool] = silent,
    ) -> None:
        self._is_silent = is_silent
        self._server = server
        self._person = person
        self._chat = chat
        self._presses: set[str] = set()
        self._read = len(server.calls)
        self._here = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The phone holds nothing open."""

    @property
    def _where(self) -> int:
        return self._chat if self._chat is not None else int(self._person.id)

    async def say(self, text: str, *, photo: bool = False) -> None:
        before = self._count()
        if photo:
            self._server.photo(self._person, self._chat, caption=text[:1024], content=picture())
        else:
            self._server.text(self._person, text[:4096], self._chat)
        await self._settled(before)

    async def press(self, label: str) -> bool:
        before = self._count()
        try:
            self._presses.add(str(self._server.press(self._person, label, self._chat).id))
        except LookupError:
            return False
        await self._settled(before)
        return True

    async def shown(self) -> list[Shown]:
        return [
            Shown(str(s.id), s.text, tuple(b for row in s.buttons for b in row))
            for s in self._server.seen(self._where)
            if s.mine
        ]

    def _count(self) -> int:
        """How many calls have been for this screen since it was opened."""
        calls = self._server.calls
        self._here += sum(1 for c in itertools.islice(calls, self._read, None) if self._is_here(c))
        self._read = len(calls)
        return self._here

    def _is_here(self, call: Any) -> bool:
        """A message in this chat, or the answer to a press of this person."""
        if call.method == "answerCallbackQuery":
            return str(call.params.get("callback_query_id")) in self._presses
        return str(call.params.get("chat_id")) == str(self._where)

    async def _settled(self, before: int, most: float = PATIENCE) -> None:
        """Waits for an answer, and then for a moment of silence."""
        loop = asyncio.get_running_loop()
        until, last, seen = loop.time() + most, loop.time(), before
        while loop.time() < until:
            now = self._count()
            if now != seen:
                seen, last = now, loop.time()
            if seen > before and loop.time() - last > QUIET and self._is_silent(str(self._where)):
                return
            await asyncio.sleep(0.02)
