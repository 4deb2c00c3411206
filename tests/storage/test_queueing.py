"""The rule in memory and the rule in the database choose the same messages in the same order."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import outbox
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store
from tests.storage.conftest import NOW
from tests.storage.samples import add_chat

KEY = new_key()
MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 2),  # chat
        st.sampled_from([outbox.PRESS, outbox.REPLY, outbox.NOTICE]),
        st.sampled_from([-1, 1]),  # minutes until it may go
    ),
    max_size=9,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said=MESSAGES, presses=st.booleans(), notices=st.booleans())
def test_both_choose_the_same(
    template: Path, tmp_path: Path, said: list[tuple[int, int, int]], presses: bool, notices: bool
) -> None:
    file = tmp_path / "queue.db"
    for old in tmp_path.glob("queue.db*"):
        old.unlink()
    shutil.copyfile(template, file)

    async def compare() -> None:
        store = Store(Database(f"sqlite:///{file}", "street"), Ids(), Sealer([KEY]))
        async with store.write() as tx:
            chats = [await add_chat(tx, f"chat{n}", NOW) for n in range(3)]
            for number, (chat, lane, minutes) in enumerate(said):
                at = NOW + timedelta(minutes=minutes)
                await outbox.put(tx, chat_id=chats[chat], body={"text": str(number)}, lane=lane, now=NOW, not_before=at)
            for limit in (1, 3, 50):
                few = await outbox.due(tx, NOW, limit, presses=presses, notices=notices)
                many = await outbox._due_of_many(tx, NOW, limit, (), None, presses=presses, notices=notices)
                assert few == many
        await store.database.close()

    asyncio.run(compare())


async def test_what_has_time_goes_before_its_notice_and_after_everything_else(store: Store) -> None:
    async with store.write() as tx:
        one, other = await add_chat(tx, "one", NOW), await add_chat(tx, "other", NOW)
        for chat, lane, text in (
            (other, outbox.LATER, "news for the other"),
            (one, outbox.LATER, "news"),
            (one, outbox.NOTICE, "notice"),
            (one, outbox.LATER, "more news"),
        ):
            await outbox.put(tx, chat_id=chat, body={"text": text}, lane=lane, now=NOW)
        found = [row.body["text"] for row in await outbox.due(tx, NOW, 10)]
    assert found == ["news", "notice", "news for the other", "more news"]


@pytest.mark.parametrize("waiting", [outbox.FEW, outbox.FEW + 1])
async def test_the_limit_between_the_two_is_no_limit_for_messages(store: Store, waiting: int) -> None:
    async with store.write() as tx:
        chat = await add_chat(tx, "one", NOW)
        for number in range(waiting):
            await outbox.put(tx, chat_id=chat, body={"text": str(number)}, lane=outbox.REPLY, now=NOW)
        found = await outbox.due(tx, NOW, 1_000)
    assert [row.body["text"] for row in found] == [str(number) for number in range(waiting)]
