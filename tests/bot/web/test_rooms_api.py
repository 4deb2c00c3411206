"""Rooms over HTTP: only for those with a role now, and exactly one claimer wins."""

from __future__ import annotations

import pytest

from tests.bot.web.conftest import Browser, OpenBrowser, user_of
from tests.bot.web.program import QUEUE, Program

ROOM = f"/api/rooms/{QUEUE}"


@pytest.fixture
async def wang(browser: OpenBrowser, program: Program) -> Browser:
    client = await browser()
    program.staff[await user_of(client)] = "王师傅"
    return client


async def test_my_rooms(wang: Browser, anna: Browser) -> None:
    assert (await wang.get("/api/rooms")).json() == [{"queue": QUEUE, "title": "银杏社区第一网格"}]
    assert (await anna.get("/api/rooms")).json() == []
    assert (await wang.get("/api/me")).json()["staff"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/messages", None),
        ("GET", "/stream", None),
        ("POST", "/messages", {"text": "x", "client_id": "x"}),
        ("POST", "/presses", {"token": "claim", "post": "1", "client_id": "x"}),
        ("PUT", "/messages/1", {"text": "x", "client_id": "x"}),
    ],
)
async def test_without_a_role_every_door_is_shut(
    anna: Browser, program: Program, method: str, path: str, body: object
) -> None:
    answer = await anna.request(method, ROOM + path, json=body)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert program.seen == {}


async def test_the_right_is_checked_on_each_call(wang: Browser, program: Program) -> None:
    assert (await wang.get(f"{ROOM}/messages")).status_code == 200
    program.staff.clear()
    assert (await wang.get(f"{ROOM}/messages")).status_code == 403


async def test_colleagues_see_names_and_one_claim_wins(wang: Browser, browser: OpenBrowser, program: Program) -> None:
    li = await browser()
    program.staff[await user_of(li)] = "李姐"
    card = await program.post_card()
    await wang.post(f"{ROOM}/messages", json={"text": "我去", "client_id": "m1", "reply_to": card})
    for client in (wang, li):
        await client.post(f"{ROOM}/presses", json={"token": "claim", "post": card, "client_id": "p1"})
    shown, said = (await li.get(f"{ROOM}/messages")).json()["posts"]
    assert shown["text"] == "✅ 1042 王师傅 10:45 接单"
    assert (said["name"], said["mine"], said["reply_to"]) == ("王师傅", False, card)
    incoming = program.seen[f"{await user_of(wang)}:m1"]
    assert incoming.address.is_group
    assert (incoming.name, incoming.chat_title) == ("王师傅", "银杏社区第一网格")


async def test_reading_a_room_does_not_mark_it_seen_for_all(wang: Browser, program: Program) -> None:
    await program.post_card()
    await wang.get(f"{ROOM}/messages")
    await program.channel.flush_seen()
    assert await program.channel.posts.count_unseen(f"r:{QUEUE}") == 1


async def test_one_client_id_is_one_message_in_one_chat(wang: Browser, program: Program) -> None:
    body = {"text": "x", "client_id": "m1"}
    assert (await wang.post("/api/chat/messages", json=body)).status_code == 202
    assert (await wang.post(f"{ROOM}/messages", json=body)).status_code == 409
