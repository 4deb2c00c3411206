"""Our pages inside WeChat: the openid is asked for silently (snsapi_base), and the browser is signed in as that person.

The way back is bound to the browser by a cookie, and every token on the way is good once.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

import structlog

from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.refusals import WeChatError
from bot.channels.wechat.send import PAGE
from bot.channels.wechat.shapes import NAME
from bot.clock import Clock
from storage import people, tickets
from storage.tx import Store, Tx

log = structlog.get_logger()

STATE = "wechat.state"
STATE_LIFE = timedelta(minutes=10)


class Way(NamedTuple):
    """Where to send the browser, and what it has to bring back."""

    url: str
    cookie: str


class Arrival(NamedTuple):
    """Who came back: a user of the web chat, and the page they wanted."""

    user: str
    next: str


class WeChatPages:
    """The way from a menu or a notice of one account to our pages."""

    def __init__(self, channel: WeChatChannel, store: Store, clock: Clock, sign_in_url: str, web_base: str) -> None:
        self._channel = channel
        self._store = store
        self._clock = clock
        self._sign_in_url = sign_in_url.rstrip("/")
        self._web_base = web_base

    async def begin(self, next_: str, ticket: str = "") -> Way:
        """The first step. `ticket` is the token of a notice's link; it is used up only when its person has come."""
        now, cookie = self._clock.now(), secrets.token_urlsafe(18)
        data = {"cookie": cookie, "next": next_, "ticket": ticket}
        state = await self._store.run(lambda tx: tickets.issue(tx, STATE, data, now, now + STATE_LIFE))
        # https://developers.weixin.qq.com/doc/service/guide/h5/auth.html: the order of the parameters is checked
        query = urlencode(
            {
                "appid": self._channel.account,
                "redirect_uri": f"{self._web_base}/wechat/back",
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
            }
        )
        return Way(f"{self._sign_in_url}/connect/oauth2/authorize?{query}#wechat_redirect", cookie)

    async def finish(self, code: str, state: str, cookie: str) -> Arrival | None:
        """The last step; None when this is not the browser that began, or WeChat does not know the code."""
        now = self._clock.now()
        begun = await self._store.run(lambda tx: tickets.use(tx, STATE, state, now))
        if begun is None or not cookie or not secrets.compare_digest(str(begun["cookie"]).encode(), cookie.encode()):
            return None
        try:
            openid = await self._channel.client.whose_code(code)
        except (WeChatError, ConnectionError) as error:
            log.warning("wechat.sign_in_refused", error=type(error).__name__)
            return None
        if not openid:
            return None
        return await self._store.run(lambda tx: self._arrive(tx, openid, begun))

    async def _arrive(self, tx: Tx, openid: str, begun: dict[str, str]) -> Arrival:
        now, to = self._clock.now(), begun["next"]
        if begun["ticket"]:
            wanted = await tickets.peek(tx, PAGE, begun["ticket"], now)
            if wanted is not None and wanted["openid"] == openid:
                await tickets.use(tx, PAGE, begun["ticket"], now)
                to = wanted["to"]
        person = await people.find_by_identity(tx, NAME, self._channel.account, openid, lock=True)
        person = person or await people.add_person(tx, NAME, self._channel.account, openid, "", now)
        known = [user for channel, _, user in await people.identities_of(tx, person.id) if channel == "web"]
        user = known[0] if known else "w" + secrets.token_hex(8)
        if not known:
            await people.add_identity(tx, "web", "", user, person.id)
        return Arrival(user, to)
