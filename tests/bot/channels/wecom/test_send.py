"""Sending over the real HTTP of the local platform: cards, changes, everybody of a queue, groups, limits, refusals."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from bot.channels.base import OutFile
from bot.media import MediaRefused, MediaStore
from handlers.messages import Outgoing, Receipt, Refusal, Refused
from tests.bot.channels.wecom.conftest import Wired, keyed, to
from tests.fakes.wecom import WecomServer
from tests.fakes.wecom.people import PICTURE
from tests.fakes.wecom.server import PATIENCE


async def test_everybody_of_a_queue_has_the_card_and_sees_every_change(wired: Wired, server: WecomServer) -> None:
    wang, liu = server.member("wang"), server.member("liu")
    wired.members["grid:g1"] = ["wang", "liu", "left-the-company"]
    room = to("q/grid:g1", group=True)
    sent = await wired.channel.send(room, keyed("1001 楼道灯", "接单", slot="card:1"))
    assert isinstance(sent, Receipt)
    assert [server.seen(who)[0].buttons for who in (wang, liu)] == [("接单",), ("接单",)]
    changed = await wired.channel.send(room, keyed("1001 王师傅接单", "填结果", slot="card:1"), post=sent.ref)
    assert changed == sent
    assert {server.seen(who)[0].text for who in (wang, liu)} == {"1001 王师傅接单"}
    again = await wired.channel.send(room, Outgoing(text="1001 已销号", slot="card:1"), post=sent.ref)
    assert isinstance(again, Receipt)
    assert again.ref != sent.ref, "no code is left, so it is said anew"
    server.assert_clean()


async def test_a_press_brings_the_code_for_the_next_change(wired: Wired, server: WecomServer) -> None:
    wang = server.member("wang")
    await wired.channel.start(wired.take, with_bot=False)
    server.callbacks.transport, server.callbacks.url = _Hook(wired), "https://x/hooks/wecom"
    sent = await wired.channel.send(to("wang"), keyed("1001", "接单", slot="c"))
    assert isinstance(sent, Receipt)
    for label, after in (("接单", "填结果"), ("填结果", "再来"), ("再来", "好")):
        server.press(wang, label)
        await server.callbacks.settle()
        assert await wired.channel.send(to("wang"), keyed("1001", after, slot="c"), post=sent.ref) == sent
    assert server.seen(wang)[0].buttons == ("好",)
    assert len(server.seen(wang)) == 1
    settled = await wired.channel.send(to("wang"), Outgoing(text="已销号", slot="c"), post=sent.ref)
    assert settled == sent, "the code of the sending was kept for last"
    assert server.seen(wang)[0].grey == "已处理"


async def test_a_long_answer_comes_before_its_buttons(wired: Wired, server: WecomServer) -> None:
    wang = server.member("wang")
    long = "\n".join(f"第 {n} 条：银杏苑的楼道灯坏了" for n in range(200))
    await wired.channel.send(to("wang"), keyed(long, "接单"))
    kinds = [seen.kind for seen in server.seen(wang)]
    assert kinds[-1] == "card"
    assert kinds[:-1] == ["text"] * (len(kinds) - 1)
    assert "".join("".join(seen.text for seen in server.seen(wang)[:-1]).split()) == "".join(long.split())
    server.assert_clean()


async def test_files_go_up_and_come_down(wired: Wired, server: WecomServer, tmp_path: Path) -> None:
    wang = server.member("wang")
    path = tmp_path / "a.png"
    path.write_bytes(PICTURE)
    await wired.channel.send(to("wang"), Outgoing(text="看"), files=[OutFile("photo", path, "image/png", "")])
    await wired.channel.send(to("wang"), Outgoing(text="听"), files=[OutFile("voice", path, "audio/ogg", "")])
    assert [seen.kind for seen in server.seen(wang)] == ["image", "text", "file", "text"]
    handle = server.world.keep_file(PICTURE, "image/png")
    assert await wired.channel.fetch(f"m:{handle}") == (PICTURE, "image/png")
    server.world.clock.turn(3 * 86400 + 1)
    server.world.tokens.clear()
    with pytest.raises(FileNotFoundError):
        await wired.channel.fetch(f"m:{handle}")
    sealed = server.bot.sealed_file(PICTURE)
    assert (await wired.channel.fetch(f"u:{sealed['aeskey']}:{sealed['url']}"))[0] == PICTURE


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_a_file_is_asked_for_again_when_the_platform_is_away(
    wired: Wired, server: WecomServer, status: int
) -> None:
    handle, sealed = server.world.keep_file(PICTURE, "image/png"), server.bot.sealed_file(PICTURE)
    await wired.channel.api.token()
    for ref in (f"m:{handle}", f"u:{sealed['aeskey']}:{sealed['url']}"):
        server.fail_next = [status]
        with pytest.raises(ConnectionError):
            await wired.channel.fetch(ref)
        assert (await wired.channel.fetch(ref))[0] == PICTURE
    server.fail_next = [403]
    with pytest.raises(FileNotFoundError):
        await wired.channel.fetch(ref)


async def test_a_file_under_a_wrong_key_is_never_kept(wired: Wired, server: WecomServer, tmp_path: Path) -> None:
    sealed = server.bot.sealed_file(PICTURE, bytes(range(32)))
    with pytest.raises(FileNotFoundError):
        await wired.channel.fetch(f"u:{'A' * 43}=:{sealed['url']}")
    # one wrong key in 256 leaves an ending that looks right, and what comes before it is noise
    noise = server.bot.sealed_file(bytes(range(200, 256)) * 20)
    data, mime = await wired.channel.fetch(f"u:{noise['aeskey']}:{noise['url']}")
    with pytest.raises(MediaRefused):
        MediaStore(tmp_path / "media").save(data, mime)


async def test_more_than_a_member_gets_in_a_minute_waits(wired: Wired, server: WecomServer) -> None:
    server.member("wang")
    server.member("liu")
    wired.members["desk"] = ["wang", "liu"]
    results = [await wired.channel.send(to("wang"), Outgoing(text=str(n))) for n in range(31)]
    assert [isinstance(result, Receipt) for result in results] == [True] * 30 + [False]
    late = results[-1]
    assert isinstance(late, Refused)
    assert late.reason is Refusal.TEMPORARY
    assert 0 < late.retry_for <= 60
    both = await wired.channel.send(to("q/desk", group=True), Outgoing(text="大家好"))
    assert isinstance(both, Refused), "one of them would miss it without a word"
    server.world.clock.turn(61)
    assert isinstance(await wired.channel.send(to("q/desk", group=True), Outgoing(text="大家好")), Receipt)
    server.assert_clean()


async def test_groups_that_hear_nothing_are_told_where_to_answer(server: WecomServer, wired: Wired) -> None:
    group, key = server.webhook("通知群")
    one = Wired(server, wired.store, webhooks={"grid:g1": key})
    try:
        chat = to("w/grid:g1", group=True)
        await one.channel.send(chat, keyed("1001 楼道灯", "接单 1001", typed=True))
        assert server.seen(group)[0].text == "1001 楼道灯\n在应用里回复：接单 1001"
        results = [await one.channel.send(chat, Outgoing(text=str(n))) for n in range(20)]
        assert [isinstance(result, Receipt) for result in results] == [True] * 19 + [False]
        gone = await one.channel.send(to("w/grid:g2", group=True), Outgoing(text="x"))
        assert isinstance(gone, Refused)
        assert gone.reason is Refusal.GONE
        server.assert_clean()
    finally:
        await one.channel.stop()


@pytest.mark.parametrize(
    ("code", "reason"),
    [(60020, Refusal.TEMPORARY), (48002, Refusal.TEMPORARY), (45009, Refusal.RATE), (44004, Refusal.REJECTED)],
)
async def test_what_the_platform_refuses(wired: Wired, server: WecomServer, code: int, reason: Refusal) -> None:
    server.member("wang")
    server.interface.forbidden["message/send"] = code
    refused = await wired.channel.send(to("wang"), Outgoing(text="您好"))
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert not any(token in refused.detail for token in server.world.tokens)


async def test_nobody_and_strangers(wired: Wired, server: WecomServer) -> None:
    server.member("outside", visible=False)
    nobody = await wired.channel.send(to("q/grid:g1", group=True), Outgoing(text="x"))
    outside = await wired.channel.send(to("outside"), Outgoing(text="x"))
    assert isinstance(nobody, Refused)
    assert isinstance(outside, Refused)
    assert (nobody.reason, outside.reason) == (Refusal.BLOCKED, Refusal.BLOCKED)


async def test_a_wrong_secret_is_temporary_and_asked_no_more_than_twice(wired: Wired, server: WecomServer) -> None:
    server.member("wang")
    server.interface.secret = "changed"
    refused = await wired.channel.send(to("wang"), Outgoing(text="x"))
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.TEMPORARY
    assert len(server.called("gettoken")) == 1


async def test_the_token_is_shared_and_renewed_once(wired: Wired, server: WecomServer) -> None:
    server.member("wang")
    other = Wired(server, wired.store)
    await asyncio.gather(*[wired.channel.send(to("wang"), Outgoing(text=str(n))) for n in range(5)])
    await other.channel.send(to("wang"), Outgoing(text="隔壁进程"))
    assert len(server.called("gettoken")) == 1
    server.world.tokens.clear()
    assert isinstance(await other.channel.send(to("wang"), Outgoing(text="x")), Receipt)
    assert isinstance(await wired.channel.send(to("wang"), Outgoing(text="y")), Receipt)
    assert len(server.called("gettoken")) == 2
    await other.channel.stop()


async def test_no_answer_is_temporary(wired: Wired, server: WecomServer) -> None:
    server.member("wang")
    await wired.channel.api.token()
    server.fail_next = [502]
    refused = await wired.channel.send(to("wang"), Outgoing(text="x"))
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.TEMPORARY


async def test_a_card_whose_answer_was_lost_comes_once(wired: Wired, server: WecomServer) -> None:
    wang, group = server.member("wang"), server.group("第一网格", [])
    await wired.channel.start(wired.take)
    assert wired.channel.bot is not None
    await asyncio.wait_for(wired.channel.bot.ready.wait(), PATIENCE)
    await wired.channel.api.token()
    card = keyed("1001 楼道灯", "接单", slot="card:1")
    server.fail_next = [0]
    lost = await wired.channel.send_once("out:1", to("wang"), card)
    assert isinstance(lost, Refused)
    assert lost.reason is Refusal.TEMPORARY
    again = await wired.channel.send_once("out:1", to("wang"), card)
    assert isinstance(again, Receipt)
    assert [call.code for call in server.called("message/send")] == [0, 42014]
    assert len(server.seen(wang)) == 1
    other = await wired.channel.send_once("out:2", to("wang"), card)
    assert isinstance(other, Receipt)
    assert other.ref != again.ref
    assert len(server.seen(wang)) == 2, "another message with the same words is another card"

    server.fail_next = [0]
    lost = await wired.channel.send(to("wang"), keyed("1001 王师傅接单", "填结果", slot="card:1"), post=other.ref)
    assert isinstance(lost, Refused)
    done = await wired.channel.send(to("wang"), keyed("1001 王师傅接单", "填结果", slot="card:1"), post=other.ref)
    assert done == other, "the change was made, and is not made again as a new card"
    assert len(server.seen(wang)) == 2

    server.say(wang, "你好", group)
    room = to(f"g/{group.id}", group=True)
    twice = [await wired.channel.send_once("out:3", room, card) for _ in range(2)]
    assert twice[0] == twice[1]
    assert len(server.seen(group)) == 1
    server.assert_clean()


class _Hook(httpx.AsyncBaseTransport):
    """Callbacks straight into the channel."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._wired.channel.accept(dict(request.url.params), await request.aread())
        return httpx.Response(answer.status, text=answer.body)
