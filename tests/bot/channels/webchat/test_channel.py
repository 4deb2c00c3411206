"""The web chat as a channel: posts out, changes in place, toasts, files, updates in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from sqlalchemy.exc import OperationalError

from bot.channels.base import BadUpdate, Channel, OutFile, RawUpdate
from bot.channels.webchat.channel import WebChannel
from bot.channels.webchat.hub import Toast
from bot.channels.webchat.shapes import Point, SentFile, WebUpdate
from handlers.messages import Address, Key, Outgoing, Receipt, Refusal, Refused
from storage.database import Database
from storage.webchat import Post
from tests.bot.web.program import ROOM, keys, open_channel

ANNA = Address(channel="web", user="wanna", chat="wanna")
AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Database, WebChannel]]:
    db, channel = await open_channel(tmp_path)
    yield db, channel
    await channel.stop()
    await db.close()


@pytest.fixture
def channel(opened: tuple[Database, WebChannel]) -> WebChannel:
    return opened[1]


async def sent(channel: WebChannel, address: Address, out: Outgoing, post: str = "") -> str:
    receipt = await channel.send(address, out, post=post)
    assert isinstance(receipt, Receipt)
    return receipt.ref


async def test_it_is_a_channel(channel: WebChannel) -> None:
    same: Channel = channel
    assert (same.name, same.account) == ("web", "")
    assert same.capabilities.keeps


async def test_a_message_is_a_post_with_keys_and_waits_unseen(channel: WebChannel) -> None:
    ref = await sent(channel, ANNA, Outgoing(text="好", keys=keys((("对", "t1"), ("不对", "t2"))), link="/wall"))
    (post,) = await channel.posts.page("u:wanna")
    assert (str(post.id), post.text, post.direction, post.link) == (ref, "好", "out", "/wall")
    assert [[key["token"] for key in row] for row in post.keys] == [["t1", "t2"]]
    assert await channel.posts.count_unseen("u:wanna") == 1
    channel.note_seen([post.id])
    await channel.flush_seen()
    assert await channel.posts.count_unseen("u:wanna") == 0


async def test_both_spellings_of_a_private_chat_are_one_chat(channel: WebChannel) -> None:
    await sent(channel, ANNA, Outgoing(text="1"))
    await sent(channel, ANNA.model_copy(update={"chat": "u:wanna"}), Outgoing(text="2"))
    assert [post.text for post in await channel.posts.page("u:wanna")] == ["1", "2"]


async def test_a_change_keeps_id_and_place_and_moves_the_cursor(channel: WebChannel) -> None:
    card = await sent(channel, ROOM, Outgoing(text="卡", keys=((Key(label="接单", token="c"),),)))
    await sent(channel, ROOM, Outgoing(text="后面"))
    end = await channel.posts.newest("r:grid:yinxing-01")
    assert await sent(channel, ROOM, Outgoing(text="已接"), post=card) == card
    assert [post.text for post in await channel.posts.page("r:grid:yinxing-01")] == ["已接", "后面"]
    (changed,) = await channel.posts.changes("r:grid:yinxing-01", end)
    assert changed.edited_at
    assert changed.keys == []


async def test_changing_a_post_that_is_gone_writes_a_new_one(channel: WebChannel) -> None:
    ref = await sent(channel, ROOM, Outgoing(text="卡"), post="123")
    assert ref != "123"
    assert await channel.posts.find("r:grid:yinxing-01", int(ref))


async def test_a_post_of_another_chat_is_not_changed(channel: WebChannel) -> None:
    ref = await sent(channel, ROOM, Outgoing(text="卡"))
    await sent(channel, ANNA, Outgoing(text="给我"), post=ref)
    assert [post.text for post in await channel.posts.page("r:grid:yinxing-01")] == ["卡"]


async def test_a_toast_reaches_the_pressers_screens_only_and_is_stored_nowhere(channel: WebChannel) -> None:
    presser = ROOM.model_copy(update={"user": "w1"})
    with channel.hub.listen(ROOM.chat, "w1") as mine, channel.hub.listen(ROOM.chat, "w2") as other:
        receipt = await channel.send(presser, Outgoing(text="晚了", callback="w1:p9", alert=True))
        assert receipt == Receipt()
        assert mine.take_toasts() == [Toast("晚了", True, "p9")]
        assert mine.take_toasts() == []
        assert other.take_toasts() == []
        assert not other.news.is_set()
    assert await channel.posts.page(ROOM.chat) == []


async def test_sending_wakes_the_open_streams_of_the_chat(channel: WebChannel) -> None:
    with channel.hub.listen("u:wanna", "wanna") as mine, channel.hub.listen("u:wbob", "wbob") as other:
        await sent(channel, ANNA, Outgoing(text="好"))
        assert mine.news.is_set()
        assert not other.news.is_set()
    assert not channel.hub.listened()


async def test_posts_of_another_process_wake_streams(
    opened: tuple[Database, WebChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.webchat.channel.OVERLAP", 600_000 << 22)  # a disk may be slow
    db, channel = opened
    elsewhere = WebChannel(db, channel.media, channel.sealer)

    async def receive(updates: object) -> None:
        raise AssertionError("nothing was received")

    await channel.start(receive)
    with channel.hub.listen("u:wanna", "wanna") as listener:
        await sent(elsewhere, ANNA, Outgoing(text="好"))
        await asyncio.wait_for(listener.news.wait(), 120)


@pytest.mark.parametrize(
    ("address", "out", "reason"),
    [
        (Address(channel="web", chat="nowhere", is_group=True), Outgoing(text="x"), Refusal.GONE),
        (ANNA, Outgoing(text="长" * 10_001), Refusal.REJECTED),
    ],
)
async def test_what_the_chat_does_not_take(
    channel: WebChannel, address: Address, out: Outgoing, reason: Refusal
) -> None:
    answer = await channel.send(address, out)
    assert isinstance(answer, Refused)
    assert answer.reason == reason


async def test_files_are_kept_and_shown_in_the_chat(channel: WebChannel, tmp_path: Path) -> None:
    path = tmp_path / "note.pdf"
    path.write_bytes(b"%PDF-1.4 hello")
    answer = await channel.send(ANNA, Outgoing(text="看"), files=[OutFile("file", path, "application/pdf", "")])
    assert isinstance(answer, Receipt)
    (post,) = await channel.posts.page("u:wanna")
    (file,) = post.media
    assert await channel.fetch(file["ref"]) == (b"%PDF-1.4 hello", "application/pdf")
    assert await channel.files.chats_of(file["ref"]) == ["u:wanna"]
    again = await channel.send(ROOM, Outgoing(text="看"), files=[OutFile("file", None, "", file["ref"])])
    assert isinstance(again, Receipt)
    missing = await channel.send(ROOM, Outgoing(text="看"), files=[OutFile("file", None, "", "0" * 64)])
    assert isinstance(missing, Refused)
    with pytest.raises(OSError, match="0000"):
        await channel.fetch("0" * 64)


def update(**values: object) -> WebUpdate:
    return WebUpdate.model_validate({"kind": "message", "user": "wanna", "client_id": "c1", "at": AT, **values})


async def test_a_private_text_comes_back_neutral(channel: WebChannel) -> None:
    raw = update(text="灯坏了", post="7", reply_to="3").raw()
    (incoming,) = channel.parse(raw)
    assert (incoming.id, incoming.kind, incoming.text) == ("wanna:c1", "text", "灯坏了")
    assert (incoming.message_ref, incoming.reply_to, incoming.at) == ("7", "3", AT)
    assert incoming.address == ANNA


async def test_a_room_address_names_the_room_and_the_person(channel: WebChannel) -> None:
    raw = update(kind="press", queue="grid:yinxing-01", token="t", post="9", name="王师傅", title="第一网格").raw()
    (incoming,) = channel.parse(raw)
    assert incoming.address == Address(channel="web", user="wanna", chat="r:grid:yinxing-01", is_group=True)
    assert (incoming.kind, incoming.token, incoming.callback) == ("press", "t", "wanna:c1")
    assert (incoming.name, incoming.chat_title, incoming.message_ref) == ("王师傅", "第一网格", "9")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"media": (SentFile(ref="a", kind="photo"),), "text": "看"}, "media"),
        ({"geo": Point(lat=32.1, lon=119.5)}, "place"),
        ({"geo": Point(lat=32.1, lon=119.5), "text": "这里"}, "text"),
        ({"kind": "scan", "scene": "b_yx03"}, "scan"),
        ({"kind": "edit", "text": "新", "post": "5"}, "edit"),
    ],
)
async def test_kinds(channel: WebChannel, values: dict[str, object], kind: str) -> None:
    (incoming,) = channel.parse(update(**values).raw())
    assert incoming.kind == kind
    assert bool(incoming.geo) == ("geo" in values)


@pytest.mark.parametrize("raw", [{}, {"kind": "message"}, {**update().raw(), "kind": "dance"}, {"at": 7}])
async def test_what_cannot_be_read_is_said(channel: WebChannel, raw: dict[str, object]) -> None:
    with pytest.raises(BadUpdate):
        channel.parse(raw)


async def test_the_same_client_id_writes_one_post_even_at_once(channel: WebChannel) -> None:
    draft = Post(chat="u:wanna", direction="in", author="wanna", text="灯", client_id="c1")
    posts = await asyncio.gather(*(channel.posts.add(draft) for _ in range(8)))
    assert len({post.id for post in posts}) == 1
    assert len(await channel.posts.page("u:wanna")) == 1


async def test_updates_can_be_handed_to_the_program(channel: WebChannel) -> None:
    got: list[str] = []

    async def receive(updates: object) -> None:
        got.extend(one.id for one in updates)  # type: ignore[attr-defined]

    await channel.start(receive)
    await channel.hand_over(RawUpdate("1", {}))
    assert got == ["1"]


async def test_erasing_leaves_nothing_the_person_said(channel: WebChannel) -> None:
    for chat in ("u:wanna", ROOM.chat):
        await channel.posts.add(Post(chat=chat, direction="in", author="wanna", name="安娜", text="秘密"))
    await channel.posts.erase("wanna")
    assert await channel.posts.page("u:wanna") == []
    (post,) = await channel.posts.page(ROOM.chat)
    assert (post.text, post.name) == ("", "")


async def test_whoever_asks_second_waits_until_what_was_shown_is_written(
    channel: WebChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = int(await sent(channel, ANNA, Outgoing(text="好")))
    begun, goes_on = asyncio.Event(), asyncio.Event()
    write = channel.posts.mark_seen

    async def slowly(posts: Iterable[int], now: datetime) -> None:
        if posts:
            begun.set()
            await goes_on.wait()
        await write(posts, now)

    monkeypatch.setattr(channel.posts, "mark_seen", slowly)
    channel.note_seen([post])
    first = asyncio.create_task(channel.flush_seen())
    await begun.wait()
    second = asyncio.create_task(channel.flush_seen())
    done, _ = await asyncio.wait({second}, timeout=0.1)
    goes_on.set()
    await first
    await second
    assert not done
    assert await channel.posts.count_unseen("u:wanna") == 0


async def test_what_the_database_would_not_take_is_written_the_next_time(
    channel: WebChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = int(await sent(channel, ANNA, Outgoing(text="好")))
    channel.note_seen([post])
    with monkeypatch.context() as broken:
        broken.setattr(channel.posts, "mark_seen", AsyncMock(side_effect=OperationalError("update", {}, OSError())))
        with pytest.raises(OperationalError):
            await channel.flush_seen()
    await channel.flush_seen()
    assert await channel.posts.count_unseen("u:wanna") == 0
