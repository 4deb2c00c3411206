"""Callbacks and frames as neutral messages; what cannot be read is told, and repeats are known by their id."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import BadUpdate
from bot.channels.wecom.connection import hung, pressed_frame
from bot.channels.wecom.shapes import (
    Chat,
    ChatKind,
    app_update,
    bot_update,
    make_chat,
    parse_update,
    pressed_card,
    read_chat,
)
from handlers.messages import Incoming
from tests.bot.channels.altered import altered

HEAD = {"ToUserName": "ww1", "FromUserName": "wang", "CreateTime": "1763690000", "AgentID": "7"}
BOT_HEAD = {"msgid": "m1", "aibotid": "a", "from": {"userid": "wang"}, "create_time": 1763690000}


def app(**fields: Any) -> list[Incoming]:
    return parse_update({"via": "app", "fields": HEAD | fields}, "ww1")


def bot(**body: Any) -> list[Incoming]:
    return parse_update({"via": "bot", "body": BOT_HEAD | body}, "ww1")


def test_words_pictures_sounds_and_places() -> None:
    (text,) = app(MsgType="text", Content="接单 1001", MsgId="9")
    assert (text.kind, text.text, text.id, text.address.chat, text.address.user) == (
        "text",
        "接单 1001",
        "m:9",
        "wang",
        "wang",
    )
    assert not text.address.is_group
    (photo,) = app(MsgType="image", PicUrl="http://p", MediaId="abc", MsgId="10")
    assert (photo.kind, photo.media[0].kind, photo.media[0].ref) == ("media", "photo", "m:abc")
    (voice,) = app(MsgType="voice", MediaId="v", Format="amr", MsgId="11")
    assert (voice.media[0].kind, voice.media[0].mime) == ("voice", "audio/amr")
    (place,) = app(MsgType="location", Location_X="30.1", Location_Y="120.2", Label="银杏苑", MsgId="12")
    assert place.geo is not None
    assert (place.geo.lat, place.geo.lon, place.geo.system, place.geo.label) == (30.1, 120.2, "gcj02", "银杏苑")
    (link,) = app(MsgType="link", Title="通知", Url="https://e.cn", MsgId="13")
    assert link.text == "通知 https://e.cn"
    (other,) = app(MsgType="shortvideo", MsgId="14")
    assert other.kind == "unknown"


@pytest.mark.parametrize(("lat", "lon"), [("nan", "120"), ("30", "inf"), ("91", "120"), ("30", "-181"), ("x", "1")])
def test_what_is_no_place_on_earth_is_unreadable(lat: str, lon: str) -> None:
    with pytest.raises(BadUpdate):
        app(MsgType="location", Location_X=lat, Location_Y=lon, MsgId="12")


def test_a_card_is_pressed_in_one_chat() -> None:
    def frame(**where: Any) -> dict[str, Any]:
        event = {"eventtype": "template_card_event", "template_card_event": {"event_key": "k", "task_id": "t1"}}
        return {"headers": {"req_id": "r1"}, "body": {"from": {"userid": "wang"}, "event": event, **where}}

    assert pressed_frame(frame(chatid="g1")) == (hung("g1", "t1"), "r1")
    assert pressed_frame(frame(chatid="g2")) == (hung("g2", "t1"), "r1")
    assert pressed_frame(frame()) == (hung("wang", "t1"), "r1"), "in the bot's own chat with somebody"
    for broken in ({}, {"body": None}, {"body": {"event": 1}, "headers": {}}, {"headers": {"req_id": "r"}}):
        assert pressed_frame(broken) == ("", "")


def test_a_press_is_an_act_in_the_pressers_own_chat() -> None:
    raw = {"MsgType": "event", "Event": "template_card_event", "EventKey": "code.0", "TaskId": "t1"}
    (press,) = app(**raw, ResponseCode="rc")
    assert (press.kind, press.token, press.message_ref, press.address.chat) == ("press", "code.0", "t1", "wang")
    assert press.callback == "", "what is told to the presser is a message of their chat, and is not lost"
    assert pressed_card({"via": "app", "fields": HEAD | raw | {"ResponseCode": "rc"}}) == ("t1", "rc")
    assert pressed_card({"via": "bot", "body": {}}) == ("", "")


@pytest.mark.parametrize(
    ("event", "kind"), [("subscribe", "join"), ("unsubscribe", "blocked"), ("enter_agent", ""), ("LOCATION", "")]
)
def test_coming_and_going(event: str, kind: str) -> None:
    found = app(MsgType="event", Event=event, EventKey="")
    assert [each.kind for each in found] == ([kind] if kind else [])


def test_a_menu_entry_is_the_words_behind_it() -> None:
    (click,) = app(MsgType="event", Event="click", EventKey="我的单子")
    assert (click.kind, click.text) == ("text", "我的单子")


def test_in_a_group_the_bot_hears_words_after_its_name() -> None:
    (said,) = bot(chattype="group", chatid="wr1", msgtype="text", text={"content": "@邻里 接单 1001"})
    assert (said.text, said.address.chat, said.address.is_group, said.address.user) == (
        "接单 1001",
        "g/wr1",
        True,
        "wang",
    )
    (thin,) = bot(chattype="group", chatid="wr1", msgtype="text", text={"content": "@邻里\u2005绑定"})
    assert thin.text == "绑定"
    (alone,) = bot(chattype="single", msgtype="text", text={"content": "@谁 在吗"})
    assert (alone.text, alone.address.chat, alone.address.is_group) == ("@谁 在吗", "b/wang", False)
    (spoken,) = bot(chattype="single", msgtype="voice", voice={"content": "楼道灯坏了"})
    assert (spoken.kind, spoken.text) == ("text", "楼道灯坏了")


def test_words_and_pictures_in_one_message() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "@邻里 办结 1001"}},
        {"msgtype": "image", "image": {"url": "https://f/1?x=1", "aeskey": "k+/="}},
    ]
    (mixed,) = bot(chattype="group", chatid="wr1", msgtype="mixed", mixed={"msg_item": items})
    assert (mixed.kind, mixed.text, mixed.media[0].ref) == ("media", "办结 1001", "u:k+/=:https://f/1?x=1")


@pytest.mark.parametrize("nested", [True, False])
def test_a_press_in_a_group_in_both_spellings(nested: bool) -> None:
    told = {"event_key": "code.1", "task_id": "t1"}
    event = {"eventtype": "template_card_event", **({"template_card_event": told} if nested else told)}
    (press,) = bot(chattype="group", chatid="wr1", msgtype="event", event=event)
    assert (press.kind, press.token, press.message_ref, press.callback) == ("press", "code.1", "t1", "wang")
    assert press.address.is_group


def test_a_repeat_has_the_same_id_and_another_press_has_not() -> None:
    event = {"MsgType": "event", "Event": "template_card_event", "TaskId": "t1"}
    first, again, other = (app_update(HEAD | event | {"EventKey": key}) for key in ("a", "a", "b"))
    assert first.id == again.id != other.id
    frame = {"headers": {"req_id": "r"}, "body": {"msgid": "x" * 300}}
    assert bot_update(frame).id == bot_update(frame).id
    assert len(bot_update(frame).id) <= 64


@pytest.mark.parametrize("kind", ChatKind)
def test_chats_are_read_as_they_were_made(kind: ChatKind) -> None:
    assert read_chat(make_chat(kind, "grid:yx-01")) == Chat(kind, "grid:yx-01")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["MsgType", "Event", "EventKey", "Content", "MediaId", "Location_X", "Location_Y", "MsgId"])
values = st.sampled_from(["event", "text", "image", "location", "template_card_event", "30.1"])
IMAGE = {"url": "https://f/1", "aeskey": "k+/="}
PRESS = {"eventtype": "template_card_event", "template_card_event": {"event_key": "code.1", "task_id": "t1"}}
MIXED = {"msg_item": [{"msgtype": "text", "text": {"content": "办结"}}, {"msgtype": "image", "image": IMAGE}]}
FRAMES: list[dict[str, Any]] = [
    {"chattype": "group", "chatid": "wr1", "msgtype": "text", "text": {"content": "@邻里 你好"}},
    {"msgtype": "voice", "voice": {"content": "你好"}},
    {"msgtype": "image", "image": IMAGE},
    {"msgtype": "file", "file": IMAGE},
    {"chattype": "group", "chatid": "wr1", "msgtype": "mixed", "mixed": MIXED},
    {"chattype": "group", "chatid": "wr1", "msgtype": "event", "event": PRESS},
    {"msgtype": "event", "event": {"eventtype": "enter_chat"}},
]


@given(st.dictionaries(names, values | json_like))
def test_no_callback_is_worse_than_unreadable(fields: dict[str, Any]) -> None:
    try:
        found = parse_update({"via": "app", "fields": HEAD | fields}, "ww1")
    except BadUpdate:
        return
    assert all(each.address.account == "ww1" for each in found)


@given(altered([BOT_HEAD | frame for frame in FRAMES], json_like))
def test_no_frame_is_worse_than_unreadable(body: dict[str, Any]) -> None:
    try:
        found = parse_update({"via": "bot", "body": body}, "ww1")
    except BadUpdate:
        return
    assert all(each.address.account == "ww1" for each in found)
