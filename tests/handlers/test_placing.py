"""What the desk is offered: kinds and places found in words."""

from __future__ import annotations

from pathlib import Path

from handlers import placing
from tests.handlers.staff_steps import at_desk, stored
from tests.town import Town


async def test_kinds_are_found_by_name_part_and_meaning(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        city = town.city
        road = next(i.id for i in city.taxonomy.items if i.name == "道路破损")
        lamp = next(i.id for i in city.taxonomy.items if i.name.startswith("楼道灯"))
        assert placing.find_kinds(city, "道路破损") == [road]
        assert placing.find_kinds(city, "楼道灯") == [lamp]
        assert placing.find_kinds(city, "路面坑坑洼洼") == [road]
        assert placing.find_kinds(city, "   ") == []


async def test_a_label_becomes_its_place_and_a_grid_keeps_the_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        found = placing.place_at(town.city, "yinxing-01", "银杏苑 3 幢")
        assert (found.grid, found.estate, found.building) == ("yinxing-01", "银杏苑", "3")
        kept = placing.place_at(town.city, "yinxing-02", "银杏社区第二网格", "南门口")
        assert (kept.grid, kept.text, kept.community) == ("yinxing-02", "南门口", "yinxing")


async def test_a_card_offers_every_way_on(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await at_desk(town, "灯光闪")
        request = await stored(town)
        assert request.queue == "desk"
        labels = [label for _, row in town.room("desk") for label in row]
        assert sum("%" in label for label in labels) in (2, 3)
        for wanted in ("别的事…", "别的地方…", "问居民在哪", "我来接", "不予受理"):
            assert wanted in labels
