"""Tokens and tickets of the account, shared by processes; and the platform's own refusals, none of them made up by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from bot.channels.wechat.client import Client
from bot.channels.wechat.refusals import WeChatError
from bot.clock import Clock
from storage import platforms
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.fakes.wechat import APP_ID, SECRET, Person, WeChatServer
from tests.fakes.wechat.rules import stable_token
from tests.journeys.conftest import TurnedClock
from tests.journeys.wechat_program import Town, town
from tests.storage.conftest import Fresh, cluster, fresh, kind, template  # noqa: F401


class Office:
    """Processes of one deployment: a store and a client each, on one database."""

    def __init__(self, url: str, wechat: WeChatServer, clock: Clock, stack: AsyncExitStack) -> None:
        self.wechat, self.clock = wechat, clock
        self._url, self._stack, self._key = url, stack, new_key()

    async def process(self) -> Client:
        database = Database(self._url, "street")
        self._stack.push_async_callback(database.close)
        store = Store(database, Ids(), Sealer([self._key]))
        client = Client(APP_ID, SECRET, self.wechat.base_url, store, self.clock)
        client._http.timeout = httpx.Timeout(120)
        self._stack.push_async_callback(client.close)
        return client

    def asked(self, path: str) -> int:
        return len([call for call in self.wechat.calls if path in call.path and not call.code])


@pytest.fixture
async def office(fresh: Fresh, kind: str) -> AsyncIterator[Office]:  # noqa: F811
    clock = TurnedClock()
    async with WeChatServer(clock.now) as wechat, AsyncExitStack() as stack:
        yield Office(fresh(kind), wechat, clock, stack)
        wechat.assert_clean()


async def test_what_one_process_has_fetched_all_use(office: Office) -> None:
    one, other = await office.process(), await office.process()
    tokens = [await client.token() for client in (one, other, one)]
    assert len(set(tokens)) == 1
    assert office.asked("stable_token") == 1, "two processes, one fetch"
    tickets = [await client.page_ticket() for client in (one, other)]
    assert len(set(tickets)) == 1
    assert office.asked("ticket/getticket") == 1
    assert isinstance(office.clock, TurnedClock)
    office.clock.turn(hours=1, minutes=56)
    assert await other.token() != tokens[0], "renewed before its end"
    assert await one.token() == await other.token()
    assert office.asked("stable_token") == 2


async def test_a_hundred_calls_at_once_fetch_once_a_process(office: Office) -> None:
    clients = [await office.process() for _ in range(2)]
    told = await asyncio.gather(*[client.token() for client in clients for _ in range(50)])
    assert len(set(told)) == 1
    assert office.asked("stable_token") <= len(clients)
    assert not office.wechat.world.forced_at, "nobody ends a token that others use"


async def test_a_token_that_somebody_else_has_ended_is_fetched_once_more(office: Office) -> None:
    """42001: it was ended by force, from a tool of the account's owner; 40001: the platform does not know it at all."""
    one, other = await office.process(), await office.process()
    await one.token()
    stable_token(office.wechat.world, force=True)
    assert (await one.get("/cgi-bin/get_current_selfmenu_info"))["is_menu_open"] == 0
    assert (await other.get("/cgi-bin/get_current_selfmenu_info"))["is_menu_open"] == 0
    codes = [call.code for call in office.wechat.calls if "selfmenu" in call.path]
    assert codes == [42001, 0, 0], "one was refused, the other uses the new one"
    office.wechat.world.stable.clear()
    await asyncio.gather(*[client.get("/cgi-bin/get_current_selfmenu_info") for client in (one, other)])
    codes = [call.code for call in office.wechat.calls if "selfmenu" in call.path][3:]
    assert sorted(codes)[:2] == [0, 0]
    assert 40001 in codes
    assert len(office.wechat.world.stable) == 1


async def test_a_token_that_stays_refused_is_no_loop(office: Office) -> None:
    client = await office.process()
    office.wechat.failing["/cgi-bin/menu/create"] = [40001] * 20
    for _ in range(5):
        with pytest.raises(WeChatError):
            await client.post("/cgi-bin/menu/create", {"button": []})
    assert len(office.wechat.world.forced_at) == 1, "by force once in half a minute, not for every call"
    async with client._store.read() as tx:
        kept = await platforms.find_token(tx, "wechat", APP_ID)
    assert kept is not None
    assert kept.forced == 1


# -------------------------------------------------------------------- where the platform counts otherwise than we


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as one:
        yield one


@pytest.mark.parametrize("code", [45015, 45047])
async def test_the_platforms_count_is_the_right_one(running: Town, code: int) -> None:
    """Somebody has left and the event was lost, or another program has written to them too."""
    wechat, aunt = running.wechat, running.wechat.person("李阿姨")
    wang = await running.worker("王师傅", "grid:yinxing-01", "yinxing-01")
    number = await filed(running, aunt)
    assert aunt.message is not None
    if code == 45015:
        aunt.message.until = running.clock.now()
    else:
        aunt.message.left = 0
    await wang.press("接单", number)
    await running.turn(seconds=2)
    assert [call.code for call in wechat.calls if "custom/send" in call.path] == [code], "tried once, and not again"
    assert not any("接了" in one.text for one in wechat.seen(aunt))
    assert "接了" in await wechat.text(aunt, "谢谢"), "what did not arrive is said at the next contact"


async def filed(running: Town, aunt: Person) -> str:
    wechat = running.wechat
    await wechat.text(aunt, "银杏苑三栋二单元楼道灯坏了")
    assert "1001" in await wechat.text(aunt, wechat.choice(aunt, "对，就这样"))
    return "1001"
