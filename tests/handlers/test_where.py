"""The question where it is, answered with a point on the map: the grid, a question, or the desk; the point is kept."""

from __future__ import annotations

from pathlib import Path

from storage import requests
from tests.handlers.staff_steps import VAGUE, at_desk, heard, room_text, stored
from tests.town import Town

STREET = "街道老陈"
WHO = "李阿姨"
INSIDE, BETWEEN, FAR = (32.2048, 119.4021), (32.2070, 119.4040), (31.25, 121.5)


async def asked(town: Town) -> None:
    """The resident of a vague record is asked where it is."""
    await at_desk(town, VAGUE)
    await town.says(STREET, "改类 1001 楼道灯", room="desk")
    await town.says(STREET, "问地点 1001", room="desk")
    assert "在哪儿" in heard(town, WHO)


async def original(town: Town) -> str:
    async with town.store.read() as tx:
        return (await requests.get_original(tx, (await stored(town)).id)).text


async def test_a_point_in_a_grid_sends_it_on_and_stays_with_the_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await asked(town)
        await town.says(WHO, geo=INSIDE)
        assert (await stored(town)).queue == "grid:yinxing-01"
        assert "32.20480,119.40210" in await original(town)


async def test_a_point_between_grids_asks_once_with_the_nearest(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await asked(town)
        await town.says(WHO, geo=BETWEEN)
        assert "哪一个" in heard(town, WHO)
        await town.presses(WHO, "银杏社区第一网格")
        assert (await stored(town)).queue == "grid:yinxing-01"
        assert "32.20700,119.40400" in await original(town)


async def test_a_point_far_away_reaches_the_desk(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await asked(town)
        await town.says(WHO, geo=FAR)
        assert (await stored(town)).queue == "desk"
        assert "31.25000,121.50000" in room_text(town, "desk")
        assert "31.25000,121.50000" in await original(town)
