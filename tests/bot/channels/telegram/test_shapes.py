"""Recorded updates of every kind, and what the program must understand of them."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import BadUpdate
from bot.channels.telegram.shapes import Self, parse_update, read_ref
from handlers.messages import Geo, Incoming
from tests.bot.channels.altered import altered

UPDATES = Path(__file__).with_name("updates")
ME = Self("7000000001", "linli_test_bot")
SENT_AT = datetime.fromtimestamp(1763690400, UTC)

LI = ("100001", "100001", False)
LI_IN_GROUP = ("100001", "-1001000000007", True)
WANG_IN_GROUP = ("100002", "-1001000000007", True)
GROUP = ("", "-1001000000007", True)

EXPECTED: dict[str, list[dict[str, Any]]] = {
    "text": [
        {
            "kind": "text",
            "who": LI,
            "text": "三栋二单元楼道灯坏了",
            "name": "李 阿姨",
            "message_ref": "5",
            "at": SENT_AT,
        }
    ],
    "forwarded": [{"kind": "text", "who": LI, "text": "转来的"}],
    "start": [{"kind": "text", "who": LI, "text": "/start", "scene": ""}],
    "start_payload": [{"kind": "scan", "who": LI, "text": "", "scene": "place_7-3"}],
    "command_in_group": [{"kind": "text", "who": LI_IN_GROUP, "text": "/help 怎么报修", "chat_title": "第一网格"}],
    "command_for_other_bot": [],
    "photo": [{"kind": "media", "who": LI, "text": "灯坏了", "media": [("photo", "large", "image/jpeg", 2048, "", 0)]}],
    "album_part": [{"kind": "media", "media": [("photo", "large", "image/jpeg", 2048, "13579", 0)]}],
    "voice": [{"kind": "media", "media": [("voice", "v", "audio/ogg", 2048, "", 4)]}],
    "audio": [{"kind": "media", "media": [("voice", "a", "audio/mpeg", 2048, "", 9)]}],
    "video": [{"kind": "media", "text": "看", "media": [("video", "vi", "video/mp4", 2048, "", 0)]}],
    "video_note": [{"kind": "media", "media": [("video", "vn", "video/mp4", 2048, "", 0)]}],
    "document": [{"kind": "media", "media": [("file", "d", "application/pdf", 2048, "", 0)]}],
    "location": [{"kind": "place", "who": LI, "geo": Geo(lat=31.25, lon=121.5)}],
    "venue": [{"kind": "place", "who": LI, "geo": Geo(lat=31.25, lon=121.5, label="银杏苑东门")}],
    "contact": [{"kind": "text", "who": LI, "text": "+8613900001234"}],
    "sticker": [{"kind": "unknown", "who": LI, "text": ""}],
    "dice": [{"kind": "unknown", "who": LI}],
    "poll": [{"kind": "unknown", "who": LI}],
    "reply_in_group": [{"kind": "text", "who": WANG_IN_GROUP, "text": "换好了", "reply_to": "8", "message_ref": "9"}],
    "reply_to_our_photo": [{"kind": "text", "who": WANG_IN_GROUP, "reply_to": "8:p", "replied": "结果？"}],
    "forum_topic": [{"kind": "text", "who": WANG_IN_GROUP, "thread": "3", "reply_to": "", "replied": ""}],
    "forum_general": [{"kind": "text", "who": WANG_IN_GROUP, "thread": ""}],
    "press_in_group": [
        {
            "kind": "press",
            "who": WANG_IN_GROUP,
            "thread": "3",
            "token": "k7Qx",
            "callback": "4382bfdwdsb323b2d9",
            "message_ref": "8",
            "name": "王师傅",
        }
    ],
    "press_on_photo": [{"kind": "press", "who": LI, "token": "k8", "message_ref": "8:p"}],
    "press_inaccessible": [{"kind": "press", "who": LI, "token": "k9", "callback": "78", "message_ref": "8"}],
    "press_without_data": [],
    "edited": [{"kind": "edit", "who": LI, "text": "四栋", "message_ref": "5"}],
    "edited_caption": [
        {"kind": "edit", "who": LI, "text": "四栋的灯", "media": [("photo", "large", "image/jpeg", 2048, "", 0)]}
    ],
    "edited_live_location": [],
    "blocked": [{"kind": "blocked", "who": LI}],
    "unblocked": [{"kind": "join", "who": LI}],
    "bot_added": [{"kind": "join", "who": GROUP, "name": "王师傅", "chat_title": "第一网格"}],
    "bot_removed": [{"kind": "leave", "who": GROUP}],
    "bot_promoted": [],
    "member_status_left": [{"kind": "leave", "who": WANG_IN_GROUP, "name": "王师傅"}],
    "members_joined": [{"kind": "join", "who": LI_IN_GROUP}, {"kind": "join", "who": WANG_IN_GROUP}],
    "member_left": [{"kind": "leave", "who": WANG_IN_GROUP}],
    "migrated": [{"kind": "migrate", "who": ("", "-4000007", True), "new_chat": "-1001000000009"}],
    "migrated_from": [],
    "pinned": [],
    "anonymous_admin": [{"kind": "unknown", "who": GROUP}],
    "other_bot": [],
    "channel_post": [{"kind": "unknown", "who": ("", "-1009", True)}],
    "inline_query": [],
}


def load(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((UPDATES / f"{name}.json").read_text(encoding="utf-8"))
    return raw


def shown(got: Incoming, name: str) -> Any:
    if name == "who":
        return (got.address.user, got.address.chat, got.address.is_group)
    if name == "thread":
        return got.address.thread
    if name == "media":
        return [(each.kind, each.ref, each.mime, each.size, each.album, each.duration) for each in got.media]
    return getattr(got, name)


def test_every_recording_is_expected() -> None:
    assert {each.stem for each in UPDATES.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_update(name: str) -> None:
    found = parse_update(load(name), ME)
    assert [
        {key: shown(got, key) for key in want} for got, want in zip(found, EXPECTED[name], strict=True)
    ] == EXPECTED[name]
    assert all((each.address.channel, each.address.account) == ("telegram", "7000000001") for each in found)
    assert all(each.at.tzinfo is not None for each in found)
    assert len({each.id for each in found}) == len(found)
    assert not found or found[0].id == str(load(name)["update_id"])


def test_only_our_own_words_come_back_with_an_answer() -> None:
    raw = load("reply_in_group")
    assert parse_update(raw, ME)[0].replied == "结果？"
    raw["message"]["reply_to_message"]["from"]["id"] = 100003
    assert parse_update(raw, ME)[0].replied == ""


def test_the_edit_carries_the_time_of_the_edit() -> None:
    assert (parse_update(load("edited"), ME)[0].at - SENT_AT).total_seconds() == 30


@pytest.mark.parametrize(
    "raw",
    [{}, {"message": {}}, {"update_id": 1, "message": {"message_id": 1}}, {"update_id": 1, "message": "text"}],
)
def test_broken_updates_are_bad_updates(raw: dict[str, Any]) -> None:
    with pytest.raises(BadUpdate):
        parse_update(raw, ME)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(altered([load(name) for name in EXPECTED], JSON))
def test_no_update_raises_anything_else(raw: dict[str, Any]) -> None:
    with contextlib.suppress(BadUpdate):
        parse_update(raw, ME)


@pytest.mark.parametrize(("ref", "read"), [("12", (12, False)), ("12:p", (12, True))])
def test_references_are_read_back(ref: str, read: tuple[int, bool]) -> None:
    assert read_ref(ref) == read


def test_foreign_references_are_refused() -> None:
    with pytest.raises(ValueError):
        read_ref("msg-7")
