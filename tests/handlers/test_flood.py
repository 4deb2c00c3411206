"""Too much in one minute: answered politely once, kept, handled in order afterwards; danger passes; talk is free."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from handlers import flood
from storage import erasure, people
from storage.pace import held
from tests.handlers.resident_steps import LAMP, ROOM, WHO, how_many, number, original
from tests.town import Town
from workflow.rights import Role

SLOW = "一句不丢"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(tmp_path) as opened:
        manners = replace(opened.city.manners, per_person=3, per_person_presses=4, per_group=2)
        opened.city = replace(opened.city, manners=manners)
        yield opened


async def kept(town: Town) -> int:
    async with town.store.read() as tx:
        row = await tx.one(select(func.count()).select_from(held).where(held.c.tenant == tx.tenant))
        return int(row[0]) if row else 0


async def test_over_the_limit_it_is_said_once_and_everything_is_kept(town: Town) -> None:
    await town.says(WHO, LAMP)
    for n in range(10):
        await town.says(WHO, f"第{n}点补充：晚上很黑")
    assert sum(SLOW in text for text, _ in town.screen(WHO)) == 1
    seen = len(town.screen(WHO))
    assert await kept(town) == 8
    await town.passes(minutes=1)
    assert await kept(town) == 0
    assert len(town.screen(WHO)) == seen + 1, "joined, so answered once"
    await town.presses(WHO, "对，就这样")
    words = await original(town)
    assert [words.index(f"第{n}点") for n in range(10)] == sorted(words.index(f"第{n}点") for n in range(10))
    assert await how_many(town) == 1


async def test_danger_passes(town: Town) -> None:
    for n in range(5):
        await town.says(WHO, f"你好呀{n}")
    await town.says(WHO, "银杏苑三栋着火了快来人")
    assert any("119" in text for text, _ in town.screen(WHO))
    found = await number(town)
    assert found is not None
    assert found.urgent


async def test_short_answers_stay_apart_and_in_order(town: Town) -> None:
    await town.says(WHO, "你好")
    await town.says(WHO, "在吗")
    await town.says(WHO, "有人吗")
    await town.says(WHO, LAMP)
    await town.says(WHO, "对")
    assert await how_many(town) == 0
    await town.passes(minutes=1)
    assert await how_many(town) == 1


async def test_what_comes_after_the_minute_waits_for_what_was_kept(town: Town) -> None:
    await town.says(WHO, "你好")
    await town.says(WHO, "在吗")
    await town.says(WHO, "有人吗")
    await town.says(WHO, LAMP)
    town.now += flood.pace.WINDOW  # the timer has not gone off yet
    await town.says(WHO, "对")
    assert await how_many(town) == 1
    assert await kept(town) == 0


async def test_very_many_are_handled_in_turns(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "AT_ONCE", 2)
    monkeypatch.setattr(flood, "MOST_HELD", 6)
    for _ in range(3):
        await town.says(WHO, "你好")
    for n in range(10):
        await town.says(WHO, f"{n}")
    assert await kept(town) == 6
    assert sum("没法再记" in text for text, _ in town.screen(WHO)) == 1
    await town.passes(minutes=1)
    assert await kept(town) == 4
    await town.passes(minutes=1)
    await town.passes(minutes=1)
    assert await kept(town) == 0


async def test_presses_over_the_limit_do_nothing_and_the_button_stays(town: Town) -> None:
    await town.says(WHO, LAMP)
    for _ in range(4):
        await town.press_token(WHO, "old.1")
    await town.presses(WHO, "对，就这样")
    assert "再按" in town.toasts(WHO)[-1]
    assert await how_many(town) == 0
    await town.passes(minutes=1)
    await town.presses(WHO, "对，就这样")
    assert await how_many(town) == 1


async def test_people_who_talk_in_a_group_use_nothing_up(town: Town) -> None:
    await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
    await town.says(WHO, LAMP)
    await town.presses(WHO, "对，就这样")
    for n in range(20):
        await town.says(f"邻居{n}", "今天天气真好", room=ROOM)
    await town.says("王师傅", "接单 1001", room=ROOM)
    found = await number(town)
    assert found is not None
    assert found.claimer_id is not None


async def test_commands_in_a_group_wait_for_the_minute_too(town: Town) -> None:
    await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
    await town.employs("小刘", Role.GRID_WORKER, "yinxing-01")
    await town.says(WHO, LAMP)
    await town.presses(WHO, "对，就这样")
    await town.says("小刘", "接单 7001", room=ROOM)
    await town.says("小刘", "接单 7002", room=ROOM)
    await town.says("王师傅", "接单 1001", room=ROOM)
    found = await number(town)
    assert found is not None
    assert found.claimer_id is None
    assert any("群里一下子" in text for text, _ in town.room(ROOM))
    await town.passes(minutes=1)
    found = await number(town)
    assert found is not None
    assert found.claimer_id is not None


async def test_who_is_forgotten_has_nothing_kept(town: Town) -> None:
    for n in range(6):
        await town.says(WHO, f"第{n}点补充：晚上很黑")
    assert await kept(town) == 3
    async with town.store.write() as tx:
        person = await people.find_by_identity(tx, "test", "", WHO)
        assert person is not None
        await erasure.erase_person(tx, person.id, "")
    assert await kept(town) == 0
    await town.passes(minutes=2)


async def test_without_limits_nothing_is_counted(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as opened:
        for n in range(30):
            await opened.says(WHO, f"第{n}点补充：晚上很黑")
        assert await kept(opened) == 0
