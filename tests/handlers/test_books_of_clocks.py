"""Whatever clocks, waits, petitions and whistles did to a record, the ledger alone tells the same books."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers import audit
from storage import attachments, erasure, petitions, waits, whistles
from tests.handlers.resident_steps import DESK, ROOM, WHO, filed, ledger, record
from tests.handlers.test_dispute import URBAN, disputed
from tests.handlers.test_whistle import blown, staffed
from tests.town import Town
from workflow.petitions import Outcome, Petition
from workflow.states import State


async def sound(town: Town) -> None:
    async with town.store.read() as tx:
        books = await audit.rebuild(tx)
        found = [line async for line in audit.differences(tx, books, town.now)]
    assert found == []


async def eventful(town: Town) -> None:
    """A record that was paused, extended, parked, refused, taken up again, whistled for, called off."""
    await staffed(town)
    await filed(town)
    await town.says("王师傅", "接单 1001", room=ROOM)
    await town.says("王师傅", "暂停 1001")
    await town.presses("王师傅", "等天气")
    await town.presses("王师傅", "3 天")
    await town.passes(hours=5)
    await town.says("王师傅", "延期 1001 3天 等货")
    await town.presses("刘书记", "同意", room=DESK)
    await town.says("刘书记", "督办 1001 怎么样了", room=DESK)
    await town.says("王师傅", "放回 1001", room=ROOM)
    await town.says("刘书记", "挂账 1001 20天 等改造", room=DESK)
    await town.passes(days=21)
    await town.says("刘书记", "不予受理 1001 归物业，请找物业", room=DESK)
    await town.presses(WHO, "我不同意")
    await town.says(WHO, "物业说不管")
    await town.passes(days=1)
    await town.presses("刘书记", "重新受理", room=DESK)
    await town.says("刘书记", "吹哨 1001 城管 住建 一起看", room=DESK)
    await town.says("城管老赵", "接哨 1001", room=URBAN)
    await town.says("住建小钱", "报到 1001", room="dept:housing")
    await town.says("住建小钱", "办完 1001 看过了", room="dept:housing")
    await town.presses("刘书记", "撤哨", room=DESK)
    await town.passes(days=6)
    assert {
        "request.paused",
        "request.extension_granted",
        "request.parked",
        "request.refused",
        "request.readmitted",
        "request.whistled",
        "request.called_off",
    } <= {e.name for e in await ledger(town)}


async def test_the_ledger_tells_the_same_books(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await eventful(town)
        assert (await record(town)).supervised
        await sound(town)


async def test_the_ledger_tells_the_same_after_a_ruling(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await disputed(town)
        await town.presses("街道老陈", "第一网格", room="desk")
        await town.passes(days=5)
        await sound(town)


async def test_a_forgotten_resident_leaves_no_words_in_what_was_asked_about_their_record(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await eventful(town)
        request = await record(town)
        whistle, _ = await blown(town)
        async with town.store.write() as tx:
            await erasure.erase_person(tx, request.reporter_id, "已删除")
        async with town.store.read() as tx:
            asked = await petitions.of(tx, request.id)
            assert asked
            assert {p.words + p.answer for p in asked} == {""}
            assert {w.words for w in await waits.of(tx, request.id, request.received_at)} == {""}
            assert (await whistles.get(tx, whistle.id)).words == ""
            assert {p.result for p in await whistles.parts_of(tx, whistle.id)} == {""}


async def test_what_was_asked_is_void_when_the_record_goes_elsewhere_or_ends(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("王师傅", "接单 1001", room=ROOM)
        await town.says("王师傅", "延期 1001 3天 等货")
        await town.says("刘书记", "改类 1001 占道经营", room=DESK)
        await town.presses("刘书记", "同意", room=DESK)
        assert "已经有人定了" in town.toasts("刘书记")[-1]
        async with town.store.read() as tx:
            [asked] = await petitions.of(tx, (await record(town)).id, Petition.EXTENSION)
        assert asked.outcome is Outcome.VOID


async def test_a_photo_of_the_check_in_belongs_to_the_part(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says("刘书记", "吹哨 1001", room=DESK)
        for label in ("一家解决不了", "城管", "报到：按一下就行", "📣 吹哨"):
            await town.presses("刘书记", label, room=DESK)
        await town.presses("城管老赵", "报到", room=URBAN)
        await town.says("城管老赵", media=1, room=URBAN)
        _, parts = await blown(town)
        async with town.store.read() as tx:
            assert len(await attachments.of(tx, "whistle", parts[URBAN].id)) == 1
        assert (await record(town)).state is State.JOINT
        assert (await record(town)).responded_at == town.now


@pytest.mark.parametrize("gone", ["王师傅"])
async def test_whoever_loses_the_role_is_nobodys_contact(tmp_path: Path, gone: str) -> None:
    async with Town.open(tmp_path) as town:
        await staffed(town)
        await filed(town)
        await town.says(gone, "接单 1001", room=ROOM)
        await town.says("街道老陈", "取消身份")
        for label in ("网格员", gone, "确定取消"):
            await town.presses("街道老陈", label)
        freed = await record(town)
        assert (freed.claimer_id, freed.contact_id, freed.contact_queue) == (None, None, ROOM)
        seen = len(town.screen(gone))
        await town.passes(days=4)
        assert (await record(town)).supervised
        assert len(town.screen(gone)) == seen
