"""Callbacks: ten thousand that were tampered with, and what each kind of message and event becomes."""

from __future__ import annotations

import base64
import random
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, select
from wechatpy.crypto import WeChatCrypto

from bot.backend import ProgramBackend
from bot.callbacks import MAX_BODY, Crypt, read_xml, write_xml
from bot.channels.base import BadUpdate
from bot.channels.wechat.shapes import choices, parse_update, reports, update_id
from bot.web.app import create_app
from handlers import dispatch
from handlers.messages import Geo, Incoming, Media
from storage.receipts import receipts
from tests.fakes.wechat import AES_KEY, APP_ID, ORIGINAL_ID, TOKEN
from tests.journeys.wechat_program import town

TAMPERED = 10_000
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"
STATUSES = {
    **dict.fromkeys(("plain", "doubled", "doctype", "large", "rubbish", "cut", "inside"), frozenset({400})),
    "padding": frozenset({400, 403}),
}
"""What a callback without a body that can be read is answered, by the way it is wrong; every other way: 403."""
Callback = tuple[dict[str, str], bytes]


def fields(kind: str = "text", **inside: Any) -> dict[str, Any]:
    head = {"ToUserName": ORIGINAL_ID, "FromUserName": OPENID, "CreateTime": "1794794400", "MsgType": kind}
    return {**head, **{k: v if isinstance(v, dict) else str(v) for k, v in inside.items()}}


class Forger:
    """Makes callbacks that are wrong in exactly one way."""

    def __init__(self, now: int) -> None:
        self.chance = random.Random(11)
        self.now = now
        self.right = Crypt(TOKEN, AES_KEY, APP_ID)
        self.other_token = Crypt("another", AES_KEY, APP_ID)
        self.other_key = Crypt(TOKEN, "z" * 43, APP_ID)
        self.other_app = Crypt(TOKEN, AES_KEY, "wxffffffffffffffff")
        self.ways: list[Callable[[], Callback]] = [
            self.byte, self.signature, self.nonce, self.late, self.token, self.key, self.app, self.account, self.plain,
            self.doubled, self.doctype, self.large, self.rubbish, self.cut, self.query, self.inside, self.padding,
        ]  # fmt: skip

    def made(self, crypt: Crypt, content: dict[str, Any], *, now: int = 0, to: str = ORIGINAL_ID) -> Callback:
        sealed = crypt.encrypt(write_xml(content))
        return self.signed(crypt, sealed, write_xml({"ToUserName": to, "Encrypt": sealed}), now)

    def signed(self, crypt: Crypt, sealed: str, body: bytes, now: int = 0) -> Callback:
        stamp, nonce = str(now or self.now), str(self.chance.randrange(10**9))
        query = {"timestamp": stamp, "nonce": nonce, "msg_signature": crypt.sign(stamp, nonce, sealed)}
        return {**query, "signature": crypt.sign(stamp, nonce), "encrypt_type": "aes"}, body

    def good(self) -> Callback:
        return self.made(
            self.right, fields(Content=f"灯坏了{self.chance.random()}", MsgId=self.chance.randrange(1 << 60))
        )

    def byte(self) -> Callback:
        query, body = self.good()
        start = body.index(b"<Encrypt><![CDATA[") + 18
        place = self.chance.randrange(start, body.index(b"]]></Encrypt>"))
        new = self.chance.choice([b for b in b"ABCDEFxyz0189+/" if b != body[place]])
        return query, body[:place] + bytes([new]) + body[place + 1 :]

    def signature(self) -> Callback:
        query, body = self.good()
        return {**query, "msg_signature": self.chance.choice(["", "0" * 40, query["signature"], "ä" * 20])}, body

    def nonce(self) -> Callback:
        query, body = self.good()
        return {**query, "nonce": query["nonce"] + "1"}, body

    def late(self) -> Callback:
        off = self.chance.choice([-100_000_000, -3600, -320, 330, 3600])
        return self.made(self.right, fields(Content="x", MsgId=1), now=self.now + off)

    def token(self) -> Callback:
        return self.made(self.other_token, fields(Content="x", MsgId=1))

    def key(self) -> Callback:
        return self.made(self.other_key, fields(Content="x", MsgId=1))

    def app(self) -> Callback:
        return self.made(self.other_app, fields(Content="x", MsgId=1))

    def account(self) -> Callback:
        if self.chance.random() < 0.5:
            return self.made(self.right, fields(Content="x", MsgId=1), to="gh_another")
        return self.made(self.right, {**fields(Content="x", MsgId=1), "ToUserName": "gh_another"})

    def plain(self) -> Callback:
        query, _ = self.good()
        return query, write_xml(fields(Content="灯坏了", MsgId=1))

    def doubled(self) -> Callback:
        query, body = self.good()
        return query, body.replace(b"</xml>", b"<Encrypt>x</Encrypt></xml>")

    def doctype(self) -> Callback:
        query, body = self.good()
        return query, b'<!DOCTYPE xml [<!ENTITY a "b">]>' + body

    def large(self) -> Callback:
        query, body = self.good()
        return query, body + b" " * MAX_BODY if self.chance.random() < 0.02 else body[:-6]

    def rubbish(self) -> Callback:
        query, _ = self.good()
        return query, self.chance.randbytes(self.chance.randrange(300))

    def cut(self) -> Callback:
        query, body = self.good()
        return query, body[: self.chance.randrange(len(body) - 1)]

    def query(self) -> Callback:
        query, body = self.good()
        query.pop(self.chance.choice(["timestamp", "nonce", "msg_signature"]))
        return query, body

    def inside(self) -> Callback:
        """Rightly signed and sealed, and no message: as from somebody who has the token and the key."""
        wrong: list[dict[str, Any]] = [
            {},
            fields(Content="x"),
            {**fields(Content="x", MsgId=1), "CreateTime": "never"},
            {**fields(Content="x", MsgId=1), "FromUserName": ""},
            fields("location", MsgId=1, Location_X="north", Location_Y="1"),
            fields("location", MsgId=1, Location_X="1000", Location_Y="1"),
            fields("image", MsgId=1),
            fields("event"),
        ]
        chosen = self.chance.choice([one for at, one in enumerate(wrong) if at != 1])
        return self.made(self.right, chosen)

    def padding(self) -> Callback:
        sealed = base64.b64encode(self.chance.randbytes(self.chance.choice([0, 7, 16, 64, 160]))).decode()
        return self.signed(self.right, sealed, write_xml({"ToUserName": ORIGINAL_ID, "Encrypt": sealed}))


async def posted(site: Any, query: dict[str, str], body: bytes) -> int:
    """The status of one call, made without a client in between: there are many."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/hooks/wechat", "raw_path": b"/hooks/wechat", "root_path": "", "query_string": urlencode(query).encode(),
        "headers": [(b"host", b"linli"), (b"content-type", b"text/xml")], "client": ("127.0.0.1", 1),
        "server": ("linli", 80),
    }  # fmt: skip
    await site(scope, receive, send)
    return statuses[0]


async def test_tampered_callbacks_are_refused_and_reach_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Incoming] = []
    handle = dispatch.handle

    async def watched(city: Any, tx: Any, incoming: Incoming, now: Any) -> None:
        ran.append(incoming)
        await handle(city, tx, incoming, now)

    monkeypatch.setattr(dispatch, "handle", watched)
    async with town(tmp_path) as running:
        site = create_app(ProgramBackend(running.program), running.program.web)
        forger = Forger(int(running.clock.now().timestamp()))
        answers: Counter[tuple[str, int]] = Counter()
        for number in range(TAMPERED):
            forger.now = int(running.clock.now().timestamp())
            way = forger.ways[number % len(forger.ways)]
            answers[way.__name__, await posted(site, *way())] += 1
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://linli") as http:
            assert {way for way, _ in answers} == {way.__name__ for way in forger.ways}
            assert not {key: n for key, n in answers.items() if key[1] not in STATUSES.get(key[0], {403})}
            assert not ran
            async with running.program.store.read() as tx:
                row = await tx.one(select(func.count()).select_from(receipts).where(receipts.c.tenant == tx.tenant))
            assert row is not None
            assert row[0] == 0
            query, body = forger.good()
            assert (await http.post("/hooks/wechat", params=query, content=body)).status_code == 200
            assert len(ran) == 1
            checked = {"signature": "0" * 40, "timestamp": str(forger.now), "nonce": "1", "echostr": "<b>"}
            assert (await http.get("/hooks/wechat", params=checked)).status_code == 403


def test_the_right_answer_is_sealed_for_the_account() -> None:
    at = datetime.fromtimestamp(1794794400, UTC)
    sealed = Crypt(TOKEN, AES_KEY, APP_ID).seal_xml("<xml>好</xml>".encode(), at)
    outer = read_xml(sealed)
    told = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(
        sealed.decode(), outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"]
    )
    assert told == "<xml>好</xml>"


def only(kind: str = "text", **inside: Any) -> Incoming:
    found = parse_update(fields(kind, **inside), APP_ID)
    assert len(found) == 1
    assert (found[0].address.user, found[0].address.chat, found[0].address.account) == (OPENID, OPENID, APP_ID)
    return found[0]


def event(name: str, **inside: Any) -> dict[str, Any]:
    return fields("event", Event=name, **inside)


def test_messages() -> None:
    said = only(Content="灯坏了", MsgId=7)
    assert (said.kind, said.text, said.id, said.message_ref) == ("text", "灯坏了", "7", "7")
    photo = only("image", MediaId="m", PicUrl="http://x", MsgId=8)
    assert (photo.kind, photo.media) == ("media", (Media(kind="photo", ref="m", mime="image/jpeg"),))
    voice = only("voice", MediaId="m", Format="amr", Recognition="灯坏了。", MsgId=9)
    assert (voice.kind, voice.text, voice.media[0].kind) == ("media", "灯坏了。", "voice")
    assert only("voice", MediaId="m", Format="amr", MsgId=9).text == ""
    place = only("location", Location_X="30.1", Location_Y="120.2", Label="西湖", MsgId=1)
    assert place.geo == Geo(lat=30.1, lon=120.2, system="gcj02", label="西湖")
    assert only("link", Title="一篇文章", Description="", Url="http://x", MsgId=2).text == "一篇文章\nhttp://x"
    assert only("newkind", MsgId=3).kind == "unknown"
    tap = only(Content="好了", bizmsgmenuid="abc.0", MsgId=4)
    assert (tap.kind, tap.token) == ("press", "abc.0")
    assert only(Content="好了", bizmsgmenuid="101", MsgId=4).kind == "text"


def test_events() -> None:
    followed = parse_update(event("subscribe", EventKey="qrscene_b_1", Ticket="t"), APP_ID)
    assert [(one.kind, one.scene) for one in followed] == [("join", ""), ("scan", "b_1")]
    assert len({one.id for one in followed}) == 2
    assert [one.scene for one in parse_update(event("subscribe", EventKey=""), APP_ID)] == ["", ""]
    assert parse_update(event("SCAN", EventKey="b_1"), APP_ID)[0].scene == "b_1"
    assert parse_update(event("CLICK", EventKey="我的诉求"), APP_ID)[0].text == "我的诉求"
    assert parse_update(event("unsubscribe", EventKey=""), APP_ID)[0].kind == "blocked"
    for silent in ("VIEW", "LOCATION", "subscribe_msg_popup_event", "something_new"):
        assert parse_update(event(silent, EventKey="x"), APP_ID) == []
    scanned = event(
        "scancode_waitmsg", EventKey="k", ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "http://x/?b=y-3"}
    )
    assert parse_update(scanned, APP_ID)[0].scene == "b_y-3"
    assert parse_update(event("TEMPLATESENDJOBFINISH", MsgID=9, Status="success"), APP_ID) == []
    lost = parse_update(event("TEMPLATESENDJOBFINISH", MsgID=9, Status="failed:user block"), APP_ID)
    assert [(one.kind, one.message_ref) for one in lost] == [("undelivered", "9")]


def test_what_was_chosen_and_what_arrived() -> None:
    one = {"TemplateId": "a", "SubscribeStatusString": "accept", "PopupScene": "1"}
    other = {"TemplateId": "b", "SubscribeStatusString": "reject"}
    both = event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": [one, other]})
    assert [(c.template, c.accepted) for c in choices(both)] == [("a", True), ("b", False)]
    # the documents name the inner tag of this event otherwise than the event
    for tag in ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent"):
        taken_back = event("subscribe_msg_change_event", **{tag: {"List": other}})
        assert [(c.template, c.accepted) for c in choices(taken_back)] == [("b", False)]
    sent = {"TemplateId": "a", "MsgID": "5", "ErrorCode": "43101", "ErrorStatus": "user refuse"}
    report = reports(event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": sent}))[0]
    assert (report.ref, report.delivered, report.refused) == ("5", False, True)


def test_repeats_have_one_name_and_different_events_have_two() -> None:
    assert update_id(event("CLICK", EventKey="a")) == update_id(event("CLICK", EventKey="a"))
    names = {
        update_id(event("CLICK", EventKey="a")),
        update_id(event("CLICK", EventKey="b")),
        update_id(event("SCAN", EventKey="a")),
        update_id({**event("CLICK", EventKey="a"), "CreateTime": "1794794401"}),
        update_id(event("TEMPLATESENDJOBFINISH", MsgID="1")),
        update_id(event("TEMPLATESENDJOBFINISH", MsgID="2")),
    }
    assert len(names) == 6
    assert all(len(name) <= 160 for name in names)
    with pytest.raises(BadUpdate):
        update_id({"FromUserName": secrets.token_hex(4)})


def test_two_notices_in_one_second_are_two_events() -> None:
    def popup(template: str, status: str) -> dict[str, Any]:
        return event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": choice(template, status)})

    def choice(template: str, status: str) -> dict[str, str]:
        return {"TemplateId": template, "SubscribeStatusString": status, "PopupScene": "2"}

    def sent(number: str) -> dict[str, Any]:
        return event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": {"TemplateId": "a", "MsgID": number}})

    several = [popup("a", "accept"), popup("b", "accept"), popup("a", "reject"), sent("1"), sent("2")]
    assert len({update_id(one) for one in several}) == len(several)
    assert update_id(popup("a", "accept")) == update_id(popup("a", "accept")), "a repeat is still known"
