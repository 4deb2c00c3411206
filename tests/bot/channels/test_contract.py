"""What every channel promises: its capabilities are what its platform does, and every sentence fits into every one of them."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChannel
from bot.channels.wechat.channel import ANSWERS_FOR, WeChatChannel
from bot.channels.wecom.channel import WecomChannel
from bot.passive import WITHIN
from bot.texts import render
from handlers.messages import Address, Capabilities, Edit, Key, Outgoing, Push, Receipt, Refusal, Refused
from storage import windows
from storage.windows import Who
from tests.fakes.telegram import TOKEN, TelegramServer
from tests.fakes.wechat import APP_ID
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
    """Labels are cut by nobody: a kind and a number have to find room on one."""
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
