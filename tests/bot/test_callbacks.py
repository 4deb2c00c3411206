"""The callback envelope: Tencent's own examples, other people's libraries both ways, and everything that is refused."""

from __future__ import annotations

import base64
import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot.callbacks import (
    MAX_BODY,
    CallbackError,
    Crypt,
    Fault,
    Query,
    check_time,
    many,
    read_json,
    read_xml,
    write_xml,
)
from tests import counterparts

TOKEN, KEY, RECEIVER = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7"
CRYPT = Crypt(TOKEN, KEY, RECEIVER)
LIBRARIES = ("wechat-crypto", "@wecom/crypto")
EACH = 400
"""Messages sealed by one side and opened by another."""

# https://developer.work.weixin.qq.com/document/path/90968, the example of Tencent's own libraries
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
MESSAGE = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    "TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    "ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    "x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    "HBZZIs2pDBS8R07+qN+E7Q=="
)


def at(timestamp: str) -> datetime:
    return datetime.fromtimestamp(int(timestamp), UTC)


def signed(sealed: str, now: datetime, crypt: Crypt = CRYPT) -> Query:
    stamp = str(int(now.timestamp()))
    return Query(crypt.sign(stamp, "42", sealed), stamp, "42")


def random_texts(count: int) -> list[str]:
    """Empty ones, the edges of the 32-byte blocks, emoji, XML's own signs, long ones."""
    chance = random.Random(5)
    signs = "银杏苑三栋灯坏了🏮👵abc019 \n\t<>&\"']]>\u200b"
    edges = ["", "]]>", "<![CDATA[", "🏮", *["a" * n for n in range(1, 70)]]
    return edges + ["".join(chance.choices(signs, k=chance.randint(1, 900))) for _ in range(count - len(edges))]


def test_tencents_address_check() -> None:
    query = Query("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780")
    assert CRYPT.open(query, ECHO, at(query.timestamp)) == b"1616140317555161061"


def test_tencents_message() -> None:
    query = Query("477715d11cdb4164915debcba66cb864d751f3e6", "1409659813", "1372623149")
    body = write_xml({"ToUserName": RECEIVER, "Encrypt": MESSAGE, "AgentID": 218})
    envelope, message = CRYPT.open_xml(query, body, at(query.timestamp))
    assert envelope["AgentID"] == "218"
    assert message == {
        "ToUserName": RECEIVER,
        "FromUserName": "mycreate",
        "CreateTime": "1409659813",
        "MsgType": "text",
        "Content": "hello",
        "MsgId": "4561255354251345929",
        "AgentID": "218",
    }


@pytest.mark.parametrize("library", LIBRARIES)
def test_ours_is_read_by_others(library: str) -> None:
    texts = random_texts(EACH)
    sealed = [CRYPT.encrypt(text.encode()) for text in texts]
    same = {"library": library, "token": TOKEN, "key": KEY, "receiver": RECEIVER, "timestamp": "1", "nonce": "2"}
    opened = counterparts.ask("envelopes.js", [{**same, "act": "open", "sealed": one} for one in sealed])
    marks = counterparts.ask("envelopes.js", [{**same, "act": "sign", "sealed": one} for one in sealed])
    assert [one["message"] for one in opened] == texts
    assert {one["id"] for one in opened} == {RECEIVER}
    assert marks == [CRYPT.sign("1", "2", one) for one in sealed]


@pytest.mark.parametrize("library", LIBRARIES)
def test_others_are_read_by_us(library: str) -> None:
    texts = random_texts(EACH)
    same = {"act": "seal", "library": library, "token": TOKEN, "key": KEY, "receiver": RECEIVER}
    sealed = counterparts.ask("envelopes.js", [{**same, "text": text} for text in texts])
    assert [CRYPT.decrypt(one).decode() for one in sealed] == texts


def test_the_same_random_bytes_give_the_same_envelope() -> None:
    texts, chance = random_texts(EACH), random.Random(7)
    heads = [chance.randbytes(16) for _ in texts]
    same = {"act": "seal", "library": "@wecom/crypto", "token": TOKEN, "key": KEY, "receiver": RECEIVER}
    questions = [{**same, "text": text, "random": head.hex()} for text, head in zip(texts, heads, strict=True)]
    ours = [CRYPT.encrypt(text.encode(), random=head) for text, head in zip(texts, heads, strict=True)]
    assert counterparts.ask("envelopes.js", questions) == ours


def test_wechatpy_and_we_read_each_other() -> None:
    theirs = WeChatCrypto(TOKEN, KEY, RECEIVER)
    now = datetime.now(UTC)
    for text in random_texts(EACH):
        content = write_xml({"Content": text})
        outer = read_xml(CRYPT.seal_xml(content, now))
        signature, stamp, nonce = outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
        body = CRYPT.seal_xml(content, now).decode()
        again = read_xml(body.encode())
        assert (
            theirs.decrypt_message(body, again["MsgSignature"], again["TimeStamp"], again["Nonce"]) == content.decode()
        )
        signer = WeChatSigner()
        signer.add_data(TOKEN, stamp, nonce, outer["Encrypt"])
        assert signer.signature == signature
        back = read_xml(theirs.encrypt_message(content.decode(), "9", stamp).encode())
        opened = CRYPT.open(Query(back["MsgSignature"], back["TimeStamp"], back["Nonce"]), back["Encrypt"], at(stamp))
        assert opened == content


def test_json_both_ways() -> None:
    now = datetime.now(UTC)
    crypt = Crypt(TOKEN, KEY, "")
    body = crypt.seal_json(json.dumps({"msgtype": "text", "text": {"content": "灯坏了"}}).encode(), now)
    outer = json.loads(body)
    query = Query(outer["msgsignature"], str(outer["timestamp"]), outer["nonce"])
    _, message = crypt.open_json(query, body, now)
    assert message["text"]["content"] == "灯坏了"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_text_leaves_its_tag(text: str, name: str) -> None:
    found = read_xml(
        write_xml({"Content": text, "MsgType": "text", "Articles": {"item": [{"Title": text}, {"Title": name}]}})
    )
    assert set(found) == {"Content", "MsgType", "Articles"}
    assert found["MsgType"] == "text"
    assert len(many(found["Articles"]["item"])) == 2
    legal = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    assert found["Content"] == legal.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"{}",
        b"\xff\xfe<xml></xml>",
        b"<a><Encrypt>x</Encrypt></a>",
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
        b"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>",
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<?xml version="1.0" encoding="no-such"?><xml/>',
        b"<xml>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</xml>",
        b"<xml>" + b" " * MAX_BODY + b"</xml>",
    ],
    ids=range(12),
)
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackError) as caught:
        read_xml(body)
    assert caught.value.fault is Fault.BODY


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":' * 9000, b"\xff", b" " * (MAX_BODY + 1)])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackError) as caught:
        read_json(body)
    assert caught.value.fault is Fault.BODY


@pytest.mark.parametrize("plain", [b"<xml><Content>hi</Content></xml>", b"<xml><Encrypt/></xml>"])
def test_a_plain_body_is_refused_whatever_its_signature(plain: bytes) -> None:
    now = datetime.now(UTC)
    stamp = str(int(now.timestamp()))
    with pytest.raises(CallbackError) as caught:
        CRYPT.open_xml(Query(CRYPT.sign(stamp, "42"), stamp, "42"), plain, now)
    assert caught.value.fault is Fault.BODY


def test_an_old_or_early_callback_is_refused() -> None:
    now = datetime.now(UTC)
    sealed = CRYPT.encrypt(b"hi")
    for off in (-301, 301):
        query = signed(sealed, now + timedelta(seconds=off))
        with pytest.raises(CallbackError) as caught:
            CRYPT.open(query, sealed, now)
        assert caught.value.fault is Fault.TIME
    assert CRYPT.open(signed(sealed, now - timedelta(seconds=299)), sealed, now) == b"hi"
    for bad in ("", "x", "-1", "1e9", "٣", "9" * 30):
        with pytest.raises(CallbackError):
            check_time(bad, now)


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (Crypt("another", KEY, RECEIVER), Fault.SIGNATURE),
        (Crypt(TOKEN, "x" * 43, RECEIVER), Fault.CIPHER),
        (Crypt(TOKEN, KEY, "wx0000000000000000"), Fault.RECEIVER),
        (Crypt(TOKEN, KEY, ""), Fault.RECEIVER),
    ],
)
def test_another_account_is_refused_and_the_fault_says_which_value_differs(other: Crypt, fault: Fault) -> None:
    now = datetime.now(UTC)
    sealed = other.encrypt(b"hi")
    with pytest.raises(CallbackError) as caught:
        CRYPT.open(signed(sealed, now, other), sealed, now)
    assert caught.value.fault is fault


def test_a_changed_envelope_is_refused() -> None:
    now, chance = datetime.now(UTC), random.Random(3)
    sealed = CRYPT.encrypt("银杏苑三栋灯坏了".encode() * 9)
    query = signed(sealed, now)
    for _ in range(500):
        place = chance.randrange(len(sealed))
        changed = sealed[:place] + chance.choice("ABCxyz019+/=é\ud800") + sealed[place + 1 :]
        if changed == sealed:
            continue
        with pytest.raises(CallbackError) as caught:
            CRYPT.open(query, changed, now)
        assert caught.value.fault is Fault.SIGNATURE


def test_signed_rubbish_is_refused() -> None:
    """Whoever knows the token and not the key."""
    now, chance = datetime.now(UTC), random.Random(4)
    for _ in range(500):
        rubbish: Any = base64.b64encode(chance.randbytes(chance.choice([0, 1, 15, 16, 32, 48, 320]))).decode()
        with pytest.raises(CallbackError) as caught:
            CRYPT.open(signed(rubbish, now), rubbish, now)
        assert caught.value.fault in (Fault.CIPHER, Fault.RECEIVER)


def test_the_plain_address_check_of_a_service_account() -> None:
    now = datetime.now(UTC)
    stamp = str(int(time.time()))
    CRYPT.check_plain(Query(CRYPT.sign(stamp, "42"), stamp, "42"), now)
    with pytest.raises(CallbackError):
        CRYPT.check_plain(Query(CRYPT.sign(stamp, "43"), stamp, "42"), now)


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "!" * 43])
def test_a_wrong_key_is_told_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        Crypt(TOKEN, key, RECEIVER)
