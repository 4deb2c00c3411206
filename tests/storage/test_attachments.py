"""Files belong to nothing, then to a record; their bytes are fetched later."""

from __future__ import annotations

from datetime import datetime

from storage import attachments
from storage.tx import Store, Tx


async def add(tx: Tx, now: datetime, ref: str = "f1") -> int:
    return await attachments.add(
        tx,
        person_id=1,
        chat_id=2,
        channel="telegram",
        account="bot",
        ref=ref,
        kind="photo",
        mime="image/jpeg",
        size=10,
        duration=0,
        now=now,
    )


async def test_files_come_to_belong_to_a_record(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = [await add(tx, now, f"f{n}") for n in range(3)]
        assert await attachments.of(tx, "request", 5) == []
        await attachments.attach(tx, ids[:2], "request", 5)
        await attachments.attach(tx, [], "request", 5)
        assert [f.ref for f in await attachments.of(tx, "request", 5)] == ["f0", "f1"]
        assert await attachments.of(tx, "wish", 5) == []
        left = await attachments.find(tx, ids[2])
        assert left is not None
        assert left.subject_id is None


async def test_bytes_are_fetched_oldest_first_and_once(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        ids = [await add(tx, now) for _ in range(3)]
        assert [f.id for f in await attachments.unfetched(tx, 2)] == ids[:2]
        await attachments.set_stored(tx, ids[0], "sha256:abc", "image/png", 99)
        await attachments.set_stored(tx, ids[1], "!", "image/png", 0)
        assert [f.id for f in await attachments.unfetched(tx, 9)] == ids[2:]
        (kept,) = await attachments.with_stored(tx, "sha256:abc")
        assert (kept.id, kept.mime, kept.size) == (ids[0], "image/png", 99)


async def test_an_overlong_handle_is_cut_not_refused(store: Store, now: datetime) -> None:
    async with store.write() as tx:
        found = await attachments.find(tx, await add(tx, now, "x" * 3_000))
        assert found is not None
        assert len(found.ref) == 2_000
        assert await attachments.find(tx, 1) is None
