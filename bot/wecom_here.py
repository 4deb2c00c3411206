"""Checking in at a place inside WeCom: who it is by silent sign-in, where by the phone itself, each token good once.

What comes out is a position said in the member's own chat, so it answers whatever question is open there.
Source: developer.work.weixin.qq.com/document/path/91022 (sign-in).
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import structlog

from bot.channels.wecom.channel import WecomChannel
from bot.channels.wecom.refusals import WecomError
from bot.channels.wecom.shapes import NAME, here_update
from bot.clock import Clock
from bot.jssdk import sign
from bot.web.ports import Ready
from storage import platforms, tickets
from storage.tx import Store

log = structlog.get_logger()

STATE, HERE = "wecom.state", "wecom.here"
LIFE = timedelta(minutes=10)
EARLY = timedelta(minutes=5)


class CheckIn:
    """The way from a link to a position, for one application."""

    def __init__(
        self, channel: WecomChannel, agent_id: int, store: Store, clock: Clock, sign_in_url: str, base: str
    ) -> None:
        self._channel = channel
        self._agent_id = agent_id
        self._store = store
        self._clock = clock
        self._sign_in_url = sign_in_url.rstrip("/")
        self._base = base

    async def begin(self) -> tuple[str, str]:
        """(address, cookie) of the sign-in that leads back to the page."""
        now, cookie = self._clock.now(), secrets.token_urlsafe(18)
        state = await self._store.run(lambda tx: tickets.issue(tx, STATE, {"cookie": cookie}, now, now + LIFE))
        query = urlencode(
            {
                "appid": self._channel.account,
                "redirect_uri": f"{self._base}/wecom/back",
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
                "agentid": str(self._agent_id),
            }
        )
        return f"{self._sign_in_url}/connect/oauth2/authorize?{query}#wechat_redirect", cookie

    async def arrive(self, code: str, state: str, cookie: str, url: str) -> Ready | None:
        """The page for whoever came back; None when this browser did not begin, or WeCom knows no member by the code."""
        now = self._clock.now()
        begun = await self._store.run(lambda tx: tickets.use(tx, STATE, state, now))
        if begun is None or not cookie or not secrets.compare_digest(str(begun["cookie"]).encode(), cookie.encode()):
            return None
        try:
            user = (await self._channel.api.call("auth/getuserinfo", code=code)).get("userid")
            ticket = await self._ticket()
        except WecomError as error:
            log.warning("wecom.check_in_refused", error=str(error))
            return None
        if not user:
            return None
        token = await self._store.run(lambda tx: tickets.issue(tx, HERE, {"user": user}, now, now + LIFE))
        return Ready(token, self._channel.account, *sign(ticket, url, datetime.now(UTC)))

    async def take(self, token: str, lat: float, lon: float) -> bool:
        """Stores the position as said by the member; False for a token that is used or too old."""
        now = self._clock.now()
        known = await self._store.run(lambda tx: tickets.peek(tx, HERE, token, now))
        if known is None:
            return False
        # stored under the token's name: the same position sent again is the same update
        await self._channel.hand_over(here_update(known["user"], token, lat, lon, now))
        return await self._store.run(lambda tx: tickets.use(tx, HERE, token, now)) is not None

    async def _ticket(self) -> str:
        """The JS-SDK's ticket, shared by every process. Raises `WecomError`."""
        account, now = f"{self._channel.account}/{self._agent_id}/js", datetime.now(UTC)
        async with self._store.read() as tx:
            kept = await platforms.find_token(tx, NAME, account)
        if kept is not None and kept.expires_at > now:
            return kept.token
        told = await self._channel.api.call("get_jsapi_ticket")
        ticket, until = str(told["ticket"]), now + timedelta(seconds=int(told["expires_in"])) - EARLY
        await self._store.run(lambda tx: platforms.keep_token(tx, NAME, account, ticket, until))
        return ticket
