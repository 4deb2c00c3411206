"""Windows, agreements, notices, answers, tickets and what a platform gave us: each taken once, on both kinds of database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from storage import erasure, notices, passive, people, platforms, tickets, windows
from storage.tx import Store, Tx
from storage.windows import Who
from tests.storage.conftest import NOW

AUNT = Who("wechat", "wx1", "o-aunt")
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=48)


async def spent(store: Store, at: timedelta = timedelta()) -> str | None:
    return await store.run(lambda tx: windows.spend(tx, AUNT, NOW + at))


async def test_a_window_holds_so_many_and_the_shorter_one_goes_first(store: Store) -> None:
    async def opened(tx: Tx) -> None:
        assert await windows.open_window(tx, AUNT, "message", NOW, LATER, 2)
        assert await windows.open_window(tx, AUNT, "click", NOW, SOON, 1)
        assert not await windows.open_window(tx, AUNT, "message", NOW, LATER, 9), "a repeat opens nothing"

    assert await spent(store) is None
    await store.run(opened)
    assert [await spent(store) for _ in range(4)] == ["click", "message", "message", None]
    await store.run(lambda tx: windows.give_back(tx, AUNT, "message"))
    assert await spent(store, timedelta(hours=47)) == "message"
    await store.run(lambda tx: windows.open_window(tx, AUNT, "message", NOW + timedelta(hours=1), LATER, 5))
    assert await spent(store, timedelta(hours=48)) is None, "the time is over"
    await store.run(lambda tx: windows.shut(tx, AUNT))
    assert await spent(store) is None


async def test_of_many_who_take_the_last_message_one_gets_it(store: Store) -> None:
    await store.run(lambda tx: windows.open_window(tx, AUNT, "message", NOW, LATER, 3))
    got = await asyncio.gather(*[spent(store) for _ in range(8)])
    assert sorted(filter(None, got)) == ["message"] * 3


async def test_an_agreement_is_used_once_unless_it_lasts(store: Store) -> None:
    async def work(tx: Tx) -> list[bool]:
        await windows.agree(tx, AUNT, "once", NOW)
        await windows.agree(tx, AUNT, "once", NOW)
        await windows.agree(tx, AUNT, "lasting", NOW, lasting=True)
        once = [await windows.use_agreement(tx, AUNT, "once") for _ in range(3)]
        await windows.return_agreement(tx, AUNT, "once")
        once.append(await windows.use_agreement(tx, AUNT, "once"))
        lasting = [await windows.use_agreement(tx, AUNT, "lasting") for _ in range(3)]
        await windows.disagree(tx, AUNT, "lasting", NOW)
        return [*once, *lasting, await windows.use_agreement(tx, AUNT, "lasting")]

    assert await store.run(work) == [True, True, False, True, True, True, True, False]


async def test_the_first_answer_is_everybodys(store: Store) -> None:
    def keep(words: str) -> object:
        return store.run(lambda tx: passive.keep(tx, "wechat", "wx1", "m1", words, NOW))

    kept = await asyncio.gather(*[keep(f"answer {n}") for n in range(6)])  # type: ignore[call-overload]
    assert sorted(kept) == [False] * 5 + [True]
    async with store.read() as tx:
        found = await passive.find(tx, "wechat", "wx1", "m1")
        assert found == f"answer {kept.index(True)}"
        assert await passive.find(tx, "wechat", "wx2", "m1") is None
    much_later = NOW + passive.KEPT_FOR * 2
    await store.run(lambda tx: passive.keep(tx, "wechat", "wx1", "m2", "", much_later))
    async with store.read() as tx:
        assert await passive.find(tx, "wechat", "wx1", "m1") is None, "nobody can ask for it any more"
        assert await passive.find(tx, "wechat", "wx1", "m2") == "", "the empty answer is one too"


async def test_a_ticket_is_good_once_and_for_its_kind(store: Store) -> None:
    until = NOW + timedelta(minutes=10)
    token = await store.run(lambda tx: tickets.issue(tx, "page", {"to": "/"}, NOW, until))
    assert await store.run(lambda tx: tickets.use(tx, "other", token, NOW)) is None
    assert await store.run(lambda tx: tickets.peek(tx, "page", token, NOW)) == {"to": "/"}
    used = await asyncio.gather(*[store.run(lambda tx: tickets.use(tx, "page", token, NOW)) for _ in range(6)])
    assert [one for one in used if one] == [{"to": "/"}]
    late = await store.run(lambda tx: tickets.issue_code(tx, "link", {"person": 1}, NOW, until))
    typed = late.replace("-", "")
    assert await store.run(lambda tx: tickets.peek(tx, "link", typed, NOW)) == {"person": 1}
    assert await store.run(lambda tx: tickets.use(tx, "link", typed, until)) is None


async def test_what_a_platform_gave_is_for_every_process(store: Store) -> None:
    async def work(tx: Tx) -> None:
        assert await platforms.find_token(tx, "wechat", "wx1") is None
        await platforms.keep_token(tx, "wechat", "wx1", "token-1", LATER)
        await platforms.note_forced(tx, "wechat", "wx1", NOW, 1)
        await platforms.keep_token(tx, "wechat", "wx1", "token-2", LATER)
        found = await platforms.find_token(tx, "wechat", "wx1")
        assert found is not None
        assert (found.token, found.forced, found.forced_at) == ("token-2", 1, NOW)
        await platforms.keep_upload(tx, "wechat", "wx1", "f1", "media-1", SOON)
        assert await platforms.find_upload(tx, "wechat", "wx1", "f1", NOW) == "media-1"
        assert await platforms.find_upload(tx, "wechat", "wx1", "f1", SOON) is None
        await platforms.keep_scene_urls(tx, "wechat", "wx1", [("b_1", "u1"), ("b_2", "u2")], NOW)
        await platforms.keep_scene_urls(tx, "wechat", "wx1", [("b_1", "other")], NOW)
        assert await platforms.scene_urls(tx, "wechat", "wx1") == {"b_1": "u1", "b_2": "u2"}

    await store.run(work)


async def test_a_report_takes_its_notice_and_old_ones_go(store: Store) -> None:
    async def work(tx: Tx) -> None:
        await notices.keep(tx, "wechat", "wx1", "n1", 7, {"text": "好了吗"}, NOW)
        await notices.keep(tx, "wechat", "wx1", "n2", 7, {"text": "x"}, NOW)
        taken = await notices.take(tx, "wechat", "wx1", "n1")
        assert taken is not None
        assert (taken.chat_id, taken.body) == (7, {"text": "好了吗"})
        assert await notices.take(tx, "wechat", "wx1", "n1") is None
        assert await notices.drop_before(tx, SOON) == 1

    await store.run(work)


async def test_whoever_is_erased_leaves_none_of_these(store: Store) -> None:
    async def work(tx: Tx) -> None:
        person = await people.add_person(tx, *AUNT, "李阿姨", NOW)
        chat = await people.add_chat(
            tx, channel="wechat", account="wx1", chat="o-aunt", thread="", is_group=False, person_id=person.id,
            title="", now=NOW,
        )  # fmt: skip
        await windows.open_window(tx, AUNT, "message", NOW, LATER, 5)
        await windows.agree(tx, AUNT, "t", NOW)
        await notices.keep(tx, "wechat", "wx1", "n1", chat.id, {"text": "好了吗"}, NOW)
        await erasure.erase_person(tx, person.id, "gone")
        assert not await windows.is_open(tx, AUNT, NOW)
        assert not await windows.use_agreement(tx, AUNT, "t")
        assert await notices.take(tx, "wechat", "wx1", "n1") is None

    await store.run(work)
