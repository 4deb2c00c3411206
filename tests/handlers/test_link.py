"""One person, several channels: one list, one rating, one vote, and the ledger still agrees with the books."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import BigInteger

from handlers import audit
from storage import linking, people, requests, supporters
from storage.schema import metadata
from tests.handlers.resident_steps import ROOM
from tests.handlers.wish_steps import kept_for, stored
from tests.town import Town
from workflow.rights import Role
from workflow.wish import WishState

BOTH = pytest.mark.parametrize("buttons", [True, False])
LAMP = "银杏苑3幢2单元楼道灯坏了"


async def report(town: Town, name: str, text: str = LAMP) -> None:
    await town.says(name, text)
    if any("我也遇到" in label or "是同一件" in label for label in town.messages(name)[-1].labels):
        await town.presses(name, "我也遇到")
    else:
        await town.presses(name, "对，就这样")


async def code(town: Town, name: str) -> str:
    await town.says(name, "关联")
    found = re.search(r"关联码：(\S+)", town.last(name))
    assert found
    return found[1]


async def linked(town: Town, one: str, other: str) -> None:
    await town.says(other, f"关联 {await code(town, one)}")
    await town.presses(other, "是我要的")
    assert "关联好了" in town.last(other)


async def agrees(town: Town) -> None:
    async with town.store.read() as tx:
        books = await audit.rebuild(tx)
        assert [line async for line in audit.differences(tx, books, town.now)] == []


@BOTH
async def test_one_list_in_both_chats(tmp_path: Path, buttons: bool) -> None:
    async with Town.open(tmp_path, buttons=buttons) as town:
        await report(town, "李阿姨·微信")
        await report(town, "李阿姨·电报", "银杏苑5幢门口垃圾没人清")
        await linked(town, "李阿姨·微信", "李阿姨·电报")
        for chat in ("李阿姨·微信", "李阿姨·电报"):
            await town.says(chat, "我的诉求")
            assert all(number in town.last(chat) for number in ("1001", "1002")), chat
        assert "刚刚和这里关联" in str(town.screen("李阿姨·微信"))
        await agrees(town)


async def test_whoever_reported_and_joined_the_same_matter_counts_once(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await report(town, "李阿姨·微信")
        async with town.store.write() as tx:
            first = await requests.find_by_number(tx, 1001)
            assert first is not None
        await town.says("李阿姨·电报", "你好")
        async with town.store.write() as tx:
            other = await people.find_by_identity(tx, "test", "", "李阿姨·电报")
            assert other is not None
            await supporters.join(tx, first.id, other.id, LAMP, LAMP, town.now)
        await town.presses("王师傅", "接单", room=ROOM)
        await town.says("王师傅", "办结 1001 换了灯泡", room=ROOM)
        await town.passes(hours=2)
        await town.presses("李阿姨·电报", "好了")
        await town.presses("李阿姨·电报", "5★")
        await linked(town, "李阿姨·微信", "李阿姨·电报")
        await agrees(town)
        async with town.store.read() as tx:
            now = await requests.get(tx, first.id)
            assert await supporters.followers(tx, now) == []
        await town.presses("李阿姨·微信", "没好")
        async with town.store.read() as tx:
            assert (await requests.get(tx, first.id)).reopened == 1
        await agrees(town)


async def test_a_code_is_good_once_for_minutes_and_not_for_staff(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        old = await code(town, "李阿姨·微信")
        await town.says("李阿姨·微信", f"关联 {old}")
        assert "就是在这里要的" in town.last("李阿姨·微信")
        await town.passes(minutes=11)
        await town.says("李阿姨·电报", f"关联 {old}")
        assert "过期" in town.last("李阿姨·电报")
        await linked(town, "李阿姨·微信", "李阿姨·电报")
        new = await code(town, "李阿姨·微信")
        await town.says("李阿姨·网页", new.lower())
        await town.says("张三", f"关联 {new}")
        await town.presses("李阿姨·网页", "是我要的")
        await town.presses("张三", "是我要的")
        assert "过期" in town.last("张三")
        await town.employs("王师傅", Role.GRID_WORKER, "yinxing-01")
        await town.says("王师傅", "关联")
        assert "工作身份" in town.last("王师傅")
        await town.says("王师傅", f"关联 {await code(town, '张三')}")
        assert "工作身份" in town.last("王师傅")
        async with town.store.read() as tx:
            found = {
                (await people.find_by_identity(tx, "test", "", name) or pytest.fail(name)).id
                for name in ("李阿姨·微信", "李阿姨·电报", "李阿姨·网页")
            }
        assert len(found) == 1


async def test_who_presses_no_is_not_linked(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await town.says("张三", f"关联 {await code(town, '李阿姨')}")
        await town.presses("张三", "不是，别关联")
        assert "没有关联" in town.last("张三")
        await town.says("张三", f"关联 {await code(town, '李阿姨')}", room=ROOM)
        assert "私下" in str(town.toasts("张三")) + town.last(ROOM)


_OF_STAFF = {("office_templates", "owner_id"), ("office_views", "owner_id"), ("damages", "settled_by")}


def test_every_column_that_names_a_resident_is_joined() -> None:
    """A new table with another name for a person has to be added to `storage.linking`."""
    known = {
        "person_id", "actor_id", "claimer_id", "granted_by", "created_by", "used_by", "bound_by", "decided_by",
        "made_by", "published_by", "ruled_by", "partner_id", "filed_by", "blown_by", "answered_by", "arrived_by", "done_by",
    }  # fmt: skip
    others = {(c.table.name, c.name) for c in linking.OTHERS} | {("requests", "reporter_id"), *_OF_STAFF}
    for table in metadata.sorted_tables:
        for column in table.c:
            people = isinstance(column.type, BigInteger) and column.name.endswith(("er_id", "_by", "_for"))
            if people and column.name not in known:
                assert (table.name, column.name) in others, f"{table.name}.{column.name}"


async def test_a_wish_that_is_kept_for_them_stays_kept(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        await kept_for(town, "小赵·电报")
        await linked(town, "小赵·微信", "小赵·电报")
        await town.says("小赵·电报", "认领 1001")
        await town.says("小赵·电报", "13811112222")
        assert (await stored(town)).state is WishState.ADOPTED


async def test_after_the_link_what_is_told_goes_where_it_was_confirmed(tmp_path: Path) -> None:
    async with Town.open(tmp_path) as town:
        here, there = "李阿姨·电报", "李阿姨·微信"
        await town.says(here, "你好")
        for name in (there, here):
            await town.passes(minutes=0.4)
            await town.says(
                name, "我的诉求"
            )  # nothing is noted for `here`: it is their only chat, and was used just now
        asked = await code(town, there)
        await town.passes(minutes=0.1)
        await town.says(here, f"关联 {asked}")
        await town.presses(here, "是我要的")
        async with town.store.read() as tx:
            found = await people.find_by_identity(tx, "test", "", there)
            assert found is not None
            told = await people.find_private_chat(tx, found.id)
        assert told is not None
        assert told.chat == here
