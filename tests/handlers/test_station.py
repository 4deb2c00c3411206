"""暖心驿站 and 共享柜 in chat: opened by a desk, found by distance, things borrowed and given back by scanning."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from bot.papers import Papers
from handlers import near
from handlers.station_keep import Lent, read_things
from storage import loans, stations
from storage.stations import Station
from tests.handlers.test_volunteer import person
from tests.handlers.wish_steps import last, told
from tests.town import Town, _linjiang
from workflow.lending import is_open, next_late, remind_before
from workflow.rights import Role

BOTH = pytest.mark.parametrize("buttons", [True, False])
GRID = "grid:yinxing-01"
NORTH, FAR = (32.2048, 119.4020), (32.2048, 119.4150)


async def kept(town: Town) -> None:
    await town.employs("刘书记", Role.DESK, "yinxing")
    await town.employs("小李", Role.GRID_WORKER, "yinxing-01")


async def station(
    town: Town, name: str = "北门驿站", at: tuple[float, float] = NORTH, things: str = "雨伞 1把 3天"
) -> Station:
    """A station that the desk has opened, with things in it."""
    await town.says("刘书记", f"建驿站 {name}")
    await town.says("刘书记", "", geo=at)
    await town.says("刘书记", "8:00-18:00")
    await town.says("刘书记", "热水、微波炉")
    async with town.store.read() as tx:
        found = (await stations.listed(tx))[-1]
    assert found.name == name
    if things:
        await town.says("刘书记", f"放东西 {found.number} {things}")
    return found


async def sign(town: Town, made: Station) -> str:
    return f"s_{made.code}"


@BOTH
async def test_a_desk_opens_a_station_and_puts_things_there(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await town.says("路人", "建驿站 假驿站")
        assert "不归您" in told(town, "路人")
        await kept(town)
        made = await station(town, things="雨伞 10把 3天；轮椅 2辆 2周")
        assert made.queue == GRID
        assert made.community == "yinxing"
        assert "轮椅　共 2" in last(town, "刘书记")
        await town.says("小李", f"驿站 {made.number}")
        await town.presses("小李", "放东西")
        assert "雨伞　共 10" in last(town, "小李")
        async with town.store.read() as tx:
            umbrellas, chairs = await stations.things_of(tx, (made.id,))
        assert (umbrellas.span, chairs.span) == (timedelta(days=3), timedelta(days=14))
        await town.says("小李", f"盘点 {umbrellas.number} 8")
        assert "一共 8" in told(town, "小李")
        await town.says("路人", f"盘点 {umbrellas.number} 0")
        assert "不归您" in told(town, "路人")
        await town.says("小李", f"驿站时间 {made.number} 24小时")
        await town.says("路人", f"驿站 {made.number}")
        shown = last(town, "路人")
        assert "24小时" in shown
        assert "雨伞　还有 8" in shown
        assert "放东西" not in shown
        await town.says("小李", f"关驿站 {made.number}")
        assert "不归您" in told(town, "小李")
        await town.says("小李", f"驿站 {made.number}")
        await town.presses("小李", "先关几天")
        await town.says("路人", "驿站")
        assert "还没有登记" in last(town, "路人")


async def test_a_place_named_in_words_is_as_good_as_a_position(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await kept(town)
        await town.says("刘书记", "建驿站")
        await town.says("刘书记", "红色驿站")
        await town.says("刘书记", "老地方")
        assert "没认出" in last(town, "刘书记")
        await town.says("刘书记", "银杏苑北门")
        await town.says("刘书记", "24小时")
        await town.says("刘书记", "歇脚，有事打13812345678")
        async with town.store.read() as tx:
            made = (await stations.listed(tx))[-1]
        assert (made.place_text, made.grid) == ("银杏苑北门", "yinxing-01")
        assert "13812345678" not in made.words


@BOTH
async def test_the_nearest_is_first_from_a_position_or_a_known_place(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        await station(town, "北门驿站", NORTH)
        await station(town, "公园驿站", FAR, things="轮椅 1辆 2周")
        await town.says("李阿姨", "附近驿站")
        await town.says("李阿姨", "", geo=(32.2047, 119.4140))
        lines = last(town, "李阿姨")
        assert lines.index("公园驿站") < lines.index("北门驿站")
        assert "约 100 米" in lines
        assert "1.1 公里" in lines
        await town.says("李阿姨", "银杏苑3幢")
        lines = last(town, "李阿姨")
        assert lines.index("北门驿站") < lines.index("公园驿站")
        await town.says("李阿姨", "哪里能借轮椅")
        lines = last(town, "李阿姨")
        assert "公园驿站" in lines
        assert "北门驿站" not in lines
        await town.says("李阿姨", "哪里能借梯子")
        assert "没有哪个驿站有“梯子”" in last(town, "李阿姨")
        await town.says("李阿姨", "银杏苑3幢楼道灯坏了")
        assert "驿站" not in last(town, "李阿姨")


@BOTH
async def test_borrowed_and_given_back_by_scanning(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        made = await station(town)
        await town.says("李阿姨", f"驿站 {made.number}")
        assert "借雨伞" not in last(town, "李阿姨")
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "借雨伞")
        assert "借好了" in last(town, "李阿姨")
        await town.scans("王师傅", await sign(town, made))
        assert "都借出去了" in last(town, "王师傅")
        await town.presses("王师傅", "雨伞有了告诉我")
        assert "告诉您" in told(town, "王师傅")
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "还雨伞")
        assert "还好了" in last(town, "李阿姨")
        assert "先到先得" in last(town, "王师傅")
        async with town.store.read() as tx:
            thing = (await stations.things_of(tx, (made.id,)))[0]
            assert (thing.free, thing.lent) == (1, 0)
        await town.scans("李阿姨", "s_0000000000000000")
        assert "认不出来" in last(town, "李阿姨")


async def test_an_old_scan_is_no_proof_of_being_there(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await kept(town)
        made = await station(town)
        await town.scans("李阿姨", await sign(town, made))
        await town.passes(hours=1)
        await town.presses("李阿姨", "借雨伞")
        assert "扫一下码" in told(town, "李阿姨")
        async with town.store.read() as tx:
            assert await loans.of_person(tx, await person(town, "李阿姨")) == []


@BOTH
async def test_the_last_one_goes_to_one_of_two(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        made = await station(town)
        for who in ("李阿姨", "王师傅"):
            await town.scans(who, await sign(town, made))
        await town.presses("李阿姨", "借雨伞")
        await town.presses("王师傅", "借雨伞")
        assert "刚好都借出去了" in last(town, "王师傅")
        async with town.store.read() as tx:
            assert len(await loans.of_station(tx, made.id)) == 1


@BOTH
async def test_reminders_before_and_after_are_kind_and_the_keeper_hears_after_a_week(
    tmp_path: Path, buttons: bool
) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        made = await station(town)
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "借雨伞")
        await town.passes(days=2, hours=1)
        assert "到期" in last(town, "李阿姨")
        await town.presses("李阿姨", "雨伞再借一阵")
        assert "用到" in told(town, "李阿姨")
        await town.passes(days=2)
        before = len(town.messages("李阿姨"))
        await town.passes(days=2, hours=4)
        heard = "\n".join(text for text, _ in town.screen("李阿姨")[before:])
        assert "到时间了" in heard
        assert not any(word in heard for word in ("逾期", "罚", "违约", "赔"))
        assert not any("没回来" in text for text, _ in town.room(GRID))
        await town.passes(days=8)
        assert any("还没回来" in text for text, _ in town.room(GRID))
        await town.presses("路人", "已经在了", room=GRID)
        assert "不归您" in told(town, "路人") + last(town, GRID)
        await town.presses("小李", "问一声", room=GRID)
        assert "问一声" in last(town, "李阿姨")
        await town.presses("小李", "已经在了", room=GRID)
        assert "还好了" in last(town, "李阿姨")
        assert any("还回来了" in text for text, _ in town.room(GRID))
        await town.passes(days=30)
        assert "还好了" in last(town, "李阿姨")


@BOTH
async def test_put_back_without_a_scan_and_lost_without_blame(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        made = await station(town, things="雨伞 2把 3天")
        for who in ("李阿姨", "王师傅"):
            await town.scans(who, await sign(town, made))
            await town.presses(who, "借雨伞")
        await town.says("李阿姨", "我的借用")
        await town.presses("李阿姨", "雨伞已经放回")
        assert any("已经放回" in text for text, _ in town.room(GRID))
        await town.presses("小李", "已经在了", room=GRID)
        await town.says("王师傅", "我的借用")
        await town.presses("王师傅", "雨伞找不到了")
        assert "别往心里去" in told(town, "王师傅")
        async with town.store.read() as tx:
            thing = (await stations.things_of(tx, (made.id,)))[0]
            assert (thing.stock, thing.lent, thing.free) == (1, 0, 1)
        await town.says("王师傅", "我的借用")
        assert "没有借着" in last(town, "王师傅")
        await town.says("王师傅", "导出我的资料")
        assert "雨伞" in last(town, "王师傅")
        assert "找不到了" in last(town, "王师傅")


@BOTH
async def test_damage_reaches_the_keeper_with_its_photo(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await kept(town)
        made = await station(town)
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "借雨伞")
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "还雨伞")
        await town.presses("李阿姨", "有点坏了")
        await town.says("李阿姨", "伞骨断了一根，我电话13812345678", media=1)
        assert "谢谢您说一声" in last(town, "李阿姨")
        card = next(m for m in town.messages(GRID) if "伞骨断了" in m.text)
        assert card.media
        assert "13812345678" not in card.text
        async with town.store.read() as tx:
            assert (await stations.things_of(tx, (made.id,)))[0].free == 0
        await town.scans("王师傅", await sign(town, made))
        await town.presses("王师傅", "雨伞有了告诉我")
        mended = "好了，能用" if buttons else "修好"
        await town.presses("路人", mended, room=GRID)
        assert "不归您" in told(town, "路人") + last(town, GRID)
        await town.presses("小李", mended, room=GRID)
        assert "看过了" in last(town, "李阿姨")
        assert "先到先得" in last(town, "王师傅")


async def test_a_danger_told_with_the_damage_is_a_danger(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await kept(town)
        made = await station(town)
        await town.scans("李阿姨", await sign(town, made))
        await town.presses("李阿姨", "东西坏了")
        await town.says("李阿姨", "驿站这里着火了，银杏苑北门")
        assert any("119" in text for text, _ in town.screen("李阿姨"))
        assert "已经报给消防救援" in told(town, "李阿姨")
        assert any("着火了" in text for text, _ in town.room("dept:fire"))
        async with town.store.read() as tx:
            assert await tx.all(select(loans.damages).where(loans.damages.c.tenant == tx.tenant)) == []


async def test_the_codes_are_printed_and_open_the_place(tmp_path: Path) -> None:
    city = _linjiang()
    base = "https://linli.example.cn"
    async with Town.open(tmp_path, city=replace(city, manners=replace(city.manners, web_base=base))) as town:
        await kept(town)
        made = await station(town)
        await town.says("小李", f"驿站 {made.number}")
        await town.presses("小李", "打印码")
        tokens = [part.split(".pdf")[0] for part in last(town, "小李").split("/papers/")[1:]]
        papers = Papers(town.store, town.city, lambda: town.now)
        texts = []
        for token in tokens:
            made_paper = await papers.find(token, base)
            assert made_paper is not None
            texts.append(PdfReader(io.BytesIO(made_paper)).pages[0].extract_text())
        assert "借了就走" in texts[0]
        assert "北门驿站 雨伞" in texts[1]
        async with town.store.read() as tx:
            thing = (await stations.things_of(tx, (made.id,)))[0]
        await town.scans("李阿姨", f"t_{thing.code}")
        await town.presses("李阿姨", "借雨伞")
        assert "借好了" in last(town, "李阿姨")


async def test_in_a_group_nobody_learns_where_somebody_was(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await kept(town)
        await station(town)
        await town.says("李阿姨", "", geo=NORTH)
        await town.says("李阿姨", "驿站", room=GRID)
        shown = last(town, GRID)
        assert "北门驿站" in shown
        assert "米" not in shown


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("雨伞 10把 3天", [Lent("雨伞", 10, timedelta(days=3))]),
        (
            "雨伞10把3天；充电宝 5个 可借4小时",
            [Lent("雨伞", 10, timedelta(days=3)), Lent("充电宝", 5, timedelta(hours=4))],
        ),
        ("轮椅 2 2周", [Lent("轮椅", 2, timedelta(weeks=2))]),
        ("雨伞", None),
        ("雨伞 0把 3天", None),
        ("雨伞 3把 400天", None),
        ("雨伞 3把 3天；别的", None),
    ],
)
def test_things_are_read_as_they_are_written(words: str, read: list[Lent] | None) -> None:
    assert read_things(words) == read


def test_when_a_place_is_open_and_when_to_remind() -> None:
    town = Town.__dataclass_fields__["now"].default
    ten = town.replace(hour=10)
    assert is_open("8:00-18:00", ten)
    assert is_open("9:00-9:30，18:00到20:00", ten) is False
    assert is_open("20:00-6:00", ten.replace(hour=23))
    assert is_open("24小时", ten)
    assert is_open("周一到周五 8:00-18:00", ten) is None
    assert is_open("看情况", ten) is None
    assert remind_before(ten, ten + timedelta(days=3)) == ten + timedelta(days=2)
    assert remind_before(ten, ten + timedelta(hours=4)) == ten + timedelta(hours=3)
    assert remind_before(ten, ten + timedelta(minutes=10)) is None
    assert next_late(ten, ten + timedelta(days=2)) == (2, ten + timedelta(days=3))
    assert next_late(ten, ten + timedelta(days=7)) is None


def test_a_station_without_a_point_is_where_its_grid_is() -> None:
    city = _linjiang()
    found = near.point_of_grid(city, "yinxing-01")
    assert found is not None
    assert found == pytest.approx((119.4021, 32.2048), abs=1e-4)
    assert near.point_of_grid(city, "nowhere") is None
