"""Receiving: nothing is confirmed before it is stored, by polling and by webhook; and no token in any log."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

import httpx
import pytest

from bot.channels.base import RawUpdate
from bot.channels.telegram import receive
from bot.channels.telegram.channel import TelegramChannel
from tests.fakes.telegram import TOKEN, Person, TelegramServer

SECRET = "s3cret-of-the-hook"


class Store:
    """Keeps raw updates; refuses the first `failures` batches."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tries = 0
        self.kept: list[str] = []
        self.texts: list[str] = []

    async def __call__(self, updates: Sequence[RawUpdate]) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            raise OSError("disk full")
        for each in updates:
            if each.id not in self.kept:
                self.kept.append(each.id)
                self.texts.append(each.raw.get("message", {}).get("text", ""))


async def test_start_tells_telegram_who_we_are(channel: TelegramChannel, server: TelegramServer) -> None:
    await channel.start(Store())
    assert [each.method for each in server.calls][:3] == ["getMe", "setMyCommands", "deleteWebhook"]
    assert server.world.commands["default"][1] == {"command": "help", "description": "怎么用"}
    assert channel.username == "linli_test_bot"
    await server.wait_until(lambda: server.queue.allowed)
    assert "chat_member" in server.queue.allowed
    server.assert_clean()


async def test_updates_arrive_and_are_confirmed(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    store = Store()
    server.text(li, "一")
    await channel.start(store)
    server.text(li, "二")
    await server.wait_confirmed()
    await server.wait_until(lambda: len(store.texts) == 2)
    assert store.texts == ["一", "二"]
    assert store.kept == [str(each["update_id"]) for each in server.queue.sent]
    server.assert_clean()


async def test_an_update_that_could_not_be_stored_comes_again(
    channel: TelegramChannel, server: TelegramServer, li: Person
) -> None:
    store = Store(failures=1)
    server.text(li, "一")
    await channel.start(store)
    await server.wait_until(lambda: store.texts)
    await server.wait_confirmed()
    assert (store.tries, store.texts) == (2, ["一"])


async def test_an_update_again_is_only_a_repeat(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    store = Store()
    await channel.start(store)
    server.text(li, "一")
    server.text(li, "二")
    await server.wait_until(lambda: len(store.texts) == 2)
    await server.wait_confirmed()
    server.repeat(server.queue.sent[0]["update_id"])
    await server.wait_confirmed()
    server.text(li, "三")
    await server.wait_until(lambda: len(store.texts) == 3)
    assert store.texts == ["一", "二", "三"]


async def test_lower_numbers_after_a_quiet_week_are_received(
    channel: TelegramChannel, server: TelegramServer, li: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "POLL_FOR", 0)
    store = Store()
    server.text(li, "一")
    await channel.start(store)
    await server.wait_until(lambda: store.texts)
    await server.wait_confirmed()
    quiet = len(server.called("getUpdates"))
    await server.wait_call("getUpdates", quiet + 2)
    server.queue.renumber(41)
    server.text(li, "二")
    await server.wait_until(lambda: len(store.texts) == 2)
    assert store.kept[-1] == "41"


async def test_outages_and_conflicts_are_survived(
    channel: TelegramChannel, server: TelegramServer, li: Person, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail("getUpdates", status=502)
    server.fail("getUpdates", status=409, text="Conflict: terminated by other getUpdates request")
    store = Store()
    await channel.start(store)
    server.text(li, "一")
    await server.wait_until(lambda: store.texts)
    assert "another program receives with this token" in caplog.text


async def test_a_start_without_telegram_is_made_up_later(
    channel: TelegramChannel, server: TelegramServer, li: Person
) -> None:
    server.fail("getMe", status=502)
    store = Store()
    await channel.start(store)
    server.text(li, "一")
    await server.wait_until(lambda: store.texts)
    assert channel.username == "linli_test_bot"


async def test_stop_finishes_what_is_being_stored(channel: TelegramChannel, server: TelegramServer, li: Person) -> None:
    entered, leave, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_updates: Sequence[RawUpdate]) -> None:
        entered.set()
        await leave.wait()
        done.set()

    server.text(li, "一")
    await channel.start(slow)
    await entered.wait()
    stopping = asyncio.create_task(channel.stop())
    done_early, _ = await asyncio.wait({stopping}, timeout=0.3)
    assert not done_early
    leave.set()
    await stopping
    assert done.is_set()


@pytest.fixture
def untouched_logs() -> None:
    """As in a new process: an earlier test may have silenced what would show the token."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.mark.usefixtures("untouched_logs")
async def test_no_token_in_any_log(
    channel: TelegramChannel, server: TelegramServer, li: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = Store(failures=1)
    server.fail("getMe", status=401, text="Unauthorized")
    server.fail("getUpdates", status=401, text="Unauthorized")
    server.text(li, "一")
    await channel.start(store)
    await server.wait_until(lambda: store.texts)
    assert "telegram" in caplog.text
    assert TOKEN.partition(":")[2] not in caplog.text


def hook(base: str) -> TelegramChannel:
    return TelegramChannel(TOKEN, base, mode="webhook", webhook_url="https://example.com/telegram", secret=SECRET)


async def test_webhook_stores_before_it_answers(server: TelegramServer, li: Person) -> None:
    channel, store = hook(server.base_url), Store(failures=1)

    async def app(request: httpx.Request) -> httpx.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        return httpx.Response(await channel.accept(request.content, secret))

    server.queue.transport = httpx.MockTransport(app)
    await channel.start(store)
    server.text(li, "一")
    await server.wait_confirmed()
    assert [status for _, status in server.queue.webhook.delivered] == [503, 200]
    assert store.texts == ["一"]
    assert server.called("getUpdates") == []
    await channel.stop()
    server.assert_clean()


async def test_webhook_refuses_strangers_and_nonsense(server: TelegramServer) -> None:
    channel, store = hook(server.base_url), Store()
    good = json.dumps({"update_id": 7}).encode()
    assert await channel.accept(good, SECRET) == 503
    await channel.start(store)
    assert await channel.accept(good, "wrong") == 401
    assert await channel.accept(good, "") == 401
    assert await channel.accept(good, "密") == 401
    for body in (b"", b"{", b"[]", b"7", b'{"update_id": "7"}', b'{"update_id": true}', b"\xff", b"[" * 100_000):
        assert await channel.accept(body, SECRET) == 400
    assert store.kept == []
    assert await channel.accept(good, SECRET) == 200
    assert store.kept == ["7"]
    await channel.stop()


async def test_polling_takes_no_webhook_calls(channel: TelegramChannel) -> None:
    assert await channel.accept(b'{"update_id": 7}', "") == 401


@pytest.mark.parametrize("token", ["", "abc", "abc:def", "123:"])
def test_tokens_that_cannot_work_are_refused(token: str) -> None:
    with pytest.raises(ValueError):
        TelegramChannel(token)


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError):
        TelegramChannel(TOKEN, mode="webhook", webhook_url="https://example.com/telegram")
