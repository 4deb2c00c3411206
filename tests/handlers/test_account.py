"""A resident's own data: what the export shows, what erasing leaves and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Table

from storage import attachments, outbox, people, requests, wishes
from storage.seal import MARK
from storage.tables import ALL
from storage.tx import Tx
from tests.handlers.resident_steps import (
    ROOM,
    WHO,
    filed,
    how_many,
    labels,
    original,
    person,
    record,
    resolved,
    waiting,
)
from tests.handlers.wish_steps import published
from tests.town import Town
from workflow.rights import Role
from workflow.states import State

BOTH = pytest.mark.parametrize("buttons", [True, False])
PHONE = "13912341234"
TELLING = f"我叫王秀英，银杏苑3幢2单元502楼道灯坏了，电话{PHONE}"


async def erased(town: Town, who: str = WHO) -> None:
    await town.says(who, "删除我的资料")
    await town.presses(who, "确定删除")


async def test_the_export_has_everything_that_was_said(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.says(WHO, "导出我的数据")
        for part in (PHONE, TELLING, "1001", "待接单"):
            assert part in town.last(WHO)


async def test_the_export_has_the_place_as_a_desk_set_it(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("街道老陈", Role.STREET, "linjiang")
        await town.says(WHO, "马路上的路灯不亮了，在老槐树那儿")
        for _ in range(2):
            await town.presses(WHO, "说不清，交给社区" if "说不清，交给社区" in labels(town) else "对，就这样")
        await town.says("街道老陈", "改址 1001 银杏苑3幢", room="desk")
        assert (await record(town)).grid == "yinxing-01"
        await town.says(WHO, "导出我的数据")
        assert "银杏苑3幢" in town.last(WHO).replace(" ", "")


async def test_the_export_has_a_place_told_and_one_set_later(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.employs("街道老陈", Role.STREET, "linjiang")
        await town.says("王师傅", "退回 1001 地址不对", room=ROOM)
        await town.says("街道老陈", "改址 1001 金色家园5幢", room="desk:yinxing")
        await town.says(WHO, "导出我的数据")
        shown = town.last(WHO).replace(" ", "")
        assert "金色家园5幢（您说的是“银杏苑3幢2单元502" in shown


async def test_a_place_that_was_only_shortened_stands_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.says(WHO, "导出我的数据")
        assert "您说的是" not in town.last(WHO)


async def test_nobody_exports_somebody_else(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.says("别人", "导出我的数据")
        assert PHONE not in town.last("别人")


@BOTH
async def test_erasing_asks_first_and_can_be_left(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town, TELLING)
        await town.says(WHO, "删除我的资料")
        assert "找不回来" in town.last(WHO)
        assert "1 件事没办完" in town.last(WHO)
        await town.presses(WHO, "先不删")
        assert await original(town) == TELLING


@BOTH
async def test_nothing_that_names_them_is_left_in_any_table(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await filed(town, TELLING)
        await town.says(WHO, "想给老伴要个轮椅，银杏苑")
        await town.presses(WHO, "对")
        await town.says(WHO, "这个怎么报销", media=1)
        await erased(town)
        assert "删掉了" in town.last(WHO)
        async with town.store.read() as tx:
            for table in ALL:
                for row in await tx.all(table.select()):
                    shown = repr([tx.sealer.open(v) if isinstance(v, bytes) and v.startswith(MARK) else v for v in row])
                    for secret in (PHONE, "王秀英", "502楼", "轮椅", "楼道灯坏了"):
                        assert secret not in shown, (table.name, secret)
            assert await tx.all(people.identities.select().where(people.identities.c.user_key == WHO)) == []
            kept = await tx.all(attachments.attachments.select())
            assert [(row.ref, row.stored[:1]) for row in kept] == [("", "-")]
            for request in await tx.all(requests.requests.select()):
                opened = await requests.get_original(tx, request.id)
                assert opened.place == ""
                assert PHONE not in opened.text


async def _both(tx: Tx, table: Table, one: int, other: int) -> bool:
    """Whether a row of a table leads from the one to the other."""
    return any(one in row and other in row for row in await tx.all(table.select()))


async def test_nothing_leads_from_them_to_their_chat_or_account(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.presses(WHO, "接单", room=ROOM)
        assert "第一网格" in town.toasts(WHO)[-1]
        await published(town, "陈大爷", number=1002)
        await town.says(WHO, "认领 1002")
        await town.says(WHO, "心愿完成 1002 送到了", media=1)
        await town.presses("陈大爷", "收到了")
        await town.says(WHO, "想给老伴要个轮椅，银杏苑")
        await town.presses(WHO, "对")
        await town.says(WHO, "发布资源")
        await town.says(WHO, "我可以教英语，银杏社区")
        await town.presses(WHO, "对")
        async with town.store.write() as tx:
            me = await people.find_by_identity(tx, "test", "", WHO)
            assert me is not None
            mine = await people.find_private_chat(tx, me.id)
            assert mine is not None
            room = (await people.rooms_of(tx, [ROOM]))[0]
            for key in (WHO, "别人"):
                row = await outbox.put(tx, chat_id=room.id, body={"text": "x"}, lane=0, now=town.now, user_key=key)
                await outbox.bury(tx, row, "gone")
            held = [table.name for table in ALL if await _both(tx, table, me.id, mine.id)]
            assert {"requests", "wishes", "adoptions", "attachments", "resources"} <= set(held)
        await erased(town)
        await town.passes(days=8)
        async with town.store.read() as tx:
            assert [table.name for table in ALL if await _both(tx, table, me.id, mine.id)] == []
            said = await tx.all(outbox.outbox.select())
            assert {row.user_key for row in said} == {"", "别人"}
            assert [row.user_key for row in said if row.state == outbox.DEAD and row.body_sealed] == ["别人"]


async def test_open_work_goes_on_without_a_name(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await erased(town)
        request = await record(town)
        assert request.state is State.QUEUED
        assert request.place_text == "银杏苑 3 幢 2 单元"
        assert await waiting(town)
        card = town.room(ROOM)[0][0]
        assert "按本人要求删除" in card
        assert "139" not in card
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "办结 1001 换了灯泡", room=ROOM)
        seen = len(town.screen(WHO))
        await town.passes(days=8)
        assert (await record(town)).state is State.CLOSED
        assert len(town.screen(WHO)) == seen


async def test_a_finished_record_keeps_no_place(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await resolved(town, TELLING)
        await erased(town)
        request = await record(town)
        assert (request.place, request.place_text) == ({}, "")


async def test_an_open_wish_comes_down(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says(WHO, "想给老伴要个轮椅，银杏苑")
        await town.presses(WHO, "对")
        await erased(town)
        async with town.store.read() as tx:
            states = [row.state for row in await tx.all(wishes.wishes.select())]
        assert states == ["withdrawn"]


async def test_whoever_comes_back_is_somebody_new(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        before = (await person(town)).id
        await erased(town)
        await town.says(WHO, "我的诉求")
        assert "还没有报过事" in town.last(WHO)
        assert (await person(town)).id != before
        await filed(town, "银杏苑5幢楼道灯坏了")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "接单 1002", room=ROOM)
        assert "王师傅" in town.last(WHO)
        assert await how_many(town) == 2


async def test_staff_end_their_role_first(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs(WHO, Role.GRID_WORKER, "yinxing-01")
        await town.says(WHO, "删除我的资料")
        assert "取消身份" in town.last(WHO)
        assert not [label for _, row in town.screen(WHO)[-1:] for label in row]


async def test_the_export_tells_the_year(tmp_path: Path) -> None:
    """It is put away: no "today" in it."""
    async with Town.open(tmp_path) as town:
        await filed(town, TELLING)
        await town.says(WHO, "导出我的数据")
        assert f"1001 {town.now.astimezone(town.city.manners.tz):%Y-%m-%d} " in town.last(WHO)
        assert "今天" not in town.last(WHO)
