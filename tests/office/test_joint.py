"""Joint work at the desk: a whistle told in chat is counted in the cockpit, and the record says who gave how many stars."""

from __future__ import annotations

import pytest

from tests.office.desk import GRID, DeskTown
from workflow.rights import Role

DESK, URBAN, WATER = "desk:yinxing", "dept:urban", "dept:water"


async def whistled(desk: DeskTown) -> int:
    """Urban comes at once, water too late; urban resolves the whole; the caller gives both stars, water the caller."""
    town, number = desk.town, await desk.filed()
    for name, role, scope in (
        ("王师傅", Role.GRID_WORKER, GRID),
        ("刘书记", Role.DESK, "yinxing"),
        ("城管老赵", Role.DEPT_STAFF, "urban"),
        ("水务老孙", Role.DEPT_STAFF, "water"),
    ):
        await town.employs(name, role, scope)
    await town.says("刘书记", f"吹哨 {number} 城管 水务 两家都要到", room=DESK)
    await town.says("城管老赵", f"报到 {number}", room=URBAN)
    await town.passes(hours=5)
    await town.says("水务老孙", f"报到 {number}", room=WATER)
    await town.says("水务老孙", f"办完 {number} 管道换了", room=WATER)
    await town.says("城管老赵", f"办结 {number} 都好了", room=URBAN)
    for unit, key in ((URBAN, "5★"), (WATER, "2★")):
        name = town.city.org.name_of(unit)
        asked = next(m for m in town.messages(DESK) if "来得怎么样" in m.text and name in m.text)
        await town.press_token("刘书记", dict(asked.keys)[key], room=DESK)
    asked = next(m for m in town.messages(WATER) if "配合顺不顺" in m.text)
    await town.press_token("水务老孙", dict(asked.keys)["4★"], room=WATER)
    return number


async def test_the_cockpit_tells_who_came_in_time_and_how_each_side_found_it(desk: DeskTown) -> None:
    number = await whistled(desk)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    joint = (await street.get("/api/desk/cockpit?period=30d")).json()["joint"]
    assert [joint[name] for name in ("blown", "open", "resolved", "called_off")] == [1, 0, 1, 0]
    urban, water = sorted(joint["units"], key=lambda unit: unit["key"])
    assert (urban["key"], urban["name"], urban["parts"], urban["led"]) == (
        URBAN,
        desk.town.city.org.name_of(URBAN),
        1,
        1,
    )
    assert (urban["in_time"], urban["late"], urban["stars"], urban["rated"]) == (1, 0, 5.0, 1)
    assert (urban["stars_of_caller"], urban["rated_caller"]) == (None, 0)
    assert (water["in_time"], water["late"], water["stars"], water["stars_of_caller"]) == (0, 1, 2.0, 4.0)
    steps = [line["text"] for line in (await street.get(f"/api/desk/records/{number}")).json()["lines"]]
    for unit, stars in ((urban["name"], 5), (water["name"], 2)):
        assert f"吹哨的给{unit}打了 {stars} 星" in steps
    assert f"{water['name']}给吹哨的打了 4 星" in steps


@pytest.mark.parametrize("period", ["2024Q1", "1d"])
async def test_a_whistle_belongs_to_the_period_it_was_blown_in(desk: DeskTown, period: str) -> None:
    await whistled(desk)
    await desk.town.passes(days=3)
    street = await desk.sits("街道老陈", Role.STREET, "linjiang")
    joint = (await street.get(f"/api/desk/cockpit?period={period}")).json()["joint"]
    assert joint == {"blown": 0, "open": 0, "resolved": 0, "called_off": 0, "units": []}
