"""What the program notes for the operator: news, and not every knock."""

from __future__ import annotations

from bot.notes import CALLBACK, FINE, Notes, find
from storage.tx import Store
from tests.storage.conftest import cluster, database, fresh, kind, store, template, url  # noqa: F401


class Watched:
    """Counts what is saved."""

    def __init__(self) -> None:
        self.saved = 0

    def committed(self, _tx: object) -> None:
        self.saved += 1

    def again(self) -> None:
        return None


async def said(store: Store) -> str:  # noqa: F811
    async with store.read() as tx:
        note = await find(tx, CALLBACK)
    assert note is not None
    return note.said


async def test_many_knocks_are_one_note_and_good_news_is_told_at_once(store: Store) -> None:  # noqa: F811
    store.watcher = watched = Watched()
    notes = Notes(store)
    for fault in ("signature", "cipher", "body") * 30:
        await notes.keep(CALLBACK, fault)
    assert watched.saved == 1
    assert await said(store) == "signature"
    await notes.keep(CALLBACK, FINE)
    await notes.keep(CALLBACK, FINE)
    assert watched.saved == 2
    assert await said(store) == FINE


async def test_nothing_was_noted_before_the_first_callback(store: Store) -> None:  # noqa: F811
    async with store.read() as tx:
        assert await find(tx, CALLBACK) is None
