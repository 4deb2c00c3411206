"""随手拍: a photo and a place are a record; useful ones are credited once, others cost nothing and are weighed."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import points, snaps
from storage.people import find_by_identity
from tests.handlers.wish_steps import last
from tests.town import Town
from workflow.rights import Role

ROOM = "grid:yinxing-01"
BOTH = pytest.mark.parametrize("buttons", [True, False])


async def standing(town: Town, who: str) -> tuple[int, snaps.Weight]:
    """(points, how the snaps turned out)."""
    async with town.store.write() as tx:
        found = await find_by_identity(tx, "test", "", who)
        assert found is not None
        await points.catch_up(tx, town.city.points, town.city.manners.tz)
        return await points.balance(tx, found.id), await snaps.weight(tx, found.id)


@BOTH
async def test_a_photo_and_a_place_are_a_record_and_credited_when_it_is_resolved(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("骑手小李", "随手拍")
        await town.says("骑手小李", media=1)
        assert "在哪儿" in last(town, "骑手小李")
        await town.says("骑手小李", "银杏苑3幢门口堆了一堆垃圾没人清")
        assert "编号 1001" in last(town, "骑手小李")
        assert "第一次拍" in last(town, ROOM)
        assert await standing(town, "骑手小李") == (0, snaps.Weight(1, 0, 0))
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "办结 1001 清走了", room=ROOM)
        assert any("多亏您留心" in text for text, _ in town.screen("骑手小李"))
        assert await standing(town, "骑手小李") == (3, snaps.Weight(1, 1, 0))
        await town.says("骑手小李", "啄木鸟")
        await town.says("骑手小李", "银杏苑5幢门口旧沙发扔了好几天", media=1)
        assert any("拍过 1 处，1 处有用" in text for text, _ in town.room(ROOM))


async def test_a_place_on_the_map_is_enough_and_cancelling_files_nothing(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says("骑手小李", "随手拍")
        await town.says("骑手小李", "算了")
        await town.says("骑手小李", "随手拍", media=1)
        await town.says("骑手小李", geo=(32.2, 119.4))
        assert "编号 1001" in last(town, "骑手小李")


async def test_one_that_was_no_problem_costs_nothing_and_is_weighed(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("主任", Role.STREET, "linjiang")
        await town.says("骑手小李", "随手拍", media=1)
        await town.says("骑手小李", geo=(32.2, 119.4))
        await town.says("主任", "不予受理 1001", room="desk")
        await town.presses("主任", "别的原因", room="desk")
        await town.says("主任", "照片里是正常施工，没有隐患", room="desk")
        assert await standing(town, "骑手小李") == (0, snaps.Weight(1, 0, 1))
        await town.says("骑手小李", "随手拍", media=1)
        await town.says("骑手小李", geo=(32.2, 119.4))
        assert any("1 处不是问题" in text for text, _ in town.room("desk"))
