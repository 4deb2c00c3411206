"""Two residents file one matter at the same moment, so that neither record can see the other: it is looked at once more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers import alike, crowd
from storage import requests, timers
from tests.handlers.test_joining import DESK, NEIGHBOUR, SAME, WHO, desk, desk_text
from tests.storage.conftest import Fresh
from tests.town import Town

FILES = "对，就这样"


@pytest.fixture
async def town(fresh: Fresh, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(tmp_path, url=fresh("postgresql")) as opened:
        await desk(opened)
        await opened.says("钱叔", "银杏苑5幢楼下垃圾没人清")  # whoever is the first in a grid waits for nobody
        await opened.presses("钱叔", FILES)
        yield opened


async def all_file(town: Town, patched: pytest.MonkeyPatch, place: Any, name: str, *crowd: str) -> None:
    """All say the same and confirm it; nobody goes on from this function before all have been there."""
    real, everybody = getattr(place, name), asyncio.Barrier(len(crowd))

    async def together(*given: Any, **more: Any) -> Any:
        found = await real(*given, **more)
        async with asyncio.timeout(50):
            await everybody.wait()
        return found

    async def later() -> None:
        """What is said waits until everybody was heard: a process has one sender, not one for everybody who presses."""

    for who in crowd:
        await town.says(who, SAME)
    with patched.context() as now:
        now.setattr(place, name, together)
        now.setattr(town, "deliver", later)
        await asyncio.gather(*[town.presses(who, FILES) for who in crowd])
    await town.deliver()


async def test_the_desk_hears_of_both_and_only_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await all_file(town, monkeypatch, alike, "look", WHO, NEIGHBOUR)
    assert "像是和" not in desk_text(town)
    await town.passes(minutes=2)
    assert desk_text(town).count("像是和") == 1, town.room(DESK)


async def test_whoever_files_alone_is_not_looked_at_again(town: Town) -> None:
    for who, text in ((WHO, SAME), ("赵姐", "银杏苑5幢门口的路灯坏了")):
        await town.says(who, text)
        await town.presses(who, FILES)
    async with town.store.read() as tx:
        waiting = await timers.due(tx, town.now.replace(year=town.now.year + 1), 100)
    assert crowd.TIMERS
    assert not [timer for timer in waiting if timer.name in crowd.TIMERS]


async def test_the_third_of_three_at_once_alarms_the_desk(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await all_file(town, monkeypatch, requests, "of_house", WHO, NEIGHBOUR, "赵姐")
    assert "三天内" not in desk_text(town)
    await town.passes(minutes=2)
    assert desk_text(town).count("三天内同一件事 3 次") == 1
