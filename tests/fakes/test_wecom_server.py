"""The local WeCom judged by code nobody here wrote: wechatpy's client, and Tencent's SDK for the group bot."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient
from wechatpy.work import parse_message as parse_work_message
from wechatpy.work.crypto import WeChatCrypto

from tests.counterparts import HERE, NODE, need_node
from tests.fakes.wecom import AES_KEY, AGENT, BOT, BOT_SECRET, CORP, SECRET, TOKEN, WecomServer
from tests.fakes.wecom.callbacks import write
from tests.fakes.wecom.people import PICTURE
from tests.fakes.wecom.server import PATIENCE

CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "1001 楼道灯"},
    "task_id": "task-1",
    "button_list": [{"text": "接单", "style": 1, "key": "k.0"}],
}


class Client(WeChatClient):
    """wechatpy's client, pointed at the local platform: its own address stands in the code."""

    def __init__(self, server: WecomServer, secret: str = SECRET) -> None:
        self.API_BASE_URL = f"{server.base_url}/cgi-bin/"
        super().__init__(CORP, secret)
        self._http.trust_env = False

    def fetch_access_token(self) -> Any:
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}gettoken", params=params)


async def test_wechatpy_sends_uploads_and_makes_a_group() -> None:
    async with WecomServer() as server:
        wang, liu = server.member("wang", "王师傅"), server.member("liu", "小刘")
        client = Client(server)

        def talk() -> tuple[str, bytes]:
            client.message.send_text(AGENT, ["wang", "nobody"], "您好")
            handle = client.media.upload("image", ("a.png", PICTURE, "image/png"))["media_id"]
            client.message.send_image(AGENT, "liu", handle)
            chat = client.appchat.create(name="第一网格", owner="wang", user_list=["wang", "liu"])["chatid"]
            client.appchat.send_text(chat, "群里好")
            return chat, client.get("media/get", params={"media_id": handle}).content

        chat, content = await asyncio.to_thread(talk)
        assert content == PICTURE
        assert [seen.text for seen in server.seen(wang)] == ["您好"]
        assert [seen.kind for seen in server.seen(liu)] == ["image"]
        assert [seen.text for seen in server.seen(chat)] == ["群里好"]
        assert len(server.called("gettoken")) == 1
        server.assert_clean()


async def test_wechatpy_renews_a_token_that_is_over() -> None:
    async with WecomServer() as server:
        server.member("wang")
        client = Client(server)
        await asyncio.to_thread(client.message.send_text, AGENT, "wang", "一")
        server.world.clock.turn(7201)
        await asyncio.to_thread(client.message.send_text, AGENT, "wang", "二")
        assert [call.code for call in server.called("message/send")] == [0, 42001, 0]


@pytest.mark.parametrize(
    ("mend", "code"),
    [
        (lambda server: setattr(server.interface, "secret", "another"), 40001),
        (lambda server: setattr(server.interface, "trusted", False), 60020),
        (lambda server: server.interface.forbidden.update({"message/send": 48002}), 48002),
        (lambda server: server.world.members.clear(), 81013),
    ],
)
async def test_wechatpy_hears_what_is_wrong(mend: Any, code: int) -> None:
    async with WecomServer() as server:
        server.member("wang")
        mend(server)
        client = Client(server)
        with pytest.raises(WeChatClientException) as caught:
            await asyncio.to_thread(client.message.send_text, AGENT, "wang", "您好")
        assert caught.value.errcode == code


async def test_a_card_is_changed_once_for_each_code_within_72_hours() -> None:
    async with WecomServer() as server:
        wang = server.member("wang")
        client = Client(server)

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = client.post(path, data=body)
            return found

        def card(code: str, label: str) -> dict[str, Any]:
            changed = {**CARD, "button_list": [{"text": label, "style": 1, "key": "k.1"}]}
            changed.pop("task_id")
            return {"atall": 1, "agentid": AGENT, "response_code": code, "template_card": changed}

        sent = {"touser": "wang", "agentid": AGENT, "msgtype": "template_card", "template_card": CARD}
        code = (await asyncio.to_thread(post, "message/send", sent))["response_code"]
        with pytest.raises(WeChatClientException, match="42014"):
            await asyncio.to_thread(post, "message/send", sent)
        await asyncio.to_thread(post, "message/update_template_card", card(code, "填结果"))
        assert server.seen(wang)[0].buttons == ("填结果",)
        with pytest.raises(WeChatClientException, match="42022"):
            await asyncio.to_thread(post, "message/update_template_card", card(code, "又改"))
        late = server.world.new_code("task-1")
        server.world.clock.turn(72 * 3600 + 1)
        with pytest.raises(WeChatClientException, match="42023"):
            await asyncio.to_thread(post, "message/update_template_card", card(late, "太晚"))


async def test_the_31st_message_of_a_minute_is_dropped_without_a_word() -> None:
    async with WecomServer() as server:
        wang = server.member("wang")
        client = Client(server)

        def many() -> None:
            for number in range(31):
                client.message.send_text(AGENT, "wang", str(number))

        await asyncio.to_thread(many)
        assert len(server.seen(wang)) == 30
        with pytest.raises(AssertionError, match="dropped"):
            server.assert_clean()


async def test_wechatpy_reads_the_callbacks() -> None:
    """Signature, key and fields of what the local platform sends; a press is new to it, but its fields are there."""
    async with WecomServer() as server:
        wang = server.member("wang", "王师傅")
        server.callbacks.hold()
        server.text(wang, "接单 1001")
        server.world.add_card("app", ["wang"], CARD)
        server.press(wang, "接单")
        crypto = WeChatCrypto(TOKEN, AES_KEY, CORP)
        read = []
        for fields in server.callbacks.held or []:
            query, body = server.callbacks.envelope(fields)
            plain = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
            read.append(parse_work_message(plain))
            assert write(fields) == plain
        assert (read[0].type, read[0].content, read[0].source) == ("text", "接单 1001", "wang")
        assert read[1]._data["EventKey"] == "k.0"
        assert read[1]._data["TaskId"] == "task-1"
        assert read[1]._data["ResponseCode"] in server.world.codes
        server.callbacks.held = []


# -------------------------------------------------------------------- Tencent's SDK


class Robot:
    """Tencent's SDK in a process of its own, and what it tells."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tells(self, what: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        while line := await asyncio.wait_for(self._process.stdout.readline(), 120):
            told: dict[str, Any] = json.loads(line)
            if told["what"] == what:
                return told
            assert told["what"] != "failed", told
        raise AssertionError(f"it ended without {what!r}")


@asynccontextmanager
async def robot(server: WecomServer, secret: str = BOT_SECRET) -> AsyncIterator[Robot]:
    need_node()
    process = await asyncio.create_subprocess_exec(
        NODE,
        HERE / "bot.js",
        server.bot.url,
        BOT,
        secret,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=HERE,
        env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
    )
    try:
        yield Robot(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()


async def test_tencents_sdk_hears_answers_posts_and_changes_cards() -> None:
    async with WecomServer() as server:
        server.bot.answer_within = PATIENCE
        wang = server.member("wang")
        group = server.group("第一网格", [wang])
        async with robot(server) as bot:
            await bot.tells("authenticated")
            server.say(wang, "你好", group)
            assert (await bot.tells("text"))["content"] == "@邻里 你好"
            await bot.tells("answered")
            assert [seen.kind for seen in server.seen(group)] == ["stream", "card", "markdown", "file"]
            assert server.seen(group)[-1].media == str(600 * 1024)
            server.press(wang, "Take", group)
            assert (await bot.tells("press"))["key"] == "key-1"
            await bot.tells("updated")
            assert server.seen(group)[1].buttons == ("Done",)
            server.say_with_photo(wang, "看", group)
            assert (await bot.tells("file"))["hex"] == PICTURE.hex()
            await server.wait_until(lambda: server.bot.pings >= 2, lambda: "no heartbeats")
        server.assert_clean()


async def test_tencents_sdk_is_refused_and_replaced() -> None:
    async with WecomServer() as server:
        async with robot(server, "wrong") as refused:
            assert "invalid" in (await refused.tells("error"))["message"]
        async with robot(server) as first:
            await first.tells("authenticated")
            async with robot(server) as second:
                await second.tells("authenticated")
                await first.tells("replaced")
