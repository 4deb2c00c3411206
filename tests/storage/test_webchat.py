"""The web chat's books: posts once per client id, readable only with the key; sessions by secret; files by chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from storage import webchat
from storage.database import Database
from storage.ids import Ids
from storage.links import Link
from storage.seal import Sealer, new_key
from storage.tx import Store
from storage.webchat import Post, WebFile, WebFiles, WebPosts, WebSessions, web_posts, web_sessions
from tests.storage.conftest import Fresh

WORDS = "我住翠湖苑3号楼"
KEYS = [[{"label": "翠湖苑3号楼", "token": "abc.0"}]]
POINT = {"lat": 30.5, "lon": 114.3}


@pytest.fixture
def posts(database: Database) -> WebPosts:
    return WebPosts(database, Ids(), Sealer([new_key()]))


async def test_what_is_said_shown_and_pointed_at_is_sealed(database: Database, posts: WebPosts) -> None:
    said = await posts.add(Post("u:1", "in", author="1", name="王芳", text=WORDS, keys=KEYS, geo=POINT))
    async with database.read() as connection:
        row = (await connection.execute(select(web_posts))).one()
    assert not any(secret in str(row) for secret in ("王芳", "翠湖苑", "30.5", "114.3"))
    assert await posts.find("u:1", said.id) == said


async def test_a_changed_post_stays_sealed_and_is_read_again(database: Database, posts: WebPosts) -> None:
    said = await posts.add(Post("u:1", "out", text=WORDS, keys=KEYS))
    changed = await posts.change("u:1", said.id, text="翠湖苑4号楼", keys=[], pressed="abc.0")
    assert changed is not None
    assert (changed.text, changed.keys, changed.pressed) == ("翠湖苑4号楼", [], "abc.0")
    assert changed.changed > said.changed
    async with database.read() as connection:
        assert "翠湖苑" not in str((await connection.execute(select(web_posts))).one())
    assert await posts.changes("u:1", said.changed) == [changed]
    assert await posts.change("u:2", said.id, text="x") is None


async def test_a_post_is_changed_only_as_it_was_last_seen(database: Database, posts: WebPosts) -> None:
    said = await posts.add(Post("u:1", "out", text=WORDS, keys=KEYS))
    elsewhere = WebPosts(database, posts._ids, posts._sealer)
    changed = await elsewhere.change("u:1", said.id, text="二")
    assert changed is not None
    assert posts.find_known("u:1", said.id) == said, "what others have changed is not heard of"
    assert posts.find_known("u:2", said.id) is None
    for known, fits in ((said, False), (changed, True)):
        async with posts._store.write() as tx:
            assert await posts.change_known(tx, known, pressed="abc.0", changed=tx.ids.new()) is fits
    found = await posts.find("u:1", said.id)
    assert found is not None
    assert (found.text, found.pressed) == ("二", "abc.0")


async def test_a_new_version_is_known_without_reading_it_again(database: Database, posts: WebPosts) -> None:
    file = {"ref": "a" * 64, "kind": "photo", "mime": "image/jpeg", "size": 7, "duration": 0}
    said = await posts.add(Post("u:1", "out", text=WORDS, keys=KEYS, geo=POINT, media=[file], reply_to="3"))
    await posts.mark_seen([said.id], said.created_at)
    new = {"text": "二", "keys": KEYS, "link": "/wall", "asks": True, "name": "1", "pressed": "", "edited_at": None}
    async with posts._store.write() as tx:
        (made,) = await posts.rewrite_with(tx, {said.id: {"chat": "u:1", "changed": tx.ids.new(), **new}})
        assert await posts.rewrite_with(tx, {said.id: {"chat": "u:2", "changed": tx.ids.new(), **new}}) == []
        assert await posts.rewrite_with(tx, {7: {"chat": "u:1", "changed": tx.ids.new(), **new}}) == []
    assert made == await WebPosts(database, posts._ids, posts._sealer).find("u:1", said.id)


async def test_the_same_message_sent_twice_is_one_post(posts: WebPosts) -> None:
    first = await posts.add(Post("u:1", "in", author="1", text="一", client_id="c1"))
    again = await posts.add(Post("u:1", "in", author="1", text="改", client_id="c1"))
    other = await posts.add(Post("u:2", "in", author="2", text="二", client_id="c1"))
    assert again == first
    assert other.id != first.id


async def test_pages_are_oldest_first(posts: WebPosts) -> None:
    made = [await posts.add(Post("u:1", "in", author="1", text=str(n))) for n in range(5)]
    assert [p.text for p in await posts.page("u:1", limit=2)] == ["3", "4"]
    assert [p.text for p in await posts.page("u:1", before=made[3].id, limit=2)] == ["1", "2"]
    assert [p.text for p in await posts.page("u:1", after=made[0].id, limit=2)] == ["1", "2"]
    assert await posts.newest("u:1") == made[-1].changed
    assert await posts.newest("u:2") == 0
    assert await posts.changed_chats(made[3].changed) == {"u:1"}


async def test_seen_posts_keep_the_time_they_were_first_seen(posts: WebPosts, now: datetime) -> None:
    made = [await posts.add(Post("u:1", "out", text=str(n))) for n in range(2)]
    assert await posts.count_unseen("u:1") == 2
    await posts.mark_seen([made[0].id], now)
    await posts.mark_seen([p.id for p in made], now + timedelta(hours=1))
    await posts.mark_seen([], now)
    assert [p.seen_at for p in await posts.page("u:1")] == [now, now + timedelta(hours=1)]
    assert await posts.count_unseen("u:1") == 0


async def test_a_forgotten_person_leaves_empty_posts_in_rooms(posts: WebPosts) -> None:
    await posts.add(Post("u:1", "in", author="1", text="一"))
    await posts.add(Post("r:grid:g1", "in", author="1", name="王芳", text=WORDS, geo=POINT))
    await posts.erase("1")
    assert await posts.page("u:1") == []
    (left,) = await posts.page("r:grid:g1")
    assert (left.text, left.name, left.geo) == ("", "", {})


async def test_a_session_is_found_by_its_secret_until_it_is_closed(database: Database, now: datetime) -> None:
    sessions = WebSessions(database)
    secret, second = await sessions.open("1", now), await sessions.open("1", now)
    assert await sessions.find_user(secret, now) == "1"
    assert await sessions.find_user(secret + "x", now) is None
    async with database.read() as connection:
        assert secret not in str((await connection.execute(select(web_sessions))).all())
    await sessions.close(secret)
    assert await sessions.find_user(secret, now) is None
    await sessions.close_all("1")
    assert await sessions.find_user(second, now) is None


async def test_a_file_is_seen_only_where_it_was_sent(database: Database, now: datetime) -> None:
    files, photo = WebFiles(database), WebFile("sha", "photo", "image/png", 9)
    await files.grant("u:1", [photo], now)
    await files.grant("u:1", [photo], now)
    assert await files.find("u:1", "sha") == photo
    assert await files.find("u:2", "sha") is None
    assert await files.chats_of("sha") == ["u:1"]
    await files.erase("1")
    assert await files.find("u:1", "sha") is None


async def test_what_another_process_ends_is_over_here_within_seconds(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = WebSessions(database), WebSessions(database)
    secret = await here.open("1", now)
    assert await here.find_user(secret, now) == "1"
    await there.close(secret)
    assert await there.find_user(secret, now) is None
    later = webchat.time.monotonic() + webchat.KNOWN_FOR
    monkeypatch.setattr(webchat, "time", SimpleNamespace(monotonic=lambda: later))  # only theirs: loops go by it too
    assert webchat.KNOWN_FOR <= 5
    assert await here.find_user(secret, now) is None


async def test_a_look_that_began_before_the_end_is_not_remembered(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = WebSessions(database)
    secret = await sessions.open("1", now)
    look = database.look

    @asynccontextmanager
    async def slow() -> AsyncIterator[Link]:
        async with look() as connection:
            yield connection
        monkeypatch.setattr(database, "look", look)
        await sessions.close(secret)

    monkeypatch.setattr(database, "look", slow)
    assert await sessions.find_user(secret, now) == "1", "it was one when it was asked"
    assert await sessions.find_user(secret, now) is None


async def test_what_is_kept_open_is_what_is_stored(database: Database, now: datetime) -> None:
    sealer, ids = Sealer([new_key()]), Ids()
    here, there = WebPosts(database, ids, sealer), WebPosts(database, ids, sealer)
    said = await here.add(Post("r:grid:g1", "in", author="1", text=WORDS, keys=KEYS, geo=POINT, media=[{"ref": "x"}]))
    assert await here.find("r:grid:g1", said.id) == await there.find("r:grid:g1", said.id) == said
    changed = await there.change("r:grid:g1", said.id, text="改了", keys=[], pressed="t1")
    assert changed is not None
    assert await here.page("r:grid:g1") == [changed]
    await there.mark_seen([said.id], now)
    (seen,) = await here.page("r:grid:g1")
    assert (seen.seen_at, seen.text) == (now, "改了")
    await there.erase("1")
    (left,) = await here.page("r:grid:g1")
    assert (left.text, left.geo) == ("", {})


async def test_only_some_posts_are_kept_open(posts: WebPosts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webchat, "_OPENED", 2)
    made = [await posts.add(Post("u:1", "out", text=str(n))) for n in range(4)]
    assert await posts.page("u:1") == made
    assert len(posts._opened) == 2
    await posts.erase("1")
    assert not posts._opened, "what a person has said is not kept in memory when it is erased"


async def test_what_was_seen_is_noted_while_another_changes_the_same_posts(fresh: Fresh, now: datetime) -> None:
    """Both take them in the order of their ids, so that neither waits for the other in a ring."""
    url = fresh("postgresql")
    database = Database(url, "street")
    async with database.write() as connection:  # as it plans for a small table: rows as they lie, not by their ids
        name = (await connection.exec_driver_sql("SELECT current_database()")).scalar_one()
        for way in ("enable_indexscan", "enable_bitmapscan"):
            await connection.exec_driver_sql(f"ALTER DATABASE {name} SET {way} = off")
    await database.close()
    posts = WebPosts(database, Ids(), Sealer([new_key()]))
    store = Store(database, Ids(), Sealer([new_key()]))
    try:
        first, second = [(await posts.add(Post(chat="u:a", direction="out", text=text))).id for text in "ab"]
        await posts.change("u:a", first, pressed="x")  # in the table it now lies behind the other
        ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        waiting = f"{ours} AND wait_event_type = 'Lock'"
        async with store.write() as tx:
            await posts.change_with(tx, "u:a", first, changed=tx.ids.new())
            noting = asyncio.create_task(posts.mark_seen([second, first], now))
            async with asyncio.timeout(60):
                while not await _asked(store, waiting):  # noqa: ASYNC110 - only the database knows
                    await asyncio.sleep(0.01)
            await posts.change_with(tx, "u:a", second, changed=tx.ids.new())
        await noting
        assert await posts.count_unseen("u:a") == 0
    finally:
        await database.close()


async def _asked(store: Store, question: str) -> int:
    async with store.read() as tx:
        return int((await tx.connection.exec_driver_sql(question)).scalar_one())
