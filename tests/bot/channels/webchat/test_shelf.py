"""The shelf: what is said in the web chat is there with the commit, in order, once, and nothing of it after a rollback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.webchat.channel import WebChannel
from bot.channels.webchat.hub import Toast
from handlers.messages import Address, Outgoing
from storage import outbox, people
from storage.people import Chat
from storage.schema import metadata
from storage.tx import Store, Tx
from storage.webchat import WebPosts
from tests.bot.web.program import keys, open_channel

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
HERE = "u:wanna"


class Home:
    """A private web chat, its channel, and the store both lie in."""

    def __init__(self, store: Store, channel: WebChannel, chat: Chat) -> None:
        self.store, self.channel, self.chat = store, channel, chat

    async def lay(self, tx: Tx, text: str, **more: Any) -> bool:
        return await self.channel.shelf.lay(tx, self.chat, Outgoing(text=text, **more), NOW)

    async def wait(self, tx: Tx, text: str, *, lane: int = outbox.REPLY, later: float = 0.0, slot: str = "") -> None:
        """Puts it into the outbox, as what cannot be laid."""
        body = Outgoing(text=text, slot=slot).model_dump(mode="json")
        until = NOW + timedelta(seconds=later)
        await outbox.put(tx, chat_id=self.chat.id, body=body, lane=lane, now=NOW, slot=slot, not_before=until)

    async def texts(self) -> list[str]:
        return [post.text for post in await self.channel.posts.page(HERE)]


async def opened_in(folder: Path, *, shared: bool = False) -> Home:
    db, first = await open_channel(folder)
    async with db.write() as connection:
        await connection.run_sync(metadata.create_all)
    store = Store(db, first.posts._ids, first.sealer)
    channel = WebChannel(db, first.media, first.sealer, ids=store.ids, shared=shared)
    async with store.write() as tx:
        chat = await people.add_chat(
            tx,
            channel="web",
            account="",
            chat="wanna",
            thread="",
            is_group=False,
            person_id=None,
            title="",
            now=NOW,
        )
    return Home(store, channel, chat)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = await opened_in(tmp_path)
    yield made
    await made.store.database.close()


async def test_it_is_there_with_the_commit_and_screens_hear_of_it_then(home: Home) -> None:
    with home.channel.hub.listen(HERE, "wanna") as screen:
        async with home.store.write() as tx:
            assert await home.lay(tx, "一", keys=keys((("对", "t1"),)), link="/wall", force_reply=True)
            assert await home.lay(tx, "二")
            assert not screen.news.is_set()
        assert screen.news.is_set()
    one, two = await home.channel.posts.page(HERE)
    assert (one.text, one.direction, one.link, one.asks, one.name) == ("一", "out", "/wall", True, "wanna")
    assert [[key["token"] for key in row] for row in one.keys] == [["t1"]]
    assert (two.text, two.seen_at) == ("二", None)
    async with home.store.read() as tx:
        assert await outbox.backlog(tx) == (0, 0)


async def test_after_a_rollback_nothing_was_said(home: Home) -> None:
    async def fail(tx: Tx) -> None:
        await home.lay(tx, "卡", slot="card:1")
        await home.lay(tx, "晚了", callback="wanna:p1")
        raise RuntimeError

    with home.channel.hub.listen(HERE, "wanna") as screen:
        with pytest.raises(RuntimeError):
            await home.store.run(fail)
        assert not screen.news.is_set()
        assert screen.take_toasts() == []
    assert await home.texts() == []
    async with home.store.write() as tx:
        assert await home.lay(tx, "卡", slot="card:1")
    assert await home.texts() == ["卡"]


async def test_a_card_is_changed_in_place_and_only_its_last_version_is_written(home: Home) -> None:
    for version in ("一", "三"):
        async with home.store.write() as tx:
            await home.lay(tx, version, slot="card:1", keys=keys((("接单", "c"),)))
            await home.lay(tx, f"{version}又", slot="card:1")
            await home.lay(tx, f"{version}后")
    first, *_ = await home.channel.posts.page(HERE)
    assert await home.texts() == ["三又", "一后", "三后"]
    assert (first.keys, first.pressed) == ([], "")
    assert first.edited_at
    async with home.store.read() as tx:
        assert await outbox.find_post(tx, home.chat.id, "card:1") == str(first.id)


async def test_a_card_whose_post_was_erased_is_written_anew(home: Home) -> None:
    async with home.store.write() as tx:
        await home.lay(tx, "卡", slot="card:1")
    await home.channel.posts.erase("wanna")
    async with home.store.write() as tx:
        await home.lay(tx, "新", slot="card:1")
    (post,) = await home.channel.posts.page(HERE)
    async with home.store.read() as tx:
        assert await outbox.find_post(tx, home.chat.id, "card:1") == str(post.id)


async def test_what_comes_after_something_that_waits_waits_too(home: Home) -> None:
    async with home.store.write() as tx:
        await home.wait(tx, "一", later=60)
        assert not await home.lay(tx, "二")
        assert not await home.lay(tx, "卡", slot="card:1")
    async with home.store.write() as tx:
        assert not await home.lay(tx, "三")
        assert await home.lay(tx, "嗯", callback="wanna:p1"), "a toast waits for nothing"
    assert await home.texts() == []


async def test_a_toast_that_waits_holds_nothing_up(home: Home) -> None:
    async with home.store.write() as tx:
        await home.wait(tx, "嗯", lane=outbox.PRESS)
        assert await home.lay(tx, "一")
    assert await home.texts() == ["一"]


@pytest.mark.parametrize("more", [{"media": ("1",)}, {"text": "长" * 10_001}])
async def test_files_and_what_is_too_long_are_the_senders(home: Home, more: dict[str, Any]) -> None:
    async with home.store.write() as tx:
        assert not await home.lay(tx, **{"text": "看", **more})
    assert await home.texts() == []


async def test_toasts_reach_the_pressers_screens_after_the_commit(home: Home) -> None:
    with home.channel.hub.listen(HERE, "wanna") as mine, home.channel.hub.listen(HERE, "wbob") as other:
        async with home.store.write() as tx:
            await home.lay(tx, "晚了", callback="wanna:p9", alert=True)
            assert mine.take_toasts() == []
        assert mine.take_toasts() == [Toast("晚了", True, "p9")]
        assert other.take_toasts() == []


async def test_other_processes_show_a_toast_too_and_this_one_shows_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.webchat.channel.OVERLAP", 600_000 << 22)  # a disk may be slow
    home = await opened_in(tmp_path, shared=True)
    elsewhere = WebChannel(home.store.database, home.channel.media, home.channel.sealer, shared=True)
    with home.channel.hub.listen(HERE, "wanna") as here, elsewhere.hub.listen(HERE, "wanna") as there:
        async with home.store.write() as tx:
            await home.lay(tx, "好", callback="wanna:p1")
        for channel in (home.channel, elsewhere, home.channel, elsewhere):
            await channel._pass_on()
        assert here.take_toasts() == there.take_toasts() == [Toast("好", False, "p1")]
    await home.store.database.close()


async def test_a_cursor_read_while_it_is_being_said_misses_nothing(home: Home) -> None:
    async with home.store.write() as tx:
        await home.lay(tx, "一", slot="card:1")
        cursor = home.channel.posts.cursor()
    assert [post.text for post in await home.channel.posts.changes(HERE, cursor)] == ["一"]


SAYINGS = st.lists(st.lists(st.sampled_from(["a", "b", ""]), max_size=5), max_size=4)
"""Slots of what is said, transaction by transaction."""
HOW = st.lists(st.booleans(), min_size=20, max_size=20)


async def _said(folder: Path, sayings: Sequence[Sequence[str]], laid: Sequence[bool]) -> list[str]:
    """The chat when everything was said, each laid if it is to be and may be; what waits is sent in between."""
    home, ways = await opened_in(folder), iter(laid)
    for number, said in enumerate(sayings):
        async with home.store.write() as tx:
            for place, slot in enumerate(said):
                text = f"{slot}{number}.{place}"
                if not next(ways) or not await home.lay(tx, text, slot=slot):
                    await home.wait(tx, text, slot=slot)
        await _send_all(home)
    texts = await home.texts()
    await home.store.database.close()
    return texts


@given(SAYINGS, HOW)
@settings(max_examples=12, deadline=None)
async def test_it_reads_as_if_all_had_gone_by_the_outbox(
    tmp_path_factory: pytest.TempPathFactory, sayings: list[list[str]], how: list[bool]
) -> None:
    folder = tmp_path_factory.mktemp("shelf")
    by_outbox = await _said(folder / "sent", sayings, [False] * 20)
    assert await _said(folder / "laid", sayings, [True] * 20) == by_outbox
    mixed = await _said(folder / "mixed", sayings, how)
    assert sorted(mixed) == sorted(by_outbox), "each card once, as it was said last"
    assert [text for text in mixed if text[0] not in "ab"] == [text for text in by_outbox if text[0] not in "ab"]


async def _send_all(home: Home) -> None:
    """As the sender does: in order, each to the post that stands in its slot."""
    async with home.store.read() as tx:
        waiting = sorted(await outbox.due(tx, NOW, 100), key=lambda row: row.id)
    for row in waiting:
        async with home.store.read() as tx:
            post = await outbox.find_post(tx, row.chat_id, row.slot) if row.slot else ""
        out = Outgoing.model_validate(row.body)
        receipt = await home.channel.send(_address(row.chat), out, post=post)
        async with home.store.write() as tx:
            await outbox.mark_sent(tx, row.id, row.chat_id, row.slot, receipt.ref, NOW)  # type: ignore[union-attr]


def _address(chat: str) -> Address:
    return Address(channel="web", user=chat, chat=chat)


# -------------------------------------------------------------------- whoever waits for it here


@given(SAYINGS)
@settings(max_examples=12, deadline=None)
async def test_what_whoever_waits_is_told_is_what_the_database_would_say(
    tmp_path_factory: pytest.TempPathFactory, sayings: list[list[str]]
) -> None:
    home = await opened_in(tmp_path_factory.mktemp("answers"))
    posts = home.channel.posts
    async with home.store.write() as tx:
        assert await home.lay(tx, "before", slot="a")
    (card,) = await posts.page(HERE)
    await posts.mark_seen([card.id], NOW)
    since = posts.cursor()
    with home.channel.answers.awaited("wanna:c1", HERE) as awaited:
        for number, said in enumerate(sayings):
            async with home.store.write() as tx:
                for place, slot in enumerate(said):
                    assert await home.lay(tx, f"{slot}{number}.{place}", slot=slot, keys=keys((("好", "t"),)))
        assert awaited.posts(since) is None, "nobody has handled it yet"
        async with home.store.write() as tx:
            await home.channel.keep(tx, {"user": "wanna", "client_id": "c1"}, NOW)
            assert await home.lay(tx, "card", slot="a")
            assert await home.lay(tx, "answer")
        assert home.channel.answers.knows("wanna:c1", HERE)
        told = awaited.posts(since)
    read_again = WebPosts(home.store.database, home.store.ids, home.channel.sealer)
    assert told == await read_again.changes(HERE, since)
    assert not home.channel.answers.knows("wanna:c1", HERE)
    await home.store.database.close()


async def test_what_is_not_wholly_known_is_read(home: Home) -> None:
    since = home.channel.posts.cursor()
    update = {"user": "wanna", "client_id": "c1"}

    async def handled(tx: Tx) -> None:
        await home.channel.keep(tx, update, NOW)
        await home.lay(tx, "一")

    async def handled_and_late(tx: Tx) -> None:
        await handled(tx)
        assert not await home.lay(tx, "图", media=("1",))

    async def only_handled(tx: Tx) -> None:
        await home.channel.keep(tx, update, NOW)

    async def failed(tx: Tx) -> None:
        await handled(tx)
        raise RuntimeError

    for work in (handled_and_late, only_handled, failed):
        with home.channel.answers.awaited("wanna:c1", HERE) as awaited:
            with suppress(RuntimeError):
                await home.store.run(work)
            assert awaited.posts(since) is None, work.__name__
    with home.channel.answers.awaited("wanna:c1", HERE) as awaited:
        await home.store.run(handled)
        assert awaited.posts(since)
        await home.channel.send(_address("wanna"), Outgoing(text="从发件箱来"))
        assert awaited.posts(since) is None
