"""Whatever happens in between, a chat hears its messages in the order in which they were said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import outbox
from storage.outbox import NOTICE, PRESS
from storage.tx import Store, Tx
from tests.storage.conftest import NOW
from tests.storage.samples import add_chat, of_tenant

CHATS, LANES = st.integers(0, 2), st.integers(0, 3)
SECONDS = st.integers(0, 90)
STEPS = st.one_of(
    st.tuples(st.just("put"), CHATS, LANES, SECONDS),
    st.tuples(st.just("put"), CHATS, LANES, st.just(0)),
    st.tuples(st.just("postpone"), st.integers(0, 30), SECONDS),
    st.tuples(st.just("bury"), st.integers(0, 30)),
    st.tuples(st.just("wait"), SECONDS),
    st.tuples(st.just("send"), st.integers(1, 6), st.sets(CHATS, max_size=2)),
)


@dataclass
class Said:
    """One message as the reference sees it."""

    id: int
    chat: int
    lane: int
    at: datetime


def expected(said: list[Said], now: datetime) -> list[tuple[int, int]]:
    """What may go out, (urgency, id), worked out the slow way."""
    found = []
    for one in said:
        same = [s for s in said if s.chat == one.chat and s.lane > PRESS]
        if one.lane == PRESS:
            may_go, urgency = one.at <= now, PRESS
        else:
            may_go = all(s.at <= now for s in same if s.id <= one.id)
            urgency = min(s.lane for s in same if s.id >= one.id)
        if may_go:
            found.append((urgency, one.id))
    return sorted(found)


class Play:
    """The outbox and the reference, taken through the same steps."""

    def __init__(self, tx: Tx, chats: list[int]) -> None:
        self.tx, self.chats, self.now = tx, chats, NOW
        self.said: list[Said] = []
        self.order: dict[int, list[int]] = {chat: [] for chat in chats}
        self.sent: dict[int, list[int]] = {chat: [] for chat in chats}

    async def take(self, name: str, *args: Any) -> None:
        await getattr(self, name)(*args)

    async def put(self, chat: int, lane: int, seconds: int) -> None:
        at = self.now + timedelta(seconds=seconds)
        row_id = await outbox.put(
            self.tx, chat_id=self.chats[chat], body={}, lane=lane, now=self.now, not_before=at if seconds else None
        )
        self.said.append(Said(row_id, self.chats[chat], lane, at))

    async def postpone(self, index: int, seconds: int) -> None:
        if self.said:
            one = self.said[index % len(self.said)]
            one.at = self.now + timedelta(seconds=seconds)
            await outbox.postpone(self.tx, one.id, one.at, "refused")

    async def bury(self, index: int) -> None:
        if self.said:
            one = self.said.pop(index % len(self.said))
            await outbox.bury(self.tx, one.id, "never")

    async def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def check(self, ids: list[int], able: list[tuple[int, int]], limit: int) -> None:
        """Exactly what should go; where the limit cuts, what has time may wait until its turn comes, but in its order."""
        awaited = [row_id for urgency, row_id in able if urgency < NOTICE]
        assert ids[: len(awaited)] == awaited[:limit]
        if len(able) <= limit:
            assert ids == [row_id for _, row_id in able]
        chat_of = {s.id: s.chat for s in self.said}
        for chat in set(self.chats):
            of_chat = [row_id for _, row_id in able if chat_of[row_id] == chat]
            got = [row_id for row_id in ids if chat_of[row_id] == chat]
            assert got == of_chat[: len(got)]

    async def ready(self, limit: int, left_out: list[int]) -> None:
        """What the sender asks for at once is what the two questions answer one by one."""
        pressed = await outbox.due_presses(self.tx, self.now, limit)
        skip = [row.id for row in pressed[:1]]
        others = await outbox.due(self.tx, self.now, limit, skip_chats=left_out, presses=False)
        found = await outbox.ready(self.tx, self.now, limit, skip=skip, skip_chats=left_out)
        assert found == (await outbox.due_presses(self.tx, self.now, limit, skip=skip), others)

    async def send(self, limit: int, skip: set[int]) -> None:
        left_out = [self.chats[n] for n in skip]
        rows = await outbox.due(self.tx, self.now, limit, skip_chats=left_out)
        able = expected([s for s in self.said if s.chat not in left_out], self.now)
        self.check([row.id for row in rows], able, limit)
        await self.ready(limit, left_out)
        lanes = {s.id: s.lane for s in self.said}
        for row in rows:
            await outbox.mark_sent(self.tx, row.id, row.chat_id, "", "m", self.now)
            if lanes[row.id] > PRESS:
                self.sent[row.chat_id].append(row.id)
        self.said = [s for s in self.said if s.id not in {row.id for row in rows}]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=40))
async def test_order_holds_in_every_interleaving(store: Store, steps: list[tuple[Any, ...]]) -> None:
    async with store.write() as own:
        tx = of_tenant(own, f"t{own.ids.new()}")
        play = Play(tx, [await add_chat(tx, name, NOW) for name in "abc"])
        for step in [*steps, ("wait", 3600), ("send", 1000, set())]:
            await play.take(*step)
    assert play.said == []
    assert all(ids == sorted(ids) for ids in play.sent.values())
