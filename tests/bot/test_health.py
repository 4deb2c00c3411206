"""/readyz in one word: backlog, age, disk, schema, a database that does not answer. And what /metrics says of the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bot import health
from bot.clock import Clock
from bot.config import Config, load_config
from bot.health import Doctor
from storage import migrate, outbox, receipts, timers
from storage.database import Database
from storage.ids import Ids
from storage.seal import Sealer, new_key
from storage.tx import Store


class House:
    """A database, a configuration, and who says whether all is well."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.doctor = Doctor(store, Clock(), config)

    def limited(self, **limits: Any) -> Doctor:
        changed = self.config.limits.model_copy(update=limits)
        return Doctor(self.store, Clock(), self.config.model_copy(update={"limits": changed}))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite:///{tmp_path / 'linli.db'}"
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nurl = "{url}"\n[limits]\ndisk_free_mb = 0\n', encoding="utf-8")
    database = Database(url, "street")
    await migrate.upgrade(database)
    yield House(Store(database, Ids(), Sealer([new_key()])), load_config(path))
    await database.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no database that does not answer."""
    monkeypatch.setattr(health, "ANSWER_WITHIN", 60)


async def receive(house: House, count: int, at: datetime) -> None:
    async with house.store.write() as tx:
        await receipts.save(tx, "web", "", [(f"{at}{n}", {"n": n}) for n in range(count)], at)


async def test_all_is_well(house: House) -> None:
    assert await house.doctor.health() == (True, [])


async def test_a_long_or_old_backlog_is_said_in_a_word(house: House) -> None:
    await receive(house, 3, datetime.now(UTC))
    assert (await house.limited(backlog=2).health()).findings == ["backlog"]
    assert (await house.doctor.health()).ready
    await receive(house, 1, datetime.now(UTC) - timedelta(minutes=5))
    assert await house.doctor.health() == (False, ["backlog_age"])


async def test_a_full_disk(house: House) -> None:
    assert (await house.limited(disk_free_mb=10**9).health()).findings == ["disk"]


async def test_a_schema_that_is_not_ours(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "head", lambda: "9999")
    assert (await house.doctor.health()).findings == ["migrations"]


async def test_a_database_that_does_not_answer_is_asked_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ANSWER_WITHIN", 0.05)
    answer, begun, asked = asyncio.Event(), asyncio.Event(), 0
    read = house.store.read

    @asynccontextmanager
    async def slow() -> AsyncIterator[Any]:
        nonlocal asked
        asked += 1
        begun.set()
        await answer.wait()
        async with read() as tx:
            yield tx

    monkeypatch.setattr(house.store, "read", slow)
    for _ in range(3):
        assert await house.doctor.health() == (False, ["database"])
    await asyncio.wait_for(begun.wait(), 60)
    assert asked == 1
    answer.set()
    monkeypatch.setattr(health, "ANSWER_WITHIN", 60)
    assert (await house.doctor.health()).ready


async def test_the_figures_say_what_waits(house: House) -> None:
    now = datetime.now(UTC)
    await receive(house, 4, now - timedelta(seconds=90))
    async with house.store.write() as tx:
        for lane in (outbox.REPLY, outbox.NOTICE, outbox.NOTICE):
            await outbox.put(tx, chat_id=1, body={}, lane=lane, now=now - timedelta(seconds=30))
        dead = await outbox.put(tx, chat_id=1, body={}, lane=outbox.NOTICE, now=now)
        await outbox.bury(tx, dead, "gone")
        await timers.put(tx, now - timedelta(minutes=1), "x", "request", 1)
        await timers.put(tx, now + timedelta(hours=1), "x", "request", 1)
    await house.doctor.measure()

    def figure(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"linli_{name}", labels) or 0.0

    assert figure("updates_waiting") == 4
    assert figure("updates_oldest_seconds") >= 90
    assert (figure("outbox_lane_waiting", lane="reply"), figure("outbox_lane_waiting", lane="notice")) == (1, 2)
    assert figure("outbox_lane_oldest_seconds", lane="reply") >= 30
    assert figure("outbox_dead") == 1
    assert (figure("timers_waiting"), figure("timers_overdue")) == (2, 1)
    assert figure("database_bytes") > 10_000
