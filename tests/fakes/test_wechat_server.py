"""The local WeChat server, judged by wechatpy: its client calls it, its parser and crypto read what it pushes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
import xmltodict
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException
from wechatpy.oauth import WeChatOAuth

from tests.fakes.wechat import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Person, WeChatServer

T = TypeVar("T")
FORM = "{{thing1.DATA}}\n{{time2.DATA}}\n{{phrase3.DATA}}\n{{character_string4.DATA}}"
DATA = {"thing1": "楼道灯", "time2": "2026-11-16 10:00", "phrase3": "已办结", "character_string4": "1001"}


class Hands:
    """A clock for the server."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def server(clock: Hands) -> AsyncIterator[WeChatServer]:
    async with WeChatServer(clock) as running:
        yield running


@pytest.fixture
def client(server: WeChatServer) -> WeChatClient:
    made = WeChatClient(APP_ID, SECRET, timeout=120, auto_retry=False)
    made.API_BASE_URL = f"{server.base_url}/cgi-bin/"
    made._http.trust_env = False
    return made


@pytest.fixture
def aunt(server: WeChatServer) -> Person:
    return server.person("李阿姨")


async def call(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


async def code_of(work: Callable[[], Any]) -> int:
    """The error by which a call is refused, 0 when it is not."""
    try:
        await call(work)
    except WeChatClientException as error:
        return int(error.errcode)
    return 0


async def signed_in(client: WeChatClient, server: WeChatServer) -> None:
    told = (await _stable(server)).json()
    client.session.set(client.access_token_key, told["access_token"])


async def _stable(server: WeChatServer, **more: Any) -> httpx.Response:
    body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, **more}
    async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
        return await http.post(f"{server.base_url}/cgi-bin/stable_token", json=body)


async def test_the_stable_token_stays_the_same_until_near_its_end(server: WeChatServer, clock: Hands) -> None:
    first = (await _stable(server)).json()
    clock.turn(hours=1)
    again = (await _stable(server)).json()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 3600)
    clock.turn(minutes=56)
    assert (await _stable(server)).json()["access_token"] != first["access_token"]
    forced = (await _stable(server, force_refresh=True)).json()
    assert "access_token" in forced
    assert (await _stable(server, force_refresh=True)).json()["errcode"] == 45009
    assert (await _stable(server, secret="no")).json()["errcode"] == 40125
    assert (await _stable(server, appid="wx0")).json()["errcode"] == 40013


async def test_a_token_ends_and_the_plain_kind_ends_the_one_before(
    server: WeChatServer, client: WeChatClient, aunt: Person, clock: Hands
) -> None:
    server.world.opens_message(aunt)
    told = server.base_url, await _plain(server), await _plain(server)
    client.session.set(client.access_token_key, told[1])
    assert await code_of(lambda: client.message.send_text(aunt.openid, "好")) == 40001
    client.session.set(client.access_token_key, told[2])
    assert await code_of(lambda: client.message.send_text(aunt.openid, "好")) == 0
    clock.turn(hours=2)
    assert await code_of(lambda: client.message.send_text(aunt.openid, "好")) == 42001


async def _plain(server: WeChatServer) -> str:
    query = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
    async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
        return str((await http.get(f"{server.base_url}/cgi-bin/token", params=query)).json()["access_token"])


async def test_five_messages_in_48_hours_three_in_a_minute(
    server: WeChatServer, client: WeChatClient, aunt: Person, clock: Hands
) -> None:
    await signed_in(client, server)

    def say() -> Any:
        return client.message.send_text(aunt.openid, "灯修好了")

    assert await code_of(say) == 45015
    server.world.opens_message(aunt)
    assert [await code_of(say) for _ in range(6)] == [0] * 5 + [45047]
    server.world.opens_click(aunt)
    assert [await code_of(say) for _ in range(4)] == [0] * 3 + [45047]
    server.world.opens_message(aunt)
    clock.turn(hours=48)
    await signed_in(client, server)
    assert await code_of(say) == 45015
    server.world.opens_click(aunt)
    clock.turn(minutes=1)
    assert await code_of(say) == 45015
    server.world.opens_message(aunt)
    aunt.follows = False
    assert await code_of(say) == 45015
    assert await code_of(lambda: client.message.send_text("o-nobody", "好")) == 40003
    aunt.follows = True
    assert await code_of(lambda: client.message.send_text(aunt.openid, "好" * 683)) == 45002
    assert aunt.screen[-1].text == "灯修好了"


async def test_forms_hold_what_their_types_allow(server: WeChatServer, client: WeChatClient, aunt: Person) -> None:
    await signed_in(client, server)
    template = server.world.template(FORM)

    def send(**changed: str) -> Callable[[], Any]:
        data = {name: {"value": value} for name, value in {**DATA, **changed}.items()}
        return lambda: client.message.send_template(aunt.openid, template, data, url="https://linli.example.cn/")

    assert await code_of(send()) == 0
    assert aunt.screen[-1].fields == DATA
    for wrong in (
        {"thing1": "楼" * 21},
        {"thing1": ""},
        {"thing1": "灯🏮"},
        {"phrase3": "已办结，待评价"},
        {"phrase3": "done"},
        {"character_string4": "单号1001"},
        {"time2": "周一"},
        {"remark": "谢谢"},
    ):
        assert await code_of(send(**wrong)) == 47003, wrong
    assert await code_of(lambda: client.message.send_template(aunt.openid, "x" * 43, {})) == 40037
    aunt.follows = False
    assert await code_of(send()) == 43004
    agreed = server.world.agreement(FORM)
    data = {name: {"value": value} for name, value in DATA.items()}

    def subscribed() -> Any:
        body = {"touser": aunt.openid, "template_id": agreed, "page": "https://linli.example.cn/", "data": data}
        return client.post("message/subscribe/bizsend", data=body)

    assert await code_of(subscribed) == 43101
    aunt.agreed[agreed] = 1
    assert [await code_of(subscribed) for _ in range(2)] == [0, 43101], "one agreement, one notice"


async def test_files_codes_and_menus(server: WeChatServer, client: WeChatClient, aunt: Person, clock: Hands) -> None:
    await signed_in(client, server)
    picture = ("a.jpg", io.BytesIO(b"\xff\xd8\xffpicture"), "image/jpeg")
    kept = await call(lambda: client.media.upload("image", picture))
    server.world.opens_message(aunt)
    assert await code_of(lambda: client.message.send_image(aunt.openid, kept["media_id"])) == 0
    got = await call(lambda: client.media.download(kept["media_id"]))
    assert got.content == b"\xff\xd8\xffpicture"
    clock.turn(days=3)
    await signed_in(client, server)
    server.world.opens_message(aunt)
    assert await code_of(lambda: client.message.send_image(aunt.openid, kept["media_id"])) == 40007
    made = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "b_yinxing-3"}}}
    assert (await call(lambda: client.qrcode.create(made)))["url"].startswith("http://weixin.qq.com/q/")
    long = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "b" * 65}}}
    assert await code_of(lambda: client.qrcode.create(long)) == 40053
    button = {"type": "click", "name": "我的诉求", "key": "我的诉求"}
    assert await code_of(lambda: client.menu.create({"button": [button]})) == 0
    assert await code_of(lambda: client.menu.create({"button": [button] * 4})) == 40016
    assert await code_of(lambda: client.menu.create({"button": [{**button, "name": "太长的名字了"}]})) == 40018


async def test_a_sign_in_code_is_good_once_and_for_minutes(server: WeChatServer, aunt: Person, clock: Hands) -> None:
    oauth = WeChatOAuth(APP_ID, SECRET, "http://linli.test/wechat/back", scope="snsapi_base", state="abc")
    oauth.API_BASE_URL = f"{server.base_url}/"
    oauth._http.trust_env = False
    server.world.web_domain = "linli.test"
    address = oauth.authorize_url
    back = server.authorize(aunt, address)
    code = httpx.URL(back).params["code"]
    assert (await call(lambda: oauth.fetch_access_token(code)))["openid"] == aunt.openid
    assert await code_of(lambda: oauth.fetch_access_token(code)) == 40163
    late = httpx.URL(server.authorize(aunt, address)).params["code"]
    clock.turn(minutes=5)
    assert await code_of(lambda: oauth.fetch_access_token(late)) == 40029
    server.world.web_domain = "other.test"
    with pytest.raises(AssertionError):
        server.authorize(aunt, address)


PUSHED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("text", {"Content": "灯坏了 ]]> <b>"}, {"type": "text", "content": "灯坏了 ]]> <b>"}),
    ("image", {"PicUrl": "http://x/1", "MediaId": "m"}, {"type": "image", "media_id": "m"}),
    ("voice", {"MediaId": "m", "Format": "amr", "Recognition": "灯"}, {"type": "voice", "recognition": "灯"}),
    ("location", {"Location_X": 30.1, "Location_Y": 120.2, "Scale": 16, "Label": "西湖"}, {"label": "西湖"}),
    ("event", {"Event": "subscribe", "EventKey": ""}, {"event": "subscribe"}),
    ("event", {"Event": "subscribe", "EventKey": "qrscene_b_1", "Ticket": "t"}, {"scene_id": "b_1", "ticket": "t"}),
    ("event", {"Event": "SCAN", "EventKey": "b_1", "Ticket": "t"}, {"event": "scan", "scene_id": "b_1"}),
    ("event", {"Event": "CLICK", "EventKey": "我的诉求"}, {"event": "click", "key": "我的诉求"}),
    ("event", {"Event": "VIEW", "EventKey": "http://x/"}, {"event": "view", "url": "http://x/"}),
    ("event", {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 7, "Status": "success"}, {"id": 7, "status": "success"}),
]


@pytest.mark.parametrize(("kind", "inside", "read"), PUSHED, ids=[f"{k}-{i.get('Event', '')}" for k, i, _ in PUSHED])
async def test_what_is_pushed_is_what_wechatpy_reads(
    server: WeChatServer, aunt: Person, kind: str, inside: dict[str, Any], read: dict[str, Any]
) -> None:
    fields = server.message(aunt, kind, **inside)
    query, body = server.pusher.sealed(fields)
    crypt = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    plain = crypt.decrypt_message(body.decode(), query["msg_signature"], query["timestamp"], query["nonce"])
    found = parse_message(plain)
    assert (found.source, found.target) == (aunt.openid, ORIGINAL_ID)
    assert {name: getattr(found, name) for name in read} == read
    assert xmltodict.parse(body)["xml"]["ToUserName"] == ORIGINAL_ID
