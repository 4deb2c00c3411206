"""The fake Telegram judged from outside: python-telegram-bot for right calls, bare HTTP for wrong ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyParameters,
    TelegramObject,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, NetworkError, RetryAfter
from telegram.request import HTTPXRequest

from tests.fakes.telegram import TOKEN, Person, TelegramServer, pace, picture


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        yield running


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    patient = dict.fromkeys(("read_timeout", "write_timeout", "connect_timeout", "pool_timeout"), 120)
    request = HTTPXRequest(connection_pool_size=8, httpx_kwargs={"trust_env": False}, **patient)
    updates = HTTPXRequest(connection_pool_size=4, httpx_kwargs={"trust_env": False}, **patient)
    base = server.base_url
    client = Bot(TOKEN, f"{base}/bot", f"{base}/file/bot", request=request, get_updates_request=updates)
    async with client:
        yield client


@pytest.fixture
def li(server: TelegramServer) -> Person:
    return server.person("李阿姨", started=True)


async def raw(server: TelegramServer, method: str, body: object, token: str = TOKEN) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
        return await client.post(f"{server.base_url}/bot{token}/{method}", json=body)


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(each, callback_data=f"t{at}") for at, each in enumerate(labels)]]
    )


async def test_right_calls_of_ptb_are_taken(server: TelegramServer, bot: Bot, li: Person) -> None:
    assert (await bot.get_me()).username == "linli_test_bot"
    await bot.set_my_commands([BotCommand("start", "开始")])
    first = server.text(li, "你好")
    sent = await bot.send_message(
        li.id,
        "您好",
        reply_markup=keyboard("对", "不对"),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=ReplyParameters(first.id, allow_sending_without_reply=True),
    )
    assert sent.text == "您好"
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "你好"
    assert server.last(li).buttons == [["对", "不对"]]
    await bot.edit_message_text("改了", li.id, sent.message_id)
    assert (server.last(li).text, server.last(li).buttons, server.last(li).edited) == ("改了", [], True)
    await bot.send_message(li.id, "还有吗", reply_markup=ForceReply(selective=True))
    assert server.last(li).force_reply
    assert (await bot.get_chat(li.id)).first_name == "李阿姨"
    server.assert_clean()


async def test_files_by_upload_and_by_id(server: TelegramServer, bot: Bot, li: Person) -> None:
    sent = await bot.send_photo(li.id, picture(), caption="照片")
    again = await bot.send_photo(li.id, sent.photo[-1].file_id)
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
    album = await bot.send_media_group(
        li.id, [InputMediaPhoto(picture("red")), InputMediaPhoto(sent.photo[-1].file_id)]
    )
    assert len({each.media_group_id for each in album}) == 1
    await bot.send_voice(li.id, b"OggS voice")
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == picture()
    big = server.document(li, size=21 * 1024 * 1024)
    with pytest.raises(BadRequest, match=r"(?i)file is too big"):
        await bot.get_file(big.content["document"]["file_id"])
    server.assert_clean()


def strangers(value: object) -> Iterator[str]:
    """Fields the library does not know, at whatever depth."""
    if isinstance(value, TelegramObject):
        yield from value.api_kwargs
        value = list(value._get_attrs(recursive=False).values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from strangers(each)


async def test_every_update_is_readable_by_ptb(server: TelegramServer, bot: Bot, li: Person) -> None:
    kinds = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
    server.queue.allowed = kinds
    group = server.group("第一网格", [li], bot="administrator")
    wang = server.person("王师傅")
    server.start(li, "place_7-3")
    server.photo(li, caption="灯坏了")
    server.album(li, count=3)
    server.voice(li)
    server.video(li)
    server.document(li)
    server.location(li, 31.2, 121.4)
    server.venue(li, 31.2, 121.4, "东门")
    server.sticker(li)
    server.contact(li, "13900001234")
    server.forward(li, "转来的")
    server.edit(li, server.text(li, "一"), "二")
    await bot.send_message(group.id, "接单吗", reply_markup=keyboard("接单"))
    server.press(li, "接单", group)
    server.press(li, "接单", group, inaccessible=True)
    server.join(wang, group)
    server.leave(wang, group)
    server.remove_bot(group, li)
    server.block(li)
    server.unblock(li)
    updates = await bot.get_updates(allowed_updates=kinds)
    assert all(isinstance(each, Update) and each.effective_chat for each in updates)
    assert len(updates) == len(server.queue.sent)
    assert {kind for each in server.queue.sent for kind in each} == {"update_id", *kinds}
    for update in server.queue.sent:
        assert not list(strangers(Update.de_json(update, bot)))
    server.assert_clean()


@pytest.mark.parametrize(
    ("method", "body", "says"),
    [
        ("sendMessage", {"chat_id": 1}, "sendMessage.text: missing"),
        ("sendMessage", {"chat_id": 1, "text": "x", "txet": "y"}, "unknown parameter 'txet'"),
        ("sendMessage", {"chat_id": 1.5, "text": "x"}, "sendMessage.chat_id: should be"),
        ("sendMessage", {"chat_id": 1, "text": 5}, "sendMessage.text: should be String"),
        ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": "yes"}, "should be Boolean"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [{"text": "a"}]}}, "a list"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[{"txt": "a"}]]}}, "'txt'"),
        ("sendPhoto", {"chat_id": 1, "photo": "attach://nothing"}, "names no part"),
        ("setMyCommands", {"commands": [{"command": "start"}]}, "description: missing"),
        ("setMyCommands", {"commands": [{"command": "Start", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("getUpdates", {"limit": 500}, "limit must be"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "长" * 201}, "MESSAGE_TOO_LONG"),
        ("setWebhook", {"url": "http://example.com"}, "HTTPS"),
        ("setWebhook", {"url": "https://example.com", "secret_token": "秘密"}, "unallowed characters"),
        ("editMessageText", {"text": "x"}, "identifier is not specified"),
        ("sendDice", {"chat_id": 1}, "not played"),
        ("sendMassage", {"chat_id": 1}, "Not Found"),
    ],
)
async def test_wrong_calls_are_violations(server: TelegramServer, method: str, body: object, says: str) -> None:
    answer = await raw(server, method, body)
    assert answer.status_code == answer.json()["error_code"] >= 400
    assert answer.json()["ok"] is False
    assert any(says in each for each in server.violations), server.violations
    with pytest.raises(AssertionError):
        server.assert_clean()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"text": "长" * 4097}, "message is too long"),
        ({"text": " \n"}, "message text is empty"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "长" * 22}]]}}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": ""}]]}}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": {"inline_keyboard": [[{"text": " ", "callback_data": "a"}]]}}, "must be non-empty"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a"}]]}}, "Text buttons are unallowed"),
        ({"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "a"}] * 9]}}, "REPLY_MARKUP_TOO_LONG"),
    ],
)
async def test_limits_of_a_message(server: TelegramServer, li: Person, more: dict[str, object], says: str) -> None:
    answer = await raw(server, "sendMessage", {"chat_id": li.id, "text": "x"} | more)
    assert says in answer.json()["description"]
    assert says in server.violations[0]
    assert server.seen(li) == []


async def test_captions_albums_and_pictures_have_limits(server: TelegramServer, bot: Bot, li: Person) -> None:
    for call in (
        bot.send_photo(li.id, picture(), caption="长" * 1025),
        bot.send_media_group(li.id, [InputMediaPhoto(picture())]),
        bot.send_media_group(li.id, [InputMediaPhoto(picture())] * 11),
        bot.send_photo(li.id, b"no picture"),
    ):
        with pytest.raises(BadRequest):
            await call
    assert len(server.violations) == 4


async def test_what_happens_to_correct_bots_is_no_violation(server: TelegramServer, bot: Bot, li: Person) -> None:
    sent = await bot.send_message(li.id, "x")
    mine = server.text(li, "我的")
    with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
        await bot.edit_message_text("x", li.id, sent.message_id)
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("y", li.id, 99)
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("y", li.id, mine.id)
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(987654, "x")
    with pytest.raises(BadRequest, match="replied not found"):
        await bot.send_message(li.id, "x", reply_to_message_id=99)
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(server.person("生人").id, "x")
    server.block(li)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(li.id, "x")
    server.assert_clean()


async def test_groups_kick_and_migrate_and_close_topics(server: TelegramServer, bot: Bot, li: Person) -> None:
    small = server.group("小组", [li], kind="group")
    new = server.migrate(small, li)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(small.id, "x")
    assert moved.value.new_chat_id == new.id
    forum = server.group("论坛", [li], forum=True)
    thread = server.topic(forum, "报修")
    assert (await bot.send_message(forum.id, "x", message_thread_id=thread)).is_topic_message
    server.close_topic(forum, thread)
    with pytest.raises(BadRequest, match="thread not found"):
        await bot.send_message(forum.id, "x", message_thread_id=thread)
    server.remove_bot(forum, li)
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await bot.send_message(forum.id, "x")
    server.assert_clean()


async def test_a_press_is_answered_once_and_in_time(server: TelegramServer, bot: Bot, li: Person) -> None:
    await bot.send_message(li.id, "对吗", reply_markup=keyboard("对"))
    press = server.press(li, "对")
    await bot.answer_callback_query(press.id, "好", show_alert=True)
    toast = server.toasts(li)[0]
    assert (toast.text, toast.alert) == ("好", True)
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await bot.answer_callback_query(press.id)
    late = server.press(li, "对")
    server.expire_presses()
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await bot.answer_callback_query(late.id)
    with pytest.raises(LookupError):
        server.press(li, "没有")


async def test_offsets_confirm_and_repeats_come_again(server: TelegramServer, bot: Bot, li: Person) -> None:
    server.text(li, "一")
    server.text(li, "二")
    first = await bot.get_updates()
    assert [each.message.text for each in first if each.message] == ["一", "二"]
    assert len(await bot.get_updates()) == 2
    assert len(await bot.get_updates(offset=first[0].update_id + 1)) == 1
    assert await bot.get_updates(offset=first[1].update_id + 1) == ()
    server.repeat(first[0].update_id)
    assert (await bot.get_updates())[0].update_id == first[0].update_id


async def test_long_poll_wakes_and_two_consumers_conflict(server: TelegramServer, bot: Bot, li: Person) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=20))
    await server.wait_until(lambda: server.queue.consumers)
    second = asyncio.create_task(bot.get_updates(timeout=20))
    with pytest.raises(Conflict, match="other getUpdates"):
        await waiting
    server.text(li, "醒来")
    assert len(await second) == 1
    await bot.set_webhook("https://example.com/hook")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_privacy_mode_hides_group_talk(server: TelegramServer, bot: Bot, li: Person) -> None:
    group = server.group("第一网格", [li])
    asked = await bot.send_message(group.id, "结果？", reply_markup=ForceReply())
    server.text(li, "闲聊", group)
    server.text(li, "/help@other_bot", group)
    server.text(li, "/help@linli_test_bot", group)
    server.text(li, "换好了", group, reply_to=asked.message_id)
    heard = [each.message.text for each in await bot.get_updates() if each.message]
    assert heard == ["/help@linli_test_bot", "换好了"]


async def test_faults_and_real_limits(
    server: TelegramServer, bot: Bot, li: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fail("sendMessage", "rate", retry_after=7)
    with pytest.raises(RetryAfter) as told:
        await bot.send_message(li.id, "x")
    assert told.value._retry_after.total_seconds() == 7
    server.fail("*", "error", status=502)
    with pytest.raises(NetworkError):
        await bot.send_message(li.id, "x")
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: 1000.0))  # three within one second
    server.limit_rates(per_chat=2)
    await bot.send_message(li.id, "1")
    await bot.send_message(li.id, "2")
    with pytest.raises(RetryAfter):
        await bot.send_message(li.id, "3")
    server.fail("sendMessage", "lost")
    server.limit_rates(False)
    with pytest.raises(NetworkError):
        await bot.send_message(li.id, "没有回执", read_timeout=3)
    assert server.last(li).text == "没有回执"
    server.assert_clean()


async def test_webhook_posts_with_the_secret_until_taken(bot: Bot, server: TelegramServer, li: Person) -> None:
    answers = [503, 500, 200]
    got: list[tuple[str, int]] = []

    def app(request: httpx.Request) -> httpx.Response:
        got.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], json.loads(request.content)["update_id"]))
        return httpx.Response(answers[min(len(got), 3) - 1])

    server.queue.transport = httpx.MockTransport(app)
    await bot.set_webhook("https://example.com/hook", secret_token="s3cret")
    server.text(li, "你好")
    await server.wait_confirmed()
    assert [status for _, status in server.queue.webhook.delivered] == answers
    assert {secret for secret, _ in got} == {"s3cret"}
    assert len({update for _, update in got}) == 1
    assert (await bot.get_webhook_info()).url == "https://example.com/hook"


async def test_tokens_are_checked(server: TelegramServer) -> None:
    assert (await raw(server, "getMe", {}, "1:wrong")).status_code == 401
    assert (await raw(server, "getMe", {}, "wrong")).status_code == 404


def test_runs_alone_and_is_controlled_over_http() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.fakes.telegram"], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            base = running.stdout.readline().split()[1]
            with httpx.Client(base_url=base, trust_env=False, timeout=120) as client:
                who = client.post("/control/person", json={"first_name": "李阿姨"}).json()["id"]
                client.post("/control/start", json={"who": who, "payload": "b7"}).raise_for_status()
                polled = client.post(f"/bot{TOKEN}/getUpdates").json()["result"]
                assert polled[0]["message"]["text"] == "/start b7"
                markup = {"inline_keyboard": [[{"text": "对", "callback_data": "k1"}]]}
                body = {"chat_id": who, "text": "您好", "reply_markup": markup}
                client.post(f"/bot{TOKEN}/sendMessage", json=body).raise_for_status()
                assert client.get("/control/seen", params={"chat": who}).json()[-1]["buttons"] == [["对"]]
                assert client.get("/control/wait", params={"chat": who, "has": "您好"}).json()["text"] == "您好"
                late = client.get("/control/wait", params={"chat": who, "has": "没有", "timeout": 0})
                assert late.status_code == 408
                client.post("/control/press", json={"who": who, "label": "对"}).raise_for_status()
                assert client.post("/control/press", json={"who": who, "label": "错"}).status_code == 400
                assert client.get("/control/violations").json() == []
                assert [each["method"] for each in client.get("/control/calls").json()] == ["getUpdates", "sendMessage"]
        finally:
            running.terminate()
