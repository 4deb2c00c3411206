"""Callbacks of the application: durable before the answer, and nothing that was tampered with gets anywhere."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from wechatpy.work.crypto import WeChatCrypto

from bot.callbacks import Crypt
from storage import update_codes
from tests.bot.channels.wecom.conftest import Wired
from tests.fakes.wecom import AES_KEY, AGENT, CORP, TOKEN, WecomServer
from tests.fakes.wecom.callbacks import write

FIELDS = {
    "ToUserName": CORP,
    "FromUserName": "wang",
    "CreateTime": 1763690000,
    "MsgType": "text",
    "Content": "接单 1001",
    "MsgId": 7,
    "AgentID": AGENT,
}
TAMPERED = 10_000


@pytest.fixture
async def started(wired: Wired) -> Wired:
    await wired.channel.start(wired.take, with_bot=False)
    return wired


async def test_it_is_stored_before_it_is_acknowledged(started: Wired, server: WecomServer) -> None:
    query, body = server.callbacks.envelope(FIELDS)
    started.fails = 1
    assert (await started.channel.accept(query, body)).status == 503
    assert (await started.channel.accept(query, body)) == (200, "", "")
    assert [update.id for update in started.received] == ["m:7"]
    (said,) = started.channel.parse(started.received[0].raw)
    assert said.text == "接单 1001"


async def test_before_the_start_and_without_a_key_nothing_is_taken(wired: Wired, server: WecomServer) -> None:
    query, body = server.callbacks.envelope(FIELDS)
    assert (await wired.channel.accept(query, body)).status == 503
    bare = Wired(server, wired.store, token="", aes_key="")
    assert (await bare.channel.accept(query, body)).status == 404
    assert (await bare.channel.echo(query)).status == 404
    await bare.channel.stop()


async def test_the_consoles_check_of_the_address(wired: Wired) -> None:
    """The word is encrypted as the console does it, here by wechatpy."""
    stamp = str(int(datetime.now(UTC).timestamp()))
    sealed = WeChatCrypto(TOKEN, AES_KEY, CORP).encrypt_message("1616140317555161061", "nonce", stamp)
    word = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    signature = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    query = {"msg_signature": signature, "timestamp": stamp, "nonce": "nonce", "echostr": word}
    assert (await wired.channel.echo(query)).body == "1616140317555161061"
    assert (await wired.channel.echo(query | {"echostr": word[:-4] + "AAAA"})).status == 403
    assert (await wired.channel.echo({})).status == 403


async def test_a_presss_code_is_kept_with_the_press(started: Wired, server: WecomServer) -> None:
    press = {
        "MsgType": "event",
        "Event": "template_card_event",
        "EventKey": "k.0",
        "TaskId": "t1",
        "ResponseCode": "rc",
    }
    plain = {name: value for name, value in FIELDS.items() if name not in ("MsgType", "Content", "MsgId")}
    for _ in range(2):
        query, body = server.callbacks.envelope(plain | press)
        assert (await started.channel.accept(query, body)).status == 200
    async with started.store.read() as tx:
        found = await update_codes.unused(tx, CORP, "t1", datetime.now(UTC))
    assert [code.code for code in found] == ["rc"]
    assert len({update.id for update in started.received}) == 1


@pytest.mark.parametrize("change", [{"ToUserName": "ww-another"}, {"AgentID": 5}])
async def test_what_is_meant_for_another_is_refused(
    started: Wired, server: WecomServer, change: dict[str, object]
) -> None:
    query, body = server.callbacks.envelope(FIELDS | change)
    assert (await started.channel.accept(query, body)).status == 403
    assert not started.received


async def test_ten_thousand_tampered_callbacks_run_nothing(started: Wired, server: WecomServer) -> None:
    chance = random.Random(5)
    statuses = set()
    for _ in range(TAMPERED // 50):
        genuine = server.callbacks.envelope(FIELDS | {"Content": chance.randbytes(20).hex()})
        for _ in range(50):
            query, body = _tampered(*genuine, chance)
            statuses.add((await started.channel.accept(query, body)).status)
    assert statuses == {400, 403}
    assert not started.received


def _tampered(query: dict[str, str], body: bytes, chance: random.Random) -> tuple[dict[str, str], bytes]:
    """One change: of the address, of a byte, of the key, of the whole."""
    way = chance.randrange(9)
    if way == 0:
        name = chance.choice(list(query))
        return query | {name: query[name][:-1] + ("1" if query[name][-1] != "1" else "2")}, body
    if way == 1:
        name = chance.choice(list(query))
        return {key: value for key, value in query.items() if key != name}, body
    if way == 2:
        begin, end = body.index(b"<Encrypt><![CDATA[") + 18, body.index(b"]]></Encrypt>")
        at = chance.randrange(begin, end)
        return query, body[:at] + (b"A" if body[at : at + 1] != b"A" else b"B") + body[at + 1 :]
    if way == 3:
        return query, body[: chance.randrange(len(body) - 1)]
    if way == 4:
        return query, write(FIELDS).encode()
    if way == 5:
        stamp = str(int(query["timestamp"]) - chance.choice([301, 3600, -400]))
        return query | {"timestamp": stamp}, body
    if way == 6:
        other = Crypt(TOKEN, AES_KEY, "ww-another")
        sealed = other.encrypt(write(FIELDS).encode())
        signature = other.sign(query["timestamp"], query["nonce"], sealed)
        begin, end = body.index(b"<Encrypt><![CDATA[") + 18, body.index(b"]]></Encrypt>")
        return query | {"msg_signature": signature}, body[:begin] + sealed.encode() + body[end:]
    if way == 7:
        return query, b'<!DOCTYPE xml [<!ENTITY a "a">]>' + body
    return query, body.replace(b"</xml>", b"<ToUserName>x</ToUserName></xml>")
