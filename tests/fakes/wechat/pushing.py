"""What happens at the account is pushed to its address: encrypted by wechatpy, three tries of some seconds, answers judged."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any
from xml.sax.saxutils import escape

import httpx
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from tests.fakes.wechat.world import AES_KEY, APP_ID, ORIGINAL_ID, TOKEN, Person, Seen, World

TRIES = 3


def signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(TOKEN, *parts)
    return str(signer.signature)


def xml(fields: dict[str, Any]) -> str:
    """A message as the documents show it: numbers plain, words in CDATA."""

    def one(tag: str, value: Any) -> str:
        if isinstance(value, list):
            return "".join(one(tag, each) for each in value)
        if isinstance(value, dict):
            return f"<{tag}>{''.join(one(k, v) for k, v in value.items())}</{tag}>"
        if isinstance(value, int | float):
            return f"<{tag}>{value}</{tag}>"
        safe = value.replace("]]>", "]]]]><![CDATA[>")
        return f"<{tag}><![CDATA[{safe}]]></{tag}>"

    return f"<xml>{''.join(one(escape(k), v) for k, v in fields.items())}</xml>"


class Pusher:
    """Pushes to one address. `patience` are the seconds of one try."""

    def __init__(self, world: World, violations: list[str]) -> None:
        self.world = world
        self.url = ""
        self.patience = 5.0
        self.lose = 0
        """So many answers get lost on their way back: the push is repeated."""
        self.early = 0.0
        """Seconds after which a repeat is sent although the first has not ended."""
        self.answers: list[tuple[int, str]] = []
        self._violations = violations
        self._crypt = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
        self._http = httpx.AsyncClient(trust_env=False, timeout=30)

    async def close(self) -> None:
        await self._http.aclose()

    def sealed(self, fields: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """Query and body of one push, signed now."""
        stamp, nonce = str(int(self.world.now().timestamp())), str(secrets.randbelow(10**9))
        inner = self._crypt.encrypt_message(xml(fields), nonce, stamp)
        sealed = xmltodict.parse(inner)["xml"]["Encrypt"]
        query = {
            "signature": signature(stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": str(fields["FromUserName"]),
            "encrypt_type": "aes",
            "msg_signature": signature(stamp, nonce, sealed),
        }
        return query, xml({"ToUserName": ORIGINAL_ID, "Encrypt": sealed}).encode()

    async def check_address(self) -> str:
        """What the console does when the address is entered."""
        stamp, nonce, echo = str(int(self.world.now().timestamp())), "1", secrets.token_hex(8)
        query = {"signature": signature(stamp, nonce), "timestamp": stamp, "nonce": nonce, "echostr": echo}
        answer = await self._http.get(self.url, params=query)
        return "ok" if answer.status_code == 200 and answer.text == echo else f"{answer.status_code} {answer.text[:80]}"

    async def push(self, person: Person, fields: dict[str, Any]) -> str:
        """Pushes until an answer has come; the words the person sees of it, or "" for none."""
        waiting = []
        for _ in range(TRIES):
            waiting.append(asyncio.create_task(self._once(fields)))
            await asyncio.wait(waiting, timeout=self.early or self.patience, return_when=asyncio.FIRST_COMPLETED)
            done = [task for task in waiting if task.done()]
            kept = [task for task in done if task.result() is not None and not self._lost()]
            if kept:
                return self._shown(person, kept[0].result() or "")
            waiting = [task for task in waiting if task not in done]
        if waiting:
            done_late, left = await asyncio.wait(waiting, timeout=self.patience)
            for task in left:
                task.cancel()
            for task in done_late:
                if task.result() is not None:
                    return self._shown(person, task.result() or "")
        person.screen.append(Seen("error", "该服务号暂时无法提供服务，请稍后再试", self.world.now()))
        return ""

    def _lost(self) -> bool:
        if self.lose:
            self.lose -= 1
            return True
        return False

    async def _once(self, fields: dict[str, Any]) -> str | None:
        """The body of the answer; None when there was none in time."""
        query, body = self.sealed(fields)
        started = time.monotonic()
        try:
            answer = await asyncio.wait_for(
                self._http.post(
                    self.url, params=query, content=body, headers={"content-type": "text/xml"}, timeout=None
                ),
                self.patience,
            )
        except (httpx.HTTPError, TimeoutError):
            return None
        self.answers.append((answer.status_code, f"{time.monotonic() - started:.2f}"))
        return answer.text if answer.status_code == 200 else None

    def _shown(self, person: Person, body: str) -> str:
        if body in ("", "success"):
            return ""
        try:
            outer = xmltodict.parse(body)["xml"]
            inner = self._crypt.decrypt_message(body, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
            reply = xmltodict.parse(inner)["xml"]
        except Exception as error:  # whatever it is, it is the answer's fault
            self._violations.append(f"the answer cannot be read: {type(error).__name__} {error}")
            return ""
        text = str(reply.get("Content") or "")
        wrong = [
            what
            for what, right in (
                ("ToUserName", reply.get("ToUserName") == person.openid),
                ("FromUserName", reply.get("FromUserName") == ORIGINAL_ID),
                ("CreateTime", str(reply.get("CreateTime", "")).isdigit()),
                ("MsgType", reply.get("MsgType") == "text"),
                ("Content", bool(text) and len(text.encode()) <= 2048),
            )
            if not right
        ]
        if wrong:
            self._violations.append(f"the answer is wrong in {wrong}")
            return ""
        person.screen.append(Seen("passive", text, self.world.now()))
        return text
