"""Our page of notices inside WeChat: what there is to agree to, what was agreed to, and the signature its script wants.

The answer itself comes from WeChat as an event and is kept by the channel; the page only shows the buttons.
"""

from __future__ import annotations

import structlog

from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.refusals import WeChatError
from bot.channels.wechat.shapes import NAME
from bot.clock import Clock
from bot.jssdk import sign
from bot.web.ports import Absent, Agreeing, Notice
from storage import people, windows
from storage.tx import Store, Tx
from storage.windows import LASTING, Who

log = structlog.get_logger()


class WeChatAgreeing:
    """The notices of one account."""

    def __init__(self, channel: WeChatChannel, store: Store, clock: Clock) -> None:
        self._channel = channel
        self._store = store
        self._clock = clock

    async def open(self, user: str | None, url: str) -> Agreeing:
        """The page at this address for a user of the web chat. Raises `Absent` without notices, else ConnectionError."""
        if not self._channel.agreed:
            raise Absent
        try:
            ticket = await self._channel.client.page_ticket()
        except WeChatError as error:
            log.warning("wechat.no_page_ticket", code=error.code)
            raise ConnectionError(str(error)) from None
        async with self._store.read() as tx:
            left = await self._left(tx, user)
        notices = [
            Notice(form.id, purpose, form.lasting, None if left is None else _counted(left.get(form.id, 0)))
            for purpose, form in self._channel.agreed.items()
        ]
        return Agreeing(self._channel.account, *sign(ticket, url, self._clock.now()), notices)

    async def _left(self, tx: Tx, user: str | None) -> dict[str, int] | None:
        """form -> what was agreed to; None when the user is nobody whom this account knows."""
        person = await people.find_by_identity(tx, "web", "", user) if user else None
        known = await people.identities_of(tx, person.id) if person else []
        mine = [key for channel, account, key in known if (channel, account) == (NAME, self._channel.account)]
        return await windows.agreed(tx, Who(NAME, self._channel.account, mine[0])) if mine else None


def _counted(left: int) -> int:
    return -1 if left >= LASTING else left
