"""Questions: answered from the catalogue, or somebody calls back; nobody is asked for a number twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers.resident_steps import WHO, filed, files, how_many, labels, ledger, original, person, record
from tests.town import Town

BOTH = pytest.mark.parametrize("buttons", [True, False])


@BOTH
async def test_the_catalogue_answers(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "低保怎么申请")
        for part in ("民政", "要带", "身份证"):
            assert part in town.last(WHO)
        assert labels(town) == ["请人给我回电", "不是问，是要反映"]
        assert await how_many(town) == 0


@BOTH
async def test_a_call_back_asks_once_for_the_number(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "低保怎么申请")
        await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "13912")
        assert "11 位" in town.last(WHO)
        await town.says(WHO, "１３９１２３４１２３４")
        request = await record(town)
        assert (request.queue, request.intent) == ("dept:civil", "consult")
        assert (await person(town)).phone == "13912341234"
        assert "139****1234" in town.last(WHO)
        assert "request.callback_wanted" in [e.name for e in await ledger(town)]
        await town.says(WHO, "医保怎么报销")
        await town.presses(WHO, "请人给我回电")
        assert "1002" in town.last(WHO)


async def test_a_number_in_the_question_is_enough(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "低保怎么申请，我电话13912341234")
        await town.presses(WHO, "请人给我回电")
        assert "139****1234" in town.last(WHO)


@BOTH
async def test_without_a_number_the_answer_comes_here(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "低保怎么申请")
        await town.presses(WHO, "请人给我回电")
        await town.presses(WHO, "不留电话，在这里回我")
        assert "在这里回您" in town.last(WHO)


async def test_a_double_press_files_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢楼道灯坏了，电话13912341234")
        await town.says(WHO, "低保怎么申请")
        for _ in range(3):
            await town.presses(WHO, "请人给我回电")
        assert await how_many(town) == 2


async def test_a_person_is_wanted(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "转人工")
        for _ in range(2):
            await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "13912341234")
        await town.presses(WHO, "请人给我回电")
        assert await how_many(town) == 1
        assert (await record(town)).queue == "desk"


async def test_never_mind_while_the_number_is_asked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "低保怎么申请")
        await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "算了")
        assert "不打" in town.last(WHO)
        await town.says(WHO, "13912341234")
        assert await how_many(town) == 0


async def test_it_was_no_question(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "医保怎么报销")
        await town.presses(WHO, "不是问，是要反映")
        await town.presses(WHO, "对，就这样")
        assert await original(town) == "医保怎么报销"


async def test_a_call_does_not_lose_an_open_report(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢楼道灯坏了，电话13912341234")
        await town.says(WHO, "低保怎么申请")
        await town.says(WHO, "银杏苑15幢楼下垃圾没人清")
        await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "对")
        assert "低保" in await original(town, 1002)
        assert "垃圾" in await original(town, 1003)


async def test_photos_of_a_question_are_kept(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "低保怎么申请，表是这样填吗", media=1, album="a")
        seen = len(town.screen(WHO))
        await town.says(WHO, media=1, album="a")
        assert len(town.screen(WHO)) == seen
        await town.presses(WHO, "请人给我回电")
        await town.says(WHO, "13912341234")
        assert await files(town) == 2


async def test_when_will_it_be_mended_is_about_the_open_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, "银杏苑3幢电梯坏了，停在三楼不动")
        await town.says(WHO, "电梯什么时候修好")
        assert "1001" in town.last(WHO)
        assert "待接单" in town.last(WHO)


@BOTH
async def test_what_is_only_a_guess_is_asked_before_it_is_answered(tmp_path: Path, buttons: bool) -> None:
    """Never "您问的是…" of something else than was asked."""
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says(WHO, "小孩打赏主播八千多要得回来吗")
        assert "您是想问“消费纠纷”吗" in town.last(WHO)
        assert labels(town) == ["对，问这个", "请人给我回电", "不是问，是要反映"]
        await town.presses(WHO, "对，问这个")
        assert "市场监管" in town.last(WHO)
        assert await how_many(town) == 0


async def test_when_the_guess_is_wrong_the_community_calls_back(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "小孩打赏主播八千多要得回来吗")
        await town.presses(WHO, "请人给我回电")
        await town.presses(WHO, "不留电话，在这里回我")
        assert (await record(town)).queue == "desk"
