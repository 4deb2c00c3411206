"""The group bot's connection: subscribe, frames in order, answers, heartbeat, coming back, and giving way."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.wecom import connection
from bot.channels.wecom.connection import BotConnection, Pressed
from bot.channels.wecom.refusals import WecomError
from handlers.messages import Outgoing, Receipt, Refusal, Refused
from tests.bot.channels.wecom.conftest import Wired, keyed, to
from tests.fakes.wecom import BOT, BOT_SECRET, WecomServer
from tests.fakes.wecom.server import PATIENCE


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the platform's patience here."""
    monkeypatch.setattr(connection, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(connection, "LOOK", 0.05)


@pytest.fixture
async def live(wired: Wired) -> Wired:
    await wired.channel.start(wired.take)
    assert wired.channel.bot is not None
    await asyncio.wait_for(wired.channel.bot.ready.wait(), PATIENCE)
    return wired


async def until(condition: object, within: float = PATIENCE) -> None:
    for _ in range(int(within / 0.02)):
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


async def test_words_in_a_group_are_heard_in_order_and_answered(live: Wired, server: WecomServer) -> None:
    wang = server.member("wang")
    group = server.group("第一网格", [wang])
    for number in range(5):
        server.say(wang, f"第 {number} 句", group)
    await until(lambda: len(live.received) == 5)
    said = [live.channel.parse(update.raw)[0] for update in live.received]
    assert [each.text for each in said] == [f"第 {n} 句" for n in range(5)]
    sent = await live.channel.send(said[0].address, Outgoing(text="听到了 [链接](x)"))
    assert isinstance(sent, Receipt)
    assert server.seen(group)[-1].text == "听到了 ［链接］(x)"
    server.assert_clean()


async def test_a_pressed_card_is_changed_within_seconds_and_said_anew_later(live: Wired, server: WecomServer) -> None:
    wang = server.member("wang")
    group = server.group("第一网格", [wang])
    group.met = True
    chat = to(f"g/{group.id}", group=True)
    sent = await live.channel.send(chat, keyed("1001", "接单", slot="c"))
    assert isinstance(sent, Receipt)
    server.press(wang, "接单", group)
    await until(lambda: live.received)
    changed = await live.channel.send(chat, keyed("1001 王师傅", "填结果", slot="c"), post=sent.ref)
    assert changed == sent
    assert [seen.buttons for seen in server.seen(group)] == [("填结果",)]
    later = await live.channel.send(chat, keyed("1001 李师傅", "填结果", slot="c"), post=sent.ref)
    assert later != sent, "nobody has pressed: the platform allows no change"
    assert len(server.seen(group)) == 2
    server.assert_clean()


async def test_of_several_cards_none_is_changed_and_the_news_come_once(live: Wired, server: WecomServer) -> None:
    """Only the pressed card may be changed, so the others would stay as they were between two copies of the news."""
    wang = server.member("wang")
    group = server.group("第一网格", [wang])
    group.met = True
    chat = to(f"g/{group.id}", group=True)
    sent = await live.channel.send(chat, keyed("哪一个？", *[f"第 {n} 个" for n in range(9)], slot="c"))
    assert isinstance(sent, Receipt)
    before = server.seen(group)
    server.press(wang, "第 1 个", group)
    await until(lambda: live.received)
    anew = await live.channel.send(chat, keyed("已选第 1 个", "改", slot="c"), post=sent.ref)
    assert isinstance(anew, Receipt)
    assert anew != sent
    shown = server.seen(group)
    assert shown[:-1] == before
    assert (shown[-1].text, shown[-1].buttons) == ("已选第 1 个", ("改",))
    server.assert_clean()


async def test_a_file_goes_in_parts(live: Wired, server: WecomServer) -> None:
    assert live.channel.bot is not None
    content = bytes(range(256)) * 2400
    handle = await live.channel.bot.upload("file", "a.bin", content)
    assert server.world.find_file(handle)[0] == content


async def test_a_broken_connection_comes_back(live: Wired, server: WecomServer) -> None:
    wang = server.member("wang")
    await server.bot.drop()
    await until(lambda: server.bot.connected == 2 and server.bot.live)
    server.say(wang, "还在吗")
    await until(lambda: live.received)


async def test_without_answers_to_heartbeats_it_connects_anew(server: WecomServer) -> None:
    async def nothing(_frame: object) -> None:
        return None

    server.bot.mute_pings = True
    bot = BotConnection(server.bot.url, BOT, BOT_SECRET, nothing, heartbeat=0.05)
    await bot.start()
    try:
        await until(lambda: server.bot.connected >= 2)
        server.bot.mute_pings = False
        await until(lambda: server.bot.pings >= 2)
    finally:
        await bot.stop()


async def test_a_newer_connection_is_not_fought(live: Wired, server: WecomServer) -> None:
    async def nothing(_frame: object) -> None:
        return None

    other = BotConnection(server.bot.url, BOT, BOT_SECRET, nothing)
    await other.start()
    try:
        await asyncio.wait_for(other.ready.wait(), PATIENCE)
        assert live.channel.bot is not None
        await until(lambda: not live.channel.bot.ready.is_set())  # type: ignore[union-attr]
        await asyncio.sleep(0.5)
        assert server.bot.connected == 2
        refused = await live.channel.send(to("b/wang"), Outgoing(text="x"))
        assert isinstance(refused, Refused)
        assert refused.reason is Refusal.TEMPORARY
    finally:
        await other.stop()


async def test_a_wrong_secret_is_not_tried_again_and_again(server: WecomServer) -> None:
    async def nothing(_frame: object) -> None:
        return None

    bot = BotConnection(server.bot.url, BOT, "wrong", nothing)
    await bot.start()
    await until(lambda: server.bot.calls)
    await asyncio.sleep(0.5)
    assert [code for _, _, code in server.bot.calls] == [853000]
    with pytest.raises(WecomError):
        await bot.call("aibot_send_msg", {})
    await bot.stop()


async def test_only_the_process_that_may_connects(server: WecomServer) -> None:
    async def nothing(_frame: object) -> None:
        return None

    may = False
    bot = BotConnection(server.bot.url, BOT, BOT_SECRET, nothing)
    bot.may_connect = lambda: may
    await bot.start()
    await asyncio.sleep(0.3)
    assert not server.bot.connected
    may = True
    await until(lambda: server.bot.live)
    may = False
    await until(lambda: not server.bot.live)
    await bot.stop()


async def test_a_busy_store_is_asked_again(live: Wired, server: WecomServer) -> None:
    live.fails = 1
    server.say(server.member("wang"), "别丢了")
    await until(lambda: live.received)


async def test_a_stranger_group_is_gone(live: Wired, server: WecomServer) -> None:
    refused = await live.channel.send(to("g/wr-unknown", group=True), Outgoing(text="x"))
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.GONE


def test_presses_can_be_answered_for_some_seconds_each_once() -> None:
    now = 100.0
    pressed = Pressed(lambda: now)
    pressed.note("t1", "r1")
    pressed.note("t1", "r2")
    assert [pressed.take("t1") for _ in range(3)] == ["r1", "r2", ""]
    pressed.note("t1", "r3")
    now = 105.0
    assert pressed.take("t1") == ""
    pressed.note("t2", "r4")
    assert pressed.take("t1") == ""
