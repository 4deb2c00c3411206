"""Supporters, merged records and pairs told apart: each person once, each tenant its own, nothing left after leaving."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from storage import attachments, erasure, figures, requests, supporters
from storage.requests import Request
from storage.tx import Store, Tx
from tests.storage.samples import add_request, fill_requests, of_tenant

DAY = timedelta(days=1)


async def merged(tx: Tx, child: Request, parent: Request, now: datetime) -> Request:
    return await requests.move(tx, child, "request.merged", now, actor_id=9, parent_id=parent.id)


async def test_somebody_joins_once_and_their_words_stay_their_own(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        assert await supporters.join(tx, request.id, 5, "我电话13912341234", "我电话139****1234", now)
        assert not await supporters.join(tx, request.id, 5, "还是黑的", "还是黑的", now + DAY)
        (one,) = await supporters.of(tx, request.id)
        assert one.text == "我电话139****1234\n还是黑的"
        assert one.joined_at == now
        assert await supporters.find_original(tx, request.id, 5) == "我电话13912341234\n还是黑的"
        assert (await requests.get_original(tx, request.id)).text.startswith("路灯不亮")
        assert await supporters.leave(tx, request.id, 5)
        assert not await supporters.leave(tx, request.id, 5)
        assert await supporters.find_original(tx, request.id, 5) is None


async def test_followers_of_what_was_merged_into_what_was_merged(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        top = await add_request(tx, now, reporter_id=1)
        middle = await add_request(tx, now, reporter_id=2)
        low = await add_request(tx, now, reporter_id=3)
        for request, person in ((top, 4), (middle, 5), (low, 6), (low, 4), (low, 1)):
            await supporters.join(tx, request.id, person, "", "", now)
        await merged(tx, low, middle, now)
        middle = await merged(tx, middle, top, now)
        assert set(await supporters.followers(tx, top)) == {2, 3, 4, 5, 6}
        assert await supporters.followers(tx, top) == list(dict.fromkeys(await supporters.followers(tx, top)))
        await requests.move(tx, middle, "request.unmerged", now, actor_id=9, parent_id=None)
        assert await supporters.followers(tx, top) == [4]
        assert set(await supporters.followers(tx, middle)) == {1, 3, 4, 5, 6}


async def test_my_records_are_those_i_reported_and_those_i_joined(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        own, others = await add_request(tx, now, reporter_id=5), await add_request(tx, now)
        await supporters.join(tx, others.id, 5, "", "", now)
        assert [r.id for r in await supporters.followed_by(tx, 5)] == [others.id, own.id]
        assert [r.id for r in await supporters.joined_by(tx, 5)] == [others.id]
        assert await supporters.followed_by(of_tenant(tx, "next"), 5) == []


async def test_what_is_open_in_a_grid(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        old = await add_request(tx, now - 15 * DAY)
        new, other = await add_request(tx, now), await add_request(tx, now, item="other")
        gone = await add_request(tx, now)
        await requests.move(tx, gone, "request.withdrawn", now, actor_id=1)
        await add_request(tx, now, grid="g2")
        found = {r.id for r in await requests.in_grid(tx, "g1", now - 14 * DAY)}
        assert found == {new.id, other.id}
        assert old.id not in found
        assert [r.id for r in await requests.in_grid(tx, "g1", now, kind="other")] == [other.id]
        assert await requests.in_grid(of_tenant(tx, "next"), "g1", now) == []


async def test_the_search_uses_its_index(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await fill_requests(tx, now, 3_000)
        old = (requests.requests.c.tenant == tx.tenant, requests.requests.c.number % 20 > 0)  # as most of a grid's are
        await tx.run(update(requests.requests).where(*old).values(state="closed"))
        if not store.database.is_sqlite:  # which goes by the sizes of `storage.planner`
            await tx.connection.exec_driver_sql("ANALYZE requests")
    async with store.read() as tx:
        explain = "EXPLAIN QUERY PLAN" if store.database.is_sqlite else "EXPLAIN"
        plan = await tx.connection.exec_driver_sql(
            f"{explain} SELECT id FROM requests WHERE tenant = 'street' AND grid = 'g7' AND received_at >= 5 "
            "AND state IN ('queued', 'claimed') AND house IN ('', '翠湖苑/', '翠湖苑/3') "
            "ORDER BY received_at DESC, id DESC LIMIT 200"
        )
        assert any("ix_requests_tenant_grid_house_received_at" in str(row) for row in plan.all())


async def test_a_pair_told_apart_is_one_pair_both_ways(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        await supporters.tell_apart(tx, 8, 3, 1, now)
        await supporters.tell_apart(tx, 3, 8, None, now)
        assert await supporters.told_apart(tx, [8]) == {3}
        assert await supporters.told_apart(tx, [3]) == {8}
        assert await supporters.told_apart(tx, [1]) == set()
        assert await supporters.told_apart(of_tenant(tx, "next"), [3]) == set()


async def test_each_follower_rates_a_result_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        assert await supporters.rate(tx, request, 5, "yes", None, "", now)
        assert not await supporters.rate(tx, request, 5, "no", None, "", now)
        assert await supporters.rate(tx, request, 6, "no", None, "", now)
        assert await supporters.set_stars(tx, request.id, 0, 5, 4)
        assert not await supporters.set_stars(tx, request.id, 0, 5, 1)
        await supporters.complete_rating(tx, request.id, 0, 5, words="谢谢")
        mine = await supporters.find_rating(tx, request.id, 0, 5)
        assert mine is not None
        assert (mine.solved, mine.stars, mine.words) == ("yes", 4, "谢谢")


async def test_several_ratings_of_one_result_count_as_one(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        for others in ([("yes", 5), ("yes", 4)], [("partly", 4)], [("no", 1)], []):
            request = await add_request(tx, now)
            request = await requests.move(tx, request, "request.claimed", now, actor_id=9, claimer_id=9)
            request = await requests.move(
                tx, request, "request.resolved", now, actor_id=9, resolved_at=now, resolution=1
            )
            await requests.rate(tx, request, 1, "yes", 5, "", now)
            for person, (solved, stars) in enumerate(others, 5):
                await supporters.rate(tx, request, person, solved, stars, "", now)
        counts = (await figures.counts_by_scope(tx, now))["grid:g1"]
        assert (counts.rated, counts.solved, counts.partly_solved) == (4, 2, 1)
        assert (counts.five_stars, counts.four_stars, counts.three_stars) == (2, 1, 1)


async def test_forgetting_a_supporter_leaves_the_record_as_it_was(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        request = await add_request(tx, now)
        await supporters.join(tx, request.id, 5, "我住502", "我住***", now)
        await supporters.rate(tx, request, 5, "yes", 5, "我是5楼的", now)
        await erasure.erase_person(tx, 5, "已删除")
        assert await supporters.of(tx, request.id) == []
        rated = await supporters.find_rating(tx, request.id, 0, 5)
        assert rated is not None
        assert (rated.words, rated.stars) == ("", 5)
        assert (await requests.get(tx, request.id)).text == request.text


async def test_what_photos_show_is_kept_beside_them(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = [
            await attachments.add(
                tx,
                person_id=1,
                chat_id=2,
                channel="web",
                account="",
                ref=f"f{n}",
                kind="photo",
                mime="image/jpeg",
                size=1,
                duration=0,
                now=now,
            )
            for n in range(3)
        ]
        await attachments.attach(tx, ids, "request", 8)
        await attachments.set_likeness(tx, ids[0], 2**64 - 1)
        await attachments.set_likeness(tx, ids[1], None)
        assert await attachments.likenesses(tx, "request", [8, 9]) == {8: [2**64 - 1]}
        assert await attachments.likenesses_of(tx, ids) == [2**64 - 1]
        await erasure.erase_person(tx, 1, "")
        assert await attachments.likenesses_of(tx, ids) == []
