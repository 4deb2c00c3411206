"""Callbacks to the program: encrypted by wechatpy, sent in three tries, repeats and disorder on order."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from wechatpy.work.crypto import WeChatCrypto

from tests.fakes.wecom.world import AGENT, CORP, Clock

TOKEN, AES_KEY = "token-of-the-callback", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TRIES = 3
WAITS = 120.0
"""Seconds of one try. The platform gives five; whether they are enough on this machine is not for journeys to judge."""


@dataclass
class Tried:
    """One delivery: the plain fields and the status of each try; 0 when nothing came in time."""

    fields: dict[str, Any]
    statuses: list[int] = field(default_factory=list)


class Callbacks:
    """Sends to `url`, or through `transport` to an app in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
        self.url = ""
        self.transport: httpx.AsyncBaseTransport | None = None
        self.sent: list[Tried] = []
        self.twice = False
        """Every callback comes twice, the second before the first has been answered."""
        self.lose_answers = 0
        """So many answers are lost: the platform tries again though the program has done its work."""
        self.held: list[dict[str, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        """Keeps callbacks back until `let_go`."""
        self.held = []

    def let_go(self, *, backwards: bool = False) -> None:
        """Sends what was kept back, in another order if asked for."""
        held, self.held = self.held or [], None
        for fields in reversed(held) if backwards else held:
            self.send(fields)

    def send(self, fields: dict[str, Any]) -> None:
        """Begins to deliver; the person's phone does not wait for it."""
        if self.held is not None:
            self.held.append(fields)
            return
        for _ in range(2 if self.twice else 1):
            task = asyncio.create_task(self._deliver(fields))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Returns when every callback was taken or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def envelope(self, fields: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """(query, body) of a callback, as wechatpy writes it."""
        stamp, nonce = str(int(self._clock_for_signature())), secrets.token_hex(5)
        sealed = self._crypto.encrypt_message(write(fields), nonce, stamp)
        signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        cipher = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        body = (
            f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[{AGENT}]]></AgentID>"
            f"<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
        )
        return {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}, body.encode()

    def _clock_for_signature(self) -> float:
        """The signature's time is checked against the real clock, whatever the test has turned."""
        return self._clock.now() - self._clock.ahead

    async def _deliver(self, fields: dict[str, Any]) -> None:
        tried = Tried(fields)
        self.sent.append(tried)
        for _ in range(TRIES):
            query, body = self.envelope(fields)
            status = await self.post(query, body)
            if self.lose_answers:
                self.lose_answers -= 1
                status = 0
            tried.statuses.append(status)
            if status == 200:
                return

    async def post(self, query: dict[str, str], body: bytes) -> int:
        """One try; 0 when there was no answer in time."""
        try:
            async with httpx.AsyncClient(transport=self.transport, timeout=WAITS, trust_env=False) as client:
                answer = await client.post(self.url, params=query, content=body, headers={"Content-Type": "text/xml"})
        except httpx.HTTPError:
            return 0
        return answer.status_code


def write(fields: dict[str, Any]) -> str:
    """The plain XML of a callback, as the documents show it."""

    def tag(name: str, value: Any) -> str:
        if isinstance(value, dict):
            return f"<{name}>{''.join(tag(k, v) for k, v in value.items())}</{name}>"
        text = str(value).replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}>{value}</{name}>" if isinstance(value, int | float) else f"<{name}><![CDATA[{text}]]></{name}>"

    return f"<xml>{''.join(tag(name, value) for name, value in fields.items())}</xml>"
