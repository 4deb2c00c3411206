"""The summary of a report: no sign stands there without the words that belong to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.handlers.resident_steps import LAMP, WHO, labels
from tests.town import Town

_BARE = re.compile(r"[📍🔧]\s*(?:→|📷|$)|\s")
NOWHERE = "老年食堂太难吃了"
SENT_ON = {
    NOWHERE: "民政",
    "表扬王医生，社区医院服务真好": "临江街道",
    "建议多装几个充电桩": "临江街道",
}


def bare_pins(text: str) -> list[str]:
    """Lines where a pin or a tool points at nothing, or that begin with the gap of something left out."""
    return [line for line in text.splitlines() if _BARE.match(line)]


def close(text: str) -> str:
    """Without the spaces around numbers."""
    return text.replace(" ", "")


@pytest.mark.parametrize("text", SENT_ON)
@pytest.mark.parametrize("photos", [0, 2])
async def test_without_a_place_there_is_no_pin(tmp_path: Path, text: str, photos: int) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, text, media=photos)
        shown = town.last(WHO)
        assert "📍" not in shown
        assert not bare_pins(shown), shown
        assert SENT_ON[text] in shown
        assert ("📷 2" in shown) == bool(photos)
        assert "地点不对" not in labels(town)
        assert "说一下地点" in labels(town)


async def test_with_a_place_it_stands_before_who_gets_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, LAMP, media=1)
        assert "📍银杏苑3幢2单元\u3000→银杏社区第一网格" in close(town.last(WHO))
        assert "📷 1" in town.last(WHO)
        assert "地点不对" in labels(town)


async def test_what_nobody_knows_has_no_bare_sign(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "低保金这个月没发", media=1)
        assert not bare_pins(town.last(WHO)), town.last(WHO)
        assert "📷 1" in town.last(WHO)


async def test_a_place_may_be_added_to_a_summary_without_one(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, NOWHERE)
        await town.presses(WHO, "说一下地点")
        await town.says(WHO, "银杏苑3幢")
        assert "📍银杏苑3幢" in close(town.last(WHO))
