"""What every channel promises: its capabilities are what its platform does, and every sentence fits into every one of them."""

from __future__ import annotations

import asyncio
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.accounts import PARTS, parts
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChannel
from bot.channels.wechat.channel import ANSWERS_FOR, WeChatChannel
from bot.channels.wecom.cards import Words
from bot.channels.wecom.channel import Account, WecomChannel
from bot.channels.wecom.pace import Budget
from bot.passive import WITHIN
from bot.texts import render
from handlers.messages import Address, Capabilities, Edit, Key, Outgoing, Push, Receipt, Refusal, Refused
from storage import windows
from storage.database import Database
from storage.ids import Ids
from storage.schema import metadata
from storage.seal import Sealer, new_key
from storage.tx import Store
from storage.windows import Who
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.wechat import APP_ID
from tests.fakes.wecom import AGENT, BOT, BOT_SECRET, CORP, SECRET, WecomServer
from tests.fakes.wecom.server import PATIENCE
from tests.journeys.wechat_program import Town, town

CHANNELS: dict[str, Capabilities] = {
    "telegram": TelegramChannel.capabilities,
    "web": WebChannel.capabilities,
    "wechat": WeChatChannel.capabilities,
    "wecom": WecomChannel.capabilities,
}
TEXTS = render.load(ZoneInfo("Asia/Shanghai"))
LONG = {
    "words": 200, "lines": 300, "note": 120, "others": 40, "following": 40, "choices": 120, "wishes": 500, "safety": 80,
    "answer": 300, "text": 200, "number": 3, "count": 2, "stars": 1, "due": 12, "respond_due": 12, "resolve_due": 12,
    "at": 12, "until": 12, "again": 12, "received": 12,
}  # fmt: skip
"""Characters that a blank may hold at most; every other holds a name, a kind or a place."""
SHORT = 24
COUNTED = frozenset({"wishes", "adopted", "fulfilled", "thanked", "adopters", "units"})
"""Numbers; on the wall the wishes themselves."""
ALONE = frozenset({"account.export"})
"""Sentences that may be longer than a message and are cut."""


def filled(key: str) -> str:
    """The sentence with its blanks as full as they get."""
    template = TEXTS._sentences[key]
    out = []
    for literal, name, _, _ in string.Formatter().parse(template):
        out.append(literal)
        if name:
            is_count = name in COUNTED and not key.startswith("wall.")
            out.append("9999" if is_count else "宽" * LONG.get(name, SHORT))
    return "".join(out)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_sentence_fits(name: str) -> None:
    able = CHANNELS[name]
    long = {key: len(filled(key).encode()) for key in TEXTS.keys if key not in ALONE}
    assert {key: size for key, size in long.items() if size > able.max_bytes} == {}


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_button_fits(name: str) -> None:
    """A kind and a number have to find room on one; only names that are too long are cut (handlers/turn.py)."""
    able = CHANNELS[name]
    for key in TEXTS.keys:
        if key.rpartition(".")[2].startswith("button_"):
            bare = "".join(part[0] for part in string.Formatter().parse(TEXTS._sentences[key]))
            assert len(bare.strip().encode()) <= able.label_bytes, key


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_what_is_declared_goes_together(name: str) -> None:
    able = CHANNELS[name]
    assert able.max_bytes > 0
    assert able.max_chars > 0
    if able.push is Push.WINDOW:
        assert not able.keeps, "who has to come back for it can be told in no other way"
    if able.answers_for:
        assert able.answers_for > WITHIN, "an answer would go out twice"
        assert able.edit is Edit.NEVER
    assert able.buttons or not able.toasts, "a toast answers a press"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as one:
        yield one


async def test_wechat_does_what_it_declares(running: Town) -> None:
    channel, platform, clock = running.program.wechat, running.wechat, running.clock
    assert channel is not None
    able = channel.capabilities
    aunt = platform.person("李阿姨")
    address = Address(channel="wechat", account=APP_ID, user=aunt.openid, chat=aunt.openid)
    who = Who("wechat", APP_ID, aunt.openid)

    async def opened() -> None:
        platform.world.opens_message(aunt)
        now = clock.now()
        later = datetime(2027, 1, 1, tzinfo=UTC)
        await running.program.store.run(lambda tx: windows.open_window(tx, who, "message", now, later, 5))

    shut = await channel.send(address, Outgoing(text="好"))
    assert isinstance(shut, Refused)
    assert shut.reason is Refusal.WINDOW
    await opened()
    full = "灯" * (able.max_bytes // 3)
    assert await channel.send(address, Outgoing(text=full)) == Receipt()
    assert [one.text for one in platform.seen(aunt)] == [full], "one message of the declared size"
    more = "一句话。" * 400
    assert isinstance(await channel.send(address, Outgoing(text=more)), Receipt)
    parts = [one.text for one in platform.seen(aunt)[1:]]
    assert "".join(parts) == more
    assert all(len(part.encode()) <= able.max_bytes for part in parts)
    keys = ((Key(label="好了", token="a.0"),),)
    await opened()
    first = await channel.send(address, Outgoing(text="一", keys=keys))
    again = await channel.send(address, Outgoing(text="二"), post="1")
    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert [one.text for one in platform.seen(aunt)[-2:]] == ["一", "二"], "nothing is changed in place"
    assert await channel.send(address, Outgoing(text="", callback="x")) == Receipt(), "no toasts"
    assert able.answers_for == ANSWERS_FOR


@pytest.fixture
async def staffed() -> AsyncIterator[WecomServer]:
    async with WecomServer() as one:
        yield one
        one.assert_clean()


@asynccontextmanager
async def wecom_channel(folder: Path, server: WecomServer) -> AsyncIterator[WecomChannel]:
    """A channel whose clock is the platform's."""
    database = Database(f"sqlite:///{folder / 'wecom.db'}", "test")
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    account = Account(
        CORP, AGENT, SECRET, bot_id=BOT, bot_secret=BOT_SECRET, base_url=server.base_url, bot_url=server.bot.url
    )
    store, clock = Store(database, Ids(), Sealer([new_key()])), server.world.clock

    async def nobody(_queue: str) -> list[str]:
        return []

    async def forget(_updates: object) -> None:
        return None

    words = Words("已处理", "在应用里回复：{choices}")
    made = WecomChannel(
        account, store, nobody, words, now=lambda: datetime.fromtimestamp(clock.now(), UTC), budget=Budget(clock.now)
    )
    made.api._client.timeout = httpx.Timeout(PATIENCE)
    await made.start(forget)
    assert made.bot is not None
    await asyncio.wait_for(made.bot.ready.wait(), PATIENCE)
    try:
        yield made
    finally:
        await made.stop()
        await database.close()


async def test_wecom_does_what_it_declares(tmp_path: Path, staffed: WecomServer) -> None:
    wang = staffed.member("wang", "王师傅")
    async with wecom_channel(tmp_path, staffed) as channel:
        able, own = channel.capabilities, Address(channel="wecom", account=CORP, user="wang", chat="wang")
        full = "一句话说完。" * (able.max_chars // 6)
        assert isinstance(await channel.send(own, Outgoing(text=full)), Receipt), "may write first, and so much at once"
        assert "".join(one.text for one in staffed.seen(wang)) == full
        staffed.world.clock.turn(3600)

        label = "很长的选项" * (able.label_bytes // 15)
        keys = (tuple(Key(label=f"{label}{n}", token=f"k.{n}") for n in range(6)),)
        assert isinstance(await channel.send(own, Outgoing(text="选哪个？", keys=keys)), Receipt)
        shown = staffed.seen(wang)
        for n in range(6):
            assert any(f"{label}{n}" in one.text for one in shown), (
                "a label that no button holds can be read all the same"
            )
        assert len(shown[-1].buttons) == 6

        card = Outgoing(text="楼道灯坏了", keys=((Key(label="接单", token="k.0"),),), slot="s")
        sent = await channel.send(own, card)
        assert isinstance(sent, Receipt)
        assert able.edit is Edit.FOR_A_TIME
        assert await channel.send(own, card.model_copy(update={"text": "王师傅接了"}), post=sent.ref) == sent
        assert staffed.seen(wang)[-1].text == "王师傅接了", "changed in place"
        anew = await channel.send(own, card.model_copy(update={"text": "办结了"}), post=sent.ref)
        assert isinstance(anew, Receipt)
        assert anew != sent, "a code is good once: what comes then is a new message"
        staffed.world.clock.turn(73 * 3600)
        late = await channel.send(own, card, post=anew.ref)
        assert isinstance(late, Receipt)
        assert late != anew, "nor after three days"
        before = len(staffed.seen(wang))
        assert await channel.send(own, Outgoing(text="已被接走", callback="wang")) == Receipt()
        assert staffed.seen(wang)[before].text == "已被接走", "whoever pressed is told"


async def test_wecoms_groups_do_what_is_declared(tmp_path: Path, staffed: WecomServer) -> None:
    wang = staffed.member("wang", "王师傅")
    async with wecom_channel(tmp_path, staffed) as channel:
        group = staffed.group("第一网格", [wang])
        room = Address(channel="wecom", account=CORP, chat=f"g/{group.id}", is_group=True)
        card = Outgoing(text="楼道灯坏了", keys=((Key(label="接单", token="k.0"),),), slot="s")
        refused = await channel.send(room, card)
        assert isinstance(refused, Refused), "the bot has never been spoken to there"
        assert refused.reason is Refusal.GONE
        staffed.say(wang, "你好", group)
        sent = await channel.send(room, card)
        assert isinstance(sent, Receipt)
        assert staffed.seen(group)[-1].buttons == ("接单",)
        changed = await channel.send(room, card.model_copy(update={"text": "王师傅接了"}), post=sent.ref)
        assert isinstance(changed, Receipt)
        assert [one.text for one in staffed.seen(group)] == ["楼道灯坏了", "王师傅接了"], (
            "nobody has pressed: a new one"
        )


async def test_a_platforms_account_is_one_processs(tmp_path: Path, staffed: WecomServer, running: Town) -> None:
    """A channel that knows a repeated card has limits and one connection all the same; only our own pages are divided."""
    async with wecom_channel(tmp_path, staffed) as channel:
        assert len(parts({("wecom", CORP): channel})) == 1
    assert len(parts({("web", ""): running.program.web})) == PARTS


async def test_telegram_does_what_it_declares() -> None:
    async with TelegramServer() as server:
        channel = TelegramChannel(TOKEN, server.base_url)
        aunt = server.person("李阿姨", started=True)
        address = Address(channel="telegram", user=str(aunt.id), chat=str(aunt.id))
        full = "灯" * channel.capabilities.max_chars
        sent = await channel.send(address, Outgoing(text=full))
        assert isinstance(sent, Receipt)
        assert [one.text for one in server.seen(aunt) if one.mine] == [full]
        await channel.send(address, Outgoing(text="改了"), post=sent.ref)
        assert [one.text for one in server.seen(aunt) if one.mine] == ["改了"], "changed in place"
        label = "灯" * (channel.capabilities.label_bytes // 3)
        await channel.send(address, Outgoing(text="按", keys=((Key(label=label, token="t.0"),),)))
        assert server.seen(aunt)[-1].buttons == [[label]]
        await channel.stop()
        server.assert_clean()


async def test_the_web_does_what_it_declares(running: Town) -> None:
    web = running.program.web
    address = Address(channel="web", user="w1", chat="w1")
    full = "灯" * min(web.capabilities.max_chars, web.capabilities.max_bytes // 3)
    sent = await web.send(address, Outgoing(text=full))
    assert isinstance(sent, Receipt)
    changed = await web.send(address, Outgoing(text="改了"), post=sent.ref)
    assert changed == sent, "changed in place"
    refused = await web.send(address, Outgoing(text=full + "灯"))
    assert isinstance(refused, Refused)
    posts = await web.posts.page("u:w1")
    assert [post.text for post in posts] == ["改了"], "kept until somebody looks"
