"""进度 and 办结: what the claimer says reaches the resident; photos where they are required; albums in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import attachments, timers
from tests.handlers.staff_steps import DESK, ROOM, claimer, filed, heard, ledger, names_of, room_text, stored, told
from tests.town import Town
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
FIRE = "银杏苑3幢的消防通道被堵死了，停了好几辆车"


async def taken(town: Town, text: str = "") -> None:
    """王师傅 has the record."""
    await (filed(town, text) if text else filed(town))
    await town.says("王师傅", "接单 1001", room=ROOM)
    assert await claimer(town) == "王师傅"


async def results(town: Town) -> int:
    """How many files the result has."""
    request = await stored(town)
    async with town.store.read() as tx:
        return len(await attachments.of(tx, "result", request.id))


@BOTH
async def test_the_whole_journey_by_presses(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.presses("王师傅", "接单", room=ROOM)
        await town.presses("王师傅", "说进展")
        await town.says("王师傅", "配件下午到")
        assert "配件下午到" in heard(town, "李阿姨")
        await town.presses("王师傅", "转给…")
        await town.presses("王师傅", "小刘")
        await town.presses("小刘", "填结果")
        await town.says("小刘", "换了灯泡，亮了", media=1)
        request = await stored(town)
        assert (request.state, request.resolution) == (State.RESOLVED, 1)
        assert "换了灯泡，亮了" in heard(town, "李阿姨")
        assert "小刘" in heard(town, "李阿姨")
        assert await results(town) == 1
        assert "办结" in room_text(town)
        happened = await names_of(town)
        wanted = ["request.claimed", "request.noted", "request.transferred", "request.resolved"]
        assert [n for n in happened if n in wanted] == wanted


@BOTH
async def test_the_whole_journey_typed(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "进度 1001 配件下午到", room=ROOM)
        await town.says("王师傅", "转给 1001 小刘", room=ROOM)
        await town.says("小刘", "办结 １００１ 已更换灯泡", room=ROOM)
        assert (await stored(town)).state is State.RESOLVED
        assert "配件下午到" in heard(town, "李阿姨")
        assert "已更换灯泡" in heard(town, "李阿姨")


async def test_the_clocks_stop_and_the_rating_is_set(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.says("王师傅", "办结 1001 换好了", room=ROOM)
        request = await stored(town)
        async with town.store.read() as tx:
            waiting = {t.name for t in await timers.waiting_for(tx, "request", request.id)}
        assert waiting == {"rate.ask", "rate.remind", "rate.close"}


async def test_answered_in_the_group(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.presses("王师傅", "填结果", room=ROOM)
        await town.says("小刘", "我来说两句", room=ROOM)
        assert (await stored(town)).state is State.CLAIMED
        await town.says("王师傅", "换好了", room=ROOM)
        assert (await stored(town)).state is State.RESOLVED
        await town.says("王师傅", "晚上吃啥", room=ROOM)
        assert "晚上吃啥" not in heard(town, "李阿姨")


@BOTH
async def test_a_photo_is_required_where_it_was_dangerous(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await taken(town, FIRE)
        assert (await stored(town)).item.startswith("safety")
        await town.says("王师傅", "办结 1001 车都挪走了", room=ROOM)
        assert (await stored(town)).state is State.CLAIMED
        assert "现场照片" in told(town, "王师傅")
        await town.says("王师傅", "", media=1, room=ROOM)
        assert (await stored(town)).state is State.RESOLVED
        assert "车都挪走了" in heard(town, "李阿姨")
        assert (await ledger(town))[-1].data["photos"] == 1 or await results(town) == 1


async def test_a_photo_first_then_words(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.presses("王师傅", "填结果")
        await town.says("王师傅", "", media=1)
        assert "再写一句" in heard(town, "王师傅")
        await town.says("王师傅", "换好了")
        assert (await stored(town)).state is State.RESOLVED
        assert await results(town) == 1


async def test_an_album_without_words_is_asked_about_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town, FIRE)
        await town.presses("王师傅", "填结果")
        for _ in range(3):
            await town.says("王师傅", "", media=1, album="a")
        assert heard(town, "王师傅").count("再写一句") == 1
        await town.says("王师傅", "车都挪走了")
        assert (await stored(town)).state is State.RESOLVED
        assert await results(town) == 3


async def test_late_parts_of_an_album_belong_to_the_result(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.says("王师傅", "办结 1001 换好了", media=1, album="a", room=ROOM)
        assert (await stored(town)).state is State.RESOLVED
        await town.says("王师傅", "", media=1, album="a", room=ROOM)
        await town.says("王师傅", "", media=1, album="b", room=ROOM)
        assert await results(town) == 2


async def test_only_the_claimer_or_somebody_above_resolves(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.says("小刘", "办结 1001 我弄好了", room=ROOM)
        await town.says("路人", "办结 1001 我弄好了", room=ROOM)
        assert (await stored(town)).state is State.CLAIMED
        await town.says("刘书记", "办结 1001 现场看过，亮了", room=DESK)
        assert (await stored(town)).state is State.RESOLVED
        (event,) = [e for e in await ledger(town) if e.name == "request.resolved"]
        assert event.data["as"] == "above"
        assert "替您办结" in heard(town, "王师傅")


async def test_what_the_ledger_keeps_is_masked(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.says("王师傅", "办结 1001 换好了，问题打13800001111", room=ROOM)
        assert "13800001111" in heard(town, "李阿姨")
        assert not any("13800001111" in str(e.data) for e in await ledger(town))


@BOTH
async def test_never_mind(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await taken(town)
        await town.presses("王师傅", "填结果")
        await town.says("王师傅", "算了")
        assert (await stored(town)).state is State.CLAIMED
        assert "先不填" in heard(town, "王师傅")


async def test_a_second_result_says_how_it_stands(tmp_path: Path) -> None:
    async with Town.open(tmp_path, buttons=True) as town:
        await taken(town)
        await town.says("王师傅", "办结 1001 换好了", room=ROOM)
        await town.says("王师傅", "办结 1001 换好了", room=ROOM)
        assert (await stored(town)).resolution == 1
        assert "已办结，待评价" in told(town, "王师傅")
