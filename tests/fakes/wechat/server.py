"""The platform on a loopback port, and what people do on it. Everything is pushed at once; `settle` pushes reports of notices."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.wechat.api import Api
from tests.fakes.wechat.pushing import Pusher
from tests.fakes.wechat.rules import ApiError
from tests.fakes.wechat.world import APP_ID, CODE_LIFE, ORIGINAL_ID, Person, Seen, World
from tests.serving import KEEP_ALIVE, begun

PATIENCE = 120.0
"""Seconds after which what a test waits for is taken for lost."""


class Call(NamedTuple):
    """One call of the account's program."""

    path: str
    code: int


class WeChatServer:
    """Use as an async context manager; `base_url` is the account's WeChat, `url` has to be set to the program's callback."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.world = World(now)
        self.violations: list[str] = []
        self.calls: list[Call] = []
        self.failing: dict[str, list[int]] = {}
        self.holder: Person | None = None
        """Who holds the phone of a browser that really goes through the sign-in."""
        self.api = Api(self.world)
        self.pusher = Pusher(self.world, self.violations)
        self.base_url = ""
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        self._server = _Quiet(uvicorn.Config(app, log_config=None, lifespan="off", timeout_keep_alive=KEEP_ALIVE))
        self._task = await begun(self._server, listening)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pusher.close()
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    def assert_clean(self) -> None:
        """Nothing that was sent here broke a documented rule."""
        assert not self.violations, self.violations

    # --- what people do

    def person(self, name: str, *, follows: bool = True) -> Person:
        return self.world.person(name, follows=follows)

    async def text(self, person: Person, words: str, **more: Any) -> str:
        """Says something; what comes back at once."""
        self._said(person, words)
        return await self.push(person, "text", Content=words, **more)

    async def tap(self, person: Person, label: str, menu_id: str) -> str:
        """Taps a line of a menu message: it comes as a text, and counts as a click."""
        self.world.opens_click(person)
        return await self._push(person, self.message(person, "text", Content=label, bizmsgmenuid=menu_id))

    async def photo(self, person: Person, content: bytes) -> str:
        self._said(person, "[图片]")
        media = self.world.add_file("image", content, "image/jpeg")
        return await self.push(person, "image", PicUrl="http://mmbiz.qpic.cn/x", MediaId=media)

    async def voice(self, person: Person, content: bytes, heard: str = "") -> str:
        self._said(person, "[语音]")
        media = self.world.add_file("voice", content, "audio/amr")
        more = {"Recognition": heard} if heard else {}
        return await self.push(person, "voice", MediaId=media, Format="amr", **more)

    async def place(self, person: Person, lat: float, lon: float, label: str = "") -> str:
        self._said(person, "[位置]")
        return await self.push(person, "location", Location_X=lat, Location_Y=lon, Scale=16, Label=label)

    async def follow(self, person: Person, scene: str = "") -> str:
        """Follows the account, by search or by a code."""
        person.follows = True
        self.world.opens_click(person)
        more = {"EventKey": f"qrscene_{scene}", "Ticket": "t"} if scene else {"EventKey": ""}
        return await self.event(person, "subscribe", **more)

    async def unfollow(self, person: Person) -> str:
        person.follows = False
        person.message = person.click = None
        return await self.event(person, "unsubscribe", EventKey="")

    async def scan(self, person: Person, scene: str) -> str:
        self.world.opens_click(person)
        return await self.event(person, "SCAN", EventKey=scene, Ticket="t")

    async def click(self, person: Person, key: str) -> str:
        self.world.opens_click(person)
        return await self.event(person, "CLICK", EventKey=key)

    async def view(self, person: Person, url: str) -> str:
        return await self.event(person, "VIEW", EventKey=url, MenuId=1)

    async def agree(self, person: Person, template: str, *, accepts: bool = True) -> str:
        """Answers the question of a notice on a page."""
        if accepts:
            person.agreed[template] = person.agreed.get(template, 0) + 1
        status = "accept" if accepts else "reject"
        one = {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": 1}
        return await self.event(person, "subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": [one]})

    async def take_back(self, person: Person, template: str) -> str:
        person.agreed[template] = 0
        one = {"TemplateId": template, "SubscribeStatusString": "reject"}
        return await self.event(person, "subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": [one]})

    async def settle(self) -> int:
        """Pushes what became of the notices that went out; how many."""
        waiting, self.api.notices = self.api.notices, []
        for way, person, number, template in waiting:
            blocked = person.blocks_notices
            if way == "template":
                status = "failed:user block" if blocked else "success"
                await self.event(person, "TEMPLATESENDJOBFINISH", MsgID=int(number), Status=status)
            else:
                one = {
                    "TemplateId": template,
                    "MsgID": int(number),
                    "ErrorCode": 43101 if blocked else 0,
                    "ErrorStatus": "user refuse" if blocked else "success",
                }
                await self.event(person, "subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": [one]})
        return len(waiting)

    def authorize(self, person: Person, address: str) -> str:
        """The silent sign-in: where the browser is sent. AssertionError for what the platform would not accept."""
        asked = urlsplit(address)
        query = {k: v[0] for k, v in parse_qs(asked.query).items()}
        assert asked.path == "/connect/oauth2/authorize", asked.path
        assert asked.fragment == "wechat_redirect"
        assert list(parse_qs(asked.query)) == ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert query["appid"] == APP_ID
        assert (query["response_type"], query["scope"]) == ("code", "snsapi_base")
        assert len(query["state"]) <= 128
        assert query["state"].replace("-", "").replace("_", "").isalnum()
        assert urlsplit(query["redirect_uri"]).netloc == self.world.web_domain, "redirect_uri 参数错误 10003"
        code = secrets.token_urlsafe(24)
        self.world.sign_ins[code] = (person.openid, self.world.now() + CODE_LIFE)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    # --- pushing

    def message(self, person: Person, kind: str, **values: Any) -> dict[str, Any]:
        """A message with a new id."""
        return {**self._head(person, kind), **values, "MsgId": self.world.next_id()}

    async def push(self, person: Person, kind: str, **values: Any) -> str:
        return await self._push(person, self.message(person, kind, **values))

    async def event(self, person: Person, event: str, **values: Any) -> str:
        return await self._push(person, {**self._head(person, "event"), "Event": event, **values})

    async def again(self, person: Person, fields: dict[str, Any]) -> str:
        """The very same message once more."""
        return await self._push(person, fields)

    async def _push(self, person: Person, fields: dict[str, Any]) -> str:
        return await self.pusher.push(person, fields)

    def _head(self, person: Person, kind: str) -> dict[str, Any]:
        return {
            "ToUserName": ORIGINAL_ID,
            "FromUserName": person.openid,
            "CreateTime": int(self.world.now().timestamp()),
            "MsgType": kind,
        }

    def _said(self, person: Person, words: str) -> None:
        self.world.opens_message(person)
        person.screen.append(Seen("said", words, self.world.now(), mine=False))

    # --- looking

    def seen(self, person: Person) -> list[Seen]:
        return [one for one in person.screen if one.mine]

    async def wait_for(self, person: Person, part: str, seconds: float = PATIENCE, *, after: int = 0) -> Seen:
        """The first message on the screen that holds these words, as soon as it is there."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            for one in self.seen(person)[after:]:
                if part in one.text:
                    return one
            await asyncio.sleep(0.05)
        raise AssertionError(f"no {part!r} for {person.name}: {[s.text for s in self.seen(person)][-4:]}")

    def choice(self, person: Person, label: str) -> str:
        """The number before a label in the newest menu on the screen."""
        for one in reversed(self.seen(person)):
            for line in reversed(one.text.splitlines()):
                number, _, rest = line.partition(". ")
                if number.isdigit() and label in rest:
                    return number
        raise AssertionError(f"no choice {label!r}: {[s.text for s in self.seen(person)][-2:]}")

    # --- answering

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path == "/connect/oauth2/authorize" and self.holder is not None:
            asked = f"{request.url}#wechat_redirect"  # no browser sends what stands behind #
            return RedirectResponse(self.authorize(self.holder, asked), 302)
        waiting = self.failing.get(path)
        try:
            if waiting:
                raise ApiError(waiting.pop(0), "as the test wants it")
            answer = await self.api.answer(request)
        except ApiError as error:
            self.calls.append(Call(path, error.code))
            if error.violation:
                self.violations.append(f"{path}: {error}")
            return JSONResponse({"errcode": error.code, "errmsg": f"{error.message} rid: 1"})
        self.calls.append(Call(path, 0))
        return answer

    @asynccontextmanager
    async def losing(self, count: int) -> AsyncIterator[None]:
        """So many answers get lost."""
        self.pusher.lose = count
        yield
        self.pusher.lose = 0


class _Quiet(uvicorn.Server):
    """Leaves the signals of the test process alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
