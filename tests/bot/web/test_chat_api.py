"""The private chat over HTTP: once and only once, in order, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.webchat.channel import WebChannel
from storage.webchat import WebPosts
from tests.bot.web.conftest import Browser, OpenBrowser, user_of
from tests.bot.web.program import Program


async def posts(client: Browser, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/chat/messages", params=query)
    assert answer.status_code == 200
    return answer.json()["posts"]


async def say(client: Browser, text: str, client_id: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/chat/messages", json={"text": text, "client_id": client_id, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_a_message_reaches_the_program_and_the_answer_the_chat(anna: Browser, program: Program) -> None:
    accepted = await say(anna, "楼道灯坏了", "m1")
    mine, answer = await posts(anna)
    assert (mine["id"], mine["mine"], mine["bot"], mine["client_id"]) == (accepted["id"], True, False, "m1")
    assert (answer["bot"], answer["mine"], answer["new"]) == (True, False, True)
    assert answer["text"].startswith("明白了，楼道灯坏了")
    incoming = program.seen[f"{await user_of(anna)}:m1"]
    assert (incoming.message_ref, incoming.text) == (accepted["id"], "楼道灯坏了")


async def test_a_repeat_changes_nothing(anna: Browser, program: Program) -> None:
    first = await say(anna, "灯", "m1")
    assert (await say(anna, "灯", "m1"))["id"] == first["id"]
    assert len(await posts(anna)) == 2
    assert len(program.seen) == 1


async def test_busy_is_503_and_the_repeat_gets_through_once(anna: Browser, program: Program) -> None:
    program.busy = True
    answer = await anna.post("/api/chat/messages", json={"text": "灯", "client_id": "m1"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "busy"
    program.busy = False
    await say(anna, "灯", "m1")
    assert [post["mine"] for post in await posts(anna)] == [True, False]


async def test_wait_brings_the_answers_along(anna: Browser) -> None:
    answer = await anna.post("/api/chat/messages?wait=1", json={"text": "灯", "client_id": "m1"})
    (post,) = answer.json()["posts"]
    assert post["bot"]
    pressed = await anna.post("/api/chat/presses?wait=1", json={"token": "yes", "post": post["id"], "client_id": "p1"})
    assert pressed.status_code == 202
    assert [one["text"] for one in pressed.json()["posts"]] == ["已登记，单号 1042。有人接单我马上告诉您。"]


async def test_a_press_reaches_the_program_and_is_marked_on_the_post(anna: Browser, program: Program) -> None:
    await say(anna, "灯", "m1")
    card = (await posts(anna))[-1]
    body = {"token": "yes", "post": card["id"], "client_id": "p1"}
    assert (await anna.post("/api/chat/presses", json=body)).status_code == 202
    user = await user_of(anna)
    incoming = program.seen[f"{user}:p1"]
    assert (incoming.kind, incoming.token, incoming.callback) == ("press", "yes", f"{user}:p1")
    assert [post["pressed"] for post in await posts(anna) if post["id"] == card["id"]] == ["yes"]


@pytest.mark.parametrize("erased", [False, True])
async def test_a_press_on_what_another_process_has_changed_or_erased(
    anna: Browser, program: Program, channel: WebChannel, erased: bool
) -> None:
    """This process knows the card only as it has shown it."""
    await say(anna, "灯", "m1")
    card = (await posts(anna))[-1]
    user, mine = await user_of(anna), channel.posts
    elsewhere = WebPosts(mine._db, mine._ids, mine._sealer)
    if erased:
        await elsewhere.erase(user)
    else:
        await elsewhere.change(f"u:{user}", int(card["id"]), keys=[], text="别的")
    body = {"token": "yes", "post": card["id"], "client_id": "p1"}
    answer = await anna.post("/api/chat/presses", json=body)
    assert answer.status_code == (404 if erased else 202)
    assert (f"{user}:p1" in program.seen) is not erased, "what an old button means is the program's to say"
    left = [post["pressed"] for post in await posts(anna) if post["id"] == card["id"]]
    assert left == ([] if erased else [""])


async def test_a_press_on_somebody_elses_post_is_404(anna: Browser, browser: OpenBrowser, program: Program) -> None:
    await say(anna, "灯", "m1")
    card = (await posts(anna))[-1]
    bob = await browser()
    answer = await bob.post("/api/chat/presses", json={"token": "yes", "post": card["id"], "client_id": "p1"})
    assert answer.status_code == 404
    assert len(program.seen) == 1


async def test_chats_are_private(anna: Browser, browser: OpenBrowser) -> None:
    await say(anna, "灯", "m1")
    assert await posts(await browser()) == []


async def test_paging_and_following(anna: Browser) -> None:
    for number in range(5):
        await say(anna, f"第{number}句", f"m{number}")
    page = (await anna.get("/api/chat/messages?limit=4")).json()
    assert page["more"]
    assert page["posts"][-2]["text"] == "第4句"
    older = await posts(anna, before=page["posts"][0]["id"], limit=2)
    assert older[0]["text"] == "第2句"
    newer = await posts(anna, after=older[0]["id"], limit=3)
    assert [post["text"][:3] for post in newer] == ["明白了", "第3句", "明白了"]
    assert await posts(anna, changed_after=page["cursor"]) == []
    await say(anna, "再来", "m9")
    assert [post["text"][:2] for post in await posts(anna, changed_after=page["cursor"])] == ["再来", "明白"]


async def test_seen_posts_are_not_new_the_second_time(anna: Browser, channel: WebChannel) -> None:
    await say(anna, "灯", "m1")
    assert (await anna.get("/api/me")).json()["unseen"] == 1
    assert (await posts(anna))[-1]["new"]
    await channel.flush_seen()
    assert "new" not in (await posts(anna))[-1] or not (await posts(anna))[-1]["new"]
    assert (await anna.get("/api/me")).json()["unseen"] == 0


async def test_only_the_last_own_message_can_be_edited(anna: Browser, browser: OpenBrowser, program: Program) -> None:
    first = (await say(anna, "一", "m1"))["id"]
    last = (await say(anna, "二", "m2"))["id"]
    edit = {"text": "二号楼", "client_id": "e1"}
    assert (await anna.put(f"/api/chat/messages/{first}", json=edit)).json()["code"] == "not_last"
    assert (await (await browser()).put(f"/api/chat/messages/{last}", json=edit)).status_code == 404
    assert (await anna.put(f"/api/chat/messages/{last}", json=edit)).status_code == 202
    incoming = program.seen[f"{await user_of(anna)}:e1"]
    assert (incoming.kind, incoming.text, incoming.message_ref) == ("edit", "二号楼", last)
    (edited,) = [post for post in await posts(anna) if post["id"] == last]
    assert edited["text"] == "二号楼"
    assert edited["edited_at"]


async def test_a_scan_is_answered_in_the_private_chat(anna: Browser, program: Program) -> None:
    answer = await anna.post("/api/chat/scan?wait=1", json={"scene": "b_yx03", "client_id": "s1"})
    assert [post["text"] for post in answer.json()["posts"]] == ["您扫的码：b_yx03"]


async def test_a_place_is_passed_on(anna: Browser, program: Program) -> None:
    await say(anna, "", "g1", geo={"lat": 32.2, "lon": 119.4})
    incoming = program.seen[f"{await user_of(anna)}:g1"]
    assert incoming.kind == "place"
    assert incoming.geo is not None
    assert incoming.geo.system == "wgs84"


@pytest.mark.parametrize(
    "body",
    [
        {"client_id": "x"},
        {"text": "  \n", "client_id": "x"},
        {"text": "灯"},
        {"text": "灯", "client_id": "有空格 的"},
        {"text": "灯", "client_id": "x", "colour": "red"},
        {"text": "长" * 20_001, "client_id": "x"},
        {"geo": {"lat": 91, "lon": 0}, "client_id": "x"},
        {"text": "a", "reply_to": "9223372036854775808", "client_id": "x"},
        {"text": "a", "media": ["../x"], "client_id": "x"},
        [],
        None,
    ],
)
async def test_wrong_input_is_a_problem_with_the_place_named(anna: Browser, body: Any, program: Program) -> None:
    answer = await anna.post("/api/chat/messages", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["faults"]
    assert program.seen == {}


async def test_half_a_character_is_refused(anna: Browser) -> None:
    answer = await anna.post("/api/chat/messages", content=b'{"text": "\\ud800", "client_id": "x"}')
    assert answer.status_code == 422


async def test_control_characters_do_not_get_in(anna: Browser) -> None:
    await say(anna, "灯\x00坏\u0007了\r\n真的", "m1")
    assert (await posts(anna))[0]["text"] == "灯坏了\n真的"


async def test_a_very_long_message_is_kept_whole(anna: Browser, program: Program) -> None:
    await say(anna, "长" * 10_000, "m1")
    assert len(program.seen[f"{await user_of(anna)}:m1"].text) == 10_000
